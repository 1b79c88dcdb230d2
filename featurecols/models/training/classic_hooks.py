"""Hooks as tf.estimator calls them: begin(self), before_run(context), after_run(context, values), end(session)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from featurecols.models import errors
from featurecols.models.training.hooks import Hook

if TYPE_CHECKING:
    from featurecols.models.training.run import Run

Fetched: TypeAlias = "float | int | Mapping[str, Fetched] | Sequence[Fetched] | None"
_OWN = ("before_step", "after_step", "after_epoch")  # methods that a hook may have beside the classic ones
_NO_SESSION = "there is no session here: read run_context.run, ask for values in before_run, or give a hooks.Hook"


class RunContext:
    """What classic hooks are given as run_context."""

    original_args = None

    def __init__(self, run: Run) -> None:
        self.run = run

    @property
    def stop_requested(self) -> bool:
        """Whether the run ends after this step."""
        return self.run.why is not None

    def request_stop(self) -> None:
        """End the run after this step."""
        self.run.request_stop()

    @property
    def session(self) -> None:
        """Raise ModelError: there is none."""
        raise errors.model("run_context", "has no session", None, _NO_SESSION)


@dataclass(frozen=True)
class RunValues:
    """What classic hooks are given as run_values: `results` has the form of what before_run asked for."""

    results: Fetched
    options: None = None
    run_metadata: None = None


class RunHook(Protocol):
    """A classic hook; any of its methods may be left out."""

    def after_run(self, run_context: RunContext, run_values: RunValues) -> None:
        """Do what comes after each step."""


AnyHook: TypeAlias = Hook | RunHook
Hooks: TypeAlias = AnyHook | Iterable[AnyHook]


class ClassicHook(Hook):
    """A classic hook, called as tf.estimator calls it, without a session.

    What before_run asks for are names: "loss", "global_step", or a scalar of the EstimatorSpec; one, or a list or dict of
    them. Where it asks for nothing, results are {"loss": ..., "global_step": ...}.

    Args:
        hook: an object with one of the classic methods. A Hook whose begin takes no run may have them too.

    Raises:
        ModelError: for a hook that needs a session after it was created.
    """

    def __init__(self, hook: AnyHook) -> None:
        self.hook = hook
        made = getattr(hook, "after_create_session", None)
        if made is not None and not made.__module__.startswith("tensorflow"):  # the method of the base class there is empty
            raise errors.model(type(hook).__name__, "after_create_session is not called", made, f"use begin; {_NO_SESSION}")
        self._asked: object = None

    def begin(self, run: Run) -> None:
        begin = getattr(self.hook, "begin", None)
        if begin is not None:
            begin() if _takes(begin, 0) else begin(run)

    def before_step(self, run: Run) -> None:
        self._own("before_step", run)
        before = getattr(self.hook, "before_run", None)
        asked = None if before is None else before(RunContext(run))
        self._asked = getattr(asked, "fetches", asked)

    def after_step(self, run: Run) -> None:
        self._own("after_step", run)
        after = getattr(self.hook, "after_run", None)
        if after is not None:
            known = {"loss": run.loss, "global_step": run.step, **run.scalars}
            found = _fetched(type(self.hook).__name__, self._asked, known)
            after(RunContext(run), RunValues({"loss": run.loss, "global_step": run.step} if self._asked is None else found))

    def after_epoch(self, run: Run) -> None:
        self._own("after_epoch", run)

    def end(self, run: Run) -> None:
        end = getattr(self.hook, "end", None)
        if end is not None:
            end() if _takes(end, 0) else end(run)

    def _own(self, name: str, run: Run) -> None:
        """Call a method that the hook has of Hook."""
        if isinstance(self.hook, Hook):
            getattr(self.hook, name)(run)


def as_hooks(subject: str, hooks: Hooks) -> list[Hook]:
    """Return hooks as a list, classic ones as ClassicHooks; raise ModelError for what is not a hook."""
    found = list(hooks) if isinstance(hooks, Iterable) and not isinstance(hooks, Hook) else [hooks]
    return [_as_hook(subject, hook) for hook in found]


def _as_hook(subject: str, hook: object) -> Hook:
    classic = any(callable(getattr(hook, name, None)) for name in ("before_run", "after_run", "after_create_session"))
    if isinstance(hook, Hook):
        return ClassicHook(hook) if classic or _takes(hook.begin, 0) else hook
    if isinstance(hook, type) or not classic:
        hint = "give instances of subclasses of hooks.Hook, such as hooks.TimeLimit(60), or a hook with after_run"
        raise errors.model(subject, "this is not a hook", hook, hint)
    return ClassicHook(hook)  # type: ignore[arg-type]


def _takes(method: Callable[..., object], count: int) -> bool:
    """Return whether a method can be called with so many arguments."""
    try:
        inspect.signature(method).bind(*([None] * count))
    except TypeError:
        return False
    return True


def _fetched(subject: str, asked: object, known: Mapping[str, float | int]) -> Fetched:
    """Return the values of names, in the form in which they were asked for."""
    if asked is None:
        return None
    if isinstance(asked, Mapping):
        return {str(name): _fetched(subject, value, known) for name, value in asked.items()}
    if isinstance(asked, (list, tuple)):
        return [_fetched(subject, value, known) for value in asked]
    name = str(getattr(asked, "name", asked)).partition(":")[0]
    if name not in known:
        raise errors.unknown(subject, "value asked for in before_run", name, known)
    return known[name]
