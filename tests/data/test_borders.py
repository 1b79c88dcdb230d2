"""Where other worlds hand over data: what is read, and what is refused with the way out (A1 to A4, A7)."""

from __future__ import annotations

import enum
import io
import sqlite3
import uuid
import warnings
from collections import UserList, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols import errors
from featurecols.data.sources import as_source
from featurecols.data.tables import as_batch
from tests.data.fields.physical import decoded

HASHED = fc.compile([fc.Hashed("k", 1000)])
UUIDS = [uuid.UUID(int=1), uuid.UUID(int=2)]


def ids_of(value: Any) -> list[int]:
    """Ids of one row."""
    found: list[int] = HASHED.encode([{"k": value}]).ids["k"].values.tolist()
    return found


def tokens(data: Any) -> list[Any]:
    return decoded(as_batch(data).field("k").tokens())


# ------------------------------------------------------------------------------------------------ A1


@pytest.mark.parametrize(
    "wrap", [lambda s: pl.DataFrame({"k": s}), lambda s: {"k": s}, lambda s: pl.DataFrame({"a": 1, "k": s})]
)
def test_objects_of_polars_are_refused_as_those_of_pandas(wrap: Any) -> None:
    """A1: Polars exports addresses."""
    series = pl.Series(UUIDS, dtype=pl.Object)
    with pytest.raises(errors.DataError, match=r"in field 'k' at row 0, got UUID\(.*; (cast|convert) it to a "):
        HASHED.encode(wrap(series))
    with pytest.raises(errors.DataError, match="got UUID"):
        fc.fit([fc.Vocabulary("k", fc.TopTerms(2))], wrap(series))


def test_objects_of_polars_that_are_texts_are_texts() -> None:
    """A1"""
    assert tokens(pl.DataFrame({"k": pl.Series(["a", None, "b"], dtype=pl.Object)})) == [b"a", None, b"b"]


def test_frames_of_narwhals_are_what_they_hold() -> None:
    """A1"""
    narwhals = pytest.importorskip("narwhals")
    frame = pl.DataFrame({"k": pl.Series(UUIDS, dtype=pl.Object), "n": [1, 2]})
    with pytest.raises(errors.DataError, match="got UUID"):
        HASHED.encode(narwhals.from_native(frame))
    with pytest.raises(errors.DataError, match="got UUID"):
        HASHED.encode({"k": narwhals.from_native(frame)["k"]})
    assert fc.compile([fc.Numeric("n")]).transform(narwhals.from_native(frame)).tolist() == [[1.0], [2.0]]


# ------------------------------------------------------------------------------------------------ A2


class Text(str, enum.Enum):  # noqa: UP042 - StrEnum prints its text
    A = "a"
    B = "b"


class Loud(int):
    def __str__(self) -> str:
        return "loud"

    def __int__(self) -> int:
        return 99


class Raw(bytes):
    def __bytes__(self) -> bytes:
        return b"other"


class Real(float):
    def __float__(self) -> float:
        return 99.0


@pytest.mark.parametrize(("value", "plain"), [(Text.A, "a"), (Loud(5), 5), (Raw(b"x"), b"x"), (Real(2.0), 2.0)])
def test_subclasses_are_the_value_and_not_what_they_print(value: Any, plain: Any) -> None:
    """A2: in rows, columns, lists, mixed columns, terms, markers and given as keys."""
    assert ids_of(value) == ids_of(plain)
    assert ids_of([value, plain]) == ids_of(plain) * 2
    row = fc.compile([fc.Indicator(fc.Hashed("k", 1000))]).transform_row
    assert np.array_equal(row({"k": value}), row({"k": plain}))
    assert np.array_equal(row({"k": [value]}), row({"k": [plain]}))
    for column in ([value, plain], [value, plain, None, 7 if isinstance(plain, str) else "s"]):
        assert tokens({"k": column})[:2] == tokens({"k": [plain, plain]})
    assert tokens({"k": [[value], [plain, "s"]]})[0] == tokens({"k": [plain]})
    if not isinstance(plain, float):
        assert fc.Vocabulary("k", [value]) == fc.Vocabulary("k", [plain])
        assert repr(fc.Vocabulary("k", [value])) == repr(fc.Vocabulary("k", [plain]))
    assert decoded(as_batch({"k": [plain]}).field("k", (value,)).tokens()) == [None]


