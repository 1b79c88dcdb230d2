"""The rows of a Sequential: data of any form as a stream of encoded batches, with the plan that encodes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from featurecols.columns._undecided import require_training_rows
from featurecols.models import errors
from featurecols.models.estimators.column_scaling import FirstRows, ScaleWarning
from featurecols.models.input import classes, labels
from featurecols.models.input.array_stream import array_stream, numeric_labels, numeric_matrix
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.labelled_rows import LabelledBatch, LabelledRows, explain_learned_label
from featurecols.models.input.pipeline import BatchStream, Encoder, Pipeline, needs_of, rows_or_pipeline
from featurecols.models.layers import DenseFeatures
from featurecols.models.objective import losses
from featurecols.models.objective.heads import PlainHead
from featurecols.models.sequential_files import SequentialFiles
from featurecols.models.types import Data, Label
from featurecols.plan.compile import compile
from featurecols.plan.fit import fit
from featurecols.plan.graph import Graph
from featurecols.plan.plan import Plan


class SequentialRows(SequentialFiles):
    """How Sequential reads rows."""

    _plan_saw_no_data: bool  # whether the plan was made before training: it does not know the types of fields
    _scale_warning: ScaleWarning | None  # about columns of numbers, made when training first reads rows

    def _stream(
        self,
        x: Data | Pipeline | ArrayLike,
        y: ArrayLike | None,
        label: Label | None,
        batch_size: int,
        *,
        shuffle: bool = False,
        labelled: bool = True,
        weight: ArrayLike | None = None,
        seen: labels.Range | None = None,
    ) -> BatchStream:
        """Return rows of any form as a stream of batches; `seen`, where it is given, for training, takes in the labels."""
        first = self.layers[0] if self.layers else None
        if not isinstance(first, DenseFeatures):
            matrix = numeric_matrix(cast(ArrayLike, x))
            targets = numeric_labels(y) if labelled else None
            if seen is not None and targets is not None:
                seen.add(targets, None if weight is None else np.asarray(weight))
            return array_stream(matrix, targets, weight, batch_size, shuffle=shuffle, seed=self.variables.seed)
        named = weight if isinstance(weight, str) else None
        table = cast("Data | Pipeline", x if y is None else (x, y) if weight is None or named else (x, y, weight))
        rows = rows_or_pipeline(table, label, named)
        kept = float("inf") if shuffle else None
        pipeline = rows if isinstance(rows, Pipeline) else Pipeline(rows, 1 << 20 if shuffle else 0, batch_size, kept=kept)
        if self._plan is None or (seen is not None and self._plan_saw_no_data and self.variables.step == 0):
            self._plan = self._make_plan(first, None if seen is None else pipeline.data)
            self._plan_saw_no_data = seen is None
        if seen is not None and self._scale_warning is None:
            self._scale_warning = ScaleWarning("Sequential.fit", self._plan.columns)
        if labelled:
            self._learn_labels(pipeline.data)
        encoder = self._encoder(self._plan, labelled, pipeline.data.labels, seen)
        return BatchStream(pipeline, encoder, self.variables.seed, digests=False)

    def _make_plan(self, layer: DenseFeatures, rows: LabelledRows | None) -> Plan:
        """Return the plan of rows to train on, whose types of fields it knows; without rows, of columns that learn nothing."""
        graph = Graph(layer.columns)
        learns = bool(graph.passes())
        require_training_rows(graph.columns)
        if rows is not None:
            try:
                return fit(layer._scaled_columns(), rows.features if learns or rows.ends else FirstRows(rows.features))
            except errors.DataError as e:
                raise explain_learned_label(e, "Sequential", rows, layer.columns) from None
        if learns:
            names = [c.name for c in layer.columns][:8]
            raise errors.model("DenseFeatures", "its columns still learn", names, "fit first")
        return compile(layer.columns)

    def _learn_labels(self, rows: LabelledRows) -> None:
        """Keep what labels are called, and before the first step the words that they use."""
        keys = rows.labels
        if not keys:
            raise errors.model("Sequential", "needs labels", None, "give y, or label=, the field that holds them")
        self.label = self.label or keys
        if self.words is None and self.variables.step == 0 and len(keys) == 1:
            self.words = classes.learn_words(rows.label_batches(), keys[0])
            if self.words is not None and isinstance(self.loss, losses.OF_NUMBERS):
                hint = "give a loss for classes, or a field of numbers"
                what = f"labels are words, and {self.loss!r} needs numbers"
                raise errors.labels(keys[0], what, self.words, None, hint)

    def _encoder(self, plan: Plan, labelled: bool, keys: Sequence[str], seen: labels.Range | None) -> Encoder:
        """Return how rows of the plan become examples."""
        head, layout = PlainHead(self.words), Layout(plan.encoded_slots, plan.tables)
        scale = None if seen is None else self._scale_warning
        compute = plan.encode if seen is None else plan.encode_training

        def encode(batch: LabelledBatch) -> Examples:
            y = None if not labelled or batch.labels is None else head.read(batch.labels, keys)
            w = None if not labelled or batch.weights is None else labels.weights(*batch.weights)
            if seen is not None and y is not None:
                seen.add(y, w)
            examples = Examples.of(compute(batch.rows), layout, y, w)
            if scale is not None:
                scale.look(examples)
            return examples

        return Encoder(encode, needs_of(plan, training=seen is not None), f"{plan.fingerprint} {keys} {self.words}", layout)
