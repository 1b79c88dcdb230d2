"""Claim: a call with few rows costs little more than these rows do, whatever they are given as."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import featurecols as fc
from benchmarks import adult, data
from benchmarks.harness import Result, seen_on


def run(seconds: float = 0.5) -> list[Result]:
    table = data.adult(100_000)
    plan = fc.fit(adult.columns(), table)
    plan.transform(table)  # loads the kernels
    found = []
    for rows in (1, 100, 10_000):
        few = table.slice(0, rows)
        frame, listed = few.to_pandas(), few.to_pylist()
        forms: dict[str, Any] = {"Arrow": few, "pandas": frame, "list of dicts": listed}
        cases: dict[str, Callable[[], Any]] = {
            f"featurecols, {name}": lambda given=given: plan.transform(given) for name, given in forms.items()
        }
        result = Result(f"One transform of {rows:,} rows, kernels loaded", rows)
        for name, case in cases.items():
            result.seconds[name], result.processor[name] = _times(case, seconds)
        result.notes["remark"] = seen_on()
        found.append(result)
    return found


def _times(case: Callable[[], Any], seconds: float) -> tuple[list[float], list[float]]:
    """Return the medians of the time and the processor time of a call, of as many calls as take so many seconds."""
    case()
    walls, busy, end = [], [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(walls) < 5:
        start, used = time.perf_counter(), time.process_time()
        case()
        walls.append(time.perf_counter() - start)
        busy.append(time.process_time() - used)
    return [float(np.median(walls))], [float(np.median(busy))]
