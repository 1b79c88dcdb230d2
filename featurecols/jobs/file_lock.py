"""A file that one process at a time holds; the system lets go of it when the process dies, however it dies."""

from __future__ import annotations

import os
import sys
from io import FileIO
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def acquire(path: Path, folder_mode: int = 0o777) -> FileIO | None:
    """Hold `path`, made with its folder when missing, and return it open; None when another process holds it.

    A lock that is lost, as by an interrupt before its owner has it, is released with the file object. Raises OSError where
    the file cannot be opened, or is a link.
    """
    while True:
        path.parent.mkdir(mode=folder_mode, exist_ok=True)
        try:
            file = FileIO(path, "r+", opener=_open)
        except FileNotFoundError:  # its folder went away in between: the other run has just finished
            continue
        try:
            _try_lock(file.fileno())
        except OSError:
            file.close()
            return None
        if _is_same_file(path, file.fileno()):
            return file
        file.close()  # held a file that its last owner had deleted meanwhile


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)


def _is_same_file(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False


def release(file: FileIO) -> None:
    """Let go of what `acquire` returned."""
    file.close()
