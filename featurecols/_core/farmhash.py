"""FarmHash's Fingerprint64 in plain Python, for single values, as TensorFlow's string hashing and crosses use it.

All arithmetic is modulo 2^64 over little-endian words. The kernels compute the same for arrays.
"""

from __future__ import annotations

from struct import Struct

_M = 0xFFFFFFFFFFFFFFFF
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_CAT = 0xC6A4A7935BD1E995
_ONE = Struct("<Q").unpack_from
_TWO = Struct("<2Q").unpack_from
_HALF = Struct("<I").unpack_from
_BLOCK = Struct("<8Q").unpack_from
_Words = tuple[int, ...]


def fingerprint64(data: bytes) -> int:
    """Fingerprint64 of the bytes, an integer from 0 to 2^64-1.

    >>> fingerprint64(b"a")
    12917804110809363939
    """
    n = len(data)
    if n > 64:
        return _long(data, n)
    if n > 16:
        return _medium(data, n)
    if n >= 8:
        m = _K2 + 2 * n
        a = _ONE(data)[0] + _K2 & _M
        b = _ONE(data, n - 8)[0]
        u = ((b >> 37 | b << 27) & _M) * m + a & _M
        return _mix(u, (((a >> 25 | a << 39) & _M) + b) * m & _M, m)
    if n >= 4:
        return _mix(n + (_HALF(data)[0] << 3), _HALF(data, n - 4)[0], _K2 + 2 * n)
    if n:
        h = ((data[0] + (data[n >> 1] << 8)) * _K2 ^ (n + (data[n - 1] << 2)) * _K0) & _M
        return (h ^ h >> 47) * _K2 & _M
    return _K2


def combine(a: int, b: int) -> int:
    """Return the fingerprint of a pair of fingerprints (integers from 0 to 2^64-1); not symmetric.

    >>> combine(956888297470, fingerprint64(b"a")) % 1000
    915
    """
    k = b * _CAT & _M
    r = (a ^ _CAT ^ (k ^ k >> 47) * _CAT & _M) * _CAT & _M
    r = (r ^ r >> 47) * _CAT & _M
    return r ^ r >> 47


def _mix(u: int, v: int, m: int) -> int:
    a = (u ^ v) * m & _M
    b = (v ^ a ^ a >> 47) * m & _M
    return (b ^ b >> 47) * m & _M


def _ror(v: int, k: int) -> int:
    v &= _M
    return (v >> k | v << 64 - k) & _M


def _medium(data: bytes, n: int) -> int:
    """17 to 64 bytes: both forms begin alike."""
    m = _K2 + 2 * n
    first, b = _TWO(data)
    before, last = _TWO(data, n - 16)
    a = first * (_K1 if n <= 32 else _K2)
    y = _ror(a + b, 43) + _ror(last * m, 30) + before * _K2 & _M
    z = _mix(y, a + _ror(b + _K2, 18) + last * m & _M, m)
    if n <= 32:
        return z
    e, f = _TWO(data, 16)
    g, h = _TWO(data, n - 32)
    e *= m
    g = (y + g) * m
    h = (z + h) * m
    return _mix(_ror(e + f, 43) + _ror(g, 30) + h & _M, e + _ror(f + a, 18) + g & _M, m)


def _weak(q: _Words, p: int, r: int) -> tuple[int, int]:
    c = p + q[0]
    r = _ror(r + c + q[3], 21)
    p = c + q[1] + q[2]
    return p + q[3] & _M, r + _ror(p, 44) + c & _M


def _step(q: _Words, x: int, y: int, z: int, v: tuple[int, int], w: tuple[int, int], m: int, times: int) -> tuple[
    int, int, int, tuple[int, int], tuple[int, int]
]:  # fmt: skip
    x = _ror(x + y + v[0] + q[1], 37) * m & _M
    y = _ror(y + v[1] + q[6], 42) * m
    x ^= w[1] * times & _M
    y = y + v[0] * times + q[5] & _M
    z = _ror(z + w[0], 33) * m & _M
    v = _weak(q, v[1] * m, x + w[0])
    w = _weak(q[4:], z + w[1], y + q[2])
    return z, y, x, v, w


def _long(data: bytes, n: int) -> int:
    x = 81 * _K2 + _ONE(data)[0]
    y = 81 * _K1 + 113 & _M
    z = y * _K2 + 113 & _M
    z = (z ^ z >> 47) * _K2 & _M
    v = w = (0, 0)
    for at in range(0, n - 1 & ~63, 64):
        x, y, z, v, w = _step(_BLOCK(data, at), x, y, z, v, w, _K1, 1)
    m = _K1 + 2 * (z & 255)
    w0 = w[0] + (n - 1 & 63)
    v0 = v[0] + w0
    x, y, z, v, w = _step(_BLOCK(data, n - 64), x, y, z, (v0, v[1]), (w0 + v0, w[1]), m, 9)
    first = _mix(v[0], w[0], m) + (y ^ y >> 47) * _K0 + z & _M
    return _mix(first, _mix(v[1], w[1], m) + x & _M, m)
