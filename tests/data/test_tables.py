"""The door: what holds a table, what it gives, and what is told when it holds none."""

from __future__ import annotations

import collections
import datetime
from array import array
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from featurecols import errors
from featurecols.data.batch import Batch
from featurecols.data.tables import as_batch, batches
from tests.data.fields.physical import bits, decoded

N, S = [1.0, None, 3.0], ["a", None, "c"]


class Stream:
    """The least that a producer can be: a table that only exports a stream."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)


class Exported:
    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self.batch.__arrow_c_array__(requested_schema)


def tables() -> dict[str, Any]:
    table = pa.table({"n": N, "s": S, "other": [[1], [2], [3]]})
    return {
        "table": table,
        "batch": table.to_batches()[0],
        "reader": table.to_reader(),
        "dataset": ds.dataset(table),
        "stream": Stream(table),
        "array": Exported(table.to_batches()[0]),
        "pandas": table.to_pandas(),
        "pandas arrow": table.to_pandas(types_mapper=pd.ArrowDtype),
        "pandas index": table.to_pandas().set_index("other"),
        "polars": pl.DataFrame({"n": N, "s": S}),
        "duckdb": duckdb.from_arrow(table),
        "dict": {"n": N, "s": S, "other": 5},
        "dict of arrays": {"s": np.array(S, dtype=object), "n": np.array([1, np.nan, 3])},
        "dict of everything": {"n": pd.Series(N), "s": pl.Series(S), "z": pa.array([1])},
        "dict of tuples": {"n": tuple(N), "s": pd.Index(S)},
        "rows": [{"n": n, "s": s} for n, s in zip(N, S, strict=True)],
        "rows in any order": ({"s": "a", "n": 1.0}, {"n": None, "s": None}, {"x": 1, "n": 3.0, "s": "c"}),
        "structured": np.array([(1.0, "a"), (np.nan, None), (3.0, "c")], dtype=[("n", float), ("s", object)]),
        "a batch": as_batch({"n": N, "s": S}),
    }


@pytest.mark.parametrize("name", list(tables()))
def test_what_holds_a_table(name: str) -> None:
    batch = as_batch(tables()[name], ["s", "n"])
    assert batch.num_rows == 3
    assert {"n", "s"} <= set(batch.names)
    assert bits(batch.field("n").numbers().values) == [(1.0).hex(), None, (3.0).hex()]
    assert decoded(batch.field("s").tokens()) == [b"a", None, b"c"]
    part = batch.slice(1, 3)
    assert part.num_rows == 2
    assert decoded(part.field("s").tokens()) == [None, b"c"]
    assert decoded(part.slice(1, 2).field("s").tokens()) == [b"c"]


@pytest.mark.parametrize("name", [name for name in tables() if name != "a batch"])
def test_a_field_that_is_not_there(name: str) -> None:
    with pytest.raises(errors.DataError) as caught:
        as_batch(tables()[name], ["nn"]).field("nn")
    assert str(caught.value) == "nn: field is not in the data; did you mean 'n'?"


@pytest.mark.parametrize("name", list(tables()))
def test_no_keys_means_all_fields(name: str) -> None:
    batch = as_batch(tables()[name])
    assert decoded(batch.field("s").tokens()) == [b"a", None, b"c"]


class Frame(dict[str, Any]):
    """A mapping that says which of its columns were touched."""

    touched: list[str]

    def __getitem__(self, key: str) -> Any:
        self.touched.append(key)
        return super().__getitem__(key)


def test_columns_that_nobody_reads_are_not_touched() -> None:
    data = Frame(a=[1, 2], b=["x"], c=object())
    data.touched = []
    batch = as_batch(data, ["a"])
    assert batch.num_rows == 2
    assert decoded(batch.field("a").tokens()) == [b"1", b"2"]
    assert decoded(batch.slice(1, 2).field("a", (1,)).tokens()) == [b"2"]
    assert set(data.touched) == {"a"}
    with pytest.raises(errors.DataError, match="needs 2 values, as other fields have in field 'b', got 1"):
        batch.field("b")
    with pytest.raises(errors.DataError, match="needs an array or a list in field 'c', got object"):
        batch.field("c")


def test_a_column_is_converted_once_for_all_slices() -> None:
    batch = as_batch({"a": np.array(["x", "y"], dtype=object)})
    assert batch.slice(0, 1).field("a")._array is batch.slice(1, 2).field("a")._array


@pytest.mark.parametrize(
    "empty", [{"a": []}, pd.DataFrame({"a": []}), pl.DataFrame({"a": []}), pa.table({"a": pa.array([], pa.string())})]
)
def test_no_rows(empty: Any) -> None:
    batch = as_batch(empty)
    assert batch.num_rows == 0
    assert decoded(batch.field("a").tokens()) == []
    assert batch.field("a").numbers().values.tolist() == []
    assert batch.field("a").to_pylist() == []
    with pytest.raises(errors.DataError, match="field is not in the data; did you mean 'a'"):
        batch.field("aa")


def test_no_rows_at_all_hold_every_field() -> None:
    batch = as_batch([])
    assert (batch.num_rows, batch.names) == (0, ())
    assert decoded(batch.field("anything").tokens()) == []
    assert len(list(batches(pa.table({"a": [1]}).slice(0, 0)))) == 1


def test_a_row_without_a_field() -> None:
    batch = as_batch([{"a": 1, "b": 2}, {"a": 3}])
    assert decoded(batch.field("a").tokens()) == [b"1", b"3"]
    with pytest.raises(errors.DataError) as caught:
        batch.field("b")
    assert (caught.value.field, caught.value.row) == ("b", 1)
    assert "give None where a value is missing" in str(caught.value)
    with pytest.raises(errors.DataError, match="a list of rows holds dicts at row 1, got 5"):
        as_batch([{"a": 1}, 5])


def test_one_name_twice() -> None:
    twice = pd.DataFrame([[1, 2, 3]], columns=["a", "a", "b"])
    for data in (twice, pa.table([[1], [2], [3]], ["a", "a", "b"]), pa.record_batch([pa.array([1])] * 3, ["a", "a", "b"])):
        assert decoded(as_batch(data, ["b"]).field("b").tokens())[0] in (b"3", b"1")
        with pytest.raises(errors.DataError, match="a: field is in the data twice; rename or drop one of them"):
            as_batch(data, ["a"]).field("a")


class Tensor:
    """What a tensor of another library offers."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array([1, 2])

    def __len__(self) -> int:
        return 2


