"""Claim: crosses of two and three keys, over dictionaries by table and over plain strings by hash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

import featurecols as fc
from benchmarks import data, scratch
from benchmarks.harness import Result, measure

KEYS = ["occupation", "education", "native-country"]


def run(rows: int = 1_000_000) -> list[Result]:
    import polars as pl

    coded = data.adult(rows).select(KEYS)
    plain = pa.table({key: coded[key].cast(pa.string()) for key in KEYS})
    frame = pl.from_arrow(plain)
    found = []
    for k in (2, 3):
        plan = fc.compile([fc.Crossed(KEYS[:k], 1000)])
        combined = pl.col(KEYS[0]).hash()
        for key in KEYS[1:k]:
            combined = combined * 0x9E3779B97F4A7C15 + pl.col(key).hash()
        cases: dict[str, Callable[[], Any]] = {
            "featurecols": lambda plan=plan: plan.encode(coded),
            "featurecols, 1 thread": lambda plan=plan: plan.encode(coded, threads=1),
            "featurecols, plain strings": lambda plan=plan: plan.encode(plain),
            "Polars hash-combine": lambda c=combined: frame.select(c % 1000),
            "Polars struct hash": lambda k=k: frame.select(pl.struct(KEYS[:k]).hash() % 1000),
        }
        found.append(measure(f"Crosses of {k} keys", rows, cases))
    for result, k in zip(found, (2, 3), strict=True):
        scratch.tensorflow(result, "crosses", f"{k} keys")
    return found
