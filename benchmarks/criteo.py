"""Claim: from Parquet to dense numbers and 26 hashed ids in little more than reading takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import featurecols as fc
from benchmarks import data, floors, scratch
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
        "floor: pyarrow reads, dictionaries kept": lambda: floors.read_dictionaries(path, STRINGS),
        "floor: Polars reads": lambda: pl.read_parquet(path),
        "Polars scan, hash % n": polars_scan(path),
        "Polars scan, hash % n, streaming engine": polars_scan(path, "streaming"),
    }
    result = measure("Criteo-shaped Parquet to 13 numbers and 26 hashed ids", rows, cases)
    scratch.spark(result, "criteo", path)
    return [result]
