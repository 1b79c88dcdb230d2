"""report: the page about a classic estimator over rows that it was not trained on, from one streaming evaluation."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.estimators.config import EstimatorSpec
from featurecols.models.estimators.evaluation import Watch
from featurecols.models.estimators.explained import Explained
from featurecols.models.input.examples import Examples
from featurecols.models.input.labelled_rows import LabelledBatch
from featurecols.models.input.pipeline import Encoder, Pipeline, rows_or_pipeline
from featurecols.models.inspection.measured import Measured, MeasuredClasses, MeasuredLabels, MeasuredNumbers
from featurecols.models.inspection.report import ModelReport
from featurecols.models.inspection.slices import Slices, uses_of
from featurecols.models.objective.heads import ClassHead, Head, NumberHead
from featurecols.models.objective.multi_label import MultiLabelHead
from featurecols.models.types import Data, Label


class Reported(Explained):
    """A model that writes a page about itself."""

    @abstractmethod
    def _measure(
        self, data: Data | Pipeline, label: Label | None, weight: Label | None, *, watch: Watch | None = None
    ) -> dict[str, float]:
        """Return metrics over data; `watch` sees rows and answers."""

    def report(
        self,
        data: Data | Pipeline,
        label: Label | None = None,
        weight: str | None = None,
        *,
        path: str | PathLike[str] | None = None,
        slices: Sequence[str] | None = None,
        repeats: int = 1,
        seed: int = 0,
        title: str | None = None,
    ) -> ModelReport:
        """Return what data say of the model: metrics, curves, calibration, confusion or errors, importance, worst slices.

        The numbers are those of `evaluate`, added up in the same pass; slices of fields are learned in one pass before it, and
        the importance of fields is measured after it over the first 20,000 rows. Of several labels there are the metrics of
        each, and slices by the share of the labels that are right. Memory does not grow with the rows. It prints
        as a table; `to_html()` and `save(path)` give one page for a browser that needs no other file and no network.

        Args:
            data: rows that were not trained on, which can be read again: a table or files.
            label: the field that holds labels; that of the training where it is left out.
            weight: the field that holds sample weights.
            path: where to write the page.
            slices: the fields by whose values rows are grouped, also such that the model does not read; None for all that it
                reads.
            repeats: how often each field is shuffled for its importance; 0 leaves importance out.
            seed: of shuffling.
            title: the heading of the page.

        Raises:
            ModelError: for a model_fn of one's own, data that can be read once only, an unknown field. FileNotFoundError,
                PermissionError: for a path that cannot be written.

        >>> import featurecols as fc
        >>> rows = {"age": [20.0, 30.0, 40.0, 50.0] * 10, "rich": [0, 0, 1, 1] * 10}
        >>> model = fc.models.LinearClassifier([fc.Numeric("age")]).train(rows, label="rich", epochs=5)
        >>> report = model.report(rows)
        >>> report.rows, report.metrics["auc"], [found.field for found in report.slices][:1]
        (40, 1.0, ['age'])
        """
        known = self._require_plan().input_uses
        label = label if label is not None else self.label or None
        given = rows_or_pipeline(data, label, weight or self.weight_column)
        rows = given.data if isinstance(given, Pipeline) else given
        if rows.once or not rows.ends:
            hint = "give a table or files"
            raise errors.model("report", "reads its rows several times", type(data).__name__, hint)
        watch = ReportWatch(self.head, Slices.of(rows.features, uses_of(rows.features, known, slices)))
        metrics = self._measure(data, label, weight, watch=watch)
        importance = self.importance(data, label, weight, repeats=repeats, seed=seed) if repeats else None
        head, measured = self.head, watch.measured
        report = ModelReport(
            type(self).__name__ if title is None else title,
            watch.rows,
            ", ".join(rows.labels),
            dict(sorted(metrics.items())),
            watch.slices.found(metrics["average_loss"]),
            "mean absolute error" if isinstance(head, NumberHead) else "accuracy",
            importance,
        )
        if isinstance(measured, MeasuredClasses):
            report = replace(
                report,
                calibration=measured.calibration,
                confusion=measured.confusion,
                roc=measured.roc,
                precision_recall=measured.precision_recall,
            )
        elif isinstance(measured, MeasuredNumbers):
            report = replace(report, errors=measured.errors)
        if path is not None:
            report.save(Path(path))
        return report


class ReportWatch(Watch):
    """What a report keeps of an evaluation: the slices of rows that were read, until they are answered."""

    def __init__(self, head: Head, slices: Slices) -> None:
        self.slices, self.rows = slices, 0
        self.measured: Measured
        if isinstance(head, ClassHead):
            self.measured = MeasuredClasses(head)
        elif isinstance(head, NumberHead):
            self.measured = MeasuredNumbers(head)
        elif isinstance(head, MultiLabelHead):
            self.measured = MeasuredLabels()
        else:
            hint = "evaluate a model_fn of your own"
            raise errors.model("report", "is of classifiers and regressors", type(head).__name__, hint)
        self._read: deque[tuple[int, list[tuple[Array, Array]]]] = deque()  # rows of a batch, and their slices
        self._answered: list[Array] = []  # what slices add up, of the rows since the last batch that was complete

    def around(self, encoder: Encoder) -> Encoder:
        def encode(batch: LabelledBatch) -> Examples:
            examples = encoder.encode(batch)
            self._read.append((len(examples), self.slices.ids(batch.rows)))
            return examples

        have = {key for key, _ in encoder.needs}
        more = [need for need in self.slices.needs if need[0] not in have]
        return encoder._replace(encode=encode, needs=[*encoder.needs, *more])

    def add(self, spec: EstimatorSpec, rows: int) -> None:
        _, labels, logits, losses, weights = (spec.eval_metric_ops or {})[""]
        w = np.ones(rows) if weights is None else np.asarray(weights, np.float64)
        self._answered.append(self.measured.add(labels, logits, np.asarray(losses, np.float64), w))
        self.rows += rows
        while self._read and sum(map(len, self._answered)) >= self._read[0][0]:
            count, ids = self._read.popleft()
            all_rows = np.concatenate(self._answered)
            self.slices.add(ids, all_rows[:count])
            self._answered = [all_rows[count:]]
