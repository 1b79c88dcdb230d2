"""Metrics by Keras' names, over what a model said in an epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.input.examples import Examples
from featurecols.models.objective import metrics
from featurecols.models.objective.losses import Loss
from featurecols.models.training.hooks import Hook

if TYPE_CHECKING:
    from featurecols.models.training.run import Run


@dataclass(frozen=True)
class Score:
    """A metric: function(labels [n] or [n, k], means [n, k], weights) -> float. `known` by name."""

    name: str
    function: Callable[[Array, Array, Array | None], float]
    known: bool = True


def _class_numbers(labels: Array, means: Array) -> tuple[Array, Array]:
    """Return class numbers of labels and of means: the largest of several, or one above a half."""
    if means.shape[1] > 1:
        classes = labels.argmax(axis=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.reshape(-1)
        return classes, means.argmax(axis=1)
    return labels.reshape(-1), (means[:, 0] > 0.5).astype(np.int64)


def _accuracy(labels: Array, means: Array, weights: Array | None) -> float:
    return metrics.accuracy(*_class_numbers(labels, means), weights)


def _mean_difference(labels: Array, means: Array, weights: Array | None, difference: Callable[[Array], Array]) -> float:
    miss = difference(means - labels.reshape(means.shape)).astype(np.float64)
    return metrics.mean(miss.mean(axis=1), weights)


KNOWN: dict[str, Callable[[Array, Array, Array | None], float]] = {
    "accuracy": _accuracy,
    "binary_accuracy": _accuracy,
    "categorical_accuracy": _accuracy,
    "sparse_categorical_accuracy": _accuracy,
    "auc": lambda y, p, w: metrics.auc(y, p, w),
    "precision": lambda y, p, w: metrics.precision(*_class_numbers(y, p), w),
    "recall": lambda y, p, w: metrics.recall(*_class_numbers(y, p), w),
    "mae": lambda y, p, w: _mean_difference(y, p, w, np.abs),
    "mse": lambda y, p, w: _mean_difference(y, p, w, np.square),
    "r2": lambda y, p, w: metrics.regression(y, p, np.zeros(len(y)), w)["r2"],
}
SHORT = {"acc": "accuracy", "mean_absolute_error": "mae", "mean_squared_error": "mse"}


MetricLike = Score | str | Callable[..., float]  # a metric, its name, or a function of (labels, predictions)


def get(metric: MetricLike) -> Score:
    """Return a metric by name in any case, or a function of (labels, predictions)."""
    if isinstance(metric, Score):
        return metric
    if callable(metric):
        return Score(getattr(metric, "__name__", "metric"), lambda y, p, w: float(metric(y, p)), known=False)
    name = SHORT.get(str(metric).lower(), str(metric).lower())
    if name not in KNOWN:
        raise errors.unknown("compile", "metric", metric, KNOWN)
    return Score(name, KNOWN[name])


class EpochMetrics(Hook):
    """Labels and outputs of an epoch, and the loss and metrics of them."""

    def __init__(self, scores: Sequence[Score], loss: Loss) -> None:
        self.scores, self.loss = scores, loss
        self._batches: list[tuple[Array | None, Array, Array | None]] = []

    def add(self, examples: Examples, outputs: Array) -> None:
        """Take in a batch and what the model says about it."""
        self._batches.append((examples.labels, outputs, examples.weights))

    def compute(self) -> dict[str, float]:
        """Return loss, then every metric, and forget what was seen."""
        labels = np.concatenate([y for y, _, _ in self._batches if y is not None])
        outputs = np.concatenate([outputs for _, outputs, _ in self._batches])
        found = [w for _, _, w in self._batches if w is not None]
        weights = np.concatenate(found) if found else None
        self._batches = []
        each = self.loss.each(labels, outputs)
        out = {"loss": float((each * (1 if weights is None else weights)).mean())}
        if self.scores:
            means = self.loss.mean(self.loss.logits(Value(outputs)).array) if self.loss.from_logits else outputs
            out |= {score.name: score.function(labels, means, weights) for score in self.scores}
        return out

    def after_epoch(self, run: Run) -> None:
        run.logs |= {name: value for name, value in self.compute().items() if name != "loss"}
