"""Which interval each number falls into: intervals are closed on the left."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.native import F64, I32, I64, kernel, read, write
from featurecols.values import Array

_FEW = 24  # up to here counting the boundaries passed beats searching among them
_BLOCK = 256


@kernel({4: (read(F64), read(F64), I32, I64, I32, write(I32))})
def _BUCKETIZE(x: Any, boundaries: Any, missing: Any, width: Any, stride: Any, out: Any) -> None:
    b = len(boundaries)
    for base in range(0, len(x), _BLOCK):
        stop = min(base + _BLOCK, len(x))
        for p in range(base, stop):
            out[p] = 0
        if b <= _FEW:
            for j in range(b):
                boundary = boundaries[j]
                for p in range(base, stop):
                    out[p] += x[p] >= boundary
        else:
            n = b
            while n > 1:  # every element takes the same steps, so a step is a loop without a branch
                half = n >> 1
                for p in range(base, stop):
                    out[p] += half if x[p] >= boundaries[out[p] + half - 1] else 0
                n -= half
            for p in range(base, stop):
                out[p] += x[p] >= boundaries[out[p]]
        for p in range(base, stop):
            out[p] = missing if np.isnan(x[p]) else out[p]
        if width > 1:
            j = base % width
            for p in range(base, stop):
                out[p] += 0 if out[p] == -1 else np.int32(j * stride)
                j = 0 if j + 1 == width else j + 1


def bucketize(x: Array, boundaries: Array, missing: int = -1, width: int = 1, stride: int = 0) -> Array:
    """Number of boundaries that are <= x, as np.searchsorted(boundaries, x, side="right"): int32 [m].

    x float64 [m]; boundaries float64 [b], ascending. NaN gives `missing`. Element p is element j = p % width of its
    row and gets stride * j added unless it is -1.

    >>> bucketize(np.array([0.5, 1.0, np.nan]), np.array([1.0, 2.0]))
    array([ 0,  1, -1], dtype=int32)
    """
    out = np.empty(len(x), np.int32)
    _BUCKETIZE[4](x, boundaries, missing, width, stride, out)
    return out
