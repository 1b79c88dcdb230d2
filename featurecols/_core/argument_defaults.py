"""Default arguments for a part of a program: what a `with` block says holds for declarations that are made inside it.

What the package makes by itself (loaded plans, copies, columns of the TensorFlow dialect) takes no part: a declaration reads
the block only if the call that makes it stands in code outside the package.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from featurecols._core.suggestions import unknown_argument

P = ParamSpec("P")
R = TypeVar("R")
Arguments = Mapping[str, object]
_PACKAGE = str(Path(__file__).parents[1]) + os.sep


class _Active(NamedTuple):
    """The block that is open: arguments by name of what they are for, and the block around it."""

    arguments: Mapping[str, Arguments]
    outer: _Active | None


_active: ContextVar[_Active | None] = ContextVar("argument_defaults", default=None)
_by_user: ContextVar[bool] = ContextVar("made_by_user", default=False)  # within a declaration that reads the block
_functions: dict[str, Callable[..., object]] = {}  # the configurable ones, by name


class Defaults:
    """Default arguments, to be opened as a block with fc.defaults(...), as often as is useful.

    Attributes:
        arguments: by the place of the class or function ("featurecols.columns.hashed.Hashed"): the arguments by name.
    """

    def __init__(self, arguments: Mapping[str, Arguments]) -> None:
        self.arguments = {place: dict(given) for place, given in arguments.items()}

    def __enter__(self) -> Defaults:
        """Open the block inside the one that is open, argument by argument; return what holds in it."""
        outer = _active.get()
        merged = {} if outer is None else {place: dict(given) for place, given in outer.arguments.items()}
        for place, given in self.arguments.items():
            merged[place] = {**merged.get(place, {}), **given}
        _active.set(_Active(merged, outer))
        return Defaults(merged)

    def __exit__(self, *_: object) -> None:
        found = _active.get()
        _active.set(None if found is None else found.outer)

    def __repr__(self) -> str:
        shown = (f"{place.rpartition('.')[2]}: {given}" for place, given in sorted(self.arguments.items()))
        return f"Defaults({{{', '.join(shown)}}})"


def place_of(of: Callable[..., object]) -> str:
    """Return the name under which arguments of a class or function are kept; it is the same when a notebook cell runs again."""
    return f"{of.__module__}.{of.__qualname__}"


def read_block(init: Callable[..., None]) -> Callable[..., None]:
    """Return the __init__ of a declaration with arguments of the open block where the call leaves them out."""
    names: list[str] = []

    @functools.wraps(init)
    def made(self: object, /, *args: object, **kwargs: object) -> None:
        active = _active.get()
        if active is None or not (_by_user.get() or _is_outside(sys._getframe(1).f_code.co_filename)):
            init(self, *args, **kwargs)
            return
        given = active.arguments.get(place_of(type(self)))
        if given:
            names[:] = names or list(inspect.signature(init).parameters)[1:]
            kwargs.update(_left_out(given, names[: len(args)], kwargs))
        token = _by_user.set(True)
        try:
            init(self, *args, **kwargs)
        finally:
            _by_user.reset(token)

    return made


def configurable(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function of your own that reads its arguments from fc.defaults, too, where a call leaves them out.

    >>> import featurecols as fc
    >>> @fc.configurable
    ... def tower(width, depth=2):
    ...     return [width] * depth
    >>> with fc.defaults({tower: dict(width=64), fc.Hashed: dict(num_buckets=100)}):
    ...     tower(), tower(32, 1), fc.Hashed("city")
    ([64, 64], [32], Hashed('city', 100))
    """
    names, place = list(inspect.signature(function).parameters), place_of(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        active = _active.get()
        given = None if active is None else active.arguments.get(place)
        if given:
            kwargs.update(_left_out(given, names[: len(args)], kwargs))
        return function(*args, **kwargs)

    _functions[function.__name__] = call
    return call


def function_of(name: str) -> Callable[..., object] | None:
    """Return the configurable function of that name."""
    return _functions.get(name)


def is_configurable(of: object) -> bool:
    """Return whether something is a configurable function."""
    return callable(of) and hasattr(of, "__qualname__") and place_of(of) in map(place_of, _functions.values())


def check_arguments(of: Callable[..., object], given: Arguments) -> None:
    """Raise ArgumentError for a name that is not an argument of a class or function."""
    parameters = inspect.signature(of).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    for name in given:
        if name not in parameters:
            raise unknown_argument(of.__name__, name, parameters)


def _left_out(given: Arguments, positional: list[str], named: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in given.items() if name not in named and name not in positional}


def _is_outside(file: str) -> bool:
    """Return whether code of this file is not of the package; <string> is code that dataclasses wrote."""
    return not file.startswith(_PACKAGE)
