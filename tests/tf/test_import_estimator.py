import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featurecols import errors
from featurecols import feature_column as fc
from featurecols.tf.import_estimator import import_tf
from featurecols.tf.imported_estimator import ImportedEstimator
from tests.tf.tf_models import DATA, LOGITS, NAMES, columns_of, features
from tests.tf.tf_writer import write

ABOUT: dict[str, tuple[Any, ...]] = {  # kind, units, hidden units, batch norm, activation, combiner
    "combined_v1": ("regressor", 1, (4,), True, "relu", "sum"),
    "combined_v2": ("classifier", 1, (5, 3), False, "relu", "sum"),
    "dnn_shared_v1": ("regressor", 2, (4,), False, "relu", "sum"),
    "dnn_shared_v2": ("regressor", 1, (4,), False, "relu", "sum"),
    "dnn_v1": ("classifier", 1, (4,), True, "relu", "sum"),
    "dnn_v2": ("classifier", 3, (4, 3), True, "tanh", "sum"),
    "linear_reg_v2": ("regressor", 2, (), False, "relu", "sum"),
    "linear_v1": ("classifier", 3, (), False, "relu", "sum"),
    "linear_v2": ("classifier", 1, (), False, "relu", "sqrtn"),
}


def test_every_kind_of_estimator_is_there() -> None:
    assert sorted(ABOUT) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_logits_are_those_of_tensorflow(name: str) -> None:
    model = import_tf(DATA / name, columns_of(name))
    found = model.logits(features())
    assert found.dtype == np.float32
    assert found.shape == LOGITS[name].shape
    # Logits reach 99; float32 then has steps of 7.6e-6, and sums are rounded in another order.
    np.testing.assert_allclose(found, LOGITS[name], rtol=3e-7, atol=1e-6)
    settings = (model.kind, model.units, model.hidden_units, model.batch_norm, model.activation, model.sparse_combiner)
    assert settings == ABOUT[name]


@pytest.mark.parametrize("name", NAMES)
def test_output_is_saved_and_loads_to_the_same_bits(name: str, tmp_path: Path) -> None:
    model = import_tf(DATA / name, columns_of(name), tmp_path / "model")
    again = ImportedEstimator.load(tmp_path / "model")
    assert again.logits(features()).tobytes() == model.logits(features()).tobytes()


def linear(folder: Path, **tensors: Any) -> Path:
    """A LinearClassifier over `day` with three buckets, without a graph."""
    return write_linear(folder, {"day/weights": [[0], [1], [2]], "bias_weights": [0.5], **tensors})


def write_linear(folder: Path, weights: dict[str, Any]) -> Path:
    return write(folder, {f"linear/linear_model/{name}": np.asarray(value, "<f4") for name, value in weights.items()})


DAY = fc.categorical_column_with_identity("day", 3)


def test_columns_may_be_columns_data_or_a_path(tmp_path: Path) -> None:
    prefix = linear(tmp_path)
    data = fc.serialize_feature_columns([DAY])
    (tmp_path / "columns.json").write_text(json.dumps(data))
    for columns in (DAY, [DAY], data, {"linear": [DAY]}, tmp_path / "columns.json", str(tmp_path / "columns.json")):
        assert import_tf(prefix, columns).logits({"day": [2, 0]}).tolist() == [[2.5], [0.5]]


def refuse(error: type[Exception], words: str, *args: Any, **kwargs: Any) -> None:
    with pytest.raises(error, match=words):
        import_tf(*args, **kwargs)


def test_columns_that_are_not_those_of_the_model(tmp_path: Path) -> None:
    prefix = linear(tmp_path)
    week, wider = fc.categorical_column_with_identity("week", 3), fc.categorical_column_with_identity("day", 4)
    refuse(errors.ColumnError, "day/weights of shape .4, 1., got .3, 1.", prefix, [wider])
    refuse(errors.ColumnError, "no weight for a column, got 'linear/linear_model/week/weights'", prefix, [DAY, week])
    refuse(errors.ColumnError, "the model has linear, got .'dnn'.", prefix, {"dnn": [DAY]})
    more = linear(tmp_path, **{"week/weights": [[1.0]]})
    refuse(errors.ColumnError, "no column uses, got 'linear/linear_model/week/weights'", more, [DAY])


def test_parts_of_a_combined_model_that_are_not_those_of_the_model() -> None:
    folder = DATA / "combined_v2"
    columns = json.loads((folder / "columns.json").read_text())
    refuse(errors.ColumnError, "the model has two parts", folder, columns["linear"])
    refuse(errors.ColumnError, "hiddenlayer_0/kernel of shape", folder, {**columns, "dnn": columns["dnn"][:-1]})
    fewer = {**columns, "linear": columns["linear"][:-1]}
    refuse(errors.ColumnError, "no column uses, got 'linear/linear_model/age_bucketized_X_city_X_job/weights'", folder, fewer)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "not a feature column"),
        ('{"linear": 5}', "not a feature column"),
        ('[{"class_name": "os.system", "config": {}}]', "unknown class"),
        ("[]", "linear part has columns"),
    ],
)
def test_columns_that_are_no_columns(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "columns.json").write_text(text)
    refuse(errors.ColumnError, words, linear(tmp_path), tmp_path / "columns.json")


