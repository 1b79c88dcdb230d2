"""Hashes of 64 short texts in parallel: no branch depends on a single text, and the arithmetic becomes vector code.

All helpers work on one group of LANES texts; text i has sizes[i] bytes of `data` from starts[i]. Loads may reach up to
SPARE bytes past a text, so a group is taken only where that is within the data. Loops count in uint64 because numba
wraps signed indices around, which no vector code survives. Loads are not vector code, since processors that gather slowly take
twice as long for it: `opaque` hides their addresses from the compiler, and four in a row leave it something to overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import helper, load32, load64, opaque
from featurecols.kernels.hash_scalar import K0, K1, K2, final32, mix32, mix64, ror, sm, tail32

LANES, SPARE, SHORT, LONG = np.uint64(64), 16, np.int64(32), np.int64(1024)
_0, _1, _2, _3, _4, _8 = (np.uint64(n) for n in (0, 1, 2, 3, 4, 8))
_BYTE, _HALF = np.uint64(0xFF), np.uint64(0xFFFFFFFF)


@helper
def measure(offsets: Any, base: Any, total: Any, limit: Any, starts: Any, sizes: Any) -> Any:
    """Fill starts and sizes of the group at `base`; returns its shortest and longest size, longest -1 if it is not taken."""
    shortest, longest = np.int64(limit), np.int64(0)
    for i in range(_0, LANES):
        start = np.int64(offsets[base + i])
        size = np.int64(offsets[base + i + _1]) - start
        starts[i], sizes[i] = start, size
        shortest, longest = min(shortest, size), max(longest, size)
    inside = offsets[base] >= 0 and np.int64(offsets[base + LANES]) + SPARE <= total
    return shortest, longest if inside and shortest >= 0 and longest <= limit else np.int64(-1)


@helper
def even(offsets: Any, base: Any) -> Any:
    """Return the longest size up to which hashing a group in parallel is not slower: 4 times its mean size."""
    return min(max(np.int64(offsets[base + LANES] - offsets[base]) >> 4, SHORT), LONG)


@helper
def _first(n: Any) -> Any:
    """Return the mask of the first n bytes of a word."""
    return np.uint32((np.uint32(1) << np.uint32(8 * n)) - np.uint32(1))


@helper
def _load(data: Any, starts: Any, i: Any, at: Any, word: Any) -> None:
    """Set word[i] to the 4 bytes at byte `at` of text i."""
    word[i] = load32(data, opaque(starts[i] + at))


@helper
def murmur_lanes(data: Any, starts: Any, sizes: Any, shortest: Any, longest: Any, seed: Any, word: Any, h: Any) -> None:
    """Set h[i] to the murmur hash of text i; `word` is scratch memory for LANES uint32."""
    nothing = np.int32(opaque(0))
    for i in range(_0, LANES):
        h[i] = seed ^ np.uint32(sizes[i] & nothing)  # not a constant, which would be stored value by value
    for w in range(longest >> 2):
        if w < shortest >> 2:
            for i in range(_0, LANES, _4):
                for j in range(i, i + _4):
                    _load(data, starts, j, 4 * w, word)
            for i in range(_0, LANES):
                h[i] = mix32(h[i], word[i])
        else:
            for i in range(_0, LANES, _4):
                for j in range(i, i + _4):
                    _load(data, starts, j, 4 * min(sizes[j] >> 2, w), word)
            for i in range(_0, LANES):
                h[i] = mix32(h[i], word[i]) if w < sizes[i] >> 2 else h[i]
    if shortest != longest or shortest & 3:
        for i in range(_0, LANES, _4):
            for j in range(i, i + _4):
                _load(data, starts, j, sizes[j] & ~3, word)
        for i in range(_0, LANES):
            h[i] = tail32(h[i], np.uint32(word[i] & _first(sizes[i] & 3)))
    for i in range(_0, LANES):
        h[i] = final32(h[i], sizes[i])


@helper
def _few(a: Any, size: Any) -> Any:
    """Return the fingerprint of at most 3 bytes, the low ones of a."""
    n = np.uint64(size)
    y = (a & _BYTE) + ((a >> (n >> _1 << _3) & _BYTE) << _8)
    z = n + ((a >> (np.uint64((size - 1) & 7) << _3) & _BYTE) << _2)
    return sm((y * K2) ^ (z * K0)) * K2 if size else K2


@helper
def _half(a: Any, size: Any) -> Any:
    """Return the fingerprint of 4 to 7 bytes, the low ones of a."""
    n = np.uint64(size)
    return mix64(n + ((a & _HALF) << _3), a >> (np.uint64((size - 4) & 7) << _3) & _HALF, K2 + (n << _1))


@helper
def _one(a: Any, b: Any, size: Any) -> Any:
    """Return the fingerprint of 8 to 16 bytes: a the first 8, b the last."""
    m = K2 + (np.uint64(size) << _1)
    a += K2
    return mix64(ror(b, 37) * m + a, (ror(a, 25) + b) * m, m)


@helper
def _two(a: Any, b: Any, c: Any, d: Any, size: Any) -> Any:
    """Return the fingerprint of 17 to 32 bytes: a, c the first 16, d, b the last."""
    m = K2 + (np.uint64(size) << _1)
    a *= K1
    b *= m
    return mix64(ror(a + c, 43) + ror(b, 30) + d * K2, a + ror(c + K2, 18) + b, m)


@helper
def farm_lanes(data: Any, starts: Any, sizes: Any, shortest: Any, longest: Any, words: Any, h: Any) -> None:
    """Set h[i] to the fingerprint of text i; each form that occurs is computed for all. words: scratch, uint64 [4, LANES]."""
    a, b, c, d = words[0], words[1], words[2], words[3]
    for i in range(_0, LANES, _4):
        for j in range(i, i + _4):
            a[j] = load64(data, opaque(starts[j]))
            b[j] = load64(data, opaque(starts[j] + max(sizes[j] - 8, 0)))
    if shortest < 4:
        for i in range(_0, LANES):
            h[i] = _few(a[i], sizes[i])
    if shortest < 8 and longest >= 4:
        for i in range(_0, LANES):
            h[i] = _half(a[i], sizes[i]) if sizes[i] >= 4 else h[i]
    if shortest <= 16 and longest >= 8:
        for i in range(_0, LANES):
            h[i] = _one(a[i], b[i], sizes[i]) if sizes[i] >= 8 else h[i]
    if longest > 16:
        for i in range(_0, LANES, _4):
            for j in range(i, i + _4):
                c[j] = load64(data, opaque(starts[j] + 8))
                d[j] = load64(data, opaque(starts[j] + max(sizes[j] - 16, 0)))
        for i in range(_0, LANES):
            h[i] = _two(a[i], b[i], c[i], d[i], sizes[i]) if sizes[i] > 16 else h[i]
