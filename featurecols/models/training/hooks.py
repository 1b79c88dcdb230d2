"""Hooks: code around training. Subclass Hook and override what you need; `run` is a training.run.Run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, TextIO

import numpy as np

from featurecols._core.suggestions import explain_arguments, module_names
from featurecols.models import errors
from featurecols.models.training.checkpoints import replace
from featurecols.models.training.kept_weights import KeptWeights
from featurecols.models.training.monitor import Monitor

if TYPE_CHECKING:
    from featurecols.models.training.run import Run


class Hook:
    """Base of hooks: five methods, all empty.

    begin: before the first step. before_step, after_step: around each. after_epoch: at the end of each epoch; what it
    adds to run.logs goes into the history. end: after the last step of a run that was not cut short by an error.
    run.request_stop(why) ends the run after the step.
    """

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = explain_arguments(cls.__init__)  # type: ignore[method-assign]

    def begin(self, run: Run) -> None:
        """Do what comes before the first step."""

    def before_step(self, run: Run) -> None:
        """Do what comes before each step."""

    def after_step(self, run: Run) -> None:
        """Do what comes after each step; run.loss and run.examples are those of the step."""

    def after_epoch(self, run: Run) -> None:
        """Do what comes after each pass over the data."""

    def end(self, run: Run) -> None:
        """Do what comes after the last step, also of a training that was stopped."""


class Every:
    """Whether it is time again: every so many steps, or seconds."""

    def __init__(self, steps: int | None = None, seconds: float | None = None) -> None:
        self.steps, self.seconds = steps, seconds
        self.step, self.time = 0, perf_counter()

    def now(self, step: int) -> bool:
        """Return whether it is time at this step."""
        if self.steps is not None:
            return step % self.steps == 0
        if self.seconds is not None and perf_counter() - self.time >= self.seconds:
            self.time = perf_counter()
            return True
        return False


def _require_count(subject: str, every: object) -> int:
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise errors.argument(subject, "every must be an integer of at least 1", every, "leave the hook out for never")
    return every


class StopAtStep(Hook):
    """Stop after `steps` more steps (of an evaluation or prediction: batches), or at the global step `last_step`."""

    def __init__(self, steps: int | None = None, last_step: int | None = None) -> None:
        if (steps is None) == (last_step is None):
            raise errors.model("StopAtStep", "needs one of steps and last_step", (steps, last_step), "give one")
        given = last_step if steps is None else steps
        if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 1:
            what = "a step is an integer of at least 1"
            raise errors.argument("StopAtStep", what, (steps, last_step), "leave the hook out")
        self.steps, self.last_step = steps, last_step
        self._last = 0

    def begin(self, run: Run) -> None:
        self._last = run.count + self.steps if self.steps is not None else self.last_step or 0

    def after_step(self, run: Run) -> None:
        now = run.step if self.steps is None else run.count
        if now >= self._last:
            run.request_stop(f"step {now} was the last one asked for")


class TimeLimit(Hook):
    """Stop after the step that passes `seconds` of training."""

    def __init__(self, seconds: float) -> None:
        if not seconds > 0:
            raise errors.argument("TimeLimit", "seconds must be above 0", seconds, "leave the hook out for no limit")
        self.seconds = seconds
        self._start = 0.0

    def begin(self, run: Run) -> None:
        self._start = perf_counter()

    def after_step(self, run: Run) -> None:
        if perf_counter() - self._start >= self.seconds:
            run.request_stop(f"{self.seconds} seconds are over")


class StepCounter(Hook):
    """Steps and examples per second, measured over every `every` steps; `speeds` keeps (step, steps/s, examples/s)."""

    def __init__(self, every: int = 100) -> None:
        self.every = _require_count("StepCounter", every)
        self.speeds: list[tuple[int, float, float]] = []
        self._steps, self._rows, self._since = 0, 0, 0.0

    def begin(self, run: Run) -> None:
        self._steps, self._rows, self._since = 0, 0, perf_counter()

    def after_step(self, run: Run) -> None:
        self._steps += 1
        self._rows += len(run.examples or ())
        if self._steps == self.every:
            seconds = max(perf_counter() - self._since, 1e-9)
            self.speeds.append((run.step, self._steps / seconds, self._rows / seconds))
            self._steps, self._rows, self._since = 0, 0, perf_counter()


class Logging(Hook):
    """A line about every `every`-th step (of an evaluation or prediction: batch), and about every epoch."""

    def __init__(self, every: int = 100, write: Callable[[str], object] = print) -> None:
        self.every, self.write = _require_count("Logging", every), write

    def after_step(self, run: Run) -> None:
        if run.count % self.every == 0:
            loss = "" if run.mode == "infer" else f": loss = {run.loss:.6g}"
            self.write(f"{'step' if run.mode == 'train' else 'batch'} {run.count}{loss}")

    def after_epoch(self, run: Run) -> None:
        said = ", ".join(f"{name} = {value:.6g}" for name, value in run.logs.items() if name not in ("epoch", "step"))
        self.write(f"epoch {run.epoch}, step {run.step}: {said}")


class NanGuard(Hook):
    """The answer to a loss that is not a number: fail (as without this hook), or stop before the step is taken."""

    def __init__(self, fail: bool = True) -> None:
        self.fail = fail


class Checkpoints(Hook):
    """Call `save` every so many steps or seconds, and at the end."""

    def __init__(self, save: Callable[[Run], object], steps: int | None = None, seconds: float | None = None) -> None:
        self.save, self.every = save, Every(steps, seconds)

    def after_step(self, run: Run) -> None:
        if self.every.now(run.step):
            self.save(run)

    def end(self, run: Run) -> None:
        self.save(run)


class Validate(Hook):
    """Evaluate after every epoch (or every `every` steps) and add the metrics to the history as val_<metric>."""

    def __init__(self, evaluate: Callable[[], dict[str, float]], prefix: str = "val_") -> None:
        self.evaluate, self.prefix = evaluate, prefix

    def after_epoch(self, run: Run) -> None:
        found = self.evaluate()
        run.logs |= {f"{self.prefix}{name}": value for name, value in found.items() if name != "global_step"}


class EarlyStopping(Hook):
    """Stop when a metric has not improved for `patience` epochs.

    A run that was killed and taken up goes on with what was best before. `best` and `best_epoch` say what was best.

    Args:
        monitor: a name in the history: "loss", or with validation data "val_auc", "val_average_loss", ...
        mode: "max" where higher is better, "min" where lower is; "auto" is "max" for accuracy, auc, precision, recall, r2 and
            the like (monitor.RISING) and "min" for all others.
        min_delta: the least change that counts as an improvement.
        patience: epochs to wait.
        restore_best_weights: whether the weights of the best epoch, and what the optimizer remembered then, are put back at
            the end.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        mode: str = "auto",
        min_delta: float = 0.0,
        patience: int = 3,
        restore_best_weights: bool = True,
    ) -> None:
        if isinstance(patience, bool) or not isinstance(patience, (int, np.integer)) or patience < 0:
            hint = "give the epochs to wait"
            raise errors.argument("EarlyStopping", "patience must be an integer of at least 0", patience, hint)
        self.monitor, self.patience = Monitor(monitor, mode, min_delta), int(patience)
        self.restore_best_weights = restore_best_weights
        self.best: float | None = None
        self.best_epoch = 0
        self._kept = KeptWeights(f"early_stopping/{monitor} {mode} {min_delta}/")

    def begin(self, run: Run) -> None:
        self.best, self.best_epoch = None, 0 if run.taken_up else run.epoch
        kept = self._kept.progress(run.variables)
        if run.taken_up and kept is not None:
            self.best, self.best_epoch = kept[0], int(kept[1])
        else:
            self._kept.forget(run.variables)

    def after_epoch(self, run: Run) -> None:
        metric = self.monitor.metric
        if metric not in run.logs:
            if self.best is not None:
                return  # not measured after every epoch
            if metric.startswith("val_") and not any(name.startswith("val_") for name in run.logs):
                hint = "give validation= or validation_share=, fit validation_data= or validation_split=, train_and_evaluate a"
                hint += ' lower throttle_steps; or monitor="loss"'
                raise errors.model("EarlyStopping", "no held-out rows were evaluated after the epoch", metric, hint)
            raise errors.unknown("EarlyStopping", "metric", metric, run.logs)
        if self.monitor.improved(run.logs[metric], self.best):
            self.best, self.best_epoch = run.logs[metric], run.epoch
            self._kept.keep(run.variables, self.best, self.best_epoch, weights=self.restore_best_weights)
        elif run.epoch - self.best_epoch >= self.patience:
            run.request_stop(f"{metric} was best at epoch {self.best_epoch}")

    def end(self, run: Run) -> None:
        if self.restore_best_weights and self.best is not None:
            self._kept.restore(run.variables)
        self._kept.forget(run.variables)


