"""Thrift's compact protocol in Python, for the footers of Parquet files: read, changed and written again."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

_SMALL = tuple(bytes([number]) for number in range(1 << 7))
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
_TRUE, _FALSE, _BYTE, _I16, _DOUBLE, _SET = 1, 2, 3, 4, 7, 10


class Items(NamedTuple):
    """A list: the type of its values, and these."""

    kind: int
    values: list[Value]


class Typed(NamedTuple):
    """The type of a field, and its value."""

    kind: int
    value: Value


class Struct(dict[int, Typed]):
    """The fields of a struct by their numbers."""

    def integer(self, number: int) -> int:
        """Return the value of a field that is an integer."""
        found = self[number].value
        if not isinstance(found, int):
            raise _other(number)
        return found

    def structs(self, number: int) -> list[Struct]:
        """Return the values of a field that is a list of structs."""
        found = self[number].value
        items = [item for item in found.values if isinstance(item, Struct)] if isinstance(found, Items) else []
        if not isinstance(found, Items) or len(items) < len(found.values):
            raise _other(number)
        return items

    def struct(self, number: int) -> Struct:
        """Return the value of a field that is a struct."""
        found = self[number].value
        if not isinstance(found, Struct):
            raise _other(number)
        return found


def _other(number: int) -> ValueError:
    return ValueError(f"field {number} of a footer is of another type")


Value: TypeAlias = int | bytes | Items | Struct  # bytes in place of a struct are one that is encoded already


def varint(number: int) -> bytes:
    r"""Encode an integer that is not negative.

    >>> varint(300)
    b'\xac\x02'
    """
    if number < 1 << 7:
        return _SMALL[number]
    if number < 1 << 14:
        return bytes((number & 127 | 128, number >> 7))
    found = []
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def integer(number: int) -> bytes:
    """Encode an integer of either sign."""
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def encode(struct: Struct) -> bytes:
    """Encode a struct, with its fields in the order of their numbers."""
    found, before = bytearray(), 0
    for number in sorted(struct):
        kind, value = struct[number]
        if kind in (_TRUE, _FALSE):
            kind = _TRUE if value else _FALSE
        found += bytes([number - before << 4 | kind]) if number - before < 16 else bytes([kind]) + integer(number)
        if kind not in (_TRUE, _FALSE):
            found += _encode(kind, value)
        before = number
    found.append(0)
    return bytes(found)


def _encode(kind: int, value: Value) -> bytes:
    if isinstance(value, Items):
        count = len(value.values)
        head = bytes([count << 4 | value.kind]) if count < 15 else bytes([0xF0 | value.kind]) + varint(count)
        return head + b"".join(_encode(value.kind, item) for item in value.values)
    if isinstance(value, Struct):
        return encode(value)
    if isinstance(value, bytes):
        return varint(len(value)) + value if kind == BINARY else value
    if kind in (_TRUE, _FALSE, _BYTE):
        return bytes([value & 255])
    return integer(value)


def decode(data: bytes) -> Struct:
    """Decode a struct, which trusted code has encoded."""
    return _Reader(data).struct()


class _Reader:
    """A position in encoded bytes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def struct(self) -> Struct:
        found = Struct()
        number = 0
        while head := self._byte():
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self._integer()
            found[number] = Typed(kind, 2 - kind if kind in (_TRUE, _FALSE) else self._value(kind))
        return found

    def _value(self, kind: int) -> Value:
        if kind == STRUCT:
            return self.struct()
        if kind == BINARY:
            return self._take(self._varint())
        if kind in (LIST, _SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            return Items(head & 15, [self._value(head & 15) for _ in range(count)])
        if kind == _DOUBLE:
            return self._take(8)
        if kind in (_TRUE, _FALSE, _BYTE):  # booleans of a list are bytes
            return self._byte()
        return self._integer()

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]

    def _varint(self) -> int:
        number = shift = 0
        while (byte := self._byte()) > 127:
            number |= (byte & 127) << shift
            shift += 7
        return number | byte << shift

    def _integer(self) -> int:
        number = self._varint()
        return number >> 1 ^ -(number & 1)
