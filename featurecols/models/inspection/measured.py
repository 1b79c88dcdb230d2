"""What a report adds up of the answers of a model: curves, calibration, confusion and errors, in bounded memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models.input.held_out import hashes_of_rows
from featurecols.models.inspection.slices import added
from featurecols.models.objective.heads import ClassHead, NumberHead
from featurecols.models.objective.metrics import Calibration, Curve
from featurecols.models.objective.score_steps import MOST, ScoreSteps

BINS = 20  # of probabilities
POINTS = 400  # of a curve
SAMPLE = 20_000  # rows that are kept of a regressor
CLASSES = 1_000  # up to which there is a matrix of labels and predicted classes


@dataclass(frozen=True, slots=True)
class Confusion:
    """The weight of rows by label and predicted class, float64 [k, k]; rows of the matrix are labels."""

    classes: tuple[str, ...]
    weight: Array


@dataclass(frozen=True, slots=True)
class Errors:
    """Labels and predictions of a sample of the rows, float64 [n, outputs], drawn by hashes of row numbers; `rows`: of all."""

    labels: Array
    predictions: Array
    rows: int


class Measured(ABC):
    """What is known of rows that come in batches."""

    @abstractmethod
    def add(self, labels: Array, logits: Array, losses: Array, weights: Array) -> Array:
        """Take in rows; return float64 [n, 5] for slices: weight, loss, score, label, prediction.

        Args:
            labels: as the head reads them.
            logits: [n, units].
            losses: float64 [n].
            weights: float64 [n].
        """


class MeasuredClasses(Measured):
    """Rows of a classifier: ROC and precision of two classes, calibration and confusion of any number.

    Of more than two classes, calibration is that of the largest probability: how often the class with it is the right one.
    """

    def __init__(self, head: ClassHead) -> None:
        self.head = head
        self._steps = ScoreSteps(MOST)
        self._bins = np.zeros(
            (BINS, 4)
        )  # of each bin of probability: weight, sums of probabilities and of what happened, squares
        self._confusion = np.zeros((head.n_classes, head.n_classes) if head.n_classes <= CLASSES else (0, 0))

    def add(self, labels: Array, logits: Array, losses: Array, weights: Array) -> Array:
        y, two = labels.reshape(-1).astype(np.int64), self.head.n_classes == 2
        chosen, p = self.head.class_ids(logits), self.head.probabilities(logits).astype(np.float64)
        happened = (y if two else chosen == y).astype(np.float64)
        said = p[:, 1] if two else p.max(axis=1)
        if two:
            self._steps.add(happened, logits.reshape(-1).astype(np.float64), weights)
        which = np.minimum((said * BINS).astype(np.int64), BINS - 1)
        for j, values in enumerate((weights, weights * said, weights * happened, weights * np.square(said - happened))):
            self._bins[:, j] = added(self._bins[:, j], which, values)
        k = self.head.n_classes
        if k <= CLASSES:
            self._confusion = added(self._confusion.reshape(-1), y * k + chosen, weights).reshape(k, k)
        none = np.full(len(y), np.nan)
        return np.stack([weights, losses, chosen == y, happened if two else none, said if two else none], axis=1)

    @property
    def confusion(self) -> Confusion | None:
        """The weight of rows by label and predicted class; None of more than 1,000 classes."""
        return Confusion(self.head.names, self._confusion) if self._confusion.size else None

    @property
    def calibration(self) -> Calibration:
        """What was predicted and what happened, by bin of probability."""
        full = self._bins[:, 0] > 0
        weight, said, happened, squares = self._bins[full].T
        predicted, observed, total = said / weight, happened / weight, max(float(weight.sum()), 1e-300)
        error = float((np.abs(predicted - observed) * weight).sum() / total)
        return Calibration(predicted, observed, weight, error, float(squares.sum() / total))

    @property
    def roc(self) -> Curve | None:
        """False and true positive rates, at most 400 points; None unless there are rows of both of two classes."""
        thresholds, negatives, positives = self._steps.steps()
        if not (negatives.sum() and positives.sum()):
            return None
        x, y = (np.concatenate([[0.0], np.cumsum(side)]) / side.sum() for side in (negatives, positives))
        return _thinned(x, y, thresholds)

    @property
    def precision_recall(self) -> Curve | None:
        """Recall and precision, at most 400 points; None unless there are rows of both of two classes."""
        thresholds, negatives, positives = self._steps.steps()
        if not (negatives.sum() and positives.sum()):
            return None
        right = np.cumsum(positives)
        named = right + np.cumsum(negatives)
        precision = np.divide(right, named, out=np.ones_like(right), where=named > 0)
        return _thinned(np.append(0.0, right / right[-1]), np.append(1.0, precision), thresholds)


class MeasuredLabels(Measured):
    """Rows of several labels: the score of a row is the share of its labels that are right."""

    def add(self, labels: Array, logits: Array, losses: Array, weights: Array) -> Array:
        right = ((logits > 0) == (labels > 0)).mean(axis=1)
        none = np.full(len(right), np.nan)
        return np.stack([weights, losses, right, none, none], axis=1)


class MeasuredNumbers(Measured):
    """Rows of a regressor, of which a sample is kept."""

    def __init__(self, head: NumberHead) -> None:
        self.head = head
        self._kept: list[tuple[Array, Array, Array]] = []  # hashes, labels, predictions
        self._rows = self._count = 0

    def add(self, labels: Array, logits: Array, losses: Array, weights: Array) -> Array:
        y = np.asarray(labels, np.float64).reshape(len(labels), -1)
        p = np.asarray(self.head.means(logits), np.float64).reshape(y.shape)
        self._kept.append((hashes_of_rows(self._rows, len(y), 0), y, p))
        self._rows, self._count = self._rows + len(y), self._count + len(y)
        if self._count > 4 * SAMPLE:
            self._thin()
        return np.stack([weights, losses, np.abs(y - p).mean(axis=1), y.mean(axis=1), p.mean(axis=1)], axis=1)

    def _thin(self) -> None:
        """Keep the rows with the least hashes."""
        hashes, labels, predictions = (np.concatenate(parts) for parts in zip(*self._kept, strict=True))
        least = np.sort(np.argsort(hashes, kind="stable")[:SAMPLE])
        self._kept, self._count = [(hashes[least], labels[least], predictions[least])], len(least)

    @property
    def errors(self) -> Errors:
        """Labels and predictions of the sample."""
        self._thin()
        _, labels, predictions = self._kept[0]
        return Errors(labels, predictions, self._rows)


def _thinned(x: Array, y: Array, thresholds: Array) -> Curve:
    """Return a curve with at most 400 of its points: evenly along its length, first and last among them."""
    thresholds = np.append(np.inf, thresholds)
    if len(x) <= POINTS:
        return Curve(x, y, thresholds)
    along = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    kept = np.unique(np.searchsorted(along, np.linspace(0, along[-1], POINTS)).clip(0, len(x) - 1))
    return Curve(x[kept], y[kept], thresholds[kept])


def corner_of(confusion: Confusion, most: int) -> tuple[Sequence[str], Array]:
    """Return the `most` classes with the most rows and their part of the matrix, in the order of the classes."""
    frequent = np.sort(np.argsort(-confusion.weight.sum(axis=1), kind="stable")[:most])
    return [confusion.classes[i] for i in frequent], confusion.weight[np.ix_(frequent, frequent)]
