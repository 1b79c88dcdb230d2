"""What every integration is tried on: each Example of each kind, flights, the census where it is at hand, and hostile rows.

A case is columns and rows; `names()` has them all. Every kind of column of the package is in at least one.
"""

from __future__ import annotations

import functools
import importlib
import math
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc
import tests.columns
from tests.example import Example, walk

DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data"
CENSUS = next((p for p in [*DATA.glob("adult/*.parquet"), *DATA.glob("adult/*.csv")] if p.is_file()), None)


@dataclass(frozen=True)
class Case:
    """Columns over a table.

    plan: of the dense columns, with tables that are not the initial ones. encoder: of the columns as they were declared.
    """

    name: str
    columns: tuple[Any, ...]
    plan: fc.Plan | None
    encoder: fc.Plan
    data: Any

    def __str__(self) -> str:
        return self.name


@functools.cache
def examples() -> tuple[Example, ...]:
    """The Examples of all kinds."""
    modules = [importlib.import_module(m.name) for m in pkgutil.iter_modules(tests.columns.__path__, "tests.columns.")]
    return tuple(example for module in modules for example in getattr(module, "EXAMPLES", ()))


def of_example(example: Example) -> Case:
    dense = example.dense()
    plan = example.plan(dense) if dense else None
    return Case(example.name, tuple(dense), plan, example.plan(), example.table())


def flights() -> Case:
    """Every kind over the flights."""
    table = fc.datasets.flights().slice(0, 5_000)
    route = fc.Crossed(["origin", "dest"], 500)
    weighted = fc.Weighted(fc.Hashed("earlier_dests", 40), "earlier_delays", default=0.0)
    columns = (
        fc.Numeric("distance", normalizer=fc.ZScore()),
        fc.Numeric("temp", default=fc.Median(), normalizer=fc.MinMax()),
        fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(10), num_oov_buckets=2)),
        fc.Indicator(fc.Bucketized("distance", fc.Quantiles(8))),
        fc.Indicator(fc.Identity("month", 13)),
        fc.Embedding(route, 6, combiner="sum"),
        fc.Embedding(fc.Hashed("tailnum", 300), 4, table="planes"),
        fc.Embedding(fc.Hashed("earlier_dests", 40), 3, combiner="sqrtn", max_norm=0.5),
        fc.Embedding(fc.Vocabulary("earlier_dests", fc.TopTerms(30)), 5, name="terms"),
        fc.Embedding(weighted, 3, combiner="mean_all", name="w"),
        fc.Indicator(weighted),
        fc.Sequence(fc.Embedding(fc.Hashed("earlier_dests", 40), 3, name="step"), 4),
        fc.Sequence(fc.Numeric("earlier_delays", default=0.0), 3),
        fc.Sequence(fc.Indicator(fc.Hashed("earlier_dests", 5)), 2),
    )
    return _case("flights", columns, table)


def census() -> Case:
    """The census, where shared data is at hand."""
    table = fc_table(CENSUS)
    numbers = [f.name for f in table.schema if pa.types.is_integer(f.type) or pa.types.is_floating(f.type)]
    words = [f.name for f in table.schema if f.name not in numbers]
    columns = (
        *(fc.Numeric(name, default=0.0, normalizer=fc.ZScore()) for name in numbers),
        *(fc.Indicator(fc.Vocabulary(name, fc.TopTerms(20))) for name in words),
        *(fc.Embedding(fc.Hashed(name, 50), 4) for name in words),
    )
    return _case("census", columns, table)


def fc_table(path: Path | None) -> pa.Table:
    if path is None:
        raise FileNotFoundError(DATA)
    if path.suffix == ".parquet":
        return pq.read_table(path).slice(0, 5_000)
    import pandas as pd

    return pa.Table.from_pandas(pd.read_csv(path, nrows=5_000), preserve_index=False)


