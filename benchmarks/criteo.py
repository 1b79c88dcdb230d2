"""Claim: from Parquet to dense numbers and 26 hashed ids in little more than reading takes.

What pyarrow's read (dictionaries kept) is made of, in processor time of one core for a million rows, each column read
alone: 8 to 11 ms for a column of few distinct values (unpacking with zstd, runs of levels and codes, fresh memory), and
25 to 40 ms for each of the ten with 90,000 distinct values and more, where every dictionary of every row group is hashed
into a memo table and copied out of it again. 640 to 690 ms in all; memory maps and pre_buffer change a twentieth of it,
and one thread a column is what its threads do already. Decoding the dictionaries to plain strings takes 1,400 ms.
Polars' reader takes 435 ms, its strings being views.

Forms tried on this data:
- pyarrow in a reader thread, with its threads, beside ours: both cores were busy, 1 thread took as long as 2.
- our own pages, codes only (featurecols/data/files/parquet_decoder.py): 250 to 300 ms; unpacking is 120 ms of them.
- codes value by value 1.7 ns each, four to a load 0.9; nulls spread with a branch 3.7 ns at 25% of nulls, without 1.1.
- the same into memory of numpy's allocator: a fresh page costs more than what is written to it, 0.9 ms a column of a row
  group against 0.06 from Arrow's pool, which keeps what is freed.
- a page at a time, on two threads that share a row group: 6,000 switches between threads, as slow as one thread. A kernel
  call for all pages of a column, one call of Zstandard for all its frames, and a row group to each thread: 1,300, and
  two thirds of the time.
- nulls spread eight rows at a time where all eight are there: slower from 5% of nulls on, no faster below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import featurecols as fc
from benchmarks import data, lower_bounds, scratch
from benchmarks.harness import Result, measure

NUMBERS = [f"I{i}" for i in range(1, 14)]
STRINGS = [f"C{i}" for i in range(1, 27)]


def columns() -> list[fc.Column]:
    numbers = [fc.Numeric(key, default=0) for key in NUMBERS]
    return numbers + [fc.Hashed(key, 100_000) for key in STRINGS]


def polars_scan(path: Any, engine: Any = "auto") -> Callable[[], Any]:
    """Polars: scan_parquet, hash % n, numbers and ids as two C-ordered matrices."""
    import polars as pl

    numbers = [pl.col(k).cast(pl.Float32).fill_null(0) for k in NUMBERS]
    ids = [(pl.col(k).hash() % 100_000).cast(pl.Int32) for k in STRINGS]

    def run() -> Any:
        frame = pl.scan_parquet(path).select(numbers + ids).collect(engine=engine)
        return frame.select(NUMBERS).to_numpy(order="c"), frame.select(STRINGS).to_numpy(order="c")

    return run


def run(rows: int = 1_000_000) -> list[Result]:
    path = data.criteo_path(rows)
    plan = fc.compile(columns())

    def ours(threads: int | None = None) -> Any:
        return list(plan.encode_batches(path, threads=threads))

    import polars as pl

    cases: dict[str, Callable[[], Any]] = {
        "featurecols": ours,
        "featurecols, 1 thread": lambda: ours(1),
        "lower bound: pyarrow reads, dictionaries kept": lambda: lower_bounds.read_dictionaries(path, STRINGS),
        "lower bound: Polars reads": lambda: pl.read_parquet(path),
        "Polars scan, hash % n": polars_scan(path),
        "Polars scan, hash % n, streaming engine": polars_scan(path, "streaming"),
    }
    result = measure("Criteo-shaped Parquet to 13 numbers and 26 hashed ids", rows, cases)
    scratch.spark(result, "criteo", path)
    return [result]
