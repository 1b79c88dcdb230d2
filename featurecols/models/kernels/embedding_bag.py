"""Sums over the rows that ids name, and their gradients.

One-hots and multi-hots leave out ids outside their bounds; a bag leaves out negative ids and stops at one past its
table. Sums run in the order of the ids.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def hot_forward(ids: Any, starts: Any, sizes: Any, weights: Any, out: Any) -> None:
    """out[i] += weights[starts[j] + ids[i, j]] over all j: ids [n, k], weights [v, u], out [n, u]."""
    for i in range(ids.shape[0]):
        for j in range(ids.shape[1]):
            id_ = np.uint64(ids[i, j])  # unsigned: a negative id is past every bound, and no index wraps around
            if id_ < np.uint64(sizes[j]):
                at = np.uint64(starts[j]) + id_
                for u in range(weights.shape[1]):
                    out[i, u] += weights[at, u]


@njit(nogil=True, cache=True)
def hot_backward(ids: Any, starts: Any, sizes: Any, d: Any, out: Any) -> None:
    """out[starts[j] + ids[i, j]] += d[i]: the dense gradient of hot_forward's weights."""
    for i in range(ids.shape[0]):
        for j in range(ids.shape[1]):
            id_ = np.uint64(ids[i, j])
            if id_ < np.uint64(sizes[j]):
                at = np.uint64(starts[j]) + id_
                for u in range(d.shape[1]):
                    out[at, u] += d[i, u]


@njit(nogil=True, cache=True)
def list_forward(values: Any, offsets: Any, shares: Any, start: int, size: int, weights: Any, out: Any) -> None:
    """out[i] += shares[e] * weights[start + values[e]] over the values e of row i."""
    for i in range(out.shape[0]):
        for e in range(offsets[i], offsets[i + 1]):
            if 0 <= values[e] < size:
                at, w = start + values[e], weights.dtype.type(shares[e])
                for u in range(weights.shape[1]):
                    out[i, u] += w * weights[at, u]


@njit(nogil=True, cache=True)
def list_backward(values: Any, offsets: Any, shares: Any, start: int, size: int, d: Any, out: Any) -> None:
    """out[start + values[e]] += shares[e] * d[i]: the dense gradient of list_forward's weights."""
    for i in range(d.shape[0]):
        for e in range(offsets[i], offsets[i + 1]):
            if 0 <= values[e] < size:
                at, w = start + values[e], d.dtype.type(shares[e])
                for u in range(d.shape[1]):
                    out[at, u] += w * d[i, u]


@njit(nogil=True, cache=True)
def bag_forward(values: Any, offsets: Any, weights: Any, table: Any, combiner: int, max_norm: float, out: Any) -> int:
    """out[i] = the pooled rows of table that row i names: the bits of the package's kernels.pool, in float64 too.

    Returns the position of the first id past the table, or -1.
    """
    sums = np.empty(table.shape[1], np.float64)
    for i in range(out.shape[0]):
        a = i if offsets is None else offsets[i]
        b = i + 1 if offsets is None else offsets[i + 1]
        sums[:] = 0.0
        for e in range(a, b):
            id_ = values[e]
            w = 1.0 if weights is None else np.float64(weights[e])
            if id_ < 0 or (combiner != 0 and w <= 0.0):
                continue
            if id_ >= table.shape[0]:
                return int(e)
            norm = _norm(table, id_) if max_norm > 0.0 else 0.0
            scale = max_norm / norm if norm > max_norm else 1.0
            for c in range(table.shape[1]):
                sums[c] += w * (np.float64(table[id_, c]) * scale)
        divisor = _divisor(values, weights, a, b, combiner)
        for c in range(table.shape[1]):
            out[i, c] = sums[c] / divisor if divisor != 0.0 else 0.0
    return -1


@njit(nogil=True, cache=True)
def bag_backward(
    values: Any, offsets: Any, weights: Any, table: Any, combiner: int, max_norm: float, d: Any, places: Any, rows: Any
) -> None:
    """rows[places[e]] += the gradient of the table row that value e names; rows [k, dimension] zeroed by the caller."""
    for i in range(d.shape[0]):
        a = i if offsets is None else offsets[i]
        b = i + 1 if offsets is None else offsets[i + 1]
        divisor = _divisor(values, weights, a, b, combiner)
        for e in range(a, b):
            id_ = values[e]
            w = 1.0 if weights is None else np.float64(weights[e])
            if id_ < 0 or (combiner != 0 and w <= 0.0):
                continue
            scale, along = w / divisor, 0.0
            if max_norm > 0.0:
                norm = _norm(table, id_)
                if norm > max_norm:  # d of r * max_norm / |r|: what points along r is gone
                    scale *= max_norm / norm
                    for c in range(table.shape[1]):
                        along += d[i, c] * table[id_, c]
                    along *= scale / (norm * norm)
            p = places[e]
            s, t = table.dtype.type(scale), table.dtype.type(along)
            for c in range(table.shape[1]):
                rows[p, c] += s * d[i, c] - t * table[id_, c]


@njit(nogil=True, cache=True)
def _norm(table: Any, id_: int) -> float:
    total = 0.0
    for c in range(table.shape[1]):
        x = np.float64(table[id_, c])
        total += x * x
    return math.sqrt(total)


@njit(nogil=True, cache=True)
def _divisor(values: Any, weights: Any, a: int, b: int, combiner: int) -> float:
    """What a bag's sum is divided by: 1 (sum), the sum of weights (mean), the root of the sum of their squares (sqrtn)."""
    if combiner == 0:
        return 1.0
    total = 0.0
    for e in range(a, b):
        w = 1.0 if weights is None else np.float64(weights[e])
        if values[e] >= 0 and w > 0.0:
            total += w if combiner == 1 else w * w
    return total if combiner == 1 else math.sqrt(total)
