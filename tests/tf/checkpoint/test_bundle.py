import numpy as np
import pytest

from featurecols.tf.checkpoint.bundle import Entry, boxes, read_entry, read_header, slice_key
from featurecols.tf.checkpoint.protobuf import WireError
from tests.tf.tf_writer import entry, extents, field, varint


def test_header() -> None:
    assert read_header(field(1, 3) + field(3, field(1, 1))) == 3
    assert read_header(b"\x08\x01\x1a\x02\x08\x01") == 1  # what TensorFlow 2.15 writes


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"", "0 data files"),
        (field(1, 100_000), "100000 data files"),
        (field(1, -1), "-1 data files"),
        (field(1, 1) + field(2, 1), "big-endian"),
        (field(1, 1) + field(3, field(2, 2)), "version 2"),
        (field(1, b"x"), "bytes where"),
    ],
)
def test_headers_that_are_refused(header: bytes, words: str) -> None:
    with pytest.raises(WireError, match=words):
        read_header(header)


def test_entry() -> None:
    found = read_entry(entry(1, [3, 2], 1, 40, 24, 0xDEADBEEF), shards=2)
    assert found == Entry(1, (3, 2), 1, 40, 24, 0xDEADBEEF, ())
    assert found.dtype == np.float32
    assert found.count == 6
    assert read_entry(field(1, 9), 1) == Entry(9, (), 0, 0, 0, 0, ())
    partitioned = read_entry(entry(1, [4, 2], slices=[extents((0, 3), None), extents((3, 1), None)]), 1)
    assert partitioned.slices == (((0, 3), (0, None)), ((3, 1), (0, None)))
    assert boxes(partitioned) == [(slice(0, 3), slice(0, 2)), (slice(3, 4), slice(0, 2))]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (entry(0, [1]), "unknown type 0"),
        (entry(20, [1]), "unknown type 20"),  # a resource
        (entry(101, [1]), "unknown type 101"),  # a reference
        (entry(1, [1], shard=2), "data file 2 of 2"),
        (entry(1, [1], shard=-1), "data file -1"),
        (entry(1, [1], offset=-5), "at -5"),
        (entry(1, [1], size=-5), "-5 bytes"),
        (entry(1, [-1]), "shape"),
        (entry(1, [1 << 40, 1 << 40]), "shape"),
        (entry(1, [0, 1 << 62]), "shape"),
        (entry(1, [1] * 33), "more than 32 axes"),
        (field(1, 1) + field(2, field(3, 1)), "unknown rank"),
        (entry(1, [2], slices=[extents()]), "do not fit"),
        (entry(1, [2], slices=[extents(None, None)]), "do not fit"),
        (entry(1, [2], slices=[extents(*[None] * 33)]), "more than 32 axes"),
        (entry(1, [2], slices=[extents(None)] * 4097), "more than 4096 slices"),
        (b"\x0a", "declared"),
        (field(2, 1), "integer where"),
    ],
)
def test_entries_that_are_refused(value: bytes, words: str) -> None:
    with pytest.raises(WireError, match=words):
        read_entry(value, shards=2)


@pytest.mark.parametrize(
    ("shape", "slices", "words"),
    [
        ([4], [((0, 2),), ((1, 2),)], "tile"),  # overlap and a gap
        ([4], [((0, 2),)], "tile"),
        ([4], [((0, 2),), ((2, 2),), ((2, 2),)], "tile"),
        ([4], [((0, 5),)], "outside"),
        ([4], [((-1, 2),)], "outside"),
        ([4], [((3, -2),)], "outside"),
        ([4, 4], [((0, 2), None), ((0, 4), (0, 2))], "tile"),  # right volume, crossed
        ([1 << 40], [((0, 1 << 39),)], "tile"),
    ],
)
def test_slices_must_tile_their_tensor(shape: list[int], slices: list[tuple[tuple[int, int] | None, ...]], words: str) -> None:
    found = read_entry(entry(1, shape, slices=[extents(*s) for s in slices]), 1)
    with pytest.raises(WireError, match=words):
        boxes(found)


def test_slice_keys_are_what_tensorflow_writes() -> None:
    """Keys read with TensorFlow's own table reader from the stored checkpoint."""
    assert slice_key(b"rows", ((0, 67), (0, None))) == b"\0rows\0\x01\x01\x02\x80\xc0C\x80\x7f"
    assert slice_key(b"rows", ((134, 66), (0, None))) == b"\0rows\0\x01\x01\x02\xc0\x86\xc0B\x80\x7f"
    assert slice_key(b"tiles", ((100, 100), (3, 3))) == b"\0tiles\0\x01\x01\x02\xc0d\xc0d\x83\x83"


@pytest.mark.parametrize(
    ("value", "code"),
    [  # sign and length in the leading bits, then the number, big end first
        (0, "80"),
        (63, "bf"),
        (64, "c040"),
        (8191, "dfff"),
        (8192, "e02000"),
        (1 << 20, "f0100000"),
        ((1 << 62) - 1, "ff" + "bfffffffffffffff"),
        (1 << 62, "ff" + "c04000000000000000"),
        (-1, "7f"),
        (-64, "40"),
        (-65, "3fbf"),
    ],
)
def test_slice_keys_of_wide_numbers(value: int, code: str) -> None:
    assert slice_key(b"a", ((value, 0),)) == b"\0a\0\x01\x01\x01" + bytes.fromhex(code) + b"\x80"


def test_slice_keys_escape_zero_and_255() -> None:
    assert slice_key(b"a\0b\xff", ((0, 1),)) == b"\0a\0\xffb\xff\0\0\x01\x01\x01\x80\x81"
    assert varint(1) == b"\x01"
