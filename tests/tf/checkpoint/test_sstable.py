from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import errors
from featurecols.tf.checkpoint import sstable
from featurecols.tf.checkpoint.sstable import read_table
from tests.tf.tf_writer import contents, field, snappy, stored, table, varint

PAIRS = [(b"", b"header")] + [(b"layer/%03d/kernel" % i, bytes([i]) * i) for i in range(60)]


@pytest.mark.parametrize("interval", [1, 4, 16])
def test_entries_come_back_in_order(interval: int) -> None:
    assert list(read_table(table([contents(PAIRS, interval)]))) == PAIRS


def test_many_blocks() -> None:
    blocks = [contents(PAIRS[i : i + 7]) for i in range(0, len(PAIRS), 7)]
    assert list(read_table(table(blocks))) == PAIRS


def test_snappy_blocks_beside_plain_ones() -> None:
    first, second = contents(PAIRS[:30]), contents(PAIRS[30:])
    assert len(snappy(second)) < len(second)
    assert list(read_table(table([first, snappy(second)], kinds=[0, 1]))) == PAIRS


def test_snappy_by_hand() -> None:
    """Length 26; a literal of 6 bytes; a copy of 8 from 1 back, which repeats one byte; a literal of 12."""
    block = contents([(b"a", b"xxxxxxxxxx" + b"y")])
    head, run, tail = block[:4], block[4:14], block[14:]
    assert run == b"x" * 10
    by_hand = bytes([len(block), len(head) << 2]) + head + b"x" + bytes([(9 - 4) << 2 | 1, 1])
    by_hand += bytes([(len(tail) - 1) << 2]) + tail
    assert list(read_table(table([by_hand], kinds=[1]))) == [(b"a", b"xxxxxxxxxxy")]


def test_an_empty_table() -> None:
    assert list(read_table(table([]))) == []


def refuse(data: bytes, words: str) -> None:
    with pytest.raises(errors.SavedPlanError, match=words):
        list(read_table(data, "x.index"))


def test_what_is_no_table_is_refused() -> None:
    refuse(b"", "too short")
    refuse(b"\0" * 47, "too short")
    refuse(b"\0" * 48, "magic number")
    refuse(b"PAR1" + b"\0" * 60 + b"PAR1", "magic number")


def test_a_wrong_checksum_is_refused() -> None:
    whole = table([contents(PAIRS)])
    for at in (0, 40, len(whole) - 60):
        refuse(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], "checksum|past the end")


@pytest.mark.parametrize(
    ("handles", "words"),
    [
        ([(0, 9), (0, 9)], "overlaps"),  # one block twice
        ([(16, 9), (0, 9)], "overlaps"),  # backwards
        ([(0, 9), (1 << 40, 9)], "past the end"),
        ([(0, 1 << 62)], "past the end"),
        ([((1 << 64) - 1, (1 << 64) - 1)], "past the end"),
    ],
)
def test_handles_must_go_forward_inside_the_file(handles: list[tuple[int, int]], words: str) -> None:
    small = contents([(b"", b"")], interval=1)
    assert len(small) == 11
    handles = [(a, 11 if n == 9 else n) for a, n in handles]
    refuse(table([small, small], handles=handles), words)


def test_an_index_block_cannot_stand_for_a_data_block() -> None:
    """A handle that points at the index itself makes entries whose values are handles, never a cycle."""
    data = contents([(b"", b"")])
    size = len(table([data])) - 48
    handle = size - 5 - len(contents([(b"%08d" % 0, varint(0) + varint(len(data)))]))
    found = table([data], handles=[(handle, size - 5 - handle)])
    assert [key for key, _ in read_table(found)] == [b"00000000"]


