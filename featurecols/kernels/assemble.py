"""Whole rows of the matrix in one pass: zeros, single numbers and one-hot cells, each row written while it is in cache."""

from __future__ import annotations

from typing import Any

from featurecols.kernels.native import F32, I32, I64, kernel, read, write
from featurecols.values import Array


@kernel({layout: (read(F32, 2), read(I64), read(I32, 2), read(I64), read(I64), write(F32, 2, layout)) for layout in ("C", "A")})
def _ASSEMBLE(numbers: Any, cells: Any, ids: Any, starts: Any, widths: Any, out: Any) -> None:
    for i in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[i, c] = 0.0
        for j in range(len(cells)):
            out[i, cells[j]] = numbers[j, i]
        for k in range(len(starts)):
            id_ = ids[k, i]
            if 0 <= id_ < widths[k]:
                out[i, starts[k] + id_] = 1.0


def assemble(numbers: Array, cells: Array, ids: Array, starts: Array, widths: Array, out: Array) -> None:
    """Zero `out`, then set out[i, cells[j]] = numbers[j, i] and out[i, starts[k] + ids[k, i]] = 1.

    numbers float32 [J, n], cells int64 [J], ids int32 [K, n], starts and widths int64 [K], out float32 [n, w] of any
    strides. An id outside [0, widths[k]) sets nothing. The caller keeps cells and starts + widths within w.

    >>> import numpy as np
    >>> out = np.empty((2, 3), np.float32)
    >>> one = np.array([[1, -1]], np.int32)
    >>> assemble(np.array([[5, 6]], np.float32), np.array([0]), one, np.array([1]), np.array([2]), out)
    >>> out
    array([[5., 0., 1.],
           [6., 0., 0.]], dtype=float32)
    """
    _ASSEMBLE["C" if out.flags.c_contiguous else "A"](numbers, cells, ids, starts, widths, out)
