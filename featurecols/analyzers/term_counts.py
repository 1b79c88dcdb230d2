"""A table of counted texts in bounded memory: what no longer fits is spilled as sorted runs."""

from __future__ import annotations

import math
import os
import secrets
import weakref
from collections.abc import Iterator

import numpy as np

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Texts
from featurecols._core.fork_safe import ProcessLock
from featurecols.analyzers import base
from featurecols.analyzers.spill import Chunk, Runs, encoded, records_of

MEMORY = "FEATURECOLS_TERM_MEMORY"  # MiB that all tables of a process share
_SHARES = 32  # a table may have this part of it however many there are
_SMALL = 2**8, 2**12  # slots and bytes of a table that is new
_SPARE = 8
_NONE, _ALL = np.empty(0, np.int64), np.empty(0, np.bool_)

# Drawn once per process: terms that all fall on one slot cannot be prepared. Results do not depend on it.
_SECRET = np.array([secrets.randbits(64) | 1 for _ in range(3)], np.uint64)
_LIVE: weakref.WeakSet[Table] = weakref.WeakSet()
_LOCK = ProcessLock()


def budget() -> int:
    """Bytes that the tables of this process may hold together."""
    text = os.environ.get(MEMORY, "") or "256"
    try:
        mebibytes = float(text)
    except ValueError:
        mebibytes = math.nan
    if not 0 <= mebibytes < 2**40:
        raise errors.argument(MEMORY, "must be a number of MiB", text, "unset it for 256")
    return int(mebibytes * 2**20)


