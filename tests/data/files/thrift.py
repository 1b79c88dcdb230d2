"""Footers of Parquet files taken apart and put together again: Thrift's compact protocol, in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOOLEANS, BYTE, INTEGERS, DOUBLE, BINARY, LIST, STRUCT = (1, 2), 3, (4, 5, 6), 7, 8, 9, 12
Struct = dict[int, "tuple[int, Any]"]  # type and value by the number of a field


@dataclass
class Listed:
    """A list: the type of its elements, and these."""

    kind: int
    items: list[Any]


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return value, at


def write_varint(value: int) -> bytes:
    """Return the bytes of a number that is not negative."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def read_value(kind: int, data: bytes, at: int) -> tuple[Any, int]:
    """Return a value of a type and where it ends."""
    if kind in BOOLEANS:
        return kind == 1, at
    if kind == BYTE:
        return data[at], at + 1
    if kind in INTEGERS:
        value, at = read_varint(data, at)
        return value >> 1 ^ -(value & 1), at
    if kind == DOUBLE:
        return data[at : at + 8], at + 8
    if kind == BINARY:
        size, at = read_varint(data, at)
        return data[at : at + size], at + size
    if kind == STRUCT:
        return read_struct(data, at)
    assert kind == LIST
    head = data[at]
    size, at = (head >> 4, at + 1) if head >> 4 < 15 else read_varint(data, at + 1)
    items = []
    for _ in range(size):
        item, at = read_value(head & 15, data, at) if head & 15 > 2 else (data[at] == 1, at + 1)
        items.append(item)
    return Listed(head & 15, items), at


def read_struct(data: bytes, at: int = 0) -> tuple[Struct, int]:
    """Return a struct and where it ends."""
    found: Struct = {}
    number = 0
    while data[at]:
        kind, number = data[at] & 15, number + (data[at] >> 4)
        value, at = read_value(kind, data, at + 1)
        found[number] = kind, value
    return found, at + 1


def write_value(kind: int, value: Any) -> bytes:
    """Return the bytes of a value, without those of its field."""
    if kind in BOOLEANS:
        return b""
    if kind == BYTE:
        return bytes([value])
    if kind in INTEGERS:
        return write_varint((value << 1 ^ value >> 63) & (2**64 - 1))
    if kind == DOUBLE:
        return bytes(value)
    if kind == BINARY:
        return write_varint(len(value)) + bytes(value)
    if kind == STRUCT:
        return write_struct(value)
    size = len(value.items)
    head = bytes([size << 4 | value.kind]) if size < 15 else bytes([0xF0 | value.kind]) + write_varint(size)
    if value.kind in BOOLEANS:
        return head + bytes(1 if item else 2 for item in value.items)
    return head + b"".join(write_value(value.kind, item) for item in value.items)


def write_struct(struct: Struct) -> bytes:
    """Return the bytes of a struct."""
    out, before = b"", 0
    for number in sorted(struct):
        kind, value = struct[number]
        if kind in BOOLEANS:
            kind = 1 if value else 2
        assert 0 < number - before < 16
        out += bytes([number - before << 4 | kind]) + write_value(kind, value)
        before = number
    return out + b"\0"


def edit_footer(path: Path, edit: Callable[[Struct], None]) -> None:
    """Change the footer of a file."""
    data = path.read_bytes()
    size = int.from_bytes(data[-8:-4], "little")
    footer, end = read_struct(data[-8 - size : -8])
    assert end == size
    assert write_struct(footer) == data[-8 - size : -8]
    edit(footer)
    changed = write_struct(footer)
    path.write_bytes(data[: -8 - size] + changed + len(changed).to_bytes(4, "little") + b"PAR1")


def schema_of(footer: Struct) -> list[Struct]:
    """The elements of the schema, the root first."""
    found: list[Struct] = footer[2][1].items
    return found


def chunk_of(footer: Struct, column: int, group: int = 0) -> Struct:
    """One column chunk."""
    found: Struct = footer[4][1].items[group][1][1].items[column]
    return found


def about(footer: Struct, column: int, group: int = 0) -> Struct:
    """What is said of one column chunk: its ColumnMetaData."""
    found: Struct = chunk_of(footer, column, group)[3][1]
    return found
