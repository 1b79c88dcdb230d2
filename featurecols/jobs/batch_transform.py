"""What a job over files computes, as the job sees it: a plan in a layout, or a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeAlias

import pyarrow as pa

from featurecols._core.arrays import Array
from featurecols.data.batch import Batch

Columns: TypeAlias = list[tuple[str, pa.Array]]  # the columns of an output file by name
Rows: TypeAlias = "Batch | pa.Table"


class BatchTransform(ABC):
    """Rows in, columns of the output out.

    Attributes:
        subject: the function that a user called, for errors.
        alternative: the call that takes tables in memory, for errors.
        needs: the fields that are read, and how: (key, "number" | "category") each.
        row_bytes: bytes of one row while it is worked on, estimated where it holds lists.
        width: columns of the float32 matrix that `write_matrix` fills; None for a transform without one.
        threads: that write the output; None for the default.
    """

    subject: ClassVar[str]
    alternative: ClassVar[str]
    needs: Sequence[tuple[str, str]]
    row_bytes: int
    width: int | None = None
    threads: int | None = None
    _of_no_rows: tuple[pa.Schema, Columns] | None = None

    def columns_of(self, schema: pa.Schema) -> Columns:
        """Return the output columns of no rows of a schema; they are kept for the next file, which mostly has the same."""
        known = self._of_no_rows
        if known is None or not known[0].equals(schema):
            known = self._of_no_rows = schema, self.columns(Batch.arrow(schema.empty_table()))
        return known[1]

    @abstractmethod
    def columns(self, data: Rows) -> Columns:
        """Compute the output columns of a table or batch, which may be empty."""

    def write_matrix(self, data: Rows, out: Array) -> None:
        """Fill `out`, float32 [n, width], with the output of n rows; for transforms with a width."""
        raise NotImplementedError

    def share(self, processes: int) -> BatchTransform:
        """Return the same transform for one of several processes, which share the threads."""
        return self

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """32 hex digits over all that the output depends on beside the data."""

    @abstractmethod
    def dependencies(self) -> Mapping[str, str]:
        """Return what the output depends on beside the data, by name; an unfinished job continues where it is equal."""

    @abstractmethod
    def metadata(self) -> dict[bytes, bytes]:
        """Return the schema metadata of the output files: what made them, for their readers."""
