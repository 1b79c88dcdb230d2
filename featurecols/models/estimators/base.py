"""Estimator: a model_fn over encoded rows, with everything around it: plan, training, checkpoints, evaluation, prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np

from featurecols._core import thread_pool
from featurecols._core.arrays import Array
from featurecols._core.blas import one_thread
from featurecols._core.names import names_of
from featurecols._core.suggestions import explain_arguments
from featurecols.columns._undecided import decided, require_training_rows
from featurecols.columns.base import Column
from featurecols.jobs.batch_transform import Columns, Rows
from featurecols.models import batch_predict, errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Variables
from featurecols.models.batch_predict import FilePredictor
from featurecols.models.distributed.team import Trained
from featurecols.models.estimators import arguments, label_start
from featurecols.models.estimators.config import EstimatorSpec, ModeKeys, RunConfig, WarmStartSettings
from featurecols.models.estimators.evaluation import Evaluation, Watch
from featurecols.models.estimators.open_length import OpenLength
from featurecols.models.estimators.predictions import Predictions
from featurecols.models.estimators.resume import ORDER, Call, TrainedOn, difference, take_up
from featurecols.models.estimators.row_predictions import RowPredictor
from featurecols.models.estimators.several_processes import SameWeights, team_of
from featurecols.models.estimators.state import trained_on
from featurecols.models.estimators.tf_columns import AnyColumn, translate_all
from featurecols.models.input import labels
from featurecols.models.input.examples import Examples, with_first_row
from featurecols.models.input.labelled_rows import explain_label
from featurecols.models.input.pipeline import BatchStream, Pipeline
from featurecols.models.objective.heads import ClassHead, Head, NumberHead, PlainHead
from featurecols.models.objective.multi_label import MultiLabelHead
from featurecols.models.optimization.optimizers import Step
from featurecols.models.training.classic_hooks import Hooks, as_hooks
from featurecols.models.training.history import History
from featurecols.models.training.hooks import Checkpoints, Hook, Logging, Progress, Summaries
from featurecols.models.training.loop import train
from featurecols.models.training.run import Run
from featurecols.models.types import Data, Label
from featurecols.plan.plan import Plan


class Estimator(OpenLength, FilePredictor, RowPredictor):
    """A model as a function, trained, evaluated and exported like tf.estimator's.

    model_fn(features, labels, mode, params, config) is called for every batch and answers with an EstimatorSpec; it may
    leave out arguments that it does not need. `features` are Examples: `Inputs()(features)` is all of them as one input,
    features["name"] one slot. Layers called inside find their parameters by name, or by the order of the calls.

    Args:
        model_fn: the model.
        model_dir: folder of checkpoints, plan and summaries; training goes on from what is there. None: memory only.
        config: a RunConfig.
        params: handed to model_fn; `columns` may be given in it as "columns" or "feature_columns".
        warm_start_from: a checkpoint, model_dir or export to start from, or WarmStartSettings. Weights go to rows of the same
            meaning (term, interval, hash bucket, label); `warm_start_report` says how many each parameter found.
        columns: what to encode rows with: columns (fitted on the training data where they learn; those of the TensorFlow
            dialect are taken too), or a Plan.
        weight_column: field that holds sample weights.
        head: what labels are and predictions mean; the default hands labels to model_fn as they are.
        seed: of initial values, dropout and shuffling (0); stands before that of config.
        threads: for encoding; stands before that of config. Results do not depend on it.
    """

    _batches_at_once = False  # whether the model may be called in several threads

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = explain_arguments(cls.__init__)  # type: ignore[method-assign]

    @explain_arguments
    def __init__(
        self,
        model_fn: Callable[..., EstimatorSpec],
        model_dir: str | Path | None = None,
        config: RunConfig | None = None,
        params: Mapping[str, Any] | None = None,
        warm_start_from: str | Path | WarmStartSettings | None = None,
        *,
        columns: Iterable[AnyColumn] | Plan | None = None,
        weight_column: str | None = None,
        head: Head | None = None,
        seed: int | None = None,
        threads: int | None = None,
    ) -> None:
        if not callable(model_fn):
            raise errors.model(self._who, "model_fn must be a function", model_fn, "give def model_fn(features, labels, mode)")
        self.model_fn, self.params = model_fn, dict(params or {})
        self.weight_column = arguments.weight_field(self._who, weight_column)
        self.config = arguments.merge_config(config, model_dir, seed, threads)
        self.warm_start_from = warm_start_from
        self.warm_start_report = None
        self.head: Head = head or PlainHead()
        self.history = History()
        self.metrics: dict[str, dict[str, float]] = {}
        self.variables: Variables | None = None
        self.label: tuple[str, ...] = ()
        self.data: TrainedOn = {}
        self._scalars: dict[str, float] = {}  # of the last step
        columns = columns if columns is not None else self.params.get("columns", self.params.get("feature_columns"))
        if columns is None:
            raise errors.model(self._who, "needs columns", None, "give columns=[...]")
        self._plan = columns if isinstance(columns, Plan) else None
        self._plan_saw_no_data = False
        self.columns: tuple[Column, ...] = (
            columns.columns if isinstance(columns, Plan) else decided(tuple(translate_all(columns)))
        )
        require_training_rows(self.columns)
        self._last_run = self._taken_from = None
        self._team = None
        self._arguments = arguments.names_of(model_fn)

    def __repr__(self) -> str:
        step = 0 if self.variables is None else self.variables.step
        return f"{self._who}({len(self.columns)} columns, step {step})"

    # Training -------------------------------------------------------------------------------------------------------

    @explain_arguments
    def train(
        self,
        data: Data | Pipeline | None = None,
        label: Label | None = None,
        weight: Label | None = None,
        *,
        input_fn: Callable[..., Any] | None = None,
        steps: int | None = None,
        max_steps: int | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        hooks: Hooks = (),
        validation: Data | Pipeline | None = None,
        validation_share: float | None = None,
        class_weight: Mapping[object, float] | str | None = None,
        calibrate: bool | None = None,
        more: bool = False,
        processes: int | None = None,
    ) -> Self:
        """Train, from where the model is: a fresh start, an earlier call, or the last checkpoint in model_dir.

        A call that was killed is taken up where its last checkpoint left it when the same call is made again, and ends
        with the weights, summaries and history that it would have had. A call for some epochs that is made again after it
        came to its end, in a model_dir and over the same rows, does nothing and warns of it, so that a job that is started
        twice ends where one run ends; `more` trains on for as long again, as do `steps` and another number of epochs.

        Args:
            data: a table, paths, a Pipeline, a pair (features, labels), or a function that gives one of these.
            label: the field (or fields) that hold labels, or the labels themselves.
            weight: the field that holds sample weights, or the weights themselves beside such labels; a field is also the
                one of later calls.
            input_fn: another name of data, here and below.
            steps: steps to take.
            max_steps: the step to stop at, counted from the very first one.
            epochs: passes over the data. Where neither it nor steps are given, tables and files are trained on until rows
                that are held out (a tenth, of few a fifth, drawn by the seed) show no gain. The best weights are kept; below
                50,000 rows (500,000 of a linear model) training begins again on all of them, for as many passes. A linear model
                of few enough rows and features is solved in one step (docs/models.md). A Pipeline or a function is read once.
            batch_size: rows a step; 256, and with an open length a number that follows from the rows (docs/models.md). A
                Pipeline brings its own.
            hooks: code around the steps.
            validation: data to evaluate after each epoch; its metrics are in `history` as val_<metric>. With it, or a
                validation_share, an open length keeps the best weights.
            validation_share: the share of a table or of files that is held out, below 1, drawn by the seed, and evaluated after
                each epoch like validation. An open length chooses it, others hold nothing out; 0 holds nothing out.
            class_weight: what rows of each class count beside their own weight: {"yes": 20.0}, 1 for classes that are not
                named, or "balanced", by which each class counts as much as any other. Held-out rows count so, too.
            calibrate: whether the output bias is moved, after training, to where the mean prediction over the data is the
                mean of its labels, weights included. None: in a training of open length without validation and
                validation_share, of a classifier of which fewer than 5 % of the rows are not of the most frequent class.
            more: whether to train on where the same call came to its end before.
            processes: how many compute the gradients of each batch, this one included: 2 has one worker, a fresh interpreter.
                The loss is that of one process but for rounding; docs/scale.md says when it pays. Not for a model_fn.

        Raises:
            CheckpointError: model_dir is of a model that was declared otherwise, or of a call in other batches that was cut
                short; the message says what differs.
        """
        given_hooks = as_hooks(self._who, hooks)
        if isinstance(weight, str):
            self.weight_column = weight
        data = arguments.choose_data(data, input_fn)
        pipeline = self._pipeline(data, label, batch_size, weight=weight)
        asked = arguments.training_length(self._who, steps, max_steps, epochs, pipeline)
        choice, held = None, arguments.held_share(self._who, validation_share, validation)
        read_once = isinstance(data, Pipeline) or callable(data)
        if self._decides and not read_once and steps is max_steps is epochs is None:
            choice = self._choose(pipeline.data, batch_size, held, validated=validation is not None)
        if calibrate is None:
            calibrate = choice is not None and held is None and validation is None and self._is_rare(pipeline.data)
        if choice is not None:
            pipeline, asked, held = replace(pipeline, batch_size=choice.batch_size), (choice.passes, None, None), choice.share
        elif held is not None and (read_once or not pipeline.data.ends):
            if held:
                hint = "give validation=, or the table itself"
                raise errors.model(self._who, "validation_share needs a table or files", type(data).__name__, hint)
            held = None
        self._ready(pipeline.data, training=True)
        with self._alone(), team_of(self, processes, self._trained()):
            variables = self._variables()
            self._check_training()
            table = None
            if class_weight is not None:
                table = label_start.class_weights(self._who, class_weight, self.head, pipeline.data)
            self._class_weights = None if table is None else table.tolist()
            found = self._find_passes(pipeline, choice, batch_size, more=more)
            if choice is not None:
                pipeline, choice = self._in_one_step(pipeline, choice, found, batch_size, more=more)
                choice, held = self._stopping(choice) if found is None else choice, held if found is None else 0.0
            seen, scale = labels.Range(), self._scale_warning()
            look = None if scale is None else scale.look
            encoder = self._encoder(labelled=True, seen=seen, look=look, training=True, class_weights=table)
            stream = self._training_stream(pipeline, encoder, variables.seed, choice, held)
            call = Call(asked, stream, held, self._class_weights)
            if not more and call.repeats(self._last_run):
                what = f"this call for {asked[0]} epochs came to its end before, at step {variables.step}, and nothing was done"
                errors.warn(f"{self._who}.train", what, "pass more=True, or steps=, to train on")
                return self
            run = self._run(variables, call)
            if run.steps is None and (run.epochs is None or call.stream.batches is None):
                self._set_steady_rates()
            first = self._first_hooks(run, call, choice, validation, found)
            first += self._calibration(call) if calibrate else []
            if run.idle:
                return self
            try:
                own = [*([] if self._team is None else [SameWeights(self._team)]), *([] if scale is None else [scale]), *first]
                train(run, call.stream, self._forward, [*own, *given_hooks, *self._own_hooks(call)])
            except BaseException:
                self._last_run = None  # the variables in memory are ahead of the last checkpoint
                raise
        self.data = trained_on(call, run)
        if not isinstance(self.head, PlainHead):
            seen.warn(f"{self._who}.train", self.label)
        self._finish(run, first)
        return self

    def _own_hooks(self, call: Call) -> list[Hook]:
        """Return the hooks that the configuration asks for."""
        hooks: list[Hook] = []
        if self.model_dir is not None:
            seconds = self.config.save_checkpoints_secs
            if seconds is None and self.config.save_checkpoints_steps is None:
                seconds = 600.0
            if self.config.save_summary_steps:  # before the checkpoint: a run that is taken up writes no row of steps before it
                path = self.model_dir / "summaries.jsonl"
                hooks.append(Summaries(path, self.config.save_summary_steps, exclusive=True))
            hooks.append(Checkpoints(lambda run: self._save(run, call), self.config.save_checkpoints_steps, seconds))
        if self.config.log_step_count_steps:
            hooks.append(Logging(self.config.log_step_count_steps))
        elif self.config.progress and Progress._fits():
            hooks.append(Progress())
        return hooks

    def _run(self, variables: Variables, call: Call) -> Run:
        """Return the run to make: a new one, or the rest of one that was cut short, where the same is asked of as many rows."""
        epochs, steps, max_steps = call.asked
        run = Run(variables, epochs, steps, model=self, history=self.history, scalars=self._scalars)
        last = self._last_run
        if last is not None and not last["done"] and call.is_of(last):
            if found := difference(last, call.order(), ORDER):
                raise errors.other_model(self.model_dir, f"holds a call that was cut short, with {found}")
            take_up(run, last)
        else:
            variables.start = variables.step
        self._last_run = None
        if max_steps is not None:
            run.steps = max_steps - variables.start
        return run

    def _trained(self) -> Trained | None:
        """Return what several processes that train it ask of the model; None where one must."""
        return None

    def _forward(self, examples: Examples) -> tuple[Value, Step]:
        return self._forward_here(examples) if self._team is None else self._team.forward(examples)

    def _forward_here(self, examples: Examples) -> tuple[Value, Step]:
        spec = self._call(examples, ModeKeys.TRAIN)
        if spec.loss is None or spec.train_op is None:
            raise errors.model("EstimatorSpec", "mode 'train' needs loss and train_op", spec, "give both")
        self._scalars.clear()
        for name, value in (spec.scalars or {}).items():
            self._scalars[name] = float(value.array if isinstance(value, Value) else np.asarray(value))
        return spec.loss, spec.train_op

    def _call(self, examples: Examples, mode: str, variables: Variables | None = None) -> EstimatorSpec:
        given = {"mode": mode, "params": self.params, "config": self.config}
        if "labels" in self._arguments:
            given["labels"] = None if mode == ModeKeys.PREDICT else self._labels_for_model(examples.labels)
        with (variables or self._variables()).scope(training=mode == ModeKeys.TRAIN):
            spec = self.model_fn(examples, **{k: v for k, v in given.items() if k in self._arguments})
        if not isinstance(spec, EstimatorSpec):
            raise errors.model("model_fn", "must return an EstimatorSpec", type(spec).__name__, "build one")
        return spec

    def _labels_for_model(self, found: Array | None) -> Array | dict[str, Array] | None:
        """Return labels as a model_fn of one's own gets them: by name, [n] each, where training gave a dict."""
        if found is None or not self._labels_by_name or not isinstance(self.head, PlainHead):
            return found
        return {name: found if found.ndim == 1 else found[:, i] for i, name in enumerate(self.label)}

    def _call_each(
        self,
        batches: Iterable[Examples],
        mode: str,
        variables: Variables,
        count: int | None = None,
        hooks: Sequence[Hook] = (),
    ) -> Iterator[tuple[EstimatorSpec, int]]:
        """Yield what the model answers about each batch, in order, with the number of its rows.

        A model of the package is called for as many batches at once as it may have threads, a model_fn of one's own, and where
        there are hooks, for one. Where there is one batch alone (`count`), no thread is waited for.
        """
        if hooks:
            yield from self._call_watched(batches, mode, variables, hooks)
            return

        def call(batch: tuple[int, Examples]) -> tuple[EstimatorSpec, int]:
            first_row, examples = batch
            try:
                return self._call(examples, mode, variables), len(examples)
            except errors.DataError as e:
                raise e.shifted(first_row) from None

        numbered = with_first_row(batches)
        with one_thread:
            yield from map(call, islice(numbered, not variables.values))  # the first call of a model makes its parameters
            threads = 1 if count == 1 or not self._batches_at_once else thread_pool.count(self.config.threads)
            yield from thread_pool.run(call, numbered, threads, ahead=threads)

    def _call_watched(
        self, batches: Iterable[Examples], mode: str, variables: Variables, hooks: Sequence[Hook]
    ) -> Iterator[tuple[EstimatorSpec, int]]:
        """Yield the same, with hooks around each batch, of which one may end the run."""
        run = Run(variables, model=self, mode=mode)
        for hook in hooks:
            hook.begin(run)
        for examples in batches:
            run.examples = examples
            for hook in hooks:
                hook.before_step(run)
            for spec, rows in self._call_each([examples], mode, variables, 1):
                run.batch += 1
                run.loss = float("nan") if spec.loss is None else float(spec.loss)
                run.predictions = spec.predictions or {}
                for hook in hooks:
                    hook.after_step(run)
                yield spec, rows
            if run.over:
                break
        for hook in hooks:
            hook.end(run)

    # Evaluation and prediction --------------------------------------------------------------------------------------

    @explain_arguments
    def evaluate(
        self,
        data: Data | Pipeline | None = None,
        label: Label | None = None,
        weight: Label | None = None,
        *,
        input_fn: Callable[..., Any] | None = None,
        steps: int | None = None,
        batch_size: int = 4096,
        hooks: Hooks = (),
        checkpoint_path: str | Path | None = None,
        name: str | None = None,
    ) -> dict[str, float]:
        """Return metrics over data, or over its first `steps` batches, by name; `label` and `weight`: as in training.

        `average_loss` is the weighted mean over rows, `loss` the mean over batches of what training minimizes. Memory does not
        grow with the rows, but for functions of one's own among the metrics of a model_fn, which are called with all of them.
        An area under a curve is exact up to half a million distinct scores; of more, scores lose their lowest bits, which
        changes it by about 1e-6 (docs/models.md). Hooks see each batch as a step, one after another.

        Raises:
            DataError: a row whose prediction is not a finite number; the message names the column and the row.
            ModelError: parameters that are not finite, of a training that diverged.
        """
        steps = None if steps is None else arguments.require_count(self._who, "steps", steps)
        hooks = as_hooks(self._who, hooks)
        data = arguments.choose_data(data, input_fn)
        out = self._measure(
            data, label, weight, steps=steps, batch_size=batch_size, hooks=hooks, checkpoint_path=checkpoint_path
        )
        self.metrics[name or "eval"] = out
        return dict(sorted(out.items()))

    def _measure(
        self,
        data: Data | Pipeline,
        label: Label | None,
        weight: Label | None,
        *,
        steps: int | None = None,
        batch_size: int = 4096,
        hooks: Sequence[Hook] = (),
        checkpoint_path: str | Path | None = None,
        watch: Watch | None = None,
    ) -> dict[str, float]:
        """Return metrics over data; `watch` sees the rows as they came, and what the model answers about them."""
        self._know_names()
        label = label if label is not None else self.label or None
        pipeline = self._pipeline(data, label, batch_size, weight=weight, training=False)
        before = self.head, self.label
        self._ready(pipeline.data, checkpoint=checkpoint_path)
        variables = self._variables(checkpoint_path)
        try:
            seen = labels.Range()
            encoder = self._encoder(labelled=True, keys=pipeline.data.labels, seen=seen)
            if watch is not None:
                encoder = watch.around(encoder)
            stream = BatchStream(pipeline, encoder, 0, digests=False)
            found = self._evaluate(stream.epoch(0), variables, steps, stream.batches, hooks, watch)
            out = {**found, "global_step": variables.step}
        except errors.DataError as e:
            raise explain_label(e, self._who, pipeline.data) from None
        finally:
            if self._variables().step == 0:
                self.head, self.label = before  # training may find others
        if not isinstance(self.head, PlainHead):
            seen.warn_unmeasured(f"{self._who}.evaluate")
        return out

    def _evaluate(
        self,
        batches: Iterable[Examples],
        variables: Variables,
        steps: int | None = None,
        count: int | None = None,
        hooks: Sequence[Hook] = (),
        watch: Watch | None = None,
    ) -> dict[str, float]:
        evaluation = Evaluation()
        for spec, rows in self._call_each(islice(batches, steps), ModeKeys.EVAL, variables, count, hooks):
            evaluation.add(spec, rows)
            if watch is not None:
                watch.add(spec, rows)
        return self._with_names(evaluation.compute())

    def _with_names(self, found: dict[str, float]) -> dict[str, float]:
        """Return metrics of several numbers by the names of their labels, where each is a field: rmse/height."""
        if not isinstance(self.head, NumberHead) or not 1 < len(self.label) == self.head.dimension:
            return found
        numbers = {str(i): name for i, name in enumerate(self.label)}
        parts = {key: key.rpartition("/") for key in found}
        return {f"{a}/{numbers[i]}" if a and i in numbers else key: found[key] for key, (a, _, i) in parts.items()}

    @explain_arguments
    def predict(
        self,
        data: Data | Pipeline | None = None,
        *,
        input_fn: Callable[..., Any] | None = None,
        predict_keys: str | Sequence[str] | None = None,
        batch_size: int = 4096,
        hooks: Hooks = (),
        checkpoint_path: str | Path | None = None,
    ) -> Predictions:
        """Return what the model says about every row: arrays by name, or looped over, one dict a row.

        Hooks see each batch as a step, one after another; a hook that ends the run ends the predictions there.

        Raises:
            DataError: a row whose prediction is not a finite number; the message names the column and the row.
            ModelError: parameters that are not finite, of a training that diverged.
        """
        seen_by, data = as_hooks(self._who, hooks), arguments.choose_data(data, input_fn)
        keys = () if predict_keys is None else names_of(predict_keys)
        if not seen_by and self._batches_at_once and self.variables is not None and checkpoint_path is None:
            small = self._small_examples(data, batch_size)
            if small is not None:
                with one_thread:
                    return Predictions.concatenate([_of_keys(self._call(small, ModeKeys.PREDICT), keys)])
        pipeline = self._pipeline(data, None, batch_size, training=False)
        pipeline = replace(pipeline, data=pipeline.data.without_labels())
        self._ready(None, checkpoint=checkpoint_path)
        variables = self._variables(checkpoint_path)
        stream = BatchStream(pipeline, self._encoder(labelled=False), 0, digests=False)
        count = None if stream.batches is None else max(stream.batches, 1)
        found = self._call_each(stream.batches_or_empty(), ModeKeys.PREDICT, variables, count, seen_by)
        return Predictions.concatenate([_of_keys(spec, keys) for spec, _ in found])

    def _open_for_files(self) -> None:
        self._open()

    def _file_classes(self) -> Array | None:
        return self.head.classes if isinstance(self.head, (ClassHead, MultiLabelHead)) else None

    def _file_columns(self, data: Rows, classes: Array | None) -> Columns:
        found = self.predict(data, batch_size=batch_predict.BATCH)
        if classes is not None and isinstance(self.head, MultiLabelHead):
            return batch_predict.label_columns(classes, found["probabilities"])
        if classes is not None:
            return batch_predict.class_columns(classes, found["class_ids"].reshape(-1), found["probabilities"])
        if isinstance(self.head, NumberHead):
            return batch_predict.number_columns(found["predictions"], self.label)
        return [(name, batch_predict.any_column(found[name])) for name in found.arrays]


def _of_keys(spec: EstimatorSpec, keys: Sequence[str]) -> dict[str, Array]:
    """Return the predictions of a batch, or those of some keys."""
    found = spec.predictions or {}
    if unknown := [key for key in keys if key not in found]:
        raise errors.unknown("predict", "key", unknown[0], found)
    return {k: np.asarray(found[k]) for k in keys or found}
