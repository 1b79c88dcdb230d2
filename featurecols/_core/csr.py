"""Sparse matrices in rows, put together from blocks of features side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from featurecols._core.buffer_pool import Memory


class SparseRows(NamedTuple):
    """A sparse matrix in compressed sparse rows: row i has data[indptr[i]:indptr[i + 1]] in the columns indices[...].

    Attributes:
        data: float32, one for each entry.
        indices: columns of the entries, int32, or int64 where there are more than 2^31 - 1 columns; they rise within a row.
        indptr: int64 [n + 1], where each row begins among the entries, and their number.
        shape: (rows, columns).
    """

    data: Memory
    indices: Memory
    indptr: Memory
    shape: tuple[int, int]


def join(blocks: list[tuple[Memory, Memory, Memory]], n: int, width: int) -> tuple[Memory, Memory, Memory]:
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
    return data, columns, indptr


def _sort_columns(rows: Memory, columns: Memory, data: Memory) -> tuple[Memory, Memory, Memory]:
    """Sort the columns within each row and add up duplicates; most slots are in order already, with one id a row."""
    if ((rows[1:] > rows[:-1]) | (columns[1:] > columns[:-1])).all():
        return rows, columns, data
    order = np.lexsort((columns, rows))  # stable: duplicates are summed in the order of the values
    rows, columns = rows[order], columns[order]
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(rows) != 0) | (np.diff(columns) != 0)]))
    return rows[starts], columns[starts], np.add.reduceat(data[order], starts)
