"""`featurecols suggest` prints columns with reasons, and writes specs that fit and train take."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.csv as pa_csv
import pytest

import featurecols as fc
from featurecols.cli.main import main
from tests.plan.test_suggest import LEFT_OUT, WANT, mixed


def test_from_data_to_predictions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, spec, model, out = (str(tmp_path / name) for name in ("a.csv", "spec.json", "model", "p.parquet"))
    pa_csv.write_csv(mixed(), data)
    assert main(["suggest", data, "--label", "paid", "-o", spec]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "12 columns from 240 rows, to predict paid"
    assert printed[-1] == f"{spec}: written"
    assert fc.read_columns(spec) == tuple(WANT)
    assert main(["fit", spec, data, "-o", str(tmp_path / "plan"), "--quiet"]) == 0
    assert main(["suggest", data, "--label", "paid", "-o", spec]) == 2
    assert "exists already" in capsys.readouterr().err
    give = ["--overwrite", "--model", "WideDeepClassifier", "--leave-out", "id,name", "--json"]
    assert main(["suggest", data, "--label", "paid", "-o", spec, *give]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["warnings"] == {key: reason for key, reason in LEFT_OUT.items() if key not in ("id", "name")}
    assert (found["model"], found["label"], found["rows"]) == ("WideDeepClassifier", "paid", 240)
    assert main(["train", spec, data, "-o", model, "--epochs", "1", "--quiet"]) == 0
    assert main(["predict", model, data, "-o", out]) == 0
