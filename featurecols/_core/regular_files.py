"""Reading of regular files alone: a pipe or a device under the name of a file would block, or never end."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO


class NotRegularError(OSError):
    """The path leads to a folder, a pipe, a device or a socket, whose status is `found`."""

    def __init__(self, found: os.stat_result) -> None:
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, a device or a socket"
        super().__init__(0, f"not a regular file but {what}")


def status(path: str | os.PathLike[str]) -> os.stat_result:
    """Return the status of a regular file, links followed. Raises OSError where there is none, or something else."""
    try:
        return _require_regular(os.stat(path))
    except ValueError as error:  # a name with NUL, or with a surrogate
        raise FileNotFoundError(str(error)) from None


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file to read, links followed. Raises OSError where there is none, or something else."""
    status(path)
    return open(path, "rb", opener=_open)


def _open(path: str, flags: int) -> int:
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    try:
        _require_regular(os.fstat(handle))
    except OSError:
        os.close(handle)
        raise
    return handle


def read_regular(path: str | os.PathLike[str], limit: int) -> bytes | None:
    """Read a whole regular file; None where it is larger than `limit` bytes. Raises OSError as open_regular does."""
    with open_regular(path) as file:
        data = file.read(limit + 1)
    return None if len(data) > limit else data


def _require_regular(found: os.stat_result) -> os.stat_result:
    if not stat.S_ISREG(found.st_mode):
        raise NotRegularError(found)
    return found