def hostile() -> Case:
    """Rows that somebody wrote to break things."""
    random = np.random.default_rng(3)
    odd = ["", "\0", "a\0", "é" * 50, "x" * 10_000, "🎉", "a", "b", "05", "5", None, "Łódź", "\u202e", "\n"]
    numbers = [0.0, -0.0, 5e-324, -1e300, 1e300, 2.0**53, math.inf, -math.inf, math.nan, None, 0.1]
    whole = [0, -1, 2**53 - 1, -(2**63), 2**63 - 1, 5, None]
    rows = 500
    table = pa.table(
        {
            "text": pa.array([odd[i] for i in random.integers(0, len(odd), rows)]),
            "number": pa.array([numbers[i] for i in random.integers(0, len(numbers), rows)], pa.float64()),
            "whole": pa.array([whole[i] for i in random.integers(0, len(whole), rows)], pa.int64()),
            "list": pa.array(
                [
                    None if k == 9 else [odd[i] for i in random.integers(0, len(odd), k)]
                    for k in random.integers(0, 10, rows).tolist()
                ],
                pa.list_(pa.string()),
            ),
        }
    )
    lengths = [None if v is None else len(v) for v in table["list"].to_pylist()]
    weights = [None if k is None else [float(w) for w in random.choice([0.0, -1.5, 2.0, 1e-30, 0.3], k)] for k in lengths]
    table = table.append_column("weight", pa.array(weights, pa.list_(pa.float32())))
    cross = fc.Crossed([fc.Bucketized("number", [0, 1], missing_bucket=3), "text", "list"], 97, keep_unseen=True)
    weighted = fc.Weighted(fc.Hashed("list", 31), "weight")
    columns = (
        fc.Numeric("number", default=-7.0, normalizer=fc.Clip(-5, 5)),
        fc.Indicator(fc.Vocabulary("text", ["a", "", "🎉", "\0"], num_oov_buckets=3)),
        fc.Indicator(fc.Identity("whole", 6, out_of_range="keep")),
        fc.Embedding(fc.Identity("whole", 6, out_of_range="keep"), 3, name="kept"),
        fc.Embedding(fc.Vocabulary("whole", [5, -1]), 2),
        fc.Indicator(fc.Hashed("list", 8)),
        fc.Embedding(cross, 3),
        *(fc.Embedding(weighted, 4, combiner=c, name=c) for c in ("sum", "mean", "sqrtn", "mean_all", "sqrtn_all")),
        *(fc.Embedding(weighted, 4, combiner=c, max_norm=0.4, name=f"{c} short") for c in ("sum", "mean", "sqrtn_all")),
        fc.Sequence(fc.Embedding(weighted, 2, combiner="sum", name="steps"), 3, keep="first"),
        fc.Sequence(fc.Embedding(weighted, 2, combiner="sqrtn_all", name="last steps"), 3),
        fc.Sequence(fc.Indicator(weighted), 2),
    )
    return _case("hostile rows", columns, table)


def _case(name: str, columns: tuple[Any, ...], table: pa.Table) -> Case:
    plan = fc.fit(columns, table)
    tables = {
        n: np.random.default_rng(list(n.encode())).normal(size=t.shape).astype(np.float32) for n, t in plan.tables.items()
    }
    plan = plan.with_tables(tables)
    return Case(name, columns, plan, plan, table)


MADE = {"flights": flights, "hostile rows": hostile, **({} if CENSUS is None else {"census": census})}


REFUSED = (  # what neither ONNX nor SQL is written of
    "rows hold one value a field there",
    "it reads lists",
    "it reads times",
    "it splits text",
    "it makes n-grams",
    "it cuts text",
    "it trims or lower-cases text",
    "it reads numbers out of text",
    "it counts the terms of a row",
)


@functools.cache
def names() -> tuple[str, ...]:
    """The names of all cases. None is made yet: a test makes the one that it is about."""
    return (*MADE, *(f"{i} {example.name}" for i, example in enumerate(examples())))


@functools.cache
def case(name: str) -> Case:
    """One case by its name."""
    return MADE[name]() if name in MADE else of_example(examples()[int(name.split()[0])])


def kinds_of(name: str) -> set[str]:
    """The kinds of column in a case."""
    columns = case(name).columns if name in MADE else examples()[int(name.split()[0])].columns
    return {type(c).__name__ for column in columns for c in walk(column)}
