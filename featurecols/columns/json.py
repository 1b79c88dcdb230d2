"""Declarations as plain data and as files, so that a spec can be a file under review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from featurecols import errors
from featurecols._core import spec
from featurecols.columns import Column
from featurecols.columns.spec_files import read_data, write_data

BESIDE = ("$schema", "reasons")  # keys of a spec that are for editors and readers


def read_columns(path: str | Path) -> tuple[Column, ...]:
    """Read columns from a spec file: JSON, TOML (.toml), or YAML (.yaml, .yml; with PyYAML installed).

    The file holds a list of columns, or an object {"columns": [...]}; "$schema", and "reasons" as fc.suggest gives them, may
    stand beside them. Kinds may be written with or without a version, and a bare name is enough for what takes no arguments:
    "normalizer": "ZScore". Nothing in a file is imported or evaluated. The source of Numeric, Identity, Vocabulary and Hashed
    may be called "key", as in files that were written before.

    Args:
        path: the file.

    Returns:
        The declared columns, in order.

    Raises:
        ColumnError: for a file that cannot be read, and for anything that is not a column; it says where in the file.
    """
    return columns_of(read_data(path))


def write_columns(columns: Iterable[Column], path: str | Path) -> None:
    """Write columns as a spec file that read_columns gives back: JSON, TOML (.toml) or YAML (.yaml, .yml), over what is there.

    Args:
        columns: what to write.
        path: the file; the end of its name says the format.

    Raises:
        ColumnError: for something that is not a column, and for columns that TOML cannot hold (TopTerms(None)).
        OutputError: where the file cannot be written.
    """
    if isinstance(columns, (str, Path, Column)) or not isinstance(columns, Iterable):
        hint = "columns come first, in a list: write_columns(columns, path)"
        raise errors.argument("columns", "must be a list of columns", columns, hint)
    listed = list(columns)
    for i, column in enumerate(listed):
        if not isinstance(column, Column):
            raise errors.argument(f"columns[{i}]", "must be a column", column, "give fc.Numeric(...), fc.Hashed(...), ...")
    write_data(path, {"columns": columns_to_json(listed)})


def columns_to_json(columns: Iterable[Column]) -> list[Any]:
    """Return columns as plain JSON data; columns_from_json gives equal ones back.

    >>> import featurecols as fc
    >>> fc.columns_to_json([fc.Bucketized(fc.Numeric("age"), [18, 25])])
    [{'type': 'Bucketized.v1', 'source': {'type': 'Numeric.v1', 'source': 'age'}, 'boundaries': [18.0, 25.0]}]
    """
    return [column.to_dict() for column in columns]


def columns_from_json(data: Any) -> tuple[Column, ...]:
    """Return columns from plain data, or from a file as read_columns does.

    Raises:
        ColumnError: for anything that is not a column; it says where in the data.

    >>> import featurecols as fc
    >>> fc.columns_from_json([{"type": "Bucketized", "source": {"type": "Numeric", "source": "age"}, "boundaries": [18, 25]}])
    (Bucketized(Numeric('age'), (18.0, 25.0)),)
    """
    return read_columns(data) if isinstance(data, (str, Path)) else columns_of(data)


def columns_of(data: Any) -> tuple[Column, ...]:
    """Return columns from a list of objects, or from {"columns": [...]}."""
    if isinstance(data, Mapping) and "columns" in data and not set(data) - {"columns", *BESIDE}:
        data = data["columns"]
    if not isinstance(data, (list, tuple)):
        raise errors.argument("spec", "must be a list of columns", data, 'give [{"type": "Numeric", "source": "age"}, ...]')
    return declared(data, "columns")


def declared(data: Iterable[Any], where: str) -> tuple[Column, ...]:
    """Return columns from JSON objects, errors about which begin with `where` they stand."""
    found = []
    for i, item in enumerate(data):
        column = spec.decode(item, f"{where}[{i}]")
        if not isinstance(column, Column):
            raise errors.argument(f"{where}[{i}]", "must be a column", item, 'give {"type": "Numeric", "source": "age"}')
        found.append(column)
    return tuple(found)
