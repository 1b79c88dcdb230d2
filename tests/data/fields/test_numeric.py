import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from featurecols import errors
from featurecols.data.fields.numeric import IntegerTexts
from featurecols.data.tables import as_batch
from tests.data.fields.physical import bits, decoded, whole


def cells(data: Any, missing: tuple[Any, ...] = ()) -> Any:
    return as_batch({"x": data}).field("x", missing)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_integers_of_every_width(kind: str) -> None:
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    for data in (np.array([low, 0, 5, high], kind), np.array([low, 0, 5, high], kind).astype(np.dtype(kind).newbyteorder(">"))):
        found = cells(data, (5, 2**64, -(2**64)))
        assert found.integers().values.dtype == (np.uint64 if kind == "uint64" else np.int64)
        assert whole(found) == [low, 0, None, high]
        assert decoded(found.tokens()) == [str(low).encode(), b"0", None, str(high).encode()]
        assert found.tokens().kind == "integer"
        assert found.numbers().values.tolist()[:2] == [float(low), 0.0]
        assert found.numbers().values[3] == float(high)


def test_floats_of_every_width() -> None:
    for kind in (np.float16, np.float32, np.float64):
        found = cells(np.array([1, -0.0, np.nan, 5, np.inf], kind), (5,))
        assert found.numbers().values.dtype == np.float64
        assert bits(found.numbers().values) == [(1.0).hex(), (-0.0).hex(), None, None, "inf"]
        assert decoded(found.slice(0, 4).tokens()) == [b"1", b"0", None, None]
    assert bits(cells(np.array([0.1], np.float32)).numbers().values) == [float(np.float32(0.1)).hex()]


LOST = "bucketize it with Bucketized, or read the field as integers or text where it comes from: as a float it has lost digits"


@pytest.mark.parametrize("bad", [0.5, 2.0**53, -(2.0**53), 1e300, float("inf"), float("-inf"), 5e-324])
def test_floats_that_are_no_category(bad: float) -> None:
    found = cells([1.0, None, bad, 0.25])
    with pytest.raises(errors.DataError) as caught:
        found.tokens()
    assert str(caught.value) == (
        f"x: a float that is not a whole number below 2^53 is not a category in field 'x' at row 2, got {bad!r}; "
        + (LOST if 2**53 <= abs(bad) < math.inf else "bucketize it with Bucketized, or cast it to a string or an integer")
    )
    with pytest.raises(errors.DataError, match=r"needs a whole number below 2\^53 in field 'x' at row 2"):
        found.integers()


def test_a_marker_hides_a_bad_float() -> None:
    assert decoded(cells([1.0, 0.5, 1e300], (0.5, 1e300)).tokens()) == [b"1", None, None]


def test_garbage_under_nulls_is_not_looked_at() -> None:
    array = pa.array(np.array([1.0, 0.5, 1e300, 3.0]), mask=np.array([False, True, True, False]))
    assert decoded(cells(array).tokens()) == [b"1", None, None, b"3"]
    assert whole(cells(array)) == [1, None, None, 3]


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint64, np.float64])
def test_few_integers_in_many_rows_are_a_dictionary(kind: Any) -> None:
    column = np.arange(5000).astype(kind) % kind(50) + kind(70)
    valid = np.arange(5000) % 11 != 0
    for data, there in ((column, np.ones(5000, bool)), (pa.array(column, mask=~valid), valid)):
        found = cells(data, (71,))
        tokens = [found.slice(a, b).tokens() for a, b in ((0, 100), (100, 4000), (4000, 5000))]
        assert len({id(t.texts) for t in tokens}) == 1
        assert len(tokens[0].texts) <= 50
        expected = [str(int(v)).encode() if ok and v != 71 else None for v, ok in zip(column, there, strict=True)]
        assert [v for t in tokens for v in decoded(t)] == expected
        assert tokens[0].texts.integers is not None


@pytest.mark.parametrize(
    "column",
    [
        np.full(5000, -(2**63), np.int64),
        np.full(5000, 2**63 - 1, np.int64),
        np.full(5000, 2**64 - 1, np.uint64),
        np.where(np.arange(5000) % 2, 2**63 - 1, -(2**63)),
        np.full(5000, np.nan),
        np.full(5000, -128, np.int8),
        np.where(np.arange(5000) % 2, 127, -128).astype(np.int8),
    ],
)
def test_ranges_at_the_ends(column: Any) -> None:
    expected = [None if v != v else str(int(v)).encode() for v in column.tolist()]
    assert decoded(cells(column).tokens()) == expected
    assert decoded(cells(pa.array(column, mask=np.arange(5000) % 3 == 0)).tokens()) == [
        None if i % 3 == 0 else e for i, e in enumerate(expected)
    ]


def test_decimals_are_written_on_demand() -> None:
    texts = cells(np.array([5, -7, 10**12])).tokens().texts
    assert isinstance(texts, IntegerTexts)
    assert texts.integers.tolist() == [5, -7, 10**12]
    assert texts._text is None
    assert len(texts) == 3
    assert texts[2] == b"1000000000000"
    assert texts.offsets.tolist() == [0, 1, 3, 16]
    assert texts.data is texts.data


def test_booleans() -> None:
    found = cells(pa.array([True, None, False, True]))
    assert found.tokens().kind == "boolean"
    assert decoded(found.tokens()) == [b"1", None, b"0", b"1"]
    assert bits(found.numbers().values) == [(1.0).hex(), None, (0.0).hex(), (1.0).hex()]
    assert whole(found) == [1, None, 0, 1]
    assert found.to_pylist() == [True, None, False, True]
    assert decoded(cells(pa.array([True, None, False]), (True,)).tokens()) == [None, None, b"0"]
    assert found.slice(0, 1).tokens().texts is found.slice(1, 4).tokens().texts


def test_inputs_stay_as_they_were() -> None:
    column = np.array([1.0, -999.0, np.nan])
    column.flags.writeable = False
    before = column.tobytes()
    found = cells(column, (-999,))
    found.numbers()
    found.tokens()
    found.integers()
    assert column.tobytes() == before
    assert bits(found.numbers().values) == [(1.0).hex(), None, None]


def test_numbers_in_full_precision() -> None:
    column = np.array([2**53 + 1, -(2**53) - 1, 2**63 - 1])
    assert whole(cells(column)) == [2**53 + 1, -(2**53) - 1, 2**63 - 1]
    assert cells(column).numbers().values.tolist() == [2.0**53, -(2.0**53), 2.0**63]
    assert decoded(cells(column).tokens())[0] == b"9007199254740993"
