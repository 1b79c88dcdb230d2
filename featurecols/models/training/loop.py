"""The training loop: epochs of batches through a model, hooks around every step, and a position that can be gone back to."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from featurecols._core.blas import one_thread
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.input.examples import Examples
from featurecols.models.input.pipeline import BatchStream
from featurecols.models.optimization.optimizers import Step, TrainOp
from featurecols.models.training import kept_weights
from featurecols.models.training.finite import FILL, SMALLER, bad_feature, bad_parameter
from featurecols.models.training.hooks import Hook, NanGuard
from featurecols.models.training.run import Run

Forward = Callable[[Examples], tuple[Value, Step]]


def train(run: Run, stream: BatchStream, forward: Forward, hooks: Sequence[Hook], steps_per_epoch: int | None = None) -> None:
    """Train until the run is over. A run that starts at a later epoch or batch goes on from there.

    An epoch is one pass over the stream, or `steps_per_epoch` steps of it.
    """
    if not run.taken_up:
        kept_weights.forget(run.variables)
    try:
        for hook in hooks:
            hook.begin(run)
        _plan(run, stream)  # after hooks that set how long the run is
        with one_thread:
            _epochs(run, stream, forward, hooks, steps_per_epoch)
    except BaseException:
        kept_weights.forget(run.variables)  # the last checkpoint has it
        raise
    run.done = True
    for hook in hooks:
        hook.end(run)


def _epochs(run: Run, stream: BatchStream, forward: Forward, hooks: Sequence[Hook], steps_per_epoch: int | None) -> None:
    batches = steps_per_epoch or stream.batches
    cut = run.taken_up and run.batch > 0 and _at_end(run, batches)  # after the last step of an epoch, of which its end is left
    while cut or not run.over:
        for examples in stream.epoch(run.epoch, run.batch, run=run.variables.start):
            _step(run, forward, examples, hooks)
            if run.over or run.batch == steps_per_epoch:
                break
        if run.over and not _at_end(run, batches):
            break
        cut = False
        run.epoch, run.batch = run.epoch + 1, 0
        loss = run.loss_sum / max(run.loss_rows, 1)
        run.logs = {"epoch": run.epoch, "step": run.step, "loss": loss, "seconds": run.seconds}
        for hook in hooks:
            hook.after_epoch(run)
        run.history.add(run.logs)
        run.loss_sum, run.loss_rows = 0.0, 0


def _plan(run: Run, stream: BatchStream) -> None:
    """Tell schedules how long the run is, where that is known."""
    left = [run.steps] if run.steps is not None else []
    if run.epochs is not None and stream.batches is not None:
        left.append(run.epochs * stream.batches)
    run.variables.stop = run.variables.start + min(left) if left else None


def _at_end(run: Run, batches: int | None) -> bool:
    """Return whether the run stopped just where its epoch ends, which then counts as one."""
    return run.why is None and batches is not None and run.batch >= batches


def _step(run: Run, forward: Forward, examples: Examples, hooks: Sequence[Hook]) -> None:
    run.examples = examples
    for hook in hooks:
        hook.before_step(run)
    before = run.step
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what comes of it is found just below
        loss, op = forward(examples)
    run.loss = float(loss)
    if not math.isfinite(run.loss):
        if not any(isinstance(hook, NanGuard) and not hook.fail for hook in hooks):
            raise _not_finite(run, examples)
        run.request_stop(f"the loss is {run.loss}")
        return
    op.run(run.variables) if isinstance(op, TrainOp) else op(run.variables)
    run.variables.step = max(run.step, before + 1)
    run.batch += 1
    run.loss_sum, run.loss_rows = run.loss_sum + run.loss * len(examples), run.loss_rows + len(examples)
    for hook in hooks:
        hook.after_step(run)


def _not_finite(run: Run, x: Examples) -> errors.ModelError:
    """Return the error of a loss that is not a number: it names a column of this batch, or weights that have grown."""
    where = f"at step {run.step}, batch {run.batch} of epoch {run.epoch}"
    if (found := bad_feature(x)) is not None:
        fault = f"column {found.name} holds {found.value}, first in row {found.row} of the batch"
        return errors.not_finite(run.loss, where, fault, FILL)
    if (name := bad_parameter(run.variables)) is not None:
        return errors.not_finite(run.loss, where, f"parameter {name} is not finite", SMALLER)
    return errors.not_finite(run.loss, where, "no feature is at fault", SMALLER)
