"""The base of the classic estimators: a model known by its name, its logits, and a head that says the rest."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from featurecols._core.arrays import Array, Floats
from featurecols._core.suggestions import explain_arguments
from featurecols.columns._undecided import decided
from featurecols.columns.base import Column
from featurecols.data.batch import Source
from featurecols.models import errors, export
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import current
from featurecols.models.distributed.team import Trained
from featurecols.models.estimators import label_start
from featurecols.models.estimators.base import Estimator
from featurecols.models.estimators.calibration import CalibrateBias
from featurecols.models.estimators.column_scaling import (
    BUCKETS,
    Declared,
    FirstRows,
    Normalize,
    ScaleWarning,
    buckets_beside,
    check_normalize,
    choose_buckets,
    explain_scale,
)
from featurecols.models.estimators.config import EstimatorSpec, ModeKeys, RunConfig, WarmStartSettings
from featurecols.models.estimators.head_arguments import head_arguments
from featurecols.models.estimators.model_as_bytes import to_bytes
from featurecols.models.estimators.open_length import blocks
from featurecols.models.estimators.reported import Reported
from featurecols.models.estimators.resume import Call
from featurecols.models.estimators.tf_columns import AnyColumn
from featurecols.models.input.examples import Examples
from featurecols.models.input.labelled_rows import LabelledRows
from featurecols.models.input.pipeline import Pipeline
from featurecols.models.objective.heads import ClassHead, Head, NumberHead
from featurecols.models.objective.losses import MeanSquaredError, Poisson
from featurecols.models.objective.multi_label import MultiLabelHead
from featurecols.models.optimization.optimizers import Groups, Optimizer
from featurecols.models.ranking import Ranker
from featurecols.models.training import automatic
from featurecols.models.training.all_rows import HeldOutLosses, OnAllRows
from featurecols.models.training.automatic import Choice, UntilNoGain
from featurecols.models.training.finite import require_finite
from featurecols.models.training.hooks import Hook
from featurecols.models.training.loss_check import LossCheck, RowLosses
from featurecols.models.training.run import Run
from featurecols.models.types import ClassLabels, Data, Label
from featurecols.plan.graph import Graph
from featurecols.plan.plan import Plan

if TYPE_CHECKING:
    from onnx import ModelProto

Columns = Iterable[AnyColumn] | Plan | Declared | None
SQUARED = MeanSquaredError()
OUTPUTS = (  # parameters whose last axis is that of the logits, and the baseline's counts of classes
    "linear/weights",
    "linear/kernel",
    "linear/bias",
    "dnn/logits/kernel",
    "dnn/logits/bias",
    "baseline/bias",
    "baseline/seen",
)
OPTIMIZERS = ("optimizer", "linear_optimizer", "dnn_optimizer")  # arguments that hold one


class Running(NamedTuple):
    """The arguments of all of them that say how a model runs: see Estimator."""

    weight_column: str | None
    model_dir: str | Path | None
    config: RunConfig | None
    warm_start_from: str | Path | WarmStartSettings | None
    seed: int | None
    threads: int | None


class Canned(Estimator, Ranker, Reported):
    """An estimator whose model is known by name: logits from encoded rows, the rest from its head."""

    _batches_at_once = True

    def __init__(
        self,
        columns: Columns,
        head: Head,
        optimizer: Optimizer | Groups | None,
        running: Running,
        feature_columns: Columns = None,
        *,
        normalize: Normalize = False,
    ) -> None:
        if feature_columns is not None:
            if columns is not None:
                hint = "give one of them"
                raise errors.model(type(self).__name__, "columns and feature_columns are one thing", columns, hint)
            columns = feature_columns
        normalize = check_normalize(type(self).__name__, normalize)
        if columns is not None and not isinstance(columns, (Plan, Declared)):
            columns = Declared.of(columns)
        self._given: tuple[Column, ...] | None = None
        self._normalize: Normalize | None = None  # what was asked for; None where it makes no difference
        self._scaled: tuple[Column, ...] = ()
        if isinstance(columns, Declared):
            self._normalize = normalize if columns.given != columns.scaled else None
            self._given, columns = decided(columns.given), decided(columns.scaled if normalize else columns.given)
            self._scaled = columns
        super().__init__(
            self._model,
            running.model_dir,
            running.config,
            warm_start_from=running.warm_start_from,
            columns=columns,
            weight_column=running.weight_column,
            head=head,
            seed=running.seed,
            threads=running.threads,
        )
        self.optimizer = optimizer
        self.standardize_label = self.initial_bias = True
        self._named_optimizer, self._decides_length = False, True
        self._warned_of_scale = False
        self._loss_check = LossCheck(f"{self._who}.train", self._row_losses)

    def _start_arguments(self) -> dict[str, Any]:
        """Return what the constructor was told of labels before the first step, where that is not its default."""
        given = {"standardize_label": self.standardize_label, "initial_bias": self.initial_bias}
        return {name: value for name, value in given.items() if not value}

    def _logits(self, x: Examples) -> Value:
        """Return the logits of encoded rows: [n, head.units]."""
        raise NotImplementedError

    def _batch_loss(self, x: Examples, labels: Array | None) -> Value:
        """Return what training minimizes over a batch."""
        return self.head.batch_loss(labels, self._logits(x), x.weights)

    def _logits_of(self, x: Examples) -> Array:
        return self._logits(x).array

    def _predictions(self, logits: Array) -> dict[str, Array]:
        """Return what `predict` says, by name, of logits [n, head.units]."""
        return self.head.predictions(logits)

    def _row_predictions(self, logits: Array) -> dict[str, Array]:
        return self._predictions(logits)

    def _own_arguments(self) -> dict[str, Any]:
        """Return what makes an equal model of the same columns, as JSON data; with the head it is all that an export says."""
        return {}

    def _outputs(self) -> tuple[str, ...]:
        return OUTPUTS

    def _make_plan(self, rows: LabelledRows | None, checkpoint: str | Path | None = None) -> Plan:
        """Return the plan; columns stay as they were given where weights belong to them so, or nothing can be learned."""
        if self._given is not None and self._given != self._scaled:
            here = None if self.model_dir is None else self._plan_in(self.model_dir)
            saved = [*([] if here is None else [here]), *self._plans_behind(checkpoint)]
            once = rows is not None and rows.once and not Graph(self._given).passes()
            if once or any(plan.columns == self._given for plan in saved):
                self.columns = self._given
            else:
                self._set_buckets(self._choose_buckets(rows, saved))
        try:
            return super()._make_plan(rows, checkpoint)
        except errors.DataError as e:
            if rows is not None and rows.ends and not rows.once and not rows.count():
                hint = "give data with rows: look at what filters them, or at the paths"
                raise errors.DataError(f"{self._who}.train", "there are no rows to learn from", hint=hint) from None
            raise explain_scale(e, self._who, self._given or (), self.columns) from None

    def _choose_buckets(self, rows: LabelledRows | None, saved: Sequence[Plan]) -> tuple[Column, ...]:
        """Return the intervals that the network gets beside its numbers: those of a saved plan, else by the number of rows."""
        if not isinstance(self.head, (ClassHead, MultiLabelHead)):
            return ()
        numbers = self._numbers_of_network()
        for n in (0, *BUCKETS):
            found = buckets_beside(numbers, n, self._scaled) if n else ()
            if any(plan.columns == (*self._scaled, *found) for plan in saved):
                return found
        n = choose_buckets(rows.count()) if numbers and rows is not None and rows.ends else 0
        if n == 0 or rows is None or (rows.count() < automatic.AGAIN and self._is_rare(rows)):
            return ()
        return buckets_beside(numbers, n, self._scaled)

    def _numbers_of_network(self) -> Sequence[Column]:
        """Return the columns, as they were given, whose numbers a network reads."""
        return ()

    def _set_buckets(self, buckets: tuple[Column, ...]) -> None:
        """Let the network read these columns too."""
        self.columns = (*self._scaled, *buckets)

    def _rows_to_learn(self, rows: LabelledRows) -> Source:
        if rows.ends or self._given is None or Graph(self._given).passes():
            return rows.features
        return FirstRows(rows.features)

    def _scale_warning(self) -> ScaleWarning | None:
        if self._warned_of_scale or self.optimizer is None:
            return None
        self._warned_of_scale = True
        found = ScaleWarning(f"{self._who}.train", self.columns)
        return found if found.wanted else None

    def _declared(self) -> dict[str, Any]:
        found = super()._declared()
        return found if self._normalize is None else {**found, "normalize": self._normalize}

    @property
    def _decides(self) -> bool:
        return self.optimizer is not None and self._decides_length

    def _choose(self, rows: LabelledRows, batch_size: int | None, share: float | None, *, validated: bool) -> Choice | None:
        if not rows.ends:
            return None
        seed, linear = self.config.seed, self._is_linear
        choice = automatic.choose(rows.count(), seed, batch_size, share, validated=validated, linear=linear)
        if choice.searches and not linear and choice.rows >= automatic.SMALL and self._is_rare(rows):
            # a few rows decide: the best weights are safer than a number of passes
            choice = automatic.choose(choice.rows, seed, batch_size, automatic.SHARE)
        self._set_rates(choice.rows, falling=choice.searches > 0)
        return choice

    def _is_rare(self, rows: LabelledRows) -> bool:
        return isinstance(self.head, ClassHead) and label_start.is_rare(self.head, rows)

    def _calibration(self, call: Call) -> list[Hook]:
        bias = self._bias_name()
        if bias is None or self.optimizer is None:
            return super()._calibration(call)
        if not call.stream.pipeline.data.ends:
            raise errors.model(self._who, "calibrate needs a table or files", "calibrate=True", "leave calibrate out")
        return [CalibrateBias(call.stream, lambda: self.head, self._logits, bias, self.optimizer)]

    def _set_rates(self, rows: int, *, falling: bool = False) -> None:
        if self._named_optimizer and isinstance(self.optimizer, Optimizer):
            self.optimizer = automatic.with_rate(self.optimizer, rows, falling=falling)

    @contextmanager
    def _steady_rates(self) -> Iterator[bool]:
        before = self.optimizer
        self.optimizer = automatic.steady_parts(before)
        try:
            yield self.optimizer != before
        finally:
            self.optimizer = before

    def _set_steady_rates(self) -> None:
        if self._named_optimizer and isinstance(self.optimizer, Optimizer):
            self.optimizer = automatic.steady(self.optimizer)

    def _named_optimizers(self) -> dict[str, Optimizer]:
        """Return the optimizers that were given by their names, whose learning rates follow a rule, by argument."""
        found = self.optimizer
        return {"optimizer": found} if self._named_optimizer and isinstance(found, Optimizer) else {}

    def _follows_rule(self, name: str, theirs: object) -> bool:
        named = self._named_optimizers()
        return name in named and automatic.is_by_rule(named[name], theirs)

    def _held_out_losses(self, examples: Examples) -> HeldOutLosses:
        variables, losses = self._variables(), []
        for block in blocks(examples):
            with variables.scope():
                losses.append(self.head.row_losses(block.labels, self._logits(block)).astype(np.float64))
        found = np.concatenate(losses)
        weights = np.ones(len(found)) if examples.weights is None else examples.weights.astype(np.float64)
        return HeldOutLosses(found, weights)

    def _loss_of_mean(self, examples: Examples) -> float:
        labels, weights = examples.labels, examples.weights
        counted = labels if labels is None or weights is None else labels[weights > 0]
        if labels is None or counted is None or not len(counted) or (counted == counted[0]).all():
            return math.inf  # nothing to tell apart, which others warn of
        return float(np.average(self.head.losses_of_mean(labels, weights), weights=weights))

    def _loss_of_start(self, examples: Examples) -> float:
        mean, name = self._loss_of_mean(examples), self._bias_name()
        if math.isinf(mean) or not self._starts_at_mean or name is None:
            return mean
        bias = self._variables().values[name].reshape(-1)[: self.head.units]  # of members that of the first
        logits = Value(np.tile(bias, (len(examples), 1)))
        return float(np.average(self.head.row_losses(examples.labels, logits), weights=examples.weights))

    def _row_losses(self, examples: Examples) -> RowLosses:
        """Return the losses of encoded rows, and those of a model that predicts the mean of their labels."""
        with self._variables().scope():
            found = self.head.row_losses(examples.labels, self._logits(examples))
        plain = isinstance(self.head, NumberHead) and self.head.scales and self.head.scaling is None
        labels = examples.labels if plain else None
        return RowLosses(found, self.head.losses_of_mean(examples.labels, examples.weights), labels)

    def _own_hooks(self, call: Call) -> list[Hook]:
        return [*([] if self.optimizer is None else [self._loss_check]), *super()._own_hooks(call)]

    def _finish(self, run: Run, hooks: Sequence[Hook]) -> None:
        for hook in hooks:
            if isinstance(hook, (UntilNoGain, OnAllRows)) and self.config.progress:
                moved = "" if run.bias_offset is None else f"; the output bias moved by {run.bias_offset:+.3g} to the mean"
                print(f"{self._who}: {hook.describe(run)}{self._describe_scales()}{moved}", file=sys.stderr)

    def _describe_scales(self) -> str:
        """Return what was scaled that nobody declared, in words."""
        given = {column.name: column for column in self._given or self.columns}
        scaled = sum(given.get(column.name, column) != column for column in self.columns)
        numbers = [f"{scaled} of {len(self.columns)} columns with a ZScore"] if scaled else []
        beside = len(self.columns) - len(self._scaled)
        numbers += [f"buckets of {beside} of them for the network"] if self._given is not None and beside > 0 else []
        label = ["the label standardized"] if isinstance(self.head, NumberHead) and self.head.scaling is not None else []
        return "".join(f"; {what}" for what in (*numbers, *label))

    def arguments(self) -> dict[str, Any]:
        found = {**super().arguments(), **head_arguments(self.head)}
        found["seed"] = self.config.seed if self.variables is None else self.variables.seed
        for part in ("linear", "dnn"):
            found.pop(part, None)  # columns
        if self.optimizer is not None:
            scaled = all(column.with_default_normalizer() == column for column in self.columns)
            found |= {"initial_bias": self.initial_bias, "normalize": "auto" if scaled else False}
            found |= {"standardize_label": self.standardize_label} if isinstance(self.head, NumberHead) else {}
        return found

    def _bias_name(self) -> str | None:
        """Return the name of the output bias that starts where the mean is predicted; None where there is none."""
        return None

    def _start_labels(self, rows: LabelledRows) -> None:
        theirs = None if self.warm_start_report is None else self.warm_start_report.head
        if (
            isinstance(theirs, NumberHead)
            and isinstance(self.head, NumberHead)
            and theirs.replace(scaling=None) == self.head.replace(scaling=None)
        ):
            self.head = theirs  # the weights that were taken over are those of its scale
            return
        name = self._bias_name() if self.initial_bias else None
        keys = self.label
        self.head, logits = label_start.learn(self.head, rows, keys, scale=self.standardize_label, bias=name is not None)
        if name is not None and logits is not None:
            label_start.start_bias(self._variables(), name, logits)

    @property
    def _starts_at_mean(self) -> bool:
        if self.warm_start_from is not None or self._bias_name() is None:
            return False
        if isinstance(self.head, NumberHead) and self.head.scales:
            return self.head.scaling is not None
        return self.initial_bias and (not isinstance(self.head, NumberHead) or isinstance(self.head.loss, Poisson))

    def _output_kernels(self) -> Sequence[str]:
        return [name for name in OUTPUTS if name.endswith(("/weights", "/kernel"))]

    def _trained(self) -> Trained | None:
        if self.optimizer is None:
            return None

        def make_parameters(examples: Examples) -> None:
            with self._variables().scope():
                self._logits(examples.slice(0, 1))

        return Trained(
            self._forward_here,
            lambda: to_bytes(self),
            make_parameters,
            self._variables,
            self._require_optimizer,
            lambda: self.head.objective.reduction,
        )

    def _require_optimizer(self) -> Optimizer | Groups:
        """Return the optimizer; raise ModelError where the model trains without one."""
        if self.optimizer is None:
            raise errors.model(type(self).__name__, "has no optimizer", None, "train it as it is")
        return self.optimizer

    def spec(self) -> dict[str, Any]:
        """Return what makes an equal model that is not trained, as JSON data for model_from_json."""
        found = {**super().spec(), **head_arguments(self.head)}
        if self.optimizer is not None and any(column.with_default_normalizer() != column for column in self.columns):
            found["normalize"] = False
        return found

    @classmethod
    def _from_card(cls, plan: Plan, head: Head, card: Mapping[str, Any]) -> Self:
        """Return the estimator that the card of an export describes, without its weights.

        Raises KeyError, TypeError or ValueError for a card that no estimator of this class wrote.
        """
        arguments = dict(card["arguments"])
        for name in OPTIMIZERS:
            if name in arguments:
                arguments[name] = export.components([arguments[name]])[0]
        if isinstance(head, ClassHead):
            arguments |= {"n_classes": head.n_classes, "label_vocabulary": head.words}
        elif isinstance(head, MultiLabelHead):
            arguments |= {"multi_label": True, "label_vocabulary": head.words}
        elif isinstance(head, NumberHead):
            arguments |= {"label_dimension": head.dimension, "loss": head.loss}
            arguments |= {} if head.transform is None else {"label_transform": head.transform}
        model = cls._over(plan, {**arguments, "weight_column": card["weight_column"]})
        model.head = head
        return model

    @classmethod
    def _over(cls, plan: Plan, arguments: Mapping[str, Any]) -> Self:
        """Return an estimator over all columns of a plan."""
        return cls(plan, **arguments)

    def _model(self, features: Examples, labels: Array | None, mode: str) -> EstimatorSpec:
        if mode == ModeKeys.TRAIN:
            scope, loss = current(self._who), self._batch_loss(features, labels)
            if scope.has_penalty:
                start, stop, n = scope.variables.rows or (0, 1, 1)  # what processes add up; means are weighted there
                loss = loss + scope.penalty() * (1.0 if self.head.objective.reduction == "mean" else (stop - start) / n)
            return EstimatorSpec(mode, loss=loss, train_op=self._require_optimizer().minimize(loss))
        logits, head, weights = self._logits(features), self.head, features.weights
        variables, columns = current(self._who).variables, self._require_plan().columns
        with np.errstate(over="ignore"):  # what comes of it is found here
            outputs = head.outputs(logits.array)
        require_finite(self._who, outputs, features, variables, columns)
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, predictions=self._predictions(logits.array))
        total, each = head.losses(labels, logits, weights)
        return EstimatorSpec(
            mode, loss=Value(np.asarray(total)), eval_metric_ops={"": (head.metrics, labels, logits.array, each, weights)}
        )

    @property
    def classes_(self) -> ClassLabels:
        """The classes of a classifier in the label's own type [n_classes], in the order of the columns of predict_proba.

        Of several labels their names.

        Raises ModelError for a regressor, and before training where the classes are learned.
        """
        if not isinstance(self.head, (ClassHead, MultiLabelHead)):
            raise errors.model(type(self).__name__, "a regressor has no classes", "classes_", "use predict(data)")
        if self.head.learns_words and self._variables().step == 0:
            raise errors.model(
                type(self).__name__, "classes are learned in training", None, "train it, or give label_vocabulary"
            )
        return self.head.classes

    @explain_arguments
    def predict_proba(
        self, data: Data | Pipeline, *, batch_size: int = 4096, checkpoint_path: str | Path | None = None
    ) -> Floats:
        """Return probabilities [n, n_classes] in the order of the classes, as scikit-learn has them; options as of predict.

        Of several labels [n, labels], each that of one label being there.
        """
        if not isinstance(self.head, (ClassHead, MultiLabelHead)):
            raise errors.model(type(self).__name__, "a regressor has no probabilities", "predict_proba", "use predict(data)")
        found = self.predict(data, predict_keys="probabilities", batch_size=batch_size, checkpoint_path=checkpoint_path)
        return found["probabilities"]

    def to_onnx(self) -> ModelProto:
        """Return the model as ONNX, from raw named inputs to what `predict` says; needs the extra `onnx`.

        Inputs are those of `Plan.to_onnx`. Outputs of a classifier are `probabilities` [n, n_classes], `classes`, `class_ids`
        and `logits`, of a regressor `predictions`, in the units of the label. Of linear, deep, and wide & deep models.

        Raises:
            PlanError: for a column or a model that ONNX cannot compute, by name. ModelError: for a model without weights.
        """
        from featurecols.integrations.onnx.models import estimator_to_onnx

        return estimator_to_onnx(self)

    def _open_to_rank(self) -> None:
        head = self.head
        if isinstance(head, ClassHead) and head.n_classes > 2:
            raise errors.model(self._who, "of several classes none is the score", head.n_classes, "use predict_proba(data)")
        if isinstance(head, MultiLabelHead):
            raise errors.model(self._who, "several labels are not one score", list(head.names)[:8], "use predict_proba(data)")
        if isinstance(head, NumberHead) and head.dimension > 1:
            raise errors.model(self._who, "several numbers are not one score", head.dimension, "use predict(data)")
        self._ready(None)

    def _scores(self, batches: Iterable[Examples]) -> Array:
        found = [spec.predictions or {} for spec, _ in self._call_each(batches, ModeKeys.PREDICT, self._variables())]
        if isinstance(self.head, ClassHead):
            return np.concatenate([each["probabilities"][:, 1] for each in found])
        return np.concatenate([each["predictions"] for each in found])

    def score(self, data: Data | Pipeline, label: Label | None = None, weight: Label | None = None) -> float:
        """Return the accuracy of a classifier, R^2 of a regressor."""
        return self.evaluate(data, label, weight)["r2" if isinstance(self.head, NumberHead) else "accuracy"]


def spans(sizes: Sequence[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """Return (name, first row, last row + 1) of things of these sizes, one after another."""
    ends = np.cumsum([size for _, size in sizes]).tolist()
    return [(name, end - size, end) for (name, size), end in zip(sizes, ends, strict=True)]
