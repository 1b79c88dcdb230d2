"""One-hots and multi-hots times a matrix, and the gradient of the matrix: no one-hot is ever written out.

Ids outside their bounds are left out. Sums run in the order of the ids.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.kernels.compiler import F32, F64, I32, I64, kernel, read, write

_IDS, _NUMBERS = ((4, I32), (8, I64)), ((4, F32), (8, F64))


def _matrix(of: Any, whole: bool) -> Any:
    """Return the type of an input [v, u], with or without gaps between its rows."""
    return read(of, 2, "C" if whole else "A")


@kernel(
    {
        (i, n, whole): (read(ids, 2), read(I64), read(I64), _matrix(of, whole), write(of, 2))
        for (i, ids), (n, of), whole in product(_IDS, _NUMBERS, (False, True))
    }
)
def _HOTS(ids: Any, starts: Any, sizes: Any, weights: Any, out: Any) -> Any:
    for i in range(ids.shape[0]):
        for j in range(ids.shape[1]):
            id_ = np.uint64(ids[i, j])  # unsigned: a negative id is past every bound, and no index wraps around
            if id_ < np.uint64(sizes[j]):
                at = np.uint64(starts[j]) + id_
                for u in range(weights.shape[1]):
                    out[i, u] += weights[at, u]


@kernel(
    {(i, n): (read(ids, 2), read(I64), read(I64), read(of, 2), write(of, 2)) for (i, ids), (n, of) in product(_IDS, _NUMBERS)}
)
def _HOTS_GRADIENT(ids: Any, starts: Any, sizes: Any, d: Any, out: Any) -> Any:
    for i in range(ids.shape[0]):
        for j in range(ids.shape[1]):
            id_ = np.uint64(ids[i, j])
            if id_ < np.uint64(sizes[j]):
                at = np.uint64(starts[j]) + id_
                for u in range(d.shape[1]):
                    out[at, u] += d[i, u]


@kernel(
    {
        (i, n, whole): (read(ids), read(I64), read(F32), I64, I64, _matrix(of, whole), write(of, 2))
        for (i, ids), (n, of), whole in product(_IDS, _NUMBERS, (False, True))
    }
)
def _LIST(values: Any, offsets: Any, shares: Any, start: Any, size: Any, weights: Any, out: Any) -> Any:
    for i in range(out.shape[0]):
        for e in range(offsets[i], offsets[i + 1]):
            if 0 <= values[e] < size:
                at, w = start + values[e], weights.dtype.type(shares[e])
                for u in range(weights.shape[1]):
                    out[i, u] += w * weights[at, u]


@kernel(
    {
        (i, n): (read(ids), read(I64), read(F32), I64, I64, read(of, 2), write(of, 2))
        for (i, ids), (n, of) in product(_IDS, _NUMBERS)
    }
)
def _LIST_GRADIENT(values: Any, offsets: Any, shares: Any, start: Any, size: Any, d: Any, out: Any) -> Any:
    for i in range(d.shape[0]):
        for e in range(offsets[i], offsets[i + 1]):
            if 0 <= values[e] < size:
                at, w = start + values[e], d.dtype.type(shares[e])
                for u in range(d.shape[1]):
                    out[at, u] += w * d[i, u]


def add_hots(ids: Array, starts: Array, sizes: Array, weights: Array, out: Array) -> None:
    """Add weights[starts[j] + ids[i, j]] over all j to out[i].

    ids int32 or int64 [n, k]; starts, sizes int64 [k]; weights float32 or float64 [v, u] of any strides; out [n, u].
    """
    _HOTS[ids.itemsize, weights.itemsize, weights.flags.c_contiguous](ids, starts, sizes, weights, out)


def add_hots_gradient(ids: Array, starts: Array, sizes: Array, d: Array, out: Array) -> None:
    """Add d[i] [n, u] to out[starts[j] + ids[i, j]]: the dense gradient of the weights of `add_hots`."""
    _HOTS_GRADIENT[ids.itemsize, d.itemsize](ids, starts, sizes, d, out)


def add_list(values: Array, offsets: Array, shares: Array, start: int, size: int, weights: Array, out: Array) -> None:
    """Add shares[e] * weights[start + values[e]] over the values e of row i to out[i].

    values int32 or int64 [m] with ids below `size`; offsets int64 [n + 1]; shares float32 [m]; weights float32 or float64
    [v, u] of any strides; out [n, u].
    """
    key = values.itemsize, weights.itemsize, weights.flags.c_contiguous
    _LIST[key](values, offsets, shares, start, size, weights, out)


def add_list_gradient(values: Array, offsets: Array, shares: Array, start: int, size: int, d: Array, out: Array) -> None:
    """Add shares[e] * d[i] to out[start + values[e]]: the dense gradient of the weights of `add_list`."""
    _LIST_GRADIENT[values.itemsize, d.itemsize](values, offsets, shares, start, size, d, out)
