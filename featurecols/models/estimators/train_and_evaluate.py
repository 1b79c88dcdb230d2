"""train_and_evaluate: training that stops now and then to be measured, and keeps the best model it has seen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from featurecols._core.suggestions import explain_arguments, explain_constructor
from featurecols.models import errors
from featurecols.models.distributed.remote import Chief, work
from featurecols.models.estimators import arguments
from featurecols.models.estimators.evaluator_process import EvaluatorProcess
from featurecols.models.estimators.evaluator_role import each_checkpoint
from featurecols.models.estimators.model_as_bytes import to_bytes
from featurecols.models.estimators.several_processes import workers_from
from featurecols.models.input.pipeline import Pipeline
from featurecols.models.training import checkpoints
from featurecols.models.training.classic_hooks import Hooks, as_hooks
from featurecols.models.training.hooks import Hook
from featurecols.models.training.monitor import Monitor
from featurecols.models.types import Data, Label

if TYPE_CHECKING:
    from featurecols.models.autodiff.variables import Variables
    from featurecols.models.distributed.cluster import Cluster
    from featurecols.models.estimators.base import Estimator
    from featurecols.models.training.run import Run

Metrics = dict[str, float]


@explain_constructor
@dataclass(frozen=True)
class TrainSpec:
    """The training: data (or input_fn, another name of it), label, and the rest as Estimator.train."""

    data: Data | Pipeline | None = None
    label: Label | None = None
    max_steps: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    hooks: Hooks = ()
    input_fn: Callable[..., Any] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", arguments.choose_data(self.data, self.input_fn))
        for name in ("max_steps", "epochs"):
            if getattr(self, name) is not None:
                arguments.require_count("TrainSpec", name, getattr(self, name))


@explain_constructor
@dataclass(frozen=True)
class EvalSpec:
    """The evaluations.

    Args:
        data, label: as Estimator.evaluate; input_fn is another name of data.
        steps: batches to evaluate; None for all.
        name: of the evaluation.
        exporters: one or several, asked after every evaluation.
        throttle_steps, throttle_secs: how often to evaluate: every so many steps, or seconds; after each epoch where
            neither is given, and at the end in any case.
        start_delay_secs: of tf.estimator's evaluations beside training; here nothing is waited for.
        stop: asked with all metrics so far after each evaluation; True ends the training (see stop_if_no_gain).
        hooks: as of Estimator.evaluate; not where a process of its own evaluates.
    """

    data: Data | Pipeline | None = None
    label: Label | None = None
    steps: int | None = None
    name: str | None = None
    exporters: Exporter | Sequence[Exporter] | None = ()
    throttle_steps: int | None = None
    throttle_secs: float | None = None
    stop: Callable[[list[Metrics]], bool] | None = None
    input_fn: Callable[..., Any] | None = field(default=None, kw_only=True)
    start_delay_secs: float = field(default=0, kw_only=True)
    hooks: Hooks = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", arguments.choose_data(self.data, self.input_fn))
        if self.steps is not None:
            arguments.require_count("EvalSpec", "steps", self.steps)


class Exporter:
    """Writes the model somewhere after an evaluation. Folders are named by the step, under <model_dir>/export/<name>."""

    def __init__(self, name: str, exports_to_keep: int | None = 5) -> None:
        if callable(exports_to_keep):  # the second argument of tf.estimator's exporters
            hint = "leave it out: a saved model reads rows by its columns"
            raise errors.argument(type(self).__name__, "takes no function that receives requests", exports_to_keep, hint)
        self.name = name
        self.keep = (
            None
            if exports_to_keep is None
            else arguments.require_count(type(self).__name__, "exports_to_keep", exports_to_keep)
        )

    def _wanted(self, now: Metrics, earlier: Sequence[Metrics]) -> bool:
        """Return whether to export after this evaluation; `earlier` are those before it."""
        return True

    def export(self, model: Estimator, found: Metrics, earlier: Sequence[Metrics], last: bool) -> str | None:
        """Write the model where it is wanted, and return the folder that was written, or None."""
        if not self._wanted(found, earlier):
            return None
        folder = _require_folder(model) / "export" / self.name
        path = folder / f"{int(found['global_step']):09d}"
        shutil.rmtree(path, ignore_errors=True)
        model.export(path)
        for old in self._old(path):
            shutil.rmtree(old)
        return str(path)

    def _old(self, newest: Path) -> list[Path]:
        others = sorted(p for p in newest.parent.iterdir() if p != newest)
        return [] if self.keep is None else others[: max(0, len(others) + 1 - self.keep)]


class LatestExporter(Exporter):
    """Every evaluated model; the last `exports_to_keep` stay."""


class FinalExporter(Exporter):
    """The model at the end."""

    def export(self, model: Estimator, found: Metrics, earlier: Sequence[Metrics], last: bool) -> str | None:
        return super().export(model, found, earlier, last) if last else None


@explain_constructor
class BestExporter(Exporter):
    """Each model that is better than all evaluated before it, also before a restart.

    Args:
        monitor: the metric that is compared.
        mode: "min", "max" or "auto": which direction is better, as in hooks.EarlyStopping.
        min_delta: the least change that counts as an improvement.
    """

    def __init__(
        self,
        name: str = "best_exporter",
        exports_to_keep: int | None = 5,
        *,
        monitor: str = "loss",
        mode: str = "auto",
        min_delta: float = 0.0,
    ) -> None:
        super().__init__(name, exports_to_keep)
        self.monitor = Monitor(monitor, mode, min_delta)

    def _wanted(self, now: Metrics, earlier: Sequence[Metrics]) -> bool:
        metric = self.monitor.metric
        if metric not in now:
            raise errors.unknown("BestExporter", "metric", metric, now)
        return self.monitor.improved(now[metric], self.monitor.best(e[metric] for e in earlier))


@explain_arguments
def stop_if_no_gain(
    monitor: str, *, mode: str = "auto", min_delta: float = 0.0, patience: int = 3
) -> Callable[[list[Metrics]], bool]:
    """Return a function for EvalSpec.stop: end training when a metric has not improved for `patience` evaluations.

    Args:
        monitor: the metric that is compared.
        mode: "min", "max" or "auto": which direction is better, as in hooks.EarlyStopping.
        min_delta: the least change that counts as an improvement.
        patience: evaluations to wait.
    """
    patience = arguments.require_count("stop_if_no_gain", "patience", patience)
    better = Monitor(monitor, mode, min_delta)

    def stop(found: list[Metrics]) -> bool:
        if found and monitor not in found[-1]:
            raise errors.unknown("stop_if_no_gain", "metric", monitor, found[-1])
        values = [f[monitor] for f in found]
        if len(values) <= patience:
            return False
        latest = better.best(values[-patience:])
        return latest is None or not better.improved(latest, better.best(values[:-patience]))

    return stop


@explain_arguments
def train_and_evaluate(
    model: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec, *, processes: int | None = None, evaluator: bool = False
) -> tuple[Metrics, list[str]]:
    """Train by one spec and measure by the other. Evaluations are kept in <model_dir>/eval.jsonl, and a restart knows them.

    With a RunConfig.from_environment of several machines, this process does its part: the chief trains, workers compute
    gradients until it is done, and an evaluator measures the checkpoints in model_dir, a folder that both see.

    Args:
        model: an estimator with a model_dir.
        train_spec: the training.
        eval_spec: the evaluations.
        processes: how many train, as of Estimator.train.
        evaluator: whether a process of its own evaluates, while training goes on. The metrics are the same; an evaluation is
            waited for when the next one begins, so that `stop` is asked then, and the history has no val_<metric>.

    Returns:
        The metrics at the end, and the folders that exporters wrote at the last evaluation; nothing of these from a worker,
        and from a chief whose evaluator is another machine.
    """
    cluster = model.config.cluster
    if cluster is not None:
        return _play(model, train_spec, eval_spec, cluster)
    return _train_and_evaluate(model, train_spec, eval_spec, processes, evaluator=evaluator)


def _train_and_evaluate(
    model: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec, processes: int | None, *, evaluator: bool
) -> tuple[Metrics, list[str]]:
    t = train_spec
    if evaluator and as_hooks("EvalSpec", eval_spec.hooks):
        hint = "leave evaluator out, or hooks"
        raise errors.model("train_and_evaluate", "hooks of an EvalSpec do not see a process of its own", "evaluator=True", hint)
    with ExitStack() as stack:
        apart = stack.enter_context(EvaluatorProcess(eval_spec.data, eval_spec.label, eval_spec.steps)) if evaluator else None
        watch = _Evaluate(model, eval_spec, apart)  # before hooks that read what it measured
        hooks, size = [watch, *as_hooks("TrainSpec", t.hooks)], t.batch_size
        model.train(t.data, t.label, max_steps=t.max_steps, epochs=t.epochs, batch_size=size, hooks=hooks, processes=processes)
        return watch.finish()


def _play(model: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec, cluster: Cluster) -> tuple[Metrics, list[str]]:
    """Do what the role of this process in a cluster is."""
    if cluster.evaluator and eval_spec.stop is not None:
        hint = "leave the evaluator out of the cluster, so that the chief evaluates"
        raise errors.model("train_and_evaluate", "an evaluator on another machine cannot stop the training", "stop", hint)
    if cluster.role == "worker":
        work(cluster)
    elif cluster.role == "evaluator":
        return _evaluate_checkpoints(model, eval_spec)
    elif cluster.role == "chief":
        with Chief(cluster) as chief, workers_from(chief.start):
            if not cluster.evaluator:
                return _train_and_evaluate(model, train_spec, eval_spec, cluster.workers + 1, evaluator=False)
            t, size, several = train_spec, train_spec.batch_size, cluster.workers + 1
            model.train(
                t.data, t.label, max_steps=t.max_steps, epochs=t.epochs, batch_size=size, hooks=t.hooks, processes=several
            )
    return {}, []  # of a parameter server, which has nothing to do


def _evaluate_checkpoints(model: Estimator, spec: EvalSpec) -> tuple[Metrics, list[str]]:
    watch = _Evaluate(model, spec)

    def evaluate(last: bool) -> None:
        found = model.evaluate(spec.data, spec.label, steps=spec.steps, hooks=spec.hooks, name=spec.name)
        watch.record(None, found, last)

    each_checkpoint(model, _require_folder(model), evaluate)
    return watch.found[-1], watch.exports


class _Evaluate(Hook):
    def __init__(self, model: Estimator, spec: EvalSpec, apart: EvaluatorProcess | None = None) -> None:
        self.model, self.spec, self.apart = model, spec, apart
        self._waiting: tuple[Variables | None, bool] | None = None  # what is evaluated apart, for exporters; whether at the end
        self.exporters = [spec.exporters] if isinstance(spec.exporters, Exporter) else list(spec.exporters or ())
        self.path = _require_folder(model) / (f"eval_{spec.name}.jsonl" if spec.name else "eval.jsonl")
        self.found: list[Metrics] = _read_evaluations(self.path)
        self.exports: list[str] = []
        self._time = perf_counter()

    def after_step(self, run: Run) -> None:
        steps, seconds = self.spec.throttle_steps, self.spec.throttle_secs
        if (steps and run.step % steps == 0) or (seconds and perf_counter() - self._time >= seconds):
            self._evaluate(run, last=False)

    def after_epoch(self, run: Run) -> None:
        if not self.spec.throttle_steps and not self.spec.throttle_secs:
            self._evaluate(run, last=False)
        if self.found and self.found[-1]["global_step"] == run.step:
            run.logs |= {f"val_{k}": v for k, v in self.found[-1].items() if k != "global_step"}

    def _evaluate(self, run: Run | None, last: bool) -> None:
        if self.apart is None:
            spec = self.spec
            self.record(
                run, self.model.evaluate(spec.data, spec.label, steps=spec.steps, hooks=spec.hooks, name=spec.name), last
            )
            self._time = perf_counter()
            return
        self._collect(run)
        variables = self.model._open()
        self._waiting = variables.copy() if self.exporters else None, last
        self.apart.start(to_bytes(self.model))
        self._time = perf_counter()

    def _collect(self, run: Run | None) -> None:
        """Wait for the evaluation that runs apart, if one does."""
        if self.apart is None or self._waiting is None:
            return
        (variables, last), self._waiting, model = self._waiting, None, self.model
        found, now = self.apart.result(), model.variables
        model.metrics[self.spec.name or "eval"] = found
        try:
            model.variables = variables or now  # of the step that was evaluated
            self.record(run, found, last)
        finally:
            model.variables = now

    def record(self, run: Run | None, found: Metrics, last: bool) -> None:
        """Keep what was found, let exporters write, and end the training where it is to stop."""
        spec, model = self.spec, self.model
        earlier = [f for f in self.found if f["global_step"] < found["global_step"]]
        self.exports = [p for e in self.exporters if (p := e.export(model, found, earlier, last)) is not None]
        self.found = [*earlier, found]
        lines = "".join(json.dumps(f) + "\n" for f in self.found)
        checkpoints.replace(self.path, lines.encode())
        if run is not None and spec.stop is not None and spec.stop(self.found):
            run.request_stop("the evaluations said so")

    def finish(self) -> tuple[Metrics, list[str]]:
        """Evaluate for exporters that wait for the end, and return the metrics and what was exported."""
        self._evaluate(None, last=True)
        self._collect(None)
        return self.found[-1], self.exports


def _require_folder(model: Estimator) -> Path:
    """Return model_dir; raise ModelError where the model has none."""
    if model.model_dir is None:
        raise errors.model("train_and_evaluate", "needs a place for its evaluations", None, "give the model a model_dir")
    return model.model_dir


def _read_evaluations(path: Path) -> list[Metrics]:
    """Return the evaluations of a file, or none."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
