"""Claim: 100 million rows stream in flat memory; rows a second of one process, two, Dask, Ray and Spark on the same files.

    python -m benchmarks.scale stream [ROWS]       # 100 million, and a tenth of them, in processes whose memory is sampled
    python -m benchmarks.scale engines [ROWS]      # 4 million: ours and pyspark.ml, first and second run in a session
    python -m benchmarks.scale wide [ROWS]         # 100,000 rows of 1,000 columns: fit, encode, size and merge of states
    python -m benchmarks.scale merges [PARTS]      # 10,000 states in a tree of 16: bytes and processor time of each level

The rows are the flights. Their files are links to one file of a million rows, each read anew; a run in an engine is a process
of its own, so that sessions do not share cores. Dask, Ray, PySpark and Java must be there for `engines`.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc

ROOT = Path(__file__).parent.parent
FIELDS = ["distance", "temp", "carrier", "dest", "tailnum"]
MILLION, GROUP = 1_000_000, 125_000
ENGINES = ("one process", "two processes", "dask", "ray", "spark", "pyspark.ml")
FAN_IN = 16


def columns() -> list[fc.Column]:
    """Two numbers, two learned vocabularies, one hash; one pass."""
    return [
        fc.Numeric("distance", normalizer=fc.ZScore()),
        fc.Numeric("temp", default=fc.Mean(), normalizer=fc.Log1p()),
        fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(16), num_oov_buckets=1)),
        fc.Indicator(fc.Vocabulary("dest", fc.TopTerms(100), num_oov_buckets=1)),
        fc.Indicator(fc.Hashed("tailnum", 50)),
    ]


def make(folder: Path, rows: int) -> Path:
    """A folder of files of a million rows, all links to one."""
    folder.mkdir()
    flights = fc.datasets.flights().select(FIELDS)
    table = pa.concat_tables([flights] * -(-MILLION // len(flights))).slice(0, MILLION)
    first = folder / "part-000.parquet"
    pq.write_table(table, first, row_group_size=GROUP)
    for i in range(1, rows // MILLION):
        os.link(first, folder / f"part-{i:03}.parquet")
    return folder


# Streaming ----------------------------------------------------------------------------------------------------------


def stream(rows: int) -> None:
    """Print seconds and memory of fit and transform over a tenth of the rows and over all of them."""
    for count in (rows // 10, rows):
        with tempfile.TemporaryDirectory() as temporary:
            source = make(Path(temporary) / "in", count)
            for job in ("fit", "transform", "encode"):
                command = [sys.executable, "-m", "benchmarks.scale", "job", job, str(source)]
                print(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip(), flush=True)


class Peak:
    """The most memory that this process holds inside, in MiB above what it held before; a thread looks every 10 ms."""

    def __enter__(self) -> Peak:
        self._process, self._done = psutil.Process(), threading.Event()
        self._rest = self._most = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.01):
            self._most = max(self._most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.mib = (self._most - self._rest) / 2**20


def job(name: str, source: str) -> None:
    """Print what one reading of all rows took."""
    plan = fc.fit(columns(), fc.datasets.flights())
    plan.transform(fc.datasets.flights())
    rows, start, busy = 0, time.perf_counter(), time.process_time()
    with Peak() as peak:
        if name == "fit":
            plan = fc.fit(columns(), source)
            rows = sum(pq.ParquetFile(path).metadata.num_rows for path in Path(source).iterdir())
        else:
            batches = plan.transform_batches(source) if name == "transform" else plan.encode_batches(source)
            for batch in batches:
                rows += len(batch) if name == "transform" else len(batch.dense)
    seconds = time.perf_counter() - start
    found = {"job": name, "rows": rows, "seconds": round(seconds, 2), "million rows/s": round(rows / seconds / 1e6, 2)}
    found |= {"processor seconds": round(time.process_time() - busy, 2), "MiB above rest": round(peak.mib, 1)}
    print(json.dumps(found))


# Engines ------------------------------------------------------------------------------------------------------------


def engines(rows: int) -> None:
    """Print, for each engine, seconds of fit and transform, first and again, and processor time of its processes."""
    with tempfile.TemporaryDirectory() as temporary:
        source = make(Path(temporary) / "in", rows)
        for name in ENGINES:
            command = [sys.executable, "-m", "benchmarks.scale", "engine", name, str(source)]
            environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
            print(
                done.stdout.strip().splitlines()[-1] if done.returncode == 0 else f"{name}: {done.stderr[-2000:]}", flush=True
            )


def engine(name: str, source: str) -> None:
    """Print what one engine took."""
    start = time.perf_counter()
    fit, transform, stop = {
        "one process": lambda: _here(source, 1),
        "two processes": lambda: _here(source, 2),
        "dask": lambda: _dask(source),
        "ray": lambda: _ray(source),
        "spark": lambda: _spark(source),
        "pyspark.ml": lambda: _pyspark_ml(source),
    }[name]()
    found: dict[str, Any] = {"engine": name, "start": round(time.perf_counter() - start, 2)}
    for work, again in ((fit, ""), (fit, " again"), (transform, ""), (transform, " again")):
        start = time.perf_counter()
        work()
        found[f"{'fit' if work is fit else 'transform'}{again}"] = round(time.perf_counter() - start, 2)
    found["processor seconds"] = round(_processor_seconds(), 1)
    stop()
    print(json.dumps(found))


def _processor_seconds() -> float:
    """Of this process, its children that have ended, and those that run."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    here = psutil.Process()
    running = [process.cpu_times() for process in (here, *here.children(recursive=True))]
    return ended.ru_utime + ended.ru_stime + sum(times.user + times.system for times in running)


