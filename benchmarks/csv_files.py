"""Claim: learning from a CSV file, and transforming it, take little more than parsing it does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

import featurecols as fc
from benchmarks import adult, data, lower_bounds
from benchmarks.harness import Result, measure, seen_on

REPEATS, BUDGET = 5, 15.0  # runs, unless they take more seconds


def run(rows: int = 1_000_000) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "census.csv"
        table = data.adult(rows)
        plain = [table[key].cast(pa.string()) if key in data.CATEGORIES else table[key] for key in table.column_names]
        csv.write_csv(pa.table(plain, names=table.column_names), path, csv.WriteOptions(quoting_style="needed"))
        plan = fc.fit(adult.columns(), path)
        size = f"{path.stat().st_size / 1e6:.0f} MB"
        shape, reads = (rows, plan.width), _reads(path)
        warm = np.empty(shape, np.float32)
        made: dict[str, Callable[[], Any]] = {
            "featurecols": lambda: plan.transform(path),
            "lower bound: fill a fresh matrix": lambda: lower_bounds.fill(shape, 2),
        }
        found = [
            # a matrix and a quarter: blocks of text are new memory, too
            measure(
                f"Census CSV of {size} to {plan.width} features",
                rows,
                {**made, "featurecols, out=": lambda: plan.transform(path, out=warm), **reads},
                REPEATS,
                dict.fromkeys(made, lambda: lower_bounds.fill((rows * 5 // 4, plan.width), 2)),
                BUDGET,
            ),
            measure(
                f"Census plan learned from CSV of {size}",
                rows,
                {"featurecols": lambda: fc.fit(adult.columns(), path), **reads},
                REPEATS,
                budget=BUDGET,
            ),
        ]
        for result in found:
            result.notes["remark"] = seen_on()
        return found


def _reads(path: Path) -> dict[str, Callable[[], Any]]:
    """Return reads of the same file without any other work."""
    import polars as pl

    return {
        "lower bound: pyarrow reads": lambda: csv.read_csv(path),
        "lower bound: Polars reads": lambda: pl.read_csv(path),
        "pandas reads, engine of pyarrow": lambda: pd.read_csv(path, engine="pyarrow"),
    }
