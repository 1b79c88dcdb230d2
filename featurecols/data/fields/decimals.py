"""Decimals: read exactly, then rounded once to a number; as a category by their digits."""

from __future__ import annotations

from decimal import Context, Decimal

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array, Texts, Tokens
from featurecols._core.numbers import Integers, Numbers
from featurecols._core.values import undecimal
from featurecols.data import arrow_buffers
from featurecols.data import arrow_compute as pc
from featurecols.data.field_types import FieldType
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.mixed import MixedField
from featurecols.data.fields.numeric import WHOLE, NumericField
from featurecols.data.fields.refused import no_integer

_WIDE = Context(prec=100)  # digits: decimals of 256 bits have 76
_EXACT_POWER = 22  # 10**22 is the largest power of ten that a float holds exactly


class DecimalField(FieldView):
    """Decimals of any width.

    Args:
        key: name of the field.
        array: an Arrow array of decimals.
    """

    def __init__(self, key: str, array: pa.Array) -> None:
        super().__init__(key, len(array))
        self._array = array
        self._bitmap = arrow_buffers.Valid(array)

    def _as_arrow(self) -> pa.Array:
        return self._array.slice(self.start, len(self))

    def _take(self, rows: Array) -> FieldView:
        taken = DecimalField(self.key, self._as_arrow().take(pa.array(rows)))
        taken.markers = self.markers
        return taken

    def value_type(self) -> FieldType:
        return FieldType("decimal")

    def _unscaled(self) -> tuple[Array | None, list[int | None]]:
        """Return the values times ten to the power of the scale: int64 [n] where they fit, else Python integers."""
        array = self._as_arrow()
        words = array.type.byte_width // 8
        if words:
            table = np.frombuffer(array.buffers()[1], np.int64)[array.offset * words :][: len(array) * words].reshape(-1, words)
            low = table[:, 0]
            if (table[:, 1:] == (low >> 63)[:, None]).all():
                return low, []
        scale = array.type.scale
        return None, [None if v is None else int(v.scaleb(scale, _WIDE)) for v in array.to_pylist()]

    def _read_numbers(self) -> Numbers:
        scale = self._array.type.scale
        valid = self._bitmap.rows(self.start, self.stop)
        low, wide = self._unscaled()
        if low is not None and 0 <= scale <= _EXACT_POWER and (len(low) == 0 or np.abs(low).max() < WHOLE):
            x = low / 10.0**scale  # both are exact, so that the quotient is rounded once
        else:
            whole = wide if low is None else low.tolist()
            x = np.array([np.nan if v is None else _divide(v, scale) for v in whole], np.float64)
        if valid is not None:
            x[~valid] = np.nan
        for marker in (*self.markers.floats, *self.markers.integers):
            x[x == marker] = np.nan
        return Numbers(x)

    def _as_integers(self) -> FieldView:
        """Return the same rows as integers; DataError at the first one that is not whole."""
        missing = np.isnan(self._read_numbers().values).tolist()
        found: list[object] = []
        for row, (value, none) in enumerate(zip(self._as_arrow().to_pylist(), missing, strict=True)):
            number = None if none else undecimal(value)
            if isinstance(number, float):
                raise no_integer(self.key, self.key, row, number)
            found.append(number)
        try:
            array = pa.array(found, pa.int64())
        except (pa.ArrowInvalid, OverflowError):
            return MixedField(self.key, found)
        return NumericField(self.key, arrow_buffers.primitive(array), arrow_buffers.Valid(array))

    def _read_integers(self) -> Integers:
        return self._as_integers()._read_integers()

    def exact_integers(self) -> list[int | None]:
        return self._as_integers().exact_integers()

    def _read_tokens(self) -> Tokens:
        """Return canonical bytes: of whole ones those of the integer, of others the shortest plain notation."""
        missing = np.isnan(self._read_numbers().values)
        low, wide = self._unscaled()
        scale = self._array.type.scale
        if low is None or not 0 <= scale <= 18 or (len(low) and int(low.min()) == -(2**63)):
            values = wide if low is None else low.tolist()
            each = zip(values, missing.tolist(), strict=True)
            found: list[object] = [
                None if v is None or none else undecimal(Decimal(v).scaleb(-scale, _WIDE)) for v, none in each
            ]
            return MixedField(self.key, found)._read_tokens()
        whole, rest = np.divmod(np.abs(low), 10**scale)
        integral = rest == 0
        texts = pa.array(whole).cast(pa.string())
        if not integral.all():
            digits = pc.utf8_rtrim(pc.utf8_lpad(pa.array(rest).cast(pa.string()), scale, "0"), "0")
            texts = pc.if_else(pa.array(integral), texts, pc.binary_join_element_wise(texts, digits, "."))
        texts = pc.if_else(pa.array(low < 0), pc.binary_join_element_wise("-", texts, ""), texts)
        integers = np.where(low < 0, -whole, whole).view(np.uint64)
        offsets, data = arrow_buffers.texts(texts)
        there = integral | missing
        kind = "integer" if there.all() else "text"
        mask = None if there.all() else integral
        return Tokens(Texts(offsets, data, ~missing if missing.any() else None, integers, integral=mask), kind=kind)

    def to_pylist(self) -> list[object]:
        missing = np.isnan(self._read_numbers().values).tolist()
        values = self._as_arrow().to_pylist()
        return [None if none else undecimal(value) for value, none in zip(values, missing, strict=True)]


def _divide(value: int, scale: int) -> float:
    """Return value / 10**scale, rounded once."""
    return value / 10**scale if scale >= 0 else float(value * 10**-scale)
