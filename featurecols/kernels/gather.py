"""Gathers: results that were computed for each distinct value, spread to the rows by their codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core import buffer_pool
from featurecols._core.arrays import Array
from featurecols.kernels.compiler import F32, F64, I32, I64, kernel, read, write


@kernel({size: (read(of), read(I32), write(of)) for size, of in ((4, I32), (8, I64))})
def _GATHER(table: Any, codes: Any, out: Any) -> None:
    size = np.uint32(len(table))
    if size == 0:
        out[:] = -1
        return
    for i in range(len(codes)):
        code = np.uint32(codes[i])  # a negative code becomes a large one: a single comparison
        known = code < size
        value = table[code if known else 0]
        out[i] = value if known else -1


def gather(table: Array, codes: Array) -> Array:
    """Return table[codes] with -1 where a code is negative (or past the table): [m] of the table's dtype.

    table int32 or int64 [k], codes int32 [m].

    >>> gather(np.array([10, 20], np.int32), np.array([1, -1, 0], np.int32))
    array([20, -1, 10], dtype=int32)
    """
    out = buffer_pool.empty(len(codes), table.dtype)
    _GATHER[table.itemsize](table, codes, out)
    return out


@kernel({0: (read(F64), read(I32), write(F64))})
def _NUMBERS(table: Any, codes: Any, out: Any) -> None:
    size = np.uint32(len(table))
    if size == 0:
        out[:] = np.nan
        return
    for i in range(len(codes)):
        code = np.uint32(codes[i])
        known = code < size
        value = table[code if known else 0]
        out[i] = value if known else np.nan


def gather_numbers(table: Array, codes: Array) -> Array:
    """Return table[codes] with NaN where a code is negative (or past the table): float64 [m].

    table float64 [k], codes int32 [m].

    >>> gather_numbers(np.array([0.5, 2.0]), np.array([1, -1, 0], np.int32))
    array([2. , nan, 0.5])
    """
    out = buffer_pool.empty(len(codes), np.float64)
    _NUMBERS[0](table, codes, out)
    return out


@kernel({0: (read(F32), read(I32), write(F32, 2, "A"))})
def _CELLS(table: Any, codes: Any, out: Any) -> None:
    last = np.uint32(len(table) - 1)
    for i in range(len(codes)):
        out[i, 0] = table[min(np.uint32(codes[i]), last)]  # a negative code becomes a large one


def gather_cells(table: Array, codes: Array, out: Array) -> None:
    """Write table[codes] into out, float32 [m, 1] of any strides; codes outside the table get its last entry.

    table float32 [k + 1], codes int32 [m].

    >>> out = np.empty((3, 1), np.float32)
    >>> gather_cells(np.array([0.5, 2.0, 9.0], np.float32), np.array([1, -1, 0], np.int32), out)
    >>> out.ravel()
    array([2. , 9. , 0.5], dtype=float32)
    """
    _CELLS[0](table, codes, out)
