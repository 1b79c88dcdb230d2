"""The linear model: weights of numbers and ids."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from featurecols import feature_column as fc

A = fc.categorical_column_with_identity("a", 3)
N = fc.numeric_column("n", 2)


def test_numbers_ids_and_bias_add_up() -> None:
    model = fc.LinearModel([A, N], units=2)
    assert model({"a": [1], "n": [[1.0, 2.0]]}).tolist() == [[0, 0]]
    model.set_weights({"a": [[1, 2], [3, 4], [5, 6]], "n": [[10, 20], [30, 40]], "bias": [0.5, 0.25]})
    assert model({"a": [1, -1], "n": [[1.0, 2.0], [0.0, 1.0]]}).tolist() == [[73.5, 104.25], [30.5, 40.25]]
    assert model.bias.tolist() == [0.5, 0.25]


@pytest.mark.parametrize(("combiner", "expect"), [("sum", -1.0), ("mean", 2.0), ("sqrtn", 2.0), (None, 2.0)])
def test_combiners(combiner: Any, expect: float) -> None:
    weighted = fc.weighted_categorical_column(A, "w")
    model = fc.LinearModel([weighted], sparse_combiner=combiner)
    model.set_weights({weighted.name: [[1], [2], [5]]})
    assert model({"a": [[1, 2]], "w": [[2.0, -1.0]]}).tolist() == [[expect]]


def test_a_bucketized_column_is_categorical_and_rank_three_is_one_row() -> None:
    buckets = fc.bucketized_column(fc.numeric_column("n"), [0.0])
    model = fc.LinearModel([buckets, A])
    model.set_weights({"n_bucketized": [[1], [2]], "a": [[10], [20], [40]]})
    assert model({"n": [-1.0, 1.0], "a": [[[0, 1], [2, -1]], [[-1, -1], [1, 1]]]}).tolist() == [[71], [42]]


def test_dense_columns_of_ids() -> None:
    embedding = fc.embedding_column(A, 2, initializer=fc.initializers.Constant([[1, 2], [3, 4], [5, 6]]))
    model = fc.LinearModel([embedding, fc.indicator_column(A)])
    model.set_weights({"a_embedding": [[1], [10]], "a_indicator": [[100], [200], [300]]})
    assert model({"a": [1]}).tolist() == [[243]]
    model.set_weights({"a_embedding/embedding_weights": [[0, 0], [1, 0], [0, 0]]})
    assert model({"a": [1]}).tolist() == [[201]]


@pytest.mark.parametrize("columns", [[], [fc.numeric_column("a"), A], [fc.sequence_numeric_column("s")], ["a"]])
def test_columns_that_are_refused(columns: Any) -> None:
    with pytest.raises(ValueError, match="LinearModel"):
        fc.LinearModel(columns)


def test_calls_that_fail() -> None:
    with pytest.raises(ValueError, match="combiner"):
        fc.LinearModel([A], sparse_combiner="max")({"a": [1]})
    with pytest.raises(fc.InvalidArgumentError, match="past the table"):
        fc.LinearModel([A])({"a": [5]})
    with pytest.raises(fc.InvalidArgumentError, match="empty batch"):
        fc.LinearModel([A])({"a": np.zeros(0, np.int64)})
    assert fc.LinearModel([N])({"n": np.zeros((0, 2))}).shape == (0, 1)
    with pytest.raises(ValueError, match="another number"):
        fc.LinearModel([A, N])({"a": [1], "n": [[1.0, 2.0], [3.0, 4.0]]})
