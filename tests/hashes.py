"""Hashes of bytes and of crosses in plain Python: docs/ids.md as code. Nothing comes from the package."""

from __future__ import annotations

import struct
from typing import Any

import mmh3

M64 = 2**64 - 1
K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
CROSS_MUL, CROSS_SEED = 0xC6A4A7935BD1E995, 0xDECAFCAFFE


def murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3_x86_32, unsigned, in full."""
    h, n = seed & 0xFFFFFFFF, len(data)

    def scramble(k: int) -> int:
        k = k * 0xCC9E2D51 & 0xFFFFFFFF
        k = (k << 15 | k >> 17) & 0xFFFFFFFF
        return k * 0x1B873593 & 0xFFFFFFFF

    for i in range(0, n - 3, 4):
        h ^= scramble(int.from_bytes(data[i : i + 4], "little"))
        h = (h << 13 | h >> 19) & 0xFFFFFFFF
        h = (h * 5 + 0xE6546B64) & 0xFFFFFFFF
    h ^= scramble(int.from_bytes(data[n - n % 4 :], "little"))
    h ^= n & 0xFFFFFFFF
    h = (h ^ h >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return h ^ h >> 16


def _ror(v: int, k: int) -> int:
    v &= M64
    return (v >> k | v << (64 - k)) & M64


def _sm(v: int) -> int:
    v &= M64
    return v ^ v >> 47


def _mix(u: int, v: int, m: int) -> int:
    a = _sm((u ^ v) * m)
    return _sm((v ^ a) * m) * m & M64


def farmhash64(s: bytes) -> int:
    """FarmHash Fingerprint64 (farmhashna::Hash64)."""
    n = len(s)

    def q(i: int) -> int:
        i += n if i < 0 else 0
        return int.from_bytes(s[i : i + 8], "little")

    def d(i: int) -> int:
        i += n if i < 0 else 0
        return int.from_bytes(s[i : i + 4], "little")

    m = K2 + 2 * n & M64
    if n == 0:
        return K2
    if n <= 3:
        return _sm((s[0] + s[n // 2] * 256) * K2 ^ (n + s[n - 1] * 4) * K0) * K2 & M64
    if n <= 7:
        return _mix(n + d(0) * 8, d(-4), m)
    if n <= 16:
        a, b = q(0) + K2 & M64, q(-8)
        return _mix((_ror(b, 37) * m + a) & M64, (_ror(a, 25) + b) * m & M64, m)
    if n <= 64:
        a, b, c, e = q(0) * (K1 if n <= 32 else K2) & M64, q(8), q(-8) * m & M64, q(-16) * K2 & M64
        y = _ror(a + b, 43) + _ror(c, 30) + e & M64
        z = _mix(y, a + _ror(b + K2, 18) + c & M64, m)
        if n <= 32:
            return z
        e, f, g, h = q(16) * m & M64, q(24), (y + q(-32)) * m & M64, (z + q(-24)) * m & M64
        return _mix(_ror(e + f, 43) + _ror(g, 30) + h & M64, e + _ror(f + a, 18) + g & M64, m)
    return _farmhash64_long(q, n)


def _farmhash64_long(q: Any, n: int) -> int:
    x, y = 81 * K2 + q(0) & M64, 81 * K1 + 113 & M64
    z = _sm(y * K2 + 113) * K2 & M64
    v, w = (0, 0), (0, 0)

    def weak(s: int, p: int, r: int) -> tuple[int, int]:
        p = p + q(s) & M64
        r, c = _ror(r + p + q(s + 24), 21), p
        p = p + q(s + 8) + q(s + 16) & M64
        return p + q(s + 24) & M64, r + _ror(p, 44) + c & M64

    def step(s: int, mul: int, times: int) -> None:
        nonlocal x, y, z, v, w
        x = _ror(x + y + v[0] + q(s + 8), 37) * mul & M64
        y = _ror(y + v[1] + q(s + 48), 42) * mul & M64
        x ^= times * w[1] & M64
        y = y + times * v[0] + q(s + 40) & M64
        z = _ror(z + w[0], 33) * mul & M64
        v = weak(s, v[1] * mul, x + w[0])
        w = weak(s + 32, z + w[1], y + q(s + 16))
        x, z = z, x

    for s in range(0, (n - 1) // 64 * 64, 64):
        step(s, K1, 1)
    mul = K1 + 2 * (z & 255) & M64
    w = (w[0] + ((n - 1) & 63) & M64, w[1])
    v = (v[0] + w[0] & M64, v[1])
    w = (w[0] + v[0] & M64, w[1])
    step(n - 64, mul, 9)
    return _mix(_mix(v[0], w[0], mul) + _sm(y) * K0 + z & M64, _mix(v[1], w[1], mul) + x & M64, mul)


def combine(a: int, b: int) -> int:
    """TensorFlow's FingerprintCat64."""
    r = a ^ CROSS_MUL
    r = (r ^ _sm(b * CROSS_MUL) * CROSS_MUL) * CROSS_MUL & M64
    r = _sm(r) * CROSS_MUL & M64
    return _sm(r)


def bucket_of(data: bytes, num_buckets: int, hash: str = "murmur3", seed: int = 0) -> int:
    return (mmh3.hash(data, seed, signed=False) if hash == "murmur3" else farmhash64(data)) % num_buckets


def cross_of(parts: list[int | None], num_buckets: int, hash: str = "murmur3", seed: int = 0, keep_unseen: bool = False) -> int:
    """Id of one combination; a part is a hash or an id, None where there is none."""
    if None in parts and not keep_unseen:
        return -1
    if hash == "murmur3":
        packed = struct.pack(f"<{len(parts)}I", *(0xFFFFFFFF if p is None else p & 0xFFFFFFFF for p in parts))
        return mmh3.hash(packed, seed, signed=False) % num_buckets
    h = (seed or CROSS_SEED) & M64
    for p in parts:
        h = combine(h, M64 if p is None else p & M64)
    return h % num_buckets
