"""In how many rows each id stands, and how many rows there are: what inverse document frequencies are made of."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Ids
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer

MOST_IDS = 2**26
_NAME = "DocumentCounts.v1"


@dataclass(slots=True)
class Documents:
    """rows: how many. counts: int64, by id, in how many of them it stands; ids past its end stand in none."""

    rows: int
    counts: Array


@dataclass(frozen=True, eq=False, repr=False)
class DocumentCounts(Analyzer):
    """In how many rows each id stands; an id that a row has twice counts once, and a negative one not at all.

    finish gives int64 "counts", up to the last id that stands in a row, and the int64 scalar "rows".

    >>> counts = DocumentCounts()
    >>> ids = Ids(np.array([2, 0, 2, -1, 0], np.int32), np.array([0, 3, 3, 5]))
    >>> {name: value.tolist() for name, value in counts.finish(counts.update(counts.empty(), ids)).items()}
    {'counts': [2, 0, 1], 'rows': 3}
    """

    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"counts": ("<i8", 1), "rows": ("<i8", 0)}

    def empty(self) -> Documents:
        return Documents(0, np.zeros(0, np.int64))

    def update(self, state: Documents, value: Ids) -> Documents:
        flat, offsets = value.elements()
        ids = flat.values.astype(np.int64, copy=False)
        size = int(ids.max(initial=-1)) + 1
        if size > MOST_IDS:
            hint = "hash into fewer buckets"
            raise errors.DataError(
                "fit", f"document frequencies of at most {MOST_IDS:,} ids are kept", got=str(size), hint=hint
            )
        last, counts = np.zeros((2, size), np.int64)
        kernels.count_terms.tally_rows[0](np.ascontiguousarray(ids), np.ascontiguousarray(offsets, np.int64), last, counts)
        return _added(state, len(value), counts)

    def merge(self, a: Documents, b: Documents) -> Documents:
        return _added(a, b.rows, b.counts)

    def finish(self, state: Documents) -> dict[str, Array]:
        return {"counts": _trimmed(state.counts).copy(), "rows": np.array(state.rows, np.int64)}

    def problem(self, learned: Mapping[str, Array]) -> str | None:
        problem = super().problem(learned)
        if problem is None and ((learned["counts"] < 0).any() or (learned["counts"] > learned["rows"]).any()):
            return "an id stands in more rows than there are"
        return problem

    def to_bytes(self, state: Documents) -> bytes:
        return base.pack(_NAME, struct.pack("<q", state.rows), _trimmed(state.counts).astype("<i8").tobytes())

    def from_bytes(self, data: bytes) -> Documents:
        rows, counts = base.unpack(_NAME, data, 2)
        if len(rows) != 8 or len(counts) % 8:
            raise base.damaged(_NAME)
        found = Documents(struct.unpack("<q", rows)[0], np.frombuffer(counts, "<i8").astype(np.int64))
        if self.problem(self.finish(found)) is not None:
            raise base.damaged(_NAME)
        return found


def _added(state: Documents, rows: int, counts: Array) -> Documents:
    """Return the state with so many more rows, in which ids stand so often."""
    if len(counts) > len(state.counts):
        state.counts = np.append(state.counts, np.zeros(len(counts) - len(state.counts), np.int64))
    state.counts[: len(counts)] += counts
    state.rows += rows
    return state


def _trimmed(counts: Array) -> Array:
    """Return the counts up to the last that is not 0."""
    there = np.flatnonzero(counts)
    return counts[: int(there[-1]) + 1 if len(there) else 0]
