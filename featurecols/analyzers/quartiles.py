"""The median, the distance of the quartiles, and quantiles, of values as normalizers make them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols._core.fused_layout import described
from featurecols._core.numbers import Numbers
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.quantiles import Bins, Histogram


class Normalizer(Protocol):
    """What a normalizer is asked for here: the operation of kernels/numeric, and its two numbers; the points of a table too."""

    def op(self) -> tuple[int, float, float]: ...

    def ops(self) -> list[tuple[int, float, float]]: ...


@dataclass(frozen=True, eq=False, repr=False)
class NormalizedHistogram(Histogram):
    """The Histogram of the present values, each rounded to `dtype` and taken through the normalizers `before`, in order.

    An infinite value, or one outside the domain of a normalizer, is an error, or left out with `leave_out`.
    """

    before: tuple[Normalizer, ...] = ()
    leave_out: bool = False

    def check(self) -> None:
        super().check()
        for normalizer in self.before:
            normalizer.op()  # raises while its numbers are not known

    @property
    def collects(self) -> Analyzer:
        if not self.before and not self.leave_out:
            return Histogram(self.dtype)
        return self if type(self) is NormalizedHistogram else NormalizedHistogram(self.dtype, self.before, self.leave_out)

    def update(self, state: Bins, value: base.HasNumbers) -> Bins:
        if not self.before and not self.leave_out:
            return super().update(state, value)
        x = base.elements(value, self.dtype)
        codes, a, b = described(op for normalizer in self.before for op in normalizer.ops())
        y = np.empty_like(x)
        if kernels.numeric.normalize(x, np.array([math.nan]), codes, a, b, y) >= 0:
            bad = kernels.numeric.refused(x, codes, a, b) & ~np.isnan(x)
            if bad.any() and not self.leave_out:
                raise base.not_learnable(value, int(bad.argmax()), in_domain=False)
            y[bad] = np.nan
        if (infinite := np.isinf(y)).any():
            if not self.leave_out:
                raise base.not_learnable(value, int(infinite.argmax()))
            y[infinite] = np.nan
        return super().update(state, Numbers(y))


@dataclass(frozen=True, eq=False, repr=False)
class Quartiles(NormalizedHistogram):
    """The median and the distance between the quartiles, both interpolated between neighbours as numpy.percentile does.

    finish gives float64 scalars "center" and "scale": 1 where the quartiles are equal, as in scikit-learn's RobustScaler.
    """

    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"center": ("<f8", 0), "scale": ("<f8", 0)}

    def finish(self, state: Bins) -> dict[str, Array]:
        found = super().finish(state)
        low, middle, high = (_percentile(found["edges"], found["counts"], q) for q in (0.25, 0.5, 0.75))
        distance = high - low
        return {"center": np.array(middle), "scale": np.array(distance if 0.0 < distance < math.inf else 1.0)}

    def problem(self, learned: Mapping[str, Array]) -> str | None:
        problem = super().problem(learned)
        if problem is None and not learned["scale"] > 0:
            return "scale is not positive"
        return problem


@dataclass(frozen=True, eq=False, repr=False)
class EvenQuantiles(NormalizedHistogram):
    """Quantiles evenly spaced in rank, from the smallest value to the largest, interpolated as numpy.percentile does.

    finish gives "quantiles" float64 [k] ascending: k is n, at most as many as there are values, and at least 2.
    """

    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"quantiles": ("<f8", 1)}

    n: int = field(kw_only=True)

    def finish(self, state: Bins) -> dict[str, Array]:
        found = super().finish(state)
        return {"quantiles": _evenly(found["edges"], found["counts"], self.n)}

    def problem(self, learned: Mapping[str, Array]) -> str | None:
        problem = super().problem(learned)
        if problem is None and (len(learned["quantiles"]) < 2 or (np.diff(learned["quantiles"]) < 0).any()):
            return "quantiles do not ascend"
        return problem


def _evenly(edges: Array, counts: Array, n: int) -> Array:
    """Return n values evenly spaced in rank, at most as many as there are, and at least 2."""
    below = np.cumsum(counts)
    k = max(2, min(n, int(below[-1])))
    quantiles = np.array([_at(edges, below, i / (k - 1)) for i in range(k)])
    return np.maximum.accumulate(quantiles)  # rounding may put one below that before it


def _percentile(edges: Array, counts: Array, q: float) -> float:
    """Return the value at place q * (N - 1) of the sorted values, between two of them in proportion."""
    return _at(edges, np.cumsum(counts), q)


def _at(edges: Array, below: Array, q: float) -> float:
    """Return the same of the running sums of counts."""
    place = q * (int(below[-1]) - 1)
    first = math.floor(place)
    a, b = (float(edges[np.searchsorted(below, k, side="right")]) for k in (first, min(first + 1, int(below[-1]) - 1)))
    t, step = place - first, b - a
    if math.isinf(step):
        return a * (1.0 - t) + b * t
    return a + step * t if t < 0.5 else b - step * (1.0 - t)
