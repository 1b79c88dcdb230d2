from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from featurecols import errors
from featurecols.data.tables import as_batch
from tests.data.fields.physical import bits, decoded, grouped, whole


def cells(data: Any, missing: tuple[Any, ...] = ()) -> Any:
    return as_batch({"x": data}).field("x", missing)


NUMBERS = [[1.0, 2.0], None, [], [None, -999.0], [5.0]]


@pytest.mark.parametrize(
    "data",
    [
        NUMBERS,
        pd.Series(NUMBERS),
        np.array([np.array([1.0, 2.0]), None, np.array([]), np.array([np.nan, -999.0]), np.array([5.0])], dtype=object),
        pl.Series(NUMBERS),
        pd.Series(NUMBERS, dtype=pd.ArrowDtype(pa.list_(pa.float64()))),
        *(pa.array(NUMBERS, kind(pa.float64())) for kind in (pa.list_, pa.large_list, pa.list_view, pa.large_list_view)),
        pa.array(NUMBERS, pa.list_(pa.float32())),
        pa.chunked_array(
            [pa.array(NUMBERS[:2], pa.list_(pa.int16())), pa.array([[], [None, -999], [5]], pa.list_(pa.int16()))]
        ),
        pa.array(NUMBERS, pa.list_(pa.dictionary(pa.int8(), pa.float64()))),
        [(1, 2), None, (), (None, -999), (5,)],
        [np.array([1, 2], "i1"), None, np.array([]), np.array([None, -999], dtype=object), np.array([5], ">f4")],
        [[np.uint8(1), np.float32(2)], None, [], [None, np.int64(-999)], [5.0]],
    ],
)
def test_lists_of_numbers(data: Any) -> None:
    found = cells(data, (-999,))
    numbers = found.numbers()
    assert numbers.offsets.dtype == np.int64
    assert grouped(bits(numbers.values), numbers.offsets) == [[(1.0).hex(), (2.0).hex()], [], [], [None, None], [(5.0).hex()]]
    assert whole(found) == [[1, 2], [], [], [None, None], [5]]
    assert decoded(found.tokens()) == [[b"1", b"2"], [], [], [None, None], [b"5"]]
    assert found.to_pylist() == [[1, 2], [], [], [None, None], [5]]
    assert len(numbers) == len(found.tokens()) == len(found.integers()) == 5
    part = found.slice(1, 4)
    assert grouped(bits(part.numbers().values), part.numbers().offsets) == [[], [], [None, None]]
    assert decoded(part.tokens()) == [[], [], [None, None]]


def test_matrices_are_lists_of_one_size() -> None:
    matrix = np.arange(12.0).reshape(4, 3)
    for data in (matrix, np.asfortranarray(matrix), matrix.astype(">f4"), pa.FixedSizeListArray.from_arrays(matrix.ravel(), 3)):
        numbers = cells(data).slice(1, 4).numbers()
        assert numbers.values.tolist() == list(range(3, 12))
        assert numbers.offsets.tolist() == [0, 3, 6, 9]
    cube = cells(np.arange(12.0).reshape(2, 3, 2)).numbers()
    assert cube.offsets.tolist() == [0, 6, 12]
    assert [lengths.tolist() for lengths in cube.nested] == [[2] * 6]
    assert cells(np.zeros((3, 0))).numbers().offsets.tolist() == [0, 0, 0, 0]
    assert cells(np.zeros((0, 3))).numbers().offsets.tolist() == [0]
    assert decoded(cells(np.array([["a", "b"], ["c", "?"]]), ("?",)).tokens()) == [[b"a", b"b"], [b"c", None]]
    masked = np.ma.MaskedArray([[1, 2], [3, 4]], [[False, True], [False, False]])
    assert whole(cells(masked)) == [[1, None], [3, 4]]


def test_null_rows_of_one_size_are_empty() -> None:
    array = pa.array([[1, 2], None, [3, None]], pa.list_(pa.int32(), 2))
    assert whole(cells(array)) == [[1, 2], [], [3, None]]
    assert whole(cells(array).slice(1, 3)) == [[], [3, None]]


def test_lists_of_lists_of_numbers() -> None:
    rows = [[[1.0, 2.0], [3.0]], None, [], [None, [4.0, None]], [[]]]
    for data in (rows, pa.array(rows, pa.large_list(pa.list_(pa.float64()))), pl.Series(rows)):
        numbers = cells(data).numbers()
        assert bits(numbers.values) == [(1.0).hex(), (2.0).hex(), (3.0).hex(), (4.0).hex(), None]
        assert numbers.offsets.tolist() == [0, 3, 3, 3, 5, 5]
        assert [lengths.tolist() for lengths in numbers.nested] == [[2, 1, 0, 2, 0]]
        part = cells(data).slice(3, 5).numbers()
        assert bits(part.values) == [(4.0).hex(), None]
        assert part.offsets.tolist() == [0, 2, 2]
        assert [lengths.tolist() for lengths in part.nested] == [[0, 2, 0]]


