"""Kernels of the numeric analyzers: exact sums by exponent, and a counting table of sortable bits.

Numbers are the bits of float64 values. NaN is skipped; a kernel stops at an infinity and returns its position.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import I64, U64, helper, kernel, mulhi, read, write

INFINITE = 2  # in a status: the kernel stopped at an infinity
FULL = 1  # the kernel stopped because the table is full

_SIGN, _FRACTION, _HIDDEN = np.uint64(1 << 63), np.uint64((1 << 52) - 1), np.uint64(1 << 52)
_LOW32 = np.uint64(0xFFFFFFFF)
_FIBONACCI = np.uint64(0x9E3779B97F4A7C15)
_0, _1, _32, _52, _63 = np.uint64(0), np.uint64(1), np.uint64(32), np.uint64(52), np.uint64(63)


@helper
def _high(a: Any) -> Any:
    # high half of a * a for a < 2^53, in words of 32 bits
    low, high = a & _LOW32, a >> _32
    middle = low * high
    carry = ((low * low) >> _32) + (middle & _LOW32) + (middle & _LOW32)
    return high * high + (middle >> _32) + (middle >> _32) + (carry >> _32)


@kernel({0: (read(U64), read(I64), write(U64, 2), write(U64))})
def sums(bits: Any, weights: Any, bins: Any, status: Any) -> Any:
    """Add finite values, each weighted by its count (1 without weights), into bins [2048, 4] by exponent; returns how many.

    A value is m * 2^(e - 1075), m < 2^53: bins[e] gets the low 32 bits of m and the rest (both signed by the value),
    then m * m in two words. Bins can take 2^20 values in all.

    status: [INFINITE or 0, position, smallest, largest sortable bits].
    """
    count = _0
    low, high = status[2], status[3]
    for i in range(len(bits)):
        b, w = bits[i], np.uint64(weights[i]) if len(weights) else _1
        if w == _0:
            continue
        e = (b >> _52) & np.uint64(2047)
        m = b & _FRACTION
        if e == np.uint64(2047):
            if m == _0:
                status[0], status[1] = INFINITE, i
                return count
            continue
        if e != _0:
            m |= _HIDDEN
        negative = _0 - (b >> _63)  # all ones: x ^ negative - negative is -x
        bins[e, 0] += (((m & _LOW32) ^ negative) - negative) * w
        bins[e, 1] += (((m >> _32) ^ negative) - negative) * w
        square = m * m
        total = bins[e, 2] + square * w
        bins[e, 3] += _high(m) * w + mulhi(square, w) + np.uint64(total < bins[e, 2])
        bins[e, 2] = total
        sortable = b ^ (negative | _SIGN)
        low, high = min(low, sortable), max(high, sortable)
        count += w
    status[2], status[3] = low, high
    return count


@helper
def _slot(key: Any, table: Any, shift: Any) -> Any:
    # slot of key in table [2^k, 2], or the empty one where it belongs; 0 is not a key, shift is 64 - k
    mask = np.uint64(len(table) - 1)
    at = (key * _FIBONACCI) >> shift
    while table[at, 0] != key and table[at, 0] != _0:
        at = (at + _1) & mask
    return at


@kernel({0: (read(U64), read(I64), I64, U64, U64, write(U64, 2), I64, write(I64))})
def count(bits: Any, weights: Any, start: Any, drop: Any, shift: Any, table: Any, limit: Any, status: Any) -> Any:
    """Count values from `start` on in a table [2^k, 2] of keys (sortable bits >> drop) and counts; returns where it stopped.

    A value counts as often as its weight says, once without weights.

    status: [used slots, FULL or INFINITE or 0]. It is full when one more key would exceed `limit`.
    """
    used = status[0]
    for i in range(start, len(bits)):
        b, w = bits[i], np.uint64(weights[i]) if len(weights) else _1
        if w == _0:
            continue
        if (b >> _52) & np.uint64(2047) == np.uint64(2047):
            if b & _FRACTION:
                continue
            status[0], status[1] = used, INFINITE
            return i
        if b == _SIGN:
            b = _0  # -0.0 is 0.0
        key = (b ^ ((_0 - (b >> _63)) | _SIGN)) >> drop
        at = _slot(key, table, shift)
        if table[at, 0] == _0:
            if used >= limit:
                status[0], status[1] = used, FULL
                return i
            table[at, 0] = key
            used += 1
        table[at, 1] += w
    status[0], status[1] = used, 0
    return len(bits)


@kernel({0: (read(U64, 2), U64, U64, write(U64, 2))})
def absorb(entries: Any, drop: Any, shift: Any, table: Any) -> Any:
    """Add entries [m, 2] of keys and counts, keys >> drop, to a table large enough for all; returns the number of new keys."""
    new = 0
    for i in range(len(entries)):
        key = entries[i, 0] >> drop
        if key != _0:
            at = _slot(key, table, shift)
            new += table[at, 0] == _0
            table[at, 0] = key
            table[at, 1] += entries[i, 1]
    return new
