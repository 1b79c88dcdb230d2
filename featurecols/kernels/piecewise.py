"""Numbers between boundaries: which interval they fall into and how far they are in it, as features and as rows of a table.

With boundaries b[0] < ... < b[k - 1], a number x that is held within them lies in interval t, where it has come the fraction
e = (x - b[t]) / (b[t + 1] - b[t]), and z = (x - b[0]) / (b[k - 1] - b[0]) of all of them: two values a row, named by the ids t
and k - 1, with the weights e and z. A missing number has the ids -1. Sums are float64, in the order that is written.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols.kernels import bucketize
from featurecols.kernels.compiler import F32, F64, I32, I64, kernel, read, write

_0, _1, _2 = np.uint64(0), np.uint64(1), np.uint64(2)
_TABLES = ((4, F32), (8, F64))


@kernel({4: (read(F64), read(I32), read(F64), F64, write(I32), write(F32))})
def _WEIGH(x: Any, found: Any, b: Any, scale: Any, ids: Any, weights: Any) -> None:
    k = len(b)
    low, high = b[_0] * scale, b[np.uint64(k - 1)] * scale
    for i in range(_0, np.uint64(len(x))):
        t = found[i]
        if t < 0:
            ids[i * _2], ids[i * _2 + _1] = -1, -1
            weights[i * _2], weights[i * _2 + _1] = 0.0, 0.0
            continue
        v = x[i] * scale
        v = low if v < low else (high if v > high else v)
        start = b[np.uint64(t)] * scale
        width = b[np.uint64(t) + _1] * scale - start
        ids[i * _2], ids[i * _2 + _1] = t, np.int32(k - 1)
        weights[i * _2] = np.float32((v - start) / width + 0.0 if width > 0.0 else 1.0)
        weights[i * _2 + _1] = np.float32((v - low) / (high - low) + 0.0)


@kernel({4: (read(I32), read(F32), write(F32, 2, "A"))})
def _SPREAD(ids: Any, weights: Any, out: Any) -> None:
    for i in range(_0, np.uint64(len(out))):
        t = ids[i * _2]
        if t >= 0:
            for j in range(_0, np.uint64(t)):
                out[i, j] = 1.0
            out[i, np.uint64(t)] = weights[i * _2]


@kernel({4: (read(I32), read(F32), write(I64), write(I32), write(F32))})
def _EXPAND(ids: Any, weights: Any, offsets: Any, values: Any, shares: Any) -> None:
    at = np.uint64(0)
    for i in range(_0, np.uint64(len(offsets) - 1)):
        t = ids[i * _2]
        if t >= 0:
            slope = ids[i * _2 + _1]
            values[at], shares[at] = slope + 1, 1.0
            at += _1
            for j in range(_0, np.uint64(t)):
                values[at], shares[at] = np.int32(j), 1.0
                at += _1
            values[at], shares[at] = t, weights[i * _2]
            values[at + _1], shares[at + _1] = slope, weights[i * _2 + _1]
            at += _2
        offsets[i + _1] = at


@kernel({size: (read(I32), read(F32), read(F64, 2), read(of, 2), write(of, 2, "A")) for size, of in _TABLES})
def _SUM(ids: Any, weights: Any, sums: Any, table: Any, out: Any) -> None:
    width = np.uint64(table.shape[1])
    for i in range(_0, np.uint64(len(out))):
        if ids[i * _2] < 0:
            for d in range(_0, width):
                out[i, d] = 0.0
            continue
        t, slope = np.uint64(ids[i * _2]), np.uint64(ids[i * _2 + _1])
        e, z = np.float64(weights[i * _2]), np.float64(weights[i * _2 + _1])
        for d in range(_0, width):
            out[i, d] = sums[t, d] + e * np.float64(table[t, d]) + z * np.float64(table[slope, d])


@kernel({size: (read(I32), read(F32), read(of, 2), write(F64, 2), write(F64, 2)) for size, of in _TABLES})
def _SUM_GRADIENT(ids: Any, weights: Any, d: Any, rows: Any, whole: Any) -> None:
    for i in range(_0, np.uint64(len(d))):
        if ids[i * _2] < 0:
            continue
        t, slope = np.uint64(ids[i * _2]), np.uint64(ids[i * _2 + _1])
        e, z = np.float64(weights[i * _2]), np.float64(weights[i * _2 + _1])
        for c in range(_0, np.uint64(d.shape[1])):
            g = np.float64(d[i, c])
            whole[t, c] += g
            rows[t, c] += e * g
            rows[slope, c] += z * g


def locate(x: Array, boundaries: Array) -> tuple[Array, Array]:
    """Return ids int32 [2 n] and weights float32 [2 n]: t and k - 1 for each number, e and z; -1 and 0 where it is NaN.

    x float64 [n]; boundaries float64 [k], ascending, two or more.

    >>> locate(np.array([12.5, np.nan]), np.array([0.0, 10.0, 20.0]))
    (array([ 1,  2, -1, -1], dtype=int32), array([0.25 , 0.625, 0.   , 0.   ], dtype=float32))
    """
    ids, weights = arrays.empty(2 * len(x), np.int32), arrays.empty(2 * len(x), np.float32)
    found = bucketize.bucketize(x, boundaries[1:-1])
    _WEIGH[4](x, found, boundaries, scale_of(boundaries), ids, weights)
    return ids, weights


def scale_of(boundaries: Array) -> float:
    """Return 1, or 0.5 where boundaries are so far apart that float64 does not hold their distance."""
    with np.errstate(over="ignore"):
        return 1.0 if np.isfinite(boundaries[-1] - boundaries[0]) else 0.5


def spread(ids: Array, weights: Array, out: Array) -> None:
    """Write 1 for each interval that a number has passed, e for the one that it lies in; float32 [n, k - 1] of zeros."""
    _SPREAD[4](ids, weights, out)


def expand(ids: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Return values int32 [m], offsets int64 [n + 1] and weights float32 [m] of all table rows that a number adds up.

    k with weight 1, 0 ... t - 1 with weight 1, t with e, k - 1 with z; nothing where it is missing.

    >>> values, offsets, weights = expand(*locate(np.array([12.5, np.nan]), np.array([0.0, 10.0, 20.0])))
    >>> values.tolist(), offsets.tolist(), weights.tolist()
    ([3, 0, 1, 2], [0, 4, 4], [1.0, 1.0, 0.25, 0.625])
    """
    found = ids[::2]
    count = int(np.maximum(found + 3, 0, dtype=np.int64)[found >= 0].sum())
    offsets = np.zeros(len(found) + 1, np.int64)
    values, shares = arrays.empty(count, np.int32), arrays.empty(count, np.float32)
    _EXPAND[4](ids, weights, offsets, values, shares)
    return values, offsets, shares


