"""Kernels of what is learned from a label: numbers of distinct texts, and exact sums for each term and fold.

A finite float64 is m * 2^(s - 1088) with m < 2^53. It is added to limbs of 32 bits in int64: limb j counts units of
2^(32 j - 1088), so that integers below 2^32 touch limb 34 alone. Limbs are sums of signed digits: their order does not matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import BOOL, I32, I64, U8, U64, kernel, read, stack, write
from featurecols.kernels.count_terms import DAMAGED, _find, _touch
from featurecols.kernels.hash_scalar import murmur
from featurecols.kernels.lookup import _hash

UNITS = 34  # the limb that counts ones
OUTSIDE = -2  # a place or a limb that the table does not have
LIMBS = 70  # limbs of any float64 lie below
_HIGH, _INDEX = np.uint64(0xFFFFFFFF00000000), np.uint64(0xFFFFFFFF)
_FRACTION, _HIDDEN = np.uint64((1 << 52) - 1), np.uint64(1 << 52)
_0, _1, _31, _32, _52 = np.uint64(0), np.uint64(1), np.uint64(31), np.uint64(32), np.uint64(52)
_BLOCK = 64  # texts whose reads are overlapped
_block = stack((_BLOCK,), U64)
_text = stack((24,), U8)  # room for the digits of any int64, and for a word that is loaded at their end
_ZERO, _MINUS, _TEN = np.uint64(ord("0")), np.uint64(ord("-")), np.uint64(10)


@kernel({0: (read(I64), read(U8), read(BOOL), I64, read(U64), U64, write(U64), write(I64), write(U8), write(I32), write(I64))})
def number(
    texts: Any, text: Any, valid: Any, at: Any, secret: Any, shift: Any,
    slots: Any, offsets: Any, data: Any, out: Any, status: Any,
) -> Any:  # fmt: skip
    """Write the number of each text from `at` on, new ones being added to the table; -1 where not valid. See count_terms.add.

    It stops early, and returns where, when one more text or its bytes would not fit. status: [texts, bytes that are missing,
    unspecified].
    """
    used, mask, space = status[0], np.uint64(len(slots) - 1), len(data) - 8
    hashes, where = _block(), _block()
    for block in range(at, len(texts) - 1, _BLOCK):
        size = min(_BLOCK, len(texts) - 1 - block)
        for j in range(size):
            start, stop = np.int64(texts[block + j]), np.int64(texts[block + j + 1])
            if start < 0 or stop < start or stop > len(text):
                return DAMAGED
            hashes[j] = _hash(text, start, stop - start, secret)
        status[2] += _touch(hashes, where, size, shift, slots, offsets, offsets, data)
        for j in range(size):
            i = block + j
            if len(valid) and not valid[i]:
                out[i] = -1
                continue
            h, start, n = hashes[j], np.int64(texts[i]), np.int64(texts[i + 1]) - np.int64(texts[i])
            slot = _find(slots, h, shift, mask, offsets, data, text, start, n)
            if slots[slot] == _0:
                end = offsets[used]
                if used == len(offsets) - 1 or end + n > space:
                    status[0], status[1] = used, max(end + n - space, 0)
                    return i
                for k in range(n):
                    data[end + k] = text[start + k]
                slots[slot] = (h & _HIGH) | np.uint64(used + 1)
                used += 1
                offsets[used] = end + n
            out[i] = np.int32(np.int64(slots[slot] & _INDEX) - 1)
    status[0], status[1] = used, 0
    return len(texts) - 1


@kernel({0: (read(I64), write(I32))})
def hash_digits(integers: Any, out: Any) -> None:
    """Write the murmur3, with seed 0, of the decimal digits of each integer, as the bits of an int32."""
    text = _text()
    for i in range(len(integers)):
        value = integers[i]
        left, at = np.uint64(value), 20
        if value < 0:
            left = _0 - left
        while True:
            next_left = left // _TEN
            at -= 1
            text[at] = np.uint8(_ZERO + left - next_left * _TEN)
            left = next_left
            if left == _0:
                break
        if value < 0:
            at -= 1
            text[at] = np.uint8(_MINUS)
        out[i] = np.int32(murmur(text, at, 20, 24, np.uint32(0)))


@kernel({0: (read(I32), read(I64), read(I32), I64, read(U64), I64, write(I64), write(I64, 2))})
def add(codes: Any, rows: Any, folds: Any, num_folds: Any, bits: Any, low: Any, counts: Any, limbs: Any) -> Any:
    """Count rows with a label, and add their labels; returns the position of the first infinite one, -1, or OUTSIDE.

    codes: of terms, whose places in the table are `rows`, the last one being that of negative codes. folds: of the rows; none
    where there is one. bits: the labels as bits of float64, none where rows are counted alone; NaN is left out.
    counts: [place * num_folds + fold]. limbs: [the same, limb - low], where no label has digits below `low`.
    """
    last, width = len(rows) - 1, limbs.shape[1]
    for i in range(len(codes)):
        code = np.int64(codes[i])
        at = rows[code if 0 <= code < last else last] * num_folds
        if len(folds):
            at += folds[i]
        if not 0 <= at < len(counts):
            return OUTSIDE
        if not len(bits):
            counts[at] += 1
            continue
        b = bits[i]
        e, m = (b >> _52) & np.uint64(2047), b & _FRACTION
        if e == np.uint64(2047):
            if m == _0:
                return i
            continue
        counts[at] += 1
        if e != _0:
            m |= _HIDDEN
        if m == _0:
            continue
        s = max(e, _1) + np.uint64(13)
        q, r = np.int64(s >> np.uint64(5)) - low, s & _31
        a, c = (m & _INDEX) << r, (m >> _32) << r
        first, second, third = np.int64(a & _INDEX), np.int64((a >> _32) + (c & _INDEX)), np.int64(c >> _32)
        sign = np.int64(1) - np.int64(2) * np.int64(b >> np.uint64(63))
        if (first and not 0 <= q < width) or (second and not -1 <= q < width - 1) or (third and not -2 <= q < width - 2):
            return OUTSIDE
        if first:
            limbs[at, q] += sign * first
        if second:
            limbs[at, q + 1] += sign * second
        if third:
            limbs[at, q + 2] += sign * third
    return -1
