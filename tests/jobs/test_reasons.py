"""Reason codes of bad rows: each problem that the package finds in a value has one."""

import ast
from collections.abc import Iterator
from pathlib import Path

import featurecols
from featurecols.errors import DataError
from featurecols.jobs.reasons import OTHER, reason_of

PACKAGE = Path(featurecols.__file__).parent
PLACES = ("columns", "data/fields", "kernels", "_core", "models/training/finite.py")
POSITION = {"bad_value": 3, "DataError": 1, "_error": 0}  # of the problem among the arguments


def text_of(node: ast.AST, around: ast.FunctionDef) -> list[str]:
    """Return the texts that an argument may be; what is put into them reads 7."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)]
    if isinstance(node, ast.Name):
        given = [n.value for n in ast.walk(around) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == node.id]
        return [text for value in given for text in text_of(value, around)]
    if isinstance(node, ast.IfExp):
        return [*text_of(node.body, around), *text_of(node.orelse, around)]
    return []  # of an error that was made elsewhere


# Without a row, or made of a type: "needs a number" is among the codes.
NOT_OF_VALUES = {
    "0",
    "None",
    "7, at most 7",  # _core/limits.py: those of one value are "too_long"
    "needs 7",
    "holds values of several types",
    "parameter 7 is not finite, so that nothing can be predicted",
}


def problems() -> Iterator[str]:
    for place in PLACES:
        path = PACKAGE / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            tree = ast.parse(file.read_text())
            for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
                for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
                    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                    if name in POSITION and len(call.args) > POSITION[name]:
                        yield from text_of(call.args[POSITION[name]], function)


def test_every_problem_of_a_value_has_a_code() -> None:
    found = {problem: reason_of(DataError("x", problem, row=0, hint="")) for problem in problems()}
    assert len(found) > 25
    assert {problem for problem, reason in found.items() if reason == OTHER} <= NOT_OF_VALUES


def test_codes() -> None:
    for problem, reason in (
        ("a number is missing and there is no default", "missing"),
        ("id out of range 0 ... 2", "out_of_range"),
        ("a list has too many elements, at most 16,777,216", "too_long"),
        ("a text has too many bytes, at most 67,108,864", "too_long"),
        ("needs 3 numbers a row, shape (3,)", "wrong_length"),
        ("needs a number", "schema"),
        ("needs a number, and the text does not spell one: the field is of type integer", "not_of_the_type"),
        ("a float that is not a whole number below 2^53 is not a category", "not_a_category"),
        ("needs a time, and the text does not write one", "not_a_time"),
        ("needs a time", "schema"),
        ("code is outside the dictionary", "damaged"),
        ("of a kind elsewhere", "other"),
    ):
        assert reason_of(DataError("x", problem, row=0, hint="")) == reason
