"""The engine knows columns by their contract: outside featurecols/columns/ nothing asks which kind a column is."""

from __future__ import annotations

import ast
from pathlib import Path

import featurecols.columns  # the kinds are registered when it is imported
from featurecols._core.spec import KINDS
from featurecols.columns.base import Column
from featurecols.columns.bound import Bound
from tests.sources import PACKAGE, files, nodes_of

ROOT = Path(__file__).parent.parent
assert featurecols.columns


def subclasses(of: type) -> set[type]:
    return {of} | {inner for direct in of.__subclasses__() for inner in subclasses(direct)}


KIND_NAMES = {kind.__name__ for kind in KINDS.values() if issubclass(kind, Column)}
BOUND_NAMES = {bound.__name__ for bound in subclasses(Bound) if bound.__module__.startswith("featurecols.")}
WORDS = {"shape", "name", "column", "row", "ids", "values", "write", "label", "missing", "slot", "flat", "width", "check"}
WORDS.add("dtype")  # words that stand for much else
CONTRACT = {name for base in subclasses(Column) | subclasses(Bound) for name in vars(base) if name[0] != "_"} - WORDS
DIALECT = ("feature_column", "tf")  # it has declarations of its own, by the same words


def imported(nodes: list[ast.AST]) -> set[str]:
    """Names of kinds and Bounds that a module has from featurecols.columns: collections.abc has a Sequence too."""
    found = {name for name in KIND_NAMES | BOUND_NAMES if name != "Sequence"}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("featurecols"):
            found |= {alias.asname or alias.name for alias in node.names if alias.name in KIND_NAMES | BOUND_NAMES}
    return found


def asked(nodes: list[ast.AST]) -> list[tuple[int, str]]:
    """(line, source) of every question after a kind."""
    kinds_here, found = imported(nodes), []
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
            names = {inner.id for inner in ast.walk(node.args[1]) if isinstance(inner, ast.Name)}
            names |= {inner.attr for inner in ast.walk(node.args[1]) if isinstance(inner, ast.Attribute)}
            if node.func.id in ("isinstance", "issubclass") and names & kinds_here:
                found.append((node.lineno, ast.unparse(node)))
            text = node.args[1].value if isinstance(node.args[1], ast.Constant) else None
            if node.func.id in ("hasattr", "getattr") and text in CONTRACT:
                found.append((node.lineno, ast.unparse(node)))
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            kinds = {inner.id for side in sides for inner in ast.walk(side) if isinstance(inner, ast.Name)}
            words = {inner.value for side in sides for inner in ast.walk(side) if isinstance(inner, ast.Constant)}
            by_type = any(isinstance(side, ast.Call) and ast.unparse(side.func) == "type" for side in sides)
            by_name = any(isinstance(side, ast.Attribute) and side.attr == "__name__" for side in sides)
            if (by_type and kinds & kinds_here) or (by_name and words & (KIND_NAMES | BOUND_NAMES)):
                found.append((node.lineno, ast.unparse(node)))
        if isinstance(node, ast.match_case):
            classes = {ast.unparse(inner.cls).split(".")[-1] for inner in ast.walk(node) if isinstance(inner, ast.MatchClass)}
            if classes & kinds_here:
                found.append((node.pattern.lineno, ast.unparse(node.pattern)))
    return found


def test_the_questions_are_found() -> None:
    program = """
isinstance(x, Numeric)
isinstance(x, (int, columns.Crossed))
isinstance(x, NumberBound | Field)
type(x) is Hashed
type(x).__name__ == "Embedding"
hasattr(x, "normalizer")
getattr(x, "num_buckets", None)
isinstance(x, int)
type(x) is int
getattr(x, "shape")
"""
    assert [line for line, _ in asked(list(ast.walk(ast.parse(program))))] == [2, 3, 4, 5, 6, 7, 8]
    assert {"Bound", "NumberBound", "SequenceBound"} <= BOUND_NAMES
    assert {"Numeric", "Sequence"} <= KIND_NAMES


def test_nothing_outside_columns_asks_for_a_kind() -> None:
    wrong = []
    for path in files():
        part = path.relative_to(PACKAGE).parts[0]
        if part == "columns" or part in DIALECT:
            continue
        wrong += [f"{path.relative_to(ROOT)}:{line} {text}" for line, text in asked(nodes_of(path))]
    assert wrong == []
