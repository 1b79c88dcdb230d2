"""Ids of many texts: hashes and hash buckets, and ids of distinct texts, spread to rows by their codes.

The hashes are MurmurHash3 x86 32-bit and FarmHash's Fingerprint64; their arithmetic is in `hash_scalar` and `hash_simd`. A
text is data[offsets[i]:offsets[i + 1]]; offsets are int32 or int64 and need not start at 0. Nothing outside `data` is ever
read; offsets that point there are an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core import arrays
from featurecols._core.arrays import Array, Texts
from featurecols.kernels.compiler import BOOL, I32, I64, NO_VALID, U8, U32, U64, damaged, kernel, read, stack, write
from featurecols.kernels.hash_scalar import farm, modulo32, modulo64, murmur
from featurecols.kernels.hash_simd import LANES, SHORT, even, farm_lanes, measure, murmur_lanes

INT32_MAX = 2**31 - 1


_0, _1 = np.uint64(0), np.uint64(1)
_starts, _sizes = stack((LANES,), I64), stack((LANES,), I32)
_word, _long, _longs = stack((LANES,), U32), stack((LANES,), U64), stack((4, LANES), U64)


@kernel({size: (read(of), read(U8), read(BOOL), U32, U64, write(I32)) for size, of in ((4, I32), (8, I64))})
def _MURMUR(offsets: Any, data: Any, valid: Any, seed: Any, n: Any, out: Any) -> Any:
    total, count = len(data), np.uint64(len(out))
    inverse = np.uint64(0xFFFFFFFF) // n if n else n
    starts, sizes, word, h = _starts(), _sizes(), _word(), _word()
    for base in range(_0, count, LANES):
        rows = min(LANES, count - base)
        longest = np.int64(-1)
        if rows == LANES:
            shortest, longest = measure(offsets, base, total, even(offsets, base), starts, sizes)
        if longest >= 0:
            murmur_lanes(data, starts, sizes, shortest, longest, seed, word, h)
        else:
            for i in range(_0, rows):
                start, stop = np.int64(offsets[base + i]), np.int64(offsets[base + i + _1])
                if start < 0 or stop < start or stop > total:
                    return np.int64(base + i)
                h[i] = murmur(data, start, stop, total, seed)
        for i in range(_0, rows):
            out[base + i] = np.int32(modulo32(h[i], n, inverse) if n else h[i])
        if len(valid):
            for i in range(base, base + rows):
                out[i] = out[i] if valid[i] else -1
    return np.int64(-1)


@kernel(
    {
        (size, out): (read(of), read(U8), read(BOOL), U64, write(to))
        for size, of in ((4, I32), (8, I64))
        for out, to in ((4, I32), (8, I64))
    }
)
def _FARM(offsets: Any, data: Any, valid: Any, n: Any, out: Any) -> Any:
    total, count = len(data), np.uint64(len(out))
    inverse = np.uint64(0xFFFFFFFFFFFFFFFF) // n if n else n
    starts, sizes, words, h = _starts(), _sizes(), _longs(), _long()
    for base in range(_0, count, LANES):
        rows = min(LANES, count - base)
        longest = np.int64(-1)
        if rows == LANES:
            shortest, longest = measure(offsets, base, total, SHORT, starts, sizes)
        if longest >= 0:
            farm_lanes(data, starts, sizes, shortest, longest, words, h)
        else:
            for i in range(_0, rows):
                start, stop = np.int64(offsets[base + i]), np.int64(offsets[base + i + _1])
                if start < 0 or stop < start or stop > total:
                    return np.int64(base + i)
                h[i] = farm(data, start, stop - start)
        for i in range(_0, rows):
            out[base + i] = np.int64(modulo64(h[i], n, inverse) if n else h[i])
        if len(valid):
            for i in range(base, base + rows):
                out[i] = out[i] if valid[i] else -1
    return np.int64(-1)


def buckets(texts: Texts, hash: str, seed: int, num_buckets: int) -> Array:
    """Return the bucket of each text by "murmur3" or "farmhash64", which takes no seed: [k], -1 where it is missing."""
    if hash == "farmhash64":
        return farmhash64_buckets(texts.offsets, texts.data, texts.valid, num_buckets)
    return murmur3_buckets(texts.offsets, texts.data, texts.valid, seed, num_buckets)


def murmur3(offsets: Array, data: Array, seed: int, modulo: int = 0) -> Array:
    """Return MurmurHash3 x86 32-bit of each text: uint32 [k], mmh3.hash(text, seed, signed=False); modulo a number below 2^31.

    >>> murmur3(np.array([0, 5]), np.frombuffer(b"hello", np.uint8), 0)
    array([613153351], dtype=uint32)
    """
    out = arrays.empty(max(len(offsets) - 1, 0), np.int32)
    _checked(_MURMUR[offsets.dtype.itemsize](offsets, data, NO_VALID, seed & 0xFFFFFFFF, modulo, out))
    return out.view(np.uint32)


def murmur3_buckets(offsets: Array, data: Array, valid: Array | None, seed: int, num_buckets: int) -> Array:
    """Return murmur3 modulo num_buckets (at most 2^31-1): int32 [k], -1 where valid is False."""
    out = arrays.empty(max(len(offsets) - 1, 0), np.int32)
    assert valid is None or len(valid) == len(out)
    valid = NO_VALID if valid is None else valid
    _checked(_MURMUR[offsets.dtype.itemsize](offsets, data, valid, seed & 0xFFFFFFFF, num_buckets, out))
    return out


def farmhash64(offsets: Array, data: Array) -> Array:
    """Return FarmHash Fingerprint64 of each text: uint64 [k], tf.strings.to_hash_bucket_fast without its modulo.

    >>> farmhash64(np.array([0, 1]), np.frombuffer(b"a", np.uint8))
    array([12917804110809363939], dtype=uint64)
    """
    out = arrays.empty(max(len(offsets) - 1, 0), np.int64)
    _checked(_FARM[offsets.dtype.itemsize, 8](offsets, data, NO_VALID, 0, out))
    return out.view(np.uint64)


def farmhash64_buckets(offsets: Array, data: Array, valid: Array | None, num_buckets: int) -> Array:
    """Return farmhash64 modulo num_buckets: int32 [k] (int64 when num_buckets passes 2^31-1), -1 where valid is False."""
    out = arrays.empty(max(len(offsets) - 1, 0), np.int32 if num_buckets <= INT32_MAX else np.int64)
    assert valid is None or len(valid) == len(out)
    valid = NO_VALID if valid is None else valid
    _checked(_FARM[offsets.dtype.itemsize, out.itemsize](offsets, data, valid, num_buckets, out))
    return out


def _checked(bad: int) -> None:
    if bad >= 0:
        raise damaged(bad)


@kernel({size: (read(of), read(I32), write(of)) for size, of in ((4, I32), (8, I64))})
def _GATHER(table: Any, codes: Any, out: Any) -> None:
    size = np.uint32(len(table))
    if size == 0:
        out[:] = -1
        return
    for i in range(len(codes)):
        code = np.uint32(codes[i])  # a negative code becomes a large one: a single comparison
        known = code < size
        value = table[code if known else 0]
        out[i] = value if known else -1


def gather(table: Array, codes: Array) -> Array:
    """Return table[codes] with -1 where a code is negative (or past the table): [m] of the table's dtype.

    table int32 or int64 [k], codes int32 [m].

    >>> gather(np.array([10, 20], np.int32), np.array([1, -1, 0], np.int32))
    array([20, -1, 10], dtype=int32)
    """
    out = arrays.empty(len(codes), table.dtype)
    _GATHER[table.itemsize](table, codes, out)
    return out
