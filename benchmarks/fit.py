"""Claim: learning 26 vocabularies with counts, 13 quantile sets and moments in one pass beats the fastest engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import featurecols as fc
from benchmarks import data
from benchmarks.criteo import NUMBERS, STRINGS
from benchmarks.harness import Result, measure


def columns() -> list[fc.Column]:
    found: list[fc.Column] = []
    for key in NUMBERS:
        found.append(fc.Numeric(key, default=0, normalizer=fc.ZScore()))
        found.append(fc.Bucketized(key, fc.Quantiles(10)))
    return found + [fc.Vocabulary(key, fc.TopTerms(None)) for key in STRINGS]


def polars_best(path: Any) -> Callable[[], Any]:
    """Polars: group_by each string, one sort for each number (its plain quantile is 5 times slower)."""
    import polars as pl

    def run() -> Any:
        frame = pl.read_parquet(path)
        lazy = frame.lazy()
        counts = [lazy.group_by(k).len() for k in STRINGS]
        moments = lazy.select(
            [pl.col(k).mean().alias(f"{k}m") for k in NUMBERS] + [pl.col(k).std(ddof=0).alias(f"{k}s") for k in NUMBERS]
        )
        ranked = lazy.select([pl.col(k).drop_nulls().sort().gather(_ranks(frame, k)).implode().alias(k) for k in NUMBERS])
        return pl.collect_all([*counts, moments, ranked])

    return run


def _ranks(frame: Any, key: str) -> list[int]:
    n = len(frame) - frame[key].null_count()
    return [i * n // 10 for i in range(1, 10)]


def run(rows: int = 1_000_000) -> list[Result]:
    path = data.criteo_path(rows)
    cases: dict[str, Callable[[], Any]] = {
        "featurecols": lambda: fc.fit(columns(), path),
        "featurecols, 1 thread": lambda: fc.fit(columns(), path, threads=1),
        "Polars, group_by and sort": polars_best(path),
    }
    return [measure("Fit: 26 vocabularies, 13 quantile sets and moments, from Parquet", rows, cases, repeats=5)]
