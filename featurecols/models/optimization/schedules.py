"""Learning rates that change with the step. `at(step, steps)` is the rate of step 0, 1, ... of a run of `steps` steps.

`steps` is None where the length of the run is not known (training until something stops it).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, ClassVar

from featurecols._core.spec import Converted, frozen
from featurecols._core.suggestions import module_names
from featurecols.models import errors
from featurecols.models.component import Component


@frozen
class Schedule(Component):
    """Base of all schedules. Steps count from the start of the train call (a call that was killed goes on counting)."""

    abstract: ClassVar[bool] = True
    called: ClassVar[tuple[str, ...]] = ("at",)

    @abstractmethod
    def at(self, step: int, steps: int | None = None) -> float:
        """Return the rate of a step; `steps` is the length of the training, None where it is not known."""


@frozen
class Steady(Schedule):
    """The same rate always.

    >>> Steady(0.1).at(1000)
    0.1
    """

    rate: float

    def check(self) -> None:
        require_rate("Steady", "rate", self.rate)

    def at(self, step: int, steps: int | None = None) -> float:
        """Return the rate of a step; `steps` is the length of the training, None where it is not known."""
        return self.rate


@frozen
class Cosine(Schedule):
    """From `rate` down to `rate * final` along half a cosine (Loshchilov and Hutter, SGDR, 2017), after a linear warm-up.

    Args:
        rate: the highest rate.
        steps: steps from first to last; None is the length of the run.
        warmup: the first steps, rising linearly to `rate`.
        final: fraction of `rate` that is left at the end.

    >>> [round(Cosine(1.0, steps=4).at(s), 3) for s in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    >>> [Cosine(1.0, steps=4, warmup=2).at(s) for s in range(3)]
    [0.5, 1.0, 1.0]
    """

    rate: float
    steps: int | None = None
    warmup: int = field(default=0, kw_only=True)
    final: float = field(default=0.0, kw_only=True)

    def check(self) -> None:
        require_rate("Cosine", "rate", self.rate)
        require_count("Cosine", "warmup", self.warmup, 0)
        if self.steps is not None:
            require_count("Cosine", "steps", self.steps, 1)

    def at(self, step: int, steps: int | None = None) -> float:
        """Return the rate of a step; `steps` is the length of the training, None where it is not known."""
        last = steps if self.steps is None else self.steps
        if last is None:
            raise errors.model("Cosine", "needs the length of the run", None, "give it steps=, or train a set number of steps")
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        done = min(1.0, (step - self.warmup) / max(1, last - self.warmup))
        return self.rate * (self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * done)))


@frozen
class Exponential(Schedule):
    """rate * decay ** (step / every); whole powers only where `staircase`.

    >>> Exponential(1.0, decay=0.5, every=10).at(20)
    0.25
    """

    rate: float
    decay: float
    every: int
    staircase: bool = field(default=False, kw_only=True)

    def check(self) -> None:
        require_rate("Exponential", "rate", self.rate)
        require_rate("Exponential", "decay", self.decay)
        require_count("Exponential", "every", self.every, 1)

    def at(self, step: int, steps: int | None = None) -> float:
        """Return the rate of a step; `steps` is the length of the training, None where it is not known."""
        return self.rate * self.decay ** (step // self.every if self.staircase else step / self.every)


@frozen
class LinearDecay(Schedule):
    """From `rate` to `rate * final` in a straight line over `steps` (None: the run), then level.

    >>> [LinearDecay(1.0, steps=4).at(s) for s in (0, 1, 4, 9)]
    [1.0, 0.75, 0.0, 0.0]
    """

    rate: float
    steps: int | None = None
    final: float = field(default=0.0, kw_only=True)

    def check(self) -> None:
        require_rate("LinearDecay", "rate", self.rate)
        if self.steps is not None:
            require_count("LinearDecay", "steps", self.steps, 1)

    def at(self, step: int, steps: int | None = None) -> float:
        """Return the rate of a step; `steps` is the length of the training, None where it is not known."""
        last = steps if self.steps is None else self.steps
        if last is None:
            raise errors.model(
                "LinearDecay", "needs the length of the run", None, "give it steps=, or train a set number of steps"
            )
        return self.rate * (1 + (self.final - 1) * min(1.0, step / max(1, last)))


@frozen
class PiecewiseConstant(Schedule):
    """rates[i] from boundaries[i-1] up to, but without, boundaries[i].

    >>> [PiecewiseConstant((10, 20), (0.1, 0.01, 0.001)).at(s) for s in (0, 9, 10, 20)]
    [0.1, 0.1, 0.01, 0.001]
    """

    kind: ClassVar[str] = "models.Piecewise.v1"  # its name in saved models

    boundaries: Converted[Sequence[int], tuple[int, ...]]
    rates: Converted[Sequence[float], tuple[float, ...]]

    def check(self) -> None:
        if len(self.rates) != len(self.boundaries) + 1 or list(self.boundaries) != sorted(set(self.boundaries)):
            got = (self.boundaries, self.rates)
            raise errors.argument(
                "PiecewiseConstant", "needs rising boundaries and one rate more", got, "such as (100,), (0.1, 0.01)"
            )
        for rate in self.rates:
            require_rate("PiecewiseConstant", "rates", rate)

    def at(self, step: int, steps: int | None = None) -> float:
        """Return the rate of a step; `steps` is the length of the training, None where it is not known."""
        return self.rates[sum(b <= step for b in self.boundaries)]


@frozen
class Warmup(Schedule):
    """The first `steps` steps rise linearly from `schedule`'s rate / steps to its rate; the schedule itself is not shifted.

    >>> [Warmup(Steady(1.0), 4).at(s) for s in (0, 1, 3, 4)]
    [0.25, 0.5, 1.0, 1.0]
    """

    schedule: Schedule
    steps: int

    def check(self) -> None:
        require_count("Warmup", "steps", self.steps, 1)
        if not isinstance(self.schedule, Schedule):
            raise errors.argument("Warmup", "needs a schedule", self.schedule, "wrap the rate in Steady(rate)")

    def at(self, step: int, steps: int | None = None) -> float:
        """Return the rate of a step; `steps` is the length of the training, None where it is not known."""
        return self.schedule.at(step, steps) * min(1.0, (step + 1) / self.steps)


def require_rate(subject: str, what: str, got: object) -> None:
    """Raise ColumnError unless a rate is a finite number above 0."""
    if isinstance(got, bool) or not isinstance(got, (int, float)) or not 0 < got < math.inf:
        raise errors.argument(subject, f"{what} must be a finite number above 0", got, "give a number such as 0.01")


def require_count(subject: str, what: str, got: object, least: int) -> None:
    """Raise ColumnError unless a count is an integer of at least `least`."""
    if isinstance(got, bool) or not isinstance(got, int) or got < least:
        raise errors.argument(subject, f"{what} must be an integer of at least {least}", got, f"give {what}={least} or more")


__all__ = ["Cosine", "Exponential", "LinearDecay", "PiecewiseConstant", "Schedule", "Steady", "Warmup"]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = module_names("featurecols.models.schedules", __all__)
