"""What a data file is: its schema, and fragments that can be read alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from featurecols import errors
from featurecols._core import regular_files
from featurecols.data.batch import Batch

Needs = Sequence[tuple[str, str]]  # (key, "number" | "category")

PARQUET = (".parquet", ".pq", ".parq")
CSV = (".csv", ".tsv")
PACKED = (".gz", ".bz2", ".zst", ".lz4")


class Fragment(NamedTuple):
    """What can be read alone: one row group of a Parquet file, or one whole file.

    Attributes:
        path: of the file.
        row_group: its number, or None for a whole file.
        num_rows: how many, or None where it is not known before reading.
    """

    path: str
    row_group: int | None
    num_rows: int | None


class File(ABC):
    """One file.

    Attributes:
        kind: "Parquet" or "CSV".
        path: where it is.
        state: its bytes and when it was changed last, in nanoseconds, as it was when it was opened.
        schema: names and types of all fields; the text of a CSV file is string.
        fragments: what it is made of, in order.
    """

    kind: str
    schema: pa.Schema
    fragments: list[Fragment]

    def __init__(self, path: str) -> None:
        self.path, self.state = path, _state_of(path)

    @abstractmethod
    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        """Return the rows of one fragment, in order."""

    def check_unchanged(self) -> None:
        """Raise DataError where the file is not the one that was opened: what was read of it may be of two versions."""
        if _state_of(self.path) != self.state:
            raise self._changed()

    def check_layout(self) -> None:
        """Raise DataError where the file has another state, schema, or other row groups than when it was opened."""
        self.check_unchanged()
        now = type(self)(self.path)
        if now.fragments != self.fragments or not now.schema.equals(self.schema):
            raise self._changed()

    def _changed(self) -> errors.DataError:
        return errors.DataError(self.path, "changed while it was read", hint="run again when nothing writes it")


def _state_of(path: str) -> tuple[int, int]:
    """Return the bytes of a file and its time. Raises DataError for all but regular files, which may be behind links."""
    try:
        found = regular_files.status(path)
    except OSError as error:
        raise errors.unreadable(path, "is not a readable file", error.strerror or error) from None
    return found.st_size, found.st_mtime_ns
