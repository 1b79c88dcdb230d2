"""Claim: the job that most people run, Parquet to Parquet, takes less time than Polars takes to scan and sink the same columns.

Census to 117 float32 columns, to one list column and to sparse rows; the Criteo-shaped file to ids with one column kept. All
read snappy in 8 row groups. Polars scans the same file and sinks the same columns, in the fastest of its forms for the layout.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

import featurecols as fc
from benchmarks import adult, criteo, data
from benchmarks.harness import Result, measure, seen_on

REPEATS = 5


def run(
    rows: int = 1_000_000, layouts: Sequence[str] = ("columns", "features", "sparse"), budget: float = math.inf
) -> list[Result]:
    """Measure the census in some layouts, and the Criteo-shaped file; budget: seconds of each, as of `measure`."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        return [*_census(at, rows, layouts, budget), _criteo(at, rows, budget)]


def _census(at: Path, rows: int, layouts: Sequence[str], budget: float) -> list[Result]:
    source = at / "census.parquet"
    table = data.adult(rows)
    pq.write_table(table, source, row_group_size=-(-rows // 8), compression="snappy")
    plan = fc.fit(adult.columns(), source)
    columns = _polars_columns(source, plan)
    polars: dict[str, dict[str, Callable[[Path], Any]]] = {
        "columns": {f"Polars, sink_parquet, {name}": _sink(columns, name) for name in ("zstd", "snappy")},
        "features": {"Polars, sink_parquet of an array, zstd": _sink_array(columns, plan.width)},
    }
    return [
        _measure(
            at, f"census Parquet to {plan.width} features, layout {layout}", rows, plan, source, layout, (), polars, budget
        )
        for layout in layouts
    ]


def _criteo(at: Path, rows: int, budget: float) -> Result:
    source, kept = at / "criteo.parquet", "kept"
    table = data.criteo_table(rows)
    table = table.append_column(kept, table["C3"])
    pq.write_table(table, source, row_group_size=-(-rows // 8), compression="snappy")
    plan = fc.compile(criteo.columns())
    polars = {"ids": {"Polars, sink_parquet, zstd": _sink(_polars_ids(source, kept), "zstd")}}
    work = "Criteo-shaped Parquet to 13 numbers and 26 hashed ids, one field kept"
    return _measure(at, work, rows, plan, source, "ids", kept, polars, budget)


def _measure(
    at: Path,
    work: str,
    rows: int,
    plan: fc.Plan,
    source: Path,
    layout: str,
    keep: str | tuple[str, ...],
    polars: dict[str, dict[str, Callable[[Path], Any]]],
    budget: float,
) -> Result:
    """Measure one layout, and how large the files are."""
    target = at / "ours.parquet"

    def ours(threads: int | None = None) -> Any:
        return plan.transform_files(source, target, layout=layout, keep=keep, overwrite=True, threads=threads)

    cases: dict[str, Callable[[], Any]] = {"featurecols": ours, "featurecols, 1 thread": lambda: ours(1)}
    targets = {name: at / f"{i}.parquet" for i, name in enumerate(polars.get(layout, {}))}
    for name, sink in polars.get(layout, {}).items():
        cases[name] = lambda sink=sink, to=targets[name]: sink(to)  # type: ignore[misc]
    result = measure(f"Batch job, {work}", rows, cases, repeats=REPEATS, budget=budget)
    sizes = {name: target if name.startswith("featurecols") else targets[name] for name in cases}
    result.notes = {"MB": {name: round(path.stat().st_size / 1e6, 1) for name, path in sizes.items()}, "remark": seen_on()}
    return result


def _polars_columns(source: Path, plan: fc.Plan) -> Any:
    """Return the census features as a lazy frame of Polars: codes of an Enum compared, numbers scaled."""
    import polars as pl

    frame = pl.read_parquet(source, columns=data.NUMBERS)
    expressions = []
    for key in data.NUMBERS:
        mean, std = float(frame[key].mean()), float(frame[key].std(ddof=0))
        expressions.append(((pl.col(key).cast(pl.Float32) - mean) / std).alias(key))
    cuts = np.unique(np.quantile(frame["age"].to_numpy(), np.arange(1, 10) / 10))
    bucket = pl.col("age").cut(cuts.tolist(), left_closed=True).to_physical()
    expressions += [(bucket == i).cast(pl.Float32).alias(f"age{i}") for i in range(len(cuts) + 1)]
    for key in data.CATEGORIES:
        terms = pl.read_parquet(source, columns=[key])[key].cast(pl.String).unique(maintain_order=True).drop_nulls().to_list()
        codes = pl.col(key).cast(pl.String).cast(pl.Enum(terms)).to_physical()
        expressions += [(codes == i).cast(pl.Float32).alias(f"{key}{i}") for i in range(len(terms))]
    assert len(expressions) == plan.width
    return pl.scan_parquet(source).select(expressions)


def _polars_ids(source: Path, kept: str) -> Any:
    import polars as pl

    numbers = [pl.col(key).cast(pl.Float32).fill_null(0) for key in criteo.NUMBERS]
    ids = [(pl.col(key).hash() % 100_000).cast(pl.Int32) for key in criteo.STRINGS]
    return pl.scan_parquet(source).select([pl.col(kept), *numbers, *ids])


def _sink(frame: Any, compression: str) -> Callable[[Path], Any]:
    return lambda path: frame.sink_parquet(path, compression=compression)


def _sink_array(frame: Any, width: int) -> Callable[[Path], Any]:
    """Write all features as one array column."""
    import polars as pl

    names = frame.collect_schema().names()
    assert len(names) == width
    return lambda path: frame.select(pl.concat_arr(names).alias("features")).sink_parquet(path)
