"""Quantiles by an adaptive radix histogram over the sortable bits of float64."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer
from featurecols.spec import Spec
from featurecols.values import Array

LIMIT = 2**15  # bins


@dataclass(slots=True)
class Bins:
    """Counts of values by their sortable bits without the last `drop`: keys uint64 ascending, counts int64."""

    drop: int = 0
    keys: Array = field(default_factory=lambda: np.empty(0, np.uint64))
    counts: Array = field(default_factory=lambda: np.empty(0, np.int64))

    def add(self, keys: Array, counts: Array) -> None:
        self.keys, inverse = np.unique(np.concatenate([self.keys, keys]), return_inverse=True)
        both = np.concatenate([self.counts, counts])
        self.counts = np.zeros(len(self.keys), np.int64)
        np.add.at(self.counts, inverse, both)

    def coarsen(self) -> None:
        while len(self.keys) > LIMIT:
            keys, counts = self.keys, self.counts
            self.drop, self.keys, self.counts = self.drop + 1, keys[:0], counts[:0]
            self.add(keys >> np.uint64(1), counts)


@dataclass(frozen=True, eq=False, repr=False)
class Histogram(Analyzer):
    """Base of what is read off the histogram; all of one dtype share one state."""

    abstract: ClassVar[bool] = True

    def empty(self) -> Bins:
        return Bins()

    def update(self, state: Bins, value: base.HasNumbers) -> Bins:
        x = base.elements(value, self.dtype)  # type: ignore[attr-defined]
        bad = np.flatnonzero(np.isinf(x))
        if len(bad):
            raise base.refuse_infinity("learning", value, int(bad[0]))
        x = x[x == x] + 0.0
        keys, counts = np.unique(sortable(x) >> np.uint64(state.drop), return_counts=True)
        state.add(keys, counts)
        state.coarsen()
        return state

    def merge(self, a: Bins, b: Bins) -> Bins:
        if a.drop < b.drop:
            a, b = b, a
        a.add(b.keys >> np.uint64(a.drop - b.drop), b.counts)
        a.coarsen()
        return a

    def to_bytes(self, state: Bins) -> bytes:
        raise NotImplementedError

    def from_bytes(self, data: bytes) -> Bins:
        raise NotImplementedError


@dataclass(frozen=True, eq=False, repr=False)
class Boundaries(Histogram):
    """Boundaries of n buckets: finish gives "boundaries" float64 [<= n - 1], ascending, and "rank_error"."""

    n: int
    dtype: str = "float64"

    def check(self) -> None:
        base.check_dtype("Quantiles", self.dtype)

    @property
    def collects(self) -> Spec:
        return MedianValue(self.dtype)

    def finish(self, state: Bins) -> dict[str, Array]:
        total = int(state.counts.sum())
        if not total:
            raise base.nothing_to_learn(f"Quantiles({self.n})")
        ranks = np.array([i * total // self.n for i in range(1, self.n)], dtype=np.int64)
        bins = np.unique(np.searchsorted(np.cumsum(state.counts), ranks, side="right"))
        error = state.counts.max() / total if state.drop else 0.0
        edges = unsortable(state.keys[bins[bins > 0]] << np.uint64(state.drop))
        return {"boundaries": edges, "rank_error": np.array(error)}


@dataclass(frozen=True, eq=False, repr=False)
class MedianValue(Histogram):
    """The lower median: finish gives "value", a float64 scalar."""

    dtype: str = "float64"

    def check(self) -> None:
        base.check_dtype("Median", self.dtype)

    def finish(self, state: Bins) -> dict[str, Array]:
        total = int(state.counts.sum())
        if not total:
            raise base.nothing_to_learn("Median")
        bin_ = np.searchsorted(np.cumsum(state.counts), (total - 1) // 2, side="right")
        return {"value": unsortable(state.keys[bin_ : bin_ + 1] << np.uint64(state.drop))[0]}


def sortable(x: Array) -> Array:
    """uint64 in the order of the float64 values: all bits flipped for negative ones, else the sign bit."""
    bits = x.view(np.int64)
    return (bits ^ ((bits >> 63) | np.int64(-(2**63)))).view(np.uint64)


def unsortable(keys: Array) -> Array:
    signed = keys.view(np.int64)
    return (signed ^ ((~signed >> 63) | np.int64(-(2**63)))).view(np.float64)
