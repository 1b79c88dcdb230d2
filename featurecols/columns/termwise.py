"""Categorical columns whose id is one function of a value, with the same ids over arrays and in one row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids, Texts
from featurecols._core.buckets import Bucket
from featurecols._core.elements import Elements
from featurecols._core.values import canonical
from featurecols.columns._categorical import row_of
from featurecols.columns.base import Column, Field
from featurecols.columns.bound import CategoricalBound, RowIds, id_dtype
from featurecols.data.arrow_buffers import distinct
from featurecols.data.fields.base import FieldView


class TermwiseBound(CategoricalBound):
    """A categorical column whose id is a function of one value, given as its canonical bytes (docs/ids.md, section 2).

    A subclass writes `id_of`, and needs no loop over rows: a table calls it once for each distinct value of a batch or
    dictionary. A missing value has id -1. Values of a list have one id each.

    Args:
        column: the column that it is bound from.
        source: the field that it reads.
        num_buckets: how many ids there are.
    """

    def __init__(self, column: Column, source: Field, num_buckets: int) -> None:
        self.column, self.num_buckets = column, num_buckets
        self._field, self._dtype = source.key, id_dtype(num_buckets)

    @abstractmethod
    def id_of(self, term: bytes) -> int:
        """Return the id of a value, below num_buckets; -1 where it has none."""

    def ids(self, view: FieldView) -> Ids:
        return view.map_texts(self, self._of_texts)

    def row(self, value: object) -> RowIds:
        return row_of(value, self._of_value)

    def meaning(self, bucket: int) -> Bucket:
        return Bucket("hash", bucket)

    def elements(self, ids: Ids, inputs: Callable[[int], Elements]) -> Elements:
        return inputs(0)

    def _of_value(self, value: object) -> int:
        return self._checked(canonical(value, self.column.name, self._field))

    def _checked(self, term: bytes) -> int:
        found = self.id_of(term)
        if not -1 <= found < self.num_buckets:
            hint = f"{type(self).__name__}.id_of must give ids below {self.num_buckets}, or -1"
            raise errors.bad_value(
                self.column.name, self._field, None, f"the id of {errors.show(term)} is out of range", found, hint
            )
        return found

    def _of_texts(self, texts: Texts) -> Array:
        """Return the id of every text, -1 where it is missing."""
        terms, codes = distinct(texts.offsets, texts.data, texts.valid)
        table = np.array([*map(self._checked, terms), -1], self._dtype)  # code -1 is the last
        return table[codes]
