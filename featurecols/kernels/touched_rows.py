"""The distinct rows of a parameter that a batch of ids names, and sums over them.

A batch names few rows of a large parameter, many of them often. `touched` int64 lists them from position 1 on, and an id
becomes the position of its row there, 0 where it names none: training then works on the touched rows alone, which lie
side by side in the cache. Sums run in the order of the ids, as in `one_hot_product`.

`marks` int32 [rows of the parameter] is all zeros at first; `index_hots` and `index_list` leave it for `clear`.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.kernels.compiler import F32, F64, I32, I64, helper, kernel, read, write

_IDS, _NUMBERS = ((4, I32), (8, I64)), ((4, F32), (8, F64))


@helper
def _index(ids: Any, starts: Any, sizes: Any, marks: Any, touched: Any, positions: Any, count: Any) -> Any:
    """Slot after slot, so that the cache holds the marks of one slot."""
    for j in range(ids.shape[1]):
        start, size = np.uint64(starts[j]), np.uint64(sizes[j])
        for i in range(ids.shape[0]):
            id_ = np.uint64(ids[i, j])  # unsigned: a negative id is past every bound, and no index wraps around
            if id_ < size:
                at = start + id_
                position = marks[at]
                new = position == 0
                position = count if new else position  # no branch: whether a row was met before cannot be predicted
                marks[at] = position
                touched[count] = at
                count += new
                positions[i, j] = position
            else:
                positions[i, j] = 0
    return count


@helper
def _clear(marks: Any, touched: Any, count: Any) -> Any:
    for p in range(1, count):
        marks[touched[p]] = 0


@kernel({size: (read(of, 2), read(I64), read(I64), write(I32), write(I64), write(I32, 2), I64) for size, of in _IDS})
def _INDEX_HOTS(ids: Any, starts: Any, sizes: Any, marks: Any, touched: Any, positions: Any, count: Any) -> Any:
    return _index(ids, starts, sizes, marks, touched, positions, count)


@kernel({size: (read(of), I64, I64, write(I32), write(I64), write(I32), I64) for size, of in _IDS})
def _INDEX_LIST(values: Any, start: Any, size: Any, marks: Any, touched: Any, positions: Any, count: Any) -> Any:
    for e in range(len(values)):
        id_ = np.uint64(values[e])
        if id_ < np.uint64(size):
            at = np.uint64(start) + id_
            position = marks[at]
            new = position == 0
            position = count if new else position
            marks[at] = position
            touched[count] = at
            count += new
            positions[e] = position
        else:
            positions[e] = 0
    return count


@kernel({0: (write(I32), read(I64), I64)})
def _CLEAR(marks: Any, touched: Any, count: Any) -> Any:
    _clear(marks, touched, count)


@kernel(
    {size: (read(of, 2), read(I64), read(I64), write(I32), write(I64, 2), write(I32, 2), I64, write(I64)) for size, of in _IDS}
)
def _INDEX_BATCHES(ids: Any, starts: Any, sizes: Any, marks: Any, touched: Any, positions: Any, size: Any, counts: Any) -> Any:
    for b in range(len(counts)):
        rows = slice(b * size, min((b + 1) * size, ids.shape[0]))
        counts[b] = _index(ids[rows], starts, sizes, marks, touched[b], positions[rows], 1)
        _clear(marks, touched[b], counts[b])


@kernel(
    {
        (size, whole): (read(of, 2, "C" if whole else "A"), read(I64), write(of, 2))
        for (size, of), whole in product(_NUMBERS, (False, True))
    }
)
def _TAKE(weights: Any, touched: Any, rows: Any) -> Any:
    rows[0] = 0.0
    for p in range(1, len(touched)):
        at = np.uint64(touched[p])
        for u in range(weights.shape[1]):
            rows[p, u] = weights[at, u]


@kernel({size: (read(I32, 2), read(of, 2), write(of, 2)) for size, of in _NUMBERS})
def _SUM_HOTS(positions: Any, rows: Any, out: Any) -> Any:
    one = rows.shape[1] == 1
    for i in range(positions.shape[0]):
        total = out[i, 0]
        for j in range(positions.shape[1]):
            if one:
                total += rows[positions[i, j], 0]
            else:
                for u in range(rows.shape[1]):
                    out[i, u] += rows[positions[i, j], u]
        if one:
            out[i, 0] = total


@kernel({size: (read(I32), read(I64), read(F32), read(of, 2), write(of, 2)) for size, of in _NUMBERS})
def _SUM_LIST(positions: Any, offsets: Any, shares: Any, rows: Any, out: Any) -> Any:
    for i in range(out.shape[0]):
        for e in range(offsets[i], offsets[i + 1]):
            w = rows.dtype.type(shares[e])
            for u in range(rows.shape[1]):
                out[i, u] += w * rows[positions[e], u]


@kernel({size: (read(I32, 2), read(of, 2), write(of, 2)) for size, of in _NUMBERS})
def _HOTS_GRADIENT(positions: Any, d: Any, rows: Any) -> Any:
    for i in range(positions.shape[0]):
        for j in range(positions.shape[1]):
            for u in range(d.shape[1]):
                rows[positions[i, j], u] += d[i, u]


@kernel({size: (read(I32), read(I64), read(F32), read(of, 2), write(of, 2)) for size, of in _NUMBERS})
def _LIST_GRADIENT(positions: Any, offsets: Any, shares: Any, d: Any, rows: Any) -> Any:
    for i in range(d.shape[0]):
        for e in range(offsets[i], offsets[i + 1]):
            w = d.dtype.type(shares[e])
            for u in range(d.shape[1]):
                rows[positions[e], u] += w * d[i, u]


def index_hots(ids: Array, starts: Array, sizes: Array, marks: Array, touched: Array, positions: Array, count: int) -> int:
    """Write positions int32 [n, k] of the rows starts[j] + ids[i, j]; return how many rows are touched, position 0 included.

    ids int32 or int64 [n, k]; starts, sizes int64 [k]; touched int64, as long as `count` and two more than all ids.
    """
    return _INDEX_HOTS[ids.itemsize](ids, starts, sizes, marks, touched, positions, count)  # type: ignore[no-any-return]


def index_list(values: Array, start: int, size: int, marks: Array, touched: Array, positions: Array, count: int) -> int:
    """Do the same for positions int32 [m] of the rows start + values[e]; values int32 or int64 [m]."""
    return _INDEX_LIST[values.itemsize](values, start, size, marks, touched, positions, count)  # type: ignore[no-any-return]


def clear(marks: Array, touched: Array, count: int) -> None:
    """Put the zeros of `marks` back."""
    _CLEAR[0](marks, touched, count)


def index_batches(
    ids: Array, starts: Array, sizes: Array, marks: Array, touched: Array, positions: Array, size: int, counts: Array
) -> None:
    """Do `index_hots` and `clear` for every `size` rows: batch b has touched[b] and counts[b] (int64)."""
    _INDEX_BATCHES[ids.itemsize](ids, starts, sizes, marks, touched, positions, size, counts)


def take(weights: Array, touched: Array, rows: Array) -> None:
    """Write rows[p] = weights[touched[p]], and zeros at position 0; weights [v, u] of any strides."""
    _TAKE[weights.itemsize, weights.flags.c_contiguous](weights, touched, rows)


def sum_hots(positions: Array, rows: Array, out: Array) -> None:
    """Add rows[positions[i, j]] over all j to out[i]."""
    _SUM_HOTS[rows.itemsize](positions, rows, out)


def sum_list(positions: Array, offsets: Array, shares: Array, rows: Array, out: Array) -> None:
    """Add shares[e] * rows[positions[e]] over the values e of row i to out[i]; offsets int64, shares float32."""
    _SUM_LIST[rows.itemsize](positions, offsets, shares, rows, out)


def add_hots_gradient(positions: Array, d: Array, rows: Array) -> None:
    """Add d[i] to rows[positions[i, j]]: the gradient of the rows of `sum_hots`."""
    _HOTS_GRADIENT[rows.itemsize](positions, d, rows)


def add_list_gradient(positions: Array, offsets: Array, shares: Array, d: Array, rows: Array) -> None:
    """Add shares[e] * d[i] to rows[positions[e]]: the gradient of the rows of `sum_list`."""
    _LIST_GRADIENT[rows.itemsize](positions, offsets, shares, d, rows)
