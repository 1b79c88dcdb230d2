"""Claim: streaming takes the memory of the blocks in flight, however long the file.

A Parquet file whose data, as Arrow, is 20 times larger than the limit goes through `transform_parquet`, `encode_batches`
and `fit`, each in a process of its own whose resident memory is sampled. The limit is 2 x the blocks in flight, above
what the process holds at rest, which is after the same work on a small file (imports, kernels, pools of threads).

Blocks in flight:
- what is read: one row group as decoded is worked on while the next one is read, 2 x its Arrow bytes; encode_batches works
  on one in each thread, threads + 1 x its bytes;
- what is written: one block of output is made while the last one is still written (transform_parquet), 2 x its bytes;
  encode_batches makes one in each thread, one waits and one is in the hands of the caller, threads + 2 x its bytes; for
  fit, the states of what is learned, 1 x their bytes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc
from benchmarks.data import criteo_table
from benchmarks.harness import Result
from featurecols._core import thread_pool
from featurecols.analyzers.top_terms import TermCounts
from featurecols.data.sources import as_source

ROOT = Path(__file__).parent.parent
GROUP = 131_072  # rows of a row group
TIMES = 20  # how much larger than the limit the data is
_KEPT = 240  # points of each curve that are kept
_NUMBERS = [f"I{i + 1}" for i in range(13)]
_TEXTS = [f"C{i + 1}" for i in range(26)]


def make(path: Path, table: pa.Table, groups: int) -> None:
    """The same row group again and again: it is read anew each time."""
    with pq.ParquetWriter(path, table.schema, compression="none") as writer:
        for _ in range(groups):
            writer.write_table(table, row_group_size=GROUP)


def learning() -> list[fc.Column]:
    """Moments and quantiles of the numbers, the most frequent of all terms of the texts."""
    numbers = [fc.Numeric(key, default=fc.Median(), normalizer=fc.ZScore()) for key in _NUMBERS]
    buckets = [fc.Bucketized(key, fc.Quantiles(10)) for key in _NUMBERS]
    return [*numbers, *buckets, *(fc.Vocabulary(key, fc.TopTerms(1000)) for key in _TEXTS)]


def running() -> list[fc.Column]:
    """13 numbers and 26 hashed ids."""
    numbers = [fc.Numeric(key, default=0.0, normalizer=fc.Log1p()) for key in _NUMBERS]
    return [*numbers, *(fc.Hashed(key, 1_000_000) for key in _TEXTS)]


def transform_parquet(path: str) -> None:
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
        fc.transform_parquet(fc.compile(running()), path, Path(folder) / "out.parquet", layout="ids")


def encode_batches(path: str) -> None:
    for _ in fc.compile(running()).encode_batches(path):
        pass


def fit(path: str) -> None:
    fc.fit(learning(), path)


WORK: dict[str, Callable[[str], None]] = {f.__name__: f for f in (transform_parquet, encode_batches, fit)}


def blocks(name: str, path: Path, table: pa.Table) -> dict[str, int]:
    """Bytes of the blocks in flight, as the docstring above says, of work on a file of such row groups."""
    decoded = decoded_bytes(path)
    if name == "fit":
        return {"read": 2 * decoded, "made": sum(_learning_bytes(table, key) for key in _TEXTS)}
    busy = thread_pool.count() if name == "encode_batches" else 1
    features = fc.compile(running()).encode(table)
    made = features.dense.nbytes + sum(ids.values.nbytes for ids in features.ids.values())
    return {"read": (busy + 1) * decoded, "made": (busy + 1 + (name == "encode_batches")) * made}


def decoded_bytes(path: Path) -> int:
    """Of a file's one row group, as Arrow, with dictionaries kept."""
    needs = [*((key, "number") for key in _NUMBERS), *((key, "category") for key in _TEXTS)]
    return sum(batch.column(key).nbytes for batch in as_source(path).batches(needs) for key, _ in needs)


def _learning_bytes(table: pa.Table, key: str) -> int:
    """What counting the terms of a field holds; the histograms of numbers, at most 1 MiB each, are left out."""
    analyzer = TermCounts()
    state = analyzer.empty()
    for batch in as_source(table.select([key])).batches():
        state = analyzer.update(state, batch.field(key))
    return state.nbytes


def watched(name: str, small: Path, large: Path) -> tuple[int, list[tuple[float, int]]]:
    """Bytes of a process at rest, and [seconds, bytes] while it does the work on the large file."""
    import psutil

    code = (
        "import sys; from benchmarks import memory\n"
        f"work = memory.WORK[{name!r}]; work({str(small)!r}); work({str(small)!r})\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        f"work({str(large)!r})"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"{name} failed")
        watch = psutil.Process(process.pid)
        rest = watch.memory_info().rss
        process.stdin.write("\n")
        process.stdin.flush()
        start, samples = time.perf_counter(), []
        while process.poll() is None:
            try:
                samples.append((time.perf_counter() - start, watch.memory_info().rss))
            except psutil.NoSuchProcess:
                break
            time.sleep(0.01)
    if process.returncode:
        raise SystemExit(f"{name} failed")
    return rest, [sample for sample in samples if sample[1]]


def _curve(samples: list[tuple[float, int]], rest: int) -> list[list[float]]:
    """[seconds, MiB above rest] of at most _KEPT points, each the highest of its span, so that no peak is lost."""
    parts = np.array_split(np.array(samples), min(_KEPT, len(samples)))
    return [[round(float(part[0, 0]), 2), round((float(part[:, 1].max()) - rest) / 2**20, 1)] for part in parts]


def measured(name: str, folder: Path, table: pa.Table) -> Result:
    small, large = folder / "small.parquet", folder / "large.parquet"
    make(small, table.slice(0, 10_000), 1)
    make(large, table, 1)
    parts = blocks(name, large, table)
    flight = sum(parts.values())
    decoded = decoded_bytes(large)
    groups = -(-TIMES * 2 * flight // decoded)
    make(large, table, groups)
    rest, samples = watched(name, small, large)
    size = groups * decoded
    large.unlink()
    curve = _curve(samples, rest)
    peak = max(mib for _, mib in curve)
    result = Result(
        f"{name} of {size / 1e9:.1f} GB, as Arrow, in one Parquet file", groups * GROUP, {"featurecols": [samples[-1][0]]}
    )
    mib = {what: round(count / 2**20, 1) for what, count in (*parts.items(), ("in flight", flight), ("rest", rest))}
    result.notes = {"MiB": mib | {"peak": peak}, "curve": curve}
    return result


def run() -> list[Result]:
    table = criteo_table(GROUP)
    with tempfile.TemporaryDirectory(dir=os.environ.get("FEATURECOLS_SCRATCH")) as folder:
        return [measured(name, Path(folder), table) for name in WORK]
