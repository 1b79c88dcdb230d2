"""The smallest and the largest value, and boundaries at equal distances between them."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from featurecols._core.arrays import Array
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer

_STATE = struct.Struct("<dd")


@dataclass(slots=True)
class Range:
    """The smallest and the largest value so far; inf and -inf of none."""

    low: float = math.inf
    high: float = -math.inf


@dataclass(frozen=True, eq=False, repr=False)
class Extremes(Analyzer):
    """The smallest and the largest present value, each rounded to `dtype`; an infinite value is an error.

    finish gives float64 scalars "min" and "max".

    >>> from featurecols._core.numbers import Numbers
    >>> extremes = Extremes()
    >>> state = extremes.update(extremes.empty(), Numbers(np.array([2.0, np.nan, 1.0])))
    >>> {name: value.item() for name, value in extremes.finish(state).items()}
    {'max': 2.0, 'min': 1.0}
    """

    numeric: ClassVar[bool] = True
    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"max": ("<f8", 0), "min": ("<f8", 0)}

    dtype: str = "float64"

    def check(self) -> None:
        base.check_dtype(type(self).__name__, self.dtype)

    @property
    def collects(self) -> Analyzer:
        return self if type(self) is Extremes else Extremes(self.dtype)

    def empty(self) -> Range:
        return Range()

    def update(self, state: Range, value: base.HasNumbers) -> Range:
        x, weights = base.counted(value, self.dtype)
        if len(weights):
            x = x[weights > 0]
        if not len(x):
            return state
        if (infinite := np.isinf(x)).any():
            raise base.not_learnable(value, int(infinite.argmax()))
        low, high = float(np.fmin.reduce(x)), float(np.fmax.reduce(x))  # NaN where all are missing
        state.low, state.high = min(state.low, low + 0.0), max(state.high, high + 0.0)
        return state

    def merge(self, a: Range, b: Range) -> Range:
        return Range(min(a.low, b.low), max(a.high, b.high))

    def finish(self, state: Range) -> dict[str, Array]:
        if state.low > state.high:
            raise base.nothing_to_learn()
        return {"max": np.array(state.high), "min": np.array(state.low)}

    def problem(self, learned: Mapping[str, Array]) -> str | None:
        problem = super().problem(learned)
        if problem is None and "min" in learned and learned["min"] > learned["max"]:
            return "min is above max"
        return problem

    def to_bytes(self, state: Range) -> bytes:
        return base.pack("Extremes.v1", _STATE.pack(state.low, state.high))

    def from_bytes(self, data: bytes) -> Range:
        (found,) = base.unpack("Extremes.v1", data, 1)
        if len(found) != _STATE.size:
            raise base.damaged("Extremes.v1")
        low, high = _STATE.unpack(found)
        if not (low, high) == (math.inf, -math.inf) and not -math.inf < low <= high < math.inf:
            raise base.damaged("Extremes.v1")
        return Range(low, high)


@dataclass(frozen=True, eq=False, repr=False)
class EqualBoundaries(Extremes):
    """Boundaries of n intervals of one width by the rule of placeholders.EqualWidth.

    finish gives "boundaries" float64 [<= n - 1], strictly ascending.
    """

    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"boundaries": ("<f8", 1)}

    n: int = field(kw_only=True)

    def finish(self, state: Range) -> dict[str, Array]:
        found = super().finish(state)
        low, high = float(found["min"]), float(found["max"])
        i = np.arange(1, self.n)
        if math.isinf(high - low):
            inner = np.unique(low * (1 - i / self.n) + high * (i / self.n))
        else:
            inner = np.unique(i * ((high - low) / self.n) + low)
        return {"boundaries": inner[(inner > low) & (inner <= high)]}

    def problem(self, learned: Mapping[str, Array]) -> str | None:
        problem = super().problem(learned)
        if problem is None and (np.diff(learned["boundaries"]) <= 0).any():
            return "boundaries do not increase"
        return problem

    def remark(self, learned: Mapping[str, Array]) -> str | None:
        if len(learned["boundaries"]):
            return None
        return "all values are equal, so that there is one bucket, a constant"
