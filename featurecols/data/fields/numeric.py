"""Integers, floats and booleans."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array, Memo, Texts, Tokens
from featurecols._core.numbers import Integers, Numbers
from featurecols._core.values import float_hint
from featurecols.data import arrow_buffers
from featurecols.data.field_types import FieldType
from featurecols.data.fields.base import FieldView
from featurecols.data.missing import Markers

WHOLE = 2.0**53  # floats hold every integer below this
_DenseRange = tuple[int, Texts]  # the lowest integer, and the texts of it and all that follow
_SOME = 1024  # values that tell whether all are worth looking at
_PLAIN = frozenset("dfilq")  # characters of float64, float32, int32 and int64


class IntegerTexts(Texts):
    """Texts of integers whose decimal digits are written when somebody asks for bytes."""

    __slots__ = ("_text",)

    integers: Array

    def __init__(self, integers: Array, valid: Array | None = None) -> None:
        for name, value in (("valid", valid), ("integers", integers), ("memo", Memo()), ("integral", None)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_text", None)

    def __len__(self) -> int:
        return len(self.integers)

    def _written(self) -> tuple[Array, Array]:
        text: tuple[Array, Array] | None = self._text  # type: ignore[attr-defined]
        if text is None:
            text = arrow_buffers.decimals(self.integers)
            object.__setattr__(self, "_text", text)
        return text

    @property
    def offsets(self) -> Array:  # type: ignore[override]
        return self._written()[0]

    @property
    def data(self) -> Array:  # type: ignore[override]
        return self._written()[1]


class NumericField(FieldView):
    """Integers, floats or booleans.

    Args:
        key: name of the field.
        values: of any type of numpy's integers, floats or booleans [n]; those that are not valid hold anything.
        bitmap: which are valid; None for all.
    """

    def __init__(self, key: str, values: Array, bitmap: arrow_buffers.Valid | None = None) -> None:
        super().__init__(key, len(values))
        self._values = values
        self._bitmap = None if bitmap is None or bitmap.bits is None else bitmap
        self._shared: dict[str, _DenseRange | None] = {}  # what all slices compute once

    def with_markers(self, markers: Markers) -> NumericField:
        view = self._view(0, len(self))
        view.markers, view._shared = markers, {}
        return view

    def _as_arrow(self) -> pa.Array:
        valid = None if self._bitmap is None else self._bitmap.rows(self.start, self.stop)
        return pa.array(self._values[self.start : self.stop], mask=None if valid is None else ~valid)

    def _take(self, rows: Array) -> NumericField:
        valid = None if self._bitmap is None else self._bitmap.rows(self.start, self.stop)
        bitmap = None if valid is None else arrow_buffers.Valid.of(valid[rows])
        return NumericField(self.key, self._values[self.start : self.stop][rows], bitmap).with_markers(self.markers)

    def _memory(self) -> Hashable:
        bits = None if self._bitmap is None else self._bitmap.memory()
        return self._values.dtype.str, self._values.ctypes.data, self._values.strides, self.start, self.stop, bits

    def value_type(self) -> FieldType:
        x = self._values[self.start : self.stop]
        if x.dtype.kind == "f" and self._bitmap is None and (len(x) == 0 or x[0] != x[0]) and np.isnan(x).all():
            return FieldType()  # what pandas makes of a column without values, whatever its type was
        return FieldType({"b": "boolean", "f": "float"}.get(x.dtype.kind, "integer"))

    def _valid(self) -> Array | None:
        """Return which rows hold a value: not null, not NaN, not a marker; None for all."""
        x = self._values[self.start : self.stop]
        valid = None if self._bitmap is None else self._bitmap.rows(self.start, self.stop)
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

    def missing(self) -> Array:
        return _missing_of(self._valid(), len(self))

    def _read_numbers(self) -> Numbers:
        x = self._values[self.start : self.stop]
        if x.dtype == np.float64 and self._bitmap is None and not self.markers.values:
            return Numbers(x)
        valid = self._valid()
        wide = x.astype(np.float64, copy=valid is not None)
        if valid is not None:
            wide[~valid] = np.nan
        return Numbers(wide)

    def plain(self) -> Array | None:
        dtype = self._values.dtype
        if self._numbers is not None or dtype.char not in _PLAIN or not dtype.isnative or self.markers.values:
            return None
        if self._bitmap is not None and self._bitmap.rows(self.start, self.stop) is not None:
            return None
        return self._values[self.start : self.stop]

    def _read_integers(self) -> Integers:
        x, valid = self._values[self.start : self.stop], self._valid()
        if x.dtype.kind == "f":
            return self._whole(x.astype(np.float64, copy=False), valid)
        wide = x.astype(np.uint64 if x.dtype == np.uint64 else np.int64, copy=False)
        return Integers(wide, valid)

    def _whole(self, x: Array, valid: Array | None) -> Integers:
        bad = (np.trunc(x) != x) | (np.abs(x) >= WHOLE)
        if valid is not None:
            bad &= valid
        if bad.any():
            at = int(bad.argmax())
            raise _not_whole(self.key, at, float(x[at]))
        return Integers((x if valid is None else np.where(valid, x, 0.0)).astype(np.int64), valid)

    def _read_tokens(self) -> Tokens:
        if self._values.dtype.kind == "b":
            return self._boolean_tokens()
        found = self._category_integers()
        coded = self._dense_range()
        if coded is None:
            return Tokens(IntegerTexts(found.values, found.valid), kind="integer")
        low, texts = coded
        codes = (found.values - found.values.dtype.type(low)).astype(np.int32)
        if found.valid is not None:
            codes[~found.valid] = -1
        return Tokens(texts, codes, kind="integer")

    def _category_integers(self) -> Integers:
        try:
            return self._read_integers()
        except errors.DataError as error:
            raise errors.DataError(
                self.key,
                "a float that is not a whole number below 2^53 is not a category",
                field=self.key,
                row=error.row,
                got=error.got,
                hint=float_hint(float(error.got or 0)),
            ) from None

    def _boolean_tokens(self) -> Tokens:
        shared = self._shared.get("texts") or self._shared.setdefault("texts", _booleans())
        texts = (shared or _booleans())[1]
        codes, valid = self._values[self.start : self.stop].astype(np.int32), self._valid()
        if valid is not None:
            codes[~valid] = -1
        return Tokens(texts, codes, kind="boolean")

    def _dense_range(self) -> _DenseRange | None:
        """Return (lowest integer, the texts of it and all that follow to the highest), where they are few beside the rows.

        Small integers then are a dictionary already: what columns compute per text is computed once, not per row. Threads
        that ask at the same time check the same values, and all take the result of the first.
        """
        if "texts" in self._shared:
            return self._shared["texts"]
        every = len(self._values)
        found = self.slice(-self.start, every - self.start)._find_dense_range() if every >= 1024 else None
        return self._shared.setdefault("texts", found)

    def _find_dense_range(self) -> _DenseRange | None:
        x, valid = self._values, self._valid()
        found = x if valid is None else x[valid]
        if len(found) == 0:
            return None
        if x.dtype.kind == "f" and not np.isfinite((found.min(), found.max())).all():
            return None
        some = found[:: len(found) // _SOME + 1]
        if int(some.max()) - int(some.min()) >= len(x) // 8:  # as of ids, which are not looked through for it
            return None
        low, high = int(found.min()), int(found.max())
        if high - low >= len(x) // 8:
            return None
        dtype = np.uint64 if x.dtype == np.uint64 else np.int64
        return low, IntegerTexts(np.arange(high - low + 1, dtype=dtype) + dtype(low))

    def to_pylist(self) -> list[object]:
        x, valid = self._values[self.start : self.stop], self._valid()
        plain: list[object] = x.tolist()
        if valid is None:
            return plain
        return [v if there else None for v, there in zip(plain, valid.tolist(), strict=True)]


def _missing_of(valid: Array | None, rows: int) -> Array:
    return np.zeros(rows, np.bool_) if valid is None else ~valid


def _booleans() -> _DenseRange:
    return 0, Texts(np.array([0, 1, 2], np.int32), np.frombuffer(b"01", np.uint8))


def _not_whole(key: str, row: int, got: object) -> errors.DataError:
    return errors.bad_value(key, key, row, "needs a whole number below 2^53", got, "round it and cast it to an integer")