class Summaries(Hook):
    """Append {"step", "loss", "steps_per_second"} every `every` steps, and each epoch's row, to a file of JSON lines.

    The scalars that a model_fn gives of a step (EstimatorSpec) stand beside them.

    History.read(path).plot() draws it. The rest of a run that was cut short writes no row twice: what the file says of steps
    after the checkpoint is taken out first.

    Args:
        path: the file.
        every: steps between lines.
        exclusive: whether nothing but the trainings of one model write into it, so that a run that was cut short before its
            first checkpoint is taken out too.
    """

    def __init__(self, path: str | Path, every: int = 100, *, exclusive: bool = False) -> None:
        self.path, self.every, self.exclusive = Path(path), _require_count("Summaries", every), exclusive
        self._last = (0, 0.0)

    def begin(self, run: Run) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._last = (run.step, perf_counter())
        if (run.taken_up or self.exclusive) and self.path.exists():
            self._forget(run)

    def _forget(self, run: Run) -> None:
        """Take out the rows of steps and epochs that are still to come, and a last line that a kill cut short."""
        lines = self.path.read_text().splitlines(keepends=True)
        kept = []
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                break
            if row["step"] <= run.variables.start or (row["step"] <= run.step and row.get("epoch", 0) <= run.epoch):
                kept.append(line)
        if kept != lines:
            replace(self.path, "".join(kept).encode())

    def after_step(self, run: Run) -> None:
        if run.step % self.every == 0:
            (step, then), now = self._last, perf_counter()
            speed = (run.step - step) / max(now - then, 1e-9)
            self._last = (run.step, now)
            self._write({"step": run.step, "loss": run.loss, "steps_per_second": speed, **run.scalars})

    def after_epoch(self, run: Run) -> None:
        self._write(run.logs)

    def _write(self, row: dict[str, float]) -> None:
        with open(self.path, "a") as f:
            f.write(json.dumps(row, default=float) + "\n")