@pytest.mark.parametrize(
    "column",
    [
        array("d", [1, 2]),
        memoryview(array("b", [1, 2])),
        range(1, 3),
        collections.deque([1, 2]),
        Tensor(),
        np.array([1, 2], np.longdouble),
        pd.arrays.SparseArray([1, 2]),
        pd.Index([1, 2]),
        [np.array(1), np.array(2)],
        pa.array([1, 2]),
        pa.chunked_array([[1], [2]]),
    ],
)
def test_what_holds_a_column(column: Any) -> None:
    assert decoded(as_batch({"a": column}).field("a").tokens()) == [b"1", b"2"]


@pytest.mark.parametrize("column", [{1: 2}, {1, 2}, np.array([1j, 2])])
def test_what_holds_no_column(column: Any) -> None:
    with pytest.raises(
        errors.DataError, match=r"needs an array or a list in field 'a', got|is not a category in field 'a' at row 0"
    ):
        as_batch({"a": column}).field("a").tokens()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # numpy on its matrix
def test_matrices_are_lists() -> None:
    assert decoded(as_batch({"a": np.matrix([[1, 2], [3, 4]])}).field("a").tokens()) == [[b"1", b"2"], [b"3", b"4"]]


def test_names_that_are_no_strings() -> None:
    frame = pd.DataFrame({0: [1], "a": [2], ("x", "y"): [3]})
    assert decoded(as_batch(frame).field("a").tokens()) == [b"2"]
    with pytest.raises(errors.DataError, match="0: field is not in the data"):
        as_batch(frame).field("0")


@pytest.mark.parametrize("value", [5, "text", b"bytes", None, np.float64(1), np.array(5)])
def test_a_dict_of_single_values(value: Any) -> None:
    with pytest.raises(errors.DataError, match=r"a dict holds one list or array per field; for one row write \[\{\.\.\.\}\]"):
        as_batch({"a": value})


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (5, "give a DataFrame"),
        ("text", "give a DataFrame"),
        (pd.Series([1], name="a"), "use to_frame"),
        (pl.Series("a", [1]), "use to_frame"),
        (pl.LazyFrame({"a": [1]}), "collect() it first"),
        (np.zeros((3, 2)), "give {name: column, ...}"),
        (np.zeros(3), "give {name: column, ...}"),
        (pa.array([1]), "check the path"),
        (pa.chunked_array([[1]]), "check the path"),
        (datetime.date(2020, 1, 1), "give a DataFrame"),
    ],
)
def test_what_holds_no_table(data: Any, hint: str) -> None:
    with pytest.raises(errors.DataError) as caught:
        as_batch(data)
    assert hint in str(caught.value)


def test_only_read_fields_leave_duckdb_polars_and_datasets(tmp_path: Any) -> None:
    odd = 'we "quote" it'
    table = pa.table({odd: [1, 2], "bad": ["x", "y"]})
    relation = duckdb.from_arrow(table).project(f'"{odd.replace(chr(34), chr(34) * 2)}", error(bad) AS bad')
    frame = pl.DataFrame({odd: [1, 2], "bad": [object(), object()]})
    pq.write_table(table, tmp_path / "t.parquet")
    for data in (relation, frame, ds.dataset(tmp_path), table):
        batch = as_batch(data, [odd])
        assert batch.names == (odd,)
        assert decoded(batch.field(odd).tokens()) == [b"1", b"2"]


