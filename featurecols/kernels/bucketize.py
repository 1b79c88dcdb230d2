"""Intervals of numbers; an interval is closed on the left."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols.kernels.compiler import F64, I32, I64, helper, kernel, opaque, read, write

_FEW = 40  # up to so many boundaries, counting those passed is faster than a search
_BLOCK = np.uint64(256)
_0 = np.uint64(0)


@kernel({4: (read(F64), read(F64), I32, I64, I32, write(I32))})
def _BUCKETIZE(x: Any, boundaries: Any, missing: Any, width: Any, stride: Any, out: Any) -> None:
    count, b = np.uint64(len(x)), np.uint64(len(boundaries))
    for base in range(_0, count, _BLOCK):  # loops count in uint64: numba wraps signed indices around
        stop = min(base + _BLOCK, count)
        if b <= _FEW:
            for p in range(base, stop):
                out[p] = missing if np.isnan(x[p]) else 0
            for j in range(_0, b):
                boundary = boundaries[j]
                for p in range(base, stop):
                    out[p] += x[p] >= boundary
        else:
            _search(x, boundaries, base, stop, out)
            for p in range(base, stop):
                out[p] = missing if np.isnan(x[p]) else out[p]
        if width > 1:
            j = np.int64(base) % width
            for p in range(base, stop):
                out[p] += 0 if out[p] == -1 else np.int32(j * stride)
                j = 0 if j + 1 == width else j + 1


@helper
def _search(x: Any, boundaries: Any, base: Any, stop: Any, out: Any) -> None:
    """Search for a whole block: every element takes the same steps, so that a step is a loop without a branch."""
    for p in range(base, stop):
        out[p] = 0
    n = len(boundaries)
    while n > 1:
        half = n >> 1
        for p in range(base, stop):
            out[p] += np.int32(half * opaque(np.int64(x[p] >= boundaries[np.uint64(out[p] + half - 1)])))
        n -= half
    for p in range(base, stop):
        out[p] += x[p] >= boundaries[np.uint64(out[p])]


def bucketize(x: Array, boundaries: Array, missing: int = -1, width: int = 1, stride: int = 0) -> Array:
    """Return the number of boundaries that are <= x, as np.searchsorted(boundaries, x, side="right"): int32 [m].

    x float64 [m]; boundaries float64 [b], ascending. NaN gives `missing`. Element p is element j = p % width of its
    row and gets stride * j added unless it is -1.

    >>> bucketize(np.array([0.5, 1.0, np.nan]), np.array([1.0, 2.0]))
    array([ 0,  1, -1], dtype=int32)
    """
    out = arrays.empty(len(x), np.int32)
    _BUCKETIZE[4](x, boundaries, missing, width, stride, out)
    return out
