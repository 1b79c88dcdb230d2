from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from featurecols import errors
from featurecols import feature_column as fc
from featurecols.tf.import_estimator import import_tf
from featurecols.tf.imported_estimator import ImportedEstimator
from tests.tf.tf_models import DATA, features

DAY = fc.categorical_column_with_identity("day", 3)
AGE = fc.numeric_column("age")
LINEAR = {"linear/linear_model/day/weights": [[-1.0], [0.0], [2.0]], "linear/linear_model/bias_weights": [0.5]}
DEEP = {
    "dnn/hiddenlayer_0/kernel": [[1.0, -1.0]],
    "dnn/hiddenlayer_0/bias": [0.5, 0.5],
    "dnn/logits/kernel": [[2.0], [3.0]],
    "dnn/logits/bias": [1.0],
}
NORM = {
    "dnn/hiddenlayer_0/batchnorm_0/gamma": [2.0, 1.0],
    "dnn/hiddenlayer_0/batchnorm_0/beta": [0.0, 1.0],
    "dnn/hiddenlayer_0/batchnorm_0/moving_mean": [0.5, 0.0],
    "dnn/hiddenlayer_0/batchnorm_0/moving_variance": [0.249, 0.999],
}


def test_linear_by_hand() -> None:
    assert ImportedEstimator([DAY], [], LINEAR).logits({"day": [0, 1, 2, -1]}).tolist() == [[-0.5], [0.5], [2.5], [0.5]]


@pytest.mark.parametrize(("activation", "expected"), [("relu", [6.0, 11.5]), ("linear", [4.5, 7.5]), ("relu6", [6.0, 11.5])])
def test_deep_by_hand(activation: str, expected: list[float]) -> None:
    """age 2: hidden 2.5, -1.5; age -3: hidden -2.5, 3.5."""
    model = ImportedEstimator([], [AGE], DEEP, hidden_units=[2], activation=activation)
    found = model.logits({"age": np.float32([2, -3])})
    if activation == "linear":
        expected = [2 * 2.5 - 3 * 1.5 + 1, -2 * 2.5 + 3 * 3.5 + 1]
    assert found.ravel().tolist() == expected


def test_batch_norm_by_hand() -> None:
    """After the activation: (2.5 - 0.5) / sqrt(0.249 + 0.001) * 2 = 8, and 0 / 1 * 1 + 1 = 1; 2 * 8 + 3 * 1 + 1 = 20."""
    model = ImportedEstimator([], [AGE], DEEP | NORM, hidden_units=[2], batch_norm=True)
    np.testing.assert_allclose(model.logits({"age": np.float32([2])}), [[20.0]], rtol=1e-6)


def test_combined_is_the_sum() -> None:
    model = ImportedEstimator([DAY], [AGE], LINEAR | DEEP, hidden_units=[2])
    assert model.logits({"day": [0, 2], "age": np.float32([2, -3])}).tolist() == [[5.5], [14.0]]
    assert model.keys == ("age", "day")


def test_logits_only_without_hidden_layers() -> None:
    weights = {"dnn/logits/kernel": [[2.0, 1.0]], "dnn/logits/bias": [0.0, 1.0]}
    assert ImportedEstimator([], [AGE], weights, units=2).logits({"age": np.float32([3])}).tolist() == [[6.0, 4.0]]


def test_predictions_of_two_classes() -> None:
    model = ImportedEstimator([DAY], [], LINEAR, kind="classifier")
    found = model.predict({"day": [0, 2]})
    assert found["logits"].tolist() == [[-0.5], [2.5]]
    np.testing.assert_allclose(found["logistic"], [[0.37754067], [0.92414182]], rtol=1e-6)
    np.testing.assert_allclose(found["probabilities"], [[0.62245933, 0.37754067], [0.07585818, 0.92414182]], rtol=1e-6)
    assert found["class_ids"].tolist() == [[0], [1]]
    assert found["class_ids"].dtype == np.int64
    assert found["classes"].tolist() == [[b"0"], [b"1"]]
    named = ImportedEstimator([DAY], [], LINEAR, kind="classifier", label_vocabulary=["no", "yes"])
    assert named.predict({"day": [0, 2]})["classes"].tolist() == [[b"no"], [b"yes"]]


