"""Windows over a field: sharing, element views, and row numbers in errors."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from featurecols import errors
from featurecols.data.tables import as_batch
from tests.data.fields.physical import decoded, grouped


def cells(data: Any, missing: tuple[Any, ...] = ()) -> Any:
    return as_batch({"x": data}).field("x", missing)


def test_slices_share_the_dictionary_and_what_was_computed_for_it() -> None:
    found = cells(pa.array(["a", "b", "a", "c"] * 500).dictionary_encode())
    first, second = found.slice(0, 900).tokens(), found.slice(900, 2000).tokens()
    assert first.texts is second.texts
    calls = []
    assert [
        t.texts.once("lengths", lambda texts: calls.append(1) or np.diff(texts.offsets)).tolist() for t in (first, second)
    ] == [
        [1, 1, 1],
        [1, 1, 1],
    ]
    assert calls == [1]
    again = as_batch({"x": pa.array(["a"])})
    assert again.field("x").tokens() is again.field("x").tokens()


def test_markers_make_cells_of_their_own() -> None:
    batch = as_batch({"x": pa.array(["a", "?", None]).dictionary_encode()})
    assert decoded(batch.field("x").tokens()) == [b"a", b"?", None]
    assert decoded(batch.field("x", ("?",)).tokens()) == [b"a", None, None]
    assert decoded(batch.field("x", ["a"]).tokens()) == [None, b"?", None]


def test_plain_text_is_not_copied() -> None:
    array = pa.array(["zero", "one", "two", "three"])
    texts = cells(array).slice(1, 4).slice(1, 3).tokens().texts
    assert texts.data.__array_interface__["data"][0] == array.buffers()[2].address
    assert texts.offsets.__array_interface__["data"][0] == array.buffers()[1].address + 8
    assert [texts[i] for i in range(2)] == [b"two", b"three"]


def test_numbers_are_not_copied() -> None:
    column = np.arange(10.0)
    assert np.shares_memory(cells(column).slice(2, 5).numbers().values, column)


def test_slices_of_slices() -> None:
    found = cells([0, 1, 2, 3, 4, 5, 6, 7]).slice(2, 8).slice(1, 4)
    assert len(found) == 3
    assert found.key == "x"
    assert found.numbers().values.tolist() == [3, 4, 5]
    assert found.slice(0, 3) is found


def test_elements_of_single_values() -> None:
    found, offsets = cells(["a", None]).elements()
    assert found.depth == 0
    assert decoded(found.tokens()) == [b"a", None]
    assert offsets.tolist() == [0, 1, 2]
    assert offsets.dtype == np.int64


def test_elements_of_lists() -> None:
    found = cells([["z"], ["a", None], None, ["b"], [], ["c", "?"]], ("?",)).slice(1, 6)
    inner, offsets = found.elements()
    assert (found.depth, inner.depth, len(inner)) == (1, 0, 5)
    assert decoded(inner.tokens()) == [b"a", None, b"b", b"c", None]
    assert offsets.tolist() == [0, 2, 2, 3, 3, 5]


def test_elements_of_lists_of_lists() -> None:
    found = cells([[[1]], [[2, 3], None], None, [[], [4]]]).slice(1, 4)
    middle, outer = found.elements()
    inner, offsets = middle.elements()
    assert (found.depth, middle.depth, inner.depth) == (2, 1, 0)
    assert outer.tolist() == [0, 2, 2, 4]
    assert offsets.tolist() == [0, 2, 2, 2, 3]
    assert inner.numbers().values.tolist() == [2, 3, 4]
    assert grouped(grouped(inner.numbers().values.tolist(), offsets), outer) == [[[2, 3], []], [], [[], [4]]]


@pytest.mark.parametrize("start", [0, 1, 3])
def test_rows_in_errors_count_from_the_slice(start: int) -> None:
    row = 5 - start
    for data in ([1.0, 2, 3, 4, 5, 0.5, 0.25], pa.array([1, 2, 3, 4, 5, 0.5, 0.25]).dictionary_encode()):
        with pytest.raises(errors.DataError) as caught:
            cells(data).slice(start, 7).tokens()
        assert (caught.value.row, caught.value.field, caught.value.got) == (row, "x", "0.5")


@pytest.mark.parametrize("start", [0, 1, 3])
def test_rows_in_errors_of_elements_are_rows_of_the_list(start: int) -> None:
    lists = cells([[1.0], None, [2, 3], [], [4], [5, 0.5], [0.25]]).slice(start, 7)
    nested = cells([[[1.0]], None, [[2, 3]], [], [[4]], [[5], [0.5]], [[0.25]]]).slice(start, 7)
    views = [lists.tokens, lists.integers, lists.elements()[0].tokens, nested.elements()[0].tokens]
    inner = lists.elements()[0]
    views += [nested.elements()[0].elements()[0].integers, inner.slice(1, len(inner)).integers]
    for view in views:
        with pytest.raises(errors.DataError) as caught:
            view()
        assert (caught.value.row, caught.value.got) == (5 - start, "0.5")


def test_dense_ranges_report_the_slice_too() -> None:
    column = np.zeros(3000)
    column[2500] = 0.5
    found = cells(column)
    assert decoded(found.slice(0, 2).tokens()) == [b"0", b"0"]
    with pytest.raises(errors.DataError) as caught:
        found.slice(2000, 3000).tokens()
    assert caught.value.row == 500
