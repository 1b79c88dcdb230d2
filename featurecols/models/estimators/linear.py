"""Linear estimators: logistic, softmax, least squares and Poisson regression."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Variables, current
from featurecols.models.distributed.team import Trained
from featurecols.models.estimators import solved
from featurecols.models.estimators.canned import SQUARED, Columns, Running, spans
from featurecols.models.estimators.column_scaling import Normalize
from featurecols.models.estimators.config import EstimatorSpec, ModeKeys, RunConfig, WarmStartSettings
from featurecols.models.estimators.explained import Parts
from featurecols.models.estimators.halved_ftrl import HalvedFtrl
from featurecols.models.estimators.head_arguments import class_head
from featurecols.models.estimators.row_model import LinearRow, RowPart
from featurecols.models.estimators.state import RowsOf
from featurecols.models.input.classes import Class
from featurecols.models.input.examples import Examples
from featurecols.models.input.held_out import HeldOutStream
from featurecols.models.input.pipeline import Pipeline
from featurecols.models.layers import Linear
from featurecols.models.layers.inputs import choose, dense_values, mixed
from featurecols.models.objective.heads import Head, NumberHead
from featurecols.models.objective.losses import Loss
from featurecols.models.optimization import optimizers
from featurecols.models.optimization.optimizers import Ftrl, OptimizerLike, SolveFirst
from featurecols.models.training.all_rows import FoundPasses, loss_ratio
from featurecols.models.training.automatic import Choice


@lru_cache(64)  # layers check themselves when they are made: once, and not in every step
def linear_layer(units: int, slots: tuple[str, ...] | None, combiner: str) -> Linear:
    """Return the layer of a linear model."""
    return Linear(units, slots, combiner=combiner, name="linear")


def linear_rows(slots: Sequence[Slot]) -> RowsOf:
    """Return the rows of a linear model's parameters by slot."""
    dense = [(s.name, s.width) for s in slots if isinstance(s, DenseSlot)]
    hot = [(s.name, s.num_buckets) for s in slots if isinstance(s, IdSlot)]
    return {"linear/kernel": spans(dense), "linear/weights": spans(hot)}


def linear_parts(x: Examples, names: Sequence[str] | None, combiner: str, rows: RowsOf, output: int) -> Parts:
    """Return what slots add to a logit of the layer of a linear model for one row, exactly; inside a scope."""
    variables, found = current("linear").variables, dict[str, float]()
    chosen = choose(x, names)
    read = {"linear/weights": mixed(x, chosen, None, combiner).value(variables).array}
    if numbers := dense_values(x, chosen, variables.dtype):
        read["linear/kernel"] = numbers[0]
    for parameter, values in read.items():
        for name, start, stop in rows[parameter]:
            weights = variables.values[parameter][start:stop, output].astype(np.float64)
            found[name] = float(values[0, start:stop].astype(np.float64) @ weights)
    return Parts(found, float(variables.values["linear/bias"][output]))


