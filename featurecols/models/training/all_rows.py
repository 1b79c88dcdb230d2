"""Training whose number of passes is found while rows are held out, and that then begins again on all rows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models.autodiff.variables import Variables
from featurecols.models.training.automatic import LATE, LONGER, Choice
from featurecols.models.training.hooks import Hook
from featurecols.models.training.kept_weights import KeptWeights
from featurecols.models.training.run import Run


class HeldOutLosses(NamedTuple):
    """Losses of rows held out, float64 [n], and their weights, float64 [n]."""

    losses: Array
    weights: Array

    def mean(self) -> float:
        """Return the weighted mean; NaN where nothing has a weight."""
        total = float(self.weights.sum())
        return float(self.losses @ self.weights) / total if total else math.nan

    def is_alike(self, other: HeldOutLosses) -> bool:
        """Return whether the mean is above that of `other` by no more than the standard error of the difference."""
        difference = self.losses - other.losses
        total = float(self.weights.sum())
        mean = float(difference @ self.weights) / total
        error = math.sqrt(float(np.square(difference - mean) @ np.square(self.weights))) / total
        return mean <= error


class PassSearch(Hook):
    """How the loss over rows held out goes, pass by pass, until it has not fallen for some passes. No weights are kept.

    Args:
        measure: gives the losses.
        patience: passes without a gain before it stops.
        late: whether the last pass within 5,000 steps is wanted whose loss is above the lowest one by no more than the standard
            error, and not the best pass. Training longer takes a linear model closer to the one solution that it has.

    Attributes:
        first, best: the mean loss before the first step, and the lowest one.
        best_losses: those of the rows, where their mean is the lowest one.
        found: the pass that is wanted; 0 is before the first step.
    """

    def __init__(self, measure: Callable[[], HeldOutLosses], patience: int, *, late: bool) -> None:
        self.measure, self.patience, self.late = measure, patience, late
        self.first = self.best = math.nan
        self.found = 0

    def begin(self, run: Run) -> None:
        self.best_losses = self.measure()
        self.first = self.best = self.best_losses.mean()

    def after_epoch(self, run: Run) -> None:
        losses = self.measure()
        mean = losses.mean()
        if mean < self.best or math.isnan(self.best):
            self.best, self.best_losses, self.found = mean, losses, run.epoch
        elif self.late and self.found and run.step <= LATE and losses.is_alike(self.best_losses):
            self.found = run.epoch
        if run.epoch - self.found >= self.patience:
            run.request_stop(f"the loss over rows held out was lowest after pass {self.found}")


class FoundPasses(NamedTuple):
    """What was found while rows were held out.

    first, best: the loss over them before the first step, and the lowest one; means where rows were held out several times.
    found: the pass after which it was lowest, the median of several. passes: of the training on all rows.
    ratio: the lowest loss, by that of predicting the mean of the labels; above 1 where it is higher.
    by_start: the same by the mean of all rows, where the output bias starts, which the rows held out did not choose: of few
    rows their own mean has a lower loss than any model can have. Where training was in vain, and a model can predict the mean,
    passes are 0.
    whole: 1 where the model is linear and its one step, over all rows, is the solution, for which a penalty was found.
    """

    first: float
    best: float
    found: int
    passes: int
    ratio: float = 0.0
    by_start: float = 0.0
    whole: int = 0

    @property
    def in_vain(self) -> bool:
        """Whether predicting the mean of the labels is better than the best pass, or no pass is better than none."""
        return self.by_start > 1 or (self.found == 0 and self.by_start > 0)

    @staticmethod
    def of(
        searches: Sequence[PassSearch],
        choice: Choice,
        *,
        falling: bool,
        means: Sequence[float] = (),
        starts: Sequence[float] = (),
    ) -> FoundPasses:
        """Return what the searches found.

        Args:
            searches: each over other rows held out.
            choice: what was chosen before.
            falling: whether the learning rate of the training on all rows falls to 0.
            means: the loss of predicting the mean of the labels, over the same rows.
            starts: the loss of predicting the mean of all labels, over the same rows.
        """
        found = int(statistics.median_low([search.found for search in searches]))
        most = min(choice.passes, max(1, choice.steps // -(-choice.rows // choice.batch_size)))
        passes = min(math.ceil(LONGER * found) if falling else found, most)
        first, best = (statistics.fmean(losses) for losses in zip(*((s.first, s.best) for s in searches), strict=True))
        ratio, by_start = (loss_ratio(best, statistics.fmean(losses)) if losses else 0.0 for losses in (means, starts))
        return FoundPasses(first, best, found, passes, ratio, by_start)

    @staticmethod
    def before(variables: Variables) -> FoundPasses | None:
        """Return what a run had found that was cut short and is taken up; None where it had not."""
        progress = _KEPT.progress(variables)
        if progress is None or len(progress) not in _NUMBERS:
            return None
        first, best, found, passes, ratio, by_start, whole = [*progress, 0.0, 0.0, 0.0][: max(_NUMBERS)]
        return FoundPasses(first, best, int(found), int(passes), ratio, by_start, int(whole))


def loss_ratio(loss: float, mean: float) -> float:
    """Return a loss by another one; of losses below 0, such as Poisson's, 1 and the difference by the size of the other one."""
    if mean == 0:
        return 0.0
    return loss / mean if mean > 0 else 2 - loss / mean


