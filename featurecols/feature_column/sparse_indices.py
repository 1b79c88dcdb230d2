"""Where values are: rows, steps and cells of sparse and dense tensors. Positions only; no value is computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.data import arrow_buffers
from featurecols.feature_column import dtypes, errors
from featurecols.feature_column.tensors import SparseTensor, Tensor


def without_ignored(tensor: Tensor, ignored: Any = None) -> Tensor:
    """A dense tensor without its cells that mean missing: '' or -1 in the tensor's own type (or `ignored`)."""
    if tensor.is_sparse:
        return tensor
    values = tensor.values
    if tensor.dtype == dtypes.string:
        return tensor.kept(np.diff(arrow_buffers.texts(values)[0]) != 0)
    if ignored is None:
        ignored = -1 if tensor.dtype.is_integer else 0
    return tensor.kept(values != np.array(ignored).astype(values.dtype))


def row_offsets(tensor: Tensor | SparseTensor, subject: str, sizes: int = 1) -> Array:
    """int64 [rows + 1]: which values belong to which row, rows being the first `sizes` axes in C order."""
    shape = tensor.shape
    count = int(np.prod(shape[:sizes], dtype=np.int64))
    if tensor.indices is None:
        return np.arange(count + 1, dtype=np.int64) * int(np.prod(shape[sizes:], dtype=np.int64))
    rows = row_numbers(tensor.indices, shape, sizes, subject)
    if len(rows) and (rows[1:] < rows[:-1]).any():
        raise errors.invalid(subject, "indices must be sorted by row", tensor.indices[:8].tolist(), "sort indices and values")
    return np.searchsorted(rows, np.arange(count + 1)).astype(np.int64)


def row_numbers(indices: Array, shape: tuple[int, ...], sizes: int, subject: str) -> Array:
    """int64 [m]: the row of every position, rows being the first `sizes` axes in C order."""
    if len(indices) and ((indices < 0).any() or (indices >= np.array(shape)).any()):
        raise errors.invalid(
            subject, f"indices must lie within dense_shape {shape}", indices.max(axis=0).tolist(), "mend the indices"
        )
    if not len(indices):
        return np.zeros(0, np.int64)
    return np.ravel_multi_index(tuple(indices[:, :sizes].T), shape[:sizes]).astype(np.int64)


def steps_of(tensor: SparseTensor) -> SparseTensor:
    """The same values at positions [batch, step, rest]."""
    batch, steps, *rest = tensor.shape
    shape = (batch, steps, int(np.prod(rest, dtype=np.int64)))
    indices = tensor.indices
    last = (
        np.ravel_multi_index(tuple(indices[:, 2:].T), tuple(rest))
        if rest and len(indices)
        else np.zeros(len(indices), np.int64)
    )
    return SparseTensor(np.column_stack([indices[:, :2], last]), tensor.values, shape)
