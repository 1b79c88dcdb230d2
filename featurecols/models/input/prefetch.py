"""Items of an iterator, made in a thread of their own while the caller works on earlier ones."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class _Made(Generic[T]):
    """An item that is ready."""

    __slots__ = ("item",)

    def __init__(self, item: T) -> None:
        self.item = item


def prefetch(items: Iterator[T], depth: int) -> Generator[T]:
    """Yield the same items in the same order, up to `depth` of them made before they are asked for; 0 makes none.

    An error is raised where its item would have come; leaving the loop ends the thread.
    """
    if depth == 0:
        yield from items
        return
    ready: queue.Queue[_Made[T] | BaseException | None] = queue.Queue(depth)  # None: there are no more
    stop = threading.Event()

    def put(made: _Made[T] | BaseException | None) -> None:
        while not stop.is_set():
            try:
                return ready.put(made, timeout=0.05)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(_Made(item))
                if stop.is_set():
                    return
            put(None)
        except BaseException as e:
            put(e)
        finally:
            if isinstance(items, Generator):
                items.close()

    thread = threading.Thread(target=work, name="featurecols-prefetch", daemon=True)
    thread.start()
    try:
        while (made := ready.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            yield made.item
    finally:
        stop.set()
        thread.join()
