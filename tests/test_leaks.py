"""A bound plan is final, and nothing stays behind: counts of what was built, and resident memory, over many calls."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols._core import counters

ROOT = Path(__file__).parent.parent
TRANSFORMS, COMPILES = 2_000, 600
LOST = 10_000  # bytes a call that must be noticed: 19 MiB over all transforms, 5.7 MiB over all compiles
TRANSFORM_BOUND, COMPILE_BOUND = 8.0, 3.5  # MiB

COLUMNS = [
    fc.Numeric("age", default=30, normalizer=fc.ZScore(mean=40, std=10)),
    fc.Indicator(fc.Crossed([fc.Bucketized("age", [18, 40, 65]), fc.Identity("floor", 5)], 50)),
    fc.Indicator(fc.Vocabulary("job", [f"job {i}" for i in range(50)], num_oov_buckets=2)),
    fc.Embedding(fc.Hashed("job", 100), 4),
]


def table(seed: int, rows: int = 20) -> Any:
    jobs = pa.array([None if (i + seed) % 11 == 0 else f"job {(i * 7 + seed) % 60}" for i in range(rows)])
    columns = {
        "age": [None if (i + seed) % 13 == 0 else float(i + seed) for i in range(rows)],
        "floor": [(i + seed) % 5 for i in range(rows)],
        "job": jobs.dictionary_encode() if seed % 2 else jobs,
    }
    return pa.table(columns)


TABLES = [table(seed) for seed in range(8)]
ROWS = TABLES[0].to_pylist()


def resident() -> float:
    """MiB of memory that the process holds, once garbage is collected."""
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


def growth(call: Callable[[int], object], times: int) -> float:
    """MiB by which memory grows over so many calls, after a tenth as many to warm up."""
    for i in range(times // 10):
        call(i)
    before = resident()
    for i in range(times):
        call(i)
    return resident() - before


def transforms() -> None:
    plan = fc.compile(COLUMNS)

    def call(i: int) -> None:
        plan.transform(TABLES[i % len(TABLES)], threads=1)
        plan.transform_row(ROWS[i % len(ROWS)])

    for i in range(len(TABLES)):
        call(i)
    before = counters.counts()
    assert growth(call, TRANSFORMS) < TRANSFORM_BOUND
    assert counters.counts() == before


def compiles() -> None:
    def call(i: int) -> None:
        plan = fc.compile(COLUMNS)
        plan.transform(TABLES[i % len(TABLES)], threads=1)
        plan.transform_row(ROWS[i % len(ROWS)])

    for i in range(len(TABLES)):
        call(i)
    kernels_before = counters.counts()["kernel"]
    assert growth(call, COMPILES) < COMPILE_BOUND
    assert counters.counts()["kernel"] == kernels_before


def lost() -> None:
    for times, bound in ((COMPILES, COMPILE_BOUND), (TRANSFORMS, TRANSFORM_BOUND)):
        kept: list[bytes] = []
        assert growth(lambda i, kept=kept: kept.append(bytes([i % 251]) * LOST), times) > bound


@pytest.mark.slow
@pytest.mark.parametrize("work", [transforms, compiles, lost])
def test_in_a_fresh_process(work: Callable[[], None]) -> None:
    """A process that has freed much can lose much before it asks for more: this one has only just begun.

    Two thousand transforms build nothing and keep nothing, six hundred compiles keep nothing, and a table of 10 kB lost at
    each call would be seen.
    """
    code = f"from featurecols import kernels; kernels.texts; from tests import test_leaks; test_leaks.{work.__name__}()"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
