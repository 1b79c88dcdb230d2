"""Quantiles by an adaptive radix histogram over the sortable bits of float64.

A value's sortable bits are an unsigned integer in the order of the values. The histogram counts them without their last
`drop` bits, where drop is the least number that leaves at most LIMIT bins. That number depends on the set of values
alone, and dropping bits of a sum of histograms is the sum of histograms with dropped bits: no order of values, batches
or merges can be seen in the state.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer

LIMIT = 2**15
MAX_DROP = 50  # sign and exponent alone make 2**12 bins; so a bin's lower edge is always finite


@dataclass(slots=True)
class Bins:
    """An open-addressing table [2**k, 2] of sortable bits >> drop and counts, at most half full; key 0 is an empty slot.

    limit: how many bins it may hold, a power of two from 2**12 on.
    """

    drop: int = 0
    used: int = 0
    table: Array = field(default_factory=lambda: np.zeros((512, 2), np.uint64))
    limit: int = LIMIT

    @property
    def shift(self) -> np.uint64:
        return np.uint64(65 - len(self.table).bit_length())

    def entries(self) -> Array:
        """uint64 [used, 2]: keys and counts, ascending by key."""
        entries = self.table[self.table[:, 0] != 0]
        return entries[np.argsort(entries[:, 0])]

    def rebuild(self, drop: int, keys: int, *parts: tuple[Array, int]) -> None:
        """Hold the entries of the parts, each (entries, their drop), in a table for `keys` keys."""
        size = 1 << max(9, (2 * min(keys, self.limit) - 1).bit_length())
        self.drop, self.used, self.table = drop, 0, np.zeros((size, 2), np.uint64)
        for entries, had in parts:
            self.used += int(kernels.accumulate.absorb[0](entries, np.uint64(drop - had), self.shift, self.table))

    def make_room(self, coming: Array) -> None:
        """Grow the table, or drop bits once it is as large as it may be; `coming` are sortable bits of values to come."""
        entries = self.entries()
        if len(self.table) < 2 * self.limit:
            self.rebuild(self.drop, 4 * self.used, (entries, self.drop))
        else:
            more = least_drop(np.concatenate([entries[:, 0], coming >> np.uint64(self.drop)]), self.limit)
            self.rebuild(self.drop + more, self.limit, (entries, self.drop))

    def merge(self, other: Bins) -> None:
        """Count what the other has counted, too; both have one limit."""
        drop, parts = max(self.drop, other.drop), ((self.entries(), self.drop), (other.entries(), other.drop))
        keys = np.concatenate([entries[:, 0] >> np.uint64(drop - had) for entries, had in parts])
        self.rebuild(drop + least_drop(keys, self.limit), len(keys), *parts)

    def to_bytes(self) -> bytes:
        """Return drop, then keys and counts."""
        return struct.pack("<q", self.drop) + self.entries().astype("<u8").tobytes()

    @staticmethod
    def from_bytes(kind: str, data: memoryview, limit: int = LIMIT, max_drop: int = MAX_DROP) -> Bins:
        """Return what to_bytes wrote; raises DataError, in the name of the analyzer, for anything else."""
        if len(data) % 16 != 8 or len(data) > 16 * limit + 8:
            raise base.damaged(kind)
        (drop,) = struct.unpack("<q", data[:8])
        entries = np.frombuffer(data[8:], "<u8").reshape(-1, 2).astype(np.uint64)
        keys, counts = entries[:, 0], entries[:, 1]
        if not 0 <= drop <= max_drop or (keys[1:] <= keys[:-1]).any() or (counts == 0).any() or (counts >= 2**47).any():
            raise base.damaged(kind)
        if not np.isfinite(base.unsortable(keys << np.uint64(drop))).all() or (keys > np.uint64((2**64 - 1) >> drop)).any():
            raise base.damaged(kind)
        state = Bins(limit=limit)
        state.rebuild(drop, len(entries), (entries, drop))
        return state


def least_drop(keys: Array, limit: int = LIMIT) -> int:
    """How many bits must go so that at most `limit` distinct keys are left."""
    keys = np.sort(keys)
    apart = keys[1:] ^ keys[:-1]  # neighbours stay distinct while their highest different bit stays
    return int(np.partition(apart, -limit)[-limit]).bit_length() if len(apart) >= limit else 0


@dataclass(frozen=True, eq=False, repr=False)
class Histogram(Analyzer):
    """Counts of the present values, each rounded to `dtype`: exact while there are at most LIMIT distinct ones.

    finish gives "edges" float64 [k] ascending (the distinct values; once bits are dropped, the lower edges of bins) and
    "counts" int64 [k].
    """

    numeric: ClassVar[bool] = True
    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"edges": ("<f8", 1), "counts": ("<i8", 1)}

    dtype: str = "float64"

    def check(self) -> None:
        base.check_dtype(type(self).__name__, self.dtype)

    @property
    def collects(self) -> Analyzer:
        return self if type(self) is Histogram else Histogram(self.dtype)

    def empty(self) -> Bins:
        return Bins()

    def update(self, state: Bins, value: base.HasNumbers) -> Bins:
        x, weights = base.counted(value, self.dtype)
        bits, at, status = x.view(np.uint64), 0, np.zeros(2, np.int64)
        while True:
            status[0] = state.used
            at = kernels.accumulate.count[0](
                bits, weights, at, np.uint64(state.drop), state.shift, state.table, len(state.table) // 2, status
            )
            state.used = int(status[0])
            if status[1] == kernels.accumulate.INFINITE:
                raise base.not_learnable(value, int(at))
            if status[1] != kernels.accumulate.FULL:
                return state
            coming = x[at : at + base.LOOK]
            there = np.isfinite(coming) if not len(weights) else np.isfinite(coming) & (weights[at : at + base.LOOK] > 0)
            state.make_room(base.sortable(coming[there] + 0.0))

    def merge(self, a: Bins, b: Bins) -> Bins:
        a.merge(b)
        return a

    def finish(self, state: Bins) -> dict[str, Array]:
        entries = state.entries()
        if not len(entries):
            raise base.nothing_to_learn()
        return {"edges": base.unsortable(entries[:, 0] << np.uint64(state.drop)), "counts": entries[:, 1].astype(np.int64)}

    def to_bytes(self, state: Bins) -> bytes:
        data = state.to_bytes()
        return base.pack("Histogram.v1", data[:8], data[8:])

    def from_bytes(self, data: bytes) -> Bins:
        head, body = base.unpack("Histogram.v1", data, 2)
        return Bins.from_bytes("Histogram.v1", memoryview(bytes(head) + bytes(body)))


@dataclass(frozen=True, eq=False, repr=False)
class Boundaries(Histogram):
    """Boundaries of n buckets by the rule of markers.Quantiles.

    finish gives "boundaries" float64 [<= n - 1], strictly ascending, and "rank_error", a float64 scalar: 0 while exact,
    else the fraction of the values in the largest bin.
    """

    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"boundaries": ("<f8", 1), "rank_error": ("<f8", 0)}

    n: int = field(kw_only=True)

    def problem(self, learned: Mapping[str, Array]) -> str | None:
        problem = super().problem(learned)
        if problem is None and (np.diff(learned["boundaries"]) <= 0).any():
            return "boundaries do not increase"
        return problem

    def finish(self, state: Bins) -> dict[str, Array]:
        learned = super().finish(state)
        edges, counts = learned["edges"], learned["counts"]
        error = int(counts.max()) / int(counts.sum()) if state.drop else 0.0
        return {"boundaries": edges[cuts_of(counts, self.n)], "rank_error": np.array(error)}

    def remark(self, learned: Mapping[str, Array]) -> str | None:
        if len(learned["boundaries"]):
            return None
        return "all values are equal, so that there is one bucket, a constant"


def cuts_of(counts: Array, n: int) -> list[int]:
    """Return the bins, ascending, at which n buckets begin but the first, by the rule of markers.Quantiles."""
    total = int(counts.sum())
    cuts, others = _around_heavy_values(counts, total, n)
    rest = n - len(cuts)
    below = np.cumsum(others)
    left = int(below[-1])
    if left:
        ranks = np.array([i * left // rest for i in range(1, rest)], dtype=np.int64)
        cuts.update(np.searchsorted(below, ranks, side="right").tolist())
    return sorted(cuts - {0})


def _around_heavy_values(counts: Array, total: int, n: int) -> tuple[set[int], Array]:
    """Return the bins of the boundaries beside heavy values, and the counts of all bins, 0 for those of heavy values."""
    heavy = np.flatnonzero(counts > total // n)  # an integer above total / n
    cuts: set[int] = set()
    for at in heavy[np.argsort(-counts[heavy], kind="stable")].tolist():
        for cut in (at, at + 1):
            if 0 < cut < len(counts) and len(cuts) < n - 1:
                cuts.add(cut)
    others = counts.copy()
    others[heavy] = 0
    return cuts, others


@dataclass(frozen=True, eq=False, repr=False)
class MedianValue(Histogram):
    """The lower median: finish gives "value", a float64 scalar."""

    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"value": ("<f8", 0)}

    def finish(self, state: Bins) -> dict[str, Array]:
        learned = super().finish(state)
        below = np.cumsum(learned["counts"])
        middle = np.searchsorted(below, (int(below[-1]) - 1) // 2, side="right")
        return {"value": np.array(learned["edges"][middle])}
