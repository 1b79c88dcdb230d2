"""Planting a fault: one expression of the real code is changed while the laws run.

A fault names a function ("featurecols.columns.hashed:HashedBound.ids"), an expression or a statement in it, and what takes its
place. Syntax trees are compared, so that formatting, comments and whatever else is in the function do not matter. What is
changed must be there exactly once: when the code changes, the fault asks to be written anew. Kernels are compiled again,
without a cache.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from featurecols.errors import FeatureColumnsError
from featurecols.kernels import translate
from featurecols.kernels.compiler import Kernel
from tests import laws
from tests.laws import Example

CAUGHT = (AssertionError, FeatureColumnsError, IndexError, ValueError, TypeError, OverflowError, pytest.fail.Exception)
ASKED_FIRST = (  # those that notice most for what they take; the others notice what no other law does
    laws.gives_the_literal_answers,
    laws.matches_the_reference,
    laws.bad_data_is_refused_by_row,
    laws.every_argument_changes_something,
    laws.batches_and_pieces_give_the_same,
    laws.csr_is_encode_as_a_matrix,
    laws.all_null_is_a_batch_too,
    laws.shards_learn_the_same,
    laws.blocks_and_threads_change_nothing,
    laws.many_rows_give_the_same,
    laws.one_row_a_batch_gives_the_same,
    laws.csv_gives_the_same,
    laws.formats_change_nothing,
)


@dataclass(frozen=True)
class Fault:
    """`old` becomes `new` in the function at `place`; both are Python source of one expression or of one statement.

    call: only in the arguments of the one call of this function, "kernels.scatter.onehot".
    also: modules that imported the function by name.
    """

    place: str
    old: str
    new: str
    call: str = ""
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = self.new if len(self.new) < 40 else self.new[:37] + "..."
        return f"{self.place.rpartition(':')[2]}: {what}".replace("\n", " ")


@contextmanager
def planted(fault: Fault) -> Iterator[None]:
    """The fault is in the code inside this block, and only there."""
    owner, name = _place(fault)
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


def find(fault: Fault) -> None:
    """Fail unless what the fault changes is in the code exactly once."""
    owner, name = _place(fault)
    _edited(_function(inspect.getattr_static(owner, name)), fault)


def _place(fault: Fault) -> tuple[Any, str]:
    """Where the function is, and its name there."""
    module, _, path = fault.place.partition(":")
    *outer, name = path.split(".")
    return functools.reduce(getattr, outer, importlib.import_module(module)), name


def _function(found: Any) -> Any:
    """The function inside an attribute."""
    for attribute in ("function", "__func__", "fget", "func"):  # of kernels, of static and class methods, of properties
        if hasattr(found, attribute):
            return getattr(found, attribute)
    return found


def _changed(found: Any, fault: Fault) -> Any:
    """The same kind of attribute over changed source."""
    edited = _edited(_function(found), fault)
    if isinstance(found, Kernel):
        return _Uncached(edited, found.signatures)
    if isinstance(found, (staticmethod, classmethod, property)):
        return type(found)(edited)
    if isinstance(found, functools.cached_property):
        changed = functools.cached_property(edited)
        changed.__set_name__(object, found.attrname)
        return changed
    return edited


def _edited(function: Any, fault: Fault) -> Any:
    """The function with the fault in it."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(tree, ast.FunctionDef), f"{fault.place} is not a function"
    tree.decorator_list = []
    module = ast.fix_missing_locations(ast.Module([_changed_tree(tree, fault)], []))
    code = compile(module, f"<fault in {fault.place}>", "exec")
    found: dict[str, Any] = {}
    exec(code, function.__globals__, found)
    return found[function.__name__]


def _changed_tree(tree: ast.FunctionDef, fault: Fault) -> ast.stmt:
    where = fault.place
    inside: list[ast.AST] = [tree]
    if fault.call:
        called = ast.dump(_node(fault.call))
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.dump(n.func) == called]
        assert len(calls) == 1, f"{where} calls {fault.call} {len(calls)} times; write the fault anew"
        inside, where = [*calls[0].args, *calls[0].keywords], f"the call of {fault.call} in {where}"
    old = ast.dump(_node(fault.old))
    found = [n for part in inside for n in ast.walk(part) if ast.dump(n) == old]
    assert len(found) == 1, f"{where} has {fault.old!r} {len(found)} times; write the fault anew"
    return _Replace(found[0], _node(fault.new)).visit(tree)  # type: ignore[no-any-return]


def _node(source: str) -> ast.AST:
    """One expression or one statement."""
    (statement,) = ast.parse(source).body
    return statement.value if isinstance(statement, ast.Expr) else statement


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else super().visit(node)


class _Uncached(Kernel):
    """A kernel that leaves no trace on disk, and takes none from there."""

    def __missing__(self, key: Any) -> Any:
        self[key] = translate.dispatcher(self.function, self.signatures[key])
        return self[key]


def killer(fault: Fault, examples: Iterable[Example], first: str = "") -> str | None:
    """The first law and Example that notice the fault; None when it survives them all.

    first: the law and the Example that are asked before all others, "formats_change_nothing of lists".
    """
    fresh = [replace(example) for example in examples]  # plans that were made without the fault would not have it
    pairs = [(law, example) for law in dict.fromkeys((*ASKED_FIRST, *laws.LAWS)) for example in fresh]
    named = {f"{law.__name__} of {example}": (law, example) for law, example in pairs}
    assert not first or first in named, f"no law and Example are {first!r}"
    with planted(fault):
        for law, example in (named[first], *pairs) if first else pairs:
            try:
                law(example)
            except CAUGHT:
                return f"{law.__name__} of {example}"
    return None
