"""Items of an iterator, made in a thread of their own while the caller works on earlier ones."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T], depth: int) -> Generator[T]:
    """The same items in the same order, up to `depth` of them ready before they are asked for; 0 means none are.

    An error is raised where its item would have come; leaving the loop ends the thread.
    """
    if depth == 0:
        yield from items
        return
    ready: queue.Queue[tuple[bool, Any]] = queue.Queue(depth)
    stop = threading.Event()

    def put(made: bool, item: Any) -> None:
        while not stop.is_set():
            try:
                return ready.put((made, item), timeout=0.05)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(True, item)
                if stop.is_set():
                    return
            put(False, None)
        except BaseException as e:
            put(False, e)
        finally:
            if hasattr(items, "close"):
                items.close()

    thread = threading.Thread(target=work, name="featurecols-ahead", daemon=True)
    thread.start()
    try:
        while True:
            made, item = ready.get()
            if made:
                yield item
            elif item is None:
                return
            else:
                raise item
    finally:
        stop.set()
        thread.join()
