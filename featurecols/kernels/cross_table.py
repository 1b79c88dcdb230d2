"""Crosses of small dictionaries: one lookup for each row in a table of all combinations of codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols.kernels.compiler import I32, I64, U32, integers, kernel, read, stack, write

_TILE = np.uint64(2048)  # rows whose table positions stay in the first-level cache
_tile = stack((2048,), U32)
_0, _1 = np.uint64(0), np.uint64(1)


@kernel({size: (read(of), read(I64), read(I64), write(of)) for size, of in ((4, I32), (8, I64))})
def _LOOK(table: Any, parts: Any, sizes: Any, out: Any) -> None:
    rows, k = np.uint64(len(out)), np.uint64(len(parts))
    place = _tile()
    for base in range(_0, rows, _TILE):  # loops count in uint64: numba wraps signed indices around
        n = min(_TILE, rows - base)
        codes, size = integers(parts[_0], rows), np.uint32(sizes[_0])
        for i in range(_0, n):
            place[i] = min(np.uint32(codes[base + i]), size)  # a negative code becomes a large one
        for j in range(_1, k):
            codes, size = integers(parts[j], rows), np.uint32(sizes[j])
            for i in range(_0, n):
                place[i] = place[i] * np.uint32(size + np.uint32(1)) + min(np.uint32(codes[base + i]), size)
        for i in range(_0, n):
            out[base + i] = table[place[i]]


def look(table: Array, codes: list[Array], sizes: list[int], out: Array) -> None:
    """Set out[i] to the table's entry for the codes of row i, the last part fastest; a negative code has the position `size`.

    table int32 or int64 [product of (size + 1)], fewer than 2^31; codes int32 [n] each; out [n] of the table's dtype.

    >>> out = np.empty(3, np.int32)
    >>> look(np.arange(12, dtype=np.int32), [np.array([0, 1, -1], np.int32), np.array([2, 0, 1], np.int32)], [2, 3], out)
    >>> out
    array([2, 4, 9], dtype=int32)
    """
    total = 1
    for size in sizes:
        total *= size + 1
    assert len(table) == total
    codes = [np.ascontiguousarray(part) for part in codes]
    _LOOK[table.itemsize](table, arrays.addresses(codes, np.int32, len(out)), np.array(sizes, np.int64), out)
