"""Integers, floats and booleans."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from featurecols import errors
from featurecols._core import arrays
from featurecols._core.arrays import Array, Integers, Numbers, Texts, Tokens
from featurecols.data import arrow_buffers
from featurecols.data.fields.base import FieldStorage
from featurecols.data.missing import Markers

WHOLE = 2.0**53  # floats hold every integer below this


class Decimals(Texts):
    """Texts of integers whose decimal digits are written when somebody asks for bytes."""

    __slots__ = ("_text",)

    def __init__(self, integers: Array, valid: Array | None = None) -> None:
        for name, value in (
            ("valid", valid),
            ("integers", integers),
            ("memo", {}),
            ("lock", threading.RLock()),
            ("integral", None),
        ):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_text", None)

    def __len__(self) -> int:
        return len(self.integers)  # type: ignore[arg-type]

    def _written(self) -> tuple[Array, Array]:
        text: tuple[Array, Array] | None = self._text  # type: ignore[attr-defined]
        if text is None:
            text = arrow_buffers.decimals(self.integers)  # type: ignore[arg-type]
            object.__setattr__(self, "_text", text)
        return text

    @property
    def offsets(self) -> Array:  # type: ignore[override]
        return self._written()[0]

    @property
    def data(self) -> Array:  # type: ignore[override]
        return self._written()[1]


class NumberStore(FieldStorage):
    """Integers, floats and booleans."""

    def __init__(self, key: str, array: Any, markers: Markers) -> None:
        super().__init__(key, len(array), markers)
        self.values = arrow_buffers.primitive(array)
        self.bitmap = arrow_buffers.Valid(array)
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
            return arrow_buffers.both(valid, None if there.all() else there)
        for marker in self.markers.integers:
            if kind == "b" and marker in (0, 1):
                valid = arrow_buffers.both(valid, x != bool(marker))
            elif kind != "b" and np.iinfo(x.dtype).min <= marker <= np.iinfo(x.dtype).max:
                valid = arrow_buffers.both(valid, x != x.dtype.type(marker))
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

    def plain(self, start: int, stop: int) -> Array | None:
        if self.values.dtype.name not in ("float32", "int32", "int64") or self.markers:
            return None
        return None if self.bitmap.rows(start, stop) is not None else self.values[start:stop]

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
                hint=arrays.FLOAT_TODO,
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
