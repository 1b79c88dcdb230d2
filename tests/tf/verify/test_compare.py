import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featurecols import errors
from featurecols import feature_column as fc
from featurecols.tf.imported_estimator import ImportedEstimator
from featurecols.tf.verify.cases import Features, column_question, feeds, model_question
from featurecols.tf.verify.compare import Check, Verification, compare, verify_tf
from featurecols.tf.verify.exchange import Answer, Failure, read_response
from tests.tf import tf_case


@pytest.fixture(scope="module")
def features() -> Features:
    return feeds(tf_case.table(), tf_case.table().column_names, tf_case.ROWS)


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    """What TensorFlow 2.15 answered."""
    version, found = read_response(tf_case.FOLDER)
    assert version == "2.15.1"
    return found


def checks(features: Features, answers: list[Answer]) -> list[Check]:
    given = iter(answers)
    return [compare(q, features, next(given) if q.request is not None else None) for q in tf_case.questions()]


def test_every_column_and_the_logits_are_what_tensorflow_answered(features: Features, answers: list[Answer]) -> None:
    found = checks(features, answers)
    assert [check.name for check in found if check.equal is None] == ["real"]
    assert all(check.equal for check in found if check.equal is not None)
    assert len(found) == 18
    said = {(check.name, check.what): check.detail for check in found}
    assert said["real", "ids"] == "both raise ValueError"
    assert said["text", "dense"] == "both raise UnimplementedError"
    assert said["logits", "logits"].startswith("largest difference ")


def test_a_report_in_words(features: Features, answers: list[Answer]) -> None:
    found = Verification(48, "2.15.1", tuple(checks(features, answers)))
    assert found.equal
    lines = str(found).splitlines()
    assert lines[0] == "48 rows, here and in TensorFlow 2.15.1"
    assert "same          tags_indicator (dense)" in lines
    assert "not compared  real (dense): normalizer_fn of real is a function, which is not sent to another process" in lines


CHANGES: list[tuple[str, str, str, Any, str]] = [  # question, its kind, part, cell, what is said
    ("number", "ids", "values", 2, "row 2, values[2]: 0 here, 1 in TensorFlow (number=[0])"),
    ("tags_indicator", "dense", "dense", (3, 0), "row 3, dense[3, 0]: 1.0 here, 2.0 in TensorFlow (tags=[b'3', b'2', b'1'])"),
    (
        "ids_weighted_by_loads",
        "ids",
        "weights",
        9,
        "row 4, weights[9]: 1.7694502 here, 2.7694502 in TensorFlow (ids=[2, 2],",
    ),
    ("loads", "sequence", "lengths", 5, "row 5, lengths[5]: 2 here, 3 in TensorFlow"),
    ("logits", "logits", "logits", (7, 0), "row 7, logits[7, 0]: "),
]


@pytest.mark.parametrize(("name", "what", "part", "cell", "said"), CHANGES)
def test_one_changed_cell_is_found_and_shown(
    features: Features, answers: list[Answer], name: str, what: str, part: str, cell: Any, said: str
) -> None:
    asked = [q for q in tf_case.questions() if q.request is not None]
    number = next(i for i, q in enumerate(asked) if (q.name, q.what) == (name, what))
    changed = {key: value.copy() for key, value in answers[number].items()}
    changed[part][cell] += 1
    found = compare(asked[number], features, changed)
    assert found.equal is False
    assert said in found.detail


def test_missing_parts_shapes_and_errors_are_differences(features: Features) -> None:
    question = column_question(fc.categorical_column_with_identity("number", 9))
    mine = question.here(features)
    assert compare(question, features, mine).equal
    assert compare(question, features, mine | {"weights": np.ones(3)}).detail == "weights only in TensorFlow"
    without = {key: value for key, value in mine.items() if key != "indices"}
    assert compare(question, features, without).detail == "indices only here"
    shorter = mine | {"values": mine["values"][:-1]}
    assert "values of shape" in compare(question, features, shorter).detail
    found = compare(question, features, Failure("ValueError", "no"))
    assert found.equal is False
    assert found.detail == "here does not but TensorFlow raises ValueError ('no')"


