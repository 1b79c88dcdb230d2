"""What a data file is: its schema, and fragments that can be read alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

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
        num_rows: how many, or None where only reading would tell.
    """

    path: str
    row_group: int | None
    num_rows: int | None


class File(ABC):
    """One file.

    Attributes:
        kind: "Parquet" or "CSV".
        path: where it is.
        schema: names and types of all fields; the text of a CSV file is string.
        fragments: what it is made of, in order.
    """

    kind: str
    path: str
    schema: pa.Schema
    fragments: list[Fragment]

    @abstractmethod
    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        """Return the rows of one fragment, in order."""
