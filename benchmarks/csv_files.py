"""Claim: learning from a CSV file, and transforming it, take little more than parsing it does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import csv

import featurecols as fc
from benchmarks import adult, data, lower_bounds
from benchmarks.harness import Result, measure, seen_on


def run(rows: int = 1_000_000) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "census.csv"
        table = data.adult(rows)
        plain = [table[key].cast(pa.string()) if key in data.CATEGORIES else table[key] for key in table.column_names]
        csv.write_csv(pa.table(plain, names=table.column_names), path, csv.WriteOptions(quoting_style="needed"))
        plan = fc.fit(adult.columns(), path)
        size = f"{path.stat().st_size / 1e6:.0f} MB"
        work = {
            f"Census CSV of {size} to {plan.width} features": lambda: plan.transform(path),
            f"Census plan learned from CSV of {size}": lambda: fc.fit(adult.columns(), path),
        }
        found = [
            measure(claim, rows, {"featurecols": ours, **_reads(path)}, 5, lambda: lower_bounds.fill((rows, plan.width), 2))
            for claim, ours in work.items()
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
