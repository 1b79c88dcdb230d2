"""Rows, steps and kept cells of dense and sparse tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from featurecols import feature_column as fc
from featurecols.feature_column import sparse_indices
from featurecols.feature_column.tensors import tensor_of


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.array([0, 255, 254], np.uint8), [[0, 0], [2, 0]]),
        (np.array([0, 65535], np.uint16), [[0, 0]]),
        (np.array([0, 2**64 - 1], np.uint64), [[0, 0]]),
        (np.array([0, -1, 255], np.int16), [[0, 0], [2, 0]]),
        (np.array([[0, -1], [-1, 5]]), [[0, 0], [1, 1]]),
        (["", "a", "-1"], [[1, 0], [2, 0]]),
        (np.array([[["a", ""]], [["", "b"]]]), [[0, 0, 0], [1, 0, 1]]),
        (np.zeros((0, 3), np.int64), []),
    ],
)
def test_dense_cells_that_mean_missing_are_dropped(value: Any, kept: list[list[int]]) -> None:
    tensor = tensor_of("x", value)
    found = sparse_indices.without_ignored(tensor)
    assert found.indices is not None
    assert found.indices.tolist() == kept
    assert found.shape == tensor.shape


def test_zeros_are_no_weights() -> None:
    found = sparse_indices.without_ignored(tensor_of("w", [0.5, 0.0, -0.0, -1.0]), ignored=0)
    assert found.values.tolist() == [0.5, -1.0]


def test_sparse_values_stay() -> None:
    given = tensor_of("x", fc.SparseTensor([[0, 0], [0, 1]], np.array([-1, 5]), [1, 2]))
    assert sparse_indices.without_ignored(given) is given


def test_rows() -> None:
    sparse = tensor_of("x", fc.SparseTensor([[0, 1], [2, 0], [2, 3]], [5, 6, 7], [4, 4]))
    assert sparse_indices.row_offsets(sparse, "x").tolist() == [0, 1, 1, 3, 3]
    assert sparse_indices.row_offsets(tensor_of("x", [[1, 2], [3, 4]]), "x").tolist() == [0, 2, 4]
    cube = np.array([[0, 0, 1], [0, 1, 0], [1, 2, 1]])
    assert sparse_indices.row_numbers(cube, (2, 3, 2), 2, "x").tolist() == [0, 1, 5]
    assert sparse_indices.row_numbers(cube[:0], (2, 0, 2), 2, "x").tolist() == []


@pytest.mark.parametrize("indices", [[[0, 4]], [[4, 0]], [[-1, 0]], [[0, -2]]])
def test_positions_outside_are_refused(indices: list[list[int]]) -> None:
    with pytest.raises(fc.InvalidArgumentError, match="within dense_shape"):
        sparse_indices.row_offsets(tensor_of("x", fc.SparseTensor(indices, [1], [4, 4])), "x")


def test_rows_out_of_order_are_refused() -> None:
    with pytest.raises(fc.InvalidArgumentError, match="sorted by row"):
        sparse_indices.row_offsets(tensor_of("x", fc.SparseTensor([[1, 0], [0, 0]], [1, 2], [2, 1])), "x")


def test_steps() -> None:
    flat = sparse_indices.steps_of(fc.SparseTensor([[0, 1], [2, 0]], [5, 6], [3, 2]))
    assert (flat.indices.tolist(), flat.shape) == ([[0, 1, 0], [2, 0, 0]], (3, 2, 1))
    deep = sparse_indices.steps_of(fc.SparseTensor([[0, 1, 1, 2]], [5], [3, 2, 2, 3]))
    assert (deep.indices.tolist(), deep.shape) == ([[0, 1, 5]], (3, 2, 6))
    none = sparse_indices.steps_of(fc.SparseTensor([], [], [3, 2, 0]))
    assert (none.indices.shape, none.shape) == ((0, 3), (3, 2, 0))
