"""Metrics that are added up batch by batch, in memory that does not grow with the rows.

Rows are put together to blocks of a fixed size, and the sums of blocks are added, so that a metric does not depend on the
batches that rows came in; up to one block it has the bits that a single sum over all rows has.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models.objective.score_steps import LEAST, MOST, ScoreSteps, arrays, ratio

BLOCK = 1 << 16  # rows of a block
NUMBERS, FEW = 1 << 18, 1 << 10  # how many outputs a block holds at most, and how many rows at least


class Accumulator(ABC):
    """What a metric must know of the rows that it has seen."""

    @abstractmethod
    def add(self, *arrays: Array | None) -> None:
        """Take in the arrays of some rows; None is an array that there is not."""

    @abstractmethod
    def result(self) -> Mapping[str, float] | float:
        """Return the metric, or several by name, over all rows; nothing is added after it."""


class Whole(Accumulator):
    """The arrays of all rows, for a function that must have them at once: its memory grows with them."""

    def __init__(self, function: Callable[..., Mapping[str, float] | float]) -> None:
        self.function = function
        self._batches: list[tuple[Array | None, ...]] = []

    def add(self, *arrays: Array | None) -> None:
        self._batches.append(arrays)

    def result(self) -> Mapping[str, float] | float:
        return self.function(*_together(self._batches))


class InBlocks(Accumulator):
    """Rows in blocks of `rows`, whatever batches they come in."""

    rows = BLOCK

    def __init__(self) -> None:
        self._waiting: list[tuple[Array | None, ...]] = []
        self._have = 0

    @abstractmethod
    def add_block(self, *arrays: Array | None) -> None:
        """Add up one block."""

    @abstractmethod
    def compute(self) -> Mapping[str, float] | float:
        """Return the metric over all blocks."""

    def add(self, *arrays: Array | None) -> None:
        at, total = 0, next(len(a) for a in arrays if a is not None)
        while at < total:
            to = min(at + self.rows - self._have, total)
            self._waiting.append(tuple(None if a is None else a[at:to] for a in arrays))
            self._have, at = self._have + to - at, to
            if self._have == self.rows:
                self._flush()

    def result(self) -> Mapping[str, float] | float:
        self.finish()
        return self.compute()

    def finish(self) -> None:
        """Add up the last block, which may be shorter."""
        if self._have:
            self._flush()

    def _flush(self) -> None:
        waiting, self._waiting, self._have = self._waiting, [], 0
        self.add_block(*_together(waiting))


class Sums(InBlocks):
    """Sums over rows, each of which is a number of every block, and the metric that is computed from them."""

    def __init__(self, of_block: Callable[..., Sequence[float]], compute: Callable[..., float]) -> None:
        super().__init__()
        self._of_block, self._compute = of_block, compute
        self._sums: list[float] = []

    def add_block(self, *arrays: Array | None) -> None:
        found = self._of_block(*arrays)
        self._sums = [a + b for a, b in zip(self._sums, found, strict=True)] if self._sums else list(found)

    def compute(self) -> float:
        return self._compute(*self._sums)

    def result(self) -> float:
        self.finish()
        return self.compute()


class Scores(InBlocks):
    """Labels, scores and weights of rows of two classes, and what is computed from their steps."""

    def __init__(self, compute: Callable[[ScoreSteps], float]) -> None:
        super().__init__()
        self._steps, self._compute = ScoreSteps(MOST), compute

    def add_block(self, *given: Array | None) -> None:
        labels, scores, weights = (*given, None)[:3]
        self._steps.add(*arrays(required(labels), required(scores), weights))

    def compute(self) -> float:
        return self._compute(self._steps)


class BinaryMetrics(InBlocks):
    """What metrics.binary returns; rows are labels [n], logits [n], losses [n] or None, weights [n] or None."""

    def __init__(self, most: int | None = MOST) -> None:
        super().__init__()
        self._steps, self._sums = ScoreSteps(most), np.zeros(7)

    def add_block(self, *given: Array | None) -> None:
        labels, logits, losses, weights = (*given, None, None)[:4]
        scores = required(logits)
        if weights is None and losses is not None and self._add_plain(required(labels).reshape(-1), scores.reshape(-1), losses):
            return
        y, z, w = arrays(required(labels), scores, weights)
        self._steps.add(y, scores.reshape(-1) if scores.dtype == np.float32 else z, w)
        p = 1 / (1 + np.exp(-z.clip(-700, 700)))
        each = np.logaddexp(0, z) - y * z if losses is None else np.asarray(losses, np.float64)
        chosen = (z > 0).astype(np.float64)
        positive = w * y
        rows = (w, (y == chosen) * w, positive, positive * chosen, w * chosen, each * w, p * w)
        self._sums += [values.sum() for values in rows]

    def _add_plain(self, y: Array, scores: Array, losses: Array) -> bool:
        """Add up rows without weights whose labels are 0 and 1, by counts, and return whether they are such; the same bits."""
        positive = y == 1
        if not len(y) == len(scores) == len(losses) or not (positive | (y == 0)).all():
            return False
        chosen, z = scores > 0, scores.astype(np.float64)
        self._steps.add_plain(positive, scores if scores.dtype == np.float32 else z)
        p = 1 / (1 + np.exp(-z.clip(-700, 700)))
        hits, named, positives = (np.count_nonzero(rows) for rows in (positive & chosen, chosen, positive))
        right = len(y) - named - positives + 2 * hits
        self._sums += [len(y), right, positives, hits, named, np.asarray(losses, np.float64).sum(), p.sum()]
        return True

    def compute(self) -> dict[str, float]:
        total, right, positives, hits, named, losses, means = self._sums.tolist()
        positive = ratio(positives, total)
        return {
            "accuracy": ratio(right, total),
            "accuracy_baseline": max(positive, 1 - positive) if total else 0.0,
            "auc": self._steps.auc(),
            "auc_precision_recall": self._steps.average_precision(),
            "average_loss": ratio(losses, total),
            "label/mean": positive,
            "precision": ratio(hits, named),
            "prediction/mean": ratio(means, total),
            "recall": ratio(hits, positives),
        }


class MulticlassMetrics(InBlocks):
    """What metrics.multiclass returns; rows are class numbers [n], logits [n, k], losses [n] or None, weights [n] or None."""

    def __init__(self, names: Sequence[str], most: int | None = MOST) -> None:
        super().__init__()
        k = len(names)
        self.names, self.rows = tuple(names), rows_of_block(k)
        self._steps = [ScoreSteps(None if most is None else max(LEAST, most // k)) for _ in names]
        self._sizes, self._sums, self._each = np.zeros(k), np.zeros(3), np.zeros((k, 3))

    def add_block(self, *given: Array | None) -> None:
        labels, logits, losses, weights = (*given, None, None)[:4]
        z = np.asarray(logits, np.float64)
        y, chosen, w = arrays(required(labels), z.argmax(axis=1), weights)
        numbers = y.astype(np.int64)
        rest = z - _log_sum_exp(z)  # the log probability of each class ranks rows for one against the rest
        each = -rest[np.arange(len(y)), numbers] if losses is None else np.asarray(losses, np.float64)
        self._sizes += np.bincount(numbers, w, z.shape[1])
        self._sums += [values.sum() for values in (w, (y == chosen) * w, each * w)]
        for k, steps in enumerate(self._steps):
            is_k, as_k = (y == k).astype(np.float64), (chosen == k).astype(np.float64)
            steps.add(is_k, rest[:, k], w)
            positive = w * is_k
            self._each[k] += [values.sum() for values in (positive * as_k, w * as_k, positive)]

    def compute(self) -> dict[str, float]:
        total, right, losses = self._sums.tolist()
        out = {
            "accuracy": ratio(right, total),
            "accuracy_baseline": float(self._sizes.max() / total) if total else 0.0,
            "average_loss": ratio(losses, total),
        }
        for name, steps, (hits, named, positives) in zip(self.names, self._steps, self._each.tolist(), strict=True):
            out[f"precision/{name}"] = ratio(hits, named)
            out[f"recall/{name}"] = ratio(hits, positives)
            out[f"auc/{name}"] = steps.auc()
        return out


class MultiLabelMetrics(InBlocks):
    """Metrics of several labels; rows are 0 and 1 [n, k], logits [n, k], losses [n], weights [n] or None.

    Each label has those of two classes, as `auc/<label>`; `accuracy`, `auc` and `auc_precision_recall` are their means, areas
    over the labels that some rows have and some have not. `exact_match` is the share of the rows all of whose labels are right.
    """

    def __init__(self, names: Sequence[str], most: int | None = MOST) -> None:
        super().__init__()
        k = len(names)
        self.names, self.rows = tuple(names), rows_of_block(k)
        self._each = [BinaryMetrics(None if most is None else max(LEAST, most // k)) for _ in names]
        self._sums = np.zeros(3)

    def add_block(self, *given: Array | None) -> None:
        labels, logits, losses, weights = given
        y, z = required(labels), required(logits)
        w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
        right = ((z > 0) == (y > 0.5)).all(axis=1)
        self._sums += [w.sum(), (right * w).sum(), (np.asarray(losses, np.float64) * w).sum()]
        for k, metrics in enumerate(self._each):
            metrics.add_block(y[:, k], np.ascontiguousarray(z[:, k]), None, weights)

    def compute(self) -> dict[str, float]:
        total, right, losses = self._sums.tolist()
        each = {name: metrics.compute() for name, metrics in zip(self.names, self._each, strict=True)}
        out = {"average_loss": ratio(losses, total), "exact_match": ratio(right, total)}
        for metric in ("accuracy", "auc", "auc_precision_recall"):
            known = [found[metric] for found in each.values() if not np.isnan(found["auc"]) or metric == "accuracy"]
            out[metric] = float(np.mean(known)) if known else float("nan")
        for metric in ("accuracy", "auc", "precision", "recall", "label/mean", "prediction/mean"):
            out |= {f"{metric}/{name}": found[metric] for name, found in each.items()}
        return out


class RegressionMetrics(InBlocks):
    """What metrics.regression returns; rows are labels and predictions [n] or [n, k], losses [n], weights [n], or None."""

    def __init__(self) -> None:
        super().__init__()
        self._sums = np.zeros(6)
        self._missed: Array = np.zeros(1)  # of each output the sum of squared errors,
        self._spread: Array = np.zeros(1)  # that of squared distances from the mean,
        self._mean: Array = np.zeros(1)  # and the mean, of labels that have a weight

    def add_block(self, *given: Array | None) -> None:
        labels, predictions, losses, weights = (*given, None, None)[:4]
        y = np.asarray(labels, np.float64)
        y = y.reshape(len(y), -1)
        p = np.asarray(predictions, np.float64).reshape(y.shape)
        w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
        squares = np.square(y - p)
        squared = squares.mean(axis=1)
        each = squared if losses is None else np.asarray(losses, np.float64)
        rows = (squared * w, each * w, y.mean(axis=1) * w, np.abs(y - p).mean(axis=1) * w, p.mean(axis=1) * w)
        before, total = self._sums[0], w.sum()
        self._sums += [total, *(values.sum() for values in rows)]
        self._missed = self._missed + (w[:, None] * squares).sum(axis=0)
        if total:
            mean = np.average(y, axis=0, weights=w)
            spread = (w[:, None] * np.square(y - mean)).sum(axis=0)
            if before:  # as Chan, Golub and LeVeque add up two variances
                apart = mean - self._mean
                spread = self._spread + spread + np.square(apart) * (before * total / (before + total))
                mean = self._mean + apart * (total / (before + total))
            self._mean, self._spread = mean, spread

    def compute(self) -> dict[str, float]:
        total, squared, losses, labels, absolute, predictions = self._sums.tolist()
        spread = self._spread if total else self._missed
        each: dict[str, float] = {}
        if len(self._missed) > 1:
            for i, (missed, apart) in enumerate(zip(self._missed.tolist(), spread.tolist(), strict=True)):
                each |= {
                    f"rmse/{i}": float(np.sqrt(ratio(missed, total))),
                    f"r2/{i}": 1 - ratio(missed, apart) if total else 0.0,
                }
        return {
            "average_loss": ratio(losses, total),
            "r2": float(np.mean([1 - ratio(a, b) for a, b in zip(self._missed, spread, strict=True)])) if total else 0.0,
            "label/mean": ratio(labels, total),
            "mae": ratio(absolute, total),
            "prediction/mean": ratio(predictions, total),
            "rmse": float(np.sqrt(ratio(squared, total))),
            **each,
        }


class OfMeans(RegressionMetrics):
    """The same of labels and logits, which are made predictions first."""

    def __init__(self, means: Callable[[Array], Array]) -> None:
        super().__init__()
        self._means = means

    def add_block(self, *given: Array | None) -> None:
        labels, logits, losses, weights = given
        super().add_block(labels, self._means(required(logits)), losses, weights)


def rows_of_block(outputs: int) -> int:
    """Return how many rows of so many outputs a block has."""
    return max(FEW, min(BLOCK, NUMBERS // outputs))


def required(array: Array | None) -> Array:
    """Return an array; raise ValueError where there is none."""
    if array is None:
        raise ValueError("metrics: labels and predictions are needed, got None")
    return array


def _together(batches: Sequence[tuple[Array | None, ...]]) -> list[Array | None]:
    """Return each array of all batches as one; None where there is none."""
    if len(batches) == 1:
        return list(batches[0])
    found = [[a for a in parts if a is not None] for parts in zip(*batches, strict=True)]
    return [np.concatenate(parts) if parts else None for parts in found]


def _log_sum_exp(z: Array) -> Array:
    top = z.max(axis=1, keepdims=True)
    return np.asarray(top + np.log(np.exp(z - top).sum(axis=1, keepdims=True)))
