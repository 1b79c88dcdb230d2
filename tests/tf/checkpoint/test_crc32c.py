import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols.tf.checkpoint.crc32c import crc32c, unmask
from tests.tf import tf_writer


@pytest.mark.parametrize(
    ("data", "crc"),
    [  # RFC 3720, B.4
        (b"\0" * 32, 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_published_values(data: bytes, crc: int) -> None:
    assert crc32c(data) == crc


@pytest.mark.parametrize("size", [1, 511, 512, 513, 1023, 1024, 1025, 32767, 65536, 65536 + 1024 + 7, 32768 * 3 + 5])
def test_every_way_of_folding_equals_one_bit_at_a_time(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    assert crc32c(data) == tf_writer.crc32c(data)
    assert crc32c(np.frombuffer(data, np.uint8)) == tf_writer.crc32c(data)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=3000), st.integers(0, 3000))
def test_continues_anywhere(data: bytes, cut: int) -> None:
    assert crc32c(data[cut:], crc32c(data[:cut])) == tf_writer.crc32c(data)


def test_unmask() -> None:
    assert unmask(tf_writer.masked(b"foo")) == tf_writer.crc32c(b"foo")
    assert unmask((0x12345678 + 0xA282EAD8) & 0xFFFFFFFF) == 0x2B3C091A
