"""Requests that wait are answered together: one call of the model for all, and each its own rows or its own error.

Nothing waits for company: while one call runs, requests gather, and the next call takes them. Calls that take a moment run
in the event loop, since a thread would cost more than they do; longer ones run in a thread.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import NamedTuple

from featurecols.integrations.serving.http_errors import HttpError
from featurecols.integrations.serving.requests import Rows, merge
from featurecols.integrations.serving.servable import Arrays, Call

MOMENT = 0.002  # seconds of processor time that a call may hold up the event loop
FEW = 64  # rows of a call that may run in the event loop
_MEMORY = 0.2  # the weight of the last call in the mean of their seconds


class Slice(NamedTuple):
    """Rows start:stop of what a call gave."""

    arrays: Arrays
    start: int
    stop: int


@dataclass(slots=True)
class _Waiting:
    call: Call
    rows: Rows
    future: asyncio.Future[Slice]


@dataclass(slots=True)
class _Outcome:
    """What came of one request."""

    waiting: _Waiting
    found: Slice | None = None
    error: Exception | None = None


@dataclass(slots=True)
class Batcher:
    """The queue of one model.

    Attributes:
        executor: what longer calls run in.
        batch_rows: rows of several requests that are answered together.
        seconds: after which a request that still waits is refused.
        observe: is told how many requests, rows and seconds each call took.
    """

    executor: Executor
    batch_rows: int
    seconds: float
    observe: Callable[[int, int, float], None]
    _queue: deque[_Waiting] = field(default_factory=deque)
    _busy: bool = False  # a call is running or about to
    _mean: float = 0.0  # seconds of processor time of a call of few rows

    async def run(self, call: Call, rows: Rows) -> Slice:
        """Return what call(rows) gives, from a call that other requests may share.

        Raises HttpError 504 where it takes too long, and what the call raises about these rows.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Slice] = loop.create_future()
        self._queue.append(_Waiting(call, rows, future))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._next)  # after all requests that have arrived by now
        timer = loop.call_later(self.seconds, _expire, future, self.seconds)
        try:
            return await future
        finally:
            timer.cancel()

    def _next(self) -> None:
        """Start the next call, with all requests that may share it."""
        batch = self._take()
        if not batch:
            self._busy = False
            return
        loop = asyncio.get_running_loop()
        if self._mean < MOMENT and sum(waiting.rows.count for waiting in batch) <= FEW:
            self._deliver(*_answer(batch))
            loop.call_soon(self._next)
            return
        running = loop.run_in_executor(self.executor, _answer, batch)
        running.add_done_callback(self._done)

    def _done(self, running: asyncio.Future[tuple[list[_Outcome], float, float]]) -> None:
        self._deliver(*running.result())
        self._next()

    def _take(self) -> list[_Waiting]:
        """Return the first request that still waits, and those of the same call that fit beside it."""
        while self._queue and self._queue[0].future.done():
            self._queue.popleft()
        if not self._queue:
            return []
        first = self._queue.popleft()
        batch, left, others = [first], self.batch_rows - first.rows.count, deque[_Waiting]()
        while self._queue and left > 0 and not first.rows.alone:
            waiting = self._queue.popleft()
            if waiting.future.done():
                continue
            if waiting.call == first.call and not waiting.rows.alone and waiting.rows.count <= left:
                batch.append(waiting)
                left -= waiting.rows.count
            else:
                others.append(waiting)
        others.extend(self._queue)
        self._queue = others
        return batch

    def _deliver(self, outcomes: Sequence[_Outcome], seconds: float, busy_seconds: float) -> None:
        rows = sum(outcome.waiting.rows.count for outcome in outcomes)
        if rows <= FEW:
            self._mean += _MEMORY * (busy_seconds - self._mean)
        self.observe(len(outcomes), rows, seconds)
        for outcome in outcomes:
            future = outcome.waiting.future
            if future.done():  # it has expired, or its client has gone
                continue
            if outcome.found is not None:
                future.set_result(outcome.found)
            else:
                future.set_exception(outcome.error or RuntimeError("no answer"))


def _answer(batch: Sequence[_Waiting]) -> tuple[list[_Outcome], float, float]:
    """Return what came of each request, the seconds that it took, and those of the processor.

    Where the call fails, each request has a call of its own.
    """
    start, busy = time.perf_counter(), time.thread_time()
    try:
        arrays, at, found = batch[0].call(merge([waiting.rows for waiting in batch])), 0, []
        for waiting in batch:
            found.append(_Outcome(waiting, Slice(arrays, at, at + waiting.rows.count)))
            at += waiting.rows.count
    except Exception as error:
        found = [_Outcome(batch[0], error=error)] if len(batch) == 1 else [_answer([waiting])[0][0] for waiting in batch]
    return found, time.perf_counter() - start, time.thread_time() - busy


def _expire(future: asyncio.Future[Slice], seconds: float) -> None:
    if not future.done():
        future.set_exception(HttpError(504, f"request: took longer than {seconds:g} s; send fewer rows, or try again"))
