"""The forms of version 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from featurecols import feature_column as fc

A = fc.categorical_column_with_identity("a", 3)
N = fc.numeric_column("n")
E = fc.embedding_column(A, 2)


def test_all_functions_of_version_one_are_there() -> None:
    missing = [name for name in fc.v1.__all__ if not callable(getattr(fc.v1, name))]
    assert missing == []
    assert fc.v1.numeric_column is fc.numeric_column


def test_input_layer_is_dense_features() -> None:
    tables: dict[Any, Any] = {E: [[1, 2], [3, 4], [5, 6]]}
    parts: dict[Any, Any] = {}
    matrix = fc.input_layer({"a": [2, 0], "n": [1.0, 2.0]}, [N, E], cols_to_vars=tables, cols_to_output_tensors=parts)
    assert matrix.tolist() == [[5, 6, 1], [1, 2, 2]]
    assert parts[N].tolist() == [[1], [2]]
    made: dict[Any, Any] = {}
    matrix = fc.input_layer({"a": [2]}, [E], cols_to_vars=made)
    assert np.array_equal(matrix[0], made[E][0][2])


def test_linear_model_takes_and_gives_weights() -> None:
    weights: dict[Any, Any] = {A: [[1], [2], [4]], "bias": [0.5]}
    assert fc.linear_model({"a": [2, 0], "n": [1.0, 2.0]}, [N, A], cols_to_vars=weights).tolist() == [[4.5], [1.5]]
    assert [value.tolist() for value in weights[N]] == [[[0]]]
    assert [value.tolist() for value in weights["bias"]] == [[0.5]]
    assert fc.linear_model({"a": [2]}, [A]).tolist() == [[0]]


def test_floats_are_not_cast_before_a_normalizer() -> None:
    seen = []
    column = fc.numeric_column("n", normalizer_fn=lambda x: seen.append(x.dtype) or x)
    fc.input_layer({"n": np.array([1.0])}, [column])
    fc.DenseFeatures([column])({"n": np.array([1.0])})
    assert seen == [np.float64, np.float32]


def test_shared_columns_of_each_version() -> None:
    old = fc.v1.shared_embedding_columns([A], 2)
    new = fc.shared_embeddings([A], 2)
    assert fc.input_layer({"a": [1]}, old).shape == (1, 2)
    for call in (fc.input_layer, fc.linear_model):
        with pytest.raises(ValueError, match="DenseFeatures"):
            call({"a": [1]}, new)


def test_buckets_cannot_be_weighed() -> None:
    column = fc.weighted_categorical_column(fc.bucketized_column(N, [0.0]), "w")
    with pytest.raises(TypeError, match="cannot weigh buckets"):
        fc.linear_model({"n": [1.0], "w": [2.0]}, [column])
    assert fc.LinearModel([column])({"n": [1.0], "w": [2.0]}).tolist() == [[0]]


B = fc.categorical_column_with_identity("b", 3)
TABLE = fc.initializers.Constant(np.arange(6).reshape(3, 2))
FEATURES: Any = {"a": [0, 1], "b": [1, 2], "n": [1.0, 2.0]}


def shapes(variables: dict[Any, Any]) -> dict[str, list[tuple[int, ...]]]:
    return {getattr(key, "name", key): [value.shape for value in values] for key, values in variables.items()}


def test_arguments_of_shared_columns_may_be_positional() -> None:
    """G8."""
    one, two = fc.v1.shared_embedding_columns([A, B], 2, "sum", TABLE, "table", None, None, 0.5, False, False)
    assert (one.name, two.name, one.combiner, one.max_norm) == ("a_shared_embedding", "b_shared_embedding", "sum", 0.5)
    table = one.shared_embedding_column_creator
    assert (table.name, table.trainable, one.use_safe_embedding_lookup) == ("table", False, False)
    assert table is two.shared_embedding_column_creator


def test_variables_of_columns() -> None:
    """G8: a list for every column, as TensorFlow fills it; a shared table is that of its first column."""
    shared = fc.v1.shared_embedding_columns([A, B], 2, initializer=TABLE)
    embedding = fc.embedding_column(A, 2, initializer=TABLE)
    found: dict[Any, Any] = {}
    fc.input_layer(FEATURES, [*shared, embedding, N], cols_to_vars=found)
    assert shapes(found) == {
        "n": [],
        "a_embedding": [(3, 2)],
        "a_shared_embedding": [(3, 2)],
        "b_shared_embedding": [],
    }
    found = {}
    fc.linear_model(FEATURES, [*shared, embedding, N, A, fc.bucketized_column(N, [1.5])], cols_to_vars=found)
    assert shapes(found) == {
        "bias": [(1,)],
        "n": [(1, 1)],
        "a": [(3, 1)],
        "n_bucketized": [(2, 1)],
        "a_embedding": [(2, 1), (3, 2)],
        "a_shared_embedding": [(2, 1), (3, 2)],
        "b_shared_embedding": [(2, 1)],
    }


def test_variables_may_be_given_again() -> None:
    """G8: what one call has filled in, the next one uses."""
    embedding = fc.embedding_column(A, 2)
    found: dict[Any, Any] = {}
    first = fc.input_layer(FEATURES, [embedding], cols_to_vars=found)
    assert fc.input_layer(FEATURES, [fc.embedding_column(A, 2)]).tolist() is not None
    assert fc.input_layer(FEATURES, [embedding], cols_to_vars=found).tolist() == first.tolist()
    weights: dict[Any, Any] = {embedding: [np.array([[1.0], [10.0]]), np.array([[1.0, 2], [3, 4], [5, 6]])], "bias": [0.5]}
    assert fc.linear_model(FEATURES, [embedding], cols_to_vars=weights).tolist() == [[21.5], [43.5]]


def test_an_input_layer_keeps_its_tables() -> None:
    """G12."""
    frozen = fc.embedding_column(B, 2, initializer=TABLE, trainable=False)
    layer = fc.v1.InputLayer([N, fc.embedding_column(A, 2), frozen], name="inputs")
    assert (layer.name, layer.variables) == ("inputs", [])
    first = layer(FEATURES)
    assert layer(FEATURES).tolist() == first.tolist()
    assert [table.shape for table in layer.variables] == [(3, 2), (3, 2)]
    assert np.array_equal(layer.trainable_variables[0][:2], first[:, :2])
    assert [table.tolist() for table in layer.non_trainable_variables] == [[[0, 1], [2, 3], [4, 5]]]
    assert len(fc.v1.InputLayer(fc.embedding_column(A, 2), trainable=False).trainable_weights) == 0
    with pytest.raises(ValueError, match="graph scope"):
        fc.v1.InputLayer([fc.numeric_column("user id")])({"user id": [1.0]})
