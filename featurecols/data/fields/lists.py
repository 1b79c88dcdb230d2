"""Fields that hold lists, and fields of Python objects that no Arrow array can hold together."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from featurecols import errors
from featurecols._core import arrays
from featurecols._core.arrays import Array, Integers, Numbers, Texts, Tokens
from featurecols.data.fields import csv_numbers
from featurecols.data.fields.base import FieldStorage, FieldView
from featurecols.data.missing import Markers, presenter
from featurecols.errors import DataError


class ListStore(FieldStorage):
    """Lists: row i owns elements[offsets[i]:offsets[i + 1]] of another store."""

    def __init__(self, key: str, offsets: Array, child: FieldStorage, markers: Markers) -> None:
        super().__init__(key, len(offsets) - 1, markers, child.parse)
        self.offsets, self.child = offsets, child
        self.depth = child.depth + 1

    def _window(self, start: int, stop: int) -> tuple[int, int, Array]:
        offsets = self.offsets[start : stop + 1]
        return int(offsets[0]), int(offsets[-1]), offsets - offsets[0]

    def row_of(self, element: int) -> int:
        return int(np.searchsorted(self.offsets, element, side="right")) - 1

    def _of_row(self, error: DataError) -> DataError:
        return error if error.row is None else error.shifted(self.row_of(error.row) - error.row)

    def numbers(self, start: int, stop: int) -> Numbers:
        first, last, offsets = self._window(start, stop)
        try:
            inner = self.child.numbers(first, last)
        except DataError as error:
            raise self._of_row(error) from None
        if inner.offsets is None:
            return Numbers(inner.values, offsets)
        lengths = np.diff(self.child.offsets[first : last + 1])  # type: ignore[attr-defined]
        return Numbers(inner.values, inner.offsets[offsets], (lengths, *inner.nested))

    def integers(self, start: int, stop: int) -> Integers:
        first, last, offsets = self._window(start, stop)
        self._flat(start, stop)
        try:
            inner = self.child.integers(first, last)
        except DataError as error:
            raise self._of_row(error) from None
        return Integers(inner.values, inner.valid, offsets)

    def tokens(self, start: int, stop: int) -> Tokens:
        first, last, offsets = self._window(start, stop)
        self._flat(start, stop)
        try:
            inner = self.child.tokens(first, last)
        except DataError as error:
            raise self._of_row(error) from None
        return Tokens(inner.texts, inner.codes, offsets, inner.kind)

    def _flat(self, start: int, stop: int) -> None:
        if self.depth > 1:
            lengths = np.diff(self.offsets[start : stop + 1])
            row = start + int(lengths.argmax()) if len(lengths) and lengths.any() else None
            hint = "flatten the inner lists: a categorical field holds one value or one list of values a row"
            raise DataError(
                self.key, "needs values, or lists of them", field=self.key, row=row, got="lists of lists", hint=hint
            )

    def elements(self, cells: FieldView) -> tuple[FieldView, Array]:
        first, last, offsets = self._window(cells.start, cells.stop)
        return FieldView(self.child, first, last, outer=cells), offsets

    def pylist(self, start: int, stop: int) -> list[Any]:
        first, last, offsets = self._window(start, stop)
        flat = self.child.pylist(first, last)
        edges = offsets.tolist()
        return [flat[a:b] for a, b in pairwise(edges)]


class MixedStore(FieldStorage):
    """Python values of more than one type, or integers past 64 bits: converted one at a time, as the row path does."""

    def __init__(self, key: str, raw: list[Any], markers: Markers) -> None:
        super().__init__(key, len(raw), markers)
        self.rows = list(map(presenter(markers), raw))

    def numbers(self, start: int, stop: int) -> Numbers:
        return Numbers(np.array([self._number(row) for row in range(start, stop)], np.float64))

    def _number(self, row: int) -> float:
        value = self.rows[row]
        if value is None:
            return float("nan")
        if isinstance(value, (float, int)):
            try:
                return float(value)
            except OverflowError:
                hint = "scale it, or cast it to a string for a category"
                raise errors.bad_value(self.key, self.key, row, "integer is past float64", value, hint) from None
        hint = errors.TEXT if isinstance(value, str) else "cast it to a number, or read it with Vocabulary or Hashed"
        raise errors.bad_value(self.key, self.key, row, "needs a number", value, hint)

    def integers(self, start: int, stop: int) -> Integers:
        found = [self._integer(row) for row in range(start, stop)]
        return csv_numbers.bounded(self.key, found, start)

    def _integer(self, row: int) -> int | None:
        value = self.rows[row]
        if value is None or isinstance(value, int):
            return None if value is None else int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < 2.0**53:
            return int(value)
        hint = "round it and cast it to an integer"
        raise errors.bad_value(self.key, self.key, row, "needs a whole number below 2^53", value, hint)

    def tokens(self, start: int, stop: int) -> Tokens:
        rows = self.rows[start:stop]
        parts = [b"" if value is None else self._canonical(start + i, value) for i, value in enumerate(rows)]
        offsets = np.zeros(len(parts) + 1, np.int64)
        np.cumsum([len(p) for p in parts], out=offsets[1:])
        valid = np.array([v is not None for v in rows], np.bool_)
        integers, integral = None, np.array([not isinstance(v, (str, bytes, type(None))) for v in rows], np.bool_)
        if integral.any():  # two's complement, as an integer of 64 bits enters a cross
            integers = np.array(
                [int(p) & 0xFFFFFFFFFFFFFFFF if i else 0 for p, i in zip(parts, integral, strict=True)], np.uint64
            )
        data = np.frombuffer(b"".join(parts), np.uint8)
        texts = Texts(
            offsets, data, None if valid.all() else valid, integers, integral=integral if integers is not None else None
        )
        kind = "boolean" if any(isinstance(v, bool) for v in rows) else "integer" if (integral == valid).all() else "text"
        return Tokens(texts, kind=kind)

    def _canonical(self, row: int, value: Any) -> bytes:
        try:
            return arrays.canonical(value, self.key, self.key)
        except DataError as error:
            raise DataError(error.subject, error.problem, field=self.key, row=row, got=error.got, hint=error.hint) from None

    def pylist(self, start: int, stop: int) -> list[Any]:
        return self.rows[start:stop]
