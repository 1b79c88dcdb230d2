"""Dictionaries as people have them: with values twice, nulls, markers, unused and bad values, shared or each its own."""

import threading
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols import errors
from featurecols.analyzers.top_terms import TermCounts
from featurecols.data.batch import Batch
from featurecols.data.fields.convert import view_of
from featurecols.data.fields.dictionary import DictionaryField
from featurecols.data.tables import as_batch, batches
from tests.data.fields.physical import bits, decoded, whole


def cells(data: Any, missing: tuple[Any, ...] = ()) -> Any:
    return as_batch({"x": data}).field("x", missing)


def coded(codes: list[int | None], values: list[Any], kind: Any = None, index: Any = None) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(codes, index or pa.int8()), pa.array(values, kind))


def test_texts_twice_in_a_dictionary_are_read_and_counted_as_one() -> None:
    data = coded([0, 1, 2, 3, None, 2], ["a", "b", "a", "b"])
    assert decoded(cells(data).tokens()) == [b"a", b"b", b"a", b"b", None, b"a"]
    counts = TermCounts(None, 1)
    learned = counts.finish(counts.update(counts.empty(), cells(data)))
    assert (learned["data"].tobytes(), learned["counts"].tolist()) == (b"ab", [3, 2])


def test_nulls_and_markers_in_the_dictionary() -> None:
    tokens = cells(coded([0, 1, 2, None, 3], ["a", None, "?", "b"]), ("?",)).tokens()
    assert tokens.codes.tolist() == [0, -1, -1, -1, 3]
    assert decoded(tokens) == [b"a", None, None, None, b"b"]


def test_a_clean_dictionary_is_used_in_place() -> None:
    array = coded([1, 0], ["a", "b"])
    texts = cells(array).tokens().texts
    assert texts.data.__array_interface__["data"][0] == array.dictionary.buffers()[2].address


@pytest.mark.parametrize(
    "index", [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64()]
)
def test_codes_of_every_width(index: Any) -> None:
    found = cells(coded([1, None, 0, 1], ["a", "b"], index=index))
    assert found.tokens().codes.dtype == np.int32
    assert decoded(found.tokens()) == [b"b", None, b"a", b"b"]


def test_integers_floats_and_booleans_as_values() -> None:
    integers = cells(coded([2, 1, None, 0, 3], [5, -7, 5, None]), (-7,))
    assert decoded(integers.tokens()) == [b"5", None, None, b"5", None]
    assert integers.tokens().kind == "integer"
    assert integers.tokens().texts.integers.tolist() == [5]
    assert whole(integers) == [5, None, None, 5, None]
    assert bits(integers.numbers().values) == [(5.0).hex(), None, None, (5.0).hex(), None]
    assert integers.to_pylist() == [5, None, None, 5, None]
    floats = cells(coded([0, 1, 2, 3], [5.0, float("nan"), -0.0, 0.0]))
    assert decoded(floats.tokens()) == [b"5", None, b"0", b"0"]
    assert floats.tokens().codes.tolist()[2] == floats.tokens().codes.tolist()[3]
    assert bits(floats.numbers().values) == [(5.0).hex(), None, (-0.0).hex(), (0.0).hex()]
    booleans = cells(coded([0, 1, 2, None], [True, None, False], pa.bool_()))
    assert decoded(booleans.tokens()) == [b"1", None, b"0", None]
    assert booleans.tokens().kind == "boolean"


def test_twice_as_text_once_as_integer() -> None:
    """Distinct values of the dictionary may have the same canonical bytes."""
    tokens = cells(pd.Categorical.from_codes([0, 1, 2], categories=[1, "1", 1.5 - 0.5 + 1])).tokens()
    assert decoded(tokens) == [b"1", b"1", b"2"]


@pytest.mark.parametrize("step", [1, 2, -1])
def test_codes_with_gaps_between_them(step: int) -> None:
    whole = pd.Categorical(np.arange(200_000) % 40_000)
    data = {"c": whole[::step]}
    assert data["c"].codes.dtype == np.int32
    values = (np.arange(200_000) % 40_000)[::step]
    assert (fc.compile([fc.Numeric("c")]).transform(data).ravel() == values).all()
    table = {"c": values}
    hashed = fc.compile([fc.Hashed("c", 100)])
    assert (hashed.encode(data).ids["c"].values == hashed.encode(table).ids["c"].values).all()


def test_pandas_categories_of_every_type() -> None:
    for values, expected in (
        (["b", None, "a"], [b"b", None, b"a"]),
        ([7, None, 3], [b"7", None, b"3"]),
        ([True, None, False], [b"1", None, b"0"]),
        ([b"\xff", None, b""], [b"\xff", None, b""]),
    ):
        assert decoded(cells(pd.Series(values, dtype="category")).tokens()) == expected
        assert decoded(cells(pd.Categorical(values)).tokens()) == expected
        assert decoded(cells(pd.CategoricalIndex(values)).tokens()) == expected
    ordered = pd.Categorical(["lo", "hi"], categories=["hi", "lo", "unused"], ordered=True)
    assert decoded(cells(ordered).tokens()) == [b"lo", b"hi"]


