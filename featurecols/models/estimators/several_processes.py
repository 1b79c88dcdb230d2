"""Training of an estimator by several processes: what its team asks of it, and where the workers come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from featurecols._core import processes
from featurecols.models import errors
from featurecols.models.distributed.team import Link, Team, Trained, start_process
from featurecols.models.estimators.model_as_bytes import to_bytes
from featurecols.models.training.hooks import Hook

if TYPE_CHECKING:
    from featurecols.models.estimators.state import Keeper
    from featurecols.models.training.run import Run

_START: ContextVar[Callable[[int], Link]] = ContextVar("start", default=start_process)


@contextmanager
def workers_from(start: Callable[[int], Link]) -> Iterator[None]:
    """Let trainings inside have workers that `start` makes, by their numbers from 1 on, in the place of local processes."""
    token = _START.set(start)
    try:
        yield
    finally:
        _START.reset(token)


@contextmanager
def team_of(model: Keeper, number: int | None, trained: Trained | None) -> Iterator[None]:
    """Let trainings of a model inside be those of so many processes.

    Args:
        model: for messages.
        number: how many processes; None for one.
        trained: what the team asks of the model; None where it can be trained in one process alone.

    Raises:
        ModelError: for a model that several processes cannot train.
    """
    number = processes.count(number)
    if number == 1:
        yield
        return
    if trained is None:
        hint = "leave processes out; linear, deep, and wide & deep models are trained by several"
        raise errors.model(model._who, "cannot be trained by several processes", number, hint)
    with Team(model._who, trained, number, _START.get()) as team:
        model._team = team
        try:
            yield
        finally:
            model._team = None


class SameWeights(Hook):
    """Compare the weights of all workers with the chief's after the last step, before other hooks put back earlier ones."""

    def __init__(self, team: Team) -> None:
        self._team = team

    def end(self, run: Run) -> None:
        self._team.check()


__all__ = ["SameWeights", "team_of", "to_bytes", "workers_from"]
