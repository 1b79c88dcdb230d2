"""Claim: what people wait for most takes little longer than the machine needs: one table, by `python -m benchmarks speed`.

Every line has its goal in `speed_table.LINES`. Other claims measure most of this more closely (`adult`, `criteo`, `batch_job`,
`csv_files`, `fit`, `cold`, `small_calls`).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc
from benchmarks import adult, batch_job, cold, criteo, csv_files, data, fit, lower_bounds, small_calls
from benchmarks.harness import Result, measure

ROW_GROUPS = 8
BUDGET = 15.0  # seconds of a measurement, after which no round of runs begins: the whole table takes five minutes
Cases = dict[str, Callable[[], Any]]

_WARM = "from featurecols.cli.commands import warm; print(warm.warm())"


def run(rows: int = 1_000_000) -> list[Result]:
    load = os.getloadavg()[0]
    # the small calls first: after gigabytes are freed, new memory costs up to ten times as much
    found = [*small(), start(), kernels(), dense(rows)]
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        found += [parquet_to_ids(at, rows), *csv_files.run(rows), *fit.run(rows), *predictions(at, rows)]
    found += batch_job.run(rows, ("columns", "features"), BUDGET)
    found[0].notes["load"] = round(load, 1)
    return found


def small() -> list[Result]:
    """Measure calls of few rows, and scikit-learn's for 100 rows of pandas."""
    found = small_calls.run()
    frame = data.adult(100_000).to_pandas().astype(dict.fromkeys(data.CATEGORIES, object))
    rival = measure("the same", 100, {"scikit-learn": adult.scikit_learn(frame, frame.head(100))}, repeats=51)
    for result in found:
        if result.rows == rival.rows:
            result.seconds |= rival.seconds
            result.processor |= rival.processor
    return found


def start() -> Result:
    """Measure the first transform of 5,000 rows in a process, kernels cached."""
    program = cold._FIRST
    result = Result("First transform of 5,000 rows in a process", 5_000, {"featurecols": []})
    cold._seconds(program)
    for _ in range(7):
        result.seconds["featurecols"].append(cold._seconds(program))
    return result


def kernels() -> Result:
    """Measure how long a machine that has no kernels needs to compile the usual ones, as the quickstart does first."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "NUMBA_CACHE_DIR": folder}
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, "-c", _WARM], cwd=cold.ROOT, env=env, stdout=subprocess.DEVNULL, check=True)
        taken, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Result("Usual kernels compiled", 1, {"featurecols": [taken]}, processor={"featurecols": [busy]})


def dense(rows: int) -> Result:
    """Measure the census to its matrix, beside filling one and beside Polars."""
    table = data.adult(rows)
    plan = fc.fit(adult.columns(), table)
    shape = (rows, plan.width)
    warm = np.empty(shape, np.float32)
    cases: Cases = {
        "featurecols": lambda: plan.transform(table),
        "featurecols, 1 thread": lambda: plan.transform(table, threads=1),
        "lower bound: fill a fresh matrix": lambda: lower_bounds.fill(shape, 2),
        "featurecols, out=": lambda: plan.transform(table, out=warm),
        "featurecols, out=, 1 thread": lambda: plan.transform(table, out=warm, threads=1),
        "lower bound: fill a warm matrix": lambda: lower_bounds.refill(warm, 2),
    }
    new = ("featurecols", "featurecols, 1 thread", "lower bound: fill a fresh matrix")
    before = dict.fromkeys(new, lambda: lower_bounds.fill(shape, 2))
    result = measure("Census in memory to a matrix", rows, cases, 11, before, BUDGET)
    rival = "Polars, to_dummies of Enum"
    polars = measure("the same", rows, {rival: adult.polars_enum(table, plan)[rival]}, repeats=3)
    result.seconds |= polars.seconds
    result.processor |= polars.processor
    return result


def parquet_to_ids(at: Path, rows: int) -> Result:
    """Measure the Criteo-shaped file, snappy, to numbers and ids, beside reading it alone."""
    import polars as pl

    path = at / "criteo.parquet"
    pq.write_table(data.criteo_table(rows), path, row_group_size=-(-rows // ROW_GROUPS), compression="snappy")
    plan = fc.compile(criteo.columns())
    cases: Cases = {
        "featurecols": lambda: list(plan.encode_batches(path)),
        "featurecols, 1 thread": lambda: list(plan.encode_batches(path, threads=1)),
        "Polars scan, hash % n": criteo.polars_scan(path),
        "lower bound: Polars reads": lambda: pl.read_parquet(path),
        "lower bound: pyarrow reads, dictionaries kept": lambda: lower_bounds.read_dictionaries(path, criteo.STRINGS),
    }
    return measure("Criteo-shaped Parquet to numbers and ids", rows, cases, repeats=7, budget=BUDGET)


def predictions(at: Path, rows: int) -> list[Result]:
    """Measure a wide & deep model over the census: predictions and evaluation of Parquet, beside encoding alone."""
    path = at / "census.parquet"
    table = data.adult(rows)
    rich = pa.array((np.asarray(table["age"]) + 20 * np.asarray(table["education-num"]) > 260).astype(np.int64))
    table = table.append_column("rich", rich)
    pq.write_table(table, path, row_group_size=-(-rows // ROW_GROUPS), compression="snappy")
    known = [fc.Vocabulary(key, fc.TopTerms(100)) for key in data.CATEGORIES]
    columns = [fc.Numeric(key, normalizer=fc.ZScore()) for key in data.NUMBERS] + [fc.Indicator(column) for column in known]
    model = fc.models.WideDeepClassifier(known, columns, [100, 50])
    model.train(table.slice(0, 20_000), label="rich", epochs=1)
    encoding = "lower bound: the features encoded alone"
    plan = model.plan

    def encode() -> None:
        for _ in plan.encode_batches(path):
            pass

    work: dict[str, Callable[[], Any]] = {
        "Predictions of wide & deep [100, 50] from Parquet": lambda: model.predict(path),
        "Evaluation of wide & deep [100, 50] from Parquet": lambda: model.evaluate(path),
    }
    return [
        measure(claim, rows, {"featurecols": ours, encoding: encode}, repeats=5, budget=BUDGET) for claim, ours in work.items()
    ]
