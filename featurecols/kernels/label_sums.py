"""Kernels of what is learned from a label: numbers of distinct texts, and exact sums for each term and fold.

A finite float64 is m * 2^(s - 1088) with m < 2^53. It is added to limbs of 32 bits in int64: limb j counts units of
2^(32 j - 1088), so that integers below 2^32 touch limb 34 alone. Limbs are sums of signed digits: their order does not matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import (
    BOOL,
    F64,
    I32,
    I64,
    U8,
    U64,
    helper,
    kernel,
    read,
    stack,
    write,
)
from featurecols.kernels.count_terms import (
    _FEW,
    _NEAR,
    _RECENT,
    DAMAGED,
    _block,
    _enter,
    _find,
    _hash_block,
    _numbers,
    _place_of,
    _recent,
    _short_text,
    _touch,
)

UNITS = 34  # the limb that counts ones
OUTSIDE = -2  # a place or a limb that the table does not have
LIMBS = 70  # limbs of any float64 lie below
_INDEX = np.uint64(0xFFFFFFFF)
_FRACTION, _HIDDEN = np.uint64((1 << 52) - 1), np.uint64(1 << 52)
_0, _1, _31, _32, _52 = np.uint64(0), np.uint64(1), np.uint64(31), np.uint64(32), np.uint64(52)
_digits = stack((LIMBS + 3,), U64)
_SMALL = 2.0**32  # whole numbers below it are added as they are
_TINY, _ONE_ROW, MOST_ROWS = 256, np.int64(1 << 32), 1 << 24  # of add_small


@kernel({0: (read(I64), read(U8), read(BOOL), I64, read(U64), U64, write(U64), write(I64), write(U8), write(I32), write(I64))})
def number(
    texts: Any, text: Any, valid: Any, at: Any, secret: Any, shift: Any,
    slots: Any, offsets: Any, data: Any, out: Any, status: Any,
) -> Any:  # fmt: skip
    """Write the number of each text from `at` on, new ones being added to the table; -1 where not valid. See count_terms.add.

    The text is entered as count_terms.add does it, written again: a helper for both costs each 4 % of its time.

    It stops early, and returns where, when one more text or its bytes would not fit. status: [texts, bytes that are missing,
    unspecified].
    """
    used, mask, space = status[0], np.uint64(len(slots) - 1), len(data) - 8
    hashes, where = _block(), _block()
    recent, numbers = _recent(), _numbers()  # of short texts, by their bytes and size
    for i in range(_0, _RECENT):
        recent[i] = _0
    block = at
    while block < len(texts) - 1:
        size = _hash_block(texts, text, block, secret, hashes)
        if size < 0:
            return DAMAGED
        if len(slots) > _NEAR:
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
                _enter(slots, slot, h, used, offsets, data, text, start, n)
                used += 1
            out[i] = np.int32(np.int64(slots[slot] & _INDEX) - 1)
            if used <= _FEW:
                word = _short_text(text, start, n)
                recent[_place_of(word)], numbers[_place_of(word)] = word, out[i]
        block += size
        if used <= _FEW:
            while block < len(texts) - 1:
                start, n = np.int64(texts[block]), np.int64(texts[block + 1]) - np.int64(texts[block])
                if n < 0 or start < 0 or (len(valid) and not valid[block]):
                    break
                word = _short_text(text, start, n)
                if word == _0 or recent[_place_of(word)] != word:
                    break
                out[block] = numbers[_place_of(word)]
                block += 1
    status[0], status[1] = used, 0
    return len(texts) - 1


_TABLE = (read(I32), read(I64), read(I32), I64)


@helper
def _place(code: Any, rows: Any, fold: Any, num_folds: Any) -> Any:
    """Return the position of a code and a fold in the table; the last one of `rows` is that of negative codes."""
    last = len(rows) - 1
    at = np.int64(code)
    return rows[np.uint64(at if 0 <= at < last else last)] * num_folds + np.int64(fold)


@kernel({0: (read(I32), read(I64), write(I64))})
def count(codes: Any, rows: Any, counts: Any) -> Any:
    """Count codes whose places in the table are `rows`, the last one being that of negative codes; returns 0, or OUTSIDE."""
    for i in range(_0, np.uint64(len(codes))):
        at = _place(codes[i], rows, 0, 1)
        if not 0 <= at < len(counts):
            return OUTSIDE
        counts[np.uint64(at)] += 1
    return 0


@kernel({0: (*_TABLE, read(I32), write(I64), write(I64, 2))})
def add_classes(codes: Any, rows: Any, folds: Any, num_folds: Any, classes: Any, counts: Any, by_class: Any) -> Any:
    """Count rows, and rows of each class: by_class[place * num_folds + fold, class]; a negative class is left out.

    Returns 0, or OUTSIDE. See add.
    """
    for i in range(_0, np.uint64(len(codes))):
        k = np.int64(classes[i])
        if k < 0:
            continue
        at = _place(codes[i], rows, folds[i], num_folds)
        if not 0 <= at < len(counts) or k >= by_class.shape[1]:
            return OUTSIDE
        counts[np.uint64(at)] += 1
        by_class[np.uint64(at), np.uint64(k)] += 1
    return 0


@kernel({0: (read(I32), read(I32), I64, read(I64), I64, write(I64))})
def add_small(codes: Any, folds: Any, num_folds: Any, labels: Any, at: Any, cells: Any) -> Any:
    """Count rows from number `at` on, and add their labels, while these are integers from 0 to 255.

    cells[code * num_folds + fold] gets 2^32 for each row, and the label besides, so that a row costs one addition; the last
    code is that of negative ones. Returns where it stopped: at another label, after MOST_ROWS, or OUTSIDE.
    """
    last = len(cells) // num_folds - 1
    stop = min(len(codes), at + MOST_ROWS)
    for i in range(np.uint64(at), np.uint64(stop)):
        x, code = labels[i], np.int64(codes[i])
        if not 0 <= x < _TINY:
            return np.int64(i)
        cell = (code if 0 <= code < last else last) * num_folds + np.int64(folds[i])
        if not 0 <= cell < len(cells):
            return OUTSIDE
        cells[np.uint64(cell)] += _ONE_ROW + x
    return stop


@kernel({0: (*_TABLE, read(F64), read(U64), I64, I64, write(I64), write(I64, 2))})
def add(
    codes: Any, rows: Any, folds: Any, num_folds: Any, labels: Any, bits: Any, at: Any, low: Any, counts: Any, limbs: Any
) -> Any:
    """Count rows with a label from number `at` on, and add their labels; NaN is left out.

    Returns len(codes), or the number of a label that is infinite or has digits in limbs that are not there, or OUTSIDE.

    codes: of terms, whose places in the table are `rows`, the last one being that of negative codes. bits: of the
    labels. counts: int64 [place * num_folds + fold]. limbs: [the same, limb - low].
    """
    width = limbs.shape[1]
    units = np.int64(UNITS) - low
    for i in range(np.uint64(at), np.uint64(len(codes))):
        x = labels[i]
        if x != x:
            continue
        row = _place(codes[i], rows, folds[i], num_folds)
        if not 0 <= row < len(counts):
            return OUTSIDE
        row = np.uint64(row)
        if -_SMALL < x < _SMALL and np.float64(np.int64(x)) == x:
            limbs[row, np.uint64(units)] += np.int64(x)
        else:
            b = bits[i]
            e, m = (b >> _52) & np.uint64(2047), b & _FRACTION
            if e == np.uint64(2047):
                return np.int64(i)
            if e != _0:
                m |= _HIDDEN
            s = max(e, _1) + np.uint64(13)
            q, r = np.int64(s >> np.uint64(5)) - low, s & _31
            if not 0 <= q < width - 2:
                return np.int64(i)
            limb = np.uint64(q)
            a, c = (m & _INDEX) << r, (m >> _32) << r
            first, second, third = np.int64(a & _INDEX), np.int64((a >> _32) + (c & _INDEX)), np.int64(c >> _32)
            sign = np.int64(1) - np.int64(2) * np.int64(b >> np.uint64(63))
            limbs[row, limb] += sign * first
            limbs[row, limb + _1] += sign * second
            limbs[row, limb + np.uint64(2)] += sign * third
        counts[row] += 1
    return len(codes)


@helper
def _carry(limbs: Any, i: Any, sign: Any, digits: Any) -> Any:
    """Write the digits, each below 2^32, of sign times the sum of group i; returns whether that is negative."""
    over = np.int64(0)
    for j in range(limbs.shape[1]):
        over += sign * limbs[i, j]
        digits[j] = np.uint64(over) & _INDEX
        over >>= 32
    digits[limbs.shape[1]] = np.uint64(over) & _INDEX
    return over < 0


@kernel({0: (read(I64, 2), write(U64), write(I32), write(BOOL))})
def leading(limbs: Any, words: Any, exponents: Any, negative: Any) -> None:
    """Write the first 64 bits of the size of each sum, the last one 1 where a bit after it is, and which are negative.

    A sum has the size words[i] * 2^(exponents[i]) in units of the first limb. limbs: [groups, at most LIMBS + 2].
    """
    digits = _digits()
    for i in range(limbs.shape[0]):
        negative[i] = _carry(limbs, i, 1, digits)
        if negative[i]:
            _carry(limbs, i, -1, digits)
        top = limbs.shape[1]
        while top > 0 and digits[top] == _0:
            top -= 1
        two, three = digits[top - 1] if top > 0 else _0, digits[top - 2] if top > 1 else _0
        word = (digits[top] << _32) | two
        free = _0
        for step in (16, 8, 4, 2, 1):
            if word >> np.uint64(64 - step) == _0:
                word <<= np.uint64(step)
                free += np.uint64(step)
        word |= three >> (_32 - free)
        rest = (three << free) & _INDEX
        for j in range(top - 2):
            rest |= digits[j]
        words[i] = word | (_1 if rest else _0)
        exponents[i] = np.int32(32 * (top - 1) - np.int64(free))
