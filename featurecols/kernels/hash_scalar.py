"""The arithmetic of both hashes on one text, for the kernels over many texts: only called from compiled code.

MurmurHash3 x86 32-bit (Austin Appleby, public domain) and FarmHash's 64-bit "na" form, which TensorFlow calls
Fingerprint64. `start`, `stop` and `n` count bytes of `data`; nothing outside `data` is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import helper, load32, load64, mulhi

_C1, _C2, _N = np.uint32(0xCC9E2D51), np.uint32(0x1B873593), np.uint32(0xE6546B64)
_F1, _F2, _5 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35), np.uint32(5)
_13, _15, _16, _17, _19 = np.uint32(13), np.uint32(15), np.uint32(16), np.uint32(17), np.uint32(19)
_LOW = np.array([0, 0xFF, 0xFFFF, 0xFFFFFF], np.uint32)

K0, K1, K2 = np.uint64(0xC3A5C85C97CB3127), np.uint64(0xB492B66FBE98F273), np.uint64(0x9AE16A3B2F90404F)
_47, _64 = np.uint64(47), np.uint64(64)
_TWO, _EIGHT, _NINE, _ZERO = np.uint64(2), np.uint64(8), np.uint64(9), np.uint64(0)


@helper
def mix32(h: Any, k: Any) -> Any:
    """Return the state of murmur3 after a block of 4 bytes."""
    return turn32(tail32(h, k))


@helper
def tail32(h: Any, k: Any) -> Any:
    """Return the state of murmur3 after the last 1 to 3 bytes; k is 0 where there are none."""
    k = np.uint32(k * _C1)
    k = np.uint32((k << _15) | (k >> _17))
    return np.uint32(h ^ np.uint32(k * _C2))


@helper
def turn32(h: Any) -> Any:
    """Return the state of murmur3 after a block of 4 bytes, given what tail32 returns for it."""
    h = np.uint32((h << _13) | (h >> _19))
    return np.uint32(h * _5 + _N)


@helper
def final32(h: Any, length: Any) -> Any:
    """Return the hash that the last state of murmur3 gives for a text of `length` bytes."""
    h = np.uint32(h ^ np.uint32(length))
    h = np.uint32((h ^ (h >> _16)) * _F1)
    h = np.uint32((h ^ (h >> _13)) * _F2)
    return np.uint32(h ^ (h >> _16))


@helper
def murmur(data: Any, start: Any, stop: Any, total: Any, seed: Any) -> Any:
    """Return MurmurHash3 x86 32-bit of data[start:stop]; `total` is the size of data."""
    words = start + ((stop - start) & ~3)
    h = seed
    p = start
    while p < words:
        h = mix32(h, load32(data, p))
        p += 4
    if words + 4 <= total:  # the rest comes in one load, its neighbours masked off: no branch on the length
        k = np.uint32(load32(data, words) & _LOW[(stop - start) & 3])
    else:
        k = np.uint32(0)
        for i in range(stop - words):
            k = np.uint32(k | (np.uint32(data[words + i]) << np.uint32(8 * i)))
    return final32(tail32(h, k), stop - start)


@helper
def modulo32(h: Any, n: Any, inverse: Any) -> Any:
    """Return h mod n of 32-bit numbers without a division."""
    # Barrett with inverse = (2^32 - 1) // n: the quotient is exact or one too small
    x = np.uint64(h)
    r = x - ((x * inverse) >> np.uint64(32)) * n
    return r - n if r >= n else r


@helper
def modulo64(x: Any, n: Any, inverse: Any) -> Any:
    """Return x mod n of 64-bit numbers without a division; inverse is (2^64 - 1) // n."""
    r = x - mulhi(x, inverse) * n
    return r - n if r >= n else r


@helper
def ror(v: Any, k: Any) -> Any:
    """Rotate a 64-bit word right by k bits, 0 < k < 64."""
    return (v >> np.uint64(k)) | (v << np.uint64(64 - k))


@helper
def sm(v: Any) -> Any:
    """Return v ^ (v >> 47), FarmHash's shift and mix."""
    return v ^ (v >> _47)


