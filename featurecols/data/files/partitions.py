"""Fields that stand in the names of folders: `raw/day=2024-01-31/part.parquet` holds the field `day` in all of its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote

import numpy as np
import pyarrow as pa

from featurecols.data.batch import Batch, Fragment, Needs
from featurecols.data.files.base import File

NULL = "__HIVE_DEFAULT_PARTITION__"  # what Hive, Spark and Arrow write for a missing value


def keys_of(path: str) -> dict[str, str | None]:
    """Return the fields of the folders of a path or URL, as text; None where the value is missing.

    >>> keys_of("raw/year=2024/city=S%C3%A3o Paulo/a=1.parquet")
    {'year': '2024', 'city': 'São Paulo'}
    """
    pairs = [folder.partition("=") for folder in re.split(r"[/\\]", path)[:-1]]
    return {unquote(key): None if value == NULL else unquote(value) for key, mark, value in pairs if key and mark}


def folder_of(keys: Mapping[str, str | None]) -> str:
    """Return the folders that hold rows with these values.

    >>> folder_of({"year": "2024", "city": "a/b"})
    'year=2024/city=a%2Fb'
    """
    return "/".join(f"{quote(key, ' ')}={NULL if value is None else quote(value, ' ')}" for key, value in keys.items())


class PartitionedFile(File):
    """A file with the fields of its folders, which it does not hold itself; their text is read as that of a CSV file."""

    def __init__(self, file: File, keys: Mapping[str, str | None]) -> None:
        self.file, self.keys = file, dict(keys)
        self.kind, self.path, self.state, self.fragments = file.kind, file.path, file.state, file.fragments
        self.schema = file.schema
        for key in keys:
            self.schema = self.schema.append(pa.field(key, pa.string()))

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        asked = {key: self.keys[key] for key, _ in needs if key in self.keys}
        for batch in self.file.read(fragment, [need for need in needs if need[0] not in asked]):
            yield batch.add({key: _repeat(text, batch.num_rows) for key, text in asked.items()}) if asked else batch


def _repeat(text: str | None, rows: int) -> pa.Array:
    """Return a text so many times, as codes of a dictionary."""
    codes = pa.array(np.zeros(rows, np.int32), mask=np.full(rows, text is None))
    return pa.DictionaryArray.from_arrays(codes, pa.array([text or ""], pa.string()))
