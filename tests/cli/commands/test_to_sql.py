"""`featurecols to-sql` prints the query of a saved plan."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import featurecols as fc
from featurecols.cli.main import main


def test_the_query_of_a_plan_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = [fc.Numeric("age", default=30), fc.Indicator(fc.Vocabulary("job", ["nurse", "pilot"]))]
    plan = fc.compile(columns)
    plan.save(tmp_path / "plan")
    assert main(["to-sql", str(tmp_path / "plan"), "--table", "people", "--ids", "--keep", "id"]) == 0
    query = capsys.readouterr().out
    assert query == plan.to_sql(table="people", outputs="ids", keep=["id"]) + "\n"
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE people AS SELECT * FROM (VALUES (1, NULL, 'pilot'), (2, 5, 'cook')) v(id, age, job)")
        assert connection.execute(query).fetchall() == [(1, 30.0, 1), (2, 5.0, -1)]
    assert main(["to-sql", str(tmp_path / "plan"), "--dialect", "spark"]) == 0
    assert "FROM `data` AS t" in capsys.readouterr().out
