"""Errors for wrong names that name the right one: of a module, an attribute or an argument.

Nothing here runs before a name is wrong. Names that other libraries have for the same thing are in
`_core/other_names.py`, arguments that only they have in `_core/other_arguments.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

from featurecols import errors
from featurecols._core import other_arguments, other_names

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")


def missing_attribute(owner: str, described: str, name: str, known: Iterable[str]) -> AttributeError:
    """Return the error of a name that `owner` does not have.

    Args:
        owner: a module, or a class as "Plan": a key of other_names.NAMES.
        described: how the message begins: "module 'featurecols'".
        name: what was asked for.
        known: the names that there are.
    """
    text = f"{described} has no attribute {name!r}"
    if name.startswith("_"):
        return AttributeError(text)
    names = other_names.NAMES.get(owner, {})
    use = names.get(name) or names.get(name.removesuffix("_"))
    if use is None:
        near = _nearest(name, known)
        use = f"did you mean {near}?" if near else None
    else:
        use = f"use {use}"
    return AttributeError(f"{text}; {use}" if use else text, name=name, obj=None)  # obj None: Python adds no second suggestion


def attributes_of(owner: str) -> Callable[[Any, str], Any]:
    """Return `__getattr__` of a class: it is asked for names that the class does not have, and raises AttributeError."""

    def get(self: Any, name: str) -> Any:
        if not name.startswith("_") and hasattr(type(self), name):
            return object.__getattribute__(self, name)  # a property that raised AttributeError itself: raise that again
        known = [] if name.startswith("_") else [known for known in dir(self) if not known.startswith("_")]
        raise missing_attribute(owner, f"{type(self).__name__!r} object", name, known)

    return get


def module_names(module: str, names: Iterable[str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a module that has these public names.

    The first raises AttributeError for every name; the second lists the public names, and not what the module imports.
    """

    def get(name: str) -> Any:
        raise missing_attribute(module, f"module {module!r}", name, names)

    return get, lambda: sorted(names)


def explain_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function with errors for wrong arguments that name the right ones: ArgumentError in place of TypeError."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            inside = error.__traceback__.tb_next if error.__traceback__ is not None else None
            if inside is None and (better := _wrong_arguments(function, args, kwargs)) is not None:
                raise better from None
            raise

    return call


def explain_constructor(cls: type[C]) -> type[C]:
    """Return the class with errors for wrong arguments of its constructor that name the right ones."""
    cls.__init__ = explain_arguments(cls.__init__)  # type: ignore[method-assign]
    return cls


def _wrong_arguments(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> errors.ArgumentError | None:
    """Return the error of a call whose arguments do not fit the signature; None where they do."""
    import inspect  # modules that only a wrong name needs

    parameters = inspect.signature(function).parameters
    method = next(iter(parameters), "") == "self"
    subject = function.__name__ if function.__name__ != "__init__" else type(args[0]).__name__
    takes = {name: p for name, p in parameters.items() if name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        for name in kwargs:
            if name not in takes:
                return unknown_argument(subject, name, takes)
    positional = [name for name, p in takes.items() if p.kind is not p.KEYWORD_ONLY]
    given = args[method:]
    if len(given) > len(positional):
        others = ", ".join(f"{name}=" for name in takes if name not in positional)
        got = errors.show(given[len(positional)])
        some = f"takes {', '.join(positional)} by position, got {got} after them"
        hint = f"give the others by name ({others})" if others else "leave out the others"
        if not positional:
            some = f"takes no argument by position, got {got}"
            hint = f"give it by name ({others})" if others else "leave it out"
        if positional and positional[0] in ("sources", "columns", "layers"):
            hint = f"several {positional[0]} are one argument, a list: [...]; {hint}"
        hint = other_arguments.CALLS.get(subject, {}).get(other_arguments.BY_POSITION, hint)
        return errors.ArgumentError(f"{subject}: {some}; {hint}")
    missing = [
        name
        for name, p in takes.items()
        if p.default is p.empty and name not in kwargs and name not in positional[: len(given)]
    ]
    if missing:
        call = ", ".join(name for name, p in takes.items() if p.default is p.empty)
        return errors.ArgumentError(f"{subject}: needs {' and '.join(missing)}; call {subject}({call}, ...)")
    return None


def unknown_argument(subject: str, name: str, takes: Iterable[str]) -> errors.ArgumentError:
    """Return the error of an argument that does not exist, with the one that is meant; `takes` are those that exist."""
    return errors.ArgumentError(f"{subject}: no argument is called {name!r}; {_hint(subject, name, takes)}")


def not_a_path(subject: str, got: object, hint: str = "give the path as a str or a pathlib.Path") -> errors.ArgumentError:
    """Return the error of something else where a path is needed."""
    return errors.ArgumentError(f"{subject}: needs a path, got {type(got).__name__}; {hint}")


def _hint(subject: str, name: str, takes: Iterable[str]) -> str:
    """Return the way out for an argument that does not exist."""
    takes = list(takes)
    for use in other_names.ARGUMENTS.get(name, ()):
        argument, given, _ = use.partition("=")
        if argument in takes:
            return f"use {use}" if given else f"did you mean {use}?"
    if hint := other_arguments.CALLS.get(subject, {}).get(name) or other_names.HINTS.get(name):
        return hint
    near = _nearest(name, takes)
    return f"did you mean {near}?" if near else f"it takes {', '.join(takes)}" if takes else "it takes none"


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is nearest to a name; None where none is near."""
    import difflib

    lower = {one.lower(): one for one in known}
    if name.lower() in lower:
        return lower[name.lower()]
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.7)
    return lower[near[0]] if near else None
