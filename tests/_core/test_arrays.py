"""Ids, texts and canonical bytes."""

from __future__ import annotations

import math
import struct

import mmh3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import featurecols as fc
from featurecols._core import arrays
from featurecols._core.arrays import Ids, Texts, canonical, float32, number, rounded_to_float32
from tests import hashes, reference


def ids(lists: list[list[int]], weights: list[list[float]] | None = None) -> Ids:
    offsets = np.cumsum([0, *map(len, lists)], dtype=np.int64)
    flat = None if weights is None else np.array([w for row in weights for w in row], np.float32)
    return Ids(np.array([i for row in lists for i in row], np.int32), offsets, flat)


def rows(found: Ids) -> list[list[int]]:
    plain, starts = found.elements()
    return [plain.values[a:b].tolist() for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]


# Ids ----------------------------------------------------------------------------------------------------------------


def test_ids_are_as_long_as_their_rows() -> None:
    assert len(Ids(np.array([1, -1, 2], np.int32))) == 3
    assert len(ids([[1, 2], [], [3]])) == 3


@pytest.mark.parametrize("bad", [np.array([1.0]), np.array([[1]]), np.array([True]), np.array([1], np.uint32)])
def test_ids_are_signed_integers_in_one_dimension(bad: np.ndarray) -> None:
    with pytest.raises(fc.ColumnError, match="signed integer"):
        Ids(bad)


def test_weights_pair_with_ids() -> None:
    with pytest.raises(fc.ColumnError, match="one weight per value"):
        Ids(np.array([1, 2]), None, np.array([1.0], np.float32))


_lists = st.lists(st.lists(st.integers(-1, 9), max_size=4), max_size=8)


@given(_lists, st.data())
def test_slices_of_slices_are_the_rows(lists: list[list[int]], data: st.DataObject) -> None:
    weights = [[float(i) for i in row] for row in lists]
    found, want = ids(lists, weights), lists
    for _ in range(2):
        start = data.draw(st.integers(0, len(want)))
        stop = data.draw(st.integers(start, len(want)))
        found, want = found.slice(start, stop), want[start:stop]
    assert len(found) == len(want)
    assert rows(found) == want
    assert found.compact().offsets.tolist() == np.cumsum([0, *map(len, want)]).tolist()
    assert found.compact().values.tolist() == [i for row in want for i in row]
    assert found.compact().weights.tolist() == [float(i) for row in want for i in row]


@given(st.lists(_lists, min_size=1, max_size=4))
def test_parts_join_to_the_whole(parts: list[list[list[int]]]) -> None:
    slices = [ids([[7], *part, [8, 9]]).slice(1, len(part) + 1) for part in parts]
    whole = Ids.concatenate(slices)
    assert rows(whole) == [row for part in parts for row in part]
    assert whole.offsets[0] == 0


def test_one_id_a_row_stays_so_only_if_every_part_has_it_so() -> None:
    single = Ids(np.array([4, -1], np.int32))
    assert Ids.concatenate([single, single]).offsets is None
    assert rows(Ids.concatenate([single, ids([[1, 2], []])])) == [[4], [-1], [1, 2], []]


def test_slicing_shares_memory() -> None:
    whole = ids([[1, 2], [3], [4, 5]])
    assert np.shares_memory(whole.slice(1, 3).values, whole.values)


# Texts --------------------------------------------------------------------------------------------------------------


def test_texts_are_their_bytes() -> None:
    texts = Texts(np.array([1, 3, 3, 6]), np.frombuffer(b"xab\0cdz", np.uint8))
    assert len(texts) == 3
    assert [texts[i] for i in range(3)] == [b"ab", b"", b"\0cd"]


def test_what_is_computed_of_texts_is_computed_once() -> None:
    texts = Texts(np.array([0, 1]), np.frombuffer(b"a", np.uint8))
    calls: list[int] = []
    for key in ("a", "a", "b"):
        texts.once(key, lambda t: calls.append(len(t)))
    assert calls == [1, 1]


# Canonical bytes and numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ("é", b"\xc3\xa9"),
        ("", b""),
        ("a\0", b"a\0"),
        (b"\xff", b"\xff"),
        (0, b"0"),
        (-5, b"-5"),
        (2**64 - 1, b"18446744073709551615"),
        (True, b"1"),
        (False, b"0"),
        (5.0, b"5"),
        (-0.0, b"0"),
        (-3.0, b"-3"),
        (2.0**53 - 1, b"9007199254740991"),
        (np.int8(-5), b"-5"),
        (np.uint64(2**64 - 1), b"18446744073709551615"),
        (np.float32(5), b"5"),
        (np.bool_(True), b"1"),
        (np.str_("é"), b"\xc3\xa9"),
        (np.bytes_(b"a"), b"a"),
    ],
)
def test_canonical_bytes(value: object, want: bytes) -> None:
    assert canonical(value, "who", "key") == want


@pytest.mark.parametrize("value", [0.5, 2.0**53, -(2.0**53), math.inf, np.float32(0.5), None, [1], object(), "a\ud800"])
def test_what_has_no_canonical_bytes_is_refused(value: object) -> None:
    with pytest.raises(fc.DataError, match=r"who: .*key"):
        canonical(value, "who", "key")


def test_an_integer_past_pythons_digits_is_refused() -> None:
    with pytest.raises(fc.DataError, match=r"who: .*key"):
        canonical(10**5000, "who", "key")


@given(st.text() | st.binary() | st.integers() | st.booleans() | st.floats())
def test_canonical_bytes_are_those_of_the_reference(value: object) -> None:
    try:
        want = reference.canonical(value)
    except (ValueError, OverflowError):
        with pytest.raises(fc.DataError):
            canonical(value, "who", "key")
    else:
        assert canonical(value, "who", "key") == want
        assert mmh3.hash(want, 0, signed=False) == hashes.murmur3(want)


@given(st.floats())
def test_float32_rounds_to_nearest(x: float) -> None:
    want = reference.float32(x)
    for got in (float32(x), float(rounded_to_float32(np.array([x]))[0])):
        assert struct.pack("<d", got) == struct.pack("<d", want) or (got != got and want != want)


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (3, 3.0),
        (-0.5, -0.5),
        (math.inf, math.inf),
        (True, None),
        ("3", None),
        (None, None),
        (10**400, None),
        (2**53 + 1, 2.0**53),
    ],
)
def test_number_takes_numbers_alone(value: object, want: float | None) -> None:
    assert number(value) == want
    assert type(number(value)) in (float, type(None))


def test_the_module_exports_what_the_columns_use() -> None:
    assert {"Ids", "Texts", "Tokens", "Numbers", "Integers", "canonical"} <= set(vars(arrays))
