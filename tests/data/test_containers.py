"""Every logical type in every container, for every kind of column: the same bits, or the same refusal.

A plan that is fitted on one container (B3: on CSV, and on Arrow) reads all others, in batches of any size and row by row.
"""

from __future__ import annotations

import datetime
import decimal
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import featurecols as fc

ROWS = 21
DAY = datetime.datetime(2024, 2, 29, 12, 30)
VALUES: dict[str, tuple[pa.DataType, list[Any]]] = {
    "boolean": (pa.bool_(), [True, False, None, True]),
    "integer": (pa.int64(), [3, 0, None, -7, 3]),
    "unsigned": (pa.uint64(), [3, 2**64 - 1, 0]),  # with a gap pandas makes floats of them
    "float": (pa.float64(), [1.0, 20.0, None, 0.0]),
    "fraction": (pa.float64(), [0.1, -2.5, None, 1e300]),
    "decimal": (pa.decimal128(12, 2), [decimal.Decimal("12.00"), decimal.Decimal("3.00"), None]),
    "text": (pa.string(), ["Oslo", "é", None, " x ", "NA", "00501"]),
    "bytes": (pa.binary(), [b"a", b"\xc3\xa9", None]),
    "timestamp": (pa.timestamp("us"), [DAY, None]),
    "date": (pa.date32(), [DAY.date(), None]),
    "time": (pa.time64("us"), [DAY.time(), None]),
    "duration": (pa.duration("us"), [datetime.timedelta(hours=1), None]),
    "list of text": (pa.list_(pa.string()), [["a", "b"], None, [], ["c", None]]),
    "list of integer": (pa.list_(pa.int64()), [[1, 2], None, [], [3, None]]),
}
KINDS: dict[str, Callable[[Any], Any]] = {
    "Numeric": lambda x: fc.Numeric(x, default=0.5),
    "learned Numeric": lambda x: fc.Numeric(x, default=fc.Mean(), normalizer=fc.MinMax()),
    "Bucketized": lambda x: fc.Indicator(fc.Bucketized(x, [0, 2], missing_bucket=3)),
    "Quantiles": lambda x: fc.Indicator(fc.Bucketized(x, fc.Quantiles(3))),
    "Hashed": lambda x: fc.Indicator(fc.Hashed(x, 97)),
    "TopTerms": lambda x: fc.Indicator(fc.Vocabulary(x, fc.TopTerms(9), num_oov_buckets=2)),
    "Identity": lambda x: fc.Indicator(fc.Identity(x, 30, out_of_range="drop")),
    "Crossed": lambda x: fc.Indicator(fc.Crossed([x, "other"], 97, keep_unseen=True)),
    "Crossed as TensorFlow": lambda x: fc.Indicator(fc.Crossed([x, "other"], 97, hash="farmhash64")),
    "Weighted": lambda x: fc.Indicator(fc.Weighted(fc.Hashed("other", 9), x, default=2.0)),
    "Embedding": lambda x: fc.Embedding(fc.Hashed(x, 97), 3),
    "Sequence": lambda x: fc.Sequence(fc.Indicator(fc.Hashed(x, 7)), 3),
}


