"""Claim: cost grows linearly, in rows from a thousand to a hundred million and in columns to two thousand.

    python -m benchmarks growth                                    to 10^7 rows
    FEATURECOLS_GROWTH_ROWS=100000000 python -m benchmarks growth  to 10^8

Rows are generated batch by batch, encoded and dropped; the time of generating them is taken off. Columns are measured on
the same few rows, so that what each costs apart from its features shows.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

import featurecols as fc
from benchmarks.harness import Result

BATCH = 100_000
COLUMNS = (250, 500, 1000, 2000)
_COLUMN_ROWS = 10_000
_TERMS = [f"term {i}" for i in range(10_000)]


class Stream:
    """Batches of `rows` rows in all, 8 fields, each made when it is asked for; `seconds` is what making them took."""

    def __init__(self, rows: int, seed: int = 3) -> None:
        self.rows, self.rng, self.seconds = rows, np.random.default_rng(seed), 0.0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for at in range(0, self.rows, BATCH):
            start = time.perf_counter()
            batch = self._batch(min(BATCH, self.rows - at))
            self.seconds += time.perf_counter() - start
            yield batch

    def _batch(self, n: int) -> pa.RecordBatch:
        digits = self.rng.integers(97, 123, (n, 8), np.uint8)
        ends = pa.py_buffer(np.arange(0, 8 * n + 1, 8, dtype=np.int32))
        return pa.record_batch(
            {
                "x": self.rng.standard_normal(n),
                "y": self.rng.standard_normal(n, np.float32),
                "z": self.rng.integers(0, 1000, n, np.int64),
                "small": _coded(self.rng.integers(0, 100, n, np.int32), _TERMS[:100]),
                "large": _coded(self.rng.integers(0, 10_000, n, np.int32), _TERMS),
                "text": pa.StringArray.from_buffers(n, ends, pa.py_buffer(digits)),
                "id": self.rng.integers(0, 5000, n, np.int32),
                "day": self.rng.integers(0, 7, n, np.int32),
            }
        )


def _coded(codes: np.ndarray[Any, Any], terms: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(terms))


def eight_columns() -> list[fc.Column]:
    """3 numbers and 5 ids: a vocabulary, two hashes (a dictionary, plain text), an identity, buckets of a number."""
    return [
        fc.Numeric("x", normalizer=fc.ZScore(mean=0.0, std=1.0)),
        fc.Numeric("y"),
        fc.Numeric("z", normalizer=fc.Log1p()),
        fc.Vocabulary("small", _TERMS[:100]),
        fc.Hashed("large", 5000),
        fc.Hashed("text", 100_000),
        fc.Identity("id", 5000),
        fc.Identity("day", 7),
    ]


def encoded(plan: fc.Plan, rows: int) -> float:
    """Seconds of encoding `rows` streamed rows, generating them not counted."""
    stream = Stream(rows)
    gc.collect()
    start = time.perf_counter()
    done = sum(len(features) for features in plan.encode_batches(iter(stream)))
    seconds = time.perf_counter() - start - stream.seconds
    assert done == rows
    return seconds


def by_rows(most: int) -> Result:
    plan = fc.compile(eight_columns())
    encoded(plan, BATCH)
    sizes = [10**k for k in range(3, len(str(most)))]
    runs = {rows: [encoded(plan, rows) for _ in range(max(1, min(9, 2 * 10**7 // rows)))] for rows in sizes}
    each = {f"{rows:,}": round(1e9 * statistics.median(runs[rows]) / rows, 2) for rows in sizes}
    result = Result(f"{sizes[-1]:,} rows streamed to 3 numbers and 5 ids", sizes[-1], {"featurecols": runs[sizes[-1]]})
    result.notes = {"ns a row": each}
    return result


def many_columns(count: int) -> list[fc.Column]:
    """Of 8 columns, 3 are numbers, 1 an embedding of 4 features and 4 one-hots of 8; each has a field of its own."""
    return [_column(i) for i in range(count)]


def _column(i: int) -> fc.Column:
    if i % 8 < 3:
        return fc.Numeric(f"f{i}", normalizer=fc.ZScore(mean=0.0, std=1.0))
    if i % 8 == 3:
        return fc.Embedding(fc.Hashed(f"f{i}", 1000), 4)
    return fc.Indicator(fc.Vocabulary(f"f{i}", _TERMS[:8]) if i % 2 else fc.Hashed(f"f{i}", 8))


def many_fields(count: int, rows: int = _COLUMN_ROWS) -> pa.Table:
    rng = np.random.default_rng(5)
    fields = (
        rng.standard_normal(rows) if i % 8 < 3 else _coded(rng.integers(0, 100, rows, np.int32), _TERMS[:100])
        for i in range(count)
    )
    return pa.table({f"f{i}": field for i, field in enumerate(fields)})


def by_columns(counts: Iterable[int] = COLUMNS, repeats: int = 5) -> list[Result]:
    transforms, compiles, plans = {}, {}, {}
    tables = {count: many_fields(count) for count in counts}
    for count in counts:
        columns = many_columns(count)
        compiles[count] = [_seconds(lambda columns=columns: fc.compile(columns)) for _ in range(repeats)]
        plans[count] = fc.compile(columns)
        plans[count].transform(tables[count])
    for count, plan in plans.items():
        transforms[count] = [_seconds(lambda plan=plan, t=tables[count]: plan.transform(t)) for _ in range(repeats)]
    most = max(counts)
    found = [
        Result(f"{most:,} columns, {_COLUMN_ROWS:,} rows to {plans[most].width:,} features", _COLUMN_ROWS),
        Result(f"A plan of {most:,} columns compiled", 1),
    ]
    for result, runs in zip(found, (transforms, compiles), strict=True):
        each = {f"{count:,}": round(1e3 * statistics.median(runs[count]), 2) for count in counts}
        result.seconds = {"featurecols": runs[most]}
        result.notes = {"ms by columns": each}
    return found


def _seconds(run: Any) -> float:
    gc.collect()
    start = time.perf_counter()
    kept = run()
    seconds = time.perf_counter() - start
    del kept
    return seconds


def run() -> list[Result]:
    return [by_rows(int(os.environ.get("FEATURECOLS_GROWTH_ROWS", 10**7))), *by_columns()]
