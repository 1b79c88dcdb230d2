"""Numbers in the text of CSV files."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import errors
from featurecols.data.batch import Batch
from tests.data.fields.physical import bits, decoded, number_bits, whole


def cells(values: list[Any], missing: tuple[Any, ...] = (), *, coded: bool = False) -> Any:
    array = pa.array(values, pa.string())
    return Batch.arrow(pa.record_batch({"x": array.dictionary_encode() if coded else array}), parse=True).field("x", missing)


@pytest.mark.parametrize("coded", [False, True])
def test_numbers(coded: bool) -> None:
    found = cells(["1.5", None, "-999", " 7\t", "-999.0", "1e3", "nan", "inf", "?"], ("?", -999), coded=coded)
    assert bits(found.numbers().values) == number_bits([1.5, None, None, 7.0, None, 1000.0, None, float("inf"), None])
    assert bits(found.slice(3, 6).numbers().values) == number_bits([7.0, None, 1000.0])


@pytest.mark.parametrize("coded", [False, True])
def test_text_stays_text(coded: bool) -> None:
    found = cells(["007", "7", "7.0", None, " a"], coded=coded)
    assert decoded(found.tokens()) == [b"007", b"7", b"7.0", None, b" a"]
    assert found.to_pylist() == ["007", "7", "7.0", None, " a"]


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("bad", ["abc", "1_000", "1,5", "0x10", "1 2", "", " ", "--1", "1e", ".", "٣", "true", "½", "1\0"])
def test_what_is_no_number(bad: str, coded: bool) -> None:
    found = cells(["1", None, "+2", bad, "worse"], coded=coded)
    for view in (found.numbers, found.integers):
        with pytest.raises(errors.DataError) as caught:
            view()
        assert (caught.value.row, caught.value.problem) == (3, "text is not a number")
    with pytest.raises(errors.DataError) as caught:
        found.slice(2, 5).numbers()
    assert caught.value.row == 1
    assert bits(cells(["1", "+2", bad], (bad,), coded=coded).numbers().values) == number_bits([1.0, 2.0, None])


def test_signs_and_dots() -> None:
    texts = ["+5", "5.", ".5", "+.5e-1", "-0", "INF", "-Infinity", "NaN", "1E5"]
    assert bits(cells(texts).numbers().values) == number_bits([float(t) for t in texts])
    assert bits(cells(texts[1:]).numbers().values) == number_bits([float(t) for t in texts[1:]])


@given(st.lists(st.one_of(st.none(), st.floats()), max_size=20), st.booleans())
@settings(max_examples=100, deadline=None)
def test_every_float_comes_back(values: list[Any], coded: bool) -> None:
    found = cells([None if v is None else repr(v) for v in values], coded=coded)
    assert bits(found.numbers().values) == number_bits(values)


@pytest.mark.parametrize("coded", [False, True])
def test_integers(coded: bool) -> None:
    texts = ["5", " -7 ", None, "+8", "9007199254740993", "5.0", "nan", "-9223372036854775808", "1e3", "007"]
    expected = [5, -7, None, 8, 2**53 + 1, 5, None, -(2**63), 1000, 7]
    assert whole(cells(texts, coded=coded)) == expected
    assert whole(cells(texts[:3], coded=coded)) == expected[:3]
    assert whole(cells(["5", "6.0"], (5, 6), coded=coded)) == [None, None]
    assert whole(cells(["18446744073709551615", "0", None], coded=coded)) == [2**64 - 1, 0, None]
    assert whole(cells([], coded=coded)) == []
    assert whole(cells([None, None], coded=coded)) == [None, None]


@pytest.mark.parametrize("bad", ["0.5", "9007199254740992.0", "inf", "18446744073709551616", "-9223372036854775809"])
def test_what_is_no_integer(bad: str) -> None:
    with pytest.raises(errors.DataError) as caught:
        cells(["1", None, bad]).integers()
    assert caught.value.row == 2


def test_bytes_that_are_no_utf8() -> None:
    raw = pa.array([b"1", b"\xff", b"+2"])
    array = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    batch = Batch.arrow(pa.record_batch({"x": array}), parse=True)
    assert decoded(batch.field("x").tokens()) == [b"1", b"\xff", b"+2"]
    with pytest.raises(errors.DataError, match=r"text is not a number in field 'x' at row 1, got b'\\xff'"):
        batch.field("x").numbers()
    assert np.isnan(batch.field("x", (b"\xff",)).numbers().values).tolist() == [False, True, False]