class _Linear(HalvedFtrl):
    def __init__(
        self,
        columns: Columns,
        head: Head,
        optimizer: OptimizerLike,
        sparse_combiner: str,
        running: Running,
        feature_columns: Columns = None,
        normalize: Normalize = False,
    ) -> None:
        super().__init__(columns, head, optimizers.get(optimizer), running, feature_columns, normalize=normalize)
        self._named_optimizer = isinstance(optimizer, str)
        self.sparse_combiner = linear_layer(head.units, None, sparse_combiner).combiner

    @property
    def _is_linear(self) -> bool:
        return True

    @property
    def _ftrl(self) -> Ftrl | None:
        return self.optimizer if self._named_optimizer and isinstance(self.optimizer, Ftrl) else None

    @_ftrl.setter
    def _ftrl(self, optimizer: Ftrl) -> None:
        self.optimizer = optimizer

    def _logits(self, x: Examples) -> Value:
        return linear_layer(self.head.units, None, self.sparse_combiner)(x)

    def _may_solve(self, batch_size: int | None, choice: Choice) -> bool:
        given = isinstance(self.optimizer, SolveFirst) and not self._named_optimizer
        return super()._may_solve(batch_size, choice) or (given and batch_size == choice.rows)

    def _solution(self, pipeline: Pipeline, choice: Choice, share: float) -> FoundPasses | None:
        given = None if self._ftrl is not None else self.optimizer
        solvable = solved.is_solvable(self.head, choice.rows, self._require_plan().encoded_slots)
        if not solvable or self._team is not None or self.warm_start_from is not None:
            return None
        if given is not None and not isinstance(given, SolveFirst):
            return None
        whole, variables = replace(pipeline, batch_size=choice.rows), self._variables()
        stream = HeldOutStream(whole, self._search_encoder(), variables.seed, choice.rows, share)
        table = solved.table_of(next(iter(stream.epoch(0))), self.head, self.sparse_combiner)
        found = None if table is None else solved.find_penalty(table, choice.seed, None if given is None else given.penalty)
        if found is None:
            return None
        if given is None:
            self._ftrl = SolveFirst(penalty=found.penalty)
        first, best = self._in_units(found.mean_loss), self._in_units(found.loss)
        ratio = loss_ratio(best, first)
        return FoundPasses(first, best, int(ratio < 1), 1, ratio, ratio, whole=1)

    def _in_units(self, losses: Array) -> float:
        """Return the mean of losses of logits, of a squared error for each of them, in the units of the label."""
        scaling = self.head.scaling if isinstance(self.head, NumberHead) else None
        return float(np.mean(losses if scaling is None else losses * np.square(scaling.deviation)))

    def _model(self, features: Examples, labels: Array | None, mode: str) -> EstimatorSpec:
        spec, optimizer, variables = super()._model(features, labels, mode), self.optimizer, current(self._who).variables
        if mode != ModeKeys.TRAIN or variables.step or not isinstance(optimizer, SolveFirst):
            return spec
        if spec.loss is None or not math.isfinite(float(spec.loss)):
            return spec  # the loop says what is not finite
        if not solved.is_solvable(self.head, len(features), features.layout.slots):
            return spec
        table = solved.table_of(replace(features, labels=labels), self.head, self.sparse_combiner)
        if table is None:
            return spec
        solved.take_solution(table, optimizer, variables)
        return replace(spec, loss=self._batch_loss(features, labels), train_op=count_step)

    def _trained(self) -> Trained | None:
        first = isinstance(self.optimizer, SolveFirst) and not self._named_optimizer and self._variables().step == 0
        return None if first else super()._trained()

    def _parts(self, x: Examples, output: int, steps: int) -> Parts:
        return linear_parts(x, None, self.sparse_combiner, self._rows_of(), output)

    def _row_parts(self, slots: Sequence[Slot]) -> Sequence[RowPart]:
        return (LinearRow(slots, None),)

    def _own_arguments(self) -> dict[str, Any]:
        return {
            **self._start_arguments(),
            "optimizer": self._require_optimizer().to_json(),
            "sparse_combiner": self.sparse_combiner,
        }

    def _bias_name(self) -> str:
        return "linear/bias"

    def _rows_of(self) -> RowsOf:
        return linear_rows(self._require_plan().encoded_slots)


def count_step(variables: Variables) -> None:
    """Count a step whose weights are there already."""
    variables.step += 1


