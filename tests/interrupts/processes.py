"""Children that are forked, interrupted and waited for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

INTERRUPTED = 130


def fork(work: Callable[[], int]) -> int:
    """Return the process of a child that does the work and ends with the status that it returns, or 130 if interrupted.

    However early or late up to two SIGINT come, the child never goes on as its parent: signals wait until it stands inside its
    `try`, and each of them can leave one block at most.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return child
    status = 1
    try:
        try:
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background jobs ignore it
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                status = work()
            except KeyboardInterrupt:  # before the work began, or after it
                status = INTERRUPTED
            finally:
                os._exit(status)
        finally:
            os._exit(INTERRUPTED)
    finally:
        os._exit(INTERRUPTED)


def wait(child: int, seconds: float) -> int | None:
    """Return the exit status of a child, negative for a signal; None for one that did not end in time and is killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
