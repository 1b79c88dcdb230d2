"""Strings and binary, as their bytes; and numbers from the text of CSV files."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Integers, Numbers, Texts, Tokens
from featurecols.data import arrow_buffers
from featurecols.data.fields import csv_numbers
from featurecols.data.fields.base import FieldStorage
from featurecols.data.missing import Markers


class TextStore(FieldStorage):
    """Strings and binary, as their bytes."""

    def __init__(self, key: str, array: Any, markers: Markers, csv: bool = False) -> None:
        super().__init__(key, len(array), markers, csv)
        self.array = array
        self.offsets, self.data = arrow_buffers.texts(array)
        self.bitmap = arrow_buffers.Valid(array)

    def _valid(self, start: int, stop: int) -> Array | None:
        valid = self.bitmap.rows(start, stop)
        for marker in self.markers.texts:
            same = arrow_buffers.equal_to(self.offsets[start : stop + 1], self.data, marker)
            if same.any():
                valid = arrow_buffers.both(valid, ~same)
        return valid

    def tokens(self, start: int, stop: int) -> Tokens:
        return Tokens(Texts(self.offsets[start : stop + 1], self.data, self._valid(start, stop)))

    def numbers(self, start: int, stop: int) -> Numbers:
        valid = self._valid(start, stop)
        if not self.parse:
            self._refuse(valid, start, stop, "a number", errors.TEXT)
            return Numbers(np.full(stop - start, np.nan))
        x = csv_numbers.floats(self.key, self.array.slice(start, stop - start), valid, start)
        for marker in self.markers.floats:
            x[x == marker] = np.nan
        return Numbers(x)

    def integers(self, start: int, stop: int) -> Integers:
        valid = self._valid(start, stop)
        if not self.parse:
            self._refuse(valid, start, stop, "an integer", "cast it to an integer, or read it with Vocabulary or Hashed")
            return Integers(np.zeros(stop - start, np.int64), np.zeros(stop - start, np.bool_))
        found = csv_numbers.integers(self.key, self.array.slice(start, stop - start), valid, start)
        for marker in self.markers.integers:
            if np.iinfo(found.values.dtype).min <= marker <= np.iinfo(found.values.dtype).max:
                found = Integers(found.values, arrow_buffers.both(found.valid, found.values != marker))
        return found

    def _refuse(self, valid: Array | None, start: int, stop: int, want: str, hint: str) -> None:
        if start == stop or (valid is not None and not valid.any()):
            return  # all missing: there is no value to refuse
        row = start + (0 if valid is None else int(valid.argmax()))
        raise errors.bad_value(self.key, self.key, row, f"needs {want}", self._value(row), hint)

    def _value(self, row: int) -> str | bytes:
        raw = self.data[self.offsets[row] : self.offsets[row + 1]].tobytes()
        if not arrow_buffers.is_utf8(self.array.type):
            return raw
        try:
            return raw.decode()
        except UnicodeDecodeError:  # bytes are taken as they are
            return raw

    def pylist(self, start: int, stop: int) -> list[Any]:
        valid = self._valid(start, stop)
        if valid is None:
            return [self._value(row) for row in range(start, stop)]
        return [self._value(start + i) if there else None for i, there in enumerate(valid.tolist())]