_KEPT = KeptWeights("automatic/")
_NUMBERS = 4, 6, 7  # of what was found: checkpoints of before have no ratios, or do not know solutions


class OnAllRows(Hook):
    """The training on all rows: what was found is among the states of the variables meanwhile, for a run that is cut short.

    Args:
        found: what was found.
        choice: what was chosen before.
        outputs: names of the kernels that give the logits, which become 0 where training was in vain: the output bias, which
            starts there, predicts the mean.
    """

    def __init__(self, found: FoundPasses, choice: Choice, outputs: Sequence[str] = ()) -> None:
        self.found, self.choice, self.outputs = found, choice, outputs

    def begin(self, run: Run) -> None:
        run.epochs = max(1, self.found.passes)  # a model that is better untrained takes a pass too, which counts its steps
        if not run.taken_up:
            _KEPT.keep(run.variables, *self.found, weights=not self.found.passes)

    def end(self, run: Run) -> None:
        if not self.found.passes:
            _KEPT.restore(run.variables)
            for name in self.outputs if self.found.in_vain else ():
                if name in run.variables.values:
                    run.variables.values[name][...] = 0
        _KEPT.forget(run.variables)
        run.automatic = self.about()
        length = {"epochs": self.found.passes, "validation_share": 0.0} if self.found.passes else {}
        run.same_call = {"batch_size": self.choice.batch_size, **length}  # without a length the same call ends there again

    def about(self) -> dict[str, float]:
        """Return what was chosen and found, as JSON data for the card of the model."""
        found = self.found
        named = {"first_loss": found.first, "best_loss": found.best, "best_pass": found.found, "all_passes": found.passes}
        return {**asdict(self.choice), **named}

    def describe(self, run: Run) -> str:
        """Return what was chosen and found, in one line."""
        found, chosen, optimizer = self.found, self.choice, getattr(run.model, "optimizer", None)
        if found.whole:
            return (
                f"solved over all {chosen.rows:,} rows by {optimizer!r}; loss {found.best:.6g} where they were held out before"
            )
        passes = run.epoch + (run.batch > 0)
        length = f"{passes} {'pass' if passes == 1 else 'passes'} of batch_size={chosen.batch_size} with {optimizer!r}"
        times = f", {chosen.searches} times" if chosen.searches > 1 else ""
        if found.in_vain and not found.passes:
            return f"{chosen.rows:,} rows teach nothing that holds for others{times}: it predicts the mean of the labels"
        held = f"loss {found.best:.6g} over {chosen.share:.0%} of them, held out before{times}"
        return f"trained {length} on all {chosen.rows:,} rows; best after pass {found.found}, {held}"
