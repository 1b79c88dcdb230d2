"""`featurecols to-onnx` writes saved plans and models."""

from pathlib import Path

import onnx
import pytest

import featurecols as fc
from featurecols import models
from featurecols.cli.main import main
from tests.integrations.onnx.runtime import run

ROWS = {"age": [31.0, 18.0] * 20, "late": [0, 1] * 20}


def test_a_plan_and_a_model_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = fc.compile([fc.Numeric("age", default=30)])
    plan.save(tmp_path / "plan")
    assert main(["to-onnx", str(tmp_path / "plan"), "-o", str(tmp_path / "plan.onnx")]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/plan.onnx: inputs age, age_present; outputs features\n"
    assert run(onnx.load(tmp_path / "plan.onnx"), {"age": [5.0, None]})["features"].tolist() == [[5.0], [30.0]]
    model = models.LinearClassifier(plan.columns).train(ROWS, label="late", epochs=2)
    model.save(tmp_path / "model")
    assert main(["to-onnx", str(tmp_path / "model"), "-o", str(tmp_path / "model.onnx")]) == 0
    found = run(onnx.load(tmp_path / "model.onnx"), ROWS)["class_ids"]
    assert found.tolist() == model.predict(ROWS)["class_ids"].tolist()


def test_a_file_that_exists_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fc.compile([fc.Numeric("age")]).save(tmp_path / "plan")
    target = tmp_path / "plan.onnx"
    target.write_text("mine")
    assert main(["to-onnx", str(tmp_path / "plan"), "-o", str(target)]) == 2
    assert "exists; give --overwrite" in capsys.readouterr().err
    assert target.read_text() == "mine"
    assert main(["to-onnx", str(tmp_path / "plan"), "-o", str(target), "--overwrite"]) == 0
    assert main(["to-onnx", str(tmp_path / "plan"), "-o", str(tmp_path / "none" / "x.onnx")]) == 2
    assert "cannot be written" in capsys.readouterr().err
