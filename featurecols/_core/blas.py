"""Products of matrices whose bits do not depend on how many CPUs there are.

A BLAS library that shares one product among threads adds in another order for each number of threads. So each product has one
thread, and a large one is cut into blocks that depend on its shape alone, which the threads of the package share.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager
from functools import cache
from types import TracebackType
from typing import Any

import numpy as np

from featurecols._core import arrays, thread_pool
from featurecols._core.arrays import Array

TINY = 1 << 13  # multiplications up to which BLAS libraries use one thread anyway
LARGE = 1 << 27  # multiplications from which a product is worth several threads: about 5 ms on one
MAX_BLOCKS, ALIGNED = 16, 64  # into how many blocks it is cut at most, and what their rows are a multiple of


class OneThread(AbstractContextManager[None]):
    """Inside, the BLAS library has one thread; after the last of several that overlap it has what it had before.

    Small products lose more by waiting for threads than they win by being shared: waiting is busy, so that with another
    process on the machine a step of training takes ten times as long; and the input pipeline has work for the second core.
    """

    def __init__(self) -> None:
        self._lock, self._depth = threading.Lock(), 0
        self._before: list[tuple[Any, int]] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def __enter__(self) -> None:
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                self._before = self._before or [(library, library.get_num_threads()) for library in _libraries()]
                for library, threads in self._before:
                    if threads != 1:
                        _set(library, 1)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                for library, threads in self._before:
                    if threads != 1:
                        _set(library, threads)
                self._before = []

    def _after_fork(self) -> None:
        """Begin anew in a child; what there was before the parent's limit is put back after the child's first one."""
        self._lock, self._depth = threading.Lock(), 0


one_thread = OneThread()


def _set(library: Any, threads: int) -> None:
    """Set the number of threads of a library, for the process and from any thread.

    set_num_threads of newer threadpoolctl does nothing in all threads but the first one that called it.
    """
    getattr(library, "_real_set_num_threads", library.set_num_threads)(threads)


@cache
def _libraries() -> tuple[Any, ...]:
    """Return the controllers of the BLAS libraries that numpy has loaded."""
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


def matmul(a: Array, b: Array, out: Array | None = None) -> Array:
    """Return a @ b of matrices [m, k] and [k, n], the same bits on any number of CPUs; into `out` where it is given."""
    size = a.shape[0] * b.size
    if size <= TINY:
        return np.matmul(a, b, out=out)
    if out is None:
        out = arrays.empty((a.shape[0], b.shape[1]), np.result_type(a, b))
    with one_thread:
        return np.matmul(a, b, out=out) if size <= LARGE else _in_blocks(a, b, out, min(MAX_BLOCKS, 2 * size // LARGE))


def _in_blocks(a: Array, b: Array, out: Array, blocks: int) -> Array:
    """Write a @ b into `out` and return it, its longer side cut into about so many blocks."""
    m, n = a.shape[0], b.shape[1]
    step = -(-max(m, n) // (blocks * ALIGNED)) * ALIGNED

    def block(start: int) -> None:
        if m >= n:
            np.matmul(a[start : start + step], b, out=out[start : start + step])
        else:
            np.matmul(a, b[:, start : start + step], out=out[:, start : start + step])

    for _ in thread_pool.run(block, range(0, max(m, n), step), thread_pool.count()):
        pass
    return out
