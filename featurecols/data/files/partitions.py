"""Fields that stand in the names of folders: `raw/day=2024-01-31/part.parquet` holds the field `day` in all of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from featurecols.data.batch import Batch, Fragment, Needs
from featurecols.data.files.base import File


class PartitionedFile(File):
    """A file with the fields of its folders, which it does not hold itself; their text is read as that of a CSV file."""

    def __init__(self, file: File, keys: Mapping[str, str | None]) -> None:
        self.file, self.keys = file, dict(keys)
        self.kind, self.path, self.state, self.fragments = file.kind, file.path, file.state, file.fragments
        self.schema, self.options = file.schema, file.options
        for key in keys:
            self.schema = self.schema.append(pa.field(key, pa.string()))

    @property
    def expected_rows(self) -> int | None:
        return self.file.expected_rows

    def hint_at_names(self, key: str) -> str | None:
        return self.file.hint_at_names(key)

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        asked = {key: self.keys[key] for key, _ in needs if key in self.keys}
        for batch in self.file.read(fragment, [need for need in needs if need[0] not in asked]):
            yield batch.add({key: _repeat(text, batch.num_rows) for key, text in asked.items()}) if asked else batch


def _repeat(text: str | None, rows: int) -> pa.Array:
    """Return a text so many times, as codes of a dictionary; None is a null in the dictionary."""
    return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([text], pa.string()))
