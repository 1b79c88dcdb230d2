"""Planting a fault: one line of the real code is changed while the laws run.

A fault names a function ("featurecols.columns.hashed:HashedBound.ids"), a piece of its source and what to put there. The
piece must stand in the source exactly once: when the code changes, the fault asks to be written anew. Kernels are
compiled again, without a cache.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numba
import pytest

from featurecols.errors import FeatureColumnsError
from featurecols.kernels.compiler import Kernel
from tests import laws
from tests.laws import Example

CAUGHT = (AssertionError, FeatureColumnsError, IndexError, ValueError, TypeError, OverflowError, pytest.fail.Exception)


@dataclass(frozen=True)
class Fault:
    """`old` becomes `new` in the function at `place`. `also`: modules that imported the function by name."""

    place: str
    old: str
    new: str
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = self.new if len(self.new) < 40 else self.new[:37] + "..."
        return f"{self.place.rpartition(':')[2]}: {what}".replace("\n", " ")


@contextmanager
def planted(fault: Fault) -> Iterator[None]:
    """The fault is in the code inside this block, and only there."""
    module, _, path = fault.place.partition(":")
    *outer, name = path.split(".")
    owner = functools.reduce(getattr, outer, importlib.import_module(module))
    before = inspect.getattr_static(owner, name)
    after = _changed(before, fault)
    owners = [owner, *(importlib.import_module(m) for m in fault.also)]
    assert all(inspect.getattr_static(o, name) is before for o in owners), f"{fault}: not imported as that name everywhere"
    for o in owners:
        setattr(o, name, after)
    try:
        yield
    finally:
        for o in owners:
            setattr(o, name, before)


def _changed(found: Any, fault: Fault) -> Any:
    """The same kind of attribute over changed source."""
    if isinstance(found, Kernel):
        return _Uncached(_edited(found.function, fault), found.signatures)
    if isinstance(found, (staticmethod, classmethod)):
        return type(found)(_edited(found.__func__, fault))
    if isinstance(found, property):
        return property(_edited(found.fget, fault))
    if isinstance(found, functools.cached_property):
        changed = functools.cached_property(_edited(found.func, fault))
        changed.__set_name__(object, found.attrname)
        return changed
    return _edited(found, fault)


def _edited(function: Any, fault: Fault) -> Any:
    lines = textwrap.dedent(inspect.getsource(function)).splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if line.startswith("def "))
    source = "".join(lines[first:])
    assert source.count(fault.old) == 1, (
        f"{fault.place} has {fault.old!r} {source.count(fault.old)} times; write the fault anew"
    )
    found: dict[str, Any] = {}
    code = "from __future__ import annotations\n" + source.replace(fault.old, fault.new)
    exec(compile(code, f"<fault in {fault.place}>", "exec"), function.__globals__, found)
    return found[function.__name__]


class _Uncached(Kernel):
    """A kernel that leaves no trace on disk, and takes none from there."""

    def __missing__(self, key: Any) -> Any:
        dispatcher = numba.njit(nogil=True, error_model="numpy")(self.function)
        dispatcher.compile(self.signatures[key])
        dispatcher.disable_compile()
        self[key] = dispatcher
        return dispatcher


def killer(fault: Fault, examples: Iterable[Example]) -> str | None:
    """The first law and Example that notice the fault; None when it survives them all."""
    with planted(fault):
        for example in examples:
            for law in laws.LAWS:
                try:
                    law(example)
                except CAUGHT:
                    return f"{law.__name__} of {example}"
    return None