def test_a_bad_value_is_an_error_only_where_it_is_used() -> None:
    values = [1.0, 0.5, 2.0, 0.25]
    assert decoded(cells(coded([0, 2, None, 0], values)).tokens()) == [b"1", b"2", None, b"1"]
    assert whole(cells(coded([0, 2, None, 0], values))) == [1, 2, None, 1]
    with pytest.raises(errors.DataError) as caught:
        cells(coded([0, 2, None, 3, 1], values)).tokens()
    assert (caught.value.row, caught.value.got) == (3, "0.25")
    with pytest.raises(errors.DataError) as caught:
        cells(coded([0, 2, None, 3, 1], values)).slice(2, 5).tokens()
    assert caught.value.row == 1
    with pytest.raises(errors.DataError) as caught:
        cells(coded([None, 0, 0], ["a", "b"])).numbers()
    assert (caught.value.row, caught.value.got) == (1, "'a'")
    assert bits(cells(coded([None, None], ["a", "b"])).numbers().values) == [None, None]


@pytest.mark.parametrize("index", [pa.int8(), pa.uint32(), pa.int64()])
def test_a_code_outside_the_dictionary_is_an_error(index: Any) -> None:
    wild = pa.DictionaryArray.from_arrays(pa.array([0, 1, 7, 0], index), pa.array(["a", "b"]), safe=False)
    found = cells(wild)
    for view in (found.tokens, found.to_pylist):
        with pytest.raises(errors.DataError, match="code is outside the dictionary in field 'x' at row 2, got 7"):
            view()
    assert decoded(found.slice(0, 2).tokens()) == [b"a", b"b"]


def test_wild_codes_under_nulls_are_not_looked_at() -> None:
    indices = pa.array(np.array([0, 99, -5], np.int64), mask=np.array([False, True, True]))
    assert decoded(cells(pa.DictionaryArray.from_arrays(indices, pa.array(["a"]), safe=False)).tokens()) == [b"a", None, None]


def test_a_few_rows_of_a_big_dictionary() -> None:
    terms = [f"term {i}" for i in range(100_000)]
    series = pd.Series(pd.Categorical(terms)).iloc[[5, 99_999, 5, 70]]
    series.iloc[3] = None
    tokens = cells(series).tokens()
    assert decoded(tokens) == [b"term 5", b"term 99999", b"term 5", None]
    assert len(tokens.texts) == 2


def test_an_empty_dictionary() -> None:
    for data in (coded([], [], pa.string()), coded([None, None], [], pa.string()), pd.Categorical([None, None])):
        assert decoded(cells(data).tokens()) == [None] * len(data)
        assert cells(data).to_pylist() == [None] * len(data)


def chunks(*arrays: Any) -> list[Any]:
    table = pa.Table.from_batches([pa.record_batch({"x": array}) for array in arrays])
    return [batch.field("x").tokens() for batch in batches(table)]


def test_chunks_keep_dictionaries_of_their_own() -> None:
    n = 1 << 16
    a, b = coded([0, 1], ["a", "b"]), coded([0, 1], ["b", "c"])
    rows = pa.array([0, 1] * (n // 2))
    found = chunks(a.take(rows), b.take(rows))
    assert [decoded(tokens)[:2] for tokens in found] == [[b"a", b"b"], [b"b", b"c"]]


def test_chunks_of_one_dictionary_share_what_is_computed_for_it() -> None:
    n = 1 << 16
    whole_column = coded([0, 1, None, 0], ["a", "b"]).take(pa.array([0, 1, 2, 3] * n))
    found = chunks(whole_column[:n], whole_column[n : 3 * n], whole_column[3 * n :])
    assert len(found) == 3
    assert len({id(tokens.texts) for tokens in found}) == 1
    assert [v for tokens in found for v in decoded(tokens)[:4]] == [b"a", b"b", None, b"a"] * 3


def test_short_chunks_with_dictionaries_are_put_together() -> None:
    a, b, odd = coded([0, 1], ["a", "b"]), coded([1, None, 0], ["c", "b"]), coded([0, 1], [None, "d"])
    assert [decoded(t) for t in chunks(a, b)] == [[b"a", b"b", b"b", None, b"c"]]
    assert [decoded(t) for t in chunks(a, b, odd)] == [[b"a", b"b", b"b", None, b"c", None, b"d"]]


def test_threads_see_one_dictionary() -> None:
    values = [0.5 if i == 7 else float(i) for i in range(1000)]  # 0.5 is unused: the dictionary is made anew once
    codes = [i for i in range(1000) if i != 7] * 10
    found = cells(coded(codes, values, index=pa.int16()))
    results: list[list[Any]] = [[] for _ in range(8)]
    barrier = threading.Barrier(8)

    def work(k: int) -> None:
        barrier.wait()
        for start in range(0, 9990, 333):
            results[k] += decoded(found.slice(start, start + 333).tokens())

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [str(code).encode() for code in codes]
    assert all(result == expected for result in results)


def test_numbers_of_checked_codes_are_counted_in_any_window() -> None:
    def batch(values: pa.Array) -> Any:
        held = np.array([0, 2, -1, 2, 1], np.int32)
        return Batch.lazy(["x"], 5, lambda key: DictionaryField(key, held, view_of(key, values), checked=True)).field("x", (9,))

    found = batch(pa.array([1.5, None, 9]))
    numbers, counts = found.counted()
    assert str(numbers.tolist()) == "[1.5, nan, nan]"
    assert counts.tolist() == [1, 1, 2]
    assert found.slice(1, 4).counted()[1].tolist() == [0, 0, 2]
    assert str(found.numbers().values.tolist()) == "[1.5, nan, nan, nan, nan]"
    assert batch(pa.array(["a", "b", "c"])).counted() is None
    assert cells(np.array([1.5, 2.5])).counted() is None
