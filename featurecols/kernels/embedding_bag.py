"""Rows of an embedding table, summed over the ids of each row of data, and the gradient of the table.

Sums are float64 inside, in the order of the values.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.kernels.compiler import F32, F64, I32, I64, NO_WEIGHTS, helper, kernel, read, write

SUM, MEAN, SQRTN, MEAN_ALL, SQRTN_ALL = range(5)
_IDS, _NUMBERS = ((4, I32), (8, I64)), ((4, F32), (8, F64))
_NO_OFFSETS = np.empty(0, np.int64)
_0, _1 = np.uint64(0), np.uint64(1)


@helper
def _norm(table: Any, row: Any) -> Any:
    squares = 0.0
    for d in range(_0, np.uint64(table.shape[1])):
        v = np.float64(table[row, d])
        squares += v * v
    return math.sqrt(squares)


@helper
def _scale(table: Any, row: Any, max_norm: Any) -> Any:
    norm = _norm(table, row)
    return max_norm / norm if norm > max_norm else 1.0


@helper
def _copy(values: Any, table: Any, out: Any) -> Any:
    """One id a row and nothing to weigh or scale: every combiner gives the row itself."""
    size, width = table.shape
    zero = table.dtype.type(0.0)
    for i in range(_0, np.uint64(len(out))):
        id_ = values[i]
        if id_ >= size:
            return np.int64(i)
        if id_ < 0:
            for d in range(_0, np.uint64(width)):
                out[i, d] = 0.0
        else:
            for d in range(_0, np.uint64(width)):
                out[i, d] = table[np.uint64(id_), d] + zero  # -0.0 is 0.0, as in a sum
    return np.int64(-1)


@kernel(
    {
        (size, wide): (read(ids), read(I64), read(F32), read(of, 2), I64, F64, write(F64), write(of, 2, "A"))
        for (size, ids), (wide, of) in product(_IDS, _NUMBERS)
    }
)
def _POOL(values: Any, offsets: Any, weights: Any, table: Any, combiner: Any, max_norm: Any, sums: Any, out: Any) -> Any:
    lists, weighted = len(offsets) > 0, len(weights) > 0
    if not lists and not weighted and max_norm <= 0.0:
        return _copy(values, table, out)
    size, width = table.shape[0], np.uint64(table.shape[1])
    positive = combiner in (MEAN, SQRTN)
    squared = combiner in (SQRTN, SQRTN_ALL)
    for i in range(_0, np.uint64(len(out))):
        start: Any = i
        stop: Any = i + _1
        if lists:
            first = max(offsets[i], 0)
            start, stop = np.uint64(first), np.uint64(max(min(offsets[i + _1], len(values)), first))
        for d in range(_0, width):
            sums[d] = 0.0
        total = 0.0
        for p in range(start, stop):
            id_ = values[p]
            w = np.float64(weights[p]) if weighted else 1.0
            if id_ < 0 or (positive and not w > 0.0):
                continue
            if id_ >= size:
                return np.int64(p)
            row = np.uint64(id_)
            total += w * w if squared else w
            scale = _scale(table, row, max_norm) if max_norm > 0.0 else 1.0
            for d in range(_0, width):
                sums[d] += w * (np.float64(table[row, d]) * scale)
        divisor = math.sqrt(total) if squared else total
        if combiner == SUM:
            divisor = 1.0
        for d in range(_0, width):
            out[i, d] = sums[d] / divisor if divisor != 0.0 else 0.0
    return np.int64(-1)


@kernel(
    {
        (size, wide): (read(ids), read(I64), read(F32), read(of, 2), I64, F64, read(of, 2), read(I32), write(of, 2))
        for (size, ids), (wide, of) in product(_IDS, _NUMBERS)
    }
)
def _POOL_GRADIENT(
    values: Any, offsets: Any, weights: Any, table: Any, combiner: Any, max_norm: Any, d: Any, positions: Any, rows: Any
) -> Any:
    lists, weighted = len(offsets) > 0, len(weights) > 0
    for i in range(d.shape[0]):
        start: Any = i
        stop: Any = i + 1
        if lists:
            start, stop = offsets[i], offsets[i + 1]
        divisor = 1.0
        if combiner != SUM:
            total = 0.0
            for e in range(start, stop):
                w = np.float64(weights[e]) if weighted else 1.0
                if values[e] >= 0 and w > 0.0:
                    total += w if combiner == MEAN else w * w
            divisor = total if combiner == MEAN else math.sqrt(total)
        for e in range(start, stop):
            id_ = values[e]
            w = np.float64(weights[e]) if weighted else 1.0
            if id_ < 0 or (combiner != SUM and w <= 0.0):
                continue
            scale, along = w / divisor, 0.0
            if max_norm > 0.0:
                norm = _norm(table, id_)
                if norm > max_norm:  # d of r * max_norm / |r|: what points along r is gone
                    scale *= max_norm / norm
                    for c in range(table.shape[1]):
                        along += d[i, c] * table[id_, c]
                    along *= scale / (norm * norm)
            p = positions[e]
            s, t = table.dtype.type(scale), table.dtype.type(along)
            for c in range(table.shape[1]):
                rows[p, c] += s * d[i, c] - t * table[id_, c]


def pool(
    values: Array,
    offsets: Array | None,
    weights: Array | None,
    table: Array,
    combiner: int,
    max_norm: float,
    out: Array,
) -> int:
    """Write each row's combination of table rows; returns the position of the first id past the table, or -1.

    values int32 or int64 [m]; offsets int64 [n + 1], or None for one id per row; weights float32 [m] or None; table
    float32 or float64 [V, D]; out [n, D] of the same dtype and of any strides. combiner: 0 the sum of w * row, 1 divided
    by the sum of w, 2 by the root of the sum of w squared; 3 and 4 are 1 and 2 over all weights. Negative ids are skipped,
    and with 1 and 2 weights that are not above 0; nothing gives 0, and so does a divisor of 0. With max_norm > 0 a row
    longer than that (Euclidean) is scaled by max_norm / norm first.

    >>> out = np.empty((1, 2), np.float32)
    >>> table = np.array([[1, 2], [3, 6]], np.float32)
    >>> pool(np.array([0, 1]), np.array([0, 2]), None, table, 1, 0.0, out)
    -1
    >>> out
    array([[2., 4.]], dtype=float32)
    """
    assert len(values) == len(out) if offsets is None else len(offsets) == len(out) + 1
    assert table.shape[1] == out.shape[1]
    assert weights is None or len(weights) == len(values)
    offsets = _NO_OFFSETS if offsets is None else offsets
    weights = NO_WEIGHTS if weights is None else weights
    sums = np.empty(table.shape[1])
    return _POOL[values.itemsize, table.itemsize](values, offsets, weights, table, combiner, max_norm, sums, out)  # type: ignore[no-any-return]


def add_pool_gradient(
    values: Array,
    offsets: Array | None,
    weights: Array | None,
    table: Array,
    combiner: int,
    max_norm: float,
    d: Array,
    positions: Array,
    rows: Array,
) -> None:
    """Add the gradient of the table row that value e names to rows[positions[e]], for the combiners 0, 1 and 2 of `pool`.

    d [n, D] is the gradient of what `pool` wrote; positions int32 [m]; rows [k, D]; the others as in `pool`, ids all below V.
    """
    offsets = _NO_OFFSETS if offsets is None else offsets
    weights = NO_WEIGHTS if weights is None else weights
    key = values.itemsize, table.itemsize
    _POOL_GRADIENT[key](values, offsets, weights, table, combiner, max_norm, d, positions, rows)
