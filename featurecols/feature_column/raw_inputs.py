"""The input of a column of the package in a lowered declaration: the values of one feature, unchanged."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array, Texts, Tokens
from featurecols._core.numbers import Integers, Numbers
from featurecols.data import arrow_buffers
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.numeric import IntegerTexts

KEY = "value"  # the name of a lowered column's input where the declaration has none
Values: TypeAlias = "Array | pa.Array"  # numbers as numpy, strings as Arrow bytes


class Fed(FieldView):
    """Values of one feature, in place of a field; rows are single values, or as offsets say."""

    def __init__(self, values: Values, offsets: Array | None = None) -> None:
        super().__init__(KEY, len(values) if offsets is None else len(offsets) - 1)
        self._values, self._offsets = values, offsets

    def _read_numbers(self) -> Numbers:
        return Numbers(self._values.astype(np.float64), self._offsets)

    def _read_integers(self) -> Integers:
        return Integers(self._values, None, self._offsets)

    def _read_tokens(self) -> Tokens:
        if isinstance(self._values, pa.Array):
            return Tokens(Texts(*arrow_buffers.texts(self._values)), offsets=self._offsets)
        wide = self._values if self._values.dtype == np.uint64 else self._values.astype(np.int64)
        return Tokens(IntegerTexts(wide), offsets=self._offsets, kind="integer")

    def to_pylist(self) -> list[object]:
        """Return the values, whatever rows they belong to."""
        return self._values.tolist()

    def _take(self, rows: Array) -> FieldView:
        return Fed(self._values[rows])

    def elements(self) -> tuple[FieldView, Array]:
        offsets = np.arange(len(self) + 1, dtype=np.int64) if self._offsets is None else self._offsets
        return Fed(self._values), offsets


def rows_of(values: Array, width: int) -> Fed:
    """Return numbers in rows of `width`."""
    return Fed(values.reshape(-1), np.arange(0, values.size + 1, width, dtype=np.int64))
