"""Varints and protobuf's wire format, as far as checkpoints and Examples need them. No schema, no recursion."""

from __future__ import annotations

from collections.abc import Iterator

_FIXED = {1: 8, 5: 4}


class WireError(ValueError):
    """Bytes that cannot be read; callers name the file and raise an error of the package."""


class Reader:
    """A position in `data` that only moves forward and never past the end."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def done(self) -> bool:
        return self.at >= len(self.data)

    def take(self, count: int) -> bytes:
        """Take the next `count` bytes."""
        if count > len(self.data) - self.at:
            raise WireError(f"{count} bytes declared where {len(self.data) - self.at} are left")
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self) -> int:
        """Take the next varint, 0 <= value < 2^64.

        >>> Reader(bytes([0xAC, 0x02])).varint()
        300
        """
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >= 1 << 64:
                    break
                return value
        raise WireError("a varint longer than 64 bits")


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield field number and value of every field: an int (varint, fixed32 and fixed64, unsigned) or the bytes.

    >>> list(fields(bytes([0x08, 0x07, 0x12, 0x01, 0x61])))
    [(1, 7), (2, b'a')]
    """
    reader = Reader(message)
    while not reader.done():
        tag = reader.varint()
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            yield number, reader.varint()
        elif kind == 2:
            yield number, reader.take(reader.varint())
        elif kind in _FIXED:
            yield number, int.from_bytes(reader.take(_FIXED[kind]), "little")
        else:
            raise WireError(f"a protobuf field of wire type {kind}")


def integer(value: int | bytes) -> int:
    """Return a field of an integer type, signed as protobuf's int32 and int64 are."""
    if isinstance(value, bytes):
        raise WireError("bytes where a protobuf integer belongs")
    return value - (1 << 64) if value >> 63 else value


def message(value: int | bytes) -> bytes:
    """Return a field that holds a message or a string."""
    if isinstance(value, int):
        raise WireError("an integer where a protobuf message belongs")
    return value
