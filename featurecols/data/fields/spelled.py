"""Values that text spells, where the type of a field is known: each text by itself, vectorized.

`featurecols.kernels.spellings` defines what spells a value. Text that spells no value of the type stays what it is in a
category, and is an error where a number is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from featurecols import errors, kernels
from featurecols._core import values as plain_values
from featurecols._core.arrays import Array, Texts, Tokens
from featurecols._core.numbers import Integers
from featurecols.data import arrow_buffers
from featurecols.data import arrow_compute as pc
from featurecols.data.field_types import SPELLED
from featurecols.data.fields import csv_numbers
from featurecols.data.fields.cleaning import SPACES
from featurecols.data.missing import Marker, Markers, presenter

_WHOLE = 2.0**53  # floats hold every integer below this
_ALL = 2**64 - 1
_BOOLEANS = {word: word[0] in "tT" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Spelled(NamedTuple):
    """What texts spell.

    Attributes:
        texts: the texts; those that are not valid are missing.
        kinds: uint8 [n], the constants of kernels.spellings.
        integers: uint64 [n], of integers, modulo 2^64.
        floats: float64 [n], of booleans and numbers; NaN elsewhere.
    """

    texts: Texts
    kinds: Array
    integers: Array
    floats: Array

    @property
    def is_boolean(self) -> Array:
        """Which are booleans, bool [n]."""
        return (self.kinds == kernels.spellings.TRUE) | (self.kinds == kernels.spellings.FALSE)

    @property
    def is_integer(self) -> Array:
        """Which are integers, bool [n]."""
        return (self.kinds == kernels.spellings.INTEGER) | (self.kinds == kernels.spellings.LONG_INTEGER)

    @property
    def is_float(self) -> Array:
        """Which are numbers that are not written as integers, bool [n]."""
        return (self.kinds == kernels.spellings.FLOAT) | (self.kinds == kernels.spellings.LONG_FLOAT)

    def of_decimals(self) -> tuple[Array, dict[int, int], dict[int, str]]:
        """Return which of these numbers are integers by their digits, bool [n], these by position, and the digits of others."""
        found = {row: plain_values.undecimal(Decimal(self.text(row))) for row in np.flatnonzero(self.is_float).tolist()}
        exact = {row: value for row, value in found.items() if isinstance(value, int)}
        digits = {row: value.digits for row, value in found.items() if isinstance(value, plain_values.DecimalFraction)}
        whole = np.zeros(len(self.kinds), np.bool_)
        whole[list(exact)] = True
        return whole, exact, digits

    @property
    def is_whole(self) -> Array:
        """Which of the numbers that are not written as integers are integers below 2^53 in magnitude, bool [n]."""
        return self.is_float & (np.abs(self.floats) < _WHOLE) & (np.trunc(self.floats) == self.floats)

    def marked(self, markers: Markers) -> Array:
        """Return which of the numbers that are not written as integers are markers, bool [n]."""
        found = np.zeros(len(self.kinds), np.bool_)
        for marker in markers.floats:
            found |= self.floats == marker
        return found & self.is_float

    def without(self, markers: Markers, name: str | None = None) -> Spelled:
        """Return the same where numbers that are markers are missing, in a field of a type, or of one that is not known yet.

        Integers stay: `integers` and `tokens` compare them exactly.
        """
        if not markers or name == "boolean" or not (marked := self.marked(markers)).any():
            return self
        kinds = np.where(marked, np.uint8(kernels.spellings.MISSING), self.kinds)
        valid = arrow_buffers.both(self.texts.valid, ~marked)
        return Spelled(Texts(self.texts.offsets, self.texts.data, valid), kinds, self.integers, self.floats)

    def fits(self, name: str) -> Array:
        """Return which are values of a type, bool [n]; numbers all fit a type of numbers."""
        return self.is_boolean if name == "boolean" else self.is_integer | self.is_float

    def first_bad(self, good: Array) -> int:
        """Return the first text that is there and not good, or -1."""
        bad = ~good & (self.kinds != kernels.spellings.MISSING)
        return int(bad.argmax()) if bad.any() else -1

    def text(self, row: int) -> str:
        """Return one text."""
        return self.texts[row].decode("utf-8", "replace")


def scan(texts: Texts) -> Spelled:
    """Return what texts spell."""
    kinds, integers, floats = kernels.spellings.scan(texts.offsets, texts.data, texts.valid)
    long = (kinds == kernels.spellings.LONG_INTEGER) | (kinds == kernels.spellings.LONG_FLOAT)
    if long.any():
        at = np.flatnonzero(long)
        found = arrow_buffers.arrow_texts(texts.offsets, texts.data, None, _kind(texts)).take(pa.array(at))
        floats[at] = csv_numbers.cast(found)
    return Spelled(texts, kinds, integers, floats)


def numbers(key: str, found: Spelled, name: str, markers: Markers) -> Array:
    """Return float64 [n], NaN where missing; DataError at the first text that is not a value of the type."""
    _require_values(key, found, name, "a number")
    x = found.floats if name == "float" else found.floats + 0.0  # integers and decimals have no -0.0
    for marker in markers.floats:
        x = np.where(x == marker, np.nan, x)
    return x


def integers(key: str, found: Spelled, name: str, markers: Markers) -> Integers:
    """Return exact integers; DataError at the first text that is not one, nor a whole float below 2^53."""
    found = found.without(markers, name)
    if (name == "decimal" and found.is_float.any()) or (found.kinds == kernels.spellings.LONG_INTEGER).any():
        result = csv_numbers.bounded(key, exact_integers(key, found, name))
    else:
        _require_whole(key, found, name, found.is_whole)
        there = found.kinds != kernels.spellings.MISSING
        result = Integers(np.where(there, found.floats, 0.0).astype(np.int64), None if there.all() else there)
    for marker in markers.integers:
        if np.iinfo(result.values.dtype).min <= marker <= np.iinfo(result.values.dtype).max:
            result = Integers(result.values, arrow_buffers.both(result.valid, result.values != marker))
    return result


def exact_integers(key: str, found: Spelled, name: str) -> list[int | None]:
    """Return integers of any size, None where missing, as `integers` reads them, but for the markers."""
    whole, large, _ = found.of_decimals() if name == "decimal" else (found.is_whole, {}, {})
    _require_whole(key, found, name, whole)
    short = (whole | found.is_boolean).tolist()
    exact: list[int | None] = [None] * len(short)
    for row in np.flatnonzero(found.kinds != kernels.spellings.MISSING).tolist():
        exact[row] = large[row] if row in large else int(found.floats[row]) if short[row] else _parse(found, row)
    return exact


def _require_whole(key: str, found: Spelled, name: str, whole: Array) -> None:
    """Raise DataError at the first text that is not an integer of the type."""
    good = (found.is_boolean | found.is_integer | whole) & found.fits(name)
    bad = found.first_bad(good)
    if bad >= 0:
        if not found.fits(name)[bad]:
            raise _not_a_value(key, found, name, "an integer", bad)
        hint = "round it and cast it to an integer"
        raise errors.bad_value(key, key, bad, "needs a whole number below 2^53", found.text(bad), hint)


def _parse(found: Spelled, row: int) -> int | None:
    try:
        return int(found.texts[row])
    except ValueError:  # more digits than Python reads: far past 64 bits
        return 10**40


def tokens(key: str, found: Spelled, name: str, markers: Markers) -> Tokens:
    """Return canonical bytes: those of the value that a text spells, and the text itself where it spells none.

    DataError at the first float, in a field of these, that is not whole and below 2^53: it is not a category.
    """
    found = found.without(markers, name)
    plain: Array = found.is_integer
    large: dict[int, int] = {}
    digits: dict[int, str] = {}
    if name == "boolean":
        whole, plain = found.is_boolean, np.zeros_like(plain)
    elif name == "decimal":
        whole, large, digits = found.of_decimals()
    else:
        whole = found.is_whole
    fraction = np.zeros_like(whole)
    fraction[list(digits)] = True
    if name in ("float", "decimal") and (bad := found.first_bad(whole | fraction | ~found.is_float)) >= 0:
        what = f"a {name} that is not a whole number below 2^53 is not a category"
        raise errors.bad_value(key, key, bad, what, found.text(bad), plain_values.FLOAT_HINT)
    values: Array = np.where(whole, found.floats, 0.0).astype(np.int64) if not large else np.zeros(len(whole), np.int64)
    exact = np.where(whole, values.view(np.uint64), found.integers)
    for row, integer in large.items():
        exact[row] = integer & _ALL
    texts, valid = found.texts, found.texts.valid
    changed = whole | fraction | (plain & (found.floats == 0) & (np.diff(texts.offsets) > 1))  # -0 is 0
    offsets, data = texts.offsets, texts.data
    if changed.any():
        written = pa.array(values).cast(pa.string())
        if large or digits:
            written = pa.array([digits.get(i, str(large.get(i, 0))) for i in range(len(whole))], pa.string())
        old = arrow_buffers.arrow_texts(offsets, data, None, _kind(texts))
        offsets, data = arrow_buffers.texts(pc.if_else(pa.array(changed), written.cast(old.type), old))
    integral = whole | plain
    for marker in markers.integers:
        valid = arrow_buffers.both(valid, ~(integral & (exact == np.uint64(marker & _ALL))))
    there = integral | (found.kinds == kernels.spellings.MISSING)
    kind = ("boolean" if name == "boolean" else "integer") if integral.any() and there.all() else "text"
    return Tokens(Texts(offsets, data, valid, exact, integral=integral), kind=kind)


def refuse(key: str, texts: Texts, name: str, want: str) -> None:
    """Raise DataError at the first text of a type that no column reads."""
    there = np.ones(len(texts), np.bool_) if texts.valid is None else texts.valid
    if there.any():
        row = int(there.argmax())
        got = f"{errors.show(texts[row].decode('utf-8', 'replace'))} of type {name}"
        raise errors.DataError(key, f"needs {want}", field=key, row=row, got=got, hint="declare it as text, or as a number")


def _require_values(key: str, found: Spelled, name: str, want: str) -> None:
    """Raise DataError at the first text that is not a value of the type."""
    bad = found.first_bad(found.fits(name))
    if bad >= 0:
        raise _not_a_value(key, found, name, want, bad)


def _not_a_value(key: str, found: Spelled, name: str, want: str, row: int) -> errors.DataError:
    what = f"needs {want}, and the text does not spell one: the field is of type {name}"
    got = found.text(row)
    trimmed = not isinstance(value_of(got.strip(SPACES), name), str)
    return errors.bad_value(key, key, row, what, got, errors.trim_hint(key) if trimmed else csv_numbers.text_hint(key, got))


def _kind(texts: Texts) -> pa.DataType:
    return pa.binary() if texts.offsets.dtype.itemsize == 4 else pa.large_binary()


def reader_of(name: str, markers: Markers) -> Callable[[object], object]:
    """Return what gives one Python value of a field of a type, None where it is missing: what a str spells, or the value.

    >>> read = reader_of("integer", Markers.of((-9, 1.5)))
    >>> [read(v) for v in ("7", "-9.0", "1.50", "x", ["1", "-9"])]
    [7, None, None, 'x', [1, None]]
    """
    present = presenter(markers)

    def read(value: object) -> object:
        if isinstance(value, (list, tuple)):
            return [read(v) for v in value]
        found = present(value_of(value, name))
        spells_number = type(found) is str and name != "boolean" and markers.floats and _NUMBER.fullmatch(found)
        return None if spells_number and float(found) in markers.floats else found

    return read


def other_value(missing: Iterable[Marker], name: str) -> tuple[Marker, object] | None:
    """Return the first text among missing markers that spells a value of a type and does not make it missing, and the value.

    >>> other_value(("-999.0",), "float"), other_value((-999, "-999", "NA"), "float")
    (('-999.0', -999.0), None)
    """
    present = presenter(Markers.of(missing))
    for marker in missing:
        value = present(value_of(marker, name))
        if isinstance(marker, str) and value is not None and not isinstance(value, str):
            return marker, value
    return None


def value_of(value: object, name: str) -> object:
    """Return one Python value of a field of a type: what a str spells, and anything else as it is.

    >>> [value_of(v, "boolean") for v in ("True", "1", True)], [value_of(v, "integer") for v in ("-0", "1.0", "007")]
    ([True, '1', True], [0, 1.0, '007'])
    """
    if isinstance(value, (list, tuple)):
        return [value_of(v, name) for v in value]
    if type(value) is not str or name not in SPELLED:
        return value
    if name == "boolean":
        return _BOOLEANS.get(value, value)
    if _INTEGER.fullmatch(value):
        try:
            return int(value)
        except ValueError:  # more digits than Python reads
            return value
    if not _NUMBER.fullmatch(value):
        return value
    number = plain_values.undecimal(Decimal(value)) if name == "decimal" else float(value)
    if name == "integer" and not (float(number).is_integer() and abs(number) < _WHOLE):
        return value
    return number
