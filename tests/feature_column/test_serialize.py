"""Columns as data and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from featurecols import feature_column as fc
from featurecols.feature_column import initializers

A = fc.categorical_column_with_identity("a", 3)


def halved(x: Any) -> Any:
    return x / 2


class Doubled:
    def __call__(self, x: Any) -> Any:
        return x * 2

    def get_config(self) -> dict[str, Any]:
        return {}


def again(column: Any, **arguments: Any) -> Any:
    config = json.loads(json.dumps(fc.serialize_feature_column(column)))
    return fc.deserialize_feature_column(config, **arguments)


@pytest.mark.parametrize(
    "column",
    [
        fc.numeric_column("n", (2, 2), [[1, 2], [3, 4.5]], fc.dtypes.float64),
        fc.bucketized_column(fc.numeric_column("n", 2), [0, 1.5]),
        fc.weighted_categorical_column(fc.categorical_column_with_vocabulary_list("v", ["a", "b"]), "w", fc.dtypes.int64),
        fc.crossed_column([fc.crossed_column(["x", A], 5, 7), "y", fc.bucketized_column(fc.numeric_column("n"), [1])], 9),
        fc.indicator_column(fc.sequence_categorical_column_with_hash_bucket("h", 5)),
        fc.categorical_column_with_vocabulary_file("v", "/nowhere", 5, num_oov_buckets=2),
    ],
)
def test_the_same_comes_back(column: Any) -> None:
    assert again(column) == column


def test_an_embedding_comes_back_with_a_new_initializer() -> None:
    column = fc.embedding_column(A, 4, "sum", initializers.Constant(0.5), max_norm=1.5, trainable=False)
    back = again(column)
    assert back != column
    assert back.initializer.get_config() == {"value": 0.5, "dtype": "float32"}
    assert (back.categorical_column, back.combiner, back.max_norm, back.trainable) == (A, "sum", 1.5, False)


def test_an_older_file_has_no_safe_lookup() -> None:
    config = fc.serialize_feature_column(fc.embedding_column(A, 4))
    del config["config"]["use_safe_embedding_lookup"]
    assert fc.deserialize_feature_column(config).use_safe_embedding_lookup is True


def test_functions_go_by_name() -> None:
    column = fc.numeric_column("n", normalizer_fn=halved)
    config = fc.serialize_feature_column(column)
    assert config["config"]["normalizer_fn"] == "halved"
    assert fc.deserialize_feature_column(config, {"halved": halved}) == column
    with pytest.raises(AttributeError, match="custom_objects"):
        fc.deserialize_feature_column(config)
    made = again(fc.numeric_column("n", normalizer_fn=Doubled()), custom_objects={"Doubled": Doubled})
    assert made.normalizer_fn(4) == 8


def test_one_name_and_class_is_one_object() -> None:
    first, second = fc.numeric_column("n"), fc.numeric_column("n", shape=3)
    back = fc.deserialize_feature_columns(fc.serialize_feature_columns([first, second, A, fc.indicator_column(A)]))
    assert back[0] is back[1]
    assert back[3].categorical_column is back[2]


def test_strings_are_themselves() -> None:
    assert fc.serialize_feature_column("a") == fc.deserialize_feature_column("a") == "a"


def test_shared_columns_are_not_written() -> None:
    with pytest.raises(NotImplementedError):
        fc.serialize_feature_column(fc.shared_embeddings([A], 2)[0])


@pytest.mark.parametrize(
    "config",
    [
        None,
        3,
        {"class_name": "NumericColumn"},
        {"config": {}},
        {"class_name": "Foo", "config": {}},
        {"class_name": "os.system", "config": {}},
        {"class_name": "NumericColumn", "config": {"key": "n"}},
        {"class_name": "IdentityCategoricalColumn", "config": {"key": "n", "number_buckets": 3, "default_value": None, "x": 1}},
    ],
)
def test_damage(config: Any) -> None:
    with pytest.raises(ValueError, match=r"deserialize_feature_column|config must have"):
        fc.deserialize_feature_column(config)


def test_what_cannot_be_written_or_read() -> None:
    with pytest.raises(ValueError, match="not a feature column"):
        fc.serialize_feature_column(3)
    nameless = fc.embedding_column(A, 2, initializer=Nameless())
    with pytest.raises(ValueError, match="cannot be written"):
        fc.serialize_feature_column(nameless)
    config: Any = fc.serialize_feature_column(A)
    for _ in range(100):
        config = {"class_name": "IndicatorColumn", "config": {"categorical_column": config}}
    with pytest.raises(ValueError, match="nested too deep"):
        fc.deserialize_feature_column(config)
    with pytest.raises(ValueError, match="not the class of a feature column"):
        fc.deserialize_feature_column({"class_name": "dict", "config": {}}, {"dict": dict})


class Nameless:
    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return None
