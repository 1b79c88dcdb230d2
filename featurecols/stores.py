"""The physical forms of a field with one value a row: numbers, text, and what can never be read."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pyarrow as pa

from featurecols import buffers, errors, parse, values
from featurecols.cells import Store
from featurecols.present import Markers
from featurecols.values import Array, Integers, Numbers, Texts, Tokens

WHOLE = 2.0**53  # floats hold every integer below this


class Decimals(Texts):
    """Texts of integers whose decimal digits are written when somebody asks for bytes."""

    __slots__ = ("_text",)

    def __init__(self, integers: Array, valid: Array | None = None) -> None:
        for name, value in (("valid", valid), ("integers", integers), ("memo", {}), ("lock", threading.RLock())):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_text", None)

    def __len__(self) -> int:
        return len(self.integers)  # type: ignore[arg-type]

    def _written(self) -> tuple[Array, Array]:
        text: tuple[Array, Array] | None = self._text  # type: ignore[attr-defined]
        if text is None:
            text = buffers.decimals(self.integers)  # type: ignore[arg-type]
            object.__setattr__(self, "_text", text)
        return text

    @property
    def offsets(self) -> Array:  # type: ignore[override]
        return self._written()[0]

    @property
    def data(self) -> Array:  # type: ignore[override]
        return self._written()[1]


class NumberStore(Store):
    """Integers, floats and booleans."""

    def __init__(self, key: str, array: Any, markers: Markers) -> None:
        super().__init__(key, len(array), markers)
        self.values = buffers.primitive(array)
        self.bitmap = buffers.Valid(array)
        self._lock = threading.Lock()
        self._range: tuple[int, Texts] | bool | None = False  # False: not looked at yet
        self._booleans: Texts | None = None

    def _valid(self, start: int, stop: int) -> Array | None:
        """Which rows hold a value: not null, not NaN, no marker; None for all."""
        x = self.values[start:stop]
        valid = self.bitmap.rows(start, stop)
        kind = x.dtype.kind
        if kind == "f":
            there = x == x
            for marker in self.markers.floats:
                there &= x.astype(np.float64, copy=False) != marker
            return buffers.both(valid, None if there.all() else there)
        for marker in self.markers.integers:
            if kind == "b" and marker in (0, 1):
                valid = buffers.both(valid, x != bool(marker))
            elif kind != "b" and np.iinfo(x.dtype).min <= marker <= np.iinfo(x.dtype).max:
                valid = buffers.both(valid, x != x.dtype.type(marker))
        return valid

    def numbers(self, start: int, stop: int) -> Numbers:
        x = self.values[start:stop]
        if x.dtype == np.float64 and self.bitmap.bits is None and not self.markers:
            return Numbers(x)
        valid = self._valid(start, stop)
        wide = x.astype(np.float64, copy=valid is not None)
        if valid is not None:
            wide[~valid] = np.nan
        return Numbers(wide)

    def integers(self, start: int, stop: int) -> Integers:
        x, valid = self.values[start:stop], self._valid(start, stop)
        if x.dtype.kind == "f":
            return self._whole(x.astype(np.float64, copy=False), valid, start)
        wide = x.astype(np.uint64 if x.dtype == np.uint64 else np.int64, copy=False)
        return Integers(wide, valid)

    def _whole(self, x: Array, valid: Array | None, start: int) -> Integers:
        bad = (np.trunc(x) != x) | (np.abs(x) >= WHOLE)
        if valid is not None:
            bad &= valid
        if bad.any():
            at = int(bad.argmax())
            raise _not_whole(self.key, start + at, float(x[at]))
        return Integers((x if valid is None else np.where(valid, x, 0.0)).astype(np.int64), valid)

    def tokens(self, start: int, stop: int) -> Tokens:
        if self.values.dtype.kind == "b":
            return self._boolean_tokens(start, stop)
        found = self._integers(start, stop)
        coded = self._dense_range()
        if coded is None:
            return Tokens(Decimals(found.values, found.valid), kind="integer")
        low, texts = coded
        codes = (found.values - found.values.dtype.type(low)).astype(np.int32)
        if found.valid is not None:
            codes[~found.valid] = -1
        return Tokens(texts, codes, kind="integer")

    def _integers(self, start: int, stop: int) -> Integers:
        try:
            return self.integers(start, stop)
        except errors.DataError as error:
            raise errors.DataError(
                self.key,
                "a float that is no whole number below 2^53 is no category",
                field=self.key,
                row=error.row,
                got=error.got,
                todo=values.FLOAT_TODO,
            ) from None

    def _boolean_tokens(self, start: int, stop: int) -> Tokens:
        with self._lock:
            if self._booleans is None:
                self._booleans = Texts(np.array([0, 1, 2], np.int32), np.frombuffer(b"01", np.uint8))
        codes, valid = self.values[start:stop].astype(np.int32), self._valid(start, stop)
        if valid is not None:
            codes[~valid] = -1
        return Tokens(self._booleans, codes, kind="boolean")

    def _dense_range(self) -> tuple[int, Texts] | None:
        """(lowest integer, the texts of it and all that follow to the highest), where those are few beside the rows.

        Small integers then are a dictionary already: what columns compute per text is computed once, not per row.
        """
        with self._lock:
            if self._range is False:
                self._range = None
                if self.length >= 1024:
                    self._range = self._look()
            return self._range  # type: ignore[return-value]

    def _look(self) -> tuple[int, Texts] | None:
        x, valid = self.values, self._valid(0, self.length)
        present = x if valid is None else x[valid]
        if len(present) == 0:
            return None
        if x.dtype.kind == "f" and not np.isfinite((present.min(), present.max())).all():
            return None
        low, high = int(present.min()), int(present.max())
        if high - low >= self.length // 8:
            return None
        dtype = np.uint64 if x.dtype == np.uint64 else np.int64
        return low, Decimals(np.arange(high - low + 1, dtype=dtype) + dtype(low))

    def pylist(self, start: int, stop: int) -> list[Any]:
        x, valid = self.values[start:stop], self._valid(start, stop)
        plain: list[Any] = x.tolist()
        if valid is None:
            return plain
        return [v if there else None for v, there in zip(plain, valid.tolist(), strict=True)]


def _not_whole(key: str, row: int, got: object) -> errors.DataError:
    return errors.bad_value(key, key, row, "needs a whole number below 2^53", got, "round it and cast it to an integer")


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
            self._refuse(valid, start, stop, "a number", "cast it to a number, or read it with Vocabulary or Hashed")
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


class NullStore(Store):
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


class OtherStore(Store):
    """A type that is neither a number nor a category: every present value is an error."""

    def __init__(self, key: str, array: Any, markers: Markers) -> None:
        super().__init__(key, len(array), markers)
        self.array = array
        self.bitmap = buffers.Valid(array)

    def _refuse(self, start: int, stop: int, want: str) -> None:
        valid = self.bitmap.rows(start, stop)
        if start == stop or (valid is not None and not valid.any()):
            return
        row = start + (0 if valid is None else int(valid.argmax()))
        name = str(self.array.type)
        todo = next((way for kind, way in _WAY_OUT.items() if name.startswith(kind)), "cast it to a number or a string")
        got = f"{errors.show(_scalar(self.array, row))} of type {name[:80]}"
        raise errors.DataError(self.key, f"needs {want}", field=self.key, row=row, got=got, todo=todo)

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
