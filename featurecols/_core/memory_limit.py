"""The limit of memory for a result."""

from __future__ import annotations

from featurecols import errors


def available() -> int | None:
    """Return the bytes that machine and cgroup leave to this process; None where neither is known."""
    found = [v for v in (_machine(), _group()) if v is not None]
    return min(found) if found else None


def check(what: str, size: int, hint: str = errors.DENSE_HINT) -> None:
    """Raise SizeError, with a hint, when a result of `size` bytes would not fit."""
    if size > 1 << 28:  # small ones are not worth reading /proc for
        have = available()
        if have is not None and size > have:
            raise errors.too_big(what, size, have, hint)


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
