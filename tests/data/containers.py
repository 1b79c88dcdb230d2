"""Values of every logical type, and everything that may hold them."""

from __future__ import annotations

import datetime
import decimal
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests import csv_files

ROWS = 12
DAY = datetime.datetime(2024, 2, 29, 12, 30)
HOUR = datetime.timedelta(hours=1)
D = decimal.Decimal
INF = float("inf")
VALUES: dict[str, tuple[pa.DataType, list[Any]]] = {
    "boolean": (pa.bool_(), [True, False, None, True]),
    "integer": (pa.int64(), [3, 0, None, -7, 3]),
    "large integer": (pa.int64(), [2**53, 2**53 + 1, -(2**63), 2**63 - 1]),
    "unsigned": (pa.uint64(), [3, 2**64 - 1, 0]),  # with a gap pandas makes floats of both
    "float": (pa.float64(), [1.0, 20.0, None, 0.0]),
    "negative zero": (pa.float64(), [-0.0, 1.5, None]),
    "fraction": (pa.float64(), [0.1, -2.5, None, 1e300, 5e-324]),
    "infinite": (pa.float64(), [1.0, INF, None, -INF]),
    "decimal": (pa.decimal128(12, 2), [D("12.00"), D("3.00"), None]),
    "decimal fraction": (pa.decimal128(12, 2), [D("12.25"), D("-0.01"), None]),
    "huge decimal": (pa.decimal256(76, 10), [D("123456789012345678901234567890123456"), D("1e50"), None, D("-3")]),
    "text": (pa.string(), ["Oslo", "é", None, " x ", "NA", "00501"]),
    "bytes": (pa.binary(), [b"a", b"\xc3\xa9", None]),
    "bytes of one size": (pa.binary(2), [b"ab", b"\xff\x00", None]),
    "timestamp": (pa.timestamp("us"), [DAY, None]),
    "date": (pa.date32(), [DAY.date(), None]),
    "time": (pa.time64("us"), [DAY.time(), None]),
    "duration": (pa.duration("us"), [HOUR, None]),
    "list of text": (pa.list_(pa.string()), [["a", "b"], None, [], ["c", None]]),
    "list of integer": (pa.list_(pa.int64()), [[1, 2], None, [], [3, None]]),
    "list of boolean": (pa.list_(pa.bool_()), [[True, False], None, [], [True, None]]),
    "list of float": (pa.list_(pa.float64()), [[1.0, 2.0], None, [], [3.0, None]]),
    "list of fraction": (pa.list_(pa.float64()), [[1.5, -0.0], None, [], [0.1, None]]),
    "list of decimal": (pa.list_(pa.decimal128(5, 2)), [[D("1.00"), D("2.00")], None, [], [D("3.00"), None]]),
    "list of bytes": (pa.list_(pa.binary()), [[b"\xff", b"b"], None, [], [b"c", None]]),
    "list of timestamp": (pa.list_(pa.timestamp("us")), [[DAY], None, [], [None]]),
    "list of date": (pa.list_(pa.date32()), [[DAY.date()], None, [], [None]]),
    "list of time": (pa.list_(pa.time64("us")), [[DAY.time()], None, [], [None]]),
    "list of duration": (pa.list_(pa.duration("us")), [[HOUR], None, [], [None]]),
    "list of one size": (pa.list_(pa.int64(), 2), [[1, 2], [3, 4], [5, None]]),
    "list of lists": (pa.list_(pa.list_(pa.int64())), [[[1, 2], [3]], None, [], [[3, None], None]]),
}
Make = Callable[[], Any]


