"""One column of Python values, whatever holds it in memory, is the same numbers, integers and tokens."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings

from featurecols import errors
from featurecols._core import values
from featurecols.data.missing import Markers, present
from featurecols.data.tables import as_batch
from tests.data.fields import physical
from tests.data.fields.physical import FORMS, bits, canonical, decoded, missing, number_bits, whole

TEXTS = st.one_of(
    st.sampled_from(["", "?", "a", "b", "007", "na\0me", "čeština", "日本", "x" * 10_000, "5", "-999", "a" * 12, "a" * 13]),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
)
INTEGERS = st.one_of(
    st.sampled_from([0, 1, -1, 5, -999, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]), st.integers(-(2**63), 2**63 - 1)
)
FLOATS = st.one_of(
    st.sampled_from([0.0, -0.0, 5e-324, 1e300, -1.5, float("inf"), float("nan"), 2.0**53, -999.0]), st.floats(allow_nan=True)
)
WHOLE_FLOATS = st.one_of(st.just(float("nan")), st.integers(-(2**53) + 1, 2**53 - 1).map(float), st.just(-0.0))


def columns(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.one_of(st.none(), values), max_size=20)


def forms() -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(FORMS))


def cells(form: str, values: list[Any], kind: type, missing: tuple[Any, ...] = ()) -> Any:
    batch = as_batch(FORMS[form](values, kind), ["x"])
    assert batch.num_rows == len(values)
    return batch.field("x", missing)


def windows(n: int) -> list[tuple[int, int]]:
    return [(0, n), (n // 3, n), (0, 2 * n // 3), (n // 2, n // 2), (min(1, n), max(n - 1, min(1, n)))]


@given(forms(), columns(TEXTS))
@settings(max_examples=250, deadline=None)
def test_texts(form: str, values: list[Any]) -> None:
    found = cells(form, values, str)
    expected = [canonical(v) for v in values]
    assert decoded(found.tokens()) == expected
    for start, stop in windows(len(values)):
        part = found.slice(start, stop)
        assert len(part) == stop - start
        assert decoded(part.tokens()) == expected[start:stop]
        assert [canonical(v) for v in part.to_pylist()] == expected[start:stop]
    if any(v is not None for v in values):
        first = next(i for i, v in enumerate(values) if v is not None)
        for view in (found.numbers, found.integers):
            with pytest.raises(errors.DataError) as caught:
                view()
            assert caught.value.row == first
    else:
        assert bits(found.numbers().values) == expected


@given(forms(), columns(TEXTS))
@settings(max_examples=150, deadline=None)
def test_texts_with_markers(form: str, values: list[Any]) -> None:
    markers = ("?", -999, b"a", "")
    expected = [None if v in ("?", "-999", "a", "") else canonical(v) for v in values]
    found = cells(form, values, str, markers)
    assert decoded(found.tokens()) == expected
    assert [canonical(v) for v in found.to_pylist()] == expected


@given(forms(), columns(st.binary(max_size=14)))
@settings(max_examples=100, deadline=None)
def test_binary(form: str, values: list[Any]) -> None:
    if form.startswith("duckdb") or "pandas arrow" in form:
        values = values[:0]
    found = cells(form, values, bytes)
    assert decoded(found.tokens()) == values
    assert found.to_pylist() == values


@given(forms(), columns(INTEGERS))
@example("pandas default", [2**53 + 1, None])
@settings(max_examples=250, deadline=None)
def test_integers(form: str, values: list[Any]) -> None:
    found = cells(form, values, int)
    for start, stop in windows(len(values)):
        part = found.slice(start, stop)
        want = values[start:stop]
        assert whole(part) == want
        assert decoded(part.tokens()) == [canonical(v) for v in want]
        assert bits(part.numbers().values) == number_bits(want)
        assert part.to_pylist() == want


@given(forms(), columns(INTEGERS))
@settings(max_examples=100, deadline=None)
def test_integers_with_markers(form: str, values: list[Any]) -> None:
    expected = [None if v in (-999, 5, 2**53 + 1, 2**63 - 1) else v for v in values]
    found = cells(form, values, int, (-999.0, "5", 2**53 + 1, 2**63 - 1, 2**70, "x", 0.5))
    assert whole(found) == expected
    assert decoded(found.tokens()) == [canonical(v) for v in expected]
    assert bits(found.numbers().values) == number_bits(expected)
    assert found.to_pylist() == expected


@given(forms(), columns(FLOATS))
@settings(max_examples=250, deadline=None)
def test_floats(form: str, values: list[Any]) -> None:
    if "pandas masked" in form or "category" in form:  # pandas makes NaN of one of these what it wants
        values = [None if missing(v) else v for v in values]
    found = cells(form, values, float)
    for start, stop in windows(len(values)):
        part = found.slice(start, stop)
        want = number_bits(values[start:stop])
        if "dictionary" in form or "category" in form or "awkward" in form:  # a dictionary may hold one zero for both
            want = [w if w != "-0x0.0p+0" else "0x0.0p+0" for w in want]
            assert [w if w != "-0x0.0p+0" else "0x0.0p+0" for w in bits(part.numbers().values)] == want
        else:
            assert bits(part.numbers().values) == want
            assert number_bits(part.to_pylist()) == want
    bad = [i for i, v in enumerate(values) if not missing(v) and (abs(v) >= 2**53 or v != int(v))]
    for view in (found.tokens, found.integers):
        if bad:
            with pytest.raises(errors.DataError) as caught:
                view()
            assert caught.value.row == bad[0]
        else:
            view()


@given(forms(), columns(WHOLE_FLOATS))
@settings(max_examples=150, deadline=None)
def test_whole_floats_are_integers(form: str, values: list[Any]) -> None:
    found = cells(form, values, float, (7,))
    expected = [None if missing(v) or v == 7 else v for v in values]
    assert decoded(found.tokens()) == [canonical(v) for v in expected]
    assert whole(found) == [None if v is None else int(v) for v in expected]


@given(forms(), columns(st.booleans()))
@settings(max_examples=100, deadline=None)
def test_booleans(form: str, values: list[Any]) -> None:
    found = cells(form, values, bool)
    assert decoded(found.tokens()) == [canonical(v) for v in values]
    assert bits(found.numbers().values) == number_bits(values)
    assert whole(found) == [None if v is None else int(v) for v in values]
    assert decoded(cells(form, values, bool, (0,)).tokens()) == [None if not v else b"1" for v in values]
    if any(v is not None for v in values) and form != "masked array":
        assert found.tokens().kind == "boolean"


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("kind", [str, int, float, bool])
def test_every_form_with_few_rows(form: str, kind: type) -> None:
    value = {str: "a", int: 3, float: 3.0, bool: True}[kind]
    for column in ([], [value], [None], [value, None] * 9):
        found = cells(form, column, kind)
        assert decoded(found.tokens()) == [canonical(v) for v in column]


@pytest.mark.parametrize("form", sorted(physical.ARROW_FORMS))
def test_lists_of_every_form(form: str) -> None:
    lists: list[Any] = [["a", "?"], None, [], [None, "b"], ["a"], ["čeština", "a\0"], None, ["?"]] * 3
    flat = [v for row in lists for v in row or []]
    offsets = [0]
    for row in lists:
        offsets.append(offsets[-1] + len(row or []))
    child = physical.ARROW_FORMS[form](pa.array(flat))
    if isinstance(child, pa.ChunkedArray):
        child = child.unify_dictionaries().combine_chunks() if "awkward" not in form else pa.array(flat)
    if isinstance(child, pa.ChunkedArray):
        child = pa.concat_arrays(child.chunks)
    array = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), child, mask=pa.array([row is None for row in lists]))
    expected = [[None if v in (None, "?") else v.encode() for v in row or []] for row in lists]
    for start, stop in ((0, 24), (3, 20), (9, 9)):
        found = as_batch(pa.table({"x": array})).field("x", ("?",)).slice(start, stop)
        assert decoded(found.tokens()) == expected[start:stop]
        inner, edges = found.elements()
        assert edges[0] == 0
        assert physical.grouped(decoded(inner.tokens()), edges) == expected[start:stop]


SCALARS = st.one_of(
    TEXTS,
    INTEGERS,
    st.integers(-(2**80), 2**80),
    st.booleans(),
    WHOLE_FLOATS,
    st.binary(max_size=5),
    st.sampled_from(
        [np.int8(5), np.uint64(2**64 - 1), np.float32(2), np.bool_(True), np.str_("s"), np.float64("nan"), pd.NA, pd.NaT]
    ),
)


def as_row(value: Any, missing: tuple[Any, ...]) -> Any:
    """What one value alone is on the row path, as bytes."""
    found = present(value, Markers.of(missing))
    if isinstance(found, list):
        return [None if v is None else values.canonical(v, "x", "x") for v in found]
    return None if found is None else values.canonical(found, "x", "x")


@given(st.lists(st.one_of(st.none(), SCALARS), max_size=12), st.sampled_from([(), ("?", -999), (1, "", 0)]))
@settings(max_examples=300, deadline=None)
def test_a_column_is_its_rows(column: list[Any], missing: tuple[Any, ...]) -> None:
    """Any mixture of values, alone or together, in a list or an object array: the same bytes."""
    expected = [as_row(v, missing) for v in column]
    objects = np.empty(len(column), dtype=object)
    objects[:] = column
    for data in (column, objects, pd.Series(objects, dtype=object)):
        found = as_batch({"x": data}).field("x", missing)
        assert decoded(found.tokens()) == expected
        assert [as_row(v, ()) for v in found.to_pylist()] == expected


@pytest.mark.parametrize("data", [[2**53, 0.0], [[2**53, 0.0]], [0.0, -(2**53)], [0.0, None, 2**53]])
def test_an_integer_among_floats_keeps_its_digits(data: list[Any]) -> None:
    """2^53 is a category as an integer and not as a float; Arrow makes one column of floats of both."""
    found = decoded(as_batch({"x": data}).field("x").tokens())
    assert [b"%d" % x for v in data for x in (v if isinstance(v, list) else [v]) if x is not None] == [
        x for v in found for x in (v if isinstance(v, list) else [v]) if x is not None
    ]


@given(st.lists(st.one_of(st.none(), st.lists(st.one_of(st.none(), SCALARS), max_size=4)), max_size=8))
@settings(max_examples=200, deadline=None)
def test_a_column_of_lists_is_its_rows(column: list[Any]) -> None:
    expected = [as_row(v, ("?",)) or [] for v in column]
    found = as_batch({"x": column}).field("x", ("?",))
    if any(v is not None for v in column):
        assert decoded(found.tokens()) == expected
        assert [as_row(v, ()) for v in found.to_pylist()] == expected