class Table:
    """Counts of texts: entries in memory, sorted runs on disk. One thread at a time."""

    def __init__(self) -> None:
        self.runs = Runs()
        self._waiting: tuple[Texts, Array] | None = None  # a dictionary and the counts of its codes so far
        self._clear(*_SMALL)
        with _LOCK:
            _LIVE.add(self)

    def _clear(self, size: int, capacity: int) -> None:
        self.used = 0
        self.slots = np.zeros(size, np.uint64)
        self.offsets, self.counts = np.zeros(size * 5 // 8 + 1, np.int64), np.empty(size * 5 // 8, np.int64)
        self.data = np.zeros(capacity + _SPARE, np.uint8)

    @property
    def nbytes(self) -> int:
        return self.slots.nbytes + self.offsets.nbytes + self.counts.nbytes + self.data.nbytes

    def count(self, codes: Array, texts: Texts) -> None:
        """Count codes of a dictionary. Its texts are added when another dictionary comes, or when a result is asked for."""
        if self._waiting is None or self._waiting[0] is not texts:
            self.settle()
            self._waiting = texts, np.zeros(len(texts), np.int64)
        if kernels.count_terms.tally[0](codes, self._waiting[1]) < 0:
            raise base.damaged("dictionary")

    def settle(self) -> None:
        """Add the texts of the dictionary that waits."""
        if self._waiting is not None:
            (texts, weights), self._waiting = self._waiting, None
            self.add(texts.offsets, texts.data, texts.valid, weights)

    def add(self, offsets: Array, data: Array, valid: Array | None = None, weights: Array = _NONE) -> None:
        """Count the valid texts data[offsets[i]:offsets[i + 1]], each its weight times, once without weights."""
        texts, at, status = np.ascontiguousarray(offsets, np.int64), 0, np.zeros(3, np.int64)
        valid = _ALL if valid is None else valid
        while True:
            status[:2] = self.used, 0
            shift = np.uint64(65 - len(self.slots).bit_length())
            table = shift, self.slots, self.offsets, self.counts, self.data
            at = kernels.count_terms.add[0](texts, data, valid, weights, at, _SECRET, *table, status)
            if at < 0:
                raise base.damaged("text column")
            self.used = int(status[0])
            if at >= len(texts) - 1:
                return
            self._make_room(int(status[1]))

    def _make_room(self, lacks: int) -> None:
        """Make space for one more entry, or for `lacks` more bytes: by growing, or by spilling when memory is used up."""
        grown = len(self.data) + max(len(self.data), lacks) if lacks else 0
        extra = grown if lacks else 2 * self.nbytes - self.data.nbytes
        if self.used and self._over(extra):
            self.spill()
            if lacks <= len(self.data) - _SPARE:
                return
        if lacks:
            data = np.zeros(grown, np.uint8)
            data[: self.offsets[self.used]] = self.data[: self.offsets[self.used]]
            self.data = data
        else:
            self._double()

    def _double(self) -> None:
        size = 2 * len(self.slots)
        slots, self.slots = self.slots, np.zeros(size, np.uint64)
        kernels.count_terms.regrow[0](slots, np.uint64(65 - size.bit_length()), self.slots)
        del slots
        for name, more in (("offsets", 1), ("counts", 0)):
            larger = np.zeros(size * 5 // 8 + more, np.int64)
            larger[: self.used + more] = getattr(self, name)[: self.used + more]
            setattr(self, name, larger)

    def _over(self, extra: int) -> bool:
        """Return whether `extra` more bytes are too many for all tables together, and this one has its part of them."""
        if self.nbytes + extra <= self._share():
            return False
        with _LOCK:
            return sum(table.nbytes for table in _LIVE) + extra > budget()

    def _share(self) -> int:
        with _LOCK:
            return budget() // min(len(_LIVE), _SHARES)

    def spill(self) -> None:
        """Write the entries as a run, and start anew in the same memory, or in less where others need theirs."""
        if self.used:
            self.runs.write(self._records())
            self.used = 0
            self.slots.fill(0)
        if self.nbytes > self._share():
            self._clear(*_SMALL)

    def _records(self) -> Iterator[bytes]:
        # the slots are not needed any more: the sort uses their memory
        keys, order = self.slots[: self.used], self.slots[self.used :].view(np.int32)[: self.used]
        order[:] = np.arange(self.used, dtype=np.int32)
        self._sort(order, keys)
        yield from encoded(self.offsets, self.data, self.counts, order, np.empty(0, np.uint8))

    def _sort(self, order: Array, keys: Array) -> None:
        stack = np.empty(256 + 3 * (math.isqrt(int(self.offsets[self.used])) + 2), np.int64)
        kernels.sort_text.sort[0](self.offsets, self.data, order, keys, stack)

    @property
    def entries(self) -> Chunk:
        """The texts in memory by number, in no order that means anything."""
        return Chunk(self.offsets, self.data, self.counts)

    def ordered(self, entries: Array) -> Array:
        """Numbers of entries, int32, sorted by their texts."""
        order = entries.astype(np.int32)
        self._sort(order, np.empty(len(order), np.uint64))
        return order

    def records(self) -> Iterator[bytes]:
        """Every distinct text and its count as records, ascending: the same bytes whether some were spilled or not."""
        self.settle()
        if self.runs:
            self.spill()
            yield from records_of(self.runs.merged())
        else:
            order = self.ordered(np.arange(self.used))
            yield from encoded(*self.entries, order, np.empty(0, np.uint8))

    def chunks(self) -> Iterator[Chunk]:
        """Every distinct text and its count, some at a time, each once."""
        self.settle()
        if self.runs:
            self.spill()
            yield from self.runs.merged()
        elif self.used:
            yield Chunk(self.offsets[: self.used + 1], self.data[: self.offsets[self.used]], self.counts[: self.used])

    def close(self) -> None:
        """Forget everything and delete the files."""
        self._waiting = None
        self._clear(*_SMALL)
        self.runs.close()

    def merge(self, other: Table) -> None:
        """Take over another table's counts."""
        self.settle()
        other.settle()
        self.runs.extend(other.runs)
        self.add(other.offsets[: other.used + 1], other.data, None, other.counts[: other.used])
        other.close()


def take(texts: Chunk, order: Array) -> Chunk:
    """Texts by number, int32, in that order."""
    offsets = np.zeros(len(order) + 1, np.int64)
    kernels.count_terms.take[0](texts.offsets, texts.data, order, offsets, np.empty(0, np.uint8))
    data = np.empty(int(offsets[-1]), np.uint8)
    kernels.count_terms.take[0](texts.offsets, texts.data, order, offsets, data)
    return Chunk(offsets, data, texts.counts[order])
