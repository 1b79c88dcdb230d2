"""The limit of memory for a result: what is left to the process, or FEATURECOLS_MEMORY MiB where that is less."""

from __future__ import annotations

import math
import os

from featurecols import errors

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


MEMORY = "FEATURECOLS_MEMORY"  # MiB that one result may have


def available() -> int | None:
    """Return the bytes that a result may have: what machine, cgroup and process leave, and MEMORY; None where none is known.

    Raises ColumnError where the variable MEMORY is not a number.
    """
    found = [v for v in (_machine(), _group(), _process(), _set()) if v is not None]
    return min(found) if found else None


def check(what: str, size: int, hint: str = errors.DENSE_HINT) -> None:
    """Raise SizeError, with a hint, when a result of `size` bytes would not fit."""
    if size > 1 << 28:  # small ones are not worth reading /proc for
        have = available()
        if have is not None and size > have:
            raise errors.too_big(what, size, have, hint)


def _set() -> int | None:
    """Return what the variable MEMORY allows."""
    text = os.environ.get(MEMORY, "")
    if not text:
        return None
    try:
        mebibytes = float(text)
    except ValueError:
        mebibytes = math.nan
    if not 256 <= mebibytes < 2**40:
        raise errors.argument(MEMORY, "must be a number of MiB, 256 or more", text, "unset it for all that is free")
    return int(mebibytes * 2**20)


def _machine() -> int | None:
    try:
        with open("/proc/meminfo") as f:
            for line in f:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def _group() -> int | None:
    try:
        with open("/sys/fs/cgroup/memory.max") as f:
            limit = f.read().strip()
        with open("/sys/fs/cgroup/memory.current") as f:
            return None if limit == "max" else max(0, int(limit) - int(f.read()))
    except (OSError, ValueError):
        return None


def _process() -> int | None:
    """Return what RLIMIT_AS leaves (ulimit -v)."""
    if resource is None:
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    try:
        with open("/proc/self/statm") as f:
            used = int(f.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None
    return None if limit == resource.RLIM_INFINITY else max(0, limit - used)


def exhausted(
    subject: str, error: MemoryError, hint: str = "give the data in smaller batches, or raise the limit"
) -> MemoryError:
    """Return the error of a run out of memory in words: what was too big, as the allocator said it, and the way out."""
    if isinstance(error, errors.SizeError):
        return error
    return errors.SizeError(f"{subject}: memory is exhausted, got {error or 'no more from the system'}; {hint}")
