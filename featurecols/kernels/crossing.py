"""Crosses: one hash of several parts for each row, and the product of several lists for each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from featurecols import errors
from featurecols._core import arrays, memory_limit
from featurecols._core.arrays import Array
from featurecols.kernels.compiler import (
    BOOL,
    I32,
    I64,
    NO_VALID,
    U32,
    U64,
    flags,
    helper,
    kernel,
    longs,
    read,
    stack,
    words,
    write,
)
from featurecols.kernels.hash_scalar import final32, mix32, modulo32, modulo64, sm

INT32_MAX = 2**31 - 1
FARM_SEED = 956888297470  # the start of a cross in TensorFlow without a hash_key
_CAT = np.uint64(0xC6A4A7935BD1E995)
_BLOCK, _0 = np.uint64(512), np.uint64(0)
_words, _longs = stack((512,), U32), stack((512,), U64)
_WHO, _HINT = "the product of the lists of a cross", "cross fewer lists, or shorter ones"
_MOST = 2**40  # more combinations than any memory holds


@helper
def cat64(a: Any, b: Any) -> Any:
    """Combine two fingerprints as FarmHash does; the result is not symmetric."""
    r = (a ^ _CAT) ^ (sm(b * _CAT) * _CAT)
    r = sm(r * _CAT) * _CAT
    return sm(r)


@kernel({4: (read(I64), read(I64), BOOL, U32, U64, write(I32))})
def _MURMUR(parts: Any, valid: Any, keep: Any, seed: Any, n: Any, out: Any) -> Any:
    inverse = np.uint64(0xFFFFFFFF) // n
    state = _words()
    count, k = np.uint64(len(out)), np.uint64(len(parts))
    for base in range(_0, count, _BLOCK):  # loops count in uint64: numba wraps signed indices around
        rows = min(_BLOCK, count - base)
        for i in range(_0, rows):
            state[i] = seed
        for j in range(_0, k):
            part = words(parts[j], count)
            if valid[j]:
                there = flags(valid[j], count)
                for i in range(_0, rows):
                    state[i] = mix32(state[i], part[base + i] if there[base + i] else np.uint32(0xFFFFFFFF))
            else:
                for i in range(_0, rows):
                    state[i] = mix32(state[i], part[base + i])
        for i in range(_0, rows):
            out[base + i] = np.int32(modulo32(final32(state[i], 4 * k), n, inverse))
        if not keep:
            _blank(valid, base, rows, out)


@kernel({size: (read(I64), read(I64), BOOL, U64, U64, write(to)) for size, to in ((4, I32), (8, I64))})
def _FARM(parts: Any, valid: Any, keep: Any, seed: Any, n: Any, out: Any) -> Any:
    inverse = np.uint64(0xFFFFFFFFFFFFFFFF) // n
    state = _longs()
    count, k = np.uint64(len(out)), np.uint64(len(parts))
    for base in range(_0, count, _BLOCK):  # loops count in uint64: numba wraps signed indices around
        rows = min(_BLOCK, count - base)
        for i in range(_0, rows):
            state[i] = seed
        for j in range(_0, k):
            part = longs(parts[j], count)
            if valid[j]:
                there = flags(valid[j], count)
                for i in range(_0, rows):
                    state[i] = cat64(state[i], part[base + i] if there[base + i] else np.uint64(0xFFFFFFFFFFFFFFFF))
            else:
                for i in range(_0, rows):
                    state[i] = cat64(state[i], part[base + i])
        for i in range(_0, rows):
            out[base + i] = np.int64(modulo64(state[i], n, inverse))
        if not keep:
            _blank(valid, base, rows, out)


@helper
def _blank(valid: Any, base: Any, rows: Any, out: Any) -> None:
    for j in range(_0, np.uint64(len(valid))):
        if valid[j]:
            there = flags(valid[j], np.uint64(len(out)))
            for i in range(_0, rows):
                out[base + i] = out[base + i] if there[base + i] else -1


@kernel({8: (read(I64, 2), I64, write(I64))})
def _SIZES(offsets: Any, total: Any, out: Any) -> Any:
    """Fill the offsets of the products; returns 0, or 1 for offsets outside the parts, 2 for too many combinations."""
    out[0] = 0
    for i in range(len(out) - 1):
        size = 1.0
        for j in range(offsets.shape[0]):
            start, stop = offsets[j, i], offsets[j, i + 1]
            if start < 0 or stop < start or stop > total:
                return 1
            size *= stop - start
        if out[i] + size > _MOST:
            return 2
        out[i + 1] = out[i] + np.int64(size)
    return 0


@kernel({4: (read(U32), read(BOOL), read(I64, 2), BOOL, U32, U64, read(I64), write(I64), write(U32), write(BOOL), write(I32))})
def _MURMUR_LISTS(
    parts: Any, valid: Any, offsets: Any, keep: Any, seed: Any, n: Any, rows: Any, at: Any, state: Any, known: Any, out: Any
) -> Any:
    inverse = np.uint64(0xFFFFFFFF) // n
    k = offsets.shape[0]
    state[0], known[0] = seed, True
    for i in range(len(rows) - 1):
        level = 0  # the outermost part whose element changed: all levels from here on are hashed anew
        for j in range(k):
            at[j] = offsets[j, i]
        for p in range(rows[i], rows[i + 1]):
            for j in range(level, k):
                there = len(valid) == 0 or valid[at[j]]
                known[j + 1] = known[j] and (there or keep)
                state[j + 1] = mix32(state[j], parts[at[j]] if there else np.uint32(0xFFFFFFFF))
            out[p] = np.int32(modulo32(final32(state[k], 4 * k), n, inverse)) if known[k] else -1
            level = _advance(at, offsets, i)


@kernel(
    {
        size: (read(U64), read(BOOL), read(I64, 2), BOOL, U64, U64, read(I64), write(I64), write(U64), write(BOOL), write(to))
        for size, to in ((4, I32), (8, I64))
    }
)
def _FARM_LISTS(
    parts: Any, valid: Any, offsets: Any, keep: Any, seed: Any, n: Any, rows: Any, at: Any, state: Any, known: Any, out: Any
) -> Any:
    inverse = np.uint64(0xFFFFFFFFFFFFFFFF) // n
    k = offsets.shape[0]
    state[0], known[0] = seed, True
    for i in range(len(rows) - 1):
        level = 0
        for j in range(k):
            at[j] = offsets[j, i]
        for p in range(rows[i], rows[i + 1]):
            for j in range(level, k):
                there = len(valid) == 0 or valid[at[j]]
                known[j + 1] = known[j] and (there or keep)
                state[j + 1] = cat64(state[j], parts[at[j]] if there else np.uint64(0xFFFFFFFFFFFFFFFF))
            out[p] = np.int64(modulo64(state[k], n, inverse)) if known[k] else -1
            level = _advance(at, offsets, i)


@helper
def _advance(at: Any, offsets: Any, i: Any) -> Any:
    """Step to the next combination of row i, the last part fastest; returns the outermost part that moved."""
    j = len(at) - 1
    while j >= 0:
        at[j] += 1
        if at[j] < offsets[j, i + 1]:
            return j
        at[j] = offsets[j, i]
        j -= 1
    return 0


def _start(seed: int, farm: bool) -> int:
    return (seed or FARM_SEED) & 0xFFFFFFFFFFFFFFFF if farm else seed & 0xFFFFFFFF


def cross(
    parts: Sequence[Array],
    valid: Sequence[Array | None] | None,
    seed: int,
    num_buckets: int,
    farm: bool = False,
    keep_unseen: bool = False,
) -> Array:
    """Return the bucket of each row's parts: int32 [n] (int64 when num_buckets passes 2^31-1), -1 where a part is not valid.

    parts: k arrays [n]; murmur scheme: uint32, the hash of the k little-endian words; farm scheme: uint64, combined
    in order from the seed (0 means TensorFlow's default key). valid: bool [n] of each, None where all are. With keep_unseen
    a part that is not valid enters as all ones.

    >>> cross(np.array([[7], [9]], np.uint32), None, 0, 1000)  # mmh3.hash(struct.pack("<2I", 7, 9), 0, False) % 1000
    array([592], dtype=int32)
    """
    rows, parts = len(parts[0]), [np.ascontiguousarray(part) for part in parts]
    masks = [None] * len(parts) if valid is None else [v if v is None else np.ascontiguousarray(v) for v in valid]
    out = arrays.empty(rows, np.int32 if num_buckets <= INT32_MAX else np.int64)
    there = np.zeros(len(parts), np.int64)
    for j, mask in enumerate(masks):
        if mask is not None:
            there[j] = arrays.addresses([mask], np.bool_, rows)[0]
    run = (_FARM if farm else _MURMUR)[out.itemsize]
    run(
        arrays.addresses(parts, np.uint64 if farm else np.uint32, rows),
        there,
        keep_unseen,
        _start(seed, farm),
        num_buckets,
        out,
    )
    return out


def cross_lists(
    parts: Array,
    valid: Array | None,
    offsets: Array,
    seed: int,
    num_buckets: int,
    farm: bool = False,
    keep_unseen: bool = False,
) -> tuple[Array, Array]:
    """Return the product of the lists of each row, the last part fastest: values [m], offsets int64 [n + 1].

    parts [total] holds the elements of all parts; part j of row i is parts[offsets[j, i]:offsets[j, i + 1]], offsets
    int64 [k, n + 1]. An empty list gives an empty product; a combination with an invalid part gives -1,
    or with keep_unseen the part enters as all ones.
    """
    assert valid is None or valid.shape == parts.shape
    rows = np.empty(max(offsets.shape[1], 1), np.int64)
    code = _SIZES[8](offsets, len(parts), rows)
    if code == 1:
        raise errors.bad_value("cross", None, None, "list offsets point outside the elements", "a damaged array", "validate it")
    dtype = np.int32 if num_buckets <= INT32_MAX else np.int64
    if code == 2:
        raise errors.too_big(_WHO, _MOST * np.dtype(dtype).itemsize, 0, _HINT)
    memory_limit.check(_WHO, int(rows[-1]) * np.dtype(dtype).itemsize, _HINT)
    out = np.empty(int(rows[-1]), dtype)
    run = (_FARM_LISTS if farm else _MURMUR_LISTS)[out.itemsize]
    k = len(offsets)
    scratch = np.empty(k, np.int64), np.empty(k + 1, parts.dtype), np.empty(k + 1, np.bool_)
    valid = NO_VALID if valid is None else valid
    run(parts, valid, offsets, keep_unseen, _start(seed, farm), num_buckets, rows, *scratch, out)
    return out, rows
