"""Options of CSV files on the command line: every command that reads data has them, and reads what Python reads."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.cli.main import main
from tests.cli.test_main import fails

OPTIONS = (
    "--separator",
    ";",
    "--no-header",
    "--names",
    "a,b,late",
    "--decimal",
    ",",
    "--nulls",
    "NA,?",
    "--encoding",
    "latin1",
)
ROWS = "".join(f"{i},5;{'é' if i % 2 else '?'};{i % 2}\n" for i in range(40))


def test_every_command_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.data").write_bytes(ROWS.encode("latin-1"))
    columns = [fc.Numeric("a"), fc.Indicator(fc.Vocabulary("b", fc.TopTerms(1)))]
    Path("spec.json").write_text(json.dumps(fc.columns_to_json(columns)))
    assert main(["suggest", "rows.data", *OPTIONS, "-o", "draft.json"]) == 0
    assert main(["fit", "draft.json", "rows.data", *OPTIONS, "-o", "draft"]) == 0
    assert main(["fit", "spec.json", "rows.data", *OPTIONS, "-o", "plan"]) == 0
    assert main(["transform", "plan", "rows.data", *OPTIONS, "-o", "out.npy"]) == 0
    assert np.load("out.npy")[:2].tolist() == [[0.5, 0.0], [1.5, 1.0]]
    capsys.readouterr()
    assert main(["check", "plan", "rows.data", *OPTIONS, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 40
    assert main(["lint", "plan", "rows.data", *OPTIONS]) == 1  # one term is a constant
    train = ["train", "spec.json", "rows.data", *OPTIONS, "--model", "LinearClassifier", "--epochs", "1"]
    assert main([*train, "--label", "late", "-o", "model"]) == 0
    assert main(["evaluate", "model", "rows.data", *OPTIONS, "--json"]) == 0
    assert main(["predict", "model", "rows.data", *OPTIONS, "-o", "out.parquet", "--keep", "a"]) == 0
    assert pq.read_table("out.parquet")["a"].to_pylist()[:2] == ["0.5", "1.5"]


def test_what_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.csv").write_text("a;b\n1;x\n")
    (tmp_path / "spec.json").write_text(json.dumps(fc.columns_to_json([fc.Numeric("a")])))
    begin = ("fit", str(tmp_path / "spec.json"), str(tmp_path / "rows.csv"), "-o", str(tmp_path / "plan"))
    assert "--separator ';'" in fails(capsys, 2, *begin)
    assert "--no-header" in fails(capsys, 2, *begin, "--names", "a,b")
    assert main([*begin, "--separator", ";"]) == 0
