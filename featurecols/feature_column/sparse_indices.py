"""Where values are: rows, steps and positions of sparse and dense tensors. Positions only; no value is computed."""

from __future__ import annotations

import math

import numpy as np

from featurecols._core.arrays import Array
from featurecols.data import arrow_buffers
from featurecols.feature_column import dtypes, errors
from featurecols.feature_column.tensors import SparseTensor, Tensor


def drop_ignored(tensor: Tensor, ignored: float | None = None) -> Tensor:
    """Return a dense tensor without its values that mean missing: '' or -1 in the tensor's own type (or `ignored`)."""
    if tensor.is_sparse:
        return tensor
    values = tensor.values
    if tensor.dtype == dtypes.string:
        return tensor.keep(np.diff(arrow_buffers.texts(values)[0]) != 0)
    if ignored is None:
        ignored = -1 if tensor.dtype.is_integer else 0
    return tensor.keep(values != np.array(ignored).astype(values.dtype))


def row_offsets(tensor: Tensor | SparseTensor, subject: str) -> Array:
    """Return int64 [rows + 1]: which values belong to which row. Values of rows beyond the last one belong to none.

    Raises:
        InvalidArgumentError: rows out of order.
    """
    count = tensor.shape[0]
    if tensor.indices is None:
        return np.arange(count + 1, dtype=np.int64) * math.prod(tensor.shape[1:])
    rows = tensor.indices[:, 0]
    check_sorted(rows, tensor.indices, subject)
    return np.searchsorted(rows, np.arange(count + 1)).astype(np.int64)


def check_sorted(rows: Array, indices: Array, subject: str) -> None:
    """Raise InvalidArgumentError where the row of a position is smaller than that of the one before it."""
    if len(rows) and (rows[1:] < rows[:-1]).any():
        raise errors.invalid(subject, "indices must be sorted by row", indices[:8].tolist(), "sort indices and values")


def check_within(indices: Array, shape: tuple[int, ...], subject: str) -> None:
    """Raise InvalidArgumentError for a position outside the tensor."""
    if len(indices) and ((indices < 0).any() or (indices >= np.array(shape)).any()):
        what = f"indices must lie within dense_shape {shape}"
        raise errors.invalid(subject, what, indices.max(axis=0).tolist(), "correct the indices")


def flat_positions(indices: Array, shape: tuple[int, ...]) -> Array:
    """Return int64 [m]: the position of every index in C order. It is not checked that indices lie within `shape`."""
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return indices @ np.array(strides, dtype=np.int64)  # type: ignore[no-any-return]


def reshape(tensor: SparseTensor, shape: tuple[int, ...], subject: str) -> SparseTensor:
    """Return the same values at positions of another shape, as TensorFlow's SparseReshape places them.

    An index outside the tensor stays outside, or lands where the position in C order says; nothing of that is checked.

    Raises:
        InvalidArgumentError: there are values, and the tensor has no positions.
    """
    if tensor.shape == shape:
        return tensor
    if len(tensor.indices) and 0 in tensor.shape:
        raise errors.invalid(subject, "there are values in a tensor without positions", tensor.shape, "correct dense_shape")
    rest = flat_positions(tensor.indices, tensor.shape)
    columns = []
    for axis in range(len(shape)):
        stride = max(math.prod(shape[axis + 1 :]), 1)
        columns.append(np.where(rest < 0, -(-rest // stride), rest // stride))  # rounded towards 0, as in C
        rest = rest - columns[-1] * stride
    return SparseTensor(np.stack(columns, axis=1), tensor.values, shape)


def split_steps(tensor: SparseTensor, subject: str) -> SparseTensor:
    """Return the same values at positions [batch, step, rest]."""
    batch, steps, *rest = tensor.shape
    return reshape(tensor, (batch, steps, math.prod(rest)), subject)
