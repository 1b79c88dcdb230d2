"""Rows held out of training: a share of a table or of files, drawn by a hash of the number of the row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.input.examples import Examples
from featurecols.models.input.pipeline import BatchStream, Encoder, Pipeline

_UNKNOWN = 40  # bits of the numbers of rows in a fragment, where the rows before it are not counted


def drawn(first: int, rows: int, share: float, seed: int) -> Array:
    """Return which of the rows first, first + 1, ... are held out, bool [rows]; it depends on number and seed alone.

    >>> drawn(0, 8, 0.5, 1).tolist() == [*drawn(0, 3, 0.5, 1).tolist(), *drawn(3, 5, 0.5, 1).tolist()]
    True
    """
    return np.asarray(hashes_of_rows(first, rows, seed) < np.uint64(int(share * 2**64)))


def hashes_of_rows(first: int, rows: int, seed: int) -> Array:
    """Return the hashes of the row numbers first, first + 1, ..., uint64 [rows]: fmix64 of MurmurHash3 of number and seed."""
    with np.errstate(over="ignore"):
        h = np.arange(first, first + rows, dtype=np.uint64) + np.uint64(seed + 1) * np.uint64(0x9E3779B97F4A7C15)
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            h = (h ^ (h >> np.uint64(33))) * np.uint64(factor)
        h ^= h >> np.uint64(33)
    return np.asarray(h)


class HeldOutStream(BatchStream):
    """The rows that are not held out, in batches; and those that are.

    Args:
        pipeline, encoder, seed: as of BatchStream.
        total: how many rows there are.
        share: of rows to hold out; 0 for none.
    """

    def __init__(self, pipeline: Pipeline, encoder: Encoder, seed: int, total: int, share: float) -> None:
        super().__init__(pipeline, encoder, seed)
        self.total, self.share = total, share
        counts = [fragment.num_rows for fragment in self.fragments]
        known = [count for count in counts if count is not None]
        if pipeline.data.pairs or len(known) < len(counts):
            self._starts = [i << _UNKNOWN for i in range(len(self.fragments))]
        else:
            self._starts = [sum(known[:i]) for i in range(len(known))]
        self._held: dict[int, list[Examples]] = {}
        if len(self.fragments) == 1 or self.rows is not None:
            self.rows = total - int(drawn(0, total, share, self.seed).sum())

    def held_out(self) -> Examples | None:
        """Return the rows that are held out, in the order of the data; None where there are none. Reads what was not read."""
        if not self.share:
            return None
        if not self._held and self.rows and self.pipeline.buffer >= self.rows:
            self.cache.whole(range(len(self.fragments)), self._read)
        for fragment in range(len(self.fragments)):
            if fragment not in self._held:
                for _ in self._read(fragment):
                    pass
        found = [block for fragment in sorted(self._held) for block in self._held[fragment]]
        return Examples.concatenate(found) if found else None

    def epoch(self, number: int, skip: int = 0, *, run: int = 0) -> Iterator[Examples]:
        """Return the batches of one epoch, as BatchStream does; raise ArgumentError where all rows are held out."""
        if self.rows == 0 and self.total:
            what = f"all of the {self.total:,} rows are held out, and none is left to train on"
            raise errors.argument("validation_share", what, self.share, "give a smaller share, more rows, or validation=")
        return super().epoch(number, skip, run=run)

    def _read(self, fragment: int) -> Iterator[Examples]:
        row, found = self._starts[fragment], []
        for block in super()._read(fragment):
            held = drawn(row, len(block), self.share, self.seed)
            row += len(block)
            if held.any():
                found.append(block.take(np.flatnonzero(held)))
            if not held.all():
                yield block.take(np.flatnonzero(~held)) if held.any() else block
        self._held[fragment] = found
