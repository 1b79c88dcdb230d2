"""Pages of Parquet: headers (Thrift's compact protocol), runs of levels and codes, plain texts.

Whatever is not as the format says gives DAMAGED and no wild read: the caller then asks another reader for its words.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import BOOL, I32, I64, U8, helper, kernel, load32, load64, opaque, read, write

DAMAGED, FULL = -1, -2
DATA, INDEX, DICTIONARY, DATA_V2 = 0, 1, 2, 3  # kinds of pages
KIND, START, STOP, SIZE, COUNT, ENCODING, LEVELS, LEVEL_BYTES, REPEAT_BYTES, PACKED, FRAME = range(11)  # columns of `headers`
_START, _STOP, _COUNT, _LEVELS = range(4)  # columns of the pages that `coded` and `plain` read

_DEPTH = 8  # of structs in a header; the format needs 3
_FIELDS = 12
_LONG = 2**31 - 1
_7 = np.int64(7)


@helper
def _varint(data: Any, at: Any, stop: Any) -> Any:
    """(number, where it ends), or where = -1."""
    value, shift = np.int64(0), np.int64(0)
    while at < stop and shift < 63:
        byte = np.int64(data[at])
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += _7
    return value, np.int64(-1)


@helper
def _struct(data: Any, at: Any, stop: Any, ids: Any, found: Any) -> Any:
    """Read a struct: found[0, field] its numbers, found[field, field of it] those of structs in it. Where it ends, or -1."""
    depth = 0
    ids[0] = 0
    while depth >= 0:
        if at < 0 or at >= stop:
            return np.int64(-1)
        byte = np.int64(data[at])
        at += 1
        kind, delta = byte & 15, byte >> 4
        if kind == 0:
            depth -= 1
            continue
        if delta == 0:
            value, at = _varint(data, at, stop)
            if at < 0:
                return np.int64(-1)
            ids[depth] = (value >> 1) ^ -(value & 1)
        else:
            ids[depth] += delta
        value = np.int64(0)
        if kind <= 2:  # a boolean is its own type: 1 true, 2 false
            value = 2 - kind
        elif kind == 3:
            at += 1
        elif kind <= 6:
            value, at = _varint(data, at, stop)
            value = (value >> 1) ^ -(value & 1)
        elif kind == 7:
            at += 8
        elif kind == 8:
            value, at = _varint(data, at, stop)
            at = at + value if at >= 0 and value <= stop else np.int64(-1)  # never back: the same bytes would come again
        elif kind == 12 and depth + 1 < _DEPTH:
            depth += 1
            ids[depth] = 0
            continue
        else:
            return np.int64(-1)
        parent = 0 if depth == 0 else ids[0]
        if depth <= 1 and 0 <= parent < _FIELDS and 0 <= ids[depth] < _FIELDS:
            found[parent, ids[depth]] = value
    return at


@helper
def _frame(data: Any, at: Any, stop: Any) -> Any:
    """How many bytes a frame of Zstandard says that it unpacks to (RFC 8878, 3.1.1.1), or -1."""
    if stop - at < 18 or load32(data, at) != np.uint32(0xFD2FB528):
        return np.int64(-1)
    about = np.int64(data[at + 4])
    size, alone, names = np.int64(about >> 6), (about >> 5) & 1, about & 3
    at += 6 - alone + ((1 << names) >> 1)
    word = load64(data, at)
    if size == 0:
        return np.int64(word & np.uint64(255)) if alone else np.int64(-1)
    if size == 1:
        return np.int64(word & np.uint64(0xFFFF)) + 256
    return np.int64(word & np.uint64(0xFFFFFFFF)) if size == 2 else np.int64(word)


@kernel({0: (read(U8), I64, write(I64, 2))})
def headers(data: Any, values: Any, pages: Any) -> Any:
    """Headers of the pages in a column chunk, until its data pages hold `values` values: one row of `pages` [k, 11] each.

    Returns how many, FULL when there are more than k, or DAMAGED. Numbers that a header leaves out are -1.
    """
    stop, at, seen, count = len(data), np.int64(0), np.int64(0), 0
    found, ids = np.empty((_FIELDS, _FIELDS), np.int64), np.zeros(_DEPTH, np.int64)
    while seen < values:
        if count == len(pages):
            return FULL
        found[:] = -1
        at = _struct(data, at, stop, ids, found)
        kind, size, packed = found[0, 1], found[0, 2], found[0, 3]
        if at < 0 or size < 0 or size > _LONG or packed < 0 or packed > stop - at:
            return DAMAGED
        page = pages[count]
        page[KIND], page[START], page[STOP], page[SIZE] = kind, at, at + packed, size
        page[FRAME] = _frame(data, at, at + packed)
        if kind == DATA:
            page[COUNT], page[ENCODING], page[LEVELS] = found[5, 1], found[5, 2], found[5, 3]
            page[LEVEL_BYTES], page[REPEAT_BYTES], page[PACKED] = -1, 0, 1
        elif kind == DATA_V2:
            page[COUNT], page[ENCODING], page[LEVELS] = found[8, 1], found[8, 4], 3
            page[LEVEL_BYTES], page[REPEAT_BYTES], page[PACKED] = found[8, 5], found[8, 6], found[8, 7] != 0
        elif kind == DICTIONARY:
            page[COUNT], page[ENCODING] = found[7, 1], found[7, 2]
        at += packed
        if kind != INDEX:
            if page[COUNT] < 0 or page[COUNT] > _LONG:
                return DAMAGED
            if kind != DICTIONARY:
                seen += page[COUNT]
            count += 1
    return count if seen == values else DAMAGED


@helper
def _levels(data: Any, at: Any, stop: Any, valid: Any) -> Any:
    """Definition levels of at most 1, data[at:stop]: valid [n]. Returns how many are, or DAMAGED."""
    n, i, present = len(valid), 0, 0
    while i < n:
        head, at = _varint(data, at, stop)
        if at < 0 or at >= stop:
            return DAMAGED
        if head & 1 == 0:
            some, size = data[at] != 0, min(head >> 1, n - i)
            valid[i : i + size] = some
            present += size * some
            at += 1
        else:
            size = min(min(head >> 1, n) * 8, n - i)
            if (size + 7) // 8 > stop - at:
                return DAMAGED
            rows, bits = valid[i : i + size], data[at : at + (size + 7) // 8]
            for b in range(size // 8):
                for j in range(8):
                    bit = (bits[b] >> np.uint8(j)) & np.uint8(1)
                    rows[8 * b + j] = bit != 0
                    present += bit
            for j in range(size & ~7, size):
                bit = (bits[j >> 3] >> np.uint8(j & 7)) & np.uint8(1)
                rows[j] = bit != 0
                present += bit
            at += (size + 7) // 8
        i += size
    return present


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
def _codes(data: Any, at: Any, stop: Any, limit: Any, out: Any) -> Any:
    """Codes of a dictionary of `limit` entries, data[at:stop], the first byte being their width: out [n].

    Returns 0, or DAMAGED, also for a code outside the dictionary.
    """
    n, i = len(out), 0
    if n == 0:
        return 0
    if at >= stop:
        return DAMAGED
    width = np.int64(data[at])
    at += 1
    if width > 32:
        return DAMAGED
    mask, highest = (np.uint64(1) << np.uint64(width)) - np.uint64(1), np.uint64(0)
    while i < n:
        head, at = _varint(data, at, stop)
        if at < 0:
            return DAMAGED
        if head & 1 == 0:
            size, used = min(head >> 1, n - i), (width + 7) // 8
            if used > stop - at:
                return DAMAGED
            word = _word(data, at, used)
            highest = max(highest, word)
            out[i : i + size] = np.int32(word & np.uint64(0x7FFFFFFF))
        else:
            size = min(min(head >> 1, n) * 8, n - i)
            used = (size * width + 7) // 8
            if used > stop - at:
                return DAMAGED
            whole, rows = 0, out[i : i + size]
            if 0 < width <= 16:  # as long as all loads are inside the page
                whole = max(min(size, (stop - at - 8) * 8 // width), 0) & ~3
                highest = max(highest, _fours(data, at, width, whole, mask, rows))
            highest = max(highest, _ones(data, at, stop, width, whole, mask, rows))
        at += used
        i += size
    return np.int64(0) if highest < np.uint64(limit) else np.int64(DAMAGED)


@helper
def _opened(flat: Any, page: Any, optional: Any, valid: Any) -> Any:
    """(where the values of a page start, how many there are), its valid rows written; where = DAMAGED."""
    start, stop, count, size = page[_START], page[_STOP], page[_COUNT], page[_LEVELS]
    if not optional:
        return start + max(size, np.int64(0)), count
    if size < 0:
        if stop - start < 4:
            return np.int64(DAMAGED), count
        size = np.int64(load32(flat, start))
        start += 4
    if size > stop - start:
        return np.int64(DAMAGED), count
    present = _levels(flat, start, start + size, valid)
    return (start + size if present >= 0 else np.int64(DAMAGED)), present


@helper
def _spread(valid: Any, values: Any, out: Any) -> Any:
    """out [n]: the next of the values where a row is valid, else -1; there are as many values, not none, as valid rows."""
    j, last = np.uint64(0), np.uint64(len(values) - 1)
    for i in range(len(valid)):
        keep = opaque(-np.int64(valid[i]))  # all ones or none: nulls fall as they like, a branch would guess wrong
        out[i] = np.int64(values[min(j, last)]) | ~keep  # -1 is all ones
        j -= np.uint64(keep)


@kernel({0: (read(U8), read(I64, 2), BOOL, I64, write(I32))})
def coded(flat: Any, pages: Any, optional: Any, limit: Any, out: Any) -> Any:
    """Codes of a dictionary of `limit` entries, from data pages one after another: out [n], -1 where a row is null.

    pages [k, 4]: where each starts and stops in `flat`, its rows (n in all), the bytes of its levels: -1 where the page
    says so itself. Returns 0, or DAMAGED, also for a code outside the dictionary.
    """
    longest, row = pages[:, _COUNT].max(), np.int64(0)
    valid, some = np.empty(longest if optional else 0, np.bool_), np.empty(longest if optional else 0, np.int32)
    for p in range(len(pages)):
        count, stop = pages[p, _COUNT], pages[p, _STOP]
        rows = out[row : row + count]
        at, present = _opened(flat, pages[p], optional, valid[:count])
        if at < 0:
            return DAMAGED
        values = rows if present == count else some[:present]
        if _codes(flat, at, stop, limit, values) < 0:
            return DAMAGED
        if present == 0:
            rows[:] = -1
        elif present < count:
            _spread(valid[:count], values, rows)
        row += count
    return 0


@kernel({size: (read(U8), read(I64, 2), BOOL, write(BOOL), write(of)) for size, of in ((4, I32), (8, I64))})
def plain(flat: Any, pages: Any, optional: Any, valid: Any, out: Any) -> Any:
    """Numbers of 4 or 8 bytes as they stand in data pages, given as in `coded`: out [n], 0 where a row is null.

    valid [n] is written if optional. Returns how many rows are valid, or DAMAGED.
    """
    row, total, width = np.int64(0), np.int64(0), np.int64(out.itemsize)
    for p in range(len(pages)):
        count, stop = pages[p, _COUNT], pages[p, _STOP]
        rows, there = out[row : row + count], valid[row : row + count]
        at, present = _opened(flat, pages[p], optional, there)
        if at < 0 or present * width > stop - at:
            return DAMAGED
        if present == 0:
            rows[:] = 0
        else:
            j, last = np.int64(0), present - 1
            for i in range(count):
                keep = opaque(-np.int64(there[i])) if optional else np.int64(-1)
                where = at + width * min(j, last)
                rows[i] = (np.int64(load32(flat, where)) if width == 4 else np.int64(load64(flat, where))) & keep
                j -= keep
        total, row = total + present, row + count
    return total


@kernel({0: (read(U8), I64, I64, write(I32), write(U8))})
def texts(data: Any, at: Any, stop: Any, offsets: Any, out: Any) -> Any:
    """Plain texts data[at:stop], each behind its length: their bytes into out from offsets[0] on, offsets [n + 1] filled.

    Returns where they end in `out`, or DAMAGED.
    """
    end, room = np.int64(offsets[0]), len(out)
    for i in range(len(offsets) - 1):
        if stop - at < 4:
            return DAMAGED
        size = np.int64(load32(data, at))
        at += 4
        if size > stop - at or size > room - end:
            return DAMAGED
        if size <= 8 and at + 8 <= stop and end + 8 <= room:  # short ones in one word, what follows is overwritten
            word, into = load64(data, at), out[end : end + 8]
            for k in range(8):
                into[k] = np.uint8((word >> np.uint64(8 * k)) & np.uint64(255))
        else:
            for k in range(size):
                out[end + k] = data[at + k]
        at += size
        end += size
        offsets[i + 1] = end
    return end
