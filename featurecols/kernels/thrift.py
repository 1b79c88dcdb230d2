"""Thrift's compact protocol, as headers of Parquet pages use it: numbers of variable length, and structs of numbers.

Whatever is not as the protocol says is reported, and is no wild read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import helper

ABSENT = -(2**40)  # a number that a header leaves out
DEPTH = 8  # of structs in a header; the format needs 3
FIELDS = 12
_LONG = 2**31 - 1
_7 = np.int64(7)
_BOOLEAN, _I32, LIST, SET, STRUCT = 1, 5, 9, 10, 12

# The types of the fields of a header, by the struct they are in (0: the header itself) and their number; 0: unknown.
_TYPES = np.zeros((FIELDS, FIELDS), np.int64)
_TYPES[0, 1:5], _TYPES[0, 5:9] = _I32, STRUCT
_TYPES[5, 1:5], _TYPES[5, 5] = _I32, STRUCT
_TYPES[7, 1:3], _TYPES[7, 3] = _I32, _BOOLEAN
_TYPES[8, 1:7], _TYPES[8, 7], _TYPES[8, 8] = _I32, _BOOLEAN, STRUCT


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
def read_struct(data: Any, at: Any, stop: Any, ids: Any, found: Any) -> Any:
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
        known = depth <= 1 and parent < FIELDS and ids[depth] < FIELDS
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
        elif kind == 12 and depth + 1 < DEPTH:
            depth += 1
            ids[depth] = 0
            continue
        else:
            return np.int64(-1)
        if known:
            found[parent, ids[depth]] = value
    return at
