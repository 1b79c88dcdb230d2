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
from featurecols.models.objective.losses import BinaryCrossentropy, Loss
from featurecols.models.training.hooks import Hook

if TYPE_CHECKING:
    from featurecols.models.training.run import Run


@dataclass(frozen=True)
class Score:
    """A metric: function(labels [n] or [n, k], means [n, k], weights, one class a row) -> float. `known` by name.

    The last argument says of several outputs whether a row is of one class (a softmax) or each output is a label of its own
    (several sigmoids).
    """

    name: str
    function: Callable[[Array, Array, Array | None, bool], float]
    known: bool = True


def _is_numbered(labels: Array, means: Array) -> bool:
    """Return whether labels are class numbers [n] of several outputs [n, k]."""
    return means.shape[1] > 1 and labels.size == len(labels)


def _outputs(labels: Array, means: Array) -> Array:
    """Return labels as the outputs are to be [n, k]: class numbers as one-hots."""
    if _is_numbered(labels, means):
        return np.eye(means.shape[1])[labels.reshape(-1).astype(np.int64)]
    return labels.reshape(means.shape)


def _class_numbers(labels: Array, means: Array) -> tuple[Array, Array]:
    """Return class numbers of labels and of means: the largest of several, or one above a half."""
    if means.shape[1] == 1:
        return labels.reshape(-1), (means[:, 0] > 0.5).astype(np.int64)
    classes = labels.reshape(-1) if _is_numbered(labels, means) else labels.argmax(axis=1)
    return classes, means.argmax(axis=1)


def _class_accuracy(labels: Array, means: Array, weights: Array | None, one_class: bool) -> float:
    return metrics.accuracy(*_class_numbers(labels, means), sample_weight=weights)


def _binary_accuracy(labels: Array, means: Array, weights: Array | None, one_class: bool) -> float:
    right = (means > 0.5) == _outputs(labels, means)
    return metrics.mean(right.mean(axis=1), sample_weight=weights)


def _accuracy(labels: Array, means: Array, weights: Array | None, one_class: bool) -> float:
    return (_class_accuracy if one_class or means.shape[1] == 1 else _binary_accuracy)(labels, means, weights, one_class)


def _mean_of(metric: Callable[..., float], *, scores: bool = False) -> Callable[[Array, Array, Array | None, bool], float]:
    """Return a metric of two classes as one of any outputs: the plain mean over classes, or over outputs, that have one.

    Args:
        metric: a function of (y_true, y_pred, *, sample_weight).
        scores: whether it takes scores, and not whether a row was predicted positive.
    """

    def compute(labels: Array, means: Array, weights: Array | None, one_class: bool) -> float:
        if means.shape[1] == 1:
            return metric(labels.reshape(-1), means[:, 0] if scores else means[:, 0] > 0.5, sample_weight=weights)
        targets = _outputs(labels, means)
        found = means if scores else means > 0.5
        if one_class:
            classes, chosen = _class_numbers(labels, means)
            targets = classes[:, None] == np.arange(means.shape[1])
            found = means if scores else chosen[:, None] == np.arange(means.shape[1])
            if not scores:  # as scikit-learn: a class that is neither a label nor predicted does not count
                there = targets.any(axis=0) | found.any(axis=0)
                targets, found = targets[:, there], found[:, there]
        values = [metric(y, p, sample_weight=weights) for y, p in zip(targets.T, found.T, strict=True)]
        numbers = [value for value in values if not np.isnan(value)]
        return float(np.mean(numbers)) if numbers else float("nan")

    return compute


def _mean_difference(labels: Array, means: Array, weights: Array | None, difference: Callable[[Array], Array]) -> float:
    miss = difference(means - _outputs(labels, means)).astype(np.float64)
    return metrics.mean(miss.mean(axis=1), sample_weight=weights)


KNOWN: dict[str, Callable[[Array, Array, Array | None, bool], float]] = {
    "accuracy": _accuracy,
    "binary_accuracy": _binary_accuracy,
    "categorical_accuracy": _class_accuracy,
    "sparse_categorical_accuracy": _class_accuracy,
    "auc": _mean_of(metrics.auc, scores=True),
    "precision": _mean_of(metrics.precision),
    "recall": _mean_of(metrics.recall),
    "mae": lambda y, p, w, _: _mean_difference(y, p, w, np.abs),
    "mse": lambda y, p, w, _: _mean_difference(y, p, w, np.square),
    "r2": lambda y, p, w, _: metrics.regression(_outputs(y, p), p, sample_weight=w)["r2"],
}
SHORT = {"acc": "accuracy", "mean_absolute_error": "mae", "mean_squared_error": "mse"}


MetricLike = Score | str | Callable[..., float]  # a metric, its name, or a function of (labels, predictions)


def get(metric: MetricLike) -> Score:
    """Return a metric by name in any case, or a function of (labels, predictions)."""
    if isinstance(metric, Score):
        return metric
    if callable(metric):
        return Score(getattr(metric, "__name__", "metric"), lambda y, p, w, _: float(metric(y, p)), known=False)
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
            one_class = not isinstance(self.loss, BinaryCrossentropy)
            out |= {score.name: score.function(labels, means, weights, one_class) for score in self.scores}
        return out

    def after_epoch(self, run: Run) -> None:
        run.logs |= {name: value for name, value in self.compute().items() if name != "loss"}
