"""Parquet: the footer of a file, headers of pages, and their values: codes of a dictionary, numbers, texts.

Whatever is not as the format says gives False or DAMAGED, and no wild read: the file is then pyarrow's to read or to refuse.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import BOOL, I32, I64, U8, helper, kernel, load32, load64, opaque, read, stack, write
from featurecols.kernels.parquet_runs import DAMAGED, codes, levels
from featurecols.kernels.thrift import ABSENT, DEPTH, FIELDS, LIST, SET, STRUCT, read_struct, varint

FULL = -2
DATA, DICTIONARY, DATA_V2 = 0, 2, 3  # kinds of pages

# One column chunk: its physical type, codec and encodings (a bit for each) by the numbers of the format, what it holds,
# and where; encrypted and elsewhere are flags. Of its size statistics: the entries of both histograms of levels, and whether
# they say how many bytes its texts have. -1 for a number that is not there.
_CHUNK = "kind codec encodings values unpacked packed data dictionary encrypted elsewhere repeats defines sized"
CHUNK = np.dtype([(name, np.int64) for name in _CHUNK.split()])

# One page: where its bytes start and stop, their number once unpacked, and what its header says. level_bytes: -1 where the
# page itself says how many; frame and block: what a frame of Zstandard, or a block of Snappy, says that it unpacks to, or -1;
# crc: the checksum, or -1.
_PAGE = "kind start stop size count encoding levels level_bytes repeat_bytes packed frame block crc"
PAGE = np.dtype([(name, np.int64) for name in _PAGE.split()])
# What is decoded of one page: where its unpacked bytes start and stop, how many rows, and the bytes of its levels.
SPAN = np.dtype([(name, np.int64) for name in ("start", "stop", "count", "level_bytes")])

_FILE, _GROUPS, _GROUP, _CHUNKS, _COLUMN, _META, _ENCODINGS, _SIZES, _OTHER = range(9)  # what a struct or list is
_DEEPEST = 16  # of structs and lists in a footer
_deep, _header, _structs = stack((_DEEPEST,), I64), stack((FIELDS, FIELDS), I64), stack((DEPTH,), I64)

# The types of the fields of these structs, by their number; 0: not looked at. A field of another type is not there for readers.
_INT, _LONG, _BINARY = 5, 6, 8
_TYPES = np.zeros((9, 17), np.int64)
_TYPES[_FILE, 2:5] = LIST, _LONG, LIST
_TYPES[_GROUP, 1:4] = LIST, _LONG, _LONG
_TYPES[_COLUMN, 1], _TYPES[_COLUMN, 3], _TYPES[_COLUMN, 8:10] = _BINARY, STRUCT, (STRUCT, _BINARY)
_TYPES[_META, 1:5], _TYPES[_META, 5:8], _TYPES[_META, 9:12] = (_INT, LIST, LIST, _INT), _LONG, _LONG
_TYPES[_META, 12], _TYPES[_META, 13], _TYPES[_META, 16] = STRUCT, LIST, STRUCT
_TYPES[_SIZES, 1:4] = _LONG, LIST, LIST


@kernel({0: (read(U8), I64, I64, write(I64), write(CHUNK))})
def chunks(data: Any, groups: Any, columns: Any, rows: Any, found: Any) -> Any:
    """Read the rows of each group and all of its chunks, from the bytes of a footer.

    rows [groups] and found [groups * columns] are filled, group by group. Returns whether the footer is sound and holds as
    many groups and columns.
    """
    stop, at, depth, group, column = len(data), np.int64(0), 0, np.int64(-1), np.int64(-1)
    ids, of, role = _deep(), _deep(), _deep()
    ids[:], of[:], role[:] = 0, 0, 0
    left = _deep()  # elements of a list that are still to come, or -1 for a struct
    left[:] = 0
    left[0], role[0] = -1, _FILE
    for i in range(len(found)):
        one = found[i]
        one["kind"], one["codec"], one["encodings"], one["values"], one["unpacked"] = -1, -1, 0, -1, -1
        one["packed"], one["data"], one["dictionary"], one["encrypted"], one["elsewhere"] = -1, -1, -1, 0, 0
        one["repeats"], one["defines"], one["sized"] = -1, -1, 0
    rows[:] = -1
    while depth >= 0:
        inside, number = role[depth], np.int64(-1)
        if left[depth] == 0:
            depth -= 1
            continue
        if left[depth] > 0:
            left[depth] -= 1
            kind = of[depth]
            if kind <= 2:
                kind = np.int64(3)  # booleans in a list are bytes
        else:
            if at >= stop:
                return False
            byte = np.int64(data[at])
            at += 1
            if byte == 0:
                depth -= 1
                continue
            kind = byte & 15
            if byte >> 4 == 0 or kind == 0:
                return False
            ids[depth] += byte >> 4
            number = ids[depth]
            if number < 17 and _TYPES[inside, number] != 0 and _TYPES[inside, number] != kind:
                return False
        value = np.int64(0)
        if kind == 3:
            at += 1
        elif 4 <= kind <= 6:
            value, at = varint(data, at, stop)
            value = (value >> 1) ^ -(value & 1)
        elif kind == 7:
            at += 8
        elif kind == 8:
            value, at = varint(data, at, stop)
            if at < 0 or value > stop - at:
                return False
            at += value
        elif kind > 2 and kind != STRUCT and kind != LIST and kind != SET:
            return False
        if at < 0 or at > stop:
            return False
        if inside == _GROUP and number == 3:
            rows[group] = value
        elif inside == _SIZES:
            if number == 1:
                found[group * columns + column]["sized"] = 1
        elif _COLUMN <= inside <= _ENCODINGS:
            one = found[group * columns + column]
            if inside == _ENCODINGS:
                if value < 0 or value > 40:
                    return False
                one["encodings"] |= np.int64(1) << value
            elif inside == _COLUMN:
                if number == 1:
                    one["elsewhere"] = 1
                elif number == 8 or number == 9:
                    one["encrypted"] = 1
            elif number == 1:
                one["kind"] = value
            elif number == 4:
                one["codec"] = value
            elif number == 5:
                one["values"] = value
            elif number == 6:
                one["unpacked"] = value
            elif number == 7:
                one["packed"] = value
            elif number == 9:
                one["data"] = value
            elif number == 11:
                one["dictionary"] = value
        if kind != STRUCT and kind != LIST and kind != SET:
            continue
        if depth + 1 == _DEEPEST:
            return False
        depth += 1
        ids[depth], left[depth], role[depth] = 0, -1, _OTHER
        if kind != STRUCT:
            if at >= stop:
                return False
            byte = np.int64(data[at])
            at += 1
            size = byte >> 4
            if size == 15:
                size, at = varint(data, at, stop)
            if at < 0 or size > stop - at:
                return False
            left[depth], of[depth] = size, byte & 15
            if ((inside == _META and number == 2) or inside == _SIZES) and size > 0 and of[depth] != 5 + (inside == _SIZES):
                return False
            if inside == _FILE and number == 4:
                role[depth] = _GROUPS
                if size != groups or group >= 0:
                    return False
            elif inside == _GROUP and number == 1:
                role[depth], column = _CHUNKS, np.int64(-1)
                if size != columns:
                    return False
            elif inside == _META and number == 2:
                role[depth] = _ENCODINGS
            elif inside == _SIZES and number == 2:
                found[group * columns + column]["repeats"] = size
            elif inside == _SIZES and number == 3:
                found[group * columns + column]["defines"] = size
        elif inside == _GROUPS:
            role[depth], group = _GROUP, group + 1
        elif inside == _CHUNKS:
            role[depth], column = _COLUMN, column + 1
        elif inside == _COLUMN and number == 3:
            role[depth] = _META
        elif inside == _META and number == 16:
            role[depth] = _SIZES
    return group + 1 == groups


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


@kernel({0: (read(U8), I64, write(PAGE))})
def headers(data: Any, values: Any, pages: Any) -> Any:
    """Read headers of the pages in a column chunk, until its data pages hold `values` values, into `pages` [k].

    Returns how many, FULL when there are more than k, or DAMAGED.
    """
    stop, at, seen, count = len(data), np.int64(0), np.int64(0), 0
    found, ids = _header(), _structs()
    ids[:] = 0
    while seen < values:
        if count == len(pages):
            return FULL
        found[:] = ABSENT
        at = read_struct(data, at, stop, ids, found)
        kind, size, packed = found[0, 1], found[0, 2], found[0, 3]
        if at < 0 or size < 0 or packed < 0 or packed > stop - at:
            return DAMAGED
        page = pages[count]
        page["kind"], page["start"], page["stop"], page["size"] = kind, at, at + packed, size
        page["frame"] = _frame(data, at, at + packed)
        says, after = varint(data, at, at + packed)
        page["block"] = says if 0 < after <= at + 5 else np.int64(-1)
        page["crc"] = np.int64(-1) if found[0, 4] == ABSENT else found[0, 4] & 0xFFFFFFFF
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
    there = levels(flat, start, start + size, valid)
    return (start + size if there >= 0 else np.int64(DAMAGED)), there


@helper
def _spread(valid: Any, values: Any, out: Any) -> Any:
    """Fill out [n] with the next of the values where a row is valid, else -1; as many values as valid rows, at least one."""
    j, last = np.uint64(0), np.uint64(len(values) - 1)
    for i in range(len(valid)):
        keep = opaque(-np.int64(valid[i]))  # all ones or none: nulls are irregular, a branch would often be mispredicted
        out[i] = np.int64(values[min(j, last)]) | ~keep  # -1 is all ones
        j -= np.uint64(keep)


@kernel({0: (read(U8), read(SPAN), BOOL, I64, write(BOOL), write(I32), write(I32))})
def coded(flat: Any, pages: Any, optional: Any, limit: Any, valid: Any, some: Any, out: Any) -> Any:
    """Codes of a dictionary of `limit` entries, from data pages one after another: out [n], -1 where a row is null.

    pages: SPAN [k], the position of each in `flat`, with n rows in all. valid, some: memory for the rows of
    the longest page if optional. Returns 0, or DAMAGED, also for a code outside the
    dictionary.
    """
    row = np.int64(0)
    for p in range(len(pages)):
        count, stop = pages[p]["count"], pages[p]["stop"]
        rows = out[row : row + count]
        at, filled = _open(flat, pages[p], optional, valid[:count])
        if at < 0:
            return DAMAGED
        values = rows if filled == count else some[:filled]
        if codes(flat, at, stop, limit, values) < 0:
            return DAMAGED
        if filled == 0:
            rows[:] = -1
        elif filled < count:
            _spread(valid[:count], values, rows)
        row += count
    return 0


@kernel({size: (read(U8), read(SPAN), BOOL, write(BOOL), write(of)) for size, of in ((4, I32), (8, I64))})
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
