"""Waiting for children."""

from __future__ import annotations

import os
import signal
import time


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
