"""What a forked child finds of locks and lazy attributes that threads of its parent were using."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from featurecols._core.fork_safe import ProcessLock, cached_property

ROOT = Path(__file__).parents[2]


class Squares:
    def __init__(self) -> None:
        self.made = 0

    @cached_property
    def four(self) -> int:
        """Two squared."""
        self.made += 1
        return 4


def test_a_lazy_attribute_is_made_once_for_each_object() -> None:
    a, b = Squares(), Squares()
    assert (a.four, a.four, a.made, b.made) == (4, 4, 1, 0)
    assert a.__dict__ == {"made": 1, "four": 4}
    assert isinstance(Squares.four, cached_property)
    assert Squares.four.__doc__ == "Two squared."


def test_a_lock_keeps_other_threads_out_and_lets_its_own_in_again() -> None:
    lock, order = ProcessLock(), []

    def other() -> None:
        with lock:
            order.append("other")

    with lock, lock:
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_d4_a_child_takes_a_lock_that_a_thread_of_its_parent_holds() -> None:
    """D4: a child takes a lock that a thread of its parent holds."""
    lock, held, done = ProcessLock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:
        with lock:
            os._exit(7)
    try:
        assert os.waitstatus_to_exitcode(wait(child, 20)) == 7
    finally:
        done.set()
        thread.join()


def wait(child: int, seconds: float) -> int:
    """The status of a child; one that does not end is killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


FORKS = """
import os, sys, threading
import pyarrow.parquet as pq
import featurecols as fc
from tests._core.test_fork_safe import wait
path = sys.argv[1]
pq.write_table(pq.read_table(fc.datasets.flights_path()).slice(0, 3000), path, row_group_size=500)
plan = fc.fit([fc.Numeric("distance", default=0), fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(5)))], path)
def read():
    while True:
        plan.transform(path)
threading.Thread(target=read, daemon=True).start()
codes = set()
for _ in range(10):
    child = os.fork()
    if child == 0:
        plan.transform(path, threads=1)
        os._exit(0)
    codes.add(os.waitstatus_to_exitcode(wait(child, 60)))
print(codes, flush=True)
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_d4_children_forked_while_a_thread_reads_files_do_not_hang(tmp_path: Path) -> None:
    """D4: children forked while a thread reads files do not hang."""
    command = [sys.executable, "-c", FORKS, str(tmp_path / "flights.parquet")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (done.stdout.strip(), done.returncode) == ("{0}", 0), done.stderr
