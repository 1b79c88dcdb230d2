"""What every public call takes alike: one name where names are meant, and paths that are not there."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import featurecols as fc
import featurecols.tf
from featurecols import feature_column
from featurecols.models import Sequential, layers, plots, top_weights

ROWS = {"city": ["Rome", "Oslo", "Rome", "Oslo"], "age": [1.0, 2.0, 3.0, 4.0], "late": [0, 1, 0, 1]}
CITY = fc.Vocabulary("city", ["Rome", "Oslo"])
PLAN = fc.compile([fc.Numeric("age")])

MISSING: dict[str, tuple[Callable[[str], object], type[fc.FeatureColumnsError]]] = {
    "fit": (lambda path: fc.fit([fc.Numeric("age")], path), fc.DataError),
    "transform": (lambda path: PLAN.transform(path), fc.DataError),
    "transform a glob": (lambda path: PLAN.transform(f"{path}/*.parquet"), fc.DataError),
    "transform_parquet": (lambda path: fc.transform_parquet(PLAN, path, f"{path}.out"), fc.DataError),
    "load": (lambda path: fc.load(path), fc.SavedPlanError),
    "load a model": (lambda path: fc.models.load(path), fc.CheckpointError),
    "Sequential.load": (lambda path: Sequential.load(path), fc.CheckpointError),
    "warm start": (
        lambda path: fc.models.LinearClassifier([CITY], warm_start_from=path).train(ROWS, label="late", steps=1),
        fc.CheckpointError,
    ),
    "read_columns": (lambda path: fc.read_columns(path), fc.ColumnError),
    "columns_from_json": (lambda path: fc.columns_from_json(Path(path)), fc.ColumnError),
    "model_from_json": (lambda path: fc.models.model_from_json(path), fc.ColumnError),
    "Checkpoint": (lambda path: featurecols.tf.Checkpoint.open(path), fc.SavedPlanError),
    "import_tf": (lambda path: featurecols.tf.import_tf(path, [feature_column.numeric_column("age")]), fc.SavedPlanError),
    "ImportedEstimator.load": (lambda path: featurecols.tf.ImportedEstimator.load(path), fc.SavedPlanError),
}


@pytest.mark.parametrize("call", MISSING)
def test_a_path_that_is_not_there_is_a_file_not_found_error_too(call: str, tmp_path: Path) -> None:
    act, kind = MISSING[call]
    with pytest.raises(FileNotFoundError) as caught:
        act(str(tmp_path / "absent"))
    assert isinstance(caught.value, kind)
    assert "absent" in str(caught.value)
    assert "; " in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))


def test_a_vocabulary_file_that_is_not_there_is_one_too(tmp_path: Path) -> None:
    path = tmp_path / ("folder" * 20) / "absent"
    column = feature_column.categorical_column_with_vocabulary_file("city", str(path), vocabulary_size=2)
    with pytest.raises(FileNotFoundError, match="absent"):
        feature_column.DenseFeatures([feature_column.indicator_column(column)])({"city": np.array([["Rome"]])})


def test_files_that_are_damaged_are_there(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(fc.SavedPlanError) as caught:
        fc.load(tmp_path)
    assert not isinstance(caught.value, FileNotFoundError)


def test_one_name_does_where_names_are_meant(tmp_path: Path) -> None:
    assert fc.datasets.flights("late").column_names == ["late"]
    source = tmp_path / "rows.csv"
    source.write_text("city,age,late\nRome,1,0\nOslo,2,1\n")
    fc.transform_parquet(PLAN, source, tmp_path / "a.parquet", keep="city")
    assert pq.read_schema(tmp_path / "a.parquet").names == ["city", "features"]
    model = fc.models.LinearClassifier([CITY, fc.Numeric("age")]).train(ROWS, label="late", steps=2)
    model.predict_files(source, tmp_path / "b.parquet", keep="city")
    assert pq.read_schema(tmp_path / "b.parquet").names[0] == "city"
    assert {weight.slot for weight in top_weights(model, slots="city")} == {"city"}
    assert list(model.predict(ROWS, predict_keys="logits").keys()) == ["logits"]
    assert layers.Inputs("city") == layers.Inputs(["city"])
    assert layers.Linear(1, "city") == layers.Linear(1, ["city"])
    net = Sequential([layers.Dense(1)])
    net.compile("sgd", "mse", "mae")
    assert list(net.evaluate(np.zeros((2, 1), np.float32), np.zeros(2), return_dict=True)) == ["loss", "mae"]


def test_one_name_of_a_metric_is_drawn() -> None:
    pytest.importorskip("matplotlib").use("Agg")
    rows = [{"step": 1, "loss": 0.5, "auc": 0.7}, {"step": 2, "loss": 0.4, "auc": 0.8}]
    assert plots.history(rows, "auc").get_ylabel() == plots.history(rows, ["auc"]).get_ylabel()