def table_of(name: str) -> pa.Table:
    """Return 12 rows of a type: x, and other, a text."""
    kind, values = VALUES[name]
    found = [values[i % len(values)] for i in range(ROWS)]
    return pa.table({"x": pa.array(found, kind), "other": pa.array(list("abc") * (ROWS // 3))})


@functools.cache
def database() -> Any:
    """Return one database for all tests of a process."""
    return duckdb.connect()


def containers(table: pa.Table, folder: Path) -> dict[str, Make]:
    """Return what holds the rows, by name: the same object each time where it can be read again."""
    pq.write_table(table, folder / "x.parquet")
    kind, rows, frame = table["x"].type, table.to_pylist(), table.to_pandas()
    held: dict[str, Any] = {
        "Arrow": table,
        "Arrow chunks": pa.Table.from_batches(table.to_batches(max_chunksize=1)),
        "Parquet": folder / "x.parquet",
        "pandas": frame,
        "pandas object": pd.DataFrame({k: pd.Series(table[k].to_pylist(), dtype=object) for k in table.column_names}),
        "pandas nullable": frame.convert_dtypes(),
        "pandas on Arrow": table.to_pandas(types_mapper=pd.ArrowDtype),
        "dict": table.to_pydict(),
        "rows": rows,
    }
    if not pa.types.is_nested(kind):
        if not pa.types.is_decimal(kind):  # which pandas sorts
            held["pandas category"] = frame.astype("category")
        if all(csv_files.held(row["x"]) == row["x"] for row in rows):
            held["CSV"] = str(csv_files.write(rows, folder / "x.csv"))
    if pa.types.is_string(kind):
        held["pandas str"] = frame.astype("string")
    found: dict[str, Make] = {"generator": lambda: iter(rows)}
    if not pa.types.is_decimal256(kind):  # Polars and DuckDB have no more than 38 digits
        held["Polars"] = pl.from_arrow(table)
        found["DuckDB"] = lambda: database().from_arrow(table)
    return {**{name: lambda data=data: data for name, data in held.items()}, **found}  # type: ignore[misc]


def forms(table: pa.Table) -> dict[str, Make]:
    """Return the rows in other types of the same libraries that hold the same values, by name, made once."""
    found = _forms(table["x"].type, table["x"].to_pylist(), table["other"].to_pylist())
    return {name: functools.cache(make) for name, make in found}


def _forms(kind: pa.DataType, values: list[Any], other: list[str]) -> Iterator[tuple[str, Make]]:
    t = pa.types

    def of(x: Any) -> Any:
        return {"x": x, "other": other}

    def arrow(wanted: pa.DataType) -> Make:
        return lambda: pa.table(of(pa.array(values, wanted)))

    def each(convert: Callable[[Any], Any]) -> Make:
        return lambda: [{"x": v if v is None else convert(v), "other": o} for v, o in zip(values, other, strict=True)]

    def masked(dtype: Any, fill: Any) -> Make:
        there = [fill if v is None else v for v in values]
        return lambda: of(np.ma.MaskedArray(np.array(there, dtype), [v is None for v in values]))

    def pandas(dtype: Any) -> Make:
        return lambda: pd.DataFrame(of(pd.Series(values, dtype=dtype)))

    def polars(dtype: Any) -> Make:
        return lambda: pl.DataFrame(of(pl.Series(values, dtype=dtype)))

    def objects() -> Any:
        array = np.empty(len(values), object)
        array[:] = values
        return of(array)

    yield "numpy objects", objects
    if not t.is_nested(kind):
        coded = pa.array(values, kind).dictionary_encode()
        yield "Arrow dictionary", lambda: pa.table(of(coded))
        yield "pandas on Arrow dictionary", lambda: pd.DataFrame(of(pd.Series(pd.arrays.ArrowExtensionArray(coded))))
        if not t.is_decimal256(kind):
            yield "Arrow run-end encoded", lambda: pa.table(of(pc.run_end_encode(pa.array(values, kind))))
    if t.is_boolean(kind):
        yield "numpy scalars", each(np.bool_)
        yield "masked", masked(bool, False)
        yield "pandas boolean", pandas("boolean")
    if t.is_integer(kind):
        yield "decimals of Arrow", arrow(pa.decimal128(20, 0))
        yield "decimals of Python", each(D)
        yield "Polars Int128", polars(pl.Int128)
        yield "pandas of its own", pandas("UInt64" if t.is_uint64(kind) else "Int64")
        yield "numpy scalars", each(np.uint64 if t.is_uint64(kind) else np.int64)
        yield "big-endian", masked(">u8" if t.is_uint64(kind) else ">i8", 9)
    if t.is_integer(kind) and max(abs(v or 0) for v in values) < 100:
        yield "Arrow int8", arrow(pa.int8())
        yield "Arrow decimal256", arrow(pa.decimal256(50, 3))
        yield "pandas Int8", pandas("Int8")
        yield "float16", masked("f2", 9)
        yield "float32 with gaps", pandas("float32")
        yield "NaN in place of null", lambda: of(np.array(values, float))
        yield "Polars Decimal", polars(pl.Decimal(10, 2))
    if t.is_floating(kind):
        yield "NaN in place of null", lambda: of(np.array(values, float))
        yield "NaN of Polars", lambda: pl.DataFrame(of(np.array(values, float)))
        yield "NaN in an Arrow dictionary", lambda: pa.table(of(pa.array(np.array(values, float)).dictionary_encode()))
        yield "masked", masked(">f8", 9.0)
        yield "numpy structured", lambda: _structured(values, other, float)
        yield "numpy scalars", each(np.float64)
        with np.errstate(over="ignore"):
            short = all(v is None or float(np.float16(v)) == v for v in values)
        if short:
            yield "Arrow float16", lambda: pa.table(of(pa.array(np.array(values, np.float16), from_pandas=True)))
            yield "Arrow float32", arrow(pa.float32())
            yield "longdouble", lambda: of(np.array(values, np.longdouble))
    if t.is_decimal(kind):
        yield "wide decimals", arrow(pa.decimal256(76, 10))
        if not t.is_decimal256(kind):
            yield "Polars Decimal", polars(pl.Decimal(30, 5))
    if t.is_string(kind):
        yield "Arrow large", arrow(pa.large_string())
        yield "Arrow view", arrow(pa.string_view())
        yield "bytes", arrow(pa.binary())
        yield "numpy scalars", each(np.str_)
        yield "Polars Categorical", polars(pl.Categorical)
        yield "Polars Enum", polars(pl.Enum(sorted({v for v in values if v is not None})))
        yield "Polars Object", polars(pl.Object)
        yield "pandas of Python strings", pandas(pd.StringDtype("python"))
        yield "masked", masked("U9", "")
    if t.is_binary(kind) or t.is_fixed_size_binary(kind):
        yield "Arrow large", arrow(pa.large_binary())
        yield "Arrow view", arrow(pa.binary_view())
        yield "Polars Binary", polars(pl.Binary)
        yield "bytearrays", each(bytearray)
        yield "memoryviews", each(memoryview)
    if t.is_timestamp(kind):
        yield "Arrow of nanoseconds", arrow(pa.timestamp("ns"))
        yield "Arrow with a zone", arrow(pa.timestamp("us", "UTC"))
        yield "pandas with a zone", pandas("datetime64[ns, UTC]")
        yield "numpy", lambda: of(np.array(values, "M8[s]"))
        yield "numpy scalars", each(np.datetime64)
        yield "pandas periods", lambda: pd.DataFrame(of(pd.Series(values).dt.to_period("D")))
    if t.is_date(kind):
        yield "Arrow date64", arrow(pa.date64())
        yield "numpy", lambda: of(np.array(values, "M8[D]"))
    if t.is_duration(kind):
        yield "numpy", lambda: of(np.array(values, "m8[s]"))
    if t.is_list(kind):
        yield "Arrow large", arrow(pa.large_list(kind.value_type))
        yield "tuples", each(tuple)
        yield "arrays of objects", each(lambda v: np.fromiter(v, object, len(v)))
        yield "arrays of Arrow", each(lambda v: pa.array(v, kind.value_type))
        if t.is_string(kind.value_type) or t.is_int64(kind.value_type):
            yield "dictionaries in lists", arrow(pa.list_(pa.dictionary(pa.int32(), kind.value_type)))
    if t.is_fixed_size_list(kind):
        yield "Arrow lists", arrow(pa.list_(kind.value_type))
        yield "Polars Array", polars(pl.Array(pl.Int64, 2))
        yield (
            "a matrix",
            lambda: of(
                np.ma.MaskedArray([[v or 0 for v in row] for row in values], [[v is None for v in row] for row in values])
            ),
        )


def _structured(values: list[Any], other: list[str], dtype: Any) -> Any:
    array = np.zeros(len(values), [("x", dtype), ("other", "U1")])
    array["x"], array["other"] = values, other
    return array
