"""Pages of Parquet: headers (Thrift's compact protocol), runs of levels and codes, plain texts.

Whatever is not as the format says gives DAMAGED and no wild read: the caller then asks another reader for its words.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import BOOL, I32, I64, U8, helper, kernel, load32, load64, opaque, read, record, write

DAMAGED, FULL = -1, -2
DATA, DICTIONARY, DATA_V2 = 0, 2, 3  # kinds of pages

# One page: where its bytes start and stop, their number once unpacked, and what its header says. level_bytes: -1 where the
# page itself says how many; frame: what a frame of Zstandard says that it unpacks to, or -1; crc: the checksum, or -1.
_PAGE = "kind start stop size count encoding levels level_bytes repeat_bytes packed frame crc"
PAGE = np.dtype([(name, np.int64) for name in _PAGE.split()])
# What is decoded of one page: where its unpacked bytes start and stop, how many rows, and the bytes of its levels.
SPAN = np.dtype([(name, np.int64) for name in ("start", "stop", "count", "level_bytes")])

_ABSENT = -(2**40)  # a number that a header leaves out
_DEPTH = 8  # of structs in a header; the format needs 3
_FIELDS = 12
_LONG = 2**31 - 1
_RUN = 2**28 - 1  # the longest run that any reader takes
_7 = np.int64(7)
_BOOLEAN, _I32, _STRUCT = 1, 5, 12  # types of Thrift

# The types of the fields of a header, by the struct they are in (0: the header itself) and their number; 0: unknown.
_TYPES = np.zeros((_FIELDS, _FIELDS), np.int64)
_TYPES[0, 1:5], _TYPES[0, 5:9] = _I32, _STRUCT
_TYPES[5, 1:5], _TYPES[5, 5] = _I32, _STRUCT
_TYPES[7, 1:3], _TYPES[7, 3] = _I32, _BOOLEAN
_TYPES[8, 1:7], _TYPES[8, 7], _TYPES[8, 8] = _I32, _BOOLEAN, _STRUCT


@helper
def varint(data: Any, at: Any, stop: Any) -> Any:
    """Return (number, where it ends), or where = -1."""
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
    """Read a struct: found[0, field] its numbers, found[field, field of it] those of structs in it. Where it ends, or -1.

    A known field of another type than it should have is damage; unknown fields are passed over. Field numbers ascend.
    """
    depth = 0
    ids[0] = 0
    while depth >= 0:
        if at < 0 or at >= stop:
            return np.int64(-1)
        byte = np.int64(data[at])
        at += 1
        kind, delta = byte & 15, byte >> 4
        if byte == 0:
            depth -= 1
            continue
        if delta == 0 or kind == 0:
            return np.int64(-1)
        ids[depth] += delta
        parent = np.int64(0) if depth == 0 else ids[0]
        known = depth <= 1 and parent < _FIELDS and ids[depth] < _FIELDS
        if known:
            kind_known = _TYPES[parent, ids[depth]]
            if kind_known != 0 and kind != kind_known and not (kind_known == _BOOLEAN and kind == 2):
                return np.int64(-1)
        value = np.int64(0)
        if kind <= 2:  # a boolean is its own type: 1 true, 2 false
            value = 2 - kind
        elif kind == 3:
            at += 1
        elif kind <= 6:
            value, at = varint(data, at, stop)
            value = (value >> 1) ^ -(value & 1)
            if kind <= 5 and (value > _LONG or value < -_LONG - 1):
                return np.int64(-1)
        elif kind == 7:
            at += 8
        elif kind == 8:
            value, at = varint(data, at, stop)
            at = at + value if at >= 0 and value <= stop - at else np.int64(-1)  # never back, nor past the end
        elif kind == 12 and depth + 1 < _DEPTH:
            depth += 1
            ids[depth] = 0
            continue
        else:
            return np.int64(-1)
        if known:
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


@kernel({0: (read(U8),)})
def frame_size(data: Any) -> Any:
    """Return how many bytes a frame of Zstandard says that it unpacks to, or -1 where it does not say."""
    return _frame(data, 0, len(data))


@kernel({0: (read(U8), I64, write(record(PAGE)))})
def headers(data: Any, values: Any, pages: Any) -> Any:
    """Read headers of the pages in a column chunk, until its data pages hold `values` values, into `pages` [k].

    Returns how many, FULL when there are more than k, or DAMAGED.
    """
    stop, at, seen, count = len(data), np.int64(0), np.int64(0), 0
    found, ids = np.empty((_FIELDS, _FIELDS), np.int64), np.zeros(_DEPTH, np.int64)
    while seen < values:
        if count == len(pages):
            return FULL
        found[:] = _ABSENT
        at = _struct(data, at, stop, ids, found)
        kind, size, packed = found[0, 1], found[0, 2], found[0, 3]
        if at < 0 or size < 0 or packed < 0 or packed > stop - at:
            return DAMAGED
        page = pages[count]
        page["kind"], page["start"], page["stop"], page["size"] = kind, at, at + packed, size
        page["frame"] = _frame(data, at, at + packed)
        page["crc"] = np.int64(-1) if found[0, 4] == _ABSENT else found[0, 4] & 0xFFFFFFFF
        page["levels"], page["level_bytes"], page["repeat_bytes"], page["packed"] = 0, -1, 0, 1
        if kind == DATA:
            page["count"], page["encoding"], page["levels"] = found[5, 1], found[5, 2], found[5, 3]
            if found[5, 4] < 0:
                return DAMAGED
        elif kind == DATA_V2:
            page["count"], page["encoding"], page["levels"] = found[8, 1], found[8, 4], 3
            page["level_bytes"], page["repeat_bytes"], page["packed"] = found[8, 5], found[8, 6], found[8, 7] != 0
            if found[8, 2] < 0 or found[8, 3] != found[8, 1] or found[8, 5] < 0:
                return DAMAGED
        elif kind == DICTIONARY:
            page["count"], page["encoding"] = found[7, 1], found[7, 2]
        else:
            return DAMAGED
        at += packed
        if page["count"] < 0 or page["encoding"] < 0:
            return DAMAGED
        if kind != DICTIONARY:
            seen += page["count"]
        count += 1
    return count if seen == values else DAMAGED


@helper
def _levels(data: Any, at: Any, stop: Any, valid: Any) -> Any:
    """Read definition levels of 0 and 1, data[at:stop], into valid [n]. Returns how many are 1, or DAMAGED."""
    n, i, there = len(valid), 0, 0
    while i < n:
        head, at = varint(data, at, stop)
        if at < 0 or at >= stop or head < 2 or head >> 1 > _RUN:
            return DAMAGED
        if head & 1 == 0:
            level, size = data[at], min(head >> 1, n - i)
            if level > 1:
                return DAMAGED
            valid[i : i + size] = level != 0
            there += size * level
            at += 1
        else:
            if head >> 1 > stop - at:
                return DAMAGED
            size = min((head >> 1) * 8, n - i)
            rows, bits = valid[i : i + size], data[at : at + (size + 7) // 8]
            for b in range(size // 8):
                for j in range(8):
                    bit = (bits[b] >> np.uint8(j)) & np.uint8(1)
                    rows[8 * b + j] = bit != 0
                    there += bit
            for j in range(size & ~7, size):
                bit = (bits[j >> 3] >> np.uint8(j & 7)) & np.uint8(1)
                rows[j] = bit != 0
                there += bit
            at += head >> 1
        i += size
    return there


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
    if at >= stop:
        return np.int64(0) if n == 0 else np.int64(DAMAGED)
    width = np.int64(data[at])
    at += 1
    if width > 32:
        return np.int64(DAMAGED)
    if n == 0:
        return np.int64(0)
    mask, highest = (np.uint64(1) << np.uint64(width)) - np.uint64(1), np.uint64(0)
    while i < n:
        head, at = varint(data, at, stop)
        if at < 0 or head < 2 or head >> 1 > _RUN:
            return np.int64(DAMAGED)
        if head & 1 == 0:
            size, used = min(head >> 1, n - i), (width + 7) // 8
            if used > stop - at:
                return np.int64(DAMAGED)
            word = _word(data, at, used)
            highest = max(highest, word)
            out[i : i + size] = np.int32(word & np.uint64(0x7FFFFFFF))
        else:
            size, used = min((head >> 1) * 8, n - i), (head >> 1) * width
            if used > stop - at:
                return np.int64(DAMAGED)
            whole, rows = 0, out[i : i + size]
            if 0 < width <= 16:  # as long as all loads are inside the page
                whole = max(min(size, (stop - at - 8) * 8 // width), 0) & ~3
                highest = max(highest, _fours(data, at, width, whole, mask, rows))
            highest = max(highest, _ones(data, at, stop, width, whole, mask, rows))
        at += used
        i += size
    return np.int64(0) if highest < np.uint64(limit) else np.int64(DAMAGED)


@helper
def _open(flat: Any, page: Any, optional: Any, valid: Any) -> Any:
    """Return (where the values of a page start, how many there are), its valid rows written; where = DAMAGED."""
    start, stop, count, size = page["start"], page["stop"], page["count"], page["level_bytes"]
    if not optional:
        return start + max(size, np.int64(0)), count
    if size < 0:
        if stop - start < 4:
            return np.int64(DAMAGED), count
        size = np.int64(load32(flat, start))
        start += 4
    if size > stop - start:
        return np.int64(DAMAGED), count
    there = _levels(flat, start, start + size, valid)
    return (start + size if there >= 0 else np.int64(DAMAGED)), there


@helper
def _spread(valid: Any, values: Any, out: Any) -> Any:
    """Fill out [n] with the next of the values where a row is valid, else -1; as many values as valid rows, at least one."""
    j, last = np.uint64(0), np.uint64(len(values) - 1)
    for i in range(len(valid)):
        keep = opaque(-np.int64(valid[i]))  # all ones or none: nulls are irregular, a branch would often be mispredicted
        out[i] = np.int64(values[min(j, last)]) | ~keep  # -1 is all ones
        j -= np.uint64(keep)


@kernel({0: (read(U8), read(record(SPAN)), BOOL, I64, write(I32))})
def coded(flat: Any, pages: Any, optional: Any, limit: Any, out: Any) -> Any:
    """Codes of a dictionary of `limit` entries, from data pages one after another: out [n], -1 where a row is null.

    pages: SPAN [k], the position of each in `flat`, with n rows in all. Returns 0, or DAMAGED, also for a code outside the
    dictionary.
    """
    longest, row = np.int64(0), np.int64(0)
    for p in range(len(pages)):
        longest = max(longest, pages[p]["count"])
    valid, some = np.empty(longest if optional else 0, np.bool_), np.empty(longest if optional else 0, np.int32)
    for p in range(len(pages)):
        count, stop = pages[p]["count"], pages[p]["stop"]
        rows = out[row : row + count]
        at, filled = _open(flat, pages[p], optional, valid[:count])
        if at < 0:
            return DAMAGED
        values = rows if filled == count else some[:filled]
        if _codes(flat, at, stop, limit, values) < 0:
            return DAMAGED
        if filled == 0:
            rows[:] = -1
        elif filled < count:
            _spread(valid[:count], values, rows)
        row += count
    return 0


@kernel({size: (read(U8), read(record(SPAN)), BOOL, write(BOOL), write(of)) for size, of in ((4, I32), (8, I64))})
def plain(flat: Any, pages: Any, optional: Any, valid: Any, out: Any) -> Any:
    """Numbers of 4 or 8 bytes as data pages have them, given as in `coded`: out [n], 0 where a row is null.

    valid [n] is written if optional. Returns how many rows are valid, or DAMAGED.
    """
    row, total, width = np.int64(0), np.int64(0), np.int64(out.itemsize)
    for p in range(len(pages)):
        count, stop = pages[p]["count"], pages[p]["stop"]
        rows, there = out[row : row + count], valid[row : row + count]
        at, filled = _open(flat, pages[p], optional, there)
        if at < 0 or filled * width > stop - at:
            return DAMAGED
        if filled == 0:
            rows[:] = 0
        else:
            j, last = np.int64(0), filled - 1
            for i in range(count):
                keep = opaque(-np.int64(there[i])) if optional else np.int64(-1)
                where = at + width * min(j, last)
                rows[i] = (np.int64(load32(flat, where)) if width == 4 else np.int64(load64(flat, where))) & keep
                j -= keep
        total, row = total + filled, row + count
    return total


@kernel({0: (read(U8), I64, I64, write(I32), write(U8))})
def texts(data: Any, at: Any, stop: Any, offsets: Any, out: Any) -> Any:
    """Plain texts data[at:stop], each behind its length: their bytes into out from offsets[0] on, offsets [n + 1] filled.

    Returns where they end in `out`, or DAMAGED.
    """
    end, space = np.int64(offsets[0]), len(out)
    for i in range(len(offsets) - 1):
        if stop - at < 4:
            return DAMAGED
        size = np.int64(load32(data, at))
        at += 4
        if size > stop - at or size > space - end:
            return DAMAGED
        if size <= 8 and at + 8 <= stop and end + 8 <= space:  # short ones in one word, what follows is overwritten
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
