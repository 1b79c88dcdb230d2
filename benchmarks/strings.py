"""Claim: hashing plain strings costs a few nanoseconds each, on one thread, without a Python object."""

from __future__ import annotations

import mmh3
import numpy as np
import pyarrow as pa

import featurecols as fc
from benchmarks import scratch
from benchmarks.harness import Result, measure


def run(rows: int = 1_000_000) -> list[Result]:
    numbers = (np.random.default_rng(1).integers(0, 2**32, rows)).tolist()
    words = [f"{n:08x}" for n in numbers]
    table = pa.table({"c": pa.array(words)})
    murmur = fc.compile([fc.Hashed("c", 100_000)])
    farm = fc.compile([fc.Hashed("c", 100_000, hash="farmhash64")])
    cases = {
        "featurecols": lambda: murmur.encode(table, threads=1),
        "featurecols, farmhash64": lambda: farm.encode(table, threads=1),
        "mmh3 in a list": lambda: [mmh3.hash(w, 0, signed=False) % 100_000 for w in words],
    }
    try:
        import polars as pl

        series = pl.Series(words)
        cases["Polars, hash % n with its own hash and all threads"] = lambda: series.hash() % 100_000
    except ImportError:
        pass
    result = measure("Plain 8-byte strings to hashed ids, one thread", rows, cases)
    scratch.tensorflow(result, "strings")
    return [result]