@helper
def mix64(u: Any, v: Any, m: Any) -> Any:
    """Combine two words into one, FarmHash's HashLen16 with a multiplier."""
    a = sm((u ^ v) * m)
    return sm((v ^ a) * m) * m


@helper
def _farm16(data: Any, start: Any, n: Any) -> Any:
    size = np.uint64(n)
    if n >= 8:
        m = K2 + _TWO * size
        a = load64(data, start) + K2
        b = load64(data, start + n - 8)
        return mix64(ror(b, 37) * m + a, (ror(a, 25) + b) * m, m)
    if n >= 4:
        first, last = np.uint64(load32(data, start)), np.uint64(load32(data, start + n - 4))
        return mix64(size + first * _EIGHT, last, K2 + _TWO * size)
    if n > 0:
        y = np.uint64(data[start]) + (np.uint64(data[start + (n >> 1)]) << np.uint64(8))
        z = size + (np.uint64(data[start + n - 1]) << np.uint64(2))
        return sm((y * K2) ^ (z * K0)) * K2
    return K2


@helper
def _farm64(data: Any, start: Any, n: Any) -> Any:
    """Return the fingerprint of 17 to 64 bytes; both forms begin with the same arithmetic."""
    end = start + n
    m = K2 + _TWO * np.uint64(n)
    a = load64(data, start) * (K1 if n <= 32 else K2)
    b = load64(data, start + 8)
    c = load64(data, end - 8) * m
    d = load64(data, end - 16) * K2
    y = ror(a + b, 43) + ror(c, 30) + d
    z = mix64(y, a + ror(b + K2, 18) + c, m)
    if n <= 32:
        return z
    e = load64(data, start + 16) * m
    f = load64(data, start + 24)
    g = (y + load64(data, end - 32)) * m
    h = (z + load64(data, end - 24)) * m
    return mix64(ror(e + f, 43) + ror(g, 30) + h, e + ror(f + a, 18) + g, m)


@helper
def _weak(data: Any, s: Any, p: Any, r: Any) -> Any:
    p += load64(data, s)
    r = ror(r + p + load64(data, s + 24), 21)
    c = p
    p += load64(data, s + 8) + load64(data, s + 16)
    r += ror(p, 44)
    return p + load64(data, s + 24), r + c


@helper
def _step(data: Any, s: Any, x: Any, y: Any, z: Any, v0: Any, v1: Any, w0: Any, w1: Any, m: Any, nine: Any) -> Any:
    x = ror(x + y + v0 + load64(data, s + 8), 37) * m
    y = ror(y + v1 + load64(data, s + 48), 42) * m
    x ^= w1 * nine
    y += v0 * nine + load64(data, s + 40)
    z = ror(z + w0, 33) * m
    v0, v1 = _weak(data, s, v1 * m, x + w0)
    w0, w1 = _weak(data, s + 32, z + w1, y + load64(data, s + 16))
    return z, y, x, v0, v1, w0, w1


@helper
def _farm_long(data: Any, start: Any, n: Any) -> Any:
    one = np.uint64(1)
    x = np.uint64(81) * K2 + load64(data, start)
    y = np.uint64(81) * K1 + np.uint64(113)
    z = sm(y * K2 + np.uint64(113)) * K2
    v0, v1, w0, w1 = _ZERO, _ZERO, _ZERO, _ZERO
    for i in range((n - 1) >> 6):
        x, y, z, v0, v1, w0, w1 = _step(data, start + 64 * i, x, y, z, v0, v1, w0, w1, K1, one)
    m = K1 + _TWO * (z & np.uint64(255))
    w0 += np.uint64((n - 1) & 63)
    v0 += w0
    w0 += v0
    x, y, z, v0, v1, w0, w1 = _step(data, start + n - 64, x, y, z, v0, v1, w0, w1, m, _NINE)
    return mix64(mix64(v0, w0, m) + sm(y) * K0 + z, mix64(v1, w1, m) + x, m)


@helper
def farm(data: Any, start: Any, n: Any) -> Any:
    """Return FarmHash Fingerprint64 of the n bytes of data from start on."""
    if n <= 16:
        return _farm16(data, start, n)
    if n <= 64:
        return _farm64(data, start, n)
    return _farm_long(data, start, n)
