"""The files of a saved plan: read only where they are regular files, and written together."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from featurecols import errors
from featurecols._core import regular_files

JSON_FILE, TENSOR_FILE, STATISTICS_FILE = "plan.json", "learned.safetensors", "statistics.json"
LIMIT_JSON = 1 << 28
TERM_FILE = re.compile(r"terms-[A-Za-z0-9_-]{1,100}\.jsonl")
UNFINISHED = re.compile(
    rf"\.({re.escape(JSON_FILE)}|{re.escape(TENSOR_FILE)}|{re.escape(STATISTICS_FILE)}|{TERM_FILE.pattern})\.[a-z0-9_]{{8}}"
)
LONG_AGO = 600.0  # seconds after which nobody is still writing a file
AGAIN = "give the folder of plan.save"


def read_file(folder: Path, name: str) -> bytes:
    """Return the bytes of a regular file of a plan's folder; raises SavedPlanError where there is none."""
    path = folder / name
    try:
        with regular_files.open_regular(path) as file:
            if name in (JSON_FILE, STATISTICS_FILE) and os.fstat(file.fileno()).st_size > LIMIT_JSON:
                raise errors.saved_plan(path, f"larger than {LIMIT_JSON >> 20} MiB")
            return file.read()
    except OSError as e:
        problem = f"has no readable {name} ({e.strerror or e})"
        missing = isinstance(e, FileNotFoundError)
        raise errors.saved_plan(errors.printable(str(folder)), problem, AGAIN, missing=missing) from None


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a plan: all of them under other names first, then each renamed into place, the last one last.

    Files that an earlier plan needed and this one does not are deleted. Raises OSError.
    """
    there = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    remove_unfinished(folder, LONG_AGO)
    written: dict[str, str] = {}
    try:
        for name, data in files.items():
            written[name] = _write_beside(folder / name, data)
        for name in files:
            os.replace(written[name], folder / name)
            del written[name]
    finally:
        for left in written.values():
            os.unlink(left)
        if not there:
            with suppress(OSError):  # it is empty where nothing could be written
                folder.rmdir()
    for name in stale_files(folder, files):
        (folder / name).unlink(missing_ok=True)


def remove_unfinished(folder: Path, seconds: float = 0.0) -> None:
    """Remove what a kill left of files that were being written, where it is at least so old: others may be writing."""
    for path in folder.glob(".*") if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            if UNFINISHED.fullmatch(path.name) and time.time() - path.lstat().st_mtime >= seconds:
                path.unlink()


def stale_files(folder: Path, files: Iterable[str]) -> list[str]:
    """Return the names of files that only another plan can have written there."""
    names = (entry.name for entry in folder.iterdir())
    return sorted({name for name in names if name in (TENSOR_FILE, STATISTICS_FILE) or TERM_FILE.fullmatch(name)} - set(files))


def replace_file(path: Path, data: bytes) -> None:
    """Write a file under another name beside it, and rename it into place when it is complete."""
    beside = _write_beside(path, data)
    try:
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def _write_beside(path: Path, data: bytes) -> str:
    """Write a file under a temporary name in the folder of `path`, and return that name."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
    except BaseException:
        os.unlink(name)
        raise
    return name
