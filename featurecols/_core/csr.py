"""Sparse matrices in rows, put together from blocks of features side by side."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Integers: TypeAlias = NDArray[np.signedinteger]
Entries: TypeAlias = tuple[Integers, Integers, Floats]  # row, column and value of each


class SparseRows(NamedTuple):
    """A sparse matrix in compressed sparse rows: row i has data[indptr[i]:indptr[i + 1]] in the columns indices[...].

    Attributes:
        data: float32, one for each entry.
        indices: columns of the entries, int32, or int64 where there are more than 2^31 - 1 columns; they rise within a row.
        indptr: int64 [n + 1], where each row begins among the entries, and their number.
        shape: (rows, columns).
    """

    data: Floats
    indices: Integers
    indptr: NDArray[np.int64]
    shape: tuple[int, int]


def entries(ids: Integers, starts: Integers, weights: Floats | None, num_buckets: int, first: int) -> Entries:
    """Return an entry for each id that counts: row i has ids[starts[i]:starts[i + 1]], and id 0 is the column `first`."""
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    keep = (ids >= 0) & (ids < num_buckets)
    data = np.ones(len(rows), np.float32) if weights is None else weights
    return rows[keep], ids[keep].astype(np.int64) + first, data[keep]


def join(blocks: list[Entries], n: int, width: int) -> SparseRows:
    """Join blocks side by side without sorting: each has its rows in order, and columns after those of the block before."""
    blocks = [_sort_columns(*block) for block in blocks]
    counts = [np.bincount(rows, minlength=n) for rows, _, _ in blocks]
    indptr = np.concatenate([[0], np.cumsum(np.sum(counts, axis=0))]).astype(np.int64)
    data = np.empty(indptr[-1], np.float32)
    columns = np.empty(indptr[-1], np.int32 if width <= 2**31 - 1 else np.int64)
    free = indptr[:-1].copy()  # where the next entry of each row goes
    for (rows, mine, values), count in zip(blocks, counts, strict=True):
        at = (free - np.cumsum(count) + count)[rows] + np.arange(len(rows))
        data[at], columns[at] = values, mine
        free += count
    return SparseRows(data, columns, indptr, (n, width))


def of_single_ids(dense: Floats, ids: list[tuple[Integers, int]]) -> SparseRows:
    """Return what `join` gives of numbers [n, w] and of slots with one id a row, each with its number of buckets."""
    n, numbers = dense.shape
    width = numbers + sum(num_buckets for _, num_buckets in ids)
    columns = np.empty((n, numbers + len(ids)), np.int32 if width <= 2**31 - 1 else np.int64)
    values, keep = np.ones(columns.shape, np.float32), np.empty(columns.shape, np.bool_)
    columns[:, :numbers], values[:, :numbers] = np.arange(numbers), dense
    np.not_equal(dense, 0, out=keep[:, :numbers])
    first = numbers
    for j, (found, num_buckets) in enumerate(ids, start=numbers):
        np.logical_and(found >= 0, found < num_buckets, out=keep[:, j])
        columns[:, j] = found
        columns[:, j] += first  # of an id that is left out it may overflow
        first += num_buckets
    indptr = np.concatenate([[0], np.cumsum(np.count_nonzero(keep, axis=1))]).astype(np.int64)
    return SparseRows(values[keep], columns[keep], indptr, (n, width))


def _sort_columns(rows: Integers, columns: Integers, data: Floats) -> Entries:
    """Sort the columns within each row and add up duplicates; most slots are in order already, with one id a row."""
    if ((rows[1:] > rows[:-1]) | (columns[1:] > columns[:-1])).all():
        return rows, columns, data
    order = np.lexsort((columns, rows))  # stable: duplicates are summed in the order of the values
    rows, columns = rows[order], columns[order]
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(rows) != 0) | (np.diff(columns) != 0)]))
    return rows[starts], columns[starts], np.add.reduceat(data[order], starts)
