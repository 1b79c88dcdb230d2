"""Count, mean, population standard deviation, smallest and largest value: exact sums, rounded once at the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from featurecols import kernels
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer
from featurecols.spec import Spec
from featurecols.values import Array

UNIT = 1074  # every finite float64 is a whole number of 2**-1074


@dataclass(slots=True)
class Sums:
    """count values; their sum in units of 2**-1074 and sum of squares in units of 2**-2148, exact; min and max."""

    count: int = 0
    total: int = 0
    squares: int = 0
    low: float = math.inf
    high: float = -math.inf


@dataclass(frozen=True, eq=False, repr=False)
class Moments(Analyzer):
    """Exact moments of the present values, after rounding to `dtype` and the normalizers `before`, in order.

    finish gives float64 scalars "mean", "std" (population), "min", "max" and int64 "count". One state serves ZScore,
    MinMax and Mean: they ask for equal analyzers.
    """

    dtype: str = "float64"
    before: tuple[Any, ...] = ()

    def check(self) -> None:
        base.check_dtype("Moments", self.dtype)
        for normalizer in self.before:
            normalizer.op()  # raises while its numbers are not known

    @property
    def collects(self) -> Spec:
        return self if type(self) is Moments else Moments(self.dtype, self.before)

    def empty(self) -> Sums:
        return Sums()

    def update(self, state: Sums, value: base.HasNumbers) -> Sums:
        x = base.elements(value, self.dtype)
        if self.before:
            x = _normalized(x, self.before)
        x = x[x == x]
        if not len(x):
            return state
        values, counts = np.unique(x + 0.0, return_counts=True)
        for v, c in zip(values.tolist(), counts.tolist(), strict=True):
            if math.isinf(v):
                raise base.refuse_infinity(
                    "learning", value, int(np.flatnonzero(np.isinf(base.elements(value, self.dtype)))[0])
                )
            units = int(Fraction(v) * 2**UNIT)
            state.total += units * c
            state.squares += units * units * c
        state.count += len(x)
        state.low, state.high = min(state.low, float(x.min()) + 0.0), max(state.high, float(x.max()) + 0.0)
        return state

    def merge(self, a: Sums, b: Sums) -> Sums:
        return Sums(a.count + b.count, a.total + b.total, a.squares + b.squares, min(a.low, b.low), max(a.high, b.high))

    def finish(self, state: Sums) -> dict[str, Array]:
        if not state.count:
            raise base.nothing_to_learn(type(self).__name__)
        n = state.count
        variance = Fraction(n * state.squares - state.total**2, (n << UNIT) ** 2)
        return {
            "count": np.array(n, dtype=np.int64),
            "mean": np.array(state.total / (n << UNIT)),
            "std": np.array(square_root(variance)),
            "min": np.array(state.low),
            "max": np.array(state.high),
        }

    def to_bytes(self, state: Sums) -> bytes:
        raise NotImplementedError

    def from_bytes(self, data: bytes) -> Sums:
        raise NotImplementedError


@dataclass(frozen=True, eq=False, repr=False)
class MeanValue(Moments):
    """The mean alone: finish gives "value", a float64 scalar."""

    def finish(self, state: Sums) -> dict[str, Array]:
        return {"value": super().finish(state)["mean"]}


def square_root(x: Fraction) -> float:
    """The float64 nearest to sqrt(x), x >= 0: an integer root, the remainder kept as a sticky bit."""
    n, d = x.numerator, x.denominator
    if n == 0:
        return 0.0
    shift = max(0, 2 * 64 - n.bit_length() + d.bit_length() + 1) // 2
    root = math.isqrt((n << 2 * shift) // d)
    sticky = root * root * d != n << 2 * shift
    return (2 * root + sticky) / (1 << (shift + 1))


def _normalized(x: Array, before: tuple[Any, ...]) -> Array:
    ops = [normalizer.op() for normalizer in before]
    codes = np.array([code for code, _, _ in ops], dtype=np.int64)
    a, b = (np.array([op[i] for op in ops], dtype=np.float64) for i in (1, 2))
    out = np.empty_like(x)
    kernels.numeric.normalize(x, np.array([math.nan]), codes, a, b, True, out)
    return out
