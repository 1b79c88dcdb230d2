"""Runs of repeated and of packed values in Parquet pages: definition levels, and codes of a dictionary.

Whatever is not as the format says gives DAMAGED, and is no wild read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import helper, load64
from featurecols.kernels.thrift import varint

DAMAGED = -1
_RUN = 2**28 - 1  # the longest run that any reader takes


@helper
def levels(data: Any, at: Any, stop: Any, valid: Any) -> Any:
    """Read definition levels of 0 and 1, data[at:stop], into valid [n]. Returns how many are 1, or DAMAGED."""
    n, i, there = len(valid), 0, 0
    while i < n:
        head, at = varint(data, at, stop)
        if at < 0 or at >= stop or head < 2 or head >> 1 > _RUN:
            return DAMAGED
        if head & 1 == 0:
            level, size = data[at], min(head >> 1, n - i)
            if level > 1:
                return DAMAGED
            valid[i : i + size] = level != 0
            there += size * level
            at += 1
        else:
            if head >> 1 > stop - at:
                return DAMAGED
            size = min((head >> 1) * 8, n - i)
            rows, bits = valid[i : i + size], data[at : at + (size + 7) // 8]
            for b in range(size // 8):
                for j in range(8):
                    bit = (bits[b] >> np.uint8(j)) & np.uint8(1)
                    rows[8 * b + j] = bit != 0
                    there += bit
            for j in range(size & ~7, size):
                bit = (bits[j >> 3] >> np.uint8(j & 7)) & np.uint8(1)
                rows[j] = bit != 0
                there += bit
            at += head >> 1
        i += size
    return there


@helper
def _word(data: Any, at: Any, size: Any) -> Any:
    word = np.uint64(0)
    for k in range(size):
        word |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return word


@helper
def _fours(data: Any, at: Any, width: Any, count: Any, mask: Any, out: Any) -> Any:
    """Unpack `count` values (a multiple of 4) of up to 16 bits, four to a load; returns the largest, or a larger one."""
    w, some = np.uint64(width), np.uint64(0)
    for j in range(0, count, 4):
        bit = j * width
        word = load64(data, at + (bit >> 3)) >> np.uint64(bit & 7)
        a, b, c, d = word & mask, (word >> w) & mask, (word >> (w + w)) & mask, (word >> (w + w + w)) & mask
        out[j], out[j + 1], out[j + 2], out[j + 3] = np.int32(a), np.int32(b), np.int32(c), np.int32(d)
        some = max(some, max(max(a, b), max(c, d)))
    return some


@helper
def _ones(data: Any, at: Any, stop: Any, width: Any, first: Any, mask: Any, out: Any) -> Any:
    """Unpack out[first:], value by value; returns the largest."""
    some = np.uint64(0)
    for j in range(first, len(out)):
        bit = j * width
        start = at + (bit >> 3)
        word = load64(data, start) if start + 8 <= stop else _word(data, start, stop - start)
        word = (word >> np.uint64(bit & 7)) & mask
        some = max(some, word)
        out[j] = np.int32(word & np.uint64(0x7FFFFFFF))
    return some


@helper
def codes(data: Any, at: Any, stop: Any, limit: Any, out: Any) -> Any:
    """Codes of a dictionary of `limit` entries, data[at:stop], the first byte being their width: out [n].

    Returns 0, or DAMAGED, also for a code outside the dictionary.
    """
    n, i = len(out), 0
    if at >= stop:
        return np.int64(0) if n == 0 else np.int64(DAMAGED)
    width = np.int64(data[at])
    at += 1
    if width > 32:
        return np.int64(DAMAGED)
    if n == 0:
        return np.int64(0)
    mask, highest = (np.uint64(1) << np.uint64(width)) - np.uint64(1), np.uint64(0)
    while i < n:
        head, at = varint(data, at, stop)
        if at < 0 or head < 2 or head >> 1 > _RUN:
            return np.int64(DAMAGED)
        if head & 1 == 0:
            size, used = min(head >> 1, n - i), (width + 7) // 8
            if used > stop - at:
                return np.int64(DAMAGED)
            word = _word(data, at, used)
            highest = max(highest, word)
            out[i : i + size] = np.int32(word & np.uint64(0x7FFFFFFF))
        else:
            size, used = min((head >> 1) * 8, n - i), (head >> 1) * width
            if used > stop - at:
                return np.int64(DAMAGED)
            whole, rows = 0, out[i : i + size]
            if 0 < width <= 16:  # as long as all loads are inside the page
                whole = max(min(size, (stop - at - 8) * 8 // width), 0) & ~3
                highest = max(highest, _fours(data, at, width, whole, mask, rows))
            highest = max(highest, _ones(data, at, stop, width, whole, mask, rows))
        at += used
        i += size
    return np.int64(0) if highest < np.uint64(limit) else np.int64(DAMAGED)