def test_what_is_no_estimator(tmp_path: Path) -> None:
    refuse(errors.SavedPlanError, "not the checkpoint of a Linear, DNN", write(tmp_path, {"w": np.zeros(1, "<f4")}), [DAY])
    scalar = write(tmp_path, {"linear/linear_model/bias_weights": np.zeros((), "<f4")})
    refuse(errors.SavedPlanError, "a bias of shape", scalar, [DAY])
    refuse(errors.SavedPlanError, "no checkpoint here", tmp_path / "nothing", [DAY])


def test_a_bucketized_column_twice_with_other_boundaries_stays_two(tmp_path: Path) -> None:
    """TensorFlow's own reader of such JSON makes one column of both, which would give other ids than were trained."""
    age = fc.numeric_column("age")
    cross = fc.crossed_column([fc.bucketized_column(age, [30]), "city"], 7)
    data = json.loads(json.dumps(fc.serialize_feature_columns([fc.bucketized_column(age, [20, 40, 60]), cross])))
    weights = {"age_bucketized/weights": np.zeros((4, 1)), "age_bucketized_X_city/weights": np.arange(7.0)[:, None]}
    prefix = write_linear(tmp_path, weights | {"bias_weights": [0]})
    fed = {"age": np.float32([25, 50]), "city": ["Rome", "Oslo"]}
    expected = fc.LinearModel([cross])
    expected.set_weights({"age_bucketized_X_city": np.arange(7.0)[:, None]})
    np.testing.assert_array_equal(import_tf(prefix, data).logits(fed), expected(fed))


def test_without_a_graph_settings_are_given_or_defaults(tmp_path: Path) -> None:
    prefix = linear(tmp_path)
    fed = {"day": [[1, 2], [2, 2]]}
    assert import_tf(prefix, DAY).logits(fed).tolist() == [[3.5], [4.5]]
    assert import_tf(prefix, DAY, sparse_combiner="mean").logits(fed).tolist() == [[2.0], [2.5]]
    assert import_tf(prefix, DAY).predict(fed).keys() == {"logits"}
    assert import_tf(prefix, DAY, kind="regressor").predict(fed).keys() == {"predictions"}
    for name, value in (("activation", "rely"), ("sparse_combiner", "max"), ("kind", "ranker")):
        refuse(errors.ColumnError, f"unknown {name}, got '{value}'", prefix, DAY, **{name: value})


def test_a_graph_that_says_otherwise_is_an_error() -> None:
    wide, deep = ((DATA / name, columns_of(name)) for name in ("linear_v2", "dnn_v2"))
    refuse(errors.ColumnError, "sparse_combiner is sqrtn in the model's graph, got 'sum'", *wide, sparse_combiner="sum")
    refuse(errors.ColumnError, "kind is classifier", *wide, kind="regressor")
    refuse(errors.ColumnError, "activation is tanh", *deep, activation="relu")
    assert import_tf(*deep, activation="tanh").activation == "tanh"


def test_an_activation_that_the_graph_does_not_name(tmp_path: Path) -> None:
    """swish is a product of nodes; another function of the user's own may look like anything."""
    folder = shutil.copytree(DATA / "dnn_v2", tmp_path / "model")
    graph = (folder / "graph.pbtxt").read_text().replace('op: "Tanh"', 'op: "Mul"')
    (folder / "graph.pbtxt").write_text(graph)
    refuse(errors.ColumnError, "an activation of another kind", folder, folder / "columns.json")
    assert import_tf(folder, folder / "columns.json", activation="swish").activation == "swish"


def test_a_normalizer_is_named_in_json_and_given_as_a_function(tmp_path: Path) -> None:
    def halve(x: np.ndarray) -> np.ndarray:
        return x / 2

    prefix = write_linear(tmp_path, {"age/weights": [[3]], "bias_weights": [1]})
    data = fc.serialize_feature_columns([fc.numeric_column("age", normalizer_fn=halve)])
    refuse(errors.ColumnError, "normalizer_fn is known by its name only, got 'halve'", prefix, data)
    model = import_tf(prefix, data, tmp_path / "model", custom_objects={"halve": halve})
    assert model.logits({"age": np.float32([4])}).tolist() == [[7.0]]
    with pytest.raises(errors.SavedPlanError, match="halve"):
        ImportedEstimator.load(tmp_path / "model")
    again = ImportedEstimator.load(tmp_path / "model", {"halve": halve})
    assert again.logits({"age": np.float32([4])}).tolist() == [[7.0]]


def test_no_tensorflow_is_imported() -> None:
    code = f"""
import sys
from featurecols.tf.import_estimator import import_tf
import_tf({str(DATA / "dnn_v2")!r}, {str(columns_of("dnn_v2"))!r})
print({{"tensorflow", "keras"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "set()"