BAD_BLOCKS: list[tuple[bytes, str]] = [
    (b"", "restart count"),
    (b"\xff\xff\xff\xff", "restarts"),
    (contents([(b"b", b""), (b"a", b"")], 1), "not above"),
    (contents([(b"a", b""), (b"a", b"")], 1), "not above"),
    (b"\x05\x01\x00a" + b"\0\0\0\0\x01\0\0\0", "shares 5 bytes"),
    (b"\x00\x20\x00a" + b"\0\0\0\0\x01\0\0\0", "32 bytes declared"),
    (b"\x00\x01" + varint(1 << 63) + b"a" + b"\0\0\0\0\x01\0\0\0", "bytes declared"),
    (b"\xff" * 10 + b"\0\0\0\0\x01\0\0\0", "longer than 64 bits"),
    (b"\x00\x01" + b"\0\0\0\0\x01\0\0\0", "declared where 0 are left"),
    (b"\x00" + varint(70_000) + b"\0" + b"a" * 70_000 + b"\0\0\0\0\x01\0\0\0", "key of 70000 bytes"),
]


@pytest.mark.parametrize(("block", "words"), BAD_BLOCKS)
def test_bad_blocks_are_refused(block: bytes, words: str) -> None:
    refuse(table([block]), words)


def test_an_unknown_block_type_is_refused() -> None:
    refuse(table([contents(PAIRS)], kinds=[2]), "unknown type 2")


@pytest.mark.parametrize(
    ("compressed", "words"),
    [
        (varint(1 << 40) + b"\0a", "cannot hold the declared 1099511627776"),
        (varint((1 << 64) - 1), "cannot hold"),
        (varint(40) + b"\0a", "damaged snappy"),  # declares more than there is
        (varint(4) + b"\x05\xff", "damaged snappy"),  # a copy from before the start
        (b"", "declared where 0 are left"),
        (b"\xff" * 12, "longer than 64 bits"),
        (snappy(contents(PAIRS))[:-3], "damaged snappy"),
    ],
)
def test_bad_snappy_is_refused_before_it_is_unpacked(compressed: bytes, words: str) -> None:
    refuse(table([compressed], kinds=[1]), words)


def test_snappy_bombs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    block = contents([(b"%04d" % i, b"\0" * 4000) for i in range(4)])
    bomb = table([snappy(contents([(b"%d%04d" % (n, i), b"\0" * 4000) for i in range(4)])) for n in range(4)], kinds=[1] * 4)
    assert len(bomb) < len(block)
    assert len(list(read_table(bomb))) == 16
    monkeypatch.setattr(sstable, "MAX_BYTES", 40_000)
    refuse(bomb, "more decompressed data")


def test_keys_that_repeat_a_long_prefix_are_refused() -> None:
    """Three bytes on disk can make a key of 64 KiB: all keys together are bounded, too."""
    block = contents([(b"k" * 30_000 + b"%04d" % i, b"") for i in range(1200)], interval=1200)
    assert len(block) < 50_000
    refuse(table([block]), "more decompressed data")


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sstable, "MAX_ENTRIES", 60)
    refuse(table([contents(PAIRS)]), "more than 60 entries")


def test_a_file_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table([contents(PAIRS)])
    monkeypatch.setattr(sstable, "MAX_BYTES", len(whole) - 1)
    refuse(whole, "index file of")


WHOLE = table([contents(PAIRS[:30]), snappy(contents(PAIRS[30:]))], kinds=[0, 1])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_any_flip_gives_an_error_or_the_same(at: int, bits: int) -> None:
    flipped = WHOLE[:at] + bytes([WHOLE[at] ^ bits]) + WHOLE[at + 1 :]
    with suppress(errors.SavedPlanError):
        assert list(read_table(flipped)) == PAIRS


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(WHOLE) - 1))
def test_any_truncation_is_an_error(size: int) -> None:
    refuse(WHOLE[:size], "magic number|too short")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([0, 1]))
def test_any_block_with_a_right_checksum_gives_an_error_or_pairs(block: bytes, kind: int) -> None:
    with suppress(errors.SavedPlanError):
        for key, value in read_table(table([block], kinds=[kind])):
            assert isinstance(key, bytes)
            assert isinstance(value, bytes)


def test_stored_blocks_are_what_the_format_says() -> None:
    """A known block of LevelDB's own kind: the writer of these tests is right where it can be seen by eye."""
    assert contents([(b"apple", b"1"), (b"apply", b"2")]) == b"\0\x05\x01apple1\x04\x01\x01y2" + b"\0\0\0\0\x01\0\0\0"
    assert len(stored(b"x")) == 6
    assert field(1, 300) == b"\x08\xac\x02"
