"""The footer of a Parquet file (Thrift's compact protocol): where its column chunks lie, and how.

pyarrow ends the process where its attributes of a chunk meet an unknown codec, an encrypted column or damaged statistics.
Whatever is not as the format says gives False here, and no wild read: the file is then pyarrow's to read or to refuse.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import I64, U8, kernel, read, record, write
from featurecols.kernels.parquet_pages import varint

# One column chunk: its physical type, codec and encodings (a bit for each) by the numbers of the format, what it holds,
# and where; encrypted and elsewhere are flags. Of its size statistics: the entries of both histograms of levels, and the
# bytes of its texts. -1 for a number that is not there.
_CHUNK = "kind codec encodings values unpacked packed data dictionary encrypted elsewhere repeats defines sized"
CHUNK = np.dtype([(name, np.int64) for name in _CHUNK.split()])

_FILE, _GROUPS, _GROUP, _CHUNKS, _COLUMN, _META, _ENCODINGS, _SIZES, _OTHER = range(9)  # what a struct or list is
_DEPTH = 16
_STRUCT, _LIST, _SET = 12, 9, 10


@kernel({0: (read(U8), I64, I64, write(I64), write(record(CHUNK)))})
def chunks(data: Any, groups: Any, columns: Any, rows: Any, found: Any) -> Any:
    """Read the rows of each group and all of its chunks, from the bytes of a footer.

    rows [groups] and found [groups * columns] are filled, group by group. Returns whether the footer is sound and holds as
    many groups and columns.
    """
    stop, at, depth, group, column = len(data), np.int64(0), 0, np.int64(-1), np.int64(-1)
    ids, of, role = np.zeros(_DEPTH, np.int64), np.zeros(_DEPTH, np.int64), np.zeros(_DEPTH, np.int64)
    left = np.zeros(_DEPTH, np.int64)  # elements of a list that are still to come, or -1 for a struct
    left[0], role[0] = -1, _FILE
    for i in range(len(found)):
        one = found[i]
        one["kind"], one["codec"], one["encodings"], one["values"], one["unpacked"] = -1, -1, 0, -1, -1
        one["packed"], one["data"], one["dictionary"], one["encrypted"], one["elsewhere"] = -1, -1, -1, 0, 0
        one["repeats"], one["defines"], one["sized"] = -1, -1, -1
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
        elif kind > 2 and kind != _STRUCT and kind != _LIST and kind != _SET:
            return False
        if at < 0 or at > stop:
            return False
        if inside == _GROUP and number == 3:
            rows[group] = value
        elif inside == _SIZES:
            if number == 1:
                found[group * columns + column]["sized"] = value
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
        if kind != _STRUCT and kind != _LIST and kind != _SET:
            continue
        if depth + 1 == _DEPTH:
            return False
        depth += 1
        ids[depth], left[depth], role[depth] = 0, -1, _OTHER
        if kind != _STRUCT:
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


__all__ = ["CHUNK", "chunks"]
