"""A label as a sum of one effect for each field: what fields explain one by one, and what they leave.

Effects are random effects of the codes of a field. They are fitted in turn (backfitting), each drawn to 0 by as much as its
variance says (best linear unbiased prediction), so that fields of noise and of many codes explain nothing. Effects on classes
are added on the scale of the logarithm of their odds.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from featurecols._core.arrays import Array
from featurecols.plan.suggestions.cell_effects import Remainder

SWEEPS, AGAIN = 12, 2  # over all fields, at first and after one was added
_NOTHING = 3  # sweeps after which a field that explains nothing is left at that
_FARTHEST = 30.0  # logarithm of odds
_MOST, _TYPICAL = 2.5, 0.8  # what is left of a number counts as at most so many times this quantile of it: Huber's function


class AdditiveFit:
    """An additive fit of a label.

    Args:
        values: float64 [m, k]: numbers, or 1 for the rows of each class.
        weights: float64 [m], how often each row occurs.
        codes: the codes of each field, int64 [m], from 0.
        classes: whether the label is classes.
    """

    def __init__(self, values: Array, weights: Array, codes: Mapping[str, Array], *, classes: bool) -> None:
        self._values, self._weights, self._classes = values, weights, classes
        self._codes = dict(codes)
        self._effects = {key: np.zeros((1, values.shape[1])) for key in codes}
        mean = (weights[:, None] * values).sum(axis=0) / weights.sum()
        self._sum = np.tile(np.log(mean / (1 - mean)) if classes else mean, (len(values), 1))
        self._most = np.inf
        self._fit(SWEEPS)

    def add(self, key: str, codes: Array) -> None:
        """Fit the effect of other codes as well, int64 [m]."""
        self._codes[key], self._effects[key] = codes, np.zeros((1, self._values.shape[1]))
        self._fit(AGAIN)

    def remainder(self) -> Remainder:
        """Return what is left of the label."""
        return Remainder(*self._left(), self._weights)

    def _left(self) -> tuple[Array, Array]:
        if not self._classes:
            left = self._values - self._sum
            return np.clip(left, -self._most, self._most), np.ones_like(left)
        shares = 1 / (1 + np.exp(-np.clip(self._sum, -_FARTHEST, _FARTHEST)))
        return self._values - shares, shares * (1 - shares)

    def without(self, key: str) -> Remainder:
        """Return what all fields but one leave of the label."""
        left, information = self._left()
        return Remainder(left + information * self._own(key), information, self._weights)

    def _own(self, key: str) -> Array:
        effects = self._effects[key]
        return effects[self._codes[key]] if len(effects) > 1 else effects

    def _fit(self, sweeps: int) -> None:
        for sweep in range(sweeps):
            if not self._classes:
                typical = float(np.quantile(np.abs(self._values - self._sum), _TYPICAL))
                self._most = _MOST * typical if typical > 0 else np.inf
            for key, codes in self._codes.items():
                if sweep >= _NOTHING and len(self._effects[key]) == 1:
                    continue
                others, own, size = self.without(key), self._own(key), int(codes.max(initial=0)) + 1
                variance = others.effect(codes, size).variance
                found = others.predicted(codes, size, variance) if variance > 0 else np.zeros((1, own.shape[1]))
                self._effects[key] = found
                self._sum = self._sum - own + self._own(key)
