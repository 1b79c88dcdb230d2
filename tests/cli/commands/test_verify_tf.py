import json
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from featurecols.cli.main import main
from featurecols.tf.columns import columns_to_json
from featurecols.tf.variable_names import is_embedding
from tests.tf import tf_case, tf_recorded

ARGUMENTS = ["verify-tf", "data.parquet", "--tensorflow", "./python-tf"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data, columns, and an interpreter that answers as TensorFlow did, in the current folder."""
    monkeypatch.chdir(tmp_path)
    pq.write_table(tf_case.table(), "data.parquet")
    columns = [c for c in tf_case.columns() if getattr(c, "normalizer_fn", None) is None and not is_embedding(c)]
    Path("columns.json").write_text(json.dumps(columns_to_json(columns)))
    Path("python-tf").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tf_recorded.__file__}" "$@"\n')
    Path("python-tf").chmod(0o755)
    return tmp_path


def test_all_the_same(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ARGUMENTS, "--columns", "columns.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["48 rows, here and in TensorFlow 2.15.1", "same          number (ids)"]
    assert len(lines) == 14
    assert all(line.startswith("same ") for line in lines[1:])


def test_a_model_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tf_case.DATA / tf_case.MODEL
    Path("python-tf").write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "raise SystemExit(\'no TensorFlow\')" "$@"\n')
    assert main([*ARGUMENTS, "--columns", str(folder / "columns.json"), "--model", str(folder)]) == 2
    assert "the other interpreter failed ('no TensorFlow')" in capsys.readouterr().err


def test_a_difference_is_shown_and_ends_with_1(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = json.loads(Path("columns.json").read_text())
    assert columns[1]["class_name"] == "BucketizedColumn"
    Path("columns.json").write_text(json.dumps(columns[1:2]))
    script = Path(tf_recorded.__file__).read_text().replace("given[name]", 'given[name] + (name == "1/values")')
    Path("changed.py").write_text(script.replace("Path(__file__).parent", f"Path({str(tf_case.DATA.parent.parent)!r})"))
    Path("python-tf").write_text(f'#!/bin/sh\nexec "{sys.executable}" changed.py "$@"\n')
    assert main([*ARGUMENTS, "--columns", "columns.json", "--json"]) == 1
    about = json.loads(capsys.readouterr().out)
    assert about["equal"] is False
    assert about["checks"][0]["detail"].startswith("row 0, values[0]: ")


def test_data_that_lacks_a_feature(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tf_case.table()
    pq.write_table(table.drop_columns(["number"]).filter(pc.field("age") > 0), "data.parquet")
    assert main([*ARGUMENTS, "--columns", "columns.json"]) == 2
    assert "number" in capsys.readouterr().err
