"""Training whose length is left open: the rule that chooses batch, rate and limits, and the hook that stops.

The rule knows the number of rows alone; docs/models.md states it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from featurecols.models import errors
from featurecols.models.autodiff.variables import Variables
from featurecols.models.optimization.optimizers import Adam, AdamW, Ftrl, Groups, Optimizer, SolveFirst
from featurecols.models.optimization.schedules import Cosine
from featurecols.models.training.hooks import Hook
from featurecols.models.training.kept_weights import KeptWeights
from featurecols.models.training.run import Run

SMALLEST, LINEAR, LARGEST = 16, 32, 512  # rows of a batch: at least, of a linear model at least, at most
STEPS = 128  # that a pass has at least, while batches can be halved
FEW, SMALL = 10, 50  # rows, of which none are held out, and of which some are held out again and again
SHARE, SMALLER, LARGE = 0.2, 0.1, 5_000  # of the rows held out, and from how many rows on the smaller one
MOST = 100_000  # rows held out
PASSES, BUDGET = 200, 50_000  # passes and steps at most
FEW_PASSES = 50  # where nothing is held out
WAIT = 1000  # steps without a gain
PATIENCE = (3, 30)  # passes without a gain, at least and at most
AGAIN, LINEAR_AGAIN = 50_000, 500_000  # rows, below which training begins again on all, once the number of passes is found
SEARCHES, SEVERAL = 3, 1_000  # times that rows are held out for it, and below how many rows; else once, as for linear models
MANY_SEARCHES = 9  # times, of SMALL data, also for linear models
LATE = 5_000  # rows, and steps, up to which a linear model is trained on while the loss held out is the same but for chance
EARLY, HALVINGS = 2, 4  # passes within which a linear model must not be best, or its rate is halved, and how often
WIDE, QUARTERINGS = 100, 4  # numbers of a row from which on it is quartered, as long as that helps, and how often
FULL, POOR = 1 << 23, 0.5  # numbers of all rows, above which that is done where the loss is above this share of the mean's
WEAK = 0.97  # of the loss of predicting the mean, above which lower rates of a linear model are tried in any case
FASTER, LONGER = 2.0, 1.25  # a learning rate that falls to 0 begins at, and passes, as multiples of those of a constant rate
RATE, SLOW_RATE, MANY = 0.003, 0.001, 100_000  # of Adam, and from how many rows on the slow one
LOSS = "average_loss"
_FTRL = [Ftrl(0.1 / 2**i) for i in range(2 * QUARTERINGS + 1)]
_HALVED = [optimizer.to_json() for optimizer in _FTRL]


@dataclass(frozen=True)
class Choice:
    """What was chosen for a number of rows.

    rows: of the training data, those held out included. share: of them held out. batch_size: rows of a step. patience: passes
    without a gain before training stops. passes, steps: at most. seed: of the rows held out. searches: how many times rows
    are held out to find a number of passes, for which training then begins again on all rows; 0 where training stops by itself.
    """

    rows: int
    share: float
    batch_size: int
    patience: int
    passes: int
    steps: int
    seed: int
    searches: int = 0


def choose(
    rows: int,
    seed: int,
    batch_size: int | None = None,
    share: float | None = None,
    *,
    validated: bool = False,
    linear: bool = False,
) -> Choice:
    """Return the choice for so many rows; a batch_size and a share are obeyed, with data to validate on nothing is held out.

    >>> choose(331, 0).batch_size, choose(20_000, 0).batch_size, choose(10_000_000, 0).patience
    (16, 256, 3)
    """
    size = batch_size
    if size is None:
        size = LINEAR if linear else SMALLEST
        while size < LARGEST and size * STEPS < rows:
            size *= 2
    searches = 0
    if share is None and not validated and FEW <= rows < (LINEAR_AGAIN if linear else AGAIN):
        searches = MANY_SEARCHES if rows < SMALL else 1 if linear or rows >= SEVERAL else SEARCHES
    if validated or share is None:
        share = 0.0 if validated or rows < FEW else min(SHARE if rows < LARGE else SMALLER, MOST / rows)
    steps = max(1, round(rows * (1 - share)) // size)
    patience = min(PATIENCE[1], max(PATIENCE[0], math.ceil(WAIT / steps)))
    return Choice(rows, share, size, patience, PASSES if share or validated else FEW_PASSES, BUDGET, seed, searches)


def with_rate(optimizer: Optimizer, rows: int, *, falling: bool = False) -> Optimizer:
    """Return an optimizer that was given by its name with the learning rate for so many rows, constant or falling to 0."""
    if type(optimizer) in (Adam, AdamW):
        rate = RATE if rows < MANY else SLOW_RATE
        found: Optimizer = optimizer.replace(learning_rate=Cosine(FASTER * rate) if falling else rate)
        return found
    return optimizer


def halved(optimizer: Ftrl | None, *, wide: bool = False) -> Ftrl | None:
    """Return FTRL with half of its learning rate, or a quarter where it is wide; None where that has been done four times."""
    known = _HALVED[: 2 * QUARTERINGS - 1 if wide else HALVINGS]
    if optimizer is None or optimizer.to_json() not in known:
        return None
    return _FTRL[_HALVED.index(optimizer.to_json()) + (2 if wide else 1)]


def is_halved(theirs: object) -> bool:
    """Return whether the JSON of an optimizer is what FTRL by its name becomes: with half of its rate, or after a solution."""
    if isinstance(theirs, Mapping) and theirs.get("type") == SolveFirst.kind:
        return {**theirs, "penalty": 0} == {**SolveFirst(penalty=1.0).to_json(), "penalty": 0}
    return theirs in _HALVED


def steady(optimizer: Optimizer) -> Optimizer:
    """Return an optimizer with a constant learning rate, where nobody knows when a falling one of Adam or AdamW must end."""
    if type(optimizer) in (Adam, AdamW) and falls(optimizer):
        found: Optimizer = optimizer.replace(learning_rate=optimizer.learning_rate.rate / FASTER)  # type: ignore[union-attr]
        return found
    return optimizer


def steady_parts(optimizer: Optimizer | Groups | None) -> Optimizer | Groups | None:
    """Return the same for each optimizer of a group."""
    if isinstance(optimizer, Groups):
        return Groups(
            tuple((prefix, steady(part) if isinstance(part, Optimizer) else part) for prefix, part in optimizer.groups)
        )
    return optimizer if optimizer is None else steady(optimizer)


def is_by_rule(optimizer: Optimizer, other: object) -> bool:
    """Return whether the JSON of another optimizer is that of this one, with the learning rate for some number of rows."""
    forms = [with_rate(optimizer, rows, falling=falling) for rows in (0, MANY) for falling in (False, True)]
    return other in [form.to_json() for form in forms]


def falls(optimizer: Optimizer) -> bool:
    """Return whether the learning rate of an optimizer falls until the end of the run."""
    return isinstance(optimizer.learning_rate, Cosine) and optimizer.learning_rate.steps is None


class UntilNoGain(Hook):
    """Stop when the loss over rows that training does not see has not fallen for some passes; go back to the best weights.

    What it remembers is among the states of the variables while training runs, so that a run that was cut short and is taken
    up again ends with the same bits.

    Args:
        measure: gives metrics over such rows by name, of which "average_loss" decides; None to train for all passes.
        choice: patience and limits.

    Attributes:
        first, best: the loss before the first step, and the lowest one.
        best_epoch: the pass after which it was lowest; 0 before the first step.
        best_step: the steps of this run until then; all of them where nothing is measured.
    """

    def __init__(self, measure: Callable[[], Mapping[str, float]] | None, choice: Choice) -> None:
        self.measure, self.choice, self._kept = measure, choice, KeptWeights("automatic/")
        self.first = self.best = math.nan
        self.best_epoch = self.best_step = 0
        self._most: int | None = None  # passes, where rows are held out and none of them counts

    def begin(self, run: Run) -> None:
        if self.measure is None:
            return
        kept = self._kept.progress(run.variables)
        if run.taken_up and kept is not None:
            self.first, self.best, epoch, step = kept
            self.best_epoch, self.best_step = int(epoch), int(step)
            return
        self._kept.forget(run.variables)
        self.first = self.best = self.measure()[LOSS]
        if math.isnan(self.first):
            what, hint = (
                "no row that the loss is measured on has a weight, so that nothing says when to stop",
                "give validation=, or epochs=",
            )
            errors.warn(type(run.model).__name__ + ".train", what, hint)
            self.measure, self._most = None, FEW_PASSES
            return
        self.best_epoch = run.epoch
        self._keep(run.variables)

    def after_epoch(self, run: Run) -> None:
        if self.measure is None:
            if self._most is not None and run.epoch >= self._most:
                run.request_stop(f"{self._most} passes are the most where nothing is measured")
            return
        found = self.measure()
        run.logs |= {f"val_{name}": value for name, value in found.items() if name != "global_step"}
        run.logs.setdefault("val_loss", found[LOSS])  # what EarlyStopping looks at by default
        self._compare(run, found[LOSS], run.epoch)
        if run.epoch - self.best_epoch >= self.choice.patience:
            run.request_stop(f"the loss over rows held out was lowest after pass {self.best_epoch}")

    def end(self, run: Run) -> None:
        if self.measure is None:
            self.best_step = run.step - run.variables.start
        else:
            if run.batch:
                self._compare(run, self.measure()[LOSS], run.epoch + 1)
            self._kept.restore(run.variables)
            self._kept.forget(run.variables)
        given = {"steps": self.best_step, "validation_share": self.choice.share}
        given = {name: value for name, value in given.items() if value}  # no steps: the same call ends there again
        run.automatic, run.same_call = self.about(), {"batch_size": self.choice.batch_size, **given}

    def about(self) -> dict[str, float]:
        """Return what was chosen and found, as JSON data for the card of the model."""
        found = {"first_loss": self.first, "best_loss": self.best, "best_pass": self.best_epoch, "best_step": self.best_step}
        return {**asdict(self.choice), **({} if self.measure is None else found)}

    def describe(self, run: Run) -> str:
        """Return what was chosen and found, in one line."""
        chosen, model = self.choice, run.model
        optimizer = getattr(model, "optimizer", None)
        passes = run.epoch + (run.batch > 0)
        length = f"{passes} {'pass' if passes == 1 else 'passes'} of batch_size={chosen.batch_size} with {optimizer!r}"
        if self.measure is None:
            return f"trained {length}"
        held = f"{chosen.share:.0%} of {chosen.rows:,} rows held out" if chosen.share else "the validation data"
        return f"trained {length}; best after pass {self.best_epoch}, loss {self.best:.6g} over {held}"

    def _compare(self, run: Run, loss: float, epoch: int) -> None:
        """Keep the weights of this pass where their loss is the lowest."""
        if loss < self.best or math.isnan(self.best):
            self.best, self.best_epoch, self.best_step = loss, epoch, run.step - run.variables.start
            self._keep(run.variables)

    def _keep(self, variables: Variables) -> None:
        self._kept.keep(variables, self.first, self.best, self.best_epoch, self.best_step)