Runs = tuple[Callable[[], object], Callable[[], object], Callable[[], object]]


def _here(source: str, processes: int) -> Runs:
    """fit, and files of features in a temporary folder."""
    plan = fc.fit(columns(), fc.datasets.flights())
    several = {} if processes == 1 else {"processes": processes}

    def transform() -> None:
        with tempfile.TemporaryDirectory() as out:
            plan.transform_files(source, Path(out) / "out", **several)

    return lambda: fc.fit(columns(), source, **several), transform, lambda: None


def _dask(source: str) -> Runs:
    import dask.dataframe as dd

    from featurecols.integrations import dask

    plan, rows = fc.fit(columns(), fc.datasets.flights()), dd.read_parquet(source, split_row_groups=4)
    return (
        lambda: dask.fit(columns(), rows),
        lambda: dask.transform(plan, rows).map_partitions(len, meta=("rows", "int64")).compute(),
        lambda: None,
    )


def _ray(source: str) -> Runs:
    import ray

    from featurecols.integrations import ray as ours

    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    plan = fc.fit(columns(), fc.datasets.flights())

    def transform() -> None:
        for _ in ours.transform(plan, ray.data.read_parquet(source)).iter_batches(batch_format="pyarrow"):
            pass

    return lambda: ours.fit(columns(), ray.data.read_parquet(source)), transform, ray.shutdown


def _session() -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.driver.memory", "4g").config("spark.ui.enabled", False)
    return builder.config("spark.log.level", "OFF").getOrCreate()


def _spark(source: str) -> Runs:
    from featurecols.integrations import spark

    session = _session()
    plan, rows = fc.fit(columns(), fc.datasets.flights()), session.read.parquet(source)
    write = spark.transform(plan, rows).write.format("noop").mode("overwrite").save
    return lambda: spark.fit(columns(), rows), write, session.stop


def _pyspark_ml(source: str) -> Runs:
    """The same work but for the hash, which Spark has for all columns at once or none."""
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import FeatureHasher, Imputer, OneHotEncoder, StandardScaler, StringIndexer, VectorAssembler
    from pyspark.sql import functions

    session = _session()
    rows = session.read.parquet(source).withColumn("distance", functions.col("distance").cast("double"))
    words = ["carrier", "dest"]
    stages = [
        Imputer(inputCols=["temp"], outputCols=["filled"]),
        VectorAssembler(inputCols=["distance"], outputCol="number", handleInvalid="keep"),
        StandardScaler(inputCol="number", outputCol="scaled", withMean=True),
        StringIndexer(inputCols=words, outputCols=[f"{key} id" for key in words], handleInvalid="keep"),
        OneHotEncoder(inputCols=[f"{key} id" for key in words], outputCols=[f"{key} one-hot" for key in words], dropLast=False),
        FeatureHasher(inputCols=["tailnum"], outputCol="hashed", numFeatures=50),
        VectorAssembler(inputCols=["scaled", "filled", *(f"{key} one-hot" for key in words), "hashed"], outputCol="features"),
    ]
    model = Pipeline(stages=stages).fit(rows.limit(10_000))
    write = model.transform(rows).select("features").write.format("noop").mode("overwrite").save
    return lambda: Pipeline(stages=stages).fit(rows), write, session.stop


