"""Kernels of the term table: an open-addressing table that owns its bytes and counts.

Entry i has the text data[offsets[i]:offsets[i + 1]] and counts[i]; `data` has 8 spare bytes at its end, so that a word
may be loaded anywhere. A slot holds the high half of a text's hash and i + 1; the position of a slot is the top of the hash,
so that a larger table is filled from the slots alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import BOOL, I32, I64, U8, U64, helper, kernel, load64, read, stack, write
from featurecols.kernels.lookup import _hash, _same

DAMAGED = -1  # the given offsets lie outside the data

_HIGH, _INDEX = np.uint64(0xFFFFFFFF00000000), np.uint64(0xFFFFFFFF)
_0, _1 = np.uint64(0), np.uint64(1)
_BLOCK = 64  # texts whose reads are overlapped
_NEAR = 2**13  # slots of a table that lies in the cache
_block = stack((_BLOCK,), U64)
_FEW, _RECENT, _TO_RECENT = 64, np.uint64(256), np.uint64(64 - 8)  # of so few texts, short ones are recognized unhashed
_ODD = np.uint64(0x9E3779B97F4A7C15)
_recent, _numbers = stack((_RECENT,), U64), stack((_RECENT,), I32)


@kernel({0: (read(I32), write(I64))})
def tally(codes: Any, counts: Any) -> Any:
    """Count codes; negative ones are missing. Returns DAMAGED for a code outside counts."""
    for i in range(len(codes)):
        code = codes[i]
        if code >= 0:
            if code >= len(counts):
                return DAMAGED
            counts[code] += 1
    return len(codes)


@kernel({0: (read(I64), read(I64), write(I64), write(I64))})
def tally_rows(ids: Any, offsets: Any, last: Any, counts: Any) -> None:
    """Count in how many rows each id stands; negative ids stand in none.

    Row i is ids[offsets[i]:offsets[i + 1]]; ids are below len(counts). last: zeros, as many as counts.
    """
    for i in range(len(offsets) - 1):
        for k in range(offsets[i], offsets[i + 1]):
            if ids[k] >= 0 and last[ids[k]] != i + 1:
                last[ids[k]] = i + 1
                counts[ids[k]] += 1


@helper
def _find(slots: Any, h: Any, shift: Any, mask: Any, offsets: Any, data: Any, text: Any, start: Any, n: Any) -> Any:
    """Return the slot of a text, or the empty slot where it belongs."""
    slot = h >> shift
    while slots[slot] != _0:
        if (slots[slot] ^ h) & _HIGH == _0:
            i = np.int64(slots[slot] & _INDEX) - 1
            if offsets[i + 1] - offsets[i] == n and _same(text, start, n, data, offsets[i]):
                break
        slot = (slot + _1) & mask
    return slot


@helper
def _hash_block(texts: Any, text: Any, block: Any, secret: Any, hashes: Any) -> Any:
    """Hash the texts from number `block` on and return how many these are, at most _BLOCK; DAMAGED where one lies outside."""
    size = min(_BLOCK, len(texts) - 1 - block)
    for j in range(size):
        start, stop = np.int64(texts[block + j]), np.int64(texts[block + j + 1])
        if start < 0 or stop < start or stop > len(text):
            return DAMAGED
        hashes[j] = _hash(text, start, stop - start, secret)
    return size


@helper
def _enter(slots: Any, slot: Any, h: Any, number: Any, offsets: Any, data: Any, text: Any, start: Any, n: Any) -> None:
    """Make a text entry `number` of a table that has room for it."""
    end = offsets[number]
    for k in range(n):
        data[end + k] = text[start + k]
    slots[slot] = (h & _HIGH) | np.uint64(number + 1)
    offsets[number + 1] = end + n


@helper
def _short_text(text: Any, start: Any, n: Any) -> Any:
    """Return the bytes of a text of at most 7 with its size, as one word; 0 for a longer one, and for one of the last few."""
    if n > 7 or start + 8 > len(text):
        return _0
    return (load64(text, start) & ((_1 << np.uint64(8 * n)) - _1)) | np.uint64(n + 1) << np.uint64(56)


@helper
def _place_of(word: Any) -> Any:
    """Return where a short text is among the recent ones."""
    return (word * _ODD) >> _TO_RECENT


@helper
def _touch(hashes: Any, where: Any, size: Any, shift: Any, slots: Any, offsets: Any, counts: Any, data: Any) -> Any:
    """Read what a block of texts will need from a table larger than the cache, so that these reads overlap."""
    for j in range(size):
        where[j] = slots[hashes[j] >> shift]
    for j in range(size):
        entry = where[j]
        where[j] = (entry & _INDEX) - _1 if entry != _0 and (entry ^ hashes[j]) & _HIGH == _0 else _0
    total = 0
    for j in range(size):
        total += counts[where[j]]
        where[j] = np.uint64(offsets[where[j]])
    for j in range(size):
        total += data[where[j]]
    return total


_TABLE = (U64, write(U64), write(I64), write(I64), write(U8))


@kernel({0: (read(I64), read(U8), read(BOOL), read(I64), I64, read(U64), *_TABLE, write(I64))})
def add(
    texts: Any, text: Any, valid: Any, weights: Any, at: Any, secret: Any, shift: Any,
    slots: Any, offsets: Any, counts: Any, data: Any, status: Any,
) -> Any:  # fmt: skip
    """Add texts from number `at` on, each weighted by its count (1 without weights); returns where it stopped.

    It stops early when one more entry or its bytes would not fit. status: [entries, bytes that are missing, unspecified].
    """
    used, mask, space = status[0], np.uint64(len(slots) - 1), len(data) - 8
    hashes, where = _block(), _block()
    recent, numbers = _recent(), _numbers()  # of short texts, by their bytes and size
    for i in range(_0, _RECENT):
        recent[i] = _0
    block = at
    while block < len(texts) - 1:
        size = _hash_block(texts, text, block, secret, hashes)
        if size < 0:
            return DAMAGED
        if len(slots) > _NEAR:
            status[2] += _touch(hashes, where, size, shift, slots, offsets, counts, data)
        for j in range(size):
            i = block + j
            if (len(valid) and not valid[i]) or (len(weights) and weights[i] == 0):
                continue
            h, start, n = hashes[j], np.int64(texts[i]), np.int64(texts[i + 1]) - np.int64(texts[i])
            slot = _find(slots, h, shift, mask, offsets, data, text, start, n)
            if slots[slot] == _0:
                end = offsets[used]
                if used == len(counts) or end + n > space:
                    status[0], status[1] = used, max(end + n - space, 0)
                    return i
                _enter(slots, slot, h, used, offsets, data, text, start, n)
                counts[used] = 0
                used += 1
            number = np.int64(slots[slot] & _INDEX) - 1
            counts[number] += weights[i] if len(weights) else 1
            if used <= _FEW:
                word = _short_text(text, start, n)
                recent[_place_of(word)], numbers[_place_of(word)] = word, np.int32(number)
        block += size
        if used <= _FEW and len(weights) == 0:
            while block < len(texts) - 1:
                start, n = np.int64(texts[block]), np.int64(texts[block + 1]) - np.int64(texts[block])
                if n < 0 or start < 0 or (len(valid) and not valid[block]):
                    break
                word = _short_text(text, start, n)
                if word == _0 or recent[_place_of(word)] != word:
                    break
                counts[np.int64(numbers[_place_of(word)])] += 1
                block += 1
    status[0], status[1] = used, 0
    return len(texts) - 1


@kernel({0: (read(U64), U64, write(U64))})
def regrow(slots: Any, shift: Any, larger: Any) -> Any:
    """Put all entries of `slots` into `larger`, an empty table."""
    mask = np.uint64(len(larger) - 1)
    for i in range(len(slots)):
        if slots[i] != _0:
            slot = (slots[i] & _HIGH) >> shift
            while larger[slot] != _0:
                slot = (slot + _1) & mask
            larger[slot] = slots[i]


@kernel({0: (read(I64), read(U8), read(I32), write(I64), write(U8))})
def take(offsets: Any, data: Any, order: Any, out_offsets: Any, out: Any) -> Any:
    """Take texts by number: fill out_offsets [len(order) + 1] after its first, and `out` with bytes unless it is empty."""
    for i in range(len(order)):
        start, end = offsets[order[i]], out_offsets[i]
        n = offsets[order[i] + 1] - start
        out_offsets[i + 1] = end + n
        if len(out):
            for j in range(n):
                out[end + j] = data[start + j]
