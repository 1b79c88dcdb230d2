"""Exact lookup of texts among terms: open addressing over bytes, with a stored piece of the hash to reject early."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from featurecols.kernels.native import (
    BOOL,
    I32,
    I64,
    NO_VALID,
    U8,
    U64,
    damaged,
    helper,
    kernel,
    load32,
    load64,
    mulhi,
    read,
    write,
)
from featurecols.values import Array

Table = tuple[Array, Array, Array, Array]

# Drawn once per process: nobody can prepare terms that all fall on one slot. No result depends on it.
_SECRET = np.array([secrets.randbits(64) | 1 for _ in range(3)], np.uint64)
_TAG = np.uint64(0xFFFFFFFF00000000)
_INDEX = np.uint64(0x00000000FFFFFFFF)
_ONE, _ZERO = np.uint64(1), np.uint64(0)


@helper
def _fold(a: Any, b: Any) -> Any:
    return (a * b) ^ mulhi(a, b)


@helper
def _hash(data: Any, start: Any, n: Any, secret: Any) -> Any:
    a, b, seed = _ZERO, _ZERO, secret[0]
    if n >= 8:
        p, last = start, start + n - 16
        while p < last:
            seed = _fold(load64(data, p) ^ secret[1], load64(data, p + 8) ^ seed)
            p += 16
        a = load64(data, max(last, start))
        b = load64(data, start + n - 8)
    elif n >= 4:
        a = np.uint64(load32(data, start))
        b = np.uint64(load32(data, start + n - 4))
    elif n > 0:
        a = np.uint64(data[start]) | (np.uint64(data[start + (n >> 1)]) << np.uint64(8))
        b = np.uint64(data[start + n - 1])
    return _fold(_fold(a ^ secret[1], b ^ seed) ^ secret[2], np.uint64(n) ^ secret[1])


@helper
def _same(data: Any, start: Any, n: Any, terms: Any, at: Any) -> Any:
    if n >= 8:
        for i in range(0, n - 8, 8):
            if load64(data, start + i) != load64(terms, at + i):
                return False
        return load64(data, start + n - 8) == load64(terms, at + n - 8)
    if n >= 4:
        first = load32(data, start) == load32(terms, at)
        return first and load32(data, start + n - 4) == load32(terms, at + n - 4)
    i = 0
    while i < n and data[start + i] == terms[at + i]:
        i += 1
    return i == n


@helper
def _probe(slots: Any, offsets: Any, terms: Any, h: Any, data: Any, start: Any, n: Any) -> Any:
    """The slot that holds the text, or the free slot where it belongs."""
    mask = np.uint64(len(slots) - 1)
    slot = h & mask
    while True:
        entry = slots[slot]
        if entry == _ZERO:
            return slot
        if (entry ^ h) & _TAG == _ZERO:
            i = np.int64(entry & _INDEX) - 1
            if offsets[i + 1] - offsets[i] == n and _same(data, start, n, terms, offsets[i]):
                return slot
        slot = (slot + _ONE) & mask


@kernel({8: (read(I64), read(U8), read(U64), write(U64))})
def _BUILD(offsets: Any, data: Any, secret: Any, slots: Any) -> Any:
    for i in range(len(offsets) - 1):
        start, n = offsets[i], offsets[i + 1] - offsets[i]
        if start < 0 or n < 0 or offsets[i + 1] > len(data):
            return i
        h = _hash(data, start, n, secret)
        slot = _probe(slots, offsets, data, h, data, start, n)
        if slots[slot] == _ZERO:  # a duplicate finds its first self
            slots[slot] = (h & _TAG) | np.uint64(i + 1)
    return -1


@kernel(
    {
        size: (read(U64), read(I64), read(U8), read(U64), read(of), read(U8), read(BOOL), write(I32))
        for size, of in ((4, I32), (8, I64))
    }
)
def _FIND(slots: Any, terms_offsets: Any, terms: Any, secret: Any, offsets: Any, data: Any, valid: Any, out: Any) -> Any:
    total = len(data)
    for i in range(len(out)):
        start, stop = np.int64(offsets[i]), np.int64(offsets[i + 1])
        if start < 0 or stop < start or stop > total:
            return i
        if len(valid) and not valid[i]:
            out[i] = -2
            continue
        h = _hash(data, start, stop - start, secret)
        slot = _probe(slots, terms_offsets, terms, h, data, start, stop - start)
        out[i] = np.int32(np.int64(slots[slot] & _INDEX) - 1)
    return -1


def build(offsets: Array, data: Array) -> Table:
    """Table of the k texts data[offsets[i]:offsets[i + 1]], for `find`; of equal texts the first is found.

    offsets int32 or int64 [k + 1], k < 2^31. The table is (slots, offsets, data, secret), plain arrays, final.
    """
    k = max(len(offsets) - 1, 0)
    offsets = np.zeros(1, np.int64) if k == 0 else offsets.astype(np.int64)
    data = data[int(offsets[0]) : int(offsets[-1])].copy()
    offsets -= offsets[0]
    slots = np.zeros(1 << max(3, (2 * k - 1).bit_length()), np.uint64)
    bad = _BUILD[8](offsets, data, _SECRET, slots)
    if bad >= 0:
        raise damaged(bad)
    return slots, offsets, data, _SECRET


def find(table: Table, offsets: Array, data: Array, valid: Array | None = None) -> Array:
    """Index of each text among the table's terms: int32 [k]; -1 for an unseen text, -2 where valid is False.

    >>> table = build(np.array([0, 1, 3]), np.frombuffer(b"abc", np.uint8))
    >>> find(table, np.array([0, 2, 3]), np.frombuffer(b"bcx", np.uint8))
    array([ 1, -1], dtype=int32)
    """
    out = np.empty(max(len(offsets) - 1, 0), np.int32)
    bad = _FIND[offsets.dtype.itemsize](*table, offsets, data, NO_VALID if valid is None else valid, out)
    if bad >= 0:
        raise damaged(bad)
    return out
