"""Metrics over labels [n], predictions [n] and weights [n] (None: all 1), in float64.

Everything that tf.estimator returned, under its names; where TensorFlow approximates (200 thresholds), these are exact.
Rates without a denominator (precision of a model that names nobody) are 0, as TensorFlow has them; an AUC of a single
class is nan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols._core.suggestions import module_names


def binary(labels: ArrayLike, logits: ArrayLike, losses: ArrayLike, weights: ArrayLike | None = None) -> dict[str, float]:
    """Return what tf.estimator returns for a binary classifier; ranks are of logits, where float32 has no ties at 1."""
    y, z, w = _arrays(labels, logits, weights)
    p = 1 / (1 + np.exp(-z.clip(-700, 700)))
    positive = mean(y, w)
    return {
        "accuracy": accuracy(y, z > 0, w),
        "accuracy_baseline": max(positive, 1 - positive),
        "auc": auc(y, z, w),
        "auc_precision_recall": auc_precision_recall(y, z, w),
        "average_loss": mean(losses, w),
        "label/mean": positive,
        "precision": precision(y, z > 0, w),
        "prediction/mean": mean(p, w),
        "recall": recall(y, z > 0, w),
    }


def multiclass(
    labels: ArrayLike, logits: ArrayLike, losses: ArrayLike, weights: ArrayLike | None = None, classes: Sequence[str] = ()
) -> dict[str, float]:
    """Return accuracy, accuracy_baseline, average_loss; precision, recall and auc (one against the rest) of each class."""
    z = np.asarray(logits, np.float64)
    y, chosen, w = _arrays(labels, z.argmax(axis=1), weights)
    names = classes or [str(k) for k in range(z.shape[1])]
    sizes = np.bincount(y.astype(np.int64), w, z.shape[1])
    out = {
        "accuracy": accuracy(y, chosen, w),
        "accuracy_baseline": float(sizes.max() / w.sum()) if w.sum() else 0.0,
        "average_loss": mean(losses, w),
    }
    rest = z - _log_sum_exp(z)  # the log probability of each class ranks rows for one against the rest
    for k, name in enumerate(names):
        out[f"precision/{name}"] = precision(y == k, chosen == k, w)
        out[f"recall/{name}"] = recall(y == k, chosen == k, w)
        out[f"auc/{name}"] = auc(y == k, rest[:, k], w)
    return out


def regression(
    labels: ArrayLike, predictions: ArrayLike, losses: ArrayLike, weights: ArrayLike | None = None
) -> dict[str, float]:
    """Return average_loss, rmse, mae, r2, label/mean, prediction/mean; several outputs [n, k] are averaged over."""
    y = np.asarray(labels, np.float64)
    y = y.reshape(len(y), -1)
    p = np.asarray(predictions, np.float64).reshape(y.shape)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    missed = (w[:, None] * np.square(y - p)).sum(axis=0)
    spread = (w[:, None] * np.square(y - np.average(y, axis=0, weights=w))).sum(axis=0) if w.sum() else missed
    return {
        "average_loss": mean(losses, w),
        "r2": float(np.mean([1 - _ratio(a, b) for a, b in zip(missed, spread, strict=True)])),
        "label/mean": mean(y.mean(axis=1), w),
        "mae": mean(np.abs(y - p).mean(axis=1), w),
        "prediction/mean": mean(p.mean(axis=1), w),
        "rmse": float(np.sqrt(mean(np.square(y - p).mean(axis=1), w))),
    }


def mean(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the weighted mean; 0 where there is no weight.

    >>> mean([1.0, 3.0], [3.0, 1.0])
    1.5
    """
    v = np.asarray(values, np.float64)
    w = np.ones(len(v)) if weights is None else np.asarray(weights, np.float64)
    return _ratio(float((v * w).sum()), float(w.sum()))


