"""Claim: one row from a dict takes microseconds."""

from __future__ import annotations

import time

import numpy as np

import featurecols as fc
from benchmarks import adult, data
from benchmarks.harness import Result


def run(rows: int = 20_000) -> list[Result]:
    table = data.adult(100_000)
    plan = fc.fit(adult.columns(), table)
    listed = table.slice(0, rows).to_pylist()
    for row in listed[:2000]:
        plan.transform_row(row)
    seconds = []
    for row in listed:
        start = time.perf_counter_ns()
        plan.transform_row(row)
        seconds.append((time.perf_counter_ns() - start) / 1e9)
    result = Result("One row of 13 fields from a dict, census plan", 1, {"featurecols": [float(np.median(seconds))]})
    p50, p99 = (float(np.percentile(seconds, p) * 1e6) for p in (50, 99))
    result.notes = {"p50 us": round(p50, 2), "p99 us": round(p99, 2)}
    return [result]
