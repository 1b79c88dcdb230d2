"""A warning about training that left a model worse than the mean of the labels, with the likely reason."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.slots import DenseSlot
from featurecols.models import errors
from featurecols.models.input.examples import Examples
from featurecols.models.training.hooks import Hook
from featurecols.models.training.run import Run

ROWS = 1024  # of the last batches, that the loss is taken over
WORSE = 0.05  # share of the loss of the mean by which a model must be worse
ERRORS = 2.0  # standard errors of the difference by which it must be worse
LARGE = 10.0  # root mean square of a feature or a label; beyond it the usual learning rates do not fit


class RowLosses(NamedTuple):
    """The losses of rows, each [n] without weights: of the model as it is, and of one that predicts the mean of their labels.

    labels: what the outputs are to be where these are numbers that nobody scaled, [n, units], else None.
    """

    model: Array
    mean: Array
    labels: Array | None = None


class StepLosses(NamedTuple):
    """The loss of the first step, and the mean of the last ones."""

    first: float
    last: float


class LossCheck(Hook):
    """Warn once where the loss after training is worse than that of predicting the mean of the labels.

    Args:
        subject: who warns.
        compute: gives the losses of encoded rows, without weights.
    """

    def __init__(self, subject: str, compute: Callable[[Examples], RowLosses]) -> None:
        self.subject, self.compute = subject, compute
        self.warned = False
        self._batches: deque[tuple[Examples, float]] = deque()
        self._rows, self._first = 0, math.nan

    def begin(self, run: Run) -> None:
        self._batches.clear()
        self._rows, self._first = 0, math.nan

    def after_step(self, run: Run) -> None:
        if self.warned or run.examples is None:
            return
        if math.isnan(self._first):
            self._first = run.loss
        self._batches.append((run.examples, run.loss))
        self._rows += len(run.examples)
        while self._rows - len(self._batches[0][0]) >= ROWS:
            self._rows -= len(self._batches.popleft()[0])

    def end(self, run: Run) -> None:
        if not self._batches:
            return
        examples = Examples.concatenate([batch for batch, _ in self._batches])
        examples = examples.slice(max(0, len(examples) - ROWS), len(examples))
        losses = StepLosses(self._first, float(np.mean([loss for _, loss in self._batches])))
        self._batches.clear()
        if examples.weights is not None:
            examples = examples.take(np.flatnonzero(examples.weights > 0))
        if examples.labels is None or not len(examples) or (examples.labels == examples.labels[0]).all():
            return  # there is nothing to learn, which others warn of
        weights = np.ones(len(examples)) if examples.weights is None else examples.weights.astype(np.float64)
        found = self.compute(examples)
        if not is_worse(found, weights):
            return
        self.warned = True
        loss, mean = (float(np.average(each, weights=weights)) for each in (found.model, found.mean))
        shown = f"the loss after training is {_number(loss)}, worse than {_number(mean)}"
        what = f"{shown}, which predicting the mean of the labels gives"
        reason, hint = explain(examples, found.labels, losses, run.step)
        errors.warn(self.subject, f"{what}: {reason}", hint)


def is_worse(found: RowLosses, weights: Array) -> bool:
    """Return whether the model is worse than the mean by more than chance; weights [n] are above 0."""
    total = float(weights.sum())
    difference = (found.model.astype(np.float64) - found.mean) * weights / total
    size = float(np.abs(found.mean) @ weights) / total
    margin = max(WORSE * size, ERRORS * float(difference.std()) * len(weights) ** 0.5)
    return bool(difference.sum() > margin)


def explain(examples: Examples, labels: Array | None, losses: StepLosses, steps: int) -> tuple[str, str]:
    """Return the likely reason of a bad loss, and the way out.

    Args:
        examples: the last rows of training.
        labels: their labels, where these are numbers that nobody scaled.
        losses: how training went.
        steps: all that were taken.
    """
    if (worst := _largest_feature(examples)) is not None:
        name, numbers = worst
        return f"{name} is not scaled ({_describe(numbers)})", "scale it, in its Numeric with normalizer=ZScore()"
    if labels is not None and _size(labels).max() > LARGE:
        output = labels[:, int(_size(labels).argmax())]
        hint = "scale them; a DNNRegressor does so by itself on tables and files"
        return f"the labels are not scaled ({_describe(output)})", hint
    if losses.last > losses.first:
        return "it has risen, the learning rate may be too high", "give an optimizer with a lower learning_rate"
    return f"{steps:,} {'step was' if steps == 1 else 'steps were'} too few", "raise epochs, or make batches smaller"


def _largest_feature(examples: Examples) -> tuple[str, Array] | None:
    """Return the name and the numbers [n] of the feature that is farthest from 1, None where none is far."""
    best, found = LARGE, None
    for slot in examples.layout.slots:
        if isinstance(slot, DenseSlot) and slot.stop > slot.start:
            values = examples.dense[:, slot.start : slot.stop]
            sizes = _size(values)
            i = int(sizes.argmax())
            if sizes[i] > best:
                best = float(sizes[i])
                found = f"{slot.name}[{i}]" if values.shape[1] > 1 else slot.name, values[:, i]
    return found


def _size(values: Array) -> Array:
    """Return the root mean square of every column of [n, k]."""
    return np.asarray(np.sqrt(np.square(values, dtype=np.float64).mean(axis=0)))


def _describe(numbers: Array) -> str:
    return f"mean {_number(float(numbers.mean(dtype=np.float64)))}, deviation {_number(float(numbers.std(dtype=np.float64)))}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"
