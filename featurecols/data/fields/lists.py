"""Fields that hold lists."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pyarrow as pa

from featurecols._core import limits
from featurecols._core.arrays import Array, Tokens
from featurecols._core.numbers import Integers, Numbers
from featurecols._core.times import Times
from featurecols.data.field_types import FieldType
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.cleaning import Cleaning
from featurecols.data.missing import Markers
from featurecols.errors import DataError


class ListField(FieldView):
    """Lists: row i owns rows offsets[i]:offsets[i + 1] of another field.

    Args:
        key: name of the field.
        offsets: int64 [n + 1].
        values: the elements of all lists, one after another.
        array: the Arrow array that they lie in, if there is one.
        single: bool [n], which rows hold a value in place of a list of it; None for none.
        loose: the error of such rows, where the field is not known to hold lists.
    """

    def __init__(
        self,
        key: str,
        offsets: Array,
        values: FieldView,
        array: pa.Array = None,
        single: Array | None = None,
        loose: DataError | None = None,
    ) -> None:
        super().__init__(key, len(offsets) - 1, values.markers, values.parse)
        if len(offsets) > 1 and offsets[-1] - offsets[0] > limits.LIMITS.list:
            _check_lengths(key, offsets)
        self._offsets, self._values, self._array, self._single, self.loose = offsets, values, array, single, loose
        self.depth = values.depth + 1

    @property
    def textual(self) -> bool:
        return self._values.textual

    def with_markers(self, markers: Markers) -> FieldView:
        view = self._view(0, len(self))
        view.markers, view._values = markers, self._values.with_markers(markers)
        return view

    def value_type(self) -> FieldType:
        found = self._values.value_type()
        return FieldType(found.type, found.list_depth + 1)

    def as_type(self, name: str) -> FieldView:
        view = self._view(0, len(self))
        view.type_name, view._values = name, self._values.as_type(name)
        return view

    def clean(self, cleaning: Cleaning) -> FieldView:
        elements, offsets = self._own()
        single = None if self._single is None else self._single[self.start : self.stop]
        found = ListField(self.key, offsets, elements.clean(cleaning), None, single, self.loose)
        found.markers = cleaning.markers
        return found

    def _as_arrow(self) -> pa.Array | None:
        return None if self._array is None else self._array.slice(self.start, len(self))

    def _take(self, rows: Array) -> FieldView:
        elements, offsets = self._own()
        starts, sizes = offsets[rows], np.diff(offsets)[rows]
        ends = np.append(0, np.cumsum(sizes)).astype(np.int64)
        return ListField(self.key, ends, elements._take(np.repeat(starts - ends[:-1], sizes) + np.arange(ends[-1])))

    def _own(self) -> tuple[FieldView, Array]:
        """Return the elements of these rows, and their int64 offsets [n + 1] from 0."""
        offsets = self._offsets[self.start : self.stop + 1]
        return self._values.slice(int(offsets[0]), int(offsets[-1])), offsets - offsets[0]

    def _row_of(self, element: int) -> int:
        return int(np.searchsorted(self._offsets, element, side="right")) - 1 - self.start

    def _of_row(self, error: DataError) -> DataError:
        if error.row is None:
            return error
        return error.shifted(self._row_of(error.row + int(self._offsets[self.start])) - error.row)

    def _read_numbers(self) -> Numbers:
        elements, offsets = self._own()
        try:
            inner = elements._read_numbers()
        except DataError as error:
            raise self._of_row(error) from None
        if inner.offsets is None or not isinstance(elements, ListField):
            return Numbers(inner.values, offsets)
        lengths = np.diff(elements._offsets[elements.start : elements.stop + 1])
        return Numbers(inner.values, inner.offsets[offsets], (lengths, *inner.nested))

    def _read_integers(self) -> Integers:
        self._require_flat()
        elements, offsets = self._own()
        try:
            inner = elements._read_integers()
        except DataError as error:
            raise self._of_row(error) from None
        return Integers(inner.values, inner.valid, offsets)

    def missing(self) -> Array:
        elements, offsets = self._own()
        there = np.append(0, np.cumsum(~elements.missing()))
        return np.diff(there[offsets]) == 0

    def _read_times(self) -> Times:
        self._require_flat()
        elements, offsets = self._own()
        try:
            inner = elements._read_times()
        except DataError as error:
            raise self._of_row(error) from None
        return dataclasses.replace(inner, offsets=offsets)

    def _read_tokens(self) -> Tokens:
        self._require_flat()
        elements, offsets = self._own()
        try:
            inner = elements._read_tokens()
        except DataError as error:
            raise self._of_row(error) from None
        return Tokens(inner.texts, inner.codes, offsets, inner.kind)

    def _require_flat(self) -> None:
        if self.depth > 1:
            lengths = np.diff(self._offsets[self.start : self.stop + 1])
            row = int(lengths.argmax()) if len(lengths) and lengths.any() else None
            hint = "flatten the inner lists: a categorical field holds one value or one list of values a row"
            raise DataError(
                self.key, "needs values, or lists of them", field=self.key, row=row, got="lists of lists", hint=hint
            )

    def elements(self) -> tuple[FieldView, Array]:
        values, offsets = self._own()
        view = values._view(0, len(values))  # of its own: only it knows what it came from
        view._outer = self
        return view, offsets

    def to_pylist(self) -> list[object]:
        elements, offsets = self._own()
        flat = elements.to_pylist()
        found: list[object] = [flat[a:b] for a, b in pairwise(offsets.tolist())]
        if self._single is not None:
            for row in np.flatnonzero(self._single[self.start : self.stop]).tolist():
                found[row] = flat[offsets[row]]
        return found

    def as_lists(self) -> ListField:
        """Return the same rows where a value in place of a list is a list of one, and a missing one an empty list."""
        elements, offsets = self._own()
        sizes = np.diff(offsets)
        single = np.zeros(len(sizes), np.bool_) if self._single is None else self._single[self.start : self.stop]
        there = np.array([value is not None for value in elements.to_pylist()], np.bool_) | ~np.repeat(single, sizes)
        ends = np.append(0, np.cumsum(there))[offsets]
        found = ListField(self.key, ends.astype(np.int64), elements._take(np.flatnonzero(there)))
        found.markers = self.markers
        return found


def in_lists(view: FieldView, depth: int) -> FieldView:
    """Return rows as lists of a depth: a value where a list is due is a list of one, and a missing one an empty list."""
    if view.loose is not None and isinstance(view, ListField):
        view = view.as_lists()
    if view.depth >= depth:
        return view
    if view.depth:
        elements, offsets = view.elements()
        found = ListField(view.key, offsets, in_lists(elements, depth - 1))
    else:
        there = np.array([value is not None for value in view.to_pylist()], np.bool_)
        offsets = np.zeros(len(view) + 1, np.int64)
        np.cumsum(there, out=offsets[1:])
        found = ListField(view.key, offsets, in_lists(view._take(np.flatnonzero(there)), depth - 1))
    found.markers = view.markers
    return found


def _check_lengths(key: str, offsets: Array) -> None:
    """Raise DataError at the first list that is longer than one may be."""
    lengths = np.diff(offsets)
    if (lengths > limits.LIMITS.list).any():
        row = int(np.argmax(lengths > limits.LIMITS.list))
        raise limits.exceeded("list", key, "a list has too many elements", int(lengths[row]), key, row)
