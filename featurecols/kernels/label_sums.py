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
from featurecols.kernels.hash_simd import LANES

UNITS = 34  # the limb that counts ones
OUTSIDE = -2  # a place or a limb that the table does not have
LIMBS = 70  # limbs of any float64 lie below
_INDEX = np.uint64(0xFFFFFFFF)
_FRACTION, _HIDDEN = np.uint64((1 << 52) - 1), np.uint64(1 << 52)
_0, _1, _31, _32, _52 = np.uint64(0), np.uint64(1), np.uint64(31), np.uint64(32), np.uint64(52)
_digits = stack((LIMBS + 3,), U64)
_where, _added = stack((LANES,), U64), stack((LANES,), I64)
_SMALL = 2.0**32  # whole numbers below it are added as they are
_NEAR_ONE = 2.0**31
_TINY, _ONE_ROW, MOST_ROWS = np.uint64(256), np.int64(1 << 32), 1 << 24  # of add_small
_TO_WHOLE = 2.0**52  # a number of add_small to which this was added is whole


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


_TABLE = (read(I32), read(I32), I64, read(I32), I64)


@helper
def _groups(
    codes: Any, rows: Any, size: Any, folds: Any, num_folds: Any, base: Any, count: Any, groups: Any, where: Any
) -> Any:
    """Set where[i] to the group of row base + i of `count` rows; return whether all are there. See add."""
    most, top = np.int64(-1), _0
    if len(rows):
        for i in range(count):
            code = np.int64(codes[base + i])
            most = max(most, code)
            where[i] = np.uint64(rows[np.uint64(code if 0 <= code < size else size)])
            top = max(top, where[i])
    else:
        for i in range(count):
            code = np.int64(codes[base + i])
            most = max(most, code)
            where[i] = np.uint64(max(code, np.int64(-1)) + 1)
        top = np.uint64(most + 1)
    if most >= size or (top + _1) * np.uint64(num_folds) > np.uint64(groups):
        return False
    if num_folds > 1:
        last = _0
        for i in range(count):
            fold = np.uint64(np.uint32(folds[base + i]))
            last = max(last, fold)
            where[i] = (where[i] & _INDEX) * (np.uint64(num_folds) & _INDEX) + fold
        return last < np.uint64(num_folds)
    return True


@kernel({0: (*_TABLE[:3], write(I64))})
def count(codes: Any, rows: Any, size: Any, counts: Any) -> Any:
    """Count codes, in one fold; returns 0, or OUTSIDE. See add."""
    where, n = _where(), np.uint64(len(codes))
    for base in range(_0, n, LANES):
        many = min(LANES, n - base)
        if not _groups(codes, rows, size, codes, 1, base, many, len(counts), where):
            return OUTSIDE
        for i in range(many):
            counts[where[i]] += 1
    return 0


@kernel({0: (*_TABLE, read(I32), I64, write(I64))})
def add_classes(codes: Any, rows: Any, size: Any, folds: Any, num_folds: Any, classes: Any, width: Any, by_class: Any) -> Any:
    """Count rows of each class: by_class[group * width + class]; a negative class is left out.

    Returns 0, or OUTSIDE. See add.
    """
    where, one, n = _where(), _added(), np.uint64(len(codes))
    groups = len(by_class) // width if width else np.int64(0)
    for base in range(_0, n, LANES):
        many, most = min(LANES, n - base), np.int64(-1)
        for i in range(many):
            most = max(most, np.int64(classes[base + i]))
        if most < 0:
            continue
        if most >= width or not _groups(codes, rows, size, folds, num_folds, base, many, groups, where):
            return OUTSIDE
        for i in range(many):
            k = np.int64(classes[base + i])
            one[i] = 1 if k >= 0 else 0
            where[i] = where[i] * np.uint64(width) + np.uint64(max(k, np.int64(0)))
        for i in range(many):
            by_class[where[i]] += one[i]
    return 0


@helper
def _add_cells(cells: Any, where: Any, added: Any, count: Any) -> None:
    for i in range(count):
        cells[where[i]] += added[i]


@kernel({0: (*_TABLE, read(I64), I64, I64, write(I64))})
def add_small(codes: Any, rows: Any, size: Any, folds: Any, num_folds: Any, labels: Any, at: Any, stop: Any, cells: Any) -> Any:
    """Count rows from number `at` on, and add their labels, while these are integers from 0 to 255.

    cells[group] gets 2^32 for each row, and the label besides, so that a row costs one addition; at most MOST_ROWS of them.
    Returns where it stopped: at `stop`, at most 63 rows before another label, or OUTSIDE. See add.
    """
    where, added = _where(), _added()
    for base in range(np.uint64(at), np.uint64(stop), LANES):
        many, seen = min(LANES, np.uint64(stop) - base), _0
        for i in range(many):
            seen |= np.uint64(labels[base + i])
            added[i] = _ONE_ROW + labels[base + i]
        if seen >= _TINY:
            return np.int64(base)
        if not _groups(codes, rows, size, folds, num_folds, base, many, len(cells), where):
            return OUTSIDE
        _add_cells(cells, where, added, many)
    return stop