def test_nan_equals_nan(features: Features) -> None:
    question = column_question(fc.numeric_column("real"))
    mine = question.here(features)
    assert np.isnan(mine["dense"]).any()
    assert compare(question, features, {"dense": mine["dense"].copy()}).equal


def test_logits_may_differ_by_roundings_and_no_more(features: Features) -> None:
    question = tf_case.questions()[-1]
    mine = question.here(features)["logits"]
    assert question.scale is not None
    step = 2.0**-24 * question.scale(features)[:, None]
    assert compare(question, features, {"logits": mine + 3 * step}, tolerance=0.0).equal
    assert compare(question, features, {"logits": mine + 6 * step}, tolerance=0.0).equal is False


def test_nothing_compared_is_not_equal() -> None:
    assert not Verification(1, "2.15.1", (Check("a", "ids", None, "why"),)).equal
    assert not Verification(1, "2.15.1", ()).equal


def test_features_are_fed_alike(features: Features) -> None:
    table = tf_case.table()
    for key, nothing in (("number", -1), ("text", b"")):
        nulls = np.array(table[key].is_null())
        assert nulls.any()
        assert (features[key].ravel()[nulls] == nothing).all()
    assert np.isnan(features["real"]).ravel().tolist() == table["real"].is_null().to_pylist()
    assert features["real"].dtype == np.float32
    tags = features["tags"]
    assert tags.dense_shape == (48, 3)
    assert tags.values.tolist() == [t.encode() for row in table["tags"].to_pylist() for t in row]
    assert len(feeds(table, ["age"], 5)["age"]) == 5
    assert len(feeds(table, ["age"], 500)["age"]) == 48


def test_interpreters_that_cannot_be_used(tmp_path: Path) -> None:
    columns = [fc.categorical_column_with_identity("number", 9)]
    with pytest.raises(errors.ColumnError, match=r"cannot be started .*name a Python with tensorflow-cpu"):
        verify_tf(tf_case.table(), columns, tmp_path / "no-python")
    without = tmp_path / "python"
    without.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'tensorflow'\" >&2\nexit 1\n")
    without.chmod(0o755)
    with pytest.raises(errors.ColumnError, match=r"the other interpreter failed .*No module named 'tensorflow'"):
        verify_tf(tf_case.table(), columns, without)


def test_data_without_the_features() -> None:
    with pytest.raises(errors.DataError, match="did you mean 'number'"):
        verify_tf(tf_case.table(), [fc.categorical_column_with_identity("numbers", 9)], sys.executable)


def test_models_that_cannot_be_sent_say_why(features: Features) -> None:
    age = fc.numeric_column("age", normalizer_fn=tf_case.halve)
    weights = {"linear/linear_model/age/weights": [[1.0]], "linear/linear_model/bias_weights": [0.0]}
    question = model_question(ImportedEstimator([age], [], weights), Path("x"))
    assert compare(question, features, None) == Check(
        "logits", "logits", None, "normalizer_fn of age is a function, which is not sent to another process"
    )
    colour = fc.categorical_column_with_vocabulary_list("first", ["red", "green", "blue"])
    tables = {"dnn/input_from_feature_columns/input_layer/first_shared_embedding/embedding_weights": np.ones((3, 2))}
    layer = {"dnn/logits/kernel": [[1.0], [2.0]], "dnn/logits/bias": [0.0]}
    model = ImportedEstimator([], fc.shared_embeddings([colour], 2), tables | layer)
    assert model.logits(features)[:2].tolist() == [[3.0], [3.0]]
    assert compare(model_question(model, Path("x")), features, None).detail == "TensorFlow has no JSON for shared embeddings"


def test_scale_is_zero_without_a_deep_part(features: Features) -> None:
    weights = {"linear/linear_model/age/weights": [[1.0]], "linear/linear_model/bias_weights": [0.0]}
    assert ImportedEstimator([fc.numeric_column("age")], [], weights).scale(features).tolist() == [0.0] * 48
    deep = {"dnn/logits/kernel": [[-2.0]], "dnn/logits/bias": [0.0]}
    model = ImportedEstimator([], [fc.numeric_column("age")], deep)
    np.testing.assert_array_equal(model.scale(features), 2 * features["age"][:, 0])
