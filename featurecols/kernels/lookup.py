"""Exact lookup of texts among terms: open addressing, with a stored part of the hash that rejects most terms early.

A text is identified by its edges: `a` its first 8 bytes and `b` its last 8 (0 below 8 bytes, `a` then padded with zeros). Up
to 16 bytes the edges and the size are the whole text, so that comparing it costs no branch on its length. A slot holds
the high half of a hash and the number of a term + 1; a term is (a, b, start, size).
"""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols.kernels.compiler import (
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
    read,
    stack,
    write,
)
from featurecols.kernels.hash_simd import LANES, SHORT, measure

Table = tuple[Array, Array, Array, Array]

# Drawn once per process, so that terms that share a slot cannot be prepared; odd because they multiply. Results do not depend
# on them.
_SECRET = np.array([secrets.randbits(64) | 1 for _ in range(3)], np.uint64)
_TAG, _INDEX = np.uint64(0xFFFFFFFF00000000), np.uint64(0x00000000FFFFFFFF)
_0, _1, _2, _3, _29, _32 = (np.uint64(n) for n in (0, 1, 2, 3, 29, 32))
_SPARE = 24  # zero bytes after the last term, so that every word of a term may be loaded


@helper
def _edges(data: Any, start: Any, n: Any) -> Any:
    """Return the edges of a text; nothing outside it is read."""
    if n >= 8:
        return load64(data, start), load64(data, start + n - 8)
    if n >= 4:
        return np.uint64(load32(data, start)) | (np.uint64(load32(data, start + n - 4)) << np.uint64(8 * (n - 4))), _0
    a = _0
    for i in range(n):
        a |= np.uint64(data[start + i]) << np.uint64(8 * i)
    return a, _0


@helper
def _mix(a: Any, b: Any, inner: Any, n: Any, secret: Any) -> Any:
    x = (a ^ secret[0]) * secret[1]
    x = ((x ^ (x >> _32)) + (b ^ secret[0]) + np.uint64(n)) * secret[2]
    x = ((x ^ (x >> _29)) + inner) * secret[1]
    return x ^ (x >> _32)


@helper
def _fold(inner: Any, word: Any, secret: Any) -> Any:
    x = (inner ^ word ^ secret[0]) * secret[2]
    return x ^ (x >> _32)


@helper
def _inner(data: Any, start: Any, n: Any, secret: Any) -> Any:
    """Return the hash of the bytes between the edges of a text; 0 up to 16 bytes."""
    inner = _0
    for p in range(start + 8, start + n - 8, 8):
        inner = _fold(inner, load64(data, p), secret)
    return inner


@helper
def _hash(data: Any, start: Any, n: Any, secret: Any) -> Any:
    a, b = _edges(data, start, n)
    return _mix(a, b, _inner(data, start, n, secret), n, secret)


@helper
def _same(data: Any, start: Any, n: Any, terms: Any, at: Any) -> Any:
    """Return whether n bytes at two positions are equal."""
    if n >= 8:
        for i in range(0, n - 8, 8):
            if load64(data, start + i) != load64(terms, at + i):
                return False
        return load64(data, start + n - 8) == load64(terms, at + n - 8)
    return _edges(data, start, n) == _edges(terms, at, n)


@helper
def _probe(slots: Any, terms: Any, known: Any, h: Any, a: Any, b: Any, n: Any, data: Any, start: Any) -> Any:
    """Return the slot that holds the text, or the free slot where it belongs."""
    mask = np.uint64(len(slots) - 1)
    slot = h & mask
    while True:
        entry = slots[slot]
        if entry == _0:
            return slot
        if (entry ^ h) & _TAG == _0:
            term = terms[(entry & _INDEX) - _1]
            same = term[0] == a and term[1] == b and term[3] == np.uint64(n)
            if same and (n <= 16 or _same(data, start, n, known, np.int64(term[2]))):
                return slot
        slot = (slot + _1) & mask


@kernel({8: (read(I64), read(U8), read(U64), write(U64), write(U64, 2))})
def _BUILD(offsets: Any, data: Any, secret: Any, slots: Any, terms: Any) -> Any:
    for i in range(len(offsets) - 1):
        start, n = offsets[i], offsets[i + 1] - offsets[i]
        if start < 0 or n < 0 or offsets[i + 1] > len(data) - _SPARE:
            return i
        a, b = _edges(data, start, n)
        h = _mix(a, b, _inner(data, start, n, secret), n, secret)
        slot = _probe(slots, terms, data, h, a, b, n, data, start)
        terms[i, 0], terms[i, 1], terms[i, 2], terms[i, 3] = a, b, np.uint64(start), np.uint64(n)
        if slots[slot] == _0:  # a duplicate finds the first of its kind
            slots[slot] = (h & _TAG) | np.uint64(i + 1)
    return -1


