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
    found = sparse_indices.drop_ignored(tensor)
    assert found.indices is not None
    assert found.indices.tolist() == kept
    assert found.shape == tensor.shape


def test_zeros_are_no_weights() -> None:
    found = sparse_indices.drop_ignored(tensor_of("w", [0.5, 0.0, -0.0, -1.0]), ignored=0)
    assert found.values.tolist() == [0.5, -1.0]


def test_sparse_values_stay() -> None:
    given = tensor_of("x", fc.SparseTensor([[0, 0], [0, 1]], np.array([-1, 5]), [1, 2]))
    assert sparse_indices.drop_ignored(given) is given


def test_rows() -> None:
    sparse = tensor_of("x", fc.SparseTensor([[0, 1], [2, 0], [2, 3]], [5, 6, 7], [4, 4]))
    assert sparse_indices.row_offsets(sparse, "x").tolist() == [0, 1, 1, 3, 3]
    assert sparse_indices.row_offsets(tensor_of("x", [[1, 2], [3, 4]]), "x").tolist() == [0, 2, 4]
    beyond = tensor_of("x", fc.SparseTensor([[0, 9], [1, -3], [7, 0]], [5, 6, 7], [2, 2]))
    assert sparse_indices.row_offsets(beyond, "x").tolist() == [0, 1, 2]
    cube = np.array([[0, 0, 1], [0, 1, 0], [1, 2, 1]])
    assert sparse_indices.flat_positions(cube, (2, 3, 2)).tolist() == [1, 2, 11]
    assert sparse_indices.flat_positions(cube[:0], (2, 0, 2)).tolist() == []


@pytest.mark.parametrize("indices", [[[0, 4]], [[4, 0]], [[-1, 0]], [[0, -2]]])
def test_positions_outside_are_refused(indices: list[list[int]]) -> None:
    with pytest.raises(fc.InvalidArgumentError, match="within dense_shape"):
        sparse_indices.check_within(np.array(indices), (4, 4), "x")


def test_rows_out_of_order_are_refused() -> None:
    with pytest.raises(fc.InvalidArgumentError, match="sorted by row"):
        sparse_indices.row_offsets(tensor_of("x", fc.SparseTensor([[1, 0], [0, 0]], [1, 2], [2, 1])), "x")


def test_steps() -> None:
    flat = sparse_indices.split_steps(fc.SparseTensor([[0, 1], [2, 0]], [5, 6], [3, 2]), "x")
    assert (flat.indices.tolist(), flat.shape) == ([[0, 1, 0], [2, 0, 0]], (3, 2, 1))
    deep = sparse_indices.split_steps(fc.SparseTensor([[0, 1, 1, 2]], [5], [3, 2, 2, 3]), "x")
    assert (deep.indices.tolist(), deep.shape) == ([[0, 1, 5]], (3, 2, 6))
    none = sparse_indices.split_steps(fc.SparseTensor([], [], [3, 2, 0]), "x")
    assert (none.indices.shape, none.shape) == ((0, 3), (3, 2, 0))


@pytest.mark.parametrize(
    ("indices", "shape", "to", "expect"),
    [
        ([[0, 0, 0], [0, 1, 5], [1, 0, 0]], [2, 2, 2], (2, 2, 2), [[0, 0, 0], [0, 1, 5], [1, 0, 0]]),
        ([[0, 5], [1, 0]], [2, 2], (2, 2, 1), [[2, 1, 0], [1, 0, 0]]),
        ([[0, -1], [1, 0]], [2, 2], (2, 2, 1), [[0, -1, 0], [1, 0, 0]]),
        ([[0, 0, 0, 3], [1, 1, 1, 1]], [2, 2, 2, 2], (2, 2, 4), [[0, 0, 3], [1, 1, 3]]),
        ([[0, 1, 5]], [2, 2, 2], (4, 2), [[3, 1]]),
    ],
)
def test_positions_of_another_shape_are_those_of_tensorflow(indices: Any, shape: Any, to: Any, expect: Any) -> None:
    """G4: an index outside the tensor is not checked, as in TensorFlow's SparseReshape, which computed these."""
    tensor = fc.SparseTensor(indices, list(range(len(indices))), shape)
    assert sparse_indices.reshape(tensor, to, "x").indices.tolist() == expect


def test_values_need_positions() -> None:
    with pytest.raises(fc.InvalidArgumentError, match="without positions"):
        sparse_indices.reshape(fc.SparseTensor([[0, 0, 0]], [1], [2, 2, 0]), (4, 0), "x")
