"""Memory of arrays that are no longer referenced, kept for the next ones.

New pages are cleared and mapped by the operating system, which takes longer than filling them. A loop over batches gets
the memory of the batch before, most of which is still in the cache.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from featurecols import errors
from featurecols._core import memory_limit

_LEAST, _MOST = 1 << 17, 1 << 26  # bytes: smaller arrays are cheap to make, larger ones are given back
_KEPT = 1 << 26  # bytes of free memory that are kept at most
_ROUND = 1 << 12

Memory = np.ndarray[Any, Any]  # of any dtype and shape
_free: list[Memory] = []  # in the order in which it was given back
_lock = threading.Lock()  # tried, never waited for: a child forked while it is held works without kept memory


def _give(
    memory: Memory,
    acquire: Callable[[bool], bool] = _lock.acquire,
    release: Callable[[], None] = _lock.release,
    free: list[Memory] = _free,
    most: int = _KEPT,
) -> None:
    """Keep memory, and drop the oldest where there is too much.

    It runs when a last reference ends, also inside `_take` and while the interpreter stops, so that it must not wait or read
    global names.
    """
    if acquire(False):
        try:
            free.append(memory)
            while sum(kept.nbytes for kept in free) > most:
                del free[0]
        finally:
            release()


class _Lent:
    """The owner of an array's memory: the `base` of the array and of its views, which gives it back after the last one."""

    __slots__ = ("__array_interface__", "_memory")

    def __init__(self, memory: Memory, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._memory = memory
        place = memory.__array_interface__["data"]
        self.__array_interface__ = {"data": place, "shape": shape, "typestr": dtype.str, "version": 3}

    def __del__(self, give: Callable[[Memory], None] = _give) -> None:
        give(self._memory)


def empty(
    shape: int | tuple[int, ...], dtype: npt.DTypeLike, subject: str | None = None, hint: str = errors.DENSE_HINT
) -> Memory:
    """Return an array like np.empty, of a number type, reusing freed memory when it can. Contents are undefined.

    Raises SizeError with the hint where memory is exhausted, and, with a `subject`, before an array that would not fit.
    """
    shape, dtype = shape if isinstance(shape, tuple) else (shape,), np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    try:
        if not _LEAST <= size <= _MOST:
            if subject is not None and size > _MOST:
                memory_limit.check(subject, size, hint)
            return np.empty(shape, dtype)
        memory = _take(size)
        if memory is None:
            memory = np.empty(-(-size // _ROUND) * _ROUND, np.uint8)
    except MemoryError as error:
        raise memory_limit.exhausted(subject or "an array", error, hint) from None
    return np.asarray(_Lent(memory, shape, dtype))


def concatenate(parts: Sequence[Memory]) -> Memory:
    """Concatenate arrays along their rows, reusing freed memory when it can."""
    shape = (sum(len(part) for part in parts), *parts[0].shape[1:])
    return np.concatenate(parts, out=empty(shape, np.result_type(*parts)))


def _take(size: int) -> Memory | None:
    """Return free memory of at least `size` bytes and not much more, or None; also None while the lock is held."""
    if not _lock.acquire(blocking=False):
        return None
    try:
        for i in range(len(_free) - 1, -1, -1):
            if size <= _free[i].nbytes <= size + size // 4 + _ROUND:
                return _free.pop(i)
        return None
    finally:
        _lock.release()


def addresses(arrays: Sequence[Memory], dtype: npt.DTypeLike | None, length: int) -> Memory:
    """Return where the values of each array [length] of a dtype (None: any) lie: int64 [k].

    The caller keeps the arrays alive.
    """
    for x in arrays:
        assert dtype is None or x.dtype == dtype
        assert x.shape == (length,)
        assert x.flags.c_contiguous
    return np.array([x.__array_interface__["data"][0] for x in arrays], np.int64)


def kept() -> int:
    """Return the bytes of free memory that are kept now."""
    return sum(memory.nbytes for memory in list(_free))
