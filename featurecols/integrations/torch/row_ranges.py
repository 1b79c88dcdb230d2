"""Which rows of an epoch a rank and a worker read, and how they are cut into batches. Arithmetic alone: no file is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array

_ORDER, _ROWS = 0, 1  # what random numbers are for


class Span(NamedTuple):
    """Rows start:stop of one row group, by its position among all."""

    group: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class RankBatches:
    """The batches of one rank: `count` of them over rows [start, start + rows) of the epoch, each of at least one row."""

    start: int
    rows: int
    count: int
    batch_size: int

    def bound(self, i: int) -> int:
        """Return the first row of batch i, counted from the start of the epoch; of batch `count`, the end."""
        return self.start + min(i * self.batch_size, self.rows - (self.count - i))


def batches_of_rank(rows: int, rank: int, world_size: int, batch_size: int, *, drop_last: bool) -> RankBatches:
    """Return the batches of a rank. All ranks have equally many, and every row is in one batch of one rank.

    The rows of two ranks differ by one at most. Where one row more would make another batch, the last batch of a rank that does
    not have that row borrows one from the batch before. With drop_last every batch has batch_size rows, and the rows that are
    left over are in none.

    Raises:
        DataError: where there are fewer rows than ranks.
    """
    start, stop = rank * rows // world_size, (rank + 1) * rows // world_size
    if drop_last:
        count = rows // world_size // batch_size
        return RankBatches(start, count * batch_size, count, batch_size)
    if 0 < rows < world_size:
        hint = "use fewer ranks, or drop_last=True"
        raise errors.DataError("ParquetDataset", f"has fewer rows than the {world_size} ranks", got=str(rows), hint=hint)
    most = (rows + world_size - 1) // world_size
    count = (most + batch_size - 1) // batch_size
    return RankBatches(start, stop - start, min(count, stop - start), batch_size)


def share_of_worker(count: int, worker: int, workers: int) -> range:
    """Return which of `count` buffers a worker reads."""
    return range(worker * count // workers, (worker + 1) * count // workers)


def order_of_groups(count: int, seed: int, epoch: int) -> Array:
    """Return the row groups in the random order of an epoch, int64 [count]."""
    return np.random.default_rng([seed, epoch, _ORDER]).permutation(count)


def order_of_rows(count: int, seed: int, epoch: int, first: int) -> Array:
    """Return a random order of the rows of a buffer that begins at row `first` of the epoch, int64 [count]."""
    return np.random.default_rng([seed, epoch, _ROWS, first]).permutation(count)


def spans(sizes: Array, order: Array, start: int, stop: int) -> list[Span]:
    """Return where rows start:stop of an epoch are, whose row groups of these sizes come in this order."""
    ends = np.cumsum(sizes[order])
    found: list[Span] = []
    at = int(np.searchsorted(ends, start, side="right"))
    while start < stop:
        group, end = int(order[at]), int(ends[at])
        first = end - int(sizes[group])
        if start < end:
            found.append(Span(group, start - first, min(stop, end) - first))
            start = min(stop, end)
        at += 1
    return found
