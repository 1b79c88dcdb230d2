"""Columns of integers as the distinct ones and codes of as few bits as these need, as Parquet holds them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols.kernels.compiler import I32, I64, U32, kernel, read, write

_WORD = 32  # bits


class Codes(NamedTuple):
    """Codes of n integers.

    Attributes:
        terms: the distinct integers, int32 [m], in the order in which they come.
        width: bits of a code.
        packed: the codes from the lowest bit on, uint8 [ceil(n / 8) * width]; 0 after the last.
    """

    terms: Array
    width: int
    packed: Array


@kernel({0: (read(I32), write(I32), write(I32), write(I32), write(U32), write(I64))})
def _PACK(values: Any, table: Any, terms: Any, codes: Any, words: Any, found: Any) -> None:
    count = 0
    for i in range(len(values)):
        value = values[i]
        code = table[value]
        if code < 0:
            code = count
            table[value] = code
            terms[count] = value
            count += 1
        codes[i] = code
    width = 1
    while (1 << width) < count:
        width += 1
    found[0], found[1] = count, width
    waiting, bits, at = np.uint64(0), 0, 0
    for i in range(len(values)):
        waiting |= np.uint64(codes[i]) << np.uint64(bits)
        bits += width
        if bits >= _WORD:
            words[at] = np.uint32(waiting & np.uint64(0xFFFFFFFF))
            waiting >>= np.uint64(_WORD)
            bits -= _WORD
            at += 1
    for k in range(at, len(words)):
        words[k] = np.uint32(waiting)
        waiting = np.uint64(0)


def pack_codes(values: Array, span: int) -> Codes:
    """Return the codes of values, int32 [n], each of which is at least 0 and below span."""
    assert values.dtype == np.int32
    rows = len(values)
    widest = max(1, (min(span, rows) - 1).bit_length())
    table = arrays.empty((span,), np.int32)
    table.fill(-1)
    terms, codes = (arrays.empty((length,), np.int32) for length in (min(span, rows), rows))
    words, found = np.empty(-(-rows // 8) * 8 * widest // _WORD + 1, np.uint32), np.empty(2, np.int64)
    _PACK[0](values, table, terms, codes, words, found)
    count, width = found.tolist()
    return Codes(terms[:count], width, words.view(np.uint8)[: -(-rows // 8) * width])