@pytest.mark.parametrize("units", [1, 3])
def test_all_classes_are_predicted_for_each_row(units: int) -> None:
    """G7: with the shapes and types of tf.estimator."""
    weights = {"linear/linear_model/day/weights": np.zeros((3, units)), "linear/linear_model/bias_weights": [0.0] * units}
    found = ImportedEstimator([DAY], [], weights, units=units, kind="classifier").predict({"day": [0, 2]})
    classes = max(units, 2)
    assert found["all_class_ids"].dtype == np.int32
    assert found["all_class_ids"].tolist() == [list(range(classes))] * 2
    assert found["all_classes"].tolist() == [[b"0", b"1", b"2"][:classes]] * 2


def test_models_over_the_same_shared_columns_keep_their_own_tables() -> None:
    """G11: set_weights of a layer replaces a shared table everywhere, but a model's weights are its own."""
    column = fc.shared_embeddings([DAY], 2)
    head = {"dnn/logits/kernel": [[1.0], [1.0]], "dnn/logits/bias": [0.0]}
    name = "dnn/input_from_feature_columns/input_layer/day_shared_embedding/embedding_weights"
    first = ImportedEstimator([], column, head | {name: [[1.0, 2.0]] * 3})
    second = ImportedEstimator([], column, head | {name: [[3.0, 4.0]] * 3})
    assert (first.logits({"day": [0]}).tolist(), second.logits({"day": [0]}).tolist()) == ([[3.0]], [[7.0]])


def test_a_logit_of_zero_is_the_first_class_as_in_tensorflow() -> None:
    weights = {"linear/linear_model/day/weights": np.zeros((3, 1)), "linear/linear_model/bias_weights": [0.0]}
    assert ImportedEstimator([DAY], [], weights, kind="classifier").predict({"day": [1]})["class_ids"].tolist() == [[0]]


def test_predictions_of_three_classes() -> None:
    weights = {"linear/linear_model/day/weights": np.zeros((3, 3)), "linear/linear_model/bias_weights": [0.0, 2.0, 1.0]}
    found = ImportedEstimator([DAY], [], weights, units=3, kind="classifier").predict({"day": [1]})
    assert found.keys() == {"logits", "probabilities", "class_ids", "classes", "all_class_ids", "all_classes"}
    np.testing.assert_allclose(found["probabilities"], [[0.09003057, 0.66524096, 0.24472847]], rtol=1e-6)
    assert found["class_ids"].tolist() == [[1]]


def test_features_may_be_a_table() -> None:
    model = import_tf(DATA / "combined_v2", DATA / "combined_v2" / "columns.json")
    expected = model.logits(features()).tobytes()
    assert model.logits(pa.table(features())).tobytes() == expected
    assert model.logits(pd.DataFrame(features())).tobytes() == expected


def refuse(words: str, *args: Any, **kwargs: Any) -> None:
    with pytest.raises(errors.ColumnError, match=words):
        ImportedEstimator(*args, **kwargs)


def test_what_cannot_be_a_model() -> None:
    refuse("needs columns", [], [], {})
    refuse(
        "a weight is missing, got 'linear/linear_model/bias_weights'",
        [DAY],
        [],
        {"linear/linear_model/day/weights": [[0.0]] * 3},
    )
    refuse("a weight that no column uses, got 'x'", [DAY], [], LINEAR | {"x": [1.0]})
    refuse("day/weights must have shape .3, 2.", [DAY], [], LINEAR, units=2)
    refuse("label_vocabulary needs 2 different words", [DAY], [], LINEAR, label_vocabulary=["a"])
    refuse("label_vocabulary needs 2 different words", [DAY], [], LINEAR, label_vocabulary=["a", "a"])
    refuse("a weight that no column uses, got 'dnn/hiddenlayer_0/bias'", [], [AGE], DEEP)


def test_vocabulary_files_are_saved_as_lists(tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes("a\nb\r\nö\n".encode())
    word = fc.categorical_column_with_vocabulary_file("w", str(tmp_path / "words"), num_oov_buckets=2)
    rows = np.float32([[1], [2], [3], [10], [20]])
    cross = fc.crossed_column([word, "w"], 5)
    weights = {"w/weights": rows, "w_X_w/weights": rows, "bias_weights": [0.0]}
    model = ImportedEstimator([word, cross], [], {f"linear/linear_model/{k}": v for k, v in weights.items()})
    fed = {"w": ["ö", "b", "x", "y", ""]}
    expected = model.logits(fed)
    model.save(tmp_path / "model")
    (tmp_path / "words").unlink()
    assert str(tmp_path) not in (tmp_path / "model" / "model.json").read_text()
    np.testing.assert_array_equal(ImportedEstimator.load(tmp_path / "model").logits(fed), expected)
