"""Training of an estimator whose length nobody says: what is chosen for it, and the hook that ends it."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np

from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Variables
from featurecols.models.estimators.resume import Call, TrainingLength
from featurecols.models.estimators.rows import EstimatorRows
from featurecols.models.input.examples import Examples
from featurecols.models.input.held_out import HeldOutStream, drawn
from featurecols.models.input.labelled_rows import LabelledRows
from featurecols.models.input.pipeline import BatchStream, Encoder, Pipeline
from featurecols.models.optimization.optimizers import Step
from featurecols.models.training.all_rows import FoundPasses, HeldOutLosses, OnAllRows, PassSearch
from featurecols.models.training.automatic import FEW_PASSES, LATE, LOSS, Choice, UntilNoGain
from featurecols.models.training.hooks import Hook, Validate
from featurecols.models.training.loop import train
from featurecols.models.training.run import Run
from featurecols.models.types import Data

BLOCK = 4096  # rows that are evaluated at once
APART = 1_000_003  # between the seeds of rows that are held out


class OpenLength(EstimatorRows):
    """How training chooses its length. Estimators with a model_fn of their own do not; those known by name say how."""

    _class_weights: list[float] | None = None  # what rows of each class count in the training that runs

    @abstractmethod
    def evaluate(self, data: Data | Pipeline | None = None, *, name: str | None = None) -> dict[str, float]:
        """Return metrics over data, by name."""

    @abstractmethod
    def _evaluate(self, batches: Iterable[Examples], variables: Variables, steps: int | None = None) -> dict[str, float]:
        """Return metrics over encoded rows, by name."""

    def _search_encoder(self) -> Encoder:
        """Return how the rows of a search become examples: as those of the training, whose class weights they have too."""
        table = None if self._class_weights is None else np.array(self._class_weights, np.float32)
        return self._encoder(labelled=True, training=True, class_weights=table)

    def _first_hooks(
        self, run: Run, call: Call, choice: Choice | None, data: Data | Pipeline | None, found: FoundPasses | None
    ) -> list[Hook]:
        """Return the hooks that come before those of the caller: what evaluates, and what stops a training of open length."""
        if choice is not None and found is not None:
            return [OnAllRows(found, choice, self._output_kernels() if self._starts_at_mean else ())]
        held = call.stream.held_out() if isinstance(call.stream, HeldOutStream) and not run.idle else None
        if choice is None and held is not None:
            return [Validate(lambda: self._evaluate(blocks(held), self._variables()))]
        if choice is None and isinstance(call.stream, HeldOutStream) and call.stream.share and not run.idle:
            given = f"validation_share={call.stream.share:g}"
            what = f"{given} holds out none of {call.stream.total:,} rows, so that nothing is measured"
            errors.warn(f"{self._who}.train", what, "give a larger share, more rows, or validation=")
        if choice is None:
            return [] if data is None else [Validate(lambda: self.evaluate(data, name="validation"))]
        run.steps = choice.steps
        if data is not None:
            return [UntilNoGain(lambda: self.evaluate(data, name="validation"), choice)]
        return [UntilNoGain(None if held is None else lambda: {LOSS: self._mean_loss(held)}, choice)]

    def _is_rare(self, rows: LabelledRows) -> bool:
        """Return whether few rows are of other classes than the most frequent one."""
        return False

    def _calibration(self, call: Call) -> list[Hook]:
        """Return what moves the output bias after training; raise ModelError for a model without one, and data without end."""
        raise errors.model(self._who, "has no output bias", "calibrate=True", "leave calibrate out")

    @property
    def _decides(self) -> bool:
        """Whether training chooses its length where nobody says it."""
        return False

    def _choose(self, rows: LabelledRows, batch_size: int | None, share: float | None, *, validated: bool) -> Choice | None:
        """Return what a training of open length does; None for one pass, as it is."""
        return None

    def _find_passes(
        self, pipeline: Pipeline, choice: Choice | None, batch_size: int | None, *, more: bool
    ) -> FoundPasses | None:
        """Return for how many passes to train on all rows; None for a training that stops by itself.

        A model that is not trained yet is first trained without rows that are held out, in variables of its own that are
        dropped. A call that was cut short knows what it had found, and one that is made again is taken for the same.
        """
        if choice is None or not choice.searches:
            return None
        variables, last = self._variables(), self._last_run
        if variables.step == 0:
            found = self._solution(pipeline, choice, 0.0) if self._may_solve(batch_size, choice) else None
            found = self._search(pipeline, choice) if found is None else found
            return self._unless_in_vain(found, choice) if found is not None and found.in_vain else found
        whole = batch_size is None and last is not None and last.get("batch_size") == choice.rows
        pipeline = _whole(pipeline, choice) if whole else pipeline
        stream = HeldOutStream(pipeline, self._search_encoder(), variables.seed, choice.rows, 0.0)
        call = Call((choice.passes, None, None), stream, 0.0, self._class_weights)
        if not call.is_of(last):
            return None
        found = FoundPasses.before(variables)
        return FoundPasses(0.0, 0.0, 0, 0, whole=whole) if found is None and not more and call.repeats(last) else found

    def _may_solve(self, batch_size: int | None, choice: Choice) -> bool:
        """Return whether the batches that were asked for leave a solution open."""
        return batch_size is None

    def _solution(self, pipeline: Pipeline, choice: Choice, share: float) -> FoundPasses | None:
        """Return what a training finds whose one step is the solution over all rows but a share; None where there is none."""
        return None

    def _in_one_step(
        self, pipeline: Pipeline, choice: Choice, found: FoundPasses | None, batch_size: int | None, *, more: bool
    ) -> tuple[Pipeline, Choice]:
        """Return the rows and the choice of a training whose one step is the solution, others as they are.

        Where a training keeps its best weights, the solution is over the rows that are not held out. A call that was cut short
        knows that it was one, and one that is made again is taken for the same.
        """
        one = _whole(pipeline, choice), replace(choice, batch_size=choice.rows)
        if found is not None or choice.searches or not self._may_solve(batch_size, choice):
            return one if found is not None and found.whole else (pipeline, choice)
        variables, last = self._variables(), self._last_run
        if variables.step == 0:
            solved = (choice.share > 0 or choice.passes > FEW_PASSES) and self._solution(pipeline, choice, choice.share)
            return (one[0], replace(one[1], steps=1)) if solved else (pipeline, choice)
        if last is None or last.get("batch_size") != choice.rows:
            return pipeline, choice
        stream = HeldOutStream(one[0], self._search_encoder(), variables.seed, choice.rows, choice.share)
        call = Call((choice.passes, None, None), stream, choice.share, self._class_weights)
        again = call.is_of(last) and (not last["done"] or (not more and call.repeats(last)))
        return (one[0], replace(one[1], steps=1)) if again else (pipeline, choice)

    def _unless_in_vain(self, found: FoundPasses, choice: Choice) -> FoundPasses:
        """Warn that no pass is as good as the mean of the labels, and return a training that leaves the model there."""
        mean = bool(found.whole) or self._starts_at_mean
        loss = f"over rows held out the loss is {found.best:.4g} at best, "
        loss += "and predicting the mean of the labels is better" if found.found else "before the first step"
        what = f"{loss}: what {choice.rows:,} rows teach does not hold for others"
        hint = "give more rows, or fewer columns and ids" + ("; epochs= trains in any case" if mean else "")
        errors.warn(f"{self._who}.train", f"{what}{', and the model predicts the mean' if mean else ''}", hint)
        return found._replace(passes=0) if mean and not found.whole else found

    @property
    def _starts_at_mean(self) -> bool:
        """Whether the output bias predicts the mean of the labels before the first step, without a warm start."""
        return False

    def _output_kernels(self) -> Sequence[str]:
        """Return the names of the parameters beside biases that give the logits."""
        return ()

    def _search(self, pipeline: Pipeline, choice: Choice) -> FoundPasses | None:
        """Return for how many passes to train, by trainings without rows that are held out; None where none has a weight."""
        variables, found, falling = self._variables(), list[PassSearch](), False
        means, starts = list[float](), list[float]()
        late = self._is_linear and choice.rows < LATE
        try:
            for i in range(choice.searches):
                seed = variables.seed + i * APART
                stream = HeldOutStream(pipeline, self._search_encoder(), seed, choice.rows, choice.share)
                held = stream.held_out()
                if held is None or len(held) == choice.rows:  # by chance, of a few
                    continue
                if math.isnan(self._mean_loss(held)):  # which makes the parameters, where they begin
                    return None
                self.variables = variables.copy()
                run = Run(self.variables, choice.passes, choice.steps, model=self)
                search = PassSearch(partial(self._held_out_losses, held), choice.patience, late=late)
                with self._steady_rates() as falling:
                    train(run, stream, self._forward, [search])
                found.append(search)
                self.variables = variables
                means.append(self._loss_of_mean(held))
                starts.append(self._loss_of_start(held))
        finally:
            self.variables = variables
        if not found:
            return None
        return FoundPasses.of(found, choice, falling=falling, means=means, starts=starts)

    def _loss_of_mean(self, examples: Examples) -> float:
        """Return the weighted mean loss of predicting the mean of the labels of encoded rows."""
        return math.inf

    def _loss_of_start(self, examples: Examples) -> float:
        """Return the weighted mean loss of predicting the mean of all labels of the training, over encoded rows."""
        return self._loss_of_mean(examples)

    @property
    def _is_linear(self) -> bool:
        """Whether logits are a sum of weights of features."""
        return False

    def _stopping(self, choice: Choice) -> Choice:
        """Return the choice for a training that stops by itself."""
        if choice.searches:
            self._set_rates(choice.rows)
        return replace(choice, searches=0)

    @contextmanager
    def _steady_rates(self) -> Iterator[bool]:
        """Keep learning rates that fall constant meanwhile; yields whether there are any."""
        yield False

    def _set_steady_rates(self) -> None:
        """Give optimizers that were named a constant learning rate, because nobody knows when training ends."""

    def _set_rates(self, rows: int, *, falling: bool = False) -> None:
        """Give optimizers that were named the learning rate for so many rows, constant or falling to 0."""

    @abstractmethod
    def _forward(self, examples: Examples) -> tuple[Value, Step]:
        """Return the loss of encoded rows, and the step that lowers it."""

    def _held_out_losses(self, examples: Examples) -> HeldOutLosses:
        """Return the losses of encoded rows."""
        raise NotImplementedError

    def _mean_loss(self, examples: Examples) -> float:
        """Return the weighted mean of the losses of encoded rows."""
        return self._held_out_losses(examples).mean()

    def _finish(self, run: Run, hooks: Sequence[Hook]) -> None:
        """Do what comes after training."""

    def _expect(
        self,
        rows: LabelledRows,
        asked: TrainingLength,
        batch_size: int | None = None,
        share: float | None = None,
        *,
        validated: bool = False,
    ) -> tuple[TrainingLength, int | None]:
        """Return how long a training of files is, and over how many rows, as its checkpoints will say it."""
        choice = None
        if asked == (None, None, None):
            choice = self._choose(rows, batch_size, share, validated=validated) if self._decides else None
            asked = (1, None, None) if choice is None else (choice.passes, None, None)
        known = rows.features.num_rows
        if choice is not None:
            share = 0.0 if choice.searches else choice.share
        if share is None or (known is None and len(rows.fragments) > 1):
            return asked, known
        total = rows.count()
        return asked, total - int(drawn(0, total, share, self.config.seed).sum())

    def _training_stream(
        self, pipeline: Pipeline, encoder: Encoder, seed: int, choice: Choice | None, share: float | None
    ) -> BatchStream:
        """Return the rows to train on, in batches, without a share of them that is held out."""
        if share is None:
            return BatchStream(pipeline, encoder, seed)
        return HeldOutStream(pipeline, encoder, seed, pipeline.data.count() if choice is None else choice.rows, share)


def _whole(pipeline: Pipeline, choice: Choice) -> Pipeline:
    """Return the pipeline with one batch of all rows."""
    return replace(pipeline, batch_size=max(1, choice.rows))


def blocks(examples: Examples) -> Iterator[Examples]:
    """Yield examples in blocks that are evaluated at once."""
    for at in range(0, len(examples), BLOCK):
        yield examples.slice(at, min(at + BLOCK, len(examples)))