class Progress(Hook):
    """A line on the terminal (or below a notebook cell) that says how far training is; at most ten times a second."""

    def __init__(self, file: TextIO | None = None) -> None:
        self.file = file or sys.stderr
        self._start, self._last, self._first, self._width = 0.0, -np.inf, 0, 0

    def begin(self, run: Run) -> None:
        self._start, self._last, self._first = perf_counter(), -np.inf, run.step

    @staticmethod
    def _fits(file: TextIO | None = None) -> bool:
        """Return whether anyone would see it."""
        return (file or sys.stderr).isatty() or "ipykernel" in sys.modules

    def after_step(self, run: Run) -> None:
        now = perf_counter()
        if now - self._last >= 0.1:
            self._last = now
            self._show(run, now)

    def end(self, run: Run) -> None:
        self._show(run, perf_counter())
        self.file.write("\n")
        self.file.flush()

    def _show(self, run: Run, now: float) -> None:
        last = run.variables.stop
        done = f"step {run.step}" if last is None else f"step {run.step}/{last}"
        seconds = now - self._start
        speed = (run.step - self._first) / max(seconds, 1e-9)
        more = "".join(f", {k} {v:.4f}" for k, v in run.logs.items() if k in ("val_auc", "val_loss", "val_accuracy"))
        text = f"epoch {run.epoch + (run.batch > 0)}, {done}, loss {run.loss:.4f}{more}, {speed:,.0f} steps/s, {seconds:.0f} s"
        self.file.write("\r" + text.ljust(self._width))
        self.file.flush()
        self._width = len(text)


__all__ = [
    "Checkpoints",
    "EarlyStopping",
    "Every",
    "Hook",
    "Logging",
    "NanGuard",
    "Progress",
    "StepCounter",
    "StopAtStep",
    "Summaries",
    "TimeLimit",
    "Validate",
]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = module_names("featurecols.models.hooks", __all__)
