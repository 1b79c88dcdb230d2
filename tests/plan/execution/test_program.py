"""Blocks and threads: what is written where, which error is told, and that nobody waits for anybody."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import featurecols as fc
from featurecols._core import thread_pool
from featurecols.plan.execution import program
from featurecols.plan.execution.tuning import cut
from tests import laws

N = 3000
DATA = {
    "x": [float(i % 97) if i % 11 else None for i in range(N)],
    "v": ["abcdefgh"[i % 8] if i % 13 else None for i in range(N)],
    "tags": [["ab"[j % 2] for j in range(i % 4)] for i in range(N)],
}
COLUMNS = [
    fc.Numeric("x", default=-1),
    fc.Indicator(fc.Bucketized(fc.Numeric("x", default=-1), [10, 50])),
    fc.Indicator(fc.Hashed("v", 11)),
    fc.Indicator(fc.Hashed("tags", 5)),
    fc.Embedding(fc.Crossed(["v", "tags"], 20), 3),
    fc.Sequence(fc.Embedding(fc.Hashed("tags", 5), 2, name="e"), 2),
]


@pytest.fixture(scope="module")
def plan() -> fc.Plan:
    return fc.compile(COLUMNS)


# Blocks -------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 300), st.integers(1, 100))
def test_blocks_cover_every_row_once(rows: int, size: int) -> None:
    blocks = cut(rows, size)
    assert [r for a, b in blocks for r in range(a, b)] == list(range(rows))
    assert all(b - a <= size for a, b in blocks)
    assert blocks  # no rows are one empty block, so that their types are known


def test_every_block_size_gives_the_same(plan: fc.Plan) -> None:
    want, features = plan.transform(DATA, threads=1), laws.features_bits(plan.encode(DATA, threads=1))
    for rows in (64, 999, N):
        with laws.blocks_of(rows):
            assert plan.transform(DATA, threads=3).tobytes() == want.tobytes()
            assert laws.features_bits(plan.encode(DATA, threads=3)) == features


def test_a_block_writes_its_rows_alone(plan: fc.Plan) -> None:
    """Every block is told apart by what it leaves in an array of its own."""
    touched = []
    real = program.Program.write

    def write(self: Any, cells: Any, start: int, stop: int, out: Any, look: Any = None) -> None:
        real(self, cells, start, stop, out)
        touched.append((start, stop, len(out), threading.get_ident()))

    with pytest.MonkeyPatch.context() as patch, laws.blocks_of(100):
        patch.setattr(program.Program, "write", write)
        plan.transform(DATA, threads=2)
    assert sorted(t[:2] for t in touched) == [(a, a + 100) for a in range(0, N, 100)]
    assert all(stop - start == rows for start, stop, rows, _ in touched)


def test_what_out_held_before_does_not_matter(plan: fc.Plan) -> None:
    want = plan.transform(DATA)
    for fill in (np.nan, np.inf, -5.0):
        out = np.full(want.shape, fill, np.float32)
        assert plan.transform(DATA, out=out) is out
        assert out.tobytes() == want.tobytes()


# Which error --------------------------------------------------------------------------------------------------------


def bad_at(x: int | None = None, v: int | None = None) -> dict[str, Any]:
    data: dict[str, list[float | None]] = {"x": [1.0] * 200, "v": [3.0] * 200}
    if x is not None:
        data["x"][x] = None
    if v is not None:
        data["v"][v] = 0.5
    return data


PAIR = [fc.Numeric("x"), fc.Indicator(fc.Hashed("v", 3))]


@pytest.mark.parametrize(
    ("x", "v", "subject", "row"),
    [(50, 150, "x", 50), (150, 50, "v", 50), (50, 51, "x", 50), (199, 198, "v", 198), (0, 1, "x", 0)],
)
@pytest.mark.parametrize("columns", [PAIR, PAIR[::-1]])
def test_the_first_bad_row_is_told_whatever_the_order(columns: list[Any], x: int, v: int, subject: str, row: int) -> None:
    plan = fc.compile(columns)
    for block in (1, 7, 60, 1000):
        for workers in (1, 2, 7):
            with laws.blocks_of(block):
                for run in (plan.transform, plan.encode):
                    with pytest.raises(fc.DataError) as caught:
                        run(bad_at(x, v), threads=workers)
                    assert (caught.value.field, caught.value.row) == (subject, row)


def test_an_error_is_told_by_the_column_that_met_it() -> None:
    plan = fc.compile([fc.Indicator(fc.Hashed("v", 3, name="town"))])
    for run in (plan.transform, plan.encode):
        with pytest.raises(fc.DataError, match=r"^town: .* in field 'v' at row 5"):
            run(bad_at(v=5))


def test_after_an_error_a_plan_works_on(plan: fc.Plan) -> None:
    want = plan.transform(DATA).tobytes()
    for _ in range(3):
        with pytest.raises(fc.DataError):
            plan.transform({**DATA, "v": ["\ud800"] * N}, threads=3)
        assert plan.transform(DATA, threads=3).tobytes() == want


# Threads ------------------------------------------------------------------------------------------------------------


def test_many_threads_may_share_a_plan(plan: fc.Plan) -> None:
    fresh = fc.compile(COLUMNS)
    want = plan.transform(DATA).tobytes()
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: fresh.transform(DATA, threads=2).tobytes(), range(16)):
            assert found == want


def test_results_come_in_order_and_few_are_in_flight() -> None:
    started: list[int] = []

    def task(i: int) -> int:
        started.append(i)
        return i * i

    run = thread_pool.run(task, range(1000), 2)
    assert [next(run) for _ in range(5)] == [0, 1, 4, 9, 16]
    assert len(started) <= 5 + 4 + 1
    run.close()


def test_a_nested_call_runs_inline() -> None:
    """More tasks than threads, each of which runs tasks itself: with a shared pool they would wait for each other."""

    def outer(i: int) -> list[int]:
        return list(thread_pool.run(lambda j: i * j, range(5), 2))

    assert list(thread_pool.run(outer, range(8), 2)) == [[i * j for j in range(5)] for i in range(8)]


def test_the_first_error_in_order_is_raised_and_the_rest_is_over() -> None:
    running = []

    def task(i: int) -> int:
        running.append(i)
        if i in (3, 5):
            raise ValueError(f"task {i}")
        return i

    with pytest.raises(ValueError, match="task 3"):
        list(thread_pool.run(task, range(100), 4))
    seen = len(running)
    assert seen < 30
    threading.Event().wait(0.02)
    assert len(running) == seen


def test_a_fork_makes_its_own_pool(plan: fc.Plan) -> None:
    want = plan.transform(DATA, threads=2)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # no assertion here: the parent judges
        try:
            os.write(write, b"same" if plan.transform(DATA, threads=2).tobytes() == want.tobytes() else b"other")
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as f:
        assert f.read() == b"same"
    os.waitpid(child, 0)


def test_one_row_needs_no_kernels() -> None:
    """The row path and small batches in a process that has compiled nothing: the same bits, and still nothing compiled."""
    import subprocess
    import sys

    code = """
import sys
import featurecols as fc
words = fc.Vocabulary("v", ["a"], num_oov_buckets=2, name="w")
plan = fc.compile([fc.Numeric("x", default=1, normalizer=fc.Log1p()), fc.Indicator(fc.Hashed("v", 11)),
                   fc.Embedding(fc.Crossed(["v", "tags"], 20), 3), fc.Indicator(words)])
rows = [{"x": 0.3, "v": "a", "tags": ["a", "b"]}, {"x": None, "v": None, "tags": []}]
one = b"".join(plan.transform_row(r).tobytes() for r in rows)
few = plan.transform(rows).tobytes()
print("featurecols.kernels.compiler" in sys.modules, one == few)
from featurecols import kernels
kernels.texts
print(plan.transform(rows).tobytes() == one, "featurecols.kernels.compiler" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True", "True"]
