from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols.tf.checkpoint.protobuf import Reader, WireError, fields, integer, message
from tests.tf.tf_writer import field, varint


@given(st.integers(0, (1 << 64) - 1))
def test_varints_come_back(value: int) -> None:
    reader = Reader(varint(value) + b"!")
    assert reader.varint() == value
    assert reader.take(1) == b"!"
    assert reader.done()


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 10, b"\xff" * 9 + b"\x02", b"\x80" * 30 + b"\x01"])
def test_varints_that_end_late_or_never(data: bytes) -> None:
    with pytest.raises(WireError):
        Reader(data).varint()


def test_fields_of_every_wire_type() -> None:
    data = field(1, 5) + field(2, b"ab") + b"\x1d\x01\x00\x00\x00" + b"\x21\x02\0\0\0\0\0\0\0" + field(1, -1)
    assert list(fields(data)) == [(1, 5), (2, b"ab"), (3, 1), (4, 2), (1, (1 << 64) - 1)]


def test_integers_are_signed_as_in_protobuf() -> None:
    assert [integer(n) for n in (0, 7, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)] == [0, 7, (1 << 63) - 1, -(1 << 63), -1]


@pytest.mark.parametrize("data", ["0b", "0c", "0e", "0a0561", "0d01", "08", "0a" + "ff" * 9 + "01"])
def test_fields_that_cannot_be_read(data: str) -> None:
    with pytest.raises(WireError):
        list(fields(bytes.fromhex(data)))


def test_a_field_of_the_other_kind() -> None:
    with pytest.raises(WireError, match="bytes where"):
        integer(b"a")
    with pytest.raises(WireError, match="integer where"):
        message(1)


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes_end_in_fields_or_an_error(data: bytes) -> None:
    with suppress(WireError):
        assert len(list(fields(data))) <= len(data) // 2
