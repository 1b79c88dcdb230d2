import json
from pathlib import Path

import pytest

from featurecols.cli.main import main
from featurecols.tf.imported_estimator import ImportedEstimator
from tests.tf.tf_models import DATA, features


def run(capsys: pytest.CaptureFixture[str], name: str, *more: str, code: int = 0) -> str:
    columns = DATA / name / "columns.json"
    assert main(["import-tf", str(DATA / name), "--columns", str(columns), *more]) == code
    said = capsys.readouterr()
    return said.err if code else said.out


def test_a_model_folder_becomes_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "model"
    said = run(capsys, "combined_v2", "-o", str(model))
    what = "classifier, 4 linear columns and 6 dnn columns, layers 5-3 relu, 188 weights"
    assert said == f"{model}: {what}\nreads age, city, hours, job, weight\n"
    assert ImportedEstimator.load(model).logits(features()).shape == (48, 1)
    assert "exists already" in run(capsys, "combined_v2", "-o", str(model), code=2)
    assert run(capsys, "combined_v2", "-o", str(model), "--overwrite").startswith(str(model))


def test_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = json.loads(run(capsys, "linear_v2", "-o", str(tmp_path / "m"), "--labels", "no,yes", "--json"))
    assert about["kind"] == "classifier"
    assert about["sparse_combiner"] == "sqrtn"
    assert about["dnn"] == []
    assert about["linear"][0] == "age_bucketized"
    assert ImportedEstimator.load(tmp_path / "m").label_vocabulary == ("no", "yes")


def test_errors_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "dnn_v2", "-o", str(tmp_path / "m"), "--activation", "relu", code=2)
    assert said == "featurecols: import_tf: activation is tanh in the model's graph, got 'relu'; leave it out\n"
    assert not (tmp_path / "m").exists()
