"""Metrics of labels y_true [n] and predictions y_pred [n], with weights sample_weight [n] (None: all 1), in float64.

Labels of two classes are numbers or booleans, or two words, of which the second in order is the positive class.

Everything that tf.estimator returned, under its names; where TensorFlow approximates (200 thresholds), these are exact.
`evaluate` adds the same up batch by batch (accumulators.py).
Rates without a denominator (precision of a model that names nobody) are 0, as TensorFlow has them; an AUC of a single
class is nan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from featurecols._core.arrays import Array
from featurecols._core.suggestions import explain_arguments, module_names
from featurecols.models.objective import metric_arguments as arguments
from featurecols.models.objective.accumulators import BinaryMetrics, MulticlassMetrics, RegressionMetrics
from featurecols.models.objective.score_steps import ScoreSteps, ratio


@explain_arguments
def binary(
    y_true: ArrayLike, y_pred: ArrayLike, *, losses: ArrayLike | None = None, sample_weight: ArrayLike | None = None
) -> dict[str, float]:
    """Return what tf.estimator returns for a binary classifier.

    Args:
        y_true: labels [n].
        y_pred: logits [n], of which ranks are taken: float32 probabilities have ties at 1.
        losses: of the rows [n]; None computes the log loss.
        sample_weight: [n].
    """
    y, z, w = arguments.two_classes(_positive(y_true)[0], y_pred, sample_weight, "logit")
    found = BinaryMetrics(most=None)
    found.add_block(y, z, _losses(losses, len(y)), w)
    return found.compute()


@explain_arguments
def multiclass(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    classes: Sequence[str] = (),
    losses: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> dict[str, float]:
    """Return accuracy, accuracy_baseline, average_loss; precision, recall and auc (one against the rest) of each class.

    Args:
        y_true: class numbers [n], or words.
        y_pred: logits [n, k].
        classes: names of the k classes in the order of the logits. Where there are none: the words, sorted; else the numbers.
        losses: of the rows [n]; None computes the log loss.
        sample_weight: [n].
    """
    logits = arguments.matrix("logit", y_pred, infinite=True)
    numbers, names = _class_numbers(y_true, logits.shape[1], classes)
    y, w = arguments.class_numbers(numbers, logits.shape[1]), arguments.weights(sample_weight)
    arguments.require_equal("labels and logits must be equally long", len(y), len(logits))
    found = MulticlassMetrics(names, most=None)
    found.add_block(y, logits, _losses(losses, len(y)), w)
    return found.compute()


@explain_arguments
def regression(
    y_true: ArrayLike, y_pred: ArrayLike, *, losses: ArrayLike | None = None, sample_weight: ArrayLike | None = None
) -> dict[str, float]:
    """Return average_loss, rmse, mae, r2, label/mean, prediction/mean; of several outputs rmse/0, r2/0 ... as well.

    Args:
        y_true: numbers [n]; several outputs [n, k] are averaged over.
        y_pred: numbers of the same shape.
        losses: of the rows [n]; None computes squared errors.
        sample_weight: [n].
    """
    y, p = arguments.matrix("label", y_true), arguments.matrix("prediction", y_pred)
    arguments.require_equal("labels and predictions must have one shape", y.shape, p.shape)
    w = arguments.weights(sample_weight)
    arguments.require_equal("labels and weights must be equally long", len(y), len(y if w is None else w))
    found = RegressionMetrics()
    found.add_block(y, p, _losses(losses, len(y)), w)
    return found.compute()


@explain_arguments
def mean(values: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the weighted mean; 0 where the weights are all 0.

    >>> mean([1.0, 3.0], sample_weight=[3.0, 1.0])
    1.5
    """
    v = np.asarray(values, np.float64).reshape(-1)
    w = arguments.weights(sample_weight)
    w = np.ones(len(v)) if w is None else w
    arguments.require_equal("values and weights must be equally long", len(v), len(w))
    return ratio(float((v * w).sum()), float(w.sum()))


