"""Strings and binary, as their bytes; and numbers from the text of CSV files."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols import buffers, errors
from featurecols.cells import parse
from featurecols.cells.base import Store
from featurecols.present import Markers
from featurecols.values import Array, Integers, Numbers, Texts, Tokens


class TextStore(Store):
    """Strings and binary, as their bytes."""

    def __init__(self, key: str, array: Any, markers: Markers, csv: bool = False) -> None:
        super().__init__(key, len(array), markers, csv)
        self.array = array
        self.offsets, self.data = buffers.texts(array)
        self.bitmap = buffers.Valid(array)

    def _valid(self, start: int, stop: int) -> Array | None:
        valid = self.bitmap.rows(start, stop)
        for marker in self.markers.texts:
            same = buffers.equal_to(self.offsets[start : stop + 1], self.data, marker)
            if same.any():
                valid = buffers.both(valid, ~same)
        return valid

    def tokens(self, start: int, stop: int) -> Tokens:
        return Tokens(Texts(self.offsets[start : stop + 1], self.data, self._valid(start, stop)))

    def numbers(self, start: int, stop: int) -> Numbers:
        valid = self._valid(start, stop)
        if not self.parse:
            self._refuse(valid, start, stop, "a number", errors.TEXT)
            return Numbers(np.full(stop - start, np.nan))
        x = parse.floats(self.key, self.array.slice(start, stop - start), valid, start)
        for marker in self.markers.floats:
            x[x == marker] = np.nan
        return Numbers(x)

    def integers(self, start: int, stop: int) -> Integers:
        valid = self._valid(start, stop)
        if not self.parse:
            self._refuse(valid, start, stop, "an integer", "cast it to an integer, or read it with Vocabulary or Hashed")
            return Integers(np.zeros(stop - start, np.int64), np.zeros(stop - start, np.bool_))
        found = parse.integers(self.key, self.array.slice(start, stop - start), valid, start)
        for marker in self.markers.integers:
            if np.iinfo(found.values.dtype).min <= marker <= np.iinfo(found.values.dtype).max:
                found = Integers(found.values, buffers.both(found.valid, found.values != marker))
        return found

    def _refuse(self, valid: Array | None, start: int, stop: int, want: str, todo: str) -> None:
        if start == stop or (valid is not None and not valid.any()):
            return  # all missing: there is no value to refuse
        row = start + (0 if valid is None else int(valid.argmax()))
        raise errors.bad_value(self.key, self.key, row, f"needs {want}", self._value(row), todo)

    def _value(self, row: int) -> str | bytes:
        raw = self.data[self.offsets[row] : self.offsets[row + 1]].tobytes()
        if not buffers.is_utf8(self.array.type):
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
