"""Declarations as plain JSON, so that a spec can be a file under review."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from featurecols import errors
from featurecols._core import spec
from featurecols.columns import Column


def columns_to_json(columns: Iterable[Column]) -> list[Any]:
    """Columns as plain JSON data; columns_from_json gives equal ones back.

    >>> import featurecols as fc
    >>> fc.columns_to_json([fc.Bucketized(fc.Numeric("age"), [18, 25])])
    [{'type': 'Bucketized.v1', 'source': {'type': 'Numeric.v1', 'key': 'age'}, 'boundaries': [18.0, 25.0]}]
    """
    return [column.to_json() for column in columns]


def columns_from_json(data: Any) -> tuple[Column, ...]:
    """Columns from a list of JSON objects, from {"columns": [...]}, or from the path of a file that holds one of them.

    Kinds may be written with or without a version. Nothing is imported or evaluated.

    Raises:
        ColumnError: for anything that is no column; it says where in the data.

    >>> import featurecols as fc
    >>> fc.columns_from_json([{"type": "Bucketized", "source": {"type": "Numeric", "key": "age"}, "boundaries": [18, 25]}])
    (Bucketized(Numeric('age'), (18.0, 25.0)),)
    """
    if isinstance(data, (str, Path)):
        data = read(Path(data))
    if isinstance(data, dict) and set(data) == {"columns"}:
        data = data["columns"]
    if not isinstance(data, (list, tuple)):
        raise errors.argument("spec", "must be a list of columns", data, 'give [{"type": "Numeric", "key": "age"}, ...]')
    return declared(data, "columns")


def declared(data: Iterable[Any], where: str) -> tuple[Column, ...]:
    """Columns from JSON objects, errors about which begin with `where` they stand."""
    found = []
    for i, item in enumerate(data):
        column = spec.decode(item, f"{where}[{i}]")
        if not isinstance(column, Column):
            raise errors.argument(f"{where}[{i}]", "must be a column", item, 'give {"type": "Numeric", "key": "age"}')
        found.append(column)
    return tuple(found)


def read(path: Path) -> Any:
    """What a JSON file holds; raises ColumnError where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        text = str(path).lstrip().startswith(("[", "{"))
        hint = "this is JSON, not a path: give json.loads(text)" if text else "give the path of a JSON file"
        raise errors.argument("spec" if text else str(path), "cannot be read", e.strerror, hint) from None
    except (ValueError, RecursionError) as e:
        raise errors.argument(str(path), "is not JSON", str(e), "mend the file") from None
