"""Ids into a zeroed matrix: one-hots, and counts over lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.kernels.compiler import F32, I32, I64, NO_WEIGHTS, kernel, read, write


@kernel({size: (read(of), read(F32), write(F32, 2, "A")) for size, of in ((4, I32), (8, I64))})
def _ONEHOT(values: Any, weights: Any, out: Any) -> None:
    width = out.shape[1]
    for i in range(np.uint64(0), np.uint64(len(values))):
        id_ = values[i]
        if 0 <= id_ < width:
            out[i, np.uint64(id_)] += weights[i] if len(weights) else 1.0


@kernel({size: (read(of), read(I64), read(F32), write(F32, 2, "A")) for size, of in ((4, I32), (8, I64))})
def _MULTIHOT(values: Any, offsets: Any, weights: Any, out: Any) -> None:
    width = out.shape[1]
    for i in range(len(offsets) - 1):
        for p in range(max(offsets[i], 0), min(offsets[i + 1], len(values))):
            id_ = values[p]
            if 0 <= id_ < width:
                out[i, np.uint64(id_)] += weights[p] if len(weights) else 1.0


def onehot(values: Array, weights: Array | None, out: Array) -> None:
    """Add 1 (or the weight) at out[i, values[i]]; an id outside [0, w) adds nothing.

    values int32 or int64 [n], weights float32 [n] or None, out float32 [n, w] of any strides.
    """
    assert len(values) == len(out)
    assert weights is None or len(weights) == len(values)
    _ONEHOT[values.itemsize](values, NO_WEIGHTS if weights is None else weights, out)


def multihot(values: Array, offsets: Array, weights: Array | None, out: Array) -> None:
    """Add the ids of lists: out[i, id] counts the id (or sums its weights, in order) in values[offsets[i]:offsets[i + 1]]."""
    assert len(offsets) == len(out) + 1
    assert weights is None or len(weights) == len(values)
    _MULTIHOT[values.itemsize](values, offsets, NO_WEIGHTS if weights is None else weights, out)
