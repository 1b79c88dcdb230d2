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
    assert np.array_equal(matrix[0], made[E][2])


def test_linear_model_takes_and_gives_weights() -> None:
    weights: dict[Any, Any] = {A: [[1], [2], [4]], "bias": [0.5]}
    assert fc.linear_model({"a": [2, 0], "n": [1.0, 2.0]}, [N, A], cols_to_vars=weights).tolist() == [[4.5], [1.5]]
    assert weights[N].tolist() == [[0]]
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
