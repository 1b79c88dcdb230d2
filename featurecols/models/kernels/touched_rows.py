"""The distinct rows of a parameter that a batch of ids names, and sums over them.

A batch names few rows of a large parameter, many of them often. `touched` int64 lists them from position 1 on, and an id
becomes the position of its row there, 0 where it lights nothing: training then works on the touched rows alone, which lie
side by side in the cache. Sums run in the order of the ids, as in bags.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def of_hots(ids: Any, starts: Any, sizes: Any, marks: Any, touched: Any, places: Any, count: int) -> int:
    """places [n, k] of the rows starts[j] + ids[i, j]; returns the new count of touched rows, position 0 included.

    marks int32 [rows of the parameter] is all zeros at first, and is left for `clear`. Slot after slot, so that the cache
    holds the marks of one slot.
    """
    for j in range(ids.shape[1]):
        start, size = np.uint64(starts[j]), np.uint64(sizes[j])
        for i in range(ids.shape[0]):
            id_ = np.uint64(ids[i, j])  # unsigned: a negative id is past every bound, and no index wraps around
            if id_ < size:
                at = start + id_
                place = marks[at]
                new = place == 0
                place = count if new else place  # no branch: whether a row was met before cannot be predicted
                marks[at] = place
                touched[count] = at
                count += new
                places[i, j] = place
            else:
                places[i, j] = 0
    return count


@njit(nogil=True, cache=True)
def of_list(values: Any, start: int, size: int, marks: Any, touched: Any, places: Any, count: int) -> int:
    """The same for places [e] of the rows start + values[e]."""
    for e in range(len(values)):
        id_ = np.uint64(values[e])
        if id_ < np.uint64(size):
            at = np.uint64(start) + id_
            place = marks[at]
            new = place == 0
            place = count if new else place
            marks[at] = place
            touched[count] = at
            count += new
            places[e] = place
        else:
            places[e] = 0
    return count


@njit(nogil=True, cache=True)
def clear(marks: Any, touched: Any, count: int) -> None:
    """Put the zeros back."""
    for p in range(1, count):
        marks[touched[p]] = 0


@njit(nogil=True, cache=True)
def of_batches(ids: Any, starts: Any, sizes: Any, marks: Any, touched: Any, places: Any, size: int, counts: Any) -> None:
    """of_hots and clear for every `size` rows: batch b has touched[b] and counts[b]."""
    for b in range(len(counts)):
        part = slice(b * size, min((b + 1) * size, ids.shape[0]))
        counts[b] = of_hots(ids[part], starts, sizes, marks, touched[b], places[part], 1)
        clear(marks, touched[b], counts[b])


@njit(nogil=True, cache=True)
def take(weights: Any, touched: Any, rows: Any) -> None:
    """rows[p] = weights[touched[p]], zeros at position 0."""
    rows[0] = 0.0
    for p in range(1, len(touched)):
        at = np.uint64(touched[p])
        for u in range(weights.shape[1]):
            rows[p, u] = weights[at, u]


@njit(nogil=True, cache=True)
def sum_hots(places: Any, rows: Any, out: Any) -> None:
    """out[i] += rows[places[i, j]] over all j."""
    one = rows.shape[1] == 1
    for i in range(places.shape[0]):
        total = out[i, 0]
        for j in range(places.shape[1]):
            if one:
                total += rows[places[i, j], 0]
            else:
                for u in range(rows.shape[1]):
                    out[i, u] += rows[places[i, j], u]
        if one:
            out[i, 0] = total


@njit(nogil=True, cache=True)
def sum_list(places: Any, offsets: Any, shares: Any, rows: Any, out: Any) -> None:
    """out[i] += shares[e] * rows[places[e]] over the values e of row i."""
    for i in range(out.shape[0]):
        for e in range(offsets[i], offsets[i + 1]):
            w = rows.dtype.type(shares[e])
            for u in range(rows.shape[1]):
                out[i, u] += w * rows[places[e], u]


@njit(nogil=True, cache=True)
def add_hots(places: Any, d: Any, rows: Any) -> None:
    """rows[places[i, j]] += d[i]: the gradient of sum_hots' rows."""
    for i in range(places.shape[0]):
        for j in range(places.shape[1]):
            for u in range(d.shape[1]):
                rows[places[i, j], u] += d[i, u]


@njit(nogil=True, cache=True)
def add_list(places: Any, offsets: Any, shares: Any, d: Any, rows: Any) -> None:
    """rows[places[e]] += shares[e] * d[i]: the gradient of sum_list's rows."""
    for i in range(d.shape[0]):
        for e in range(offsets[i], offsets[i + 1]):
            w = d.dtype.type(shares[e])
            for u in range(d.shape[1]):
                rows[places[e], u] += w * d[i, u]
