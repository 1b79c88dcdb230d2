"""Metrics by Keras' names, over what a model said in an epoch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.input.examples import Examples
from featurecols.models.objective.accumulators import (
    Accumulator,
    InBlocks,
    RegressionMetrics,
    Sums,
    Whole,
    required,
    rows_of_block,
)
from featurecols.models.objective.losses import BinaryCrossentropy, Hinge, Loss
from featurecols.models.objective.score_steps import LEAST, MOST, ScoreSteps, arrays, ratio
from featurecols.models.training.hooks import Hook

if TYPE_CHECKING:
    from featurecols.models.training.run import Run


@dataclass(frozen=True)
class Score:
    """A metric; `known` by name.

    start(one_class) gives what adds it up, which takes labels [n] or [n, k], means [n, k] and weights. one_class says of
    several outputs whether a row is of one class (a softmax) or each output is a label of its own (several sigmoids).
    """

    name: str
    start: Callable[[bool], Accumulator]
    known: bool = True
    function: Callable[..., float] | None = None  # of the user, where it is not known

    def __reduce__(
        self,
    ) -> tuple[Callable[[MetricLike], Score], tuple[MetricLike]]:  # models are copied and sent between processes
        return get, (self.name if self.function is None else self.function,)


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


def _means(of_rows: Callable[[Array, Array], Array]) -> Callable[[bool], Accumulator]:
    """Return the start of the weighted mean of a number that each row has, by its labels and means."""

    def of_block(labels: Array, means: Array, weights: Array | None) -> tuple[float, float]:
        values = np.asarray(of_rows(labels, means), np.float64)
        _, values, w = arrays(values, values, weights)
        return float((values * w).sum()), float(w.sum())

    return lambda one_class: Sums(of_block, ratio)


def _is_class_right(labels: Array, means: Array) -> Array:
    classes, chosen = _class_numbers(labels, means)
    return np.asarray(np.asarray(classes, np.float64) == chosen)


def _are_outputs_right(labels: Array, means: Array) -> Array:
    return np.asarray(((means > 0.5) == _outputs(labels, means)).mean(axis=1))


def _accuracy(one_class: bool) -> Accumulator:
    def is_right(labels: Array, means: Array) -> Array:
        return (_is_class_right if one_class or means.shape[1] == 1 else _are_outputs_right)(labels, means)

    return _means(is_right)(one_class)


def _differences(difference: Callable[[Array], Array]) -> Callable[[bool], Accumulator]:
    """Return the start of the mean over rows and outputs of a function of means minus labels."""
    return _means(lambda y, p: difference(p - _outputs(y, p)).astype(np.float64).mean(axis=1))


def _mean_of_classes(values: Sequence[float]) -> float:
    """Return the plain mean over classes, or over outputs, that have a value."""
    numbers = [value for value in values if not np.isnan(value)]
    return float(np.mean(numbers)) if numbers else float("nan")


class _OfOutputs(InBlocks):
    """A metric of two classes as one of any outputs, called by `name` in errors."""

    name: ClassVar[str]

    def __init__(self, one_class: bool) -> None:
        super().__init__()
        self.one_class = one_class

    def add(self, *given: Array | None) -> None:
        self.rows = rows_of_block(required(given[1]).shape[1])
        super().add(*given)

    def targets(self, labels: Array, means: Array) -> Array:
        """Return whether each output is right of each row [n, k]."""
        if means.shape[1] > 1 and self.one_class:
            return np.asarray(_class_numbers(labels, means)[0][:, None] == np.arange(means.shape[1]))
        found = _outputs(labels, means)
        if found.size and not (found.min() >= 0 and found.max() <= 1):
            row = int(((found < 0) | (found > 1)).any(axis=1).argmax())
            hint = "compile the metrics of numbers: mae, mse, r2"
            raise errors.labels(self.name, "a label must be in [0, 1]", found[row].tolist(), None, hint)
        return found


class _Rates(_OfOutputs):
    """Precision, or with `recalls` recall: the mean over outputs, a class that is neither label nor predicted left out."""

    name = "precision and recall"

    def __init__(self, one_class: bool, *, recalls: bool) -> None:
        super().__init__(one_class)
        self.recalls = recalls
        self._sums: Array = np.zeros((1, 2))  # of each output the rows that were found, and those that count
        self._seen: Array = np.zeros(1, bool)

    def add_block(self, *given: Array | None) -> None:
        labels, means, weights = required(given[0]), required(given[1]), given[2]
        targets, found = self.targets(labels, means), means > 0.5
        if means.shape[1] > 1 and self.one_class:
            found = _class_numbers(labels, means)[1][:, None] == np.arange(means.shape[1])
        self._seen = self._seen | targets.any(axis=0) | found.any(axis=0)
        sums = []
        for output in range(means.shape[1]):
            y, c, w = arrays(targets[:, output], found[:, output], weights)
            sums.append([(w * y * c).sum(), (w * (y if self.recalls else c)).sum()])
        self._sums = self._sums + np.array(sums)

    def compute(self) -> float:
        return self.mean([ratio(hits, base) for hits, base in self._sums.tolist()])

    def f1(self, recalls: _Rates) -> float:
        """Return the harmonic mean of these, which are precisions, and recalls over the same rows."""
        both = zip(self._sums.tolist(), recalls._sums.tolist(), strict=True)
        return self.mean([ratio(2 * hits, chosen + labelled) for (hits, chosen), (_, labelled) in both])

    def mean(self, values: list[float]) -> float:
        """Return the mean over outputs; of classes, as scikit-learn, over those that were seen."""
        if len(values) > 1 and self.one_class:
            values = [value for value, seen in zip(values, self._seen.tolist(), strict=True) if seen]
        return values[0] if len(values) == 1 else _mean_of_classes(values)


class _F1(_OfOutputs):
    """The harmonic mean of precision and recall: the mean over outputs, of classes over those that are seen."""

    name = "f1"

    def __init__(self, one_class: bool) -> None:
        super().__init__(one_class)
        self._precisions, self._recalls = _Rates(one_class, recalls=False), _Rates(one_class, recalls=True)

    def add_block(self, *given: Array | None) -> None:
        self._precisions.add_block(*given)
        self._recalls.add_block(*given)

    def compute(self) -> float:
        return self._precisions.f1(self._recalls)


class _Auc(_OfOutputs):
    """The area under the ROC curve: the mean over outputs that have rows of both kinds."""

    name = "auc"

    def __init__(self, one_class: bool) -> None:
        super().__init__(one_class)
        self._steps: list[ScoreSteps] = []

    def add_block(self, *given: Array | None) -> None:
        labels, means, weights = required(given[0]), required(given[1]), given[2]
        if not self._steps:
            self._steps = [ScoreSteps(max(LEAST, MOST // means.shape[1])) for _ in range(means.shape[1])]
        targets = self.targets(labels, means)
        for output, steps in enumerate(self._steps):
            steps.add(*arrays(targets[:, output], means[:, output], weights))

    def compute(self) -> float:
        values = [steps.auc() for steps in self._steps]
        return values[0] if len(values) == 1 else _mean_of_classes(values)


class _R2(RegressionMetrics):
    """R^2, the mean over outputs."""

    def add_block(self, *given: Array | None) -> None:
        labels, means, weights = required(given[0]), required(given[1]), given[2]
        super().add_block(_outputs(labels, means), means, None, weights)

    def result(self) -> float:
        self.finish()
        return self.compute()["r2"]


def _root_of_mean_square(one_class: bool) -> Accumulator:
    def of_block(labels: Array, means: Array, weights: Array | None) -> tuple[float, float]:
        values = np.square(means - _outputs(labels, means)).astype(np.float64).mean(axis=1)
        _, values, w = arrays(values, values, weights)
        return float((values * w).sum()), float(w.sum())

    return Sums(of_block, lambda total, weight: ratio(total, weight) ** 0.5)


def _is_among(k: int) -> Callable[[Array, Array], Array]:
    """Return whether the class of each row is among the k of the largest means; ties count against the model."""

    def is_among(labels: Array, means: Array) -> Array:
        classes = _class_numbers(labels, means)[0].astype(np.int64)
        means = np.concatenate([1 - means, means], axis=1) if means.shape[1] == 1 else means
        own = means[np.arange(len(classes)), classes]
        return np.asarray((means >= own[:, None]).sum(axis=1) <= k)

    return is_among


KNOWN: dict[str, Callable[[bool], Accumulator]] = {
    "accuracy": _accuracy,
    "binary_accuracy": _means(_are_outputs_right),
    "categorical_accuracy": _means(_is_class_right),
    "sparse_categorical_accuracy": _means(_is_class_right),
    "auc": _Auc,
    "precision": lambda one_class: _Rates(one_class, recalls=False),
    "recall": lambda one_class: _Rates(one_class, recalls=True),
    "mae": _differences(np.abs),
    "mse": _differences(np.square),
    "r2": lambda one_class: _R2(),
    "rmse": _root_of_mean_square,
    "f1": _F1,
    "pinball": _means(lambda y, p: np.abs(p - _outputs(y, p)).mean(axis=1) / 2),
    "top_k_categorical_accuracy": _means(_is_among(5)),
}
SHORT = {
    "acc": "accuracy",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
    "f1_score": "f1",
    "r2_score": "r2",
    "sparse_top_k_categorical_accuracy": "top_k_categorical_accuracy",
}
_TOP = re.compile(r"top_([1-9][0-9]*)_accuracy")
_PINBALL = re.compile(r"pinball_(0?\.[0-9]+)")


MetricLike = Score | str | Callable[..., float]  # a metric, its name, or a function of (labels, predictions)


def get(metric: MetricLike) -> Score:
    """Return a metric by name in any case, or a function of (labels, predictions)."""
    if isinstance(metric, Score):
        return metric
    if callable(metric):
        return Score(getattr(metric, "__name__", "metric"), lambda _: Whole(lambda y, p, w: float(metric(y, p))), False, metric)
    name = SHORT.get(str(metric).lower(), str(metric).lower())
    if (found := _TOP.fullmatch(name)) is not None:
        return Score(name, _means(_is_among(int(found[1]))))
    if (found := _PINBALL.fullmatch(name)) is not None:
        quantile = float(found[1])
        return Score(name, _differences(lambda miss: np.maximum(-quantile * miss, (1 - quantile) * miss)))
    if name not in KNOWN:
        raise errors.unknown("compile", "metric", metric, KNOWN)
    return Score(name, KNOWN[name])


_OF_CLASSES = ("accuracy", "binary_accuracy", "auc", "precision", "recall", "f1")


def _classes_of_margins(labels: Array | None, margins: Array) -> tuple[Array, Array]:
    """Return labels of -1 and 1, or 0 and 1, as 0 and 1, and margins as numbers from 0 to 1 in their order, 0 as a half."""
    return (required(labels) > 0).astype(np.float32), 0.5 + 0.5 * margins / (1 + np.abs(margins))


class EpochMetrics(Hook):
    """The loss and the metrics of an epoch, of labels and outputs that come batch by batch."""

    def __init__(self, scores: Sequence[Score], loss: Loss) -> None:
        self.scores, self.loss = scores, loss
        self._loss, self._metrics = self._start()

    def add(self, examples: Examples, outputs: Array) -> None:
        """Take in a batch and what the model says about it."""
        labels, weights = examples.labels, examples.weights
        self._loss.add(labels, outputs, weights)
        if self.scores:
            means = self.loss.mean(self.loss.logits(Value(outputs)).array) if self.loss.from_logits else outputs
            classes = _classes_of_margins(labels, means) if isinstance(self.loss, Hinge) else (labels, means)
            for score, metric in zip(self.scores, self._metrics, strict=True):
                metric.add(*(classes if score.name in _OF_CLASSES else (labels, means)), weights)

    def compute(self) -> dict[str, float]:
        """Return loss, then every metric, and forget what was seen."""
        loss, scores = self._loss, self._metrics
        self._loss, self._metrics = self._start()
        found: dict[str, float] = {"loss": loss.result()}
        for score, metric in zip(self.scores, scores, strict=True):
            value = metric.result()
            found |= value if isinstance(value, Mapping) else {score.name: float(value)}
        return found

    def after_epoch(self, run: Run) -> None:
        run.logs |= {name: value for name, value in self.compute().items() if name != "loss"}

    def _start(self) -> tuple[Sums, list[Accumulator]]:
        one_class = not isinstance(self.loss, (BinaryCrossentropy, Hinge))
        return Sums(self._losses, ratio), [score.start(one_class) for score in self.scores]

    def _losses(self, labels: Array, outputs: Array, weights: Array | None) -> tuple[float, int]:
        """Return the sum of the weighted losses of some rows, and their number."""
        each = self.loss.each(labels, outputs)
        return float((each * (1 if weights is None else weights)).mean()) * len(outputs), len(outputs)