@helper
def _known_lanes(data: Any, starts: Any, sizes: Any, longest: Any, secret: Any, words: Any) -> None:
    """Fill edges, hashes and the 16 inner bytes of a group of texts of at most 32 bytes; no branch depends on a size."""
    a, b, h, c, d = words[0], words[1], words[2], words[3], words[4]
    for i in range(_0, LANES):
        a[i] = load64(data, starts[i])
        b[i] = load64(data, starts[i] + max(sizes[i] - 8, 0))
    if longest > 16:
        for i in range(_0, LANES):
            c[i] = load64(data, starts[i] + 8)
            d[i] = load64(data, starts[i] + min(sizes[i], 16))
    for i in range(_0, LANES):
        short = sizes[i] < 8
        a[i] = a[i] & ((_1 << np.uint64((sizes[i] & 7) << 3)) - _1) if short else a[i]
        b[i] = _0 if short else b[i]
        inner = _0
        if longest > 16:
            c[i] = c[i] if sizes[i] > 16 else _0
            d[i] = d[i] if sizes[i] > 24 else _0
            inner = _fold(_0, c[i], secret) if sizes[i] > 16 else _0
            inner = _fold(inner, d[i], secret) if sizes[i] > 24 else inner
        h[i] = _mix(a[i], b[i], inner, sizes[i], secret)


@helper
def _inside(terms: Any, term: Any, known: Any, c: Any, d: Any, n: Any) -> Any:
    """Return whether the inner bytes are those of the term: both of n <= 32 bytes, their edges equal."""
    at = np.int64(terms[term, _2])
    x = load64(known, at + 8) if n > 16 else _0
    y = load64(known, at + 16) if n > 24 else _0
    return x == c and y == d


_integers, _words = stack((LANES,), I64), stack((6, LANES), U64)
_TABLE = (read(U64), read(U64, 2), read(U8), read(U64))


@kernel({size: (*_TABLE, read(of), read(U8), read(BOOL), write(I32)) for size, of in ((4, I32), (8, I64))})
def _FIND(slots: Any, terms: Any, known: Any, secret: Any, offsets: Any, data: Any, valid: Any, out: Any) -> Any:
    total, count, mask = len(data), np.uint64(len(out)), np.uint64(len(slots) - 1)
    starts, sizes, words = _integers(), _integers(), _words()
    a, b, h, c, d, entries = words[0], words[1], words[2], words[3], words[4], words[5]
    for base in range(_0, count, LANES):
        rows = min(LANES, count - base)
        longest = np.int64(-1)
        if rows == LANES:
            _, longest = measure(offsets, base, total, SHORT, starts, sizes)
        if longest >= 0:
            _known_lanes(data, starts, sizes, longest, secret, words)
        else:
            for i in range(_0, rows):
                start, stop = np.int64(offsets[base + i]), np.int64(offsets[base + i + _1])
                if start < 0 or stop < start or stop > total:
                    return np.int64(base + i)
                starts[i], sizes[i] = start, stop - start
                a[i], b[i] = _edges(data, start, stop - start)
                h[i] = _mix(a[i], b[i], _inner(data, start, stop - start, secret), stop - start, secret)
        for i in range(_0, rows):  # these reads overlap
            entries[i] = slots[h[i] & mask]
        for i in range(_0, rows):
            entry = entries[i]
            if entry != _0:
                term = (entry & _INDEX) - _1
                n = sizes[i]
                same = (terms[term, _0] == a[i]) & (terms[term, _1] == b[i]) & (terms[term, _3] == np.uint64(n))
                if longest > 16:
                    same = same and _inside(terms, term, known, c[i], d[i], n)
                elif longest < 0:
                    same = same and n <= 16
                if not same:
                    entry = slots[_probe(slots, terms, known, h[i], a[i], b[i], n, data, starts[i])]
            out[base + i] = np.int32(np.int64(entry & _INDEX) - 1)
        if len(valid):
            for i in range(base, base + rows):
                out[i] = out[i] if valid[i] else -2
    return np.int64(-1)


def build(offsets: Array, data: Array) -> Table:
    """Build the table of the k texts data[offsets[i]:offsets[i + 1]], for `find`; of equal texts `find` gives the first.

    offsets int32 or int64 [k + 1], k < 2^31. The table is (slots, terms, bytes, secret), plain arrays that do not change.
    """
    k = max(len(offsets) - 1, 0)
    offsets = np.zeros(1, np.int64) if k == 0 else offsets.astype(np.int64)
    first, last = int(offsets[0]), int(offsets[-1])
    if first < 0 or last > len(data):
        raise damaged(0 if first < 0 else k - 1)
    known = np.zeros(max(last - first, 0) + _SPARE, np.uint8)
    known[:-_SPARE] = data[first:last]
    space = k * (16 if k <= 512 else 4 if k <= 1 << 15 else 2)  # while slots fit a cache, more of them save a second look
    slots, terms = np.zeros(1 << max(4, (space - 1).bit_length()), np.uint64), np.empty((k, 4), np.uint64)
    bad = _BUILD[8](offsets - first, known, _SECRET, slots, terms)
    if bad >= 0:
        raise damaged(bad)
    return slots, terms, known, _SECRET


def find(table: Table, offsets: Array, data: Array, valid: Array | None = None) -> Array:
    """Return the index of each text among the table's terms: int32 [k]; -1 for an unseen text, -2 where valid is False.

    >>> table = build(np.array([0, 1, 3]), np.frombuffer(b"abc", np.uint8))
    >>> find(table, np.array([0, 2, 3]), np.frombuffer(b"bcx", np.uint8))
    array([ 1, -1], dtype=int32)
    """
    out = arrays.empty(max(len(offsets) - 1, 0), np.int32)
    assert valid is None or len(valid) == len(out)
    bad = _FIND[offsets.dtype.itemsize](*table, offsets, data, NO_VALID if valid is None else valid, out)
    if bad >= 0:
        raise damaged(bad)
    return out
