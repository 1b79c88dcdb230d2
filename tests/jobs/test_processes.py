"""transform_files in several processes: the files, the errors and the resumption of one process."""

from __future__ import annotations

import functools
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc

COLUMNS = [fc.Numeric("distance"), fc.Indicator(fc.Hashed("carrier", 9)), fc.Embedding(fc.Hashed("tailnum", 99), 4)]
MEANS = [fc.TargetMean("tailnum", "late", fold_by="flight"), fc.Count("dest")]


@functools.cache
def plan() -> fc.Plan:
    """Learn when a test asks: at import all workers of a fresh clone would compile its kernels at once."""
    return fc.fit([*COLUMNS, *MEANS], fc.datasets.flights().slice(0, 1000))


def test_the_files_have_the_bytes_of_one_process(tmp_path: Path) -> None:
    """In folders too; a kept field that is null throughout a file has the type that it has elsewhere."""
    flights = fc.datasets.flights().slice(0, 6000)
    for name, start in (("a", 0), ("b/c", 2000), ("b/d", 4000)):
        path = tmp_path / "in" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table = flights.slice(start, 2000)
        if name == "b/c":
            table = table.set_column(table.schema.get_field_index("origin"), "origin", pa.nulls(2000))
        pq.write_table(table, path, row_group_size=500)
    for target, processes in (("one", 1), ("several", 2)):
        done = plan().transform_files(tmp_path / "in", tmp_path / target, keep=["origin"], processes=processes)
        assert (done.files, done.rows) == (3, 6000)
    paths = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.parquet"))
    assert [path.as_posix() for path in paths] == ["a.parquet", "b/c.parquet", "b/d.parquet"]
    for path in paths:
        assert (tmp_path / "several" / path).read_bytes() == (tmp_path / "one" / path).read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "one", "several"]


def test_errors_are_those_of_one_process_and_nothing_stays(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, rows in (("a", "1,x\n2,y\n"), ("b", "3,x\noops,y\n"), ("c", "oops,x\n")):
        (tmp_path / "in" / f"{name}.csv").write_text("n,t\n" + rows)
    plan, messages = fc.compile([fc.Numeric("n"), fc.Indicator(fc.Hashed("t", 3))]), []
    for processes in (1, 2):
        with pytest.raises(fc.DataError) as caught:
            plan.transform_files(tmp_path / "in", tmp_path / "out", processes=processes)
        messages.append((str(caught.value), caught.value.row))
    assert messages[0] == messages[1]
    assert messages[0][1] == 3
    assert [p.name for p in tmp_path.iterdir()] == ["in"]
