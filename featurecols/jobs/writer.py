"""What makes columns of rows, as a run over files sees it: a plan in a layout, or a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import pyarrow as pa

from featurecols._core.arrays import Array

Columns = list[tuple[str, pa.Array]]


class Maker(ABC):
    """Rows in, columns out.

    Attributes:
        subject: the function that a user called, and `instead`, what takes tables in memory: for errors.
        needs: the fields that are read, and how: (key, "number" | "category") each.
        row_bytes: bytes of one row while it is worked on, at a guess where it holds lists.
        width: columns of the one float32 matrix that this makes; None where it makes other things.
    """

    subject: ClassVar[str]
    instead: ClassVar[str]
    needs: Sequence[tuple[str, str]]
    row_bytes: int
    width: int | None = None

    @abstractmethod
    def columns(self, data: Any) -> Columns:
        """What is made of a table or batch, as columns; of an empty one too."""

    def into(self, data: Any, out: Array) -> None:
        """The matrix of a batch, float32 [n, width], where this makes one."""
        raise NotImplementedError

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """32 hex digits of what makes the columns."""

    @abstractmethod
    def depends(self) -> dict[str, Any]:
        """All that the columns depend on beside the data, as JSON."""

    @abstractmethod
    def metadata(self) -> dict[bytes, bytes]:
        """What a reader of the files needs to know of where they came from: schema metadata."""