@explain_arguments
def accuracy(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the fraction of rows whose predicted class is the label: numbers, booleans or words.

    >>> accuracy(["cook", "nurse", "cook", "cook"], ["cook", "nurse", "nurse", "cook"])
    0.75
    """
    words = _words(y_true, y_pred)
    if words is None:
        y, c, w = arguments.rows(y_true, y_pred, sample_weight, "predicted class")
        return mean(y == c, sample_weight=w)
    same = (words[0] == words[1]) if len(words[0]) == len(words[1]) else np.zeros(len(words[1]))
    _, same, w = arguments.rows(np.zeros(len(words[0])), same, sample_weight, "predicted class")
    return mean(same, sample_weight=w)


@explain_arguments
def precision(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the fraction of the rows that were predicted positive that is positive.

    >>> precision(["no", "yes", "no"], ["yes", "yes", "no"])
    0.5
    """
    y, c, w = arguments.chosen_of_two(*_positive(y_true, y_pred), sample_weight)
    return ratio(float((w * y * c).sum()), float((w * c).sum()))


@explain_arguments
def recall(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the fraction of the positive rows that was predicted positive."""
    y, c, w = arguments.chosen_of_two(*_positive(y_true, y_pred), sample_weight)
    return ratio(float((w * y * c).sum()), float((w * y).sum()))


@explain_arguments
def f1(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the harmonic mean of precision and recall of the positive class.

    >>> f1(["no", "yes", "yes"], ["yes", "yes", "no"])
    0.5
    """
    y, c, w = arguments.chosen_of_two(*_positive(y_true, y_pred), sample_weight)
    return ratio(float(2 * (w * y * c).sum()), float((w * (y + c)).sum()))


@explain_arguments
def rmse(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the root of the weighted mean of squared errors.

    >>> rmse([1.0, 2.0], [1.0, 4.0]) == 2**0.5
    True
    """
    return regression(y_true, y_pred, sample_weight=sample_weight)["rmse"]


@explain_arguments
def pinball(y_true: ArrayLike, y_pred: ArrayLike, *, quantile: float = 0.5, sample_weight: ArrayLike | None = None) -> float:
    """Return the pinball loss of predictions of a quantile, which losses.Quantile trains.

    >>> pinball([1.0, 2.0], [2.0, 1.0], quantile=0.9)
    0.5
    """
    y, p, w = arguments.rows(y_true, y_pred, sample_weight, "prediction")
    return mean(np.maximum(quantile * (y - p), (quantile - 1) * (y - p)), sample_weight=w)


@explain_arguments
def top_k_accuracy(y_true: ArrayLike, y_pred: ArrayLike, *, k: int = 5, sample_weight: ArrayLike | None = None) -> float:
    """Return the fraction of rows whose class is among the k of the largest scores; ties count against the model.

    Args:
        y_true: class numbers [n].
        y_pred: logits or probabilities [n, classes].
        k: at least 1.
        sample_weight: [n].

    >>> top_k_accuracy([0, 2], [[0.3, 0.6, 0.1], [0.5, 0.3, 0.2]], k=2)
    0.5
    """
    scores = arguments.matrix("score", y_pred, infinite=True)
    y = arguments.class_numbers(y_true, scores.shape[1]).astype(np.int64)
    arguments.require_equal("labels and scores must be equally long", len(y), len(scores))
    own = scores[np.arange(len(y)), y]
    return mean((scores >= own[:, None]).sum(axis=1) <= k, sample_weight=sample_weight)


@explain_arguments
def auc(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the area under the ROC curve, exact: the chance that a positive row scores above a negative one, ties half.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    return _steps(y_true, y_pred, sample_weight).auc()


@explain_arguments
def auc_precision_recall(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Return the average precision: precision at each score, weighted by the recall gained there (no interpolation).

    Linear interpolation between points is too optimistic (Davis and Goadrich, 2006); this is scikit-learn's
    average_precision_score.
    """
    return _steps(y_true, y_pred, sample_weight).average_precision()


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a curve, from the highest threshold to the lowest: x [k], y [k], thresholds [k] (the first is inf)."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    thresholds: NDArray[np.float64]


@explain_arguments
def roc(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> Curve:
    """Return false positive rates (x) and true positive rates (y); rows that score at least the threshold are named."""
    thresholds, negatives, positives = _steps(y_true, y_pred, sample_weight).steps()
    x, y = _from_zero(negatives), _from_zero(positives)
    return Curve(x / x[-1] if x[-1] else x, y / y[-1] if y[-1] else y, np.concatenate([[np.inf], thresholds]))


@explain_arguments
def precision_recall(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> Curve:
    """Return recall (x) and precision (y); the first point is (0, 1)."""
    thresholds, negatives, positives = _steps(y_true, y_pred, sample_weight).steps()
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

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    weight: NDArray[np.float64]
    error: float
    brier: float


@explain_arguments
def calibration(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None, bins: int = 10, by: str = "width"
) -> Calibration:
    """Compare probabilities with what happened, in bins of equal width, or by="rows" of about as many rows."""
    y, p, w = arguments.two_classes(_positive(y_true)[0], y_pred, sample_weight, "probability")
    arguments.require((p >= 0) & (p <= 1), "a probability must be from 0 to 1", p, "give probabilities, not logits")
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    if by == "rows":
        inner = np.quantile(p, inner) if len(p) else inner
    which = np.searchsorted(inner, p)
    weight = np.asarray(np.bincount(which, w, bins), np.float64)
    full = weight > 0
    predicted = np.bincount(which, w * p, bins)[full] / weight[full]
    observed = np.bincount(which, w * y, bins)[full] / weight[full]
    error = mean(np.abs(predicted - observed), sample_weight=weight[full]) if full.any() else 0.0
    return Calibration(predicted, observed, weight[full], error, mean(np.square(p - y), sample_weight=w))


def _losses(given: ArrayLike | None, rows: int) -> Array | None:
    """Return losses as float64 [n]; raise DataError unless there is one for each row."""
    if given is None:
        return None
    found = np.asarray(given, np.float64).reshape(-1)
    arguments.require_equal("labels and losses must be equally long", rows, len(found))
    return found


def _words(*given: ArrayLike) -> list[Array] | None:
    """Return arrays of words as arrays of strings; None where the first one holds no words."""
    found = [np.asarray(values) for values in given]
    first = found[0]
    if first.dtype.kind not in "OUS" or not all(isinstance(word, (str, bytes)) for word in first.reshape(-1)[:1]):
        return None
    return [np.array([w.decode() if isinstance(w, bytes) else str(w) for w in a.reshape(-1)]) for a in found]


def _positive(y_true: ArrayLike, y_pred: ArrayLike | None = None) -> tuple[ArrayLike, ArrayLike]:
    """Return labels, and predicted classes, that are two words as booleans; numbers as they are."""
    words = _words(y_true) if y_pred is None or _words(y_pred) is None else _words(y_true, y_pred)
    if words is None:
        return y_true, () if y_pred is None else y_pred
    known = np.unique(np.concatenate(words))
    if len(known) != 2:
        hint = "compare with the word that is positive, as in y == 'yes'"
        raise ValueError(f"metrics: words must be those of two classes, got {known[:8].tolist()}; {hint}")
    found = [word == known[1] for word in words]
    return found[0], found[1] if len(found) == 2 else () if y_pred is None else y_pred


def _class_numbers(y_true: ArrayLike, k: int, classes: Sequence[str]) -> tuple[ArrayLike, list[str]]:
    """Return labels as class numbers, and the names of the k classes; raise ValueError for a word that is none of them."""
    words = _words(y_true)
    if words is None:
        return y_true, list(classes) or [str(number) for number in range(k)]
    known = [str(name) for name in classes] or np.unique(words[0]).tolist()
    if len(known) != k:
        hint = "give classes=, their names in the order of the logits"
        raise ValueError(f"metrics: there are {k} logits a row, and {len(known)} classes: {known[:8]}; {hint}")
    numbers = {name: number for number, name in enumerate(known)}
    if unknown := sorted(set(words[0].tolist()) - set(known)):
        raise ValueError(f"metrics: {unknown[0]!r} is not one of the classes, got {known[:8]}; give all of them as classes=")
    return [numbers[word] for word in words[0].tolist()], known


def _steps(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None) -> ScoreSteps:
    """Return the weight of negatives and of positives at each distinct score."""
    found = ScoreSteps()
    found.add(*arguments.two_classes(_positive(labels)[0], scores, weights))
    return found


def _from_zero(steps: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(steps)])


__all__ = [
    "Calibration",
    "Curve",
    "accuracy",
    "auc",
    "auc_precision_recall",
    "binary",
    "calibration",
    "f1",
    "mean",
    "multiclass",
    "pinball",
    "precision",
    "precision_recall",
    "recall",
    "regression",
    "rmse",
    "roc",
    "top_k_accuracy",
]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = module_names("featurecols.models.metrics", __all__)
