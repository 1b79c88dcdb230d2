"""Fields without values, and fields of types that are neither a number nor a category."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Integers, Numbers, Texts, Tokens
from featurecols.data import arrow_buffers
from featurecols.data.fields.base import FieldStorage
from featurecols.data.missing import Markers


class NullStore(FieldStorage):
    """Nothing but missing values."""

    def numbers(self, start: int, stop: int) -> Numbers:
        return Numbers(np.full(stop - start, np.nan))

    def integers(self, start: int, stop: int) -> Integers:
        return Integers(np.zeros(stop - start, np.int64), np.zeros(stop - start, np.bool_))

    def tokens(self, start: int, stop: int) -> Tokens:
        none = np.zeros(stop - start, np.bool_)
        return Tokens(Texts(np.zeros(stop - start + 1, np.int32), np.zeros(0, np.uint8), none))

    def pylist(self, start: int, stop: int) -> list[Any]:
        return [None] * (stop - start)


_WAY_OUT = {
    "timestamp": "take what matters from it, such as its hour or weekday, or cast it to a string",
    "date": "take what matters from it, such as its month or weekday, or cast it to a string",
    "time": "cast it to an integer or a string",
    "duration": "cast it to a number of seconds",
    "decimal": "cast it to float64, or to an integer or a string for a category",
    "struct": "flatten it into fields of their own",
    "map": "flatten it into fields of their own",
    "interval": "cast it to a string",
}


class OtherStore(FieldStorage):
    """A type that is neither a number nor a category: every present value is an error."""

    def __init__(self, key: str, array: Any, markers: Markers) -> None:
        super().__init__(key, len(array), markers)
        self.array = array
        self.bitmap = arrow_buffers.Valid(array)

    def _refuse(self, start: int, stop: int, want: str) -> None:
        valid = self.bitmap.rows(start, stop)
        if start == stop or (valid is not None and not valid.any()):
            return
        row = start + (0 if valid is None else int(valid.argmax()))
        name = str(self.array.type)
        hint = next((way for kind, way in _WAY_OUT.items() if name.startswith(kind)), "cast it to a number or a string")
        got = f"{errors.show(_scalar(self.array, row))} of type {name[:80]}"
        raise errors.DataError(self.key, f"needs {want}", field=self.key, row=row, got=got, hint=hint)

    def numbers(self, start: int, stop: int) -> Numbers:
        self._refuse(start, stop, "a number")
        return Numbers(np.full(stop - start, np.nan))

    def integers(self, start: int, stop: int) -> Integers:
        self._refuse(start, stop, "an integer")
        return Integers(np.zeros(stop - start, np.int64), np.zeros(stop - start, np.bool_))

    def tokens(self, start: int, stop: int) -> Tokens:
        self._refuse(start, stop, "a string, an integer or a boolean")
        none = np.zeros(stop - start, np.bool_)
        return Tokens(Texts(np.zeros(stop - start + 1, np.int32), np.zeros(0, np.uint8), none))

    def pylist(self, start: int, stop: int) -> list[Any]:
        return [_scalar(self.array, row) for row in range(start, stop)]


def _scalar(array: Any, row: int) -> Any:
    try:
        return array[row].as_py()
    except (ValueError, OverflowError, pa.ArrowException):  # such as a timestamp with nanoseconds, without pandas
        return str(array[row])
