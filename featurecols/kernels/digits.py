"""murmur3 of the decimal digits of integers, of 64 at once: no branch depends on a single number.

The digits of a number stand at the end of 20 bytes, five words of four digits. All words are moved down by the bytes that the
first one has too many, so that all lanes end in the same word: they differ only in the word that they begin with.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import I32, I64, U32, U64, funnel32, helper, kernel, read, stack, write
from featurecols.kernels.hash_scalar import final32, mix32, modulo32, tail32, turn32
from featurecols.kernels.hash_simd import LANES

_0 = np.uint64(0)
_SHORT, _LONG = np.uint64(10**8), np.uint64(10**16)
_ZEROS, _MINUS = np.uint32(0x30303030), np.uint32(ord("0") ^ ord("-"))
_WORD = np.uint64(0xFFFFFFFF)
_lanes, _wide, _five = stack((LANES,), U32), stack((LANES,), U64), stack((5, LANES), U32)


@helper
def _four(w: Any) -> Any:
    """Return the four digits of a number below 10,000, the first one in the lowest byte, each as text."""
    hundreds = np.uint32(np.uint32(w * np.uint32(5243)) >> np.uint32(19))
    pairs = np.uint32(np.uint32(w << np.uint32(16)) - np.uint32(hundreds * np.uint32((100 << 16) - 1)))
    tens = np.uint32(np.uint32(np.uint32(pairs * np.uint32(103)) >> np.uint32(10)) & np.uint32(0x000F000F))
    return np.uint32(np.uint32(np.uint32(pairs << np.uint32(8)) - np.uint32(tens * np.uint32((10 << 8) - 1))) | _ZEROS)


@helper
def _high(u: Any) -> Any:
    """Return u // 10,000 of a number below 10^8."""
    return np.uint32((np.uint64(u) * np.uint64(3518437209)) >> np.uint64(45))


@helper
def _zeros(w: Any) -> Any:
    """Return how many zeros stand before the digits of a number in four places; 0 has one digit."""
    return np.uint32(np.uint32(w < np.uint32(10)) + np.uint32(w < np.uint32(100)) + np.uint32(w < np.uint32(1000)))


@helper
def _last(h: Any, k: Any, whole: Any, size: Any) -> Any:
    """Return the hash whose last word is k: a whole one, or one to three bytes with zeros above."""
    t = tail32(h, k)
    return final32(turn32(t) if whole else t, size)


@helper
def _hash_short(x: Any, h: Any) -> None:
    """Set h[i] to the hash of x[i], LANES numbers below 10^8."""
    for i in range(_0, LANES):
        high = _high(x[i])
        low = np.uint32(x[i] - np.uint32(10_000) * high)
        long = high != np.uint32(0)
        zeros = _zeros(high if long else low)
        cut = np.uint32(zeros << np.uint32(3))
        a, b = _four(high), _four(low)
        one = mix32(np.uint32(0), funnel32(a, b, cut)) if long else np.uint32(0)
        size = np.uint32((np.uint32(8) if long else np.uint32(4)) - zeros)
        h[i] = _last(one, funnel32(b, np.uint32(0), cut), zeros == np.uint32(0), size)


@helper
def _hash_long(x: Any, h: Any, words: Any, numbers: Any, first: Any, cut: Any, sign: Any) -> None:
    """Set h[i] to the hash of x[i], LANES int64 as the bits of uint64; the others are scratch memory."""
    largest = _0
    for i in range(_0, LANES):
        negative = np.int64(x[i]) < 0
        sign[i] = _MINUS if negative else np.uint32(0)
        x[i] = _0 - x[i] if negative else x[i]
        largest = max(largest, x[i])
        numbers[0, i], words[0, i] = np.uint32(0), _ZEROS
    if largest >= _LONG:
        for i in range(_0, LANES):
            top = x[i] // _LONG
            x[i] -= top * _LONG
            numbers[0, i] = np.uint32(top)
    for i in range(_0, LANES):
        middle = x[i] // _SHORT
        numbers[1, i] = np.uint32(middle)
        numbers[3, i] = np.uint32(x[i] - middle * _SHORT)
    for i in range(_0, LANES):
        a, b = numbers[1, i], numbers[3, i]
        numbers[1, i], numbers[3, i] = _high(a), _high(b)
        numbers[2, i] = np.uint32(a - np.uint32(10_000) * numbers[1, i])
        numbers[4, i] = np.uint32(b - np.uint32(10_000) * numbers[3, i])
    for k in range(0 if largest >= _LONG else 1, 5):
        for i in range(_0, LANES):
            words[k, i] = _four(numbers[k, i])
    earliest = np.uint32(4)
    for i in range(_0, LANES):
        begin, leading = np.uint32(4), numbers[4, i]
        for k in range(3, -1, -1):
            begin, leading = (np.uint32(k), numbers[k, i]) if numbers[k, i] != np.uint32(0) else (begin, leading)
        start = np.uint32(np.uint32(np.uint32(begin << np.uint32(2)) + _zeros(leading)) - np.uint32(sign[i] != np.uint32(0)))
        first[i] = np.uint32(start >> np.uint32(2))
        cut[i] = np.uint32(np.uint32(start & np.uint32(3)) << np.uint32(3))
        earliest = min(earliest, first[i])
        h[i] = np.uint32(0)
    for k in range(np.int64(earliest), 4):
        for i in range(_0, LANES):
            word = funnel32(words[k, i], words[k + 1, i], cut[i])
            word = np.uint32(word ^ (sign[i] if first[i] == np.uint32(k) else np.uint32(0)))
            h[i] = mix32(h[i], word) if first[i] <= np.uint32(k) else np.uint32(0)
    for i in range(_0, LANES):
        word = np.uint32(funnel32(words[4, i], np.uint32(0), cut[i]) ^ (sign[i] if first[i] == np.uint32(4) else np.uint32(0)))
        size = np.uint32(np.uint32(20) - np.uint32(np.uint32(first[i] << np.uint32(2)) + np.uint32(cut[i] >> np.uint32(3))))
        h[i] = _last(h[i], word, cut[i] == np.uint32(0), size)


@kernel({size: (read(of), U64, write(I32)) for size, of in ((4, I32), (8, I64))})
def murmur3(integers: Any, n: Any, out: Any) -> None:
    """Write the murmur3, with seed 0, of the decimal digits of each integer: modulo n, or with n 0 as the bits of an int32."""
    inverse = np.uint64(0xFFFFFFFF) // n if n else n
    count = np.uint64(len(integers))
    x, h, short = _wide(), _lanes(), _lanes()
    words, numbers, first, cut, sign = _five(), _five(), _lanes(), _lanes(), _lanes()
    for base in range(_0, count, LANES):
        rows, most = min(LANES, count - base), _0
        for i in range(_0, rows):
            integer = np.uint64(np.int64(integers[base + i]))
            x[i], short[i] = integer, np.uint32(integer)
            most = max(most, integer)
        for i in range(rows, LANES):
            x[i], short[i] = _0, np.uint32(0)
        if most < _SHORT:
            _hash_short(short, h)
        else:
            _hash_long(x, h, words, numbers, first, cut, sign)
        for i in range(_0, rows):
            out[base + i] = np.int32(modulo32(h[i], n & _WORD, inverse & _WORD) if n else h[i])
