"""A few interruptions of each kind, as `python -m tests.interrupts` makes them by the hundred."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.interrupts import forks
from tests.interrupts.__main__ import FAULTS, interrupts
from tests.interrupts.jobs import JOBS
from tests.interrupts.processes import INTERRUPTED, fork, wait

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS)
def test_d3_interrupted_jobs_are_complete_or_absent_and_are_taken_up(job: str, tmp_path: Path) -> None:
    """D3: interrupted jobs are complete or absent, and the same command ends with the bytes of one run."""
    found = interrupts(job, 3, 1, tmp_path)  # tests/integrations/test_kill_modes.py has more
    assert sum(found.values()) == 3
    assert {outcome: n for (_, outcome), n in found.items() if outcome in FAULTS} == {}


@pytest.mark.slow
def test_d4_children_forked_beside_threads_end(tmp_path: Path) -> None:
    """D4: children forked beside threads that read, fit and evaluate do all of that."""
    assert forks.run(3, 1, tmp_path, 120.0) == {"complete": 3}


def test_a_child_that_is_interrupted_at_once_ends_as_a_child() -> None:
    """Signals that come before the work begins end the child, which must not go on as the process that forked it."""
    read, write = os.pipe()
    parent, statuses = os.getpid(), []
    for _ in range(20):
        child = fork(wait_long)
        if os.getpid() != parent:
            os.write(write, b"x")
            os._exit(1)
        os.kill(child, signal.SIGINT)
        os.kill(child, signal.SIGINT)
        statuses.append(wait(child, 20))
    os.close(write)
    with os.fdopen(read, "rb") as went_on:
        assert went_on.read() == b""
    assert statuses == [INTERRUPTED] * 20


def wait_long() -> int:
    for _ in range(1000):  # a signal that comes just before a sleep begins is noticed after it
        time.sleep(0.06)
    return 0
