"""The scale of labels that are numbers: learned once, used in training, and taken off whatever leaves the model."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.numbers import Numbers
from featurecols.analyzers.moments import Moments, Sums
from featurecols.models import errors
from featurecols.models.component import Component

TRANSFORMS = ("log1p",)
FLOAT32 = 2.0**14  # a mean so many deviations from 0 is more than float32 predictions can hold apart
_SPLIT = 2.0**27 + 1  # Dekker's: a float64 as the sum of two of 26 bits


@dataclass(frozen=True, eq=False, repr=False)
class LabelScaling(Component):
    """Mean and deviation of the labels, one for each output; training sees (label - mean) / deviation.

    Args:
        mean: finite numbers, in the units of the label, or of its transform.
        deviation: finite numbers above 0 in the same units.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def check(self) -> None:
        for name in ("mean", "deviation"):
            values = getattr(self, name)
            if not isinstance(values, tuple) or not all(isinstance(v, float) and math.isfinite(v) for v in values):
                raise errors.argument("LabelScaling", f"{name} must hold finite numbers", values, "give one for each output")
        if len(self.mean) != len(self.deviation) or not all(v > 0 for v in self.deviation):
            what = "deviation must hold a number above 0 for each mean"
            raise errors.argument("LabelScaling", what, self.deviation, "give 1.0 for a label that is constant")

    @property
    def dtype(self) -> type[np.floating]:
        """The type of predictions: float32, or float64 where float32 would not tell the labels apart."""
        far = any(abs(m) > FLOAT32 * d for m, d in zip(self.mean, self.deviation, strict=True))
        return np.float64 if far else np.float32

    def standardize(self, labels: Array) -> Array:
        """Return labels [n, k] in deviations from the mean, float32."""
        return ((np.asarray(labels, np.float64) - self.mean) / self.deviation).astype(np.float32)

    def restore(self, outputs: Array) -> Array:
        """Return outputs [n, k] in the units of the labels, float64."""
        return np.asarray(outputs, np.float64) * self.deviation + self.mean


class Labels(NamedTuple):
    """The labels of some rows as a loss takes them, [n] or [n, k], and the weights of the rows, [n] or None."""

    values: Array
    weights: Array | None


class LabelStatistics:
    """Sums over labels that are numbers: exact, so that the order of rows and batches changes nothing.

    Rows of weight 0 do not count. The mean is weighted; the deviation is that of the rows that count, and sets the scale alone.
    """

    def __init__(self, outputs: int) -> None:
        self._moments = Moments()
        self._values = [self._moments.empty() for _ in range(outputs)]
        self._products = [self._moments.empty() for _ in range(outputs)]
        self._weights = self._moments.empty()
        self.weighted = False

    def add(self, batch: Labels) -> None:
        """Take in the labels of a batch."""
        labels = np.asarray(batch.values, np.float64).reshape(len(batch.values), -1)
        weights = batch.weights
        if weights is not None:
            counts = weights > 0
            labels, weights = labels[counts], weights[counts].astype(np.float64)
            self.weighted = True
            self._weights = self._moments.update(self._weights, Numbers(weights))
        for k in range(labels.shape[1]):
            values = np.ascontiguousarray(labels[:, k])
            self._values[k] = self._moments.update(self._values[k], Numbers(values))
            if weights is not None:
                high, low = _halves(values)
                for half in (high, low):  # times 24 bits of a weight, each is exact
                    self._products[k] = self._moments.update(self._products[k], Numbers(half * weights))

    def finish(self) -> LabelScaling | None:
        """Return the scale; None where no row counts."""
        if not all(state.count for state in self._values):
            return None
        learned = [self._moments.finish(state) for state in self._values]
        means = [float(found["mean"]) for found in learned]
        if self.weighted:
            total = self._weights.total
            means = [state.total / total for state in self._products]
        spreads = [float(found["std"]) for found in learned]
        return LabelScaling(tuple(means), tuple(d if d > 0 and math.isfinite(1 / d) else 1.0 for d in spreads))


def _halves(values: Array) -> tuple[Array, Array]:
    """Return numbers of at most 27 bits that add up to `values`; beyond 2**996 the first ones are the values."""
    scaled = values * _SPLIT
    high = np.where(np.isfinite(scaled), scaled - (scaled - values), values)
    return high, values - high


def class_counts(batches: Iterable[Labels], n_classes: int) -> tuple[Array, int]:
    """Return the weight of each class, float64 [n_classes], the same for any order of rows, and the number of rows."""
    moments = Moments()
    states, rows = [moments.empty() for _ in range(n_classes)], 0
    for labels, weights in batches:
        rows += len(labels)
        for k in range(n_classes):
            counts = labels == k
            found = np.ones(int(counts.sum())) if weights is None else weights[counts].astype(np.float64)
            states[k] = moments.update(states[k], Numbers(found))
    return np.array([float(moments.finish(s)["mean"]) * s.count if s.count else 0.0 for s in states]), rows


def log_odds(counts: Array, rows: int) -> Array:
    """Return the logits that give each class its share: [1] of the second of two classes, else [n_classes].

    A class without rows counts as half a row.
    """
    total = float(counts.sum())
    if not total > 0:
        return np.zeros(1 if len(counts) == 2 else len(counts))
    log = np.log(np.maximum(counts, total / (2 * rows + 2)))
    return np.asarray(log[1:] - log[0] if len(counts) == 2 else log - log.mean())


def log_odds_of_each(batches: Iterable[Labels], labels: int) -> Array:
    """Return the logits that give each of several labels its share, float64 [labels]; none is as half a row."""
    moments = Moments()
    there, total, rows = [moments.empty() for _ in range(labels)], moments.empty(), 0
    for found, weights in batches:
        w = np.ones(len(found)) if weights is None else weights.astype(np.float64)
        rows += len(found)
        total = moments.update(total, Numbers(w))
        for k in range(labels):
            there[k] = moments.update(there[k], Numbers(w[found[:, k] > 0]))

    def weight(state: Sums) -> float:
        return float(moments.finish(state)["mean"]) * state.count if state.count else 0.0

    every = weight(total)
    if not every > 0:
        return np.zeros(labels)
    least = every / (2 * rows + 2)
    have = np.clip([weight(state) for state in there], least, every - least)
    return np.asarray(np.log(have) - np.log(every - have))