@kernel({0: (*_TABLE, read(F64), I64, I64, write(I64))})
def add_small_floats(
    codes: Any, rows: Any, size: Any, folds: Any, num_folds: Any, labels: Any, at: Any, stop: Any, cells: Any
) -> Any:
    """Do what add_small does with floats; NaN is left out."""
    where, added = _where(), _added()
    for base in range(np.uint64(at), np.uint64(stop), LANES):
        many, odd = min(LANES, np.uint64(stop) - base), _0
        for i in range(many):
            x = labels[base + i]
            small = x >= 0.0 and x < 256.0
            y = x if small else 0.0
            whole = (y + _TO_WHOLE) - _TO_WHOLE == y
            odd += np.uint64((not small and x == x) or not whole)
            added[i] = _ONE_ROW + np.int64(y) if small else np.int64(0)
        if odd:
            return np.int64(base)
        if not _groups(codes, rows, size, folds, num_folds, base, many, len(cells), where):
            return OUTSIDE
        _add_cells(cells, where, added, many)
    return stop


@kernel({0: (*_TABLE, read(F64), I64, I64, write(I64), write(I64, 2))})
def add_near(
    codes: Any, rows: Any, size: Any, folds: Any, num_folds: Any, labels: Any, at: Any, low: Any, counts: Any, limbs: Any
) -> Any:
    """Do what add does, while labels are below 2^31 in size and whole in units of 2^-64, which need the same three limbs.

    Returns where it stopped: at the end, at most 63 rows before another label, or OUTSIDE.
    """
    where, one, two, three, four = _where(), _added(), _added(), _added(), _added()
    units, n = np.uint64(UNITS - low), np.uint64(len(codes))
    if units < np.uint64(2) or units >= np.uint64(limbs.shape[1]):
        return at
    for base in range(np.uint64(at), n, LANES):
        many, odd = min(LANES, n - base), _0
        for i in range(many):
            x = labels[base + i]
            near = x > -_NEAR_ONE and x < _NEAR_ONE
            y = x if near else 0.0
            one[i] = np.int64(y)
            rest = (y - np.float64(one[i])) * _SMALL
            two[i] = np.int64(rest)
            rest = (rest - np.float64(two[i])) * _SMALL
            three[i] = np.int64(rest)
            four[i] = 1 if x == x else 0
            odd += np.uint64((not near and x == x) or np.float64(three[i]) != rest)
        if odd:
            return np.int64(base)
        if not _groups(codes, rows, size, folds, num_folds, base, many, len(counts), where):
            return OUTSIDE
        for i in range(many):
            group = where[i]
            counts[group] += four[i]
            limbs[group, units] += one[i]
            limbs[group, units - _1] += two[i]
            limbs[group, units - np.uint64(2)] += three[i]
    return np.int64(n)


@kernel({0: (*_TABLE, read(F64), read(U64), I64, I64, write(I64), write(I64, 2))})
def add(
    codes: Any,
    rows: Any,
    size: Any,
    folds: Any,
    num_folds: Any,
    labels: Any,
    bits: Any,
    at: Any,
    low: Any,
    counts: Any,
    limbs: Any,
) -> Any:
    """Count rows with a label from number `at` on, and add their labels; NaN is left out.

    Returns len(codes), or the number of a label that is infinite or has digits in limbs that are not there, or OUTSIDE.

    codes: of terms, below `size`; negative ones are missing. rows: their places in the table, and then that of missing terms;
    none where the place of a code is code + 1, and that of missing terms 0. The group of a row is place * num_folds + fold;
    folds are not read where there is one. bits: of the labels. counts: int64 [groups]. limbs: [groups, limb - low].
    """
    width = limbs.shape[1]
    units = np.int64(UNITS) - low
    where, n, known, base = _where(), np.uint64(len(codes)), np.uint64(at), np.uint64(at)
    for i in range(np.uint64(at), n):
        if i == known:
            known += min(LANES, n - i)
            if not _groups(codes, rows, size, folds, num_folds, i, known - i, len(counts), where):
                return OUTSIDE
            base = np.uint64(i)
        x = labels[i]
        if x != x:
            continue
        row = where[i - base]
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


@kernel({0: (read(I64, 2), read(I32), I64, write(I64, 3))})
def fold_totals(own: Any, places: Any, num_folds: Any, out: Any) -> None:
    """Write sums of places in all and without each fold, and of all places first: out[place + 1, fold + 1, k].

    own: [groups, k] of each place and fold alone. places: in their order in `out`. Without the only fold, sums are 0.
    """
    width, folds = np.uint64(own.shape[1]), np.uint64(num_folds)
    for f in range(folds + _1):
        for k in range(width):
            out[0, f, k] = 0
    for p in range(np.uint64(len(places))):
        first = np.uint64(places[p]) * folds
        for k in range(width):
            total = np.int64(0)
            for f in range(folds):
                total += own[first + f, k]
                out[0, f + _1, k] += own[first + f, k]
            out[0, 0, k] += total
            out[p + _1, 0, k] = total
            for f in range(folds):
                out[p + _1, f + _1, k] = total - own[first + f, k] if num_folds > 1 else 0
    for f in range(folds):
        for k in range(width):
            out[0, f + _1, k] = out[0, 0, k] - out[0, f + _1, k] if num_folds > 1 else 0


@kernel({0: (write(I64, 2),)})
def carry(limbs: Any) -> None:
    """Take what is beyond 32 bits of a limb to the next one: all but the last are in [0, 2^32) then."""
    last = np.uint64(limbs.shape[1]) - _1
    for i in range(np.uint64(limbs.shape[0])):
        for j in range(last):
            over = limbs[i, j] >> np.int64(32)
            limbs[i, j] = np.int64(np.uint64(limbs[i, j]) & _INDEX)
            limbs[i, j + _1] += over


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
