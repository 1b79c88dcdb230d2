"""Fields of Python values that no Arrow array holds together."""

from __future__ import annotations

import numpy as np

from featurecols._core.arrays import Array, Texts, Tokens
from featurecols._core.numbers import Integers, Numbers
from featurecols._core.times import Times
from featurecols._core.values import DecimalFraction, canonical
from featurecols._core.ways_out import TYPES
from featurecols.data.field_types import FieldType, join_all
from featurecols.data.fields import csv_numbers, times
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.cleaning import Cleaning
from featurecols.data.fields.refused import no_integer, no_number
from featurecols.data.fields.spelled import reader_of
from featurecols.data.missing import Markers, presenter
from featurecols.errors import DataError

_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "float", bytes: "bytes", DecimalFraction: "decimal"}
_BY_TEXT = (str, bytes, DecimalFraction, type(None))  # whose bytes are not those of an integer


def _type_of(kind: type) -> str:
    return _TYPES.get(kind) or next((name for base, name in TYPES if issubclass(kind, base)), "text")


class MixedField(FieldView):
    """Python values of more than one type, or integers past 64 bits: converted one at a time, as the row path does.

    Args:
        key: name of the field.
        values: one for each row.
    """

    def __init__(self, key: str, values: list[object]) -> None:
        super().__init__(key, len(values))
        self._values = list(map(presenter(), values))

    @property
    def textual(self) -> bool:
        return True

    def with_markers(self, markers: Markers) -> FieldView:
        view = self._view(0, len(self))
        view.markers, view._values = markers, list(map(presenter(markers), self._values))
        return view

    def value_type(self) -> FieldType:
        return join_all(FieldType(_type_of(kind)) for kind in set(map(type, self._values)) - {type(None)})

    def as_type(self, name: str) -> FieldView:
        view = self._view(0, len(self))
        view.type_name = name
        return view

    def clean(self, cleaning: Cleaning) -> FieldView:
        return MixedField(self.key, list(map(cleaning.value, self.to_pylist()))).with_markers(cleaning.markers)

    def _take(self, rows: Array) -> FieldView:
        taken = self._view(0, len(rows))
        taken._values, taken.start, taken.stop = [self._values[self.start + i] for i in rows.tolist()], 0, len(rows)
        return taken

    def _read_numbers(self) -> Numbers:
        return Numbers(np.array([self._number(row) for row in range(len(self))], np.float64))

    def _number(self, row: int) -> float:
        value = self._values[self.start + row]
        if value is None:
            return float("nan")
        if isinstance(value, (float, int)):
            try:
                return float(value)
            except OverflowError:
                pass
        raise no_number(self.key, self.key, row, value)

    def _read_integers(self) -> Integers:
        return csv_numbers.bounded(self.key, self.exact_integers())

    def missing(self) -> Array:
        rows = self._values[self.start : self.stop]
        if self.type_name is not None:
            rows = list(map(reader_of(self.type_name, self.markers), rows))
        return np.array([value is None for value in rows], np.bool_)

    def _read_times(self) -> Times:
        return times.of_values(self.key, self._values[self.start : self.stop])

    def exact_integers(self) -> list[int | None]:
        return [self._integer(row) for row in range(len(self))]

    def _integer(self, row: int) -> int | None:
        value = self._values[self.start + row]
        if self.type_name is not None:
            value = reader_of(self.type_name, self.markers)(value)
        if value is None or isinstance(value, int):
            return None if value is None else int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < 2.0**53 and not isinstance(value, DecimalFraction):
            return int(value)
        raise no_integer(self.key, self.key, row, value)

    def _read_tokens(self) -> Tokens:
        rows = self._values[self.start : self.stop]
        if self.type_name is not None:
            rows = list(map(reader_of(self.type_name, self.markers), rows))
        texts = [b"" if value is None else self._canonical(row, value) for row, value in enumerate(rows)]
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(text) for text in texts], out=offsets[1:])
        valid = np.array([v is not None for v in rows], np.bool_)
        integers: Array | None = None
        integral = np.array([not isinstance(v, _BY_TEXT) for v in rows], np.bool_)
        if integral.any():  # two's complement, as an integer of 64 bits enters a cross
            integers = np.array(
                [int(text) & 0xFFFFFFFFFFFFFFFF if i else 0 for text, i in zip(texts, integral, strict=True)], np.uint64
            )
        data = np.frombuffer(b"".join(texts), np.uint8)
        found = Texts(
            offsets, data, None if valid.all() else valid, integers, integral=integral if integers is not None else None
        )
        kind = "boolean" if any(isinstance(v, bool) for v in rows) else "integer" if (integral == valid).all() else "text"
        return Tokens(found, kind=kind)

    def _canonical(self, row: int, value: object) -> bytes:
        try:
            return canonical(value, self.key, self.key)
        except DataError as error:
            raise DataError(error.subject, error.problem, field=self.key, row=row, got=error.got, hint=error.hint) from None

    def to_pylist(self) -> list[object]:
        return self._values[self.start : self.stop]