# ------------------------------------------------------------------------------------------------ A3

ROWS = [{"k": ["a", "b"]}, {"k": ["c"]}]


@pytest.mark.parametrize("make", [iter, deque, lambda rows: map(dict, rows), lambda rows: (row for row in rows), tuple])
def test_dicts_in_any_iterable_are_rows(make: Any) -> None:
    """A3: dicts of lists too, as they are in a list."""
    assert [v for b in as_source(make(ROWS)).batches() for v in decoded(b.field("k").tokens())] == [[b"a", b"b"], [b"c"]]


def test_many_rows_of_an_iterator_come_in_batches() -> None:
    """A3"""
    batches = list(as_source({"k": i} for i in range(40_000)).batches())
    assert len(batches) > 1
    assert [v for b in batches for v in b.field("k").to_pylist()] == list(range(40_000))


def test_tables_and_dicts_of_arrays_in_an_iterable_are_batches() -> None:
    """A3"""
    items = [{"k": np.array([1, 2])}, pa.table({"k": [3]}), {"k": 4}, {"k": 5}, {"k": pd.Series([6, 7])}, [{"k": 8}]]
    for data in (items[1:], iter(items), deque(items)):
        found = [v for b in as_source(data).batches() for v in b.field("k").to_pylist()]
        assert found == list(range(9 - len(found), 9))
        assert len(found) in (6, 8)


