"""Rows as CSV files: what such a file can hold, and columns whose fields declare what the values are."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import featurecols as fc
from featurecols.columns.base import Column

Row = dict[str, Any]
# What fit may learn from the text of a field of each type, when every value says no more.
CSV_LEARNS: dict[str | None, set[str | None]] = {
    None: {None},
    "boolean": {"boolean", None},
    "integer": {"integer", None},
    "float": {"float", "text", None},
    "decimal": {"integer", "float", "text", None},
    "text": {"text", "boolean", "integer", "float", None},
    **{name: {"text", None} for name in ("timestamp", "date", "time", "duration")},
    "bytes": {"text", "boolean", "integer", "float", None},
}


def holds(value: Any) -> bool:
    """Return whether the text of a CSV file can say a scalar: "" is missing, inf a word, text is UTF-8 and never a duration."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, datetime.timedelta):
        return False
    if isinstance(value, bytes):
        return value != b"" and is_utf8(value)
    return value is not None and value != ""


def held(value: Any, markers: frozenset[Any] = frozenset()) -> Any:
    """Return the nearest value that CSV can hold: None for what it cannot say, the first element alone of a list.

    A list of one missing value is an empty list in CSV, whether null or a marker says that it is missing.

    >>> [held(v, {"?"}) for v in ("", math.inf, b"\\xff", "a", [], ["a", "b"], [None, "b"], ["?"], "?", [["a"], ["b"]])]
    [None, None, None, 'a', [], ['a'], [], [], '?', [['a']]]
    """
    if isinstance(value, (list, tuple)):
        first = held(value[0], markers) if value else None
        return [] if first is None or first == [] or (not isinstance(first, list) and first in markers) else [first]
    return value if holds(value) else None


def text_of(value: Any) -> str:
    """Return what is written for a value that CSV holds: `True`, `1.0`, `3`; the element of a list."""
    while isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return ""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def write(rows: list[Row], path: Path) -> Path:
    """Write rows, which have the same keys, and return the path; bytes are written as they are."""
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([text_of(value) for value in row.values()] for row in rows)
    return path


def declared(value: Any, types: Mapping[str, fc.FieldType]) -> Any:
    """Return a column with the types declared in each Field that it reads."""
    if isinstance(value, fc.Field):
        of = types[value.key]
        if hasattr(value, "source"):
            return dataclasses.replace(value, source=declared(value.source, types))
        return dataclasses.replace(value, type=of.type, list=True if of.list_depth else None)
    if isinstance(value, tuple):
        return tuple(declared(v, types) for v in value)
    if isinstance(value, Column):
        found = {f.name: declared(getattr(value, f.name), types) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **found)
    return value


def is_utf8(value: bytes) -> bool:
    """Return whether bytes are text."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