def test_a_relation_can_be_read_again() -> None:
    relation = duckdb.sql("SELECT i::VARCHAR AS s FROM range(5) t(i)")
    for _ in range(2):
        assert decoded(as_batch(relation, ["s"]).field("s").tokens()) == [b"0", b"1", b"2", b"3", b"4"]


def test_long_chunks_stay_and_short_ones_are_put_together() -> None:
    long, short = pa.table({"a": np.arange(70_000)}), pa.table({"a": np.arange(10)})
    table = pa.concat_tables([long, short, short, long, short, long])
    sizes = [batch.num_rows for batch in batches(table)]
    assert sizes == [70_000, 70_020, 70_010]
    assert [v for b in batches(table) for v in b.field("a").integers().values.tolist()] == table["a"].to_pylist()
    first = next(batches(table)).field("a").numbers
    assert first().values.tolist() == list(range(70_000))
    address = table["a"].chunk(0).buffers()[1].address
    assert next(batches(table)).field("a").integers().values.__array_interface__["data"][0] == address


def test_concatenate() -> None:
    parts = [
        as_batch(pa.table({"x": pa.array(["a", "b"]).dictionary_encode(), "l": [[1], None]})).slice(1, 2),
        as_batch(pa.table({"x": pa.array(["c", None, "a"]).dictionary_encode(), "l": [[2, 3], [], None]})),
        as_batch(pa.table({"x": pa.array([], pa.string()), "l": pa.array([], pa.list_(pa.int64()))})),
    ]
    whole = Batch.concatenate(parts)
    assert whole.num_rows == 4
    assert decoded(whole.field("x", ("a",)).tokens()) == [b"b", b"c", None, None]
    assert decoded(whole.field("l").tokens()) == [[], [b"2", b"3"], [], []]
    assert decoded(whole.slice(1, 3).field("x").tokens()) == [b"c", None]


def test_concatenate_unlike_forms() -> None:
    forms: list[Any] = [
        pa.array([1, None]),
        [2, "b"],
        np.array([3.0, np.nan]),
        pd.Categorical(["x", None]),
        pa.array(["y", "z"]).dictionary_encode(),
        [2**70],
    ]
    whole = Batch.concatenate([as_batch({"x": form}) for form in forms])
    expected = [b"1", None, b"2", b"b", b"3", None, b"x", None, b"y", b"z", str(2**70).encode()]
    assert decoded(whole.field("x").tokens()) == expected
    lists = Batch.concatenate([as_batch({"x": form}) for form in ([[1, "a"], None], pa.array([[2], []]), [["b", 3.0]])])
    assert decoded(lists.field("x").tokens()) == [[b"1", b"a"], [], [b"2"], [], [b"b", b"3"]]


def test_columns_carried_along() -> None:
    table = pa.table({"d": [datetime.date(2020, 1, 1), None], "s": pa.array(["a", "b"]).dictionary_encode(), "n": [1, None]})
    batch = as_batch(table).slice(1, 2)
    assert [batch.column(key).to_pylist() for key in "dsn"] == [[None], ["b"], [None]]
    assert as_batch(table).schema() == pa.schema(
        [("d", pa.date32()), ("s", pa.dictionary(pa.int32(), pa.string())), ("n", pa.int64())]
    )
    frame = as_batch(pd.DataFrame({"c": pd.Categorical(["x", None]), "o": ["p", "q"]}))
    assert frame.column("c").to_pylist() == ["x", None]
    assert frame.column("o").to_pylist() == ["p", "q"]
    with pytest.raises(errors.DataError, match="holds values of several types"):
        as_batch({"x": [1, "a"]}).column("x")


def test_inputs_stay_as_they_were() -> None:
    frame = pd.DataFrame({"a": [1.0, -999.0], "s": pd.Categorical(["x", "?"]), "o": np.array(["p", "?"], dtype=object)})
    before = frame.copy(deep=True)
    batch = as_batch(frame)
    for key in frame:
        for view in ("tokens", "to_pylist"):
            getattr(batch.field(key, ("?", -999)), view)()
    batch.field("a", (-999,)).numbers()
    pd.testing.assert_frame_equal(frame, before)


def test_rows_of_several_keys_and_of_mappings_that_are_not_dicts() -> None:
    rows = [{"b": 1, "a": 2}, {"a": 3, "b": 4, "c": 5}]
    for given in (rows, [collections.UserDict(row) for row in rows], [collections.defaultdict(int, row) for row in rows]):
        batch = as_batch(given)
        assert list(batch.names) == ["b", "a", "c"]
        assert batch.field("a").numbers().values.tolist() == [2, 3]
        with pytest.raises(errors.DataError, match="field is not in the row") as caught:
            batch.field("c")
        assert (caught.value.row, caught.value.field) == (0, "c")
    with pytest.raises(errors.DataError, match="a list of rows holds dicts"):
        as_batch([{"a": 1}, [("a", 1)]])
