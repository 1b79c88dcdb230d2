"""Exact counts of terms, and the most frequent of them. Nothing is pruned: what does not fit into memory is spilled."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from featurecols._core.arrays import Array, Texts
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.spill import Chunk, Run, merged
from featurecols.analyzers.term_counts import Table, take
from featurecols.data.fields import spelled
from featurecols.data.missing import Markers

_POOL = 2**16  # texts that wait at least before the best are chosen


@dataclass(frozen=True, eq=False, repr=False)
class TermCounts(Analyzer):
    """Counts of canonical bytes; missing values are not terms, every element of a list counts.

    finish gives the n most frequent terms (all when n is None) seen min_count times or more, by count descending, then
    by bytes ascending: "offsets" int64 [k + 1], "data" uint8, "counts" int64 [k]. None seen so often give k = 0.

    All tables of a process together hold about 256 MiB, FEATURECOLS_TERM_MEMORY MiB when that is set; beyond it they spill
    sorted runs to temporary files, which vanish with the state, and with the process.
    """

    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"offsets": ("<i8", 1), "data": ("|u1", 1), "counts": ("<i8", 1)}

    n: int | None = None
    min_count: int = 1

    @property
    def collects(self) -> Analyzer:
        return TermCounts()

    def empty(self) -> Table:
        return Table()

    def update(self, state: Table, value: base.HasTokens) -> Table:
        tokens = value.tokens()
        span = slice(None) if tokens.offsets is None else slice(int(tokens.offsets[0]), int(tokens.offsets[-1]))
        texts = tokens.texts
        if tokens.codes is not None:
            state.count(np.ascontiguousarray(tokens.codes[span], np.int32), texts)
        elif tokens.offsets is None:
            state.add(texts.offsets, texts.data, texts.valid)
        else:
            valid = None if texts.valid is None else texts.valid[span]
            state.add(texts.offsets[span.start : span.stop + 1], texts.data, valid)
        return state

    def merge(self, a: Table, b: Table) -> Table:
        a.merge(b)
        return a

    def as_type(self, state: Table, name: str, markers: Markers) -> Table:
        found = Table()
        for chunk in state.chunks():
            texts = Texts(chunk.offsets, chunk.data)
            values = spelled.tokens("fit", spelled.scan(texts), name, markers).texts
            found.add(values.offsets, values.data, values.valid, np.ascontiguousarray(chunk.counts))
        return found

    def close(self, state: Table) -> None:
        state.close()

    def problem(self, learned: Mapping[str, Array]) -> str | None:
        problem = super().problem(learned)
        if problem is None:
            offsets = learned["offsets"]
            if not len(offsets) or offsets[0] != 0 or (np.diff(offsets) < 0).any() or offsets[-1] != len(learned["data"]):
                return "offsets do not fit the data"
        return problem

    def finish(self, state: Table) -> dict[str, Array]:
        state.settle()
        if not state.used and not state.runs:
            raise base.nothing_to_learn()
        if state.runs:
            state.spill()
            selection = _Best(self.n, self.min_count)
            for chunk in state.runs.merged(selection.least):
                selection.add(chunk)
            texts = _joined(selection.kept)
            order = np.arange(len(texts.counts), dtype=np.int32)
        else:
            texts, counts = state.entries, state.counts[: state.used]
            entries = np.flatnonzero(counts >= self.min_count)
            if self.n is not None and len(entries) > self.n:
                entries = entries[counts[entries] >= _largest(counts[entries], self.n)]
            order = state.ordered(entries)
        best = take(texts, order[np.argsort(-texts.counts[order], kind="stable")[: self.n]])
        return {"offsets": best.offsets, "data": best.data, "counts": best.counts}

    def remark(self, learned: Mapping[str, Array]) -> str | None:
        return None if len(learned["counts"]) else f"no term occurs {self.min_count} times, so that there are no terms"

    def to_bytes(self, state: Table) -> bytes:
        return base.pack("TermCounts.v1", b"".join(state.records()))

    def from_bytes(self, data: bytes) -> Table:
        (records,) = base.unpack("TermCounts.v1", data, 1)
        state = Table()
        for chunk in merged([Run(io.BytesIO(records), 0, len(records))] if len(records) else []):
            state.add(chunk.offsets, chunk.data, None, chunk.counts)
        return state


class _Best:
    """The n most frequent of texts that come ascending by bytes; at most about 2 n of them are held."""

    def __init__(self, n: int | None, min_count: int) -> None:
        self.n, self._least = n, min_count
        self.kept: list[Chunk] = []
        self._held = 0

    def least(self) -> int:
        """Return the count that a text to come must reach."""
        return self._least

    def add(self, chunk: Chunk) -> None:
        self.kept.append(Chunk(*(array.copy() for array in chunk)))
        self._held += len(chunk.counts)
        if self.n is not None and self._held > max(2 * self.n, self.n + _POOL):
            best = _first(_joined(self.kept), self.n)
            self.kept, self._held = [best], self.n
            self._least = int(best.counts.min()) + 1  # of equally frequent texts the earlier one wins


def _largest(counts: Array, n: int) -> int:
    """Return the n-th largest count."""
    return int(np.partition(counts, -n)[-n])


def _first(texts: Chunk, n: int) -> Chunk:
    """Return the n most frequent texts, in the order they have; of equally frequent ones the first."""
    least = _largest(texts.counts, n)
    keep = texts.counts > least
    ties = np.flatnonzero(texts.counts == least)
    keep[ties[: n - int(keep.sum())]] = True
    return take(texts, np.flatnonzero(keep).astype(np.int32))


def _joined(parts: Iterable[Chunk]) -> Chunk:
    """Chunks one after another."""
    parts = list(parts)
    sizes = np.concatenate([np.zeros(1, np.int64), *(np.diff(part.offsets) for part in parts)])
    data = np.concatenate([np.empty(0, np.uint8), *(part.data for part in parts)])
    return Chunk(np.cumsum(sizes), data, np.concatenate([np.empty(0, np.int64), *(part.counts for part in parts)]))
