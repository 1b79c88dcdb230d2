"""What fit learns of fields from drawn CSV files: types, ids and numbers, against the rules of docs/ids.md in plain Python."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mmh3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import featurecols as fc

N = 1_000_003
WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
TEXTS = {
    "boolean": [*WORDS],
    "integer": ["0", "3", "-7", "-0", "42", "12345678901234567890123", "9007199254740993", "18446744073709551616", "9" * 400],
    "whole": ["1.0", "2e3", "0.0", "-0.0", "1E2", "1e+2", "12.500e1", "9007199254740991.0", "0e5", "100e-2", "1e-400"],
    "fraction": ["1.5", "0.1", "1e-3", "9007199254740992.0", "1e22", "3.14159265358979323846264338327950288"],
    "text": [
        "007",
        "+1",
        " 1",
        "1 ",
        "1.",
        ".5",
        "inf",
        "nan",
        "NA",
        "null",
        "tRUE",
        "yes",
        "1_000",
        "١",
        "e5",
        "--1",
        "-",
        "-00",
    ],
}
MARKERS: list[Any] = ["NA", "-7", "3", -7, 2000, 1.5, "007"]


def kind_of(text: str) -> str:
    if text in WORDS:
        return "boolean"
    if INTEGER.fullmatch(text):
        return "integer"
    if not NUMBER.fullmatch(text):
        return "text"
    return "whole" if float(text).is_integer() and abs(float(text)) < 2.0**53 else "fraction"


def type_of(texts: list[str], only_category: bool) -> str | None:
    kinds = set(map(kind_of, texts))
    if not kinds:
        return None
    if "text" in kinds or ("boolean" in kinds and len(kinds) > 1) or ("fraction" in kinds and only_category):
        return "text"
    return "boolean" if "boolean" in kinds else "float" if kinds & {"whole", "fraction"} else "integer"


def value_of(text: str, name: str | None) -> Any:
    if name == "boolean":
        return WORDS.get(text, text)
    if name not in ("integer", "float") or not NUMBER.fullmatch(text):
        return text
    return int(text) if INTEGER.fullmatch(text) else float(text)


def id_of(value: Any) -> int:
    """The hash of a value that is a category; ValueError for a fraction."""
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 2.0**53):
        raise ValueError(value)
    text = str(int(value)) if isinstance(value, (bool, float)) else str(value)
    return int(mmh3.hash(text.encode(), signed=False)) % N


def is_marker(value: Any, text: str, markers: Sequence[Any]) -> bool:
    numbers = {int(m) if isinstance(m, str) else m for m in markers if not isinstance(m, str) or INTEGER.fullmatch(m)}
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return text in [str(m) for m in markers if not isinstance(m, float)] or number in numbers


@given(st.data())
def test_types_ids_and_numbers_of_drawn_files(data: Any) -> None:
    kinds = data.draw(st.lists(st.sampled_from(sorted(TEXTS)), min_size=1, max_size=2, unique=True))
    pool = st.sampled_from(["", *(text for kind in kinds for text in TEXTS[kind])])
    texts = data.draw(st.lists(pool, min_size=1, max_size=8))
    markers = tuple(data.draw(st.lists(st.sampled_from(MARKERS), max_size=2, unique_by=str)))
    field = fc.Field("x", missing=markers)
    number = fc.Numeric(field, default=-5.0, name="n")
    columns: list[Any] = data.draw(st.sampled_from([[fc.Hashed(field, N)], [number], [fc.Hashed(field, N), number]]))
    there = [text for text in texts if text and not is_marker(value_of(text, "float"), text, markers)]
    name = type_of(there, len(columns) == 1 and columns[0] is not number)
    if (name == "text" and number in columns) or name is None:
        return  # numbers of text are read as before, and nothing is known of no values
    values = [None if not text or is_marker(value_of(text, name), text, markers) else value_of(text, name) for text in texts]
    fractions = [isinstance(value, float) and not (value.is_integer() and abs(value) < 2.0**53) for value in values]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.csv")
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["x", "other"], *([text, "a"] for text in texts)])
        if columns[0] is not number and any(fractions):
            with pytest.raises(fc.DataError, match=r"not a whole number below 2\^53 is not a category"):
                fc.fit(columns, path).encode(path)
            return
        if columns[-1] is number and any(isinstance(v, int) and abs(v) > 10**308 for v in values):
            with pytest.raises(fc.DataError):  # past float64, and infinite
                fc.fit(columns, path).encode(path)
            return
        plan = fc.fit(columns, path)
        assert plan.input_schema["x"] == (name, 0)
        found = {key: plan.encode(form) for key, form in forms_of(path, texts, values, number in columns).items()}
        parts = [fc.Features.concatenate(list(plan.encode_batches(path, size))) for size in (1, 3)]
    for features in (*found.values(), *parts):
        if columns[0] is not number:
            assert features.ids["x"].values.tolist() == [-1 if v is None else id_of(v) for v in values]
        if columns[-1] is number:
            want = np.array([-5.0 if v is None else float(v) for v in values], np.float32)
            assert features.dense[:, 0].tobytes() == want.tobytes()


def forms_of(path: Path, texts: list[str], values: list[Any], as_number: bool) -> dict[str, Any]:
    """The file, and its values in tables; texts too where no number is read."""
    found = {"file": path, "dict": {"x": values}, "rows": [{"x": v} for v in values]}
    return found if as_number else {**found, "texts": {"x": [text or None for text in texts]}}


def test_what_is_drawn_has_the_type_that_it_is_listed_under() -> None:
    for kind, texts in TEXTS.items():
        assert {kind_of(text) for text in texts} == {kind}