def table_of(name: str) -> pa.Table:
    kind, values = VALUES[name]
    found = [values[i % len(values)] for i in range(ROWS)]
    return pa.table({"x": pa.array(found, kind), "other": pa.array(list("abc") * (ROWS // 3))})


def write_csv(table: pa.Table, folder: Path) -> str:
    """As pandas writes it: True, 1.0."""
    column = [None if v is None else v.decode() if isinstance(v, bytes) else str(v) for v in table["x"].to_pylist()]
    pa.csv.write_csv(pa.table({"x": pa.array(column, pa.string()), "other": table["other"]}), folder / "x.csv")
    return str(folder / "x.csv")


@functools.cache
def database() -> Any:
    return duckdb.connect()


def containers(table: pa.Table, folder: Path) -> dict[str, Callable[[], Any]]:
    """What holds the rows, by name: the same object each time where it can be read again."""
    pq.write_table(table, folder / "x.parquet")
    rows, frame = table.to_pylist(), table.to_pandas()
    held: dict[str, Any] = {
        "Arrow": table,
        "Arrow chunks": pa.Table.from_batches(table.to_batches(max_chunksize=1)),
        "Parquet": folder / "x.parquet",
        "pandas": frame,
        "pandas object": pd.DataFrame({k: pd.Series(table[k].to_pylist(), dtype=object) for k in table.column_names}),
        "pandas nullable": frame.convert_dtypes(),
        "pandas on Arrow": table.to_pandas(types_mapper=pd.ArrowDtype),
        "Polars": pl.from_arrow(table),
        "dict": table.to_pydict(),
        "rows": rows,
    }
    if not pa.types.is_list(table["x"].type):
        if not pa.types.is_decimal(table["x"].type):  # of Python objects
            held["pandas category"] = frame.astype("category")
        held["CSV"] = write_csv(table, folder)
    if pa.types.is_string(table["x"].type):
        held["pandas str"] = frame.astype("string")
    found: dict[str, Callable[[], Any]] = {name: lambda data=data: data for name, data in held.items()}  # type: ignore[misc]
    return {**found, "generator": lambda: iter(rows), "DuckDB": lambda: database().from_arrow(table)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Callable[[], Any]]]:
    """The containers of each type, made once for all kinds of column."""
    return functools.cache(lambda name: containers(table_of(name), tmp_path_factory.mktemp("files")))


def bits(make: Callable[[], np.ndarray]) -> Any:
    """The bits, or that there are none."""
    try:
        return make().tobytes()
    except fc.DataError:
        return "refused"


def readings(plan: Any, name: str, make: Callable[[], Any]) -> dict[str, Any]:
    found = {"whole": bits(lambda: plan.transform(make()))}
    for size in (1, 7, 1000):
        found[f"batches of {size}"] = bits(lambda size=size: np.concatenate(list(plan.transform_batches(make(), size))))  # type: ignore[misc]
    if name == "rows":
        found["rows one by one"] = bits(lambda: np.stack([plan.transform_row(row) for row in make()]))
        found["tables of one row"] = bits(lambda: np.concatenate([plan.transform([row]) for row in make()]))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", VALUES)
def test_every_container_gives_the_same_or_the_same_refusal(name: str, kind: str, made: Any) -> None:
    """B3: what was fitted on CSV reads frames, and the other way round; A5: whatever a batch shows of it."""
    table, column, held = table_of(name), KINDS[kind](fc.Field("x")), made(name)
    plans = {}
    for trained in ("Arrow", "CSV") if "CSV" in held else ("Arrow",):
        try:
            plans[trained] = fc.fit([column], held[trained]())
        except fc.DataError:
            plans[trained] = None
    untyped_text = name in ("fraction", "timestamp", "date", "time", "duration")  # CSV alone cannot tell that it is no text
    if "CSV" in plans and not untyped_text:
        assert (plans["CSV"] is None) == (plans["Arrow"] is None)
    for trained, plan in plans.items():
        if plan is None or (trained == "CSV" and untyped_text):
            continue
        if trained == "CSV" and name not in ("unsigned", "bytes", "decimal"):
            assert plan.input_schema["x"] == plans["Arrow"].input_schema["x"]
        want = bits(lambda plan=plan: plan.transform(table))  # type: ignore[misc]
        for container, make in held.items():
            for reading, got in readings(plan, container, make).items():
                assert got == want, f"fitted on {trained}: {container}, {reading}"


def test_the_table_knows_every_type() -> None:
    plan = fc.fit([fc.Hashed(fc.Field("x"), 5)], table_of("list of text"))
    assert plan.input_schema["x"] == ("text", 1)
    for name in ("boolean", "integer", "float", "decimal", "text", "bytes", "timestamp", "date", "time", "duration"):
        assert fc.fit([fc.Hashed(fc.Field("x"), 5)], table_of(name)).input_schema["x"] == (name, 0)
