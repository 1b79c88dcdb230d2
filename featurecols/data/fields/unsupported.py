"""Fields without values, and fields of types that are neither a number nor a category."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array, Texts, Tokens
from featurecols._core.numbers import Integers, Numbers
from featurecols._core.times import moment_of
from featurecols._core.ways_out import Extension, way_out_of
from featurecols.data import arrow_buffers
from featurecols.data.field_types import FieldType, of_arrow
from featurecols.data.fields.base import FieldView


class NullField(FieldView):
    """Nothing but missing values."""

    def _as_arrow(self) -> pa.Array:
        return pa.nulls(len(self))

    def _take(self, rows: Array) -> FieldView:
        return NullField(self.key, len(rows), self.markers, self.parse)

    def _read_numbers(self) -> Numbers:
        return Numbers(np.full(len(self), np.nan))

    def _read_integers(self) -> Integers:
        return Integers(np.zeros(len(self), np.int64), np.zeros(len(self), np.bool_))

    def _read_tokens(self) -> Tokens:
        none = np.zeros(len(self), np.bool_)
        return Tokens(Texts(np.zeros(len(self) + 1, np.int32), np.zeros(0, np.uint8), none))

    def to_pylist(self) -> list[object]:
        return [None] * len(self)


class UnsupportedField(NullField):
    """A type that is neither a number nor a category: every value that is not missing is an error."""

    def __init__(self, key: str, array: pa.Array) -> None:
        super().__init__(key, len(array))
        self._array = array
        self._bitmap = arrow_buffers.Valid(array)

    def value_type(self) -> FieldType:
        return of_arrow(self._array.type)

    def _as_arrow(self) -> pa.Array:
        return self._array.slice(self.start, len(self))

    def _take(self, rows: Array) -> FieldView:
        return UnsupportedField(self.key, self._as_arrow().take(pa.array(rows)))

    def missing(self) -> Array:
        valid = self._bitmap.rows(self.start, self.stop)
        return np.zeros(len(self), np.bool_) if valid is None else ~valid

    def _refuse(self, want: str) -> None:
        valid = self._bitmap.rows(self.start, self.stop)
        if len(self) == 0 or (valid is not None and not valid.any()):
            return
        row = 0 if valid is None else int(valid.argmax())
        name = str(self._array.type)
        value = scalar(self._array, self.start + row)
        hint = way_out_of(name) or "cast it to a number or a string"
        got = errors.show(value) if isinstance(value, Extension) else f"{errors.show(value)} of type {name[:80]}"
        raise errors.DataError(self.key, f"needs {want}", field=self.key, row=row, got=got, hint=hint)

    def _read_numbers(self) -> Numbers:
        self._refuse("a number")
        return super()._read_numbers()

    def _read_integers(self) -> Integers:
        self._refuse("an integer")
        return super()._read_integers()

    def _read_tokens(self) -> Tokens:
        self._refuse("a string, an integer or a boolean")
        return super()._read_tokens()

    def to_pylist(self) -> list[object]:
        return [scalar(self._array, row) for row in range(self.start, self.stop)]


def _beyond_python(value: pa.Scalar, kind: pa.DataType) -> np.datetime64 | None:
    """Return a timestamp or a date outside the years 1 to 9999; None where it is inside of them, or no number of numpy's."""
    t = pa.types
    if not (t.is_timestamp(kind) or t.is_date(kind)) or value.value == -(2**63):
        return None
    found = np.datetime64(value.value, kind.unit if t.is_timestamp(kind) else "D" if t.is_date32(kind) else "ms")
    return found if moment_of(found) is None else None


def scalar(array: pa.Array, row: int) -> object:
    """Return one value as a plain Python value, or as text where Python has no such value."""
    kind = array.type
    try:
        found = array[row].as_py()
        return Extension(found, str(kind)[:80]) if isinstance(kind, pa.BaseExtensionType) and found is not None else found
    except (ValueError, OverflowError, pa.ArrowException):  # a timestamp beyond Python's, or with nanoseconds without pandas
        late = _beyond_python(array[row], kind)
        if late is not None:
            return late
        return array.slice(row, 1).to_string(indent=0, skip_new_lines=True).replace("\n", " ").strip("[]")
