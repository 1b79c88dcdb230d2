"""A file that one process at a time holds; the system lets go of it when the process dies, however it dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def acquire(path: Path) -> int | None:
    """Hold `path` (made with its folder when missing) and return a handle to it; None when another process holds it."""
    while True:
        path.parent.mkdir(exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # its folder went away in between: the other run has just finished
            continue
        try:
            _try(handle)
        except OSError:
            os.close(handle)
            return None
        if _is(path, handle):
            return handle
        os.close(handle)  # held a file that its last owner had deleted meanwhile


def _is(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False


def release(handle: int) -> None:
    os.close(handle)
