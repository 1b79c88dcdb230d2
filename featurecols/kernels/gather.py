"""One table cell per code: how what was computed per distinct value reaches the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.native import I32, I64, kernel, read, write
from featurecols.values import Array


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
    """table[codes] with -1 where a code is negative (or past the table): [m] of the table's dtype.

    table int32 or int64 [k], codes int32 [m].

    >>> gather(np.array([10, 20], np.int32), np.array([1, -1, 0], np.int32))
    array([20, -1, 10], dtype=int32)
    """
    out = np.empty(len(codes), table.dtype)
    _GATHER[table.itemsize](table, codes, out)
    return out
