"""One Python value: its canonical bytes, and what it is as a number."""

from __future__ import annotations

import math
import struct
from decimal import Decimal
from typing import Any

import numpy as np

from featurecols import errors
from featurecols._core.ways_out import way_out

_DIGITS = 4300  # of an integer, at most: Python writes no more


def exact(value: object) -> object:
    """Return a value of a subclass of str, bytes, int or float as Python's own; anything else as it is.

    Subclasses may print as they like (`class Color(str, Enum)`): what counts is the text, the bytes or the number.

    >>> from enum import Enum
    >>> exact(Enum("Color", {"RED": "red"}, type=str).RED)
    'red'
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return bytes.__getitem__(value, slice(None))
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__int__(value)
    return float.__float__(value) if isinstance(value, float) else value


class DecimalFraction(float):
    """A decimal that is not whole, as the nearest float, which knows its digits: its canonical bytes are made of them."""

    __slots__ = ("decimal",)
    decimal: Decimal

    def __new__(cls, decimal: Decimal) -> DecimalFraction:
        """Return the nearest float of a decimal."""
        made = super().__new__(cls, decimal)
        made.decimal = decimal
        return made

    def __reduce__(self) -> tuple[type[DecimalFraction], tuple[Decimal]]:
        return DecimalFraction, (self.decimal,)

    @property
    def digits(self) -> str:
        """The shortest plain notation: no exponent, no plus sign, no zeros at the end.

        >>> DecimalFraction(Decimal("-1.500")).digits, DecimalFraction(Decimal("25E-9")).digits
        ('-1.5', '0.000000025')
        """
        return format(self.decimal, "f").rstrip("0")


def undecimal(value: Decimal) -> int | float:
    """Return a decimal as the integer that it is, or else as the nearest float; NaN and infinities as floats.

    One of more digits than Python writes becomes an integer of more digits, which is neither a number nor a category either.

    >>> undecimal(Decimal("12.00")), undecimal(Decimal("0.1"))
    (12, 0.1)
    """
    if value.is_finite() and value.adjusted() >= _DIGITS and value:
        return int(math.copysign(1, value)) * 10**_DIGITS
    if value.is_finite() and -_DIGITS < value.adjusted() < _DIGITS:
        if value == value.to_integral_value():
            return int(value)
        exponent = value.as_tuple().exponent
        return DecimalFraction(value) if isinstance(exponent, int) and exponent > -_DIGITS else float(value)
    if value.is_nan():
        return math.nan
    found = float(value)
    return math.copysign(5e-324, found) if found == 0.0 and value else found  # which is not whole


def canonical(value: Any, subject: str, key: str) -> bytes:
    """Return the canonical bytes of one Python value of a categorical field (docs/ids.md); the value is not missing.

    Raises DataError for a lone surrogate, a float that is not an integer below 2^53, and any other type.
    """
    kind = type(value)
    if kind is str:
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise lone_surrogate(subject, key, None, value) from None
    if kind is bytes:
        return value
    if kind is bool:
        return b"1" if value else b"0"
    if kind is int:
        try:
            return b"%d" % value
        except ValueError:  # Python's limit of digits
            raise errors.bad_value(
                subject, key, None, "an integer this long is not a category", value, "make it a string"
            ) from None
    if kind is float:
        if value.is_integer() and abs(value) < 2.0**53:
            return b"%d" % int(value)
        raise errors.bad_value(
            subject,
            key,
            None,
            "a float that is not a whole number below 2^53 is not a category",
            value,
            float_hint(float(value)),
        )
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64)):
        return canonical(value.item(), subject, key)
    if isinstance(value, DecimalFraction):
        return value.digits.encode()
    if isinstance(value, Decimal):
        return canonical(undecimal(value), subject, key)
    plain = exact(value)
    if plain is not value:  # numpy.str_ and other subclasses
        return canonical(plain, subject, key)
    raise errors.bad_value(
        subject, key, None, f"{kind.__name__} is not a category", value, way_out(value, "convert it to a string or an integer")
    )


FLOAT_HINT = "bucketize it with Bucketized, or cast it to a string or an integer"
LOST_HINT = (
    "bucketize it with Bucketized, or read the field as integers or text where it comes from: as a float it has lost digits"
)


def float_hint(value: float) -> str:
    """Return the way out for a float that is not a category."""
    return LOST_HINT if math.isfinite(value) and abs(value) >= 2.0**53 else FLOAT_HINT


def lone_surrogate(subject: str, key: str, row: int | None, value: object) -> errors.DataError:
    """Return the error of a text that has no UTF-8 bytes."""
    return errors.bad_value(
        subject, key, row, "text with a lone surrogate has no UTF-8 bytes", value, 'encode it first, with errors="replace"'
    )


def first_surrogate(value: object) -> str | None:
    """Return the first text with a lone surrogate of a value, or in a list of values; None where there is none."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value
    elif isinstance(value, (list, tuple, set, np.ndarray)):
        return next((bad for bad in map(first_surrogate, value) if bad is not None), None)
    return None


def number(value: object) -> float | None:
    """Return an argument that is a number as a float; None for a boolean, an integer beyond float64, and anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def float32(x: float) -> float:
    """Round x to the nearest float32 (overflow is inf), as a Python float."""
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return float("inf") if x > 0 else float("-inf")
