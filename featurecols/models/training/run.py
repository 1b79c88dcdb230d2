"""Run: one call of `train`, `evaluate` or `predict`, as hooks see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from featurecols._core.arrays import Array
from featurecols.models.autodiff.variables import Variables
from featurecols.models.input.examples import Examples
from featurecols.models.training.history import History


@dataclass
class Run:
    """One call of `train`, `evaluate` or `predict`, as hooks see it.

    Attributes:
        mode: "train", "eval" or "infer". Where nothing is trained, `step` stays, and `batch` counts.
        variables: all that is learned; `variables.step` counts steps.
        epochs, steps: what was asked for; None where the other one ends the run.
        epoch, batch: where the run is: epochs that are over, and batches of this one that are done.
        examples, loss: of the last step; the loss of a prediction is NaN.
        predictions: what was predicted of the examples, by name; empty but in `predict`.
        scalars: the numbers that the model gave beside the loss of the last step, by name (EstimatorSpec).
        logs: what the next history row says: the mean loss of the epoch, and what hooks add (validation metrics).
        loss_sum, loss_rows: of the epoch that is not over: the sum of the losses of its rows, and their number.
        done: whether the run came to its end, or a hook asked for it.
        taken_up: whether it is the rest of a run that was cut short.
        automatic, same_call: of a training of open length that has ended: what was chosen and found, and the arguments that
            give the same.
        bias_offset: how far the output bias was moved after the last step; of several the one that was moved farthest.
    """

    variables: Variables
    epochs: int | None = None
    steps: int | None = None
    epoch: int = 0
    batch: int = 0
    model: Any = None
    history: History = field(default_factory=History)
    logs: dict[str, float] = field(default_factory=dict)
    examples: Examples | None = None
    loss: float = float("nan")
    loss_sum: float = 0.0
    loss_rows: int = 0
    started: float = field(default_factory=perf_counter)
    why: str | None = None
    done: bool = False
    taken_up: bool = False
    automatic: dict[str, float] = field(default_factory=dict)
    same_call: dict[str, float] = field(default_factory=dict)
    bias_offset: float | None = None
    mode: str = "train"
    predictions: Mapping[str, Array] = field(default_factory=dict)
    scalars: Mapping[str, float] = field(default_factory=dict)

    @property
    def step(self) -> int:
        return self.variables.step

    @property
    def count(self) -> int:
        """The number of the last step; where nothing is trained, and steps stay, that of the last batch."""
        return self.step if self.mode == "train" else self.batch

    @property
    def seconds(self) -> float:
        """How long it has taken, the time before a cut included."""
        return perf_counter() - self.started

    def request_stop(self, why: str = "a hook asked for it") -> None:
        """End the run after this step."""
        self.why = self.why or why

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        enough = self.steps is not None and self.step - self.variables.start >= self.steps
        return self.why is not None or enough or (self.epochs is not None and self.epoch >= self.epochs)

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do from the start: a run that was cut short after its last step has its end to come."""
        return self.over and not self.taken_up