@pytest.mark.parametrize(
    "value",
    [
        {"a", "b"},
        bytearray(b"ab"),
        memoryview(b"ab"),
        pa.scalar(["a", "b"]),
        pa.scalar("ab"),
        np.array("ab"),
        np.str_("ab"),
        deque("ab"),
        range(2),
        UserList("ab"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_an_array_is_a_value_of_a_row_in_any_iterable(value: Any) -> None:
    """A3: bytes of databases, sets, ranges and lists of Arrow were columns, so that an iterator had other rows than a list."""
    rows = [{"k": value}, {"k": value}]

    def read(data: Any) -> Any:
        try:
            return [v for b in as_source(data).batches() for v in decoded(b.field("k").tokens())]
        except errors.DataError as error:
            return str(error)

    found = read(rows)
    assert read(iter(rows)) == read(row for row in rows) == read(deque(rows)) == found
    assert len(found) == 2 or isinstance(value, (deque, range, UserList))


def test_a_bytearray_is_bytes_and_not_a_column() -> None:
    """A3: it was a column of integers, where bytes were refused."""
    for value in (b"ab", bytearray(b"ab")):
        with pytest.raises(errors.DataError, match="needs an array or a list"):
            HASHED.encode({"k": value})


def test_a_record_is_not_a_list_of_its_parts() -> None:
    """A3: numpy gives them as tuples."""
    records = np.array([(1, 2)], dtype=[("a", "i4"), ("b", "i4")])
    for data in ({"k": records}, {"k": list(records)}, [{"k": records[0]}]):
        with pytest.raises(errors.DataError, match=r"in field 'k' at row 0, got "):
            HASHED.encode(data)
    with pytest.raises(errors.DataError, match="is not a category in field 'k', got "):
        fc.compile([fc.Indicator(fc.Hashed("k", 9))]).transform_row({"k": records[0]})


def test_a_table_in_the_place_of_a_column_is_refused() -> None:
    """A4: one of Polars was an AttributeError."""
    for table in (pl.DataFrame({"a": [1]}), pa.table({"a": [1]})):
        with pytest.raises(errors.DataError, match="flatten it into fields of their own"):
            HASHED.encode({"k": table})


def test_a_name_that_only_looks_like_the_field_is_told() -> None:
    """A4: the hint named a delimiter."""
    with pytest.raises(errors.DataError, match=r"1: field is not in the data; a name looks like it and is not text: rename"):
        fc.compile([fc.Numeric("1")]).transform(pd.DataFrame({1: [5.0]}))


def refused() -> Iterator[tuple[Any, str]]:
    cursor = sqlite3.connect(":memory:").execute("select 'a', 'b'")
    yield cursor, "Cursor of tuple"
    yield [("a", "b")], "list of tuple"
    yield {"a", "b"}, "set of str"
    yield iter(["a.parquet"]), "list_iterator of str"
    yield pd.DataFrame({"a": [1]}).groupby("a"), "DataFrameGroupBy of tuple"
    yield io.StringIO("a\n1\n"), "StringIO"
    yield [pa.table({"k": [1]}), "a.csv"], "list of str"
    yield [[1, 2]], "list of list"


@pytest.mark.parametrize("number", range(8))
def test_whatever_else_an_iterable_holds_is_refused_by_its_type(number: int) -> None:
    """A3: a text inside is a value and never a path."""
    data, got = list(refused())[number]
    with pytest.raises(errors.DataError, match="cannot be read") as caught:
        list(as_source(data).batches())
    assert caught.value.got == got


# ------------------------------------------------------------------------------------------------ A4


def nearly() -> dict[str, Any]:
    scipy = pytest.importorskip("scipy.sparse")
    return {
        "duckdb connection": duckdb.connect(),
        "sparse": scipy.csr_matrix([[1.0]]),
        "series": pl.Series("x", [1]),
        "struct series": pl.Series("x", [{"x": 1}]),
        "pandas series": pd.Series([1], name="x"),
        "lazy": pl.DataFrame({"x": [1]}).lazy(),
        "array": np.array([1.0]),
    }


@pytest.mark.parametrize("name", ["duckdb connection", "sparse", "series", "struct series", "pandas series", "lazy", "array"])
def test_what_is_nearly_a_table_is_refused_with_the_way_out(name: str) -> None:
    """A4: no traceback of another library, and no warning."""
    for run in (lambda d: fc.fit([fc.Numeric("x", normalizer=fc.ZScore())], d), fc.compile([fc.Numeric("x")]).transform):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(errors.DataError, match="cannot be read") as caught:
                run(nearly()[name])
        assert caught.value.hint


def test_integers_of_128_bits() -> None:
    """A4: what Polars infers for ids of 20 digits."""
    series = pl.Series("k", [2**70, None, 5], dtype=pl.Int128)
    for data in (pl.DataFrame({"k": series}), {"k": series}):
        assert tokens(data) == [b"1180591620717411303424", None, b"5"]


# ------------------------------------------------------------------------------------------------ A7


def recursive() -> dict[str, Any]:
    alone: list[Any] = []
    alone.append(alone)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    double: list[Any] = [1]
    for _ in range(200):
        double = [double, double]
    own: dict[str, Any] = {}
    own["own"] = own
    boxed = np.empty(1, dtype=object)
    boxed[0] = boxed
    return {"alone": alone, "deep": deep, "double": double, "dict": own, "array": boxed}


@pytest.mark.parametrize("name", ["alone", "deep", "double", "dict", "array"])
def test_lists_without_end_are_an_error(name: str) -> None:
    """A7: Arrow would end the process."""
    value = recursive()[name]
    with pytest.raises(errors.DataError, match="nested too deep"):
        as_batch({"k": [value]}).field("k")


@pytest.mark.parametrize("name", ["alone", "deep"])
def test_lists_without_end_are_an_error_in_rows_sources_and_terms(name: str) -> None:
    """A7"""
    value = recursive()[name]
    with pytest.raises(errors.DataError, match="nested too deep"):
        fc.compile([fc.Indicator(fc.Hashed("k", 1000))]).transform_row({"k": value})
    with pytest.raises(errors.DataError, match="cannot be read"):
        list(as_source(value).batches())
    with pytest.raises(errors.ColumnError, match="nested too deep"):
        fc.Vocabulary("k", [value])


def test_a_path_is_a_path_only_at_the_top(tmp_path: Path) -> None:
    """A3"""
    (tmp_path / "a.csv").write_text("x\n1\n")
    for data in (tmp_path / "a.csv", str(tmp_path / "a.csv"), [tmp_path / "a.csv"], (str(tmp_path / "a.csv"),)):
        assert [b.num_rows for b in as_source(data).batches()] == [1]