def sums_before(table: Array) -> Array:
    """Return float64 [k - 1, D]: row k of a table [k + 1, D], and to it, one after the other, rows 0 ... t - 1."""
    ordered = np.concatenate([table[-1:], table[:-3]]).astype(np.float64)
    ordered[0] += 0.0  # -0.0 is 0.0, as in a sum
    return np.add.accumulate(ordered, axis=0)


def pool(ids: Array, weights: Array, sums: Array, table: Array, out: Array) -> None:
    """Write ((row k + row 0 + ... + row t - 1) + e row t) + z row k - 1 of a table [k + 1, D]; zeros where ids are -1.

    sums: sums_before(table). table and out [n, D] of one dtype, float32 or float64.
    """
    _SUM[table.itemsize](ids, weights, sums, table, out)


def pool_gradient(ids: Array, weights: Array, d: Array, rows: int) -> Array:
    """Return the gradient of the table, float64 [rows, D], where d [n, D] is that of what `pool` wrote."""
    found, whole = np.zeros((rows, d.shape[1])), np.zeros((rows, d.shape[1]))
    _SUM_GRADIENT[d.itemsize](ids, weights, d, found, whole)
    later = np.add.accumulate(whole[-3::-1], axis=0)[::-1]  # of the rows in interval t or after it
    found[:-3] += later[1:]
    found[-1] = later[0]
    return found
