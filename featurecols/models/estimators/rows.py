"""The rows of an estimator: data of any form as a pipeline, the plan that encodes it, and labels as its head reads them.

Beside those of Sequential the only file of the models that makes a plan.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from featurecols._core.arrays import Array
from featurecols._core.memory_limit import available
from featurecols.data.batch import Source
from featurecols.models import errors
from featurecols.models.estimators import arguments
from featurecols.models.estimators.column_scaling import ScaleWarning
from featurecols.models.estimators.config import ModeKeys, WarmStartSettings
from featurecols.models.estimators.state import PLAN, Keeper, declared_as_json
from featurecols.models.input import labels
from featurecols.models.input.class_weights import weigh
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.labelled_rows import LabelledBatch, LabelledRows, explain_learned_label
from featurecols.models.input.pipeline import Encoder, Pipeline, needs_of, rows_or_pipeline
from featurecols.models.objective.heads import PlainHead
from featurecols.models.training import checkpoints, warm_start
from featurecols.models.types import Data, Label
from featurecols.plan.compile import compile
from featurecols.plan.fit import fit
from featurecols.plan.graph import Graph
from featurecols.plan.load import load as load_plan
from featurecols.plan.plan import Plan

EVERYTHING = 1 << 20  # rows that are shuffled together where nobody says otherwise


class EstimatorRows(Keeper):
    """How an estimator reads rows."""

    _plan_saw_no_data: bool  # whether the plan was made before training: it does not know the types of fields
    _small: tuple[Plan, Layout] | None = None  # the plan of the last small table that was predicted, with its layout
    _labels_by_name = False  # whether training gave labels as a dict, which a model_fn is then called with

    def _pipeline(
        self,
        data: Data | Pipeline,
        label: Label | None,
        batch_size: int | None,
        *,
        weight: Label | None = None,
        training: bool = True,
    ) -> Pipeline:
        if batch_size is not None:
            batch_size = arguments.require_count(self._who, "batch_size", batch_size)
        mode = ModeKeys.TRAIN if training else ModeKeys.EVAL
        field = weight if isinstance(weight, str) else None
        if weight is None:
            field = self.weight_column if training else self._weight_field()
        if weight is not None and field is None:
            data, label = arguments.join_weights(self._who, data, label, weight), None
        rows = rows_or_pipeline(data, label, field, mode=mode, params=self.params, config=self.config)
        if isinstance(rows, Pipeline):
            return replace(rows, batch_size=rows.batch_size or batch_size) if training else Pipeline(rows.data, 0, batch_size)
        if not training:
            return Pipeline(rows, batch_size=batch_size)
        spare = available()
        return Pipeline(rows, EVERYTHING, batch_size or 256, kept=float("inf") if spare is None else spare / 3)

    def _scale_warning(self) -> ScaleWarning | None:
        """Return what looks at the scale of numbers; None where nobody is to be warned."""
        return None

    def _encoder(
        self,
        *,
        labelled: bool,
        keys: Sequence[str] | None = None,
        seen: labels.Range | None = None,
        look: Callable[[Examples], None] | None = None,
        training: bool = False,
        class_weights: Array | None = None,
    ) -> Encoder:
        """Return how rows become examples; training: rows that the model is trained on, as `plan.encode_training` has them."""
        plan, head, keys = self._require_plan(), self.head, keys or self.label
        layout, threads = Layout(plan.encoded_slots, plan.tables), self.config.threads
        compute = plan.encode_training if training else plan.encode

        def encode(batch: LabelledBatch) -> Examples:
            y = w = None
            if labelled:
                if batch.labels is None:
                    raise errors.model(self._who, "needs labels", None, "give label=, the field that holds them")
                y = head.read(batch.labels, keys)
                w = None if batch.weights is None else labels.weights(*batch.weights)
                if seen is not None:
                    seen.add(y, w)
                if class_weights is not None:
                    w = weigh(self._who, class_weights, y, w)
            examples = Examples.of(compute(batch.rows, threads=threads), layout, y, w)
            if look is not None:
                look(examples)
            return examples

        about = [plan.fingerprint, list(keys), head.to_json(), *([] if class_weights is None else class_weights.tolist())]
        key = json.dumps(about) if labelled else plan.fingerprint
        return Encoder(encode, needs_of(plan, training=training), key, layout)

    def _small_examples(self, data: Data | Pipeline, batch_size: int | None) -> Examples | None:
        """Return a small table in memory as the one batch of it to predict; None where a pipeline is to read it."""
        plan, kept = self._plan, self._small
        if plan is None or type(batch_size) is not int or isinstance(data, Pipeline):
            return None
        found = plan._encode_small(data, batch_size)  # which asks tables in memory alone for a length: elsewhere it is a query
        if found is None:
            return None
        if kept is None or kept[0] is not plan:
            kept = self._small = plan, Layout(plan.encoded_slots, plan.tables)
        return Examples.of(found, kept[1])

    def _ready(self, rows: LabelledRows | None, *, training: bool = False, checkpoint: str | Path | None = None) -> None:
        """Have a plan, and know what labels are called and which words they use; a trained model knows its words."""
        if self._plan is None or (training and self._plan_saw_no_data and self._variables().step == 0):
            self._plan = self._make_plan(rows if training else None, checkpoint)
            self._plan_saw_no_data = not training
        fresh = self._variables().step == 0
        if rows is None or not rows.labels:
            return
        if training or not self.label:
            self.label = rows.labels
        if training:
            self._labels_by_name = rows.named
        if fresh and self.head.learns_words and (len(rows.labels) == 1 or not isinstance(self.head, PlainHead)):
            self.head = self.head.learn_of_fields(rows.label_batches(), rows.labels, ends=rows.ends)
        if training and fresh and self.warm_start_from is not None:
            self.variables = None  # made again, now that labels are known
        if training and fresh:
            self._start_labels(rows)

    def _start_labels(self, rows: LabelledRows) -> None:
        """Learn from the labels what must be known before the first step."""

    def _plan_in(self, folder: Path) -> Plan | None:
        return load_plan(folder / PLAN) if (folder / PLAN / "plan.json").exists() else None

    def _make_plan(self, rows: LabelledRows | None, checkpoint: str | Path | None = None) -> Plan:
        folder = self.model_dir
        if folder is not None and (plan := self._plan_in(folder)) is not None:
            if plan.columns == self.columns:
                return plan
            if checkpoints.latest(folder) is not None:
                theirs, ours = declared_as_json(plan.columns), declared_as_json(self.columns)
                raise errors.other_columns(folder, warm_start.difference(theirs, ours))
        if rows is not None:  # columns that learn nothing too: a plan knows the types of the fields that it was fitted on
            try:
                return fit(self.columns, self._rows_to_learn(rows), threads=self.config.threads)
            except errors.DataError as e:
                raise explain_learned_label(e, self._who, rows, self.columns) from None
        if not Graph(self.columns).passes():
            return compile(self.columns)
        for plan in self._plans_behind(checkpoint):
            if plan.columns == self.columns:
                return plan
        raise errors.model(self._who, "its columns still learn", [c.name for c in self.columns][:8], "train it first")

    def _plans_behind(self, checkpoint: str | Path | None) -> Iterator[Plan]:
        """Yield the plans beside the checkpoint that is asked for, and beside the one that the model starts from."""
        for given in (checkpoint, self.warm_start_from):
            place = given.ckpt_to_initialize_from if isinstance(given, WarmStartSettings) else given
            if isinstance(place, (str, Path)) and (plan := self._plan_in(warm_start.where(Path(place)).parent)) is not None:
                yield plan

    def _rows_to_learn(self, rows: LabelledRows) -> Source:
        """Return what columns learn from."""
        return rows.features
