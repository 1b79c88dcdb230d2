"""Strings and binary, as their bytes; and numbers from the text of CSV files."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core import limits
from featurecols._core.arrays import Array, Texts, Tokens
from featurecols._core.numbers import Integers, Numbers
from featurecols._core.times import Times
from featurecols.data import arrow_buffers
from featurecols.data import arrow_compute as pc
from featurecols.data.field_types import UNREAD, FieldType
from featurecols.data.fields import csv_numbers, spelled, times
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.cleaning import Cleaning, numbers_of
from featurecols.data.fields.dictionary import DictionaryField
from featurecols.data.fields.mixed import MixedField
from featurecols.data.fields.numeric import NumericField
from featurecols.data.fields.refused import no_integer, no_number
from featurecols.data.fields.spelled import Spelled, reader_of
from featurecols.data.missing import Markers


class TextField(FieldView):
    """Strings and binary, as their bytes.

    Args:
        key: name of the field.
        offsets: int32 or int64 [n + 1]; text i is data[offsets[i]:offsets[i + 1]].
        data: uint8.
        bitmap: which texts are valid; None for all.
        kind: Arrow's type of them.
        parse: whether they came from a CSV file, so that they may be read as numbers.
        array: the Arrow array that they lie in, if there is one.
    """

    def __init__(
        self,
        key: str,
        offsets: Array,
        data: Array,
        bitmap: arrow_buffers.Valid | None,
        kind: pa.DataType,
        parse: bool = False,
        array: pa.Array = None,
    ) -> None:
        super().__init__(key, len(offsets) - 1, parse=parse)
        self._offsets, self._data, self._kind, self._array = offsets, data, kind, array
        self._bitmap = None if bitmap is None or bitmap.bits is None else bitmap
        self._spelled: tuple[int, int, Markers, Spelled] | None = None

    @staticmethod
    def of(key: str, array: pa.Array, parse: bool = False) -> TextField:
        """Return the field of an Arrow array of strings or binary, of any width but views."""
        offsets, data = arrow_buffers.texts(array)
        if len(array) and offsets[-1] - offsets[0] > limits.LIMITS.text:
            _check_lengths(key, offsets)
        return TextField(key, offsets, data, arrow_buffers.Valid(array), array.type, parse, array)

    @property
    def textual(self) -> bool:
        return arrow_buffers.is_utf8(self._kind)

    def _as_arrow(self) -> pa.Array:
        if self._array is not None:
            return self._array.slice(self.start, len(self))
        valid = None if self._bitmap is None else self._bitmap.rows(self.start, self.stop)
        return arrow_buffers.arrow_texts(self._offsets[self.start : self.stop + 1], self._data, valid, self._kind)

    def _take(self, rows: Array) -> TextField:
        taken = TextField.of(self.key, self._as_arrow().take(pa.array(rows)), self.parse)
        taken.markers, taken.type_name = self.markers, self.type_name
        return taken

    def repeat(self, count: int) -> FieldView:
        found = DictionaryField(self.key, np.zeros(count, np.int32), self.slice(0, 1), checked=True)
        found.type_name = self.type_name
        return found

    def value_type(self) -> FieldType:
        return FieldType("text" if self.textual else "bytes")

    def as_type(self, name: str) -> FieldView:
        if not self.textual or (name in UNREAD and not self.parse):
            return self
        view = self._view(0, len(self))
        view.type_name = name
        return view

    def clean(self, cleaning: Cleaning) -> FieldView:
        if not self.textual:
            return self
        array, valid = self._as_arrow(), self._valid()
        if valid is not None:
            array = pc.if_else(pa.array(valid), array, pa.scalar(None, array.type))
        array = cleaning.texts(array)
        if not cleaning.numbers:
            return TextField.of(self.key, array, self.parse).with_markers(cleaning.markers)
        found = numbers_of(array)
        if isinstance(found, list):
            return MixedField(self.key, found).with_markers(cleaning.markers)
        values, there = found
        return NumericField(self.key, values, there if there is None else arrow_buffers.Valid.of(there)).with_markers(
            cleaning.markers
        )

    def words(self) -> TextField | None:
        return self if self.parse and self.textual else None

    def spelled(self) -> Spelled:
        """Return what the texts spell, found out once for a view and those that are made of all its rows."""
        known = self._spelled
        if known is None or known[:3] != (self.start, self.stop, self.markers):
            known = self._spelled = self.start, self.stop, self.markers, spelled.scan(self._texts())
        return known[3]

    def _texts(self) -> Texts:
        return Texts(self._offsets[self.start : self.stop + 1], self._data, self._valid())

    def _memory(self) -> Hashable:
        bits = None if self._bitmap is None else self._bitmap.memory()
        texts = (self._offsets.ctypes.data, self._offsets.dtype.str, self._data.ctypes.data, len(self._data))
        return texts, self.start, self.stop, bits, self._kind

    def _valid(self) -> Array | None:
        valid = None if self._bitmap is None else self._bitmap.rows(self.start, self.stop)
        for marker in self.markers.texts:
            same = arrow_buffers.equal_to(self._offsets[self.start : self.stop + 1], self._data, marker)
            if same.any():
                valid = arrow_buffers.both(valid, ~same)
        return valid

    def _read_tokens(self) -> Tokens:
        if self.type_name is None:
            return Tokens(self._texts())
        if self.type_name in UNREAD:
            spelled.refuse(self.key, self._texts(), self.type_name, "a string, an integer or a boolean")
            return Tokens(self._texts())
        return spelled.tokens(self.key, self.spelled(), self.type_name, self.markers)

    def _read_numbers(self) -> Numbers:
        if self.type_name is not None and self.parse:
            return Numbers(spelled.numbers(self.key, self._read_spelled("a number"), self.type_name, self.markers))
        valid = self._valid()
        if not self.parse:
            self._refuse(valid, no_number)
            return Numbers(np.full(len(self), np.nan))
        x = csv_numbers.floats(self.key, self._as_arrow(), valid)
        for marker in self.markers.floats:
            x[x == marker] = np.nan
        return Numbers(x)

    def missing(self) -> Array:
        valid = self._valid()
        missing = np.zeros(len(self), np.bool_) if valid is None else ~valid
        if self.markers.floats and (self.type_name is not None or self.parse):
            name = "float" if self.type_name is None else self.type_name
            read = reader_of(name, self.markers)
            free = self.parse and self.type_name in (None, "text")  # what is read as a number there
            there = np.flatnonzero(~missing)
            missing[there] = [
                read(value) is None or (free and csv_numbers.is_marker(value, self.markers))
                for value in self._take(there).to_pylist()
            ]
        return missing

    def _read_times(self) -> Times:
        return times.of_texts(self.key, self._texts()) if self.textual else super()._read_times()

    def _read_integers(self) -> Integers:
        if self.type_name is not None:
            return spelled.integers(self.key, self._read_spelled("an integer"), self.type_name, self.markers)
        valid = self._valid()
        if not self.parse:
            self._refuse(valid, no_integer)
            return Integers(np.zeros(len(self), np.int64), np.zeros(len(self), np.bool_))
        found = csv_numbers.integers(self.key, self._as_arrow(), valid)
        for marker in self.markers.integers:
            if np.iinfo(found.values.dtype).min <= marker <= np.iinfo(found.values.dtype).max:
                found = Integers(found.values, arrow_buffers.both(found.valid, found.values != marker))
        return found

    def exact_integers(self) -> list[int | None]:
        if self.type_name is not None:
            there = self._read_spelled("an integer").without(self.markers, self.type_name)
            found = spelled.exact_integers(self.key, there, self.type_name)
        elif self.parse:
            found = csv_numbers.exact_integers(self.key, self._as_arrow(), self._valid())
        else:
            return super().exact_integers()
        return [None if value in self.markers.integers else value for value in found]

    def _read_spelled(self, want: str) -> Spelled:
        """Return what the texts spell; DataError where their type is one that no column reads."""
        if self.type_name in UNREAD:
            spelled.refuse(self.key, self._texts(), str(self.type_name), want)
        return self.spelled()

    def _refuse(self, valid: Array | None, error: Callable[[str, str, int, object], errors.DataError]) -> None:
        if len(self) == 0 or (valid is not None and not valid.any()):
            return  # all missing: there is no value to refuse
        row = 0 if valid is None else int(valid.argmax())
        raise error(self.key, self.key, row, self._value(self.start + row))

    def _value(self, at: int) -> str | bytes:
        raw = self._data[self._offsets[at] : self._offsets[at + 1]].tobytes()
        if not arrow_buffers.is_utf8(self._kind):
            return raw
        try:
            return raw.decode()
        except UnicodeDecodeError:  # bytes are taken as they are
            return raw

    def to_pylist(self) -> list[object]:
        valid = self._valid()
        if valid is None:
            return [self._value(at) for at in range(self.start, self.stop)]
        return [self._value(self.start + i) if there else None for i, there in enumerate(valid.tolist())]


def _check_lengths(key: str, offsets: Array) -> None:
    """Raise DataError at the first text that is longer than one may be."""
    lengths = np.diff(offsets)
    if (lengths > limits.LIMITS.text).any():
        row = int(np.argmax(lengths > limits.LIMITS.text))
        raise limits.exceeded("text", key, "a text has too many bytes", int(lengths[row]), key, row)
