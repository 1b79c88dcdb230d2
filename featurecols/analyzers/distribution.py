"""How the values of a field are distributed, for comparing one set of rows with another: nothing here raises for a value.

TermCounts and Moments, beside these, count terms and know the mean.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.quantiles import Bins

MOST_BINS = 2**12  # of numbers; their table fits into the L2 cache of a core
_MAX_DROP = 52  # sign and exponent alone are fewer than 2**12 bins
_COUNTS = struct.Struct("<qq")


@dataclass(slots=True)
class Spread:
    """Numbers that were counted: all values, missing ones among them, how many are infinite, and bins of the finite ones."""

    values: int = 0
    infinite: int = 0
    bins: Bins = field(default_factory=lambda: Bins(limit=MOST_BINS))


@dataclass(frozen=True, eq=False, repr=False)
class ValueBins(Analyzer):
    """Counts of numbers in at most MOST_BINS bins, exact while there are no more distinct ones.

    Every element of a list counts; a list without elements is one missing value. Infinite numbers are counted apart.

    finish gives "keys" uint64 [k] ascending, the lower edges of the bins as sortable bits without the last `drop` ones,
    "counts" int64 [k], and int64 scalars "drop", "values" and "infinite".

    >>> from featurecols._core.numbers import Numbers
    >>> bins = ValueBins()
    >>> state = bins.update(bins.empty(), Numbers(np.array([1.0, 2.0, np.nan, 1.0, np.inf])))
    >>> state.values, state.infinite, bins.finish(state)["counts"].tolist()
    (5, 1, [2, 1])
    """

    numeric = True

    def empty(self) -> Spread:
        return Spread()

    def update(self, state: Spread, value: base.HasNumbers) -> Spread:
        x, weights = base.counted(value, "float64")
        if len(weights):
            state.values += len(value)  # those that are missing have no number in a dictionary
        else:
            offsets = value.numbers().offsets
            state.values += len(x) + (0 if offsets is None else int((np.diff(offsets) == 0).sum()))
        bins, at, status = state.bins, 0, np.zeros(2, np.int64)
        while True:
            status[0] = bins.used
            bits, table = x.view(np.uint64), bins.table
            at = kernels.accumulate.count[0](
                bits, weights, at, np.uint64(bins.drop), bins.shift, table, len(table) // 2, status
            )
            bins.used = int(status[0])
            if status[1] == kernels.accumulate.INFINITE:
                infinite = np.isinf(x)
                state.infinite += int(infinite.sum())
                x = np.where(infinite, np.nan, x)
            elif status[1] == kernels.accumulate.FULL:
                coming = x[at : at + base.LOOK]
                there = np.isfinite(coming) if not len(weights) else np.isfinite(coming) & (weights[at : at + base.LOOK] > 0)
                bins.make_room(base.sortable(coming[there] + 0.0))
            else:
                return state

    def merge(self, a: Spread, b: Spread) -> Spread:
        a.bins.merge(b.bins)
        return Spread(a.values + b.values, a.infinite + b.infinite, a.bins)

    def finish(self, state: Spread) -> dict[str, Array]:
        entries = state.bins.entries()
        scalars = {"drop": state.bins.drop, "values": state.values, "infinite": state.infinite}
        found = {name: np.array(value, np.int64) for name, value in scalars.items()}
        return {"keys": entries[:, 0], "counts": entries[:, 1].astype(np.int64), **found}

    def to_bytes(self, state: Spread) -> bytes:
        return base.pack("ValueBins.v1", _COUNTS.pack(state.values, state.infinite), state.bins.to_bytes())

    def from_bytes(self, data: bytes) -> Spread:
        head, body = base.unpack("ValueBins.v1", data, 2)
        if len(head) != _COUNTS.size:
            raise base.damaged("ValueBins.v1")
        values, infinite = _COUNTS.unpack(head)
        bins = Bins.from_bytes("ValueBins.v1", body, MOST_BINS, _MAX_DROP)
        if infinite < 0 or int(bins.entries()[:, 1].sum()) > values - infinite:
            raise base.damaged("ValueBins.v1")
        return Spread(values, infinite, bins)


@dataclass(frozen=True, eq=False, repr=False)
class ValueCount(Analyzer):
    """The number of values, missing ones among them; a list without elements is one missing value.

    finish gives "values", an int64 scalar.
    """

    def empty(self) -> int:
        return 0

    def update(self, state: int, value: base.HasTokens) -> int:
        tokens = value.tokens()
        if tokens.offsets is None:
            return state + len(tokens)
        sizes = np.diff(tokens.offsets)
        return state + int(sizes.sum()) + int((sizes == 0).sum())

    def merge(self, a: int, b: int) -> int:
        return a + b

    def finish(self, state: int) -> dict[str, Array]:
        return {"values": np.array(state, np.int64)}

    def to_bytes(self, state: int) -> bytes:
        return base.pack("ValueCount.v1", struct.pack("<q", state))

    def from_bytes(self, data: bytes) -> int:
        (body,) = base.unpack("ValueCount.v1", data, 1)
        if len(body) != 8 or (found := struct.unpack("<q", body)[0]) < 0:
            raise base.damaged("ValueCount.v1")
        return int(found)
