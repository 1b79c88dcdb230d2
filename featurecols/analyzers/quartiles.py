"""The median and the distance of the quartiles, of values as normalizers make them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols._core.numbers import Numbers
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.quantiles import Bins, Histogram


class Normalizer(Protocol):
    """What a normalizer is asked for here: the operation of kernels/numeric, and its two numbers."""

    def op(self) -> tuple[int, float, float]: ...


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
        ops = [normalizer.op() for normalizer in self.before]
        codes = np.array([code for code, _, _ in ops], dtype=np.int64)
        a, b = (np.array([op[i] for op in ops], dtype=np.float64) for i in (1, 2))
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


def _percentile(edges: Array, counts: Array, q: float) -> float:
    """Return the value at place q * (N - 1) of the sorted values, between two of them in proportion."""
    below = np.cumsum(counts)
    place = q * (int(below[-1]) - 1)
    first = math.floor(place)
    a, b = (float(edges[np.searchsorted(below, k, side="right")]) for k in (first, min(first + 1, int(below[-1]) - 1)))
    t, step = place - first, b - a
    if math.isinf(step):
        return a * (1.0 - t) + b * t
    return a + step * t if t < 0.5 else b - step * (1.0 - t)
