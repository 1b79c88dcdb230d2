"""The base of optimizers: the rate of a step, what is remembered of a parameter, and steps over dense or sparse gradients."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Gradient, IndexedSlices, Value, gradients
from featurecols.models.autodiff.variables import Moved, Variables
from featurecols.models.component import Component
from featurecols.models.optimization.clipping import Clip
from featurecols.models.optimization.schedules import Schedule, require_rate


class Applies(Protocol):
    """What moves parameters against their gradients: an optimizer, or several."""

    def apply(self, variables: Variables, found: Mapping[str, Gradient]) -> None:
        """Move each parameter that has a gradient, in place."""


@dataclass(frozen=True, slots=True)
class TrainOp:
    """What `minimize` gives back: a step that is declared, and taken by `run`."""

    optimizer: Applies
    loss: Value

    def run(self, variables: Variables) -> None:
        """Take one step: gradients of the loss, every parameter moved, the step counted."""
        self.optimizer.apply(variables, gradients(self.loss))
        variables.step += 1


Step = TrainOp | Callable[[Variables], None]  # what a model takes to move its parameters


@frozen
class Optimizer(Component):
    """Base of all optimizers.

    Args:
        learning_rate: a number, or a Schedule.
        clip: ClipNorm or ClipValue, applied to all gradients before the step.
    """

    abstract: ClassVar[bool] = True
    called: ClassVar[tuple[str, ...]] = ("minimize",)
    remembers: ClassVar[tuple[str, ...]] = ()  # slots with the shape of the parameter
    counts: ClassVar[bool] = False  # whether `update` needs the number of its step

    learning_rate: float | Schedule
    clip: Clip | None = field(default=None, kw_only=True)

    def check(self) -> None:
        subject = type(self).__name__
        if not isinstance(self.learning_rate, Schedule):
            require_rate(subject, "learning_rate", self.learning_rate)
        if not isinstance(self.clip, (Clip, type(None))):
            raise errors.argument(subject, "clip must be ClipNorm or ClipValue", self.clip, "give ClipNorm(1.0)")

    def minimize(self, loss: Value) -> TrainOp:
        """Return the step that lowers this loss, for a model_fn to return; nothing moves until it is run."""
        return TrainOp(self, loss)

    def rate(self, variables: Variables) -> float:
        """Return the learning rate of the coming step."""
        if isinstance(self.learning_rate, Schedule):
            return self.learning_rate.at(*variables.progress())
        return self.learning_rate

    def apply(self, variables: Variables, found: Mapping[str, Gradient]) -> None:
        """Move each parameter that has a gradient, in place."""
        rate, kind = self.rate(variables), type(self).__name__
        for name, gradient in (self.clip(found) if self.clip else found).items():
            moved = variables.moved.get((name, kind))
            if moved is None or not moved.current(variables):
                moved = variables.moved[name, kind] = self._moved(variables, name, kind, rate)
            step = 0
            if moved.count is not None:
                moved.count += 1
                step = int(moved.count[0])
            if isinstance(gradient, IndexedSlices):
                p, slots = moved.rows
                g = np.ascontiguousarray(gradient.rows, p.dtype).reshape(-1, p.shape[1])
                self.update(p, g, gradient.ids, slots, rate, step)
            else:
                p, slots = moved.whole
                self.update(p, np.ascontiguousarray(gradient, p.dtype).reshape(p.shape), None, slots, rate, step)

    def _moved(self, variables: Variables, name: str, kind: str, rate: float) -> Moved:
        """Return a parameter with its slots, which are made where there are none."""
        p = variables.values[name]
        keys = [f"{name}/{kind}.{slot}" for slot in self.slots()]
        fresh = bool(keys) and keys[0] not in variables.slots
        slots = [
            variables.slot(name, key, k, self.first(slot))
            for k, (key, slot) in enumerate(zip(keys, self.slots(), strict=True), 1)
        ]
        if fresh and name in variables.trained:
            self.resume(p, slots, rate)
        variables.trained.add(name)
        count = variables.slots.setdefault(f"{name}/{kind}.count", np.zeros(1, np.int64)) if self.counts else None
        return Moved(name, p, dict(zip(keys, slots, strict=True)), count, f"{name}/{kind}.count")

    def slots(self) -> tuple[str, ...]:
        """Return the names of the slots in the order in which `update` takes them."""
        return self.remembers

    def first(self, slot: str) -> float:
        """Return the value that a slot starts with."""
        return 0.0

    def resume(self, p: Array, slots: list[Array], rate: float) -> None:
        """Set new slots, in place, for a parameter that was trained without them: elsewhere, or by another optimizer."""

    def follow(self, variables: Variables, name: str) -> None:
        """Go on from the value of a parameter that was changed elsewhere."""

    @abstractmethod
    def update(self, p: Array, g: Array, ids: Array | None, slots: list[Array], rate: float, step: int) -> None:
        """Take one step on p [k, d] in place: g holds all rows (ids None) or the distinct rows that ids names."""


def require_fraction(subject: str, what: str, got: object) -> None:
    """Raise ColumnError unless an argument is a number in [0, 1)."""
    if isinstance(got, bool) or not isinstance(got, (int, float)) or not 0 <= got < 1:
        raise errors.argument(subject, f"{what} must be in [0, 1)", got, f"give {what}=0.9 or so")


def require_nonnegative(subject: str, what: str, got: object) -> None:
    """Raise ColumnError unless an argument is a finite number of at least 0."""
    if isinstance(got, bool) or not isinstance(got, (int, float)) or not 0 <= got < math.inf:
        raise errors.argument(subject, f"{what} must be a finite number of at least 0", got, f"give {what}=0 for none")
