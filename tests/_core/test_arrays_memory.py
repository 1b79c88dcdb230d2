"""Kept memory: used again when the last view of it is gone, and never before."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import featurecols as fc
from featurecols._core import arrays


def place(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    gc.collect()
    arrays._free.clear()
    arrays._free_bytes[0] = 0


def test_memory_comes_back_when_the_last_view_of_it_is_gone() -> None:
    first = arrays.empty((1000, 100), np.float32)
    at, view = place(first), first[10:, 3]
    del first
    assert arrays.kept() == 0
    second = arrays.empty((1000, 100), np.float32)
    assert place(second) != at
    del view
    assert arrays.kept() == 401_408  # 400,000 bytes in pages of 4,096
    third = arrays.empty(100_000, np.int32)
    assert (place(third), third.dtype, third.shape, third.flags.c_contiguous, third.flags.writeable) == (
        at,
        np.int32,
        (100_000,),
        True,
        True,
    )
    assert arrays.kept() == 0


def test_memory_much_larger_than_asked_for_stays() -> None:
    del (lambda: [arrays.empty(1 << 20, np.uint8)])()[:]
    assert arrays.kept() == 1 << 20
    small = arrays.empty(1 << 19, np.uint8)
    assert arrays.kept() == 1 << 20
    fitting = arrays.empty((1 << 20) - (1 << 17), np.uint8)
    assert arrays.kept() == 0
    del small, fitting


def test_small_and_huge_arrays_are_plain() -> None:
    for size in (0, 1, (1 << 16) - 1, (1 << 26) + 1):
        assert arrays.empty(size, np.uint8).base is None
    assert arrays.kept() == 0
    assert arrays.empty((5, 0), np.float32).shape == (5, 0)


def test_what_is_kept_is_bounded_and_the_newest() -> None:
    made = [arrays.empty(1 << 24, np.uint8) for _ in range(6)]
    places = [place(a) for a in made]
    while made:
        del made[0]
    assert arrays.kept() == 1 << 26
    found = [place(arrays.empty(1 << 24, np.uint8)) for _ in range(2)]
    assert found == [places[5], places[5]]


def test_a_lock_that_is_held_means_fresh_memory_never_waiting() -> None:
    kept = arrays.empty(1 << 20, np.uint8)
    with arrays._lock:
        del kept
        assert arrays.empty(1 << 20, np.uint8).shape == (1 << 20,)
    assert arrays.kept() == 0


def test_threads_never_share_memory() -> None:
    def work(seed: int) -> bool:
        rng, held, fine = np.random.default_rng(seed), [], True
        for step in range(400):
            array = arrays.empty(int(rng.integers(1 << 15, 1 << 18)), np.int64)
            array.fill(seed * 1000 + step)
            held.append((array, seed * 1000 + step))
            if len(held) > 3:
                old, value = held.pop(int(rng.integers(len(held))))
                fine &= bool((old == value).all())
        return fine and all((a == value).all() for a, value in held)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_uses_its_own_copy() -> None:
    kept = arrays.empty(1 << 20, np.uint8)
    kept.fill(7)
    child = os.fork()
    if child == 0:
        kept.fill(9)
        del kept
        arrays.empty(1 << 20, np.uint8).fill(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert (kept == 7).all()


def test_arrays_that_live_until_the_interpreter_stops_go_quietly() -> None:
    code = (
        "from featurecols._core import arrays\n"
        "class Node: pass\n"
        "held, node = [arrays.empty(1 << 20, 'u1') for _ in range(3)], Node()\n"
        "node.me, node.array = node, arrays.empty(1 << 20, 'u1')\n"
        "import sys; sys.held = arrays.empty(1 << 20, 'u1')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_concatenate_is_numpy_s() -> None:
    parts = [np.arange(60_000, dtype=np.int32), np.arange(40_000, dtype=np.int64) + 2**40]
    found = arrays.concatenate(parts)
    assert found.dtype == np.int64
    assert (found == np.concatenate(parts)).all()


def test_results_that_are_held_stay_as_they_are() -> None:
    plan = fc.compile([fc.Numeric("x"), fc.Indicator(fc.Identity("i", 7)), fc.Hashed("i", 5)][:2])
    batches = [{"x": np.full(20_000, float(k)), "i": np.full(20_000, k % 7)} for k in range(6)]
    held = [plan.transform(batch) for batch in batches]
    for _ in range(3):
        plan.transform(batches[0])
    for k, matrix in enumerate(held):
        want = np.zeros((20_000, 8), np.float32)
        want[:, 0], want[:, 1 + k % 7] = k, 1
        assert (matrix == want).all()