# Merging ------------------------------------------------------------------------------------------------------------


def merges(parts: int) -> None:
    """Merge states of 600 flights in a tree, as engines do, and print each level; the plan must be that of all rows."""
    flights = fc.datasets.flights().select(FIELDS)
    states = [fc.collect(columns(), flights.slice(600 * i, 600)).to_bytes() for i in range(100)]
    level = [states[i % 100] for i in range(parts)]
    total, number = time.process_time(), 0
    while len(level) > 1:
        busy, merged = time.process_time(), []
        for i in range(0, len(level), FAN_IN):
            first, *others = map(fc.FitState.from_bytes, level[i : i + FAN_IN])
            for other in others:
                first = first.merge(other)
            merged.append(first.to_bytes())
        number, level = number + 1, merged
        spent = time.process_time() - busy
        print(f"level {number}: {len(level):5} states of {max(map(len, level)):,} bytes, {spent:.2f} s of processor time")
    print(f"{parts:,} states: {time.process_time() - total:.2f} s of processor time")
    plan = fc.finish(columns(), fc.FitState.from_bytes(level[0]))
    if parts % 100 == 0:
        assert plan == fc.fit(columns(), pa.concat_tables([flights] * (parts // 100))), "another plan"
        print("the plan is that of fc.fit over all rows")


# A thousand columns -------------------------------------------------------------------------------------------------


def wide(rows: int) -> None:
    """Print what 700 scaled numbers, 200 vocabularies and 100 hashed texts cost on one core."""
    random = np.random.default_rng(0)
    numbers = {f"x{i}": random.normal(size=rows).astype(np.float32) for i in range(700)}
    words = np.array([f"term {i}" for i in range(1000)])
    table = pa.table({**numbers, **{f"c{i}": words[random.integers(0, 1000, rows)] for i in range(300)}})
    declared: list[fc.Column] = [fc.Numeric(f"x{i}", normalizer=fc.ZScore()) for i in range(700)]
    declared += [fc.Vocabulary(f"c{i}", fc.TopTerms(1000)) for i in range(200)]
    declared += [fc.Hashed(f"c{i}", 100_000) for i in range(200, 300)]
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "rows.parquet"
        pq.write_table(table, path, row_group_size=rows // 8)
        plan = fc.fit(declared, path, threads=1)
        deque(plan.encode_batches(path, threads=1), 0)
        for name, work in (
            ("fit", lambda: fc.fit(declared, path, threads=1)),
            ("encode", lambda: deque(plan.encode_batches(path, threads=1), 0)),
        ):
            busy = time.process_time()
            work()
            spent = time.process_time() - busy
            print(f"{name}: {spent:.2f} s of processor time for {rows:,} rows, {spent / rows / 1000 * 1e9:.1f} ns a value")
        states = [fc.collect(declared, table.slice(i * rows // 8, rows // 8)).to_bytes() for i in range(8)]
        print(f"a state of {rows // 8:,} rows: {len(states[0]):,} bytes")
        busy = time.process_time()
        first, *others = map(fc.FitState.from_bytes, states)
        for other in others:
            first = first.merge(other)
        print(f"decode and merge: {(time.process_time() - busy) / 8 * 1e3:.0f} ms a state")
        assert fc.finish(declared, first) == fc.fit(declared, table), "another plan"


def main(what: str = "stream", *arguments: str) -> None:
    if what == "stream":
        stream(int(arguments[0]) if arguments else 100 * MILLION)
    elif what == "engines":
        engines(int(arguments[0]) if arguments else 4 * MILLION)
    elif what == "wide":
        wide(int(arguments[0]) if arguments else 100_000)
    elif what == "merges":
        merges(int(arguments[0]) if arguments else 10_000)
    else:
        {"job": job, "engine": engine}[what](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
