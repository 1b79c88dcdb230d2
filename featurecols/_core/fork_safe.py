"""Locks, lazy attributes and late imports that do not make a forked child wait.

A thread that holds a lock while another one forks does not exist in the child, where the lock would stay held for ever.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Generic, TypeVar, overload

Owner = TypeVar("Owner")
T = TypeVar("T")

LOADING = threading.RLock()  # held while modules load and kernels compile: a fork waits for the end of it
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=LOADING.acquire, after_in_parent=LOADING.release, after_in_child=LOADING.release)


def import_module(name: str) -> ModuleType:
    """Import a module on its first use, when other threads may fork meanwhile: a child would wait for its import lock."""
    with LOADING:
        return importlib.import_module(name)


class ProcessLock:
    """A re-entrant lock of this process: in a forked child it is free, whoever held it in the parent.

    What it guards must be right at every moment, as an attribute or a dict entry that is set once is: the child may have
    been forked in the middle.

    >>> lock = ProcessLock()
    >>> with lock, lock:
    ...     print("held twice by one thread")
    held twice by one thread
    """

    __slots__ = ("_lock", "_process")

    def __init__(self) -> None:
        self._lock, self._process = threading.RLock(), os.getpid()

    def __enter__(self) -> None:
        if self._process != os.getpid():
            self._lock, self._process = threading.RLock(), os.getpid()
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()


class cached_property(Generic[Owner, T]):
    """functools.cached_property as it is from Python 3.12 on: without the lock that Python 3.11 shares between all objects.

    Threads that ask for the first time at once may compute the value twice; all of them get the one that was kept first.
    """

    def __init__(self, function: Callable[[Owner], T]) -> None:
        self.function, self.name, self.__doc__ = function, function.__name__, function.__doc__

    @overload
    def __get__(self, owner: None, kind: type[Owner]) -> cached_property[Owner, T]: ...

    @overload
    def __get__(self, owner: Owner, kind: type[Owner]) -> T: ...

    def __get__(self, owner: Owner | None, kind: type[Owner]) -> cached_property[Owner, T] | T:
        if owner is None:
            return self
        value = self.function(owner)
        found: T = owner.__dict__.setdefault(self.name, value)
        return found