def accuracy(labels: ArrayLike, chosen: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the fraction of rows whose chosen class is the label."""
    y, c, w = _arrays(labels, chosen, weights)
    return mean(y == c, w)


def precision(labels: ArrayLike, named: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the fraction of the named rows that is positive."""
    y, c, w = _arrays(labels, named, weights)
    return _ratio(float((w * y * c).sum()), float((w * c).sum()))


def recall(labels: ArrayLike, named: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the fraction of the positive rows that was named."""
    y, c, w = _arrays(labels, named, weights)
    return _ratio(float((w * y * c).sum()), float((w * y).sum()))


def auc(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the area under the ROC curve, exact: the chance that a positive row scores above a negative one, ties half.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    negatives, positives, _ = _steps(labels, scores, weights)
    total = negatives.sum() * positives.sum()
    if total == 0:
        return float("nan")
    below = np.cumsum(negatives[::-1])[::-1] - negatives  # negatives with a lower score
    return float((positives * (below + 0.5 * negatives)).sum() / total)


def auc_precision_recall(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the average precision: precision at each score, weighted by the recall gained there (no interpolation).

    Linear interpolation between points is too optimistic (Davis and Goadrich, 2006); this is scikit-learn's
    average_precision_score.
    """
    negatives, positives, _ = _steps(labels, scores, weights)
    if positives.sum() == 0:
        return float("nan")
    named = np.cumsum(positives + negatives)
    right = np.cumsum(positives)
    at = np.divide(right, named, out=np.zeros_like(right), where=named > 0)
    return float((at * positives).sum() / positives.sum())


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a curve, from the highest threshold to the lowest: x [k], y [k], thresholds [k] (the first is inf)."""

    x: Array
    y: Array
    thresholds: Array


def roc(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> Curve:
    """Return false positive rates (x) and true positive rates (y); rows that score at least the threshold are named."""
    negatives, positives, thresholds = _steps(labels, scores, weights)
    x, y = _from_zero(negatives), _from_zero(positives)
    return Curve(x / x[-1] if x[-1] else x, y / y[-1] if y[-1] else y, np.concatenate([[np.inf], thresholds]))


def precision_recall(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> Curve:
    """Return recall (x) and precision (y); the first point is (0, 1)."""
    negatives, positives, thresholds = _steps(labels, scores, weights)
    right, named = _from_zero(positives), _from_zero(positives + negatives)
    y = np.divide(right, named, out=np.ones_like(right), where=named > 0)
    return Curve(right / right[-1] if right[-1] else right, y, np.concatenate([[np.inf], thresholds]))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was predicted and what happened, by bin of probability (empty bins left out).

    predicted [k]: mean probability; observed [k]: fraction of positive rows; weight [k]: weight in the bin.
    error: the mean of |predicted - observed| by weight (expected calibration error). brier: mean squared error of the
    probabilities.
    """

    predicted: Array
    observed: Array
    weight: Array
    error: float
    brier: float


def calibration(
    labels: ArrayLike, probabilities: ArrayLike, weights: ArrayLike | None = None, *, bins: int = 10, by: str = "width"
) -> Calibration:
    """Compare probabilities with what happened, in bins of equal width, or by="rows" of about as many rows."""
    y, p, w = _arrays(labels, probabilities, weights)
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    if by == "rows":
        inner = np.quantile(p, inner) if len(p) else inner
    which = np.searchsorted(inner, p)
    weight = np.bincount(which, w, bins)
    full = weight > 0
    predicted = np.bincount(which, w * p, bins)[full] / weight[full]
    observed = np.bincount(which, w * y, bins)[full] / weight[full]
    error = mean(np.abs(predicted - observed), weight[full]) if full.any() else 0.0
    return Calibration(predicted, observed, weight[full], error, mean(np.square(p - y), w))


def _arrays(labels: ArrayLike, other: ArrayLike, weights: ArrayLike | None) -> tuple[Array, Array, Array]:
    y = np.asarray(labels, np.float64).reshape(-1)
    p = np.asarray(other, np.float64).reshape(-1)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64).reshape(-1)
    if not len(y) == len(p) == len(w):
        raise ValueError(f"metrics: labels, predictions and weights must be equally long, got {len(y)}, {len(p)}, {len(w)}")
    return y, p, w


def _steps(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None) -> tuple[Array, Array, Array]:
    """Return the weight of negatives and of positives at each distinct score, the highest first."""
    y, s, w = _arrays(labels, scores, weights)
    order = np.argsort(-s, kind="stable")
    s, y, w = s[order], y[order], w[order]
    last = np.flatnonzero(np.append(s[1:] != s[:-1], True)) if len(s) else np.zeros(0, np.int64)
    positives = np.diff(np.cumsum(w * y)[last], prepend=0.0)
    negatives = np.diff(np.cumsum(w * (1 - y))[last], prepend=0.0)
    return negatives, positives, s[last]


def _from_zero(steps: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(steps)])


def _log_sum_exp(z: Array) -> Array:
    top = z.max(axis=1, keepdims=True)
    return np.asarray(top + np.log(np.exp(z - top).sum(axis=1, keepdims=True)))


def _ratio(a: float, b: float) -> float:
    return a / b if b else 0.0


__all__ = [
    "Calibration",
    "Curve",
    "accuracy",
    "auc",
    "auc_precision_recall",
    "binary",
    "calibration",
    "mean",
    "multiclass",
    "precision",
    "precision_recall",
    "recall",
    "regression",
    "roc",
]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__ = module_names("featurecols.models.metrics", __all__)
