"""Columns of zeros and ones of a matrix as bits, as Arrow and Parquet hold them."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.kernels.compiler import I64, U8, U32, kernel, read, write

_ONE = np.uint32(0x3F800000)  # the bits of 1.0
_BYTE, _WORD = 8, 64  # rows


@kernel({0: (read(U32, 2), I64, I64, write(U8, 2), write(U8), write(U8, 2))})
def _PACK(matrix: Any, first: Any, last: Any, words: Any, other: Any, bits: Any) -> None:
    width = matrix.shape[1]
    for start in range(first, last, _WORD):
        words[:] = 0
        for i in range(start, min(start + _WORD, last)):
            row, byte = matrix[i], words[(i - start) >> 3]
            shift = np.uint8((i - start) & 7)
            for j in range(width):
                value = row[j]
                byte[j] |= np.uint8(value == _ONE) << shift
                other[j] |= np.uint8((value != 0) & (value != _ONE))
        at = start >> 3
        count = (min(start + _WORD, last) - start + 7) >> 3
        for j in range(width):
            for k in range(count):
                bits[j, at + k] = words[k, j]


def pack_ones(matrix: Array, first: int, last: int, bits: Array) -> Array:
    """Write which of the rows first ... last - 1 hold 1.0, and return the columns that hold others than 0.0 and 1.0: bool [w].

    matrix: float32 [n, w], C-ordered; first: a multiple of 8, as last is unless it is n. bits: uint8 [w, ceil(n / 8)], of
    which bit i % 8 of byte i // 8 is of row i, bits after the last row are 0. Of a column with other numbers, -0.0 among
    them, they mean nothing.
    """
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    assert first % _BYTE == 0
    assert bits.shape == (matrix.shape[1], -(-len(matrix) // _BYTE))
    width = matrix.shape[1]
    other = np.zeros(width, np.uint8)
    _PACK[0](matrix.view(np.uint32), first, last, np.empty((_WORD // _BYTE, width), np.uint8), other, bits)
    return other.view(np.bool_)
