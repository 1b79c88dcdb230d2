"""What an evaluation adds up, batch by batch: the losses and the metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.estimators.config import EstimatorSpec, Metric
from featurecols.models.input.pipeline import Encoder
from featurecols.models.objective import metric_arguments, metrics
from featurecols.models.objective.accumulators import (
    Accumulator,
    BinaryMetrics,
    MulticlassMetrics,
    RegressionMetrics,
    Scores,
    Sums,
    Whole,
    required,
)
from featurecols.models.objective.heads import Head
from featurecols.models.objective.score_steps import ScoreSteps, arrays, ratio


class Watch(ABC):
    """What sees an evaluation: the rows as they come, and then, in the same order, what the model answers about them."""

    @abstractmethod
    def around(self, encoder: Encoder) -> Encoder:
        """Return an encoder that gives the same, and shows the rows of each batch that it reads."""

    @abstractmethod
    def add(self, spec: EstimatorSpec, rows: int) -> None:
        """Take in what the model answers about the next rows."""


class Evaluation:
    """The losses of batches, and what each metric must know of the rows.

    Metrics of heads and of featurecols.models.metrics need memory that does not grow with the rows. Any other function is
    called once, with the arrays of all rows.
    """

    def __init__(self) -> None:
        self.batches = self.rows = 0
        self._losses = Sums(lambda losses: (losses.sum(), len(losses)), ratio)
        self._metrics: dict[str, Accumulator] = {}

    def add(self, spec: EstimatorSpec, rows: int) -> None:
        """Take in what a model answers about a batch of so many rows."""
        if spec.loss is None:
            raise errors.model("EstimatorSpec", "mode 'eval' needs loss", None, "give loss=")
        self.batches, self.rows = self.batches + 1, self.rows + rows
        self._losses.add(np.array([float(spec.loss)]))
        found: Mapping[str, Metric] = spec.eval_metric_ops or {}
        for name, (function, *given) in found.items():
            values = [None if a is None else np.asarray(a) for a in given]
            if function in _KNOWN:
                self._require_present(name, values, rows)
            if name not in self._metrics:
                self._metrics[name] = _accumulator(function, values)
            self._metrics[name].add(*values)

    def _require_present(self, name: str, values: Sequence[Array | None], rows: int) -> None:
        """Raise DataError at the first row where what a metric is of is missing."""
        try:
            for value in values:
                if value is not None and value.dtype.kind == "f":
                    metric_arguments.numbers(f"value of the metric {name!r}", value, infinite=True)
        except errors.DataError as e:
            raise e.shifted(self.rows - rows) from None

    def compute(self) -> dict[str, float]:
        """Return every metric over all batches, and `loss`, the mean over batches of what training minimizes."""
        out: dict[str, float] = {}
        for name, metric in self._metrics.items():
            value = metric.result()
            out |= value if isinstance(value, Mapping) else {name: float(value)}
        return {**out, "loss": float(self._losses.result())}


def _accumulator(function: Callable[..., float | Mapping[str, float]], given: Sequence[Array | None]) -> Accumulator:
    """Return what adds up a metric of this function of such arrays."""
    head = getattr(function, "__self__", None)
    if isinstance(head, Head) and function == head.metrics:
        return head.accumulator()
    if any(a is not None and a.dtype.kind not in "biuf" for a in given):
        return Whole(function)  # which one of two words is positive is known when all are
    if function is metrics.multiclass:
        return MulticlassMetrics([str(k) for k in range(required(given[1]).shape[1])])
    known = _KNOWN.get(function)
    return Whole(function) if known is None else known()


def _share(y: Array, chosen: Array, of: Callable[[Array, Array], Array]) -> tuple[float, float]:
    """Return the sums of rows that were predicted rightly as positive, and of those that `of` gives."""
    labels, found, _ = arrays(y, chosen, None)
    return float((labels * found).sum()), float(of(labels, found).sum())


_KNOWN: dict[Callable[..., object], Callable[[], Accumulator]] = {
    metrics.binary: BinaryMetrics,
    metrics.regression: RegressionMetrics,
    metrics.mean: lambda: Sums(lambda values: (values.astype(np.float64).sum(), len(values)), ratio),
    metrics.accuracy: lambda: Sums(lambda y, chosen: ((y.reshape(-1) == chosen.reshape(-1)).sum(), y.size), ratio),
    metrics.precision: lambda: Sums(lambda y, chosen: _share(y, chosen, lambda labels, found: found), ratio),
    metrics.recall: lambda: Sums(lambda y, chosen: _share(y, chosen, lambda labels, found: labels), ratio),
    metrics.auc: lambda: Scores(ScoreSteps.auc),
    metrics.auc_precision_recall: lambda: Scores(ScoreSteps.average_precision),
}