def test_deeper_lists_keep_every_inner_length() -> None:
    rows = [[[[1], [2, 3]]], [[[4]], [[5], []]]]
    numbers = cells(rows).numbers()
    assert numbers.values.tolist() == [1, 2, 3, 4, 5]
    assert numbers.offsets.tolist() == [0, 3, 5]
    assert [lengths.tolist() for lengths in numbers.nested] == [[2, 1, 2], [1, 2, 1, 1, 0]]


def test_lists_of_lists_are_no_categories() -> None:
    found = cells([[], [["a"]], [["b"], ["c"]]])
    for view in (found.tokens, found.integers):
        with pytest.raises(errors.DataError, match="needs values, or lists of them in field 'x' at row 2, got lists of lists"):
            view()


def test_the_row_of_a_bad_element() -> None:
    found = cells([[1.0], None, [], [2.0, 0.5], [0.25]])
    for view in (found.tokens, found.integers, found.slice(0, 5).tokens):
        with pytest.raises(errors.DataError) as caught:
            view()
        assert (caught.value.row, caught.value.got) == (3, "0.5")
    with pytest.raises(errors.DataError) as caught:
        cells([[["a"]], [], [[], ["b"]]]).slice(1, 3).numbers()
    assert (caught.value.row, caught.value.got) == (1, "'b'")


# Python values that no Arrow type holds together


def test_mixed_values_are_categories_one_by_one() -> None:
    data = [1, "1", None, b"\xff", True, 2.0, float("nan"), 2**70, np.int8(3), np.str_("a"), pd.NA, "?"]
    expected = [b"1", b"1", None, b"\xff", b"1", b"2", None, str(2**70).encode(), b"3", b"a", None, None]
    for form in (data, np.array([*data, None], dtype=object)[:-1], pd.Series(data, dtype=object)):
        found = cells(form, ("?",))
        assert decoded(found.tokens()) == expected
        assert decoded(found.slice(3, 8).tokens()) == expected[3:8]
        assert found.slice(0, 3).to_pylist() == [1, "1", None]


def test_mixed_numbers() -> None:
    found = cells([1, True, None, 2.5, 2**70], (2**70,))
    assert found.numbers().values.tolist()[:2] == [1.0, 1.0]
    assert bits(found.numbers().values)[2:] == [None, (2.5).hex(), None]
    with pytest.raises(errors.DataError, match=r"at row 1, got 2\.5"):
        cells([1, 2.5, True]).integers()
    with pytest.raises(errors.DataError, match="needs a number in field 'x' at row 1, got 'b'"):
        cells([1, "b"]).numbers()
    with pytest.raises(errors.DataError, match="a number is beyond float64"):
        cells([1, 10**400]).numbers()


def test_integers_past_64_bits() -> None:
    assert whole(cells([2**63, None, 2**64 - 1])) == [2**63, None, 2**64 - 1]
    assert cells([2**63, None]).integers().values.dtype == np.uint64
    assert bits(cells([2**64, None]).numbers().values) == [(2.0**64).hex(), None]
    assert decoded(cells([2**64, -(2**64)]).tokens()) == [str(2**64).encode(), str(-(2**64)).encode()]
    assert cells([2**64]).tokens().kind == "integer"
    for data, row in (([0, 2**64], 1), ([-1, 2**63], 0), ([-(2**63) - 1], 0)):
        with pytest.raises(errors.DataError, match=f"needs an integer of 64 bits in field 'x' at row {row}"):
            cells(data).integers()


def test_mixed_elements_of_lists() -> None:
    found = cells([[1, "a"], None, ["?", 2.0], []], ("?",))
    assert decoded(found.tokens()) == [[b"1", b"a"], [], [None, b"2"], []]
    assert decoded(found.slice(2, 4).tokens()) == [[None, b"2"], []]
    assert found.to_pylist() == [[1, "a"], [], [None, 2.0], []]
    with pytest.raises(errors.DataError, match=r"at row 2, got 0\.5"):
        cells([[1, "a"], None, ["?", 0.5]]).tokens()


def test_values_among_lists() -> None:
    with pytest.raises(errors.DataError, match="needs a list, as other rows hold in field 'x' at row 2, got 'b'"):
        cells([["a"], None, "b"]).tokens()


@pytest.mark.parametrize("bad", [0.5, 1j, {"a": 1}])
def test_values_that_are_no_category(bad: Any) -> None:
    with pytest.raises(errors.DataError, match=r"is not a category in field 'x' at row 2"):
        cells(["a", 1, bad]).tokens()
