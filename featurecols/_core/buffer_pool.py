"""Memory of results that were let go, kept for the next ones.

Pages that go back to the system are cleared and faulted in anew when they are asked for, which takes longer than filling
them does. A loop over batches gets the memory of the batch before, which is mostly still in the cache.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

_LEAST, _MOST = 1 << 17, 1 << 26  # bytes: smaller arrays are cheap to make, larger ones are given back
_KEPT = 1 << 26  # bytes of free memory that are kept at most
_ROUND = 1 << 12

_free: list[np.ndarray[Any, Any]] = []  # what was given back last lies last
_lock = threading.Lock()  # tried, never waited for: a child forked while it is held does without kept memory


def _give(
    memory: np.ndarray[Any, Any],
    acquire: Any = _lock.acquire,
    release: Any = _lock.release,
    free: list[np.ndarray[Any, Any]] = _free,
    most: int = _KEPT,
) -> None:
    """Keep it, in the place of what has lain there longest. Runs wherever a last reference ends, inside `_take` too and
    when the interpreter stops, so that it waits for nothing and reads no global names."""
    if acquire(False):
        try:
            free.append(memory)
            while sum(kept.nbytes for kept in free) > most:
                del free[0]
        finally:
            release()


class _Lent:
    """Owns the memory below one array, as numpy's `base` of it and of all its views; gives it back after the last of them."""

    __slots__ = ("__array_interface__", "_memory")

    def __init__(self, memory: np.ndarray[Any, Any], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._memory = memory
        place = memory.__array_interface__["data"]
        self.__array_interface__ = {"data": place, "shape": shape, "typestr": dtype.str, "version": 3}

    def __del__(self, give: Any = _give) -> None:
        give(self._memory)


def empty(shape: int | tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
    """np.empty(shape, dtype) of a number type, its content anything, in memory that was used before where there is some."""
    shape, dtype = shape if isinstance(shape, tuple) else (shape,), np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if not _LEAST <= size <= _MOST:
        return np.empty(shape, dtype)
    memory = _take(size)
    if memory is None:
        memory = np.empty(-(-size // _ROUND) * _ROUND, np.uint8)
    return np.asarray(_Lent(memory, shape, dtype))


def concatenate(parts: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """np.concatenate along the rows, in such memory."""
    shape = (sum(len(part) for part in parts), *parts[0].shape[1:])
    return np.concatenate(parts, out=empty(shape, np.result_type(*parts)))


def _take(size: int) -> np.ndarray[Any, Any] | None:
    """Free memory of at least `size` bytes and not much more, or None. Nobody waits: a lock that is held means None."""
    if not _lock.acquire(blocking=False):
        return None
    try:
        for i in range(len(_free) - 1, -1, -1):
            if size <= _free[i].nbytes <= size + size // 4 + _ROUND:
                return _free.pop(i)
        return None
    finally:
        _lock.release()


def kept() -> int:
    """Bytes of free memory that are kept now."""
    return sum(memory.nbytes for memory in list(_free))
