"""The exponent of the power of Yeo and Johnson that brings values closest to a normal distribution.

Yeo and Johnson (2000), "A new family of power transformations to improve normality or symmetry". The negative log-likelihood is
convex in the exponent, so that halving an interval of exponents finds its least value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from featurecols._core.arrays import Array
from featurecols.analyzers.quantiles import Bins
from featurecols.analyzers.quartiles import NormalizedHistogram

STEPS = 1024  # exponents from one to the next
_MOST = 1024  # the largest exponent
_LARGEST = 350.0  # logarithm of a power: half of that of the largest float64


@dataclass(frozen=True, eq=False, repr=False)
class PowerExponent(NormalizedHistogram):
    """The multiple of 1 / STEPS at which the values, raised to that power, are most likely to be of a normal distribution.

    finish gives "exponent", a float64 scalar; 1 where the values are all equal.
    """

    learns: ClassVar[Mapping[str, tuple[str, int]]] = {"exponent": ("<f8", 0)}

    def finish(self, state: Bins) -> dict[str, Array]:
        found = super().finish(state)
        return {"exponent": np.array(_likeliest(found["edges"], found["counts"]))}


def _likeliest(x: Array, counts: Array) -> float:
    """Return the exponent for distinct values x, ascending float64 [k], which occur counts times."""
    if len(x) == 1:
        return 1.0
    logs, shares = np.copysign(np.log1p(np.abs(x)), x), counts / counts.sum()
    low, high = _bounds(logs, shares)
    if low > high:
        return 1.0
    while low < high:  # the least of a convex function lies where it stops falling
        middle = (low + high) // 2
        if _unlikelihood(logs, shares, middle / STEPS) > _unlikelihood(logs, shares, (middle + 1) / STEPS):
            low = middle + 1
        else:
            high = middle
    return low / STEPS


def _bounds(logs: Array, shares: Array) -> tuple[int, int]:
    """Return the least and the largest exponent, in steps, whose powers do not overflow when they are squared."""
    below, above = -float(_MOST), float(_MOST)
    if logs[0] >= 0.0 or logs[-1] <= 0.0:
        most = _LARGEST / float(np.abs(logs - (shares * logs).sum()).max())
        below, above = (max(below, -most), min(above, most)) if logs[0] >= 0.0 else (max(below, 2 - most), min(above, 2 + most))
    else:
        below, above = max(below, 2.0 - _LARGEST / -float(logs[0])), min(above, _LARGEST / float(logs[-1]))
    return math.ceil(below * STEPS), math.floor(above * STEPS)


def _unlikelihood(logs: Array, shares: Array, exponent: float) -> float:
    """Return the negative log-likelihood of one value on average, without what does not depend on the exponent.

    logs: log(1 + |x|) with the sign of x, float64 [k], ascending. shares: of the rows, float64 [k].
    """
    middle, scale = float((shares * logs).sum()), 0.0  # scale: the logarithm of what the powers are divided by
    if logs[0] >= 0.0:  # of one sign: beside their mean logarithm, so that rounding loses nothing
        powers, scale = _over(logs - middle, exponent), exponent * middle
    elif logs[-1] <= 0.0:
        powers, scale = -_over(middle - logs, 2.0 - exponent), (2.0 - exponent) * -middle
    else:
        positive = np.maximum(logs, 0.0)
        powers = _over(positive, exponent) - _over(positive - logs, 2.0 - exponent)
    mean = float((shares * powers).sum())
    variance = float((shares * (powers - mean) ** 2).sum())
    return (0.5 * math.log(variance) if variance > 0.0 else -math.inf) + scale - (exponent - 1.0) * middle


def _over(logs: Array, exponent: float) -> Array:
    """Return (e^(exponent * logs) - 1) / exponent, which is logs for 0."""
    found: Array = logs if exponent == 0.0 else np.expm1(exponent * logs) / exponent
    return found
