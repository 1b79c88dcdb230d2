from __future__ import annotations

import mmh3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels
from featurecols._core import farmhash
from featurecols.errors import DataError
from tests.kernels.arrays import Array, frozen, texts
from tests.kernels.fingerprints import GOLDEN

WIDTHS = [np.int32, np.int64]
ITEMS = st.lists(st.binary(max_size=150), max_size=12)
AROUND = st.binary(max_size=9)
BUCKETS = [1, 2, 3, 7, 10, 1000, 1024, 1_000_003, 2**30, 2**31 - 2, 2**31 - 1]


def murmur(items: list[bytes], seed: int) -> Array:
    return np.array([mmh3.hash(item, seed, signed=False) for item in items], np.uint32)


@pytest.mark.parametrize("width", WIDTHS)
@given(items=ITEMS, before=AROUND, after=AROUND, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_murmur3_is_mmh3(width: type, items: list[bytes], before: bytes, after: bytes, seed: int) -> None:
    offsets, data = texts(items, width, before, after)
    found = kernels.texts.murmur3(offsets, data, seed)
    assert found.dtype == np.uint32
    assert found.tolist() == murmur(items, seed).tolist()


def test_murmur3_of_every_length_at_the_very_end_of_the_data() -> None:
    for n in range(300):
        item = bytes(i * 37 % 256 for i in range(n))
        offsets, data = texts([item], np.int64)
        assert kernels.texts.murmur3(offsets, data, 3).tolist() == [mmh3.hash(item, 3, signed=False)]


@st.composite
def groups(draw: st.DrawFn) -> list[bytes]:
    """More texts than are hashed in step, of sizes that change now and then."""
    items: list[bytes] = []
    random = draw(st.randoms(use_true_random=False))
    for _ in range(draw(st.integers(1, 6))):
        low = draw(st.integers(0, 34))
        high = low + draw(st.sampled_from([0, 0, 1, 4, 30, 200]))
        items += [random.randbytes(random.randint(low, high)) for _ in range(draw(st.integers(1, 90)))]
    return items


@pytest.mark.parametrize("width", WIDTHS)
@given(items=groups(), before=AROUND, after=st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_groups_of_texts(width: type, items: list[bytes], before: bytes, after: bytes) -> None:
    offsets, data = texts(items, width, before, after)
    assert kernels.texts.murmur3(offsets, data, 9).tolist() == murmur(items, 9).tolist()
    assert kernels.texts.farmhash64(offsets, data).tolist() == [farmhash.fingerprint64(item) for item in items]
    known = items[::2]
    table = kernels.lookup.build(*texts(known, width))
    places = {item: i for i, item in reversed(list(enumerate(known)))}
    assert kernels.lookup.find(table, offsets, data).tolist() == [places.get(item, -1) for item in items]


def test_long_texts_and_nul_bytes() -> None:
    items = [b"\0", b"\0\0", b"\0" * 3, b"a\0b", b"\xff" * 10_000, bytes(range(256)) * 40]
    offsets, data = texts(items)
    assert kernels.texts.murmur3(offsets, data, 0).tolist() == murmur(items, 0).tolist()
    by_tensorflow = [10743481260332099538, 1669124556808919744]
    assert kernels.texts.farmhash64(*texts(items[4:])).tolist() == by_tensorflow


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("num_buckets", BUCKETS)
def test_murmur3_buckets_are_the_remainders(width: type, num_buckets: int) -> None:
    items = [str(i * 7919).encode() for i in range(2000)]
    offsets, data = texts(items, width)
    found = kernels.texts.murmur3_buckets(offsets, data, None, 11, num_buckets)
    assert found.dtype == np.int32
    assert found.tolist() == [h % num_buckets for h in murmur(items, 11).tolist()]


def test_buckets_of_texts_that_are_not_there() -> None:
    offsets, data = texts([b"a", b"", b"b"])
    valid = frozen([True, False, True], bool)
    a, b = mmh3.hash(b"a", signed=False), mmh3.hash(b"b", signed=False)
    assert kernels.texts.murmur3_buckets(offsets, data, valid, 0, 100).tolist() == [a % 100, -1, b % 100]
    farm = kernels.texts.farmhash64_buckets(offsets, data, valid, 100)
    assert (farm.dtype, farm.tolist()) == (np.int32, [GOLDEN[b"a"] % 100, -1, 11795596070477164822 % 100])
    wide = kernels.texts.farmhash64_buckets(offsets, data, valid, 2**40)
    assert (wide.dtype, wide.tolist()) == (np.int64, [GOLDEN[b"a"] % 2**40, -1, 11795596070477164822 % 2**40])


@pytest.mark.parametrize("width", WIDTHS)
def test_farmhash64_is_tensorflows(width: type) -> None:
    offsets, data = texts(list(GOLDEN), width, b"before", b"after")
    found = kernels.texts.farmhash64(offsets, data)
    assert found.dtype == np.uint64
    assert dict(zip(GOLDEN, found.tolist(), strict=True)) == GOLDEN


@pytest.mark.parametrize("width", WIDTHS)
def test_farmhash64_of_each_text_alone(width: type) -> None:
    for item, value in GOLDEN.items():
        assert kernels.texts.farmhash64(*texts([item], width)).tolist() == [value]


@pytest.mark.parametrize("num_buckets", [*BUCKETS, 2**31, 2**32 + 1, 2**40 + 1, 2**62 + 1, 2**63 - 1])
def test_farmhash64_buckets_are_the_remainders(num_buckets: int) -> None:
    found = kernels.texts.farmhash64_buckets(*texts(list(GOLDEN)), None, num_buckets)
    assert found.dtype == (np.int32 if num_buckets < 2**31 else np.int64)
    assert found.tolist() == [value % num_buckets for value in GOLDEN.values()]


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_to_hash(width: type) -> None:
    data = np.empty(0, np.uint8)
    for offsets in (np.empty(0, width), np.array([0], width), np.array([5], width)):
        assert kernels.texts.murmur3(offsets, data, 0).tolist() == []
        assert kernels.texts.murmur3_buckets(offsets, data, None, 0, 5).tolist() == []
        assert kernels.texts.farmhash64(offsets, data).tolist() == []
        assert kernels.texts.farmhash64_buckets(offsets, data, None, 5).tolist() == []


@pytest.mark.parametrize("offsets", [[0, 4], [-1, 2], [2, 1], [0, 2**31 - 1], [3, 0, 3], [0, 1, 9, 3]])
def test_offsets_outside_the_data_are_an_error(offsets: list[int]) -> None:
    data = np.frombuffer(b"abc", np.uint8)
    for width in WIDTHS:
        for run in (
            lambda o: kernels.texts.murmur3(o, data, 0),
            lambda o: kernels.texts.farmhash64_buckets(o, data, None, 7),
        ):
            with pytest.raises(DataError, match="offsets point outside the text data"):
                run(np.array(offsets, width))


def test_inputs_stay_as_they_are() -> None:
    data = np.frombuffer(b"some text", np.uint8).copy()
    offsets = np.array([0, 4, 9])
    valid = np.array([True, False])
    kernels.texts.murmur3_buckets(offsets, data, valid, 0, 10)
    kernels.texts.farmhash64_buckets(offsets, data, valid, 10)
    assert (data.tobytes(), offsets.tolist(), valid.tolist()) == (b"some text", [0, 4, 9], [True, False])


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@given(table=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=9), codes=st.lists(st.integers(-3, 12), max_size=70))
@settings(max_examples=60, deadline=None)
def test_gather(dtype: type, table: list[int], codes: list[int]) -> None:
    found = kernels.texts.gather(frozen(table, dtype), frozen(codes, np.int32))
    assert found.dtype == dtype
    assert found.tolist() == [table[c] if 0 <= c < len(table) else -1 for c in codes]


def test_wide_values_and_extreme_codes() -> None:
    table = frozen([2**62, -(2**63)], np.int64)
    codes = frozen([1, 0, -1, -(2**31), 2**31 - 1], np.int32)
    assert kernels.texts.gather(table, codes).tolist() == [-(2**63), 2**62, -1, -1, -1]
    assert kernels.texts.gather(table[:0], codes).tolist() == [-1] * 5
    assert kernels.texts.gather(table, codes[:0]).tolist() == []
