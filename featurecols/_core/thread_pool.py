"""One pool of threads for a process; results never depend on it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import TypeVar

from featurecols import errors

T = TypeVar("T")
R = TypeVar("R")
_SLICE = 1.0  # seconds
_lock = threading.Lock()
_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}
_inside = threading.local()


def count(threads: int | None = None) -> int:
    """Return how many threads to use: the argument, else FEATURECOLS_THREADS, else what affinity and cgroup allow."""
    if threads is None:
        text = os.environ.get("FEATURECOLS_THREADS", "")
        if not text:
            return _allowed()
        if not text.isdigit() or int(text) < 1:
            raise errors.argument("FEATURECOLS_THREADS", "must be a positive integer", text, "unset it for the default")
        return int(text)
    if type(threads) is not int or threads < 1:
        raise errors.argument("threads", "must be a positive integer", threads, "leave it out for the default")
    return threads


def _allowed() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota()
    return cores if quota is None else max(1, min(cores, quota))


@cache
def _quota() -> int | None:
    """Return the whole cores that the cgroup allows, read once in a process; None without a limit."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as f:
            quota, period = f.read().split()[:2]
        return None if quota == "max" else int(quota) // int(period)
    except (OSError, ValueError):
        return None


def result_of(future: Future[R]) -> R:
    """Return the result of a task, or raise its error; an interrupt is noticed within a second.

    A wait without an end can miss a signal for good that comes in the moment before it begins: Python runs handlers in the
    main thread, when that runs again.
    """
    while True:
        try:
            return future.result(_SLICE)
        except TimeoutError:
            if future.done():  # the task's own
                return future.result()


def run(task: Callable[[T], R], items: Iterable[T], threads: int, ahead: int | None = None) -> Iterator[R]:
    """Yield task(item) for each item in order; at most `ahead` items, 2 * threads without it, are in work.

    A call from inside a task runs inline, so that plans used within plans cannot wait for each other. The first error in
    the order of the items is the one that is raised.
    """
    if threads == 1 or getattr(_inside, "busy", False) or (isinstance(items, Sized) and len(items) < 2):
        yield from map(task, items)
        return
    pool = _pool(threads)
    waiting: list[Future[R]] = []
    source = iter(items)
    try:
        waiting.extend(pool.submit(_marked, task, item) for item in islice(source, ahead or 2 * threads))
        while waiting:
            yield result_of(waiting.pop(0))
            waiting.extend(pool.submit(_marked, task, item) for item in islice(source, 1))
    finally:
        for future in waiting:
            future.cancel()
        for future in waiting:  # nothing may still write into the caller's arrays after this returns
            if not future.cancelled():
                future.exception()


def _marked(task: Callable[[T], R], item: T) -> R:
    _inside.busy = True
    try:
        return task(item)
    finally:
        _inside.busy = False


def _pool(threads: int) -> ThreadPoolExecutor:
    """Return the pool of that size; a forked child gets a new one, because its parent's threads do not exist there."""
    key = (os.getpid(), threads)
    with _lock:
        if key not in _pools:
            _pools[key] = ThreadPoolExecutor(threads, thread_name_prefix="featurecols")
        return _pools[key]


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    _pools.clear()
    _inside.busy = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
