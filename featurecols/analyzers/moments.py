"""Count, mean, population standard deviation, smallest and largest value: exact sums, rounded once at the end.

Every finite float64 is a whole number of 2**-1074. A kernel adds values and squares into bins by exponent, where integers
do not overflow; the bins are then folded into two Python integers. Integers know no order, so neither does the result.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols._core.fused_layout import described
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer

UNIT = 1074
_ROOM = 2**20  # values that fit the kernel's bins
_HEAD = struct.Struct("<qdd")


@dataclass(slots=True)
class Sums:
    """count values; their sum in units of 2**-1074, the sum of their squares in units of 2**-2148; min and max."""

    count: int = 0
    total: int = 0
    squares: int = 0
    low: float = math.inf
    high: float = -math.inf


@dataclass(frozen=True, eq=False, repr=False)
class Moments(Analyzer):
    """Exact moments of the present values, each rounded to `dtype` and taken through the normalizers `before`, in order.

    An infinite value, or one outside the domain of a normalizer, is an error, or left out with `leave_out`.

    finish gives float64 scalars "mean", "std" (population), "min", "max" and int64 "count". ZScore and MinMax of one
    input ask for equal Moments, so that both are learned once.

    >>> from featurecols._core.numbers import Numbers
    >>> moments = Moments()
    >>> state = moments.update(moments.empty(), Numbers(np.array([1.0, 2.0, 6.0, np.nan])))
    >>> {name: value.item() for name, value in moments.finish(state).items()}
    {'count': 3, 'max': 6.0, 'mean': 3.0, 'min': 1.0, 'std': 2.160246899469287}
    """

    numeric: ClassVar[bool] = True
    learns: ClassVar[Mapping[str, tuple[str, int]]] = {
        "count": ("<i8", 0),
        "max": ("<f8", 0),
        "mean": ("<f8", 0),
        "min": ("<f8", 0),
        "std": ("<f8", 0),
    }

    dtype: str = "float64"
    before: tuple[Any, ...] = ()
    leave_out: bool = False

    def check(self) -> None:
        base.check_dtype("Moments", self.dtype)
        for normalizer in self.before:
            normalizer.op()  # raises while its numbers are not known

    @property
    def collects(self) -> Analyzer:
        return self if type(self) is Moments else Moments(self.dtype, self.before, self.leave_out)

    def empty(self) -> Sums:
        return Sums()

    def update(self, state: Sums, value: base.HasNumbers) -> Sums:
        x, weights = base.counted(value, self.dtype, _ROOM)
        if self.before:
            x, weights = self._normalized(value, x, weights)
        bits, start = x.view(np.uint64), 0
        while start < len(bits):
            bins = np.zeros((2048, 4), np.uint64)
            status = np.array([0, 0, base.sortable(state.low), base.sortable(state.high)], np.uint64)
            count = kernels.accumulate.sums[0](bits[start : start + _ROOM], weights[start : start + _ROOM], bins, status)
            if status[0] == kernels.accumulate.INFINITE:
                if not self.leave_out:
                    raise base.not_learnable(value, start + int(status[1]))
                bits = np.where(np.isinf(x), np.nan, x).view(np.uint64)
                continue
            _fold(state, bins)
            state.count += int(count)
            state.low, state.high = base.unsortable(status[2:]).tolist()
            start += _ROOM
        return state

    def _normalized(self, value: base.HasNumbers, x: Array, weights: Array) -> tuple[Array, Array]:
        """Return x through the normalizers, NaN where it is left out, with its weights; raises at a value that must not be."""
        codes, a, b = described(op for normalizer in self.before for op in normalizer.ops())
        y = np.empty_like(x)
        if kernels.numeric.normalize(x, np.array([math.nan]), codes, a, b, y) >= 0:
            bad = kernels.numeric.refused(x, codes, a, b) & ~np.isnan(x)
            if self.leave_out:
                y[bad] = np.nan
            elif (bad & (weights > 0) if len(weights) else bad).any():
                x = base.elements(value, self.dtype)
                bad = kernels.numeric.refused(x, codes, a, b) & ~np.isnan(x)
                raise base.not_learnable(value, int(bad.argmax()), in_domain=False)
        if len(weights) and np.isinf(y).any():  # so that its row is known
            return self._normalized(value, base.elements(value, self.dtype), base.ONCE)
        return y, weights

    def merge(self, a: Sums, b: Sums) -> Sums:
        return Sums(a.count + b.count, a.total + b.total, a.squares + b.squares, min(a.low, b.low), max(a.high, b.high))

    def problem(self, learned: Mapping[str, Array]) -> str | None:
        problem = super().problem(learned)
        if problem is None and "std" in learned and (learned["std"] < 0 or learned["min"] > learned["max"]):
            return "moments contradict each other"
        return problem

    def finish(self, state: Sums) -> dict[str, Array]:
        n = state.count
        if not n:
            raise base.nothing_to_learn()
        variance = Fraction(n * state.squares - state.total**2, (n << UNIT) ** 2)
        learned = {
            "max": state.high + 0.0,  # -0.0 becomes 0.0
            "mean": state.total / (n << UNIT),  # of integers: correctly rounded
            "min": state.low + 0.0,
            "std": square_root(variance),
        }
        return {"count": np.array(n, np.int64), **{name: np.array(v, np.float64) for name, v in learned.items()}}

    def to_bytes(self, state: Sums) -> bytes:
        head = _HEAD.pack(state.count, state.low + 0.0, state.high + 0.0)
        sums = (v.to_bytes(v.bit_length() // 8 + 1, "little", signed=True) for v in (state.total, state.squares))
        return base.pack("Moments.v1", head, *sums)

    def from_bytes(self, data: bytes) -> Sums:
        head, total, squares = base.unpack("Moments.v1", data, 3)
        if len(head) != _HEAD.size or len(total) > 512 or len(squares) > 1024:
            raise base.damaged("Moments.v1")
        count, low, high = _HEAD.unpack(head)
        state = Sums(
            count, int.from_bytes(total, "little", signed=True), int.from_bytes(squares, "little", signed=True), low, high
        )
        if count < 0 or (count and not -math.inf < low <= high < math.inf) or state.squares * count < state.total**2:
            raise base.damaged("Moments.v1")
        return state if count else Sums()


@dataclass(frozen=True, eq=False, repr=False)
class MeanValue(Moments):
    """The mean alone: finish gives "value", a float64 scalar. Its state is that of Moments."""

    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"value": ("<f8", 0)}

    def finish(self, state: Sums) -> dict[str, Array]:
        return {"value": super().finish(state)["mean"]}


def square_root(x: Fraction) -> float:
    """Return the float64 nearest to sqrt(x), x >= 0: an integer root of 64 bits or more, what remains kept as a last bit."""
    n, d = x.numerator, x.denominator
    shift = max(0, 131 - n.bit_length() + d.bit_length()) // 2
    root = math.isqrt((n << 2 * shift) // d)
    return (2 * root + (root * root * d != n << 2 * shift)) / (2 << shift)


def _fold(state: Sums, bins: Array) -> None:
    """Add the kernel's bins to the two integers."""
    for e in np.flatnonzero(bins.any(axis=1)).tolist():
        low, high = bins[e, :2].view(np.int64).tolist()
        square_low, square_high = bins[e, 2:].tolist()
        scale = max(e, 1) - 1
        state.total += (low + (high << 32)) << scale
        state.squares += (square_low + (square_high << 64)) << 2 * scale
