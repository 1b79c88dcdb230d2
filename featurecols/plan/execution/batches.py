"""The batches of a source through one task, with what the threads do to it decided in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from featurecols import errors
from featurecols._core import thread_pool
from featurecols.data.files.base import Needs
from featurecols.data.sources import Source

T = TypeVar("T")


def map_batches(
    task: Callable[[Any, int, int], T], source: Source, needs: Needs, batch_size: int | None, workers: int
) -> Iterator[T]:
    """task(batch, rows before it, its workers) of every batch, in order; a DataError tells the row of the whole source.

    Where a source has enough pieces, each thread takes a whole one: threads that share a batch wait for each other many
    times, those that share a source seldom. Otherwise a batch is worked on by all threads, one batch after another.
    """
    apart = workers > 1 and len(source.fragments()) >= 2 * workers

    def run(item: tuple[Any, int]) -> T:
        batch, before = item
        try:
            return task(batch, before, 1 if apart else workers)
        except errors.DataError as e:
            raise e.shifted(before) from None

    def batches() -> Iterator[tuple[Any, int]]:
        before = 0
        for batch in source.batches(needs, batch_size):
            yield batch, before
            before += batch.num_rows

    if apart:  # in flight: memory for as few batches as keep the threads busy
        yield from thread_pool.run(run, batches(), workers, workers + 1)
    else:
        yield from map(run, batches())