class LinearClassifier(_Linear):
    """Logistic (n_classes 2) or softmax regression over numbers and ids.

    Args:
        columns: numbers and categorical columns (bare, or in an Indicator), or a Plan; feature_columns is another name.
        n_classes: number of classes.
        label_vocabulary: the labels in the order of their class numbers; words that are not named are learned in training.
        multi_label: whether a row may have any number of labels, each with a probability of its own. Labels are several fields
            of 0 and 1, train(label=["red", "green"]), or one field of lists, of words or of 0 and 1.
        optimizer: an optimizer or its name. "Ftrl" becomes SolveFirst, the solution over all rows, in a training of open length
            whose rows and features are few enough (docs/models.md).
        sparse_combiner: what several ids of one column and row are: "sum", "mean" or "sqrtn".
        initial_bias: whether the output bias starts at the log odds of the classes (of counts: at the logarithm of their mean),
            sample weights included; without, at zero.
        normalize: "auto" gives each Numeric without a normalizer a ZScore, learned in the first call of train, so that its
            default counts in the units of the field; False reads numbers as they are. A Plan and columns of the TensorFlow
            dialect stay as they are. What a function gives is learned from its first 10,000 rows. The network of a classifier
            also gets quantile buckets of these numbers, from 1,000 rows on.
        weight_column: the field of sample weights; `train` takes it as weight=.
        model_dir: folder of checkpoints, plan and summaries; training goes on from what is there. None: memory only.
        config: a RunConfig.
        warm_start_from: a checkpoint, model_dir or export to start from, or WarmStartSettings.
        seed: of initial values, dropout and shuffling (0); stands before that of config.
        threads: for encoding; stands before that of config. Results do not depend on it.

    >>> import featurecols as fc
    >>> model = LinearClassifier([fc.Vocabulary("job", ["cook", "nurse"])])
    >>> data = {"job": ["cook", "nurse"] * 50, "rich": ["no", "yes"] * 50}
    >>> _ = model.train(data, label="rich", epochs=20)
    >>> model.predict({"job": ["nurse", "cook"]})["classes"].tolist()
    ['yes', 'no']
    """

    def __init__(
        self,
        columns: Columns = None,
        *,
        n_classes: int = 2,
        label_vocabulary: Sequence[Class] | None = None,
        multi_label: bool = False,
        optimizer: OptimizerLike = "Ftrl",
        sparse_combiner: str = "sum",
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        weight_column: str | None = None,
        model_dir: str | Path | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | Path | WarmStartSettings | None = None,
        seed: int | None = None,
        threads: int | None = None,
        feature_columns: Columns = None,
    ) -> None:
        running = Running(weight_column, model_dir, config, warm_start_from, seed, threads)
        super().__init__(
            columns,
            class_head(n_classes, label_vocabulary, multi_label=multi_label),
            optimizer,
            sparse_combiner,
            running,
            feature_columns,
            normalize,
        )
        self.initial_bias = initial_bias


class LinearRegressor(_Linear):
    """Least squares (or Poisson) regression over numbers and ids; arguments as LinearClassifier.

    Args:
        label_dimension: numbers to predict.
        loss: MeanSquaredError(), or Poisson() for counts, or its name in Keras ("mse", "poisson").
        standardize_label: whether training sees (label - mean) / deviation, both learned from the labels of the first call of
            train, the mean weighted. Predictions, losses and metrics are in the units of the label. Not for Poisson.
        label_transform: "log1p" to predict log(1 + label), whose inverse gives predictions and metrics in the units of the
            label; the loss is that of the logarithms.
    """

    def __init__(
        self,
        columns: Columns = None,
        *,
        label_dimension: int = 1,
        loss: Loss | str = SQUARED,
        standardize_label: bool = True,
        label_transform: str | None = None,
        optimizer: OptimizerLike = "Ftrl",
        sparse_combiner: str = "sum",
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        weight_column: str | None = None,
        model_dir: str | Path | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | Path | WarmStartSettings | None = None,
        seed: int | None = None,
        threads: int | None = None,
        feature_columns: Columns = None,
    ) -> None:
        running = Running(weight_column, model_dir, config, warm_start_from, seed, threads)
        super().__init__(
            columns,
            NumberHead(label_dimension, loss, label_transform),
            optimizer,
            sparse_combiner,
            running,
            feature_columns,
            normalize,
        )
        self.standardize_label, self.initial_bias = standardize_label, initial_bias
