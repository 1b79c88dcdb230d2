"""Numbers from the text of CSV files, strictly: no guesses, and the first bad row in the error."""

from __future__ import annotations

import math
import re

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.numbers import Integers
from featurecols.data import arrow_compute as pc
from featurecols.data.fields.cleaning import SPACES
from featurecols.data.missing import Markers

_NUMBER = re.compile(rb"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE)
_WHOLE = re.compile(rb"[+-]?\d{1,40}")
_MARKED = re.compile(r"\s*[+-]?\d+(?:\.\d+)*,[\d,]+(?:\.\d*)?\s*|\s*[+-]?\d+(?:\.\d+){2,}\s*")


def floats(key: str, array: pa.Array, valid: Array | None) -> Array:
    """Return float64 [n], NaN where not valid; rounding is to nearest, as `float(text)` does."""
    text = _trim(array, valid)
    try:
        return np.array(text.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    except pa.ArrowInvalid:  # something that Arrow does not read: a bad value, or a plus sign
        found = np.full(len(text), np.nan)
        for i, t in enumerate(text.cast(pa.large_binary()).to_pylist()):
            if t is not None:
                found[i] = _float(key, t, i)
        return found


def cast(texts: pa.Array) -> Array:
    """Return numbers as they are spelled, float64 [n], rounded to nearest; past float64 they are infinite."""
    try:
        return np.array(texts.cast(pa.string()).cast(pa.float64()), np.float64)
    except pa.ArrowInvalid:
        return np.array([float(text) for text in texts.to_pylist()], np.float64)


def is_marker(text: object, markers: Markers) -> bool:
    """Return whether a text that `floats` reads as a number is a missing marker as one.

    >>> is_marker(" +5", Markers.of((5,))), is_marker("inf", Markers.of((math.inf,))), is_marker("5 km", Markers.of((5,)))
    (True, True, False)
    """
    raw = text.strip(SPACES).encode() if isinstance(text, str) else b""
    return _NUMBER.fullmatch(raw) is not None and float(raw) in markers.floats


def integers(key: str, array: pa.Array, valid: Array | None) -> Integers:
    """Return exact integers; a whole float below 2^53 ("5.0") is accepted, "nan" is missing."""
    text = _trim(array, valid)
    short = pc.match_substring_regex(text.cast(pa.large_binary()), rb"^-?[0-9]{1,18}$")
    if pc.all(short, skip_nulls=True).as_py() is not False:
        return Integers(np.array(text.cast(pa.int64()).fill_null(0)), valid)
    return bounded(key, exact_integers(key, array, valid))


def exact_integers(key: str, array: pa.Array, valid: Array | None) -> list[int | None]:
    """Return integers of any size, None where missing, as `integers` reads them."""
    texts = _trim(array, valid).cast(pa.large_binary()).to_pylist()
    return [None if text is None else _integer(key, text, row) for row, text in enumerate(texts)]


def bounded(key: str, found: list[int | None]) -> Integers:
    """Return Python integers as int64, or as uint64 where one is past int64; DataError where they fit neither."""
    there = [v for v in found if v is not None]
    kind = np.uint64 if there and max(there) >= 2**63 else np.int64
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    for i, value in enumerate(found):
        if value is not None and not low <= value <= high:
            raise errors.bad_value(key, key, i, "needs an integer of 64 bits", value, "read it as a category")
    valid = np.array([v is not None for v in found], np.bool_)
    return Integers(np.array([v or 0 for v in found], kind), None if valid.all() else valid)


def _trim(array: pa.Array, valid: Array | None) -> pa.Array:
    """Return the texts without surrounding blanks, null where not valid."""
    text = array if pa.types.is_large_string(array.type) else array.cast(pa.large_string())
    if valid is not None:
        text = pc.if_else(pa.array(valid), text, pa.scalar(None, text.type))
    return pc.ascii_trim_whitespace(text)


def _float(key: str, text: bytes, row: int) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise errors.bad_value(
            key, key, row, "text is not a number", _show(text), text_hint(key, text.decode("utf-8", "replace"))
        )
    return float(text)


def text_hint(key: str, text: str) -> str:
    """Return the way out where the text of a CSV file is not a number.

    >>> text_hint("x", "1,5")
    'give fc.csv(path, decimal=",") (--decimal ,) where a comma is the decimal mark, and take marks of thousands out of it'
    """
    if _MARKED.fullmatch(text):
        way = 'give fc.csv(path, decimal=",") (--decimal ,) where a comma is the decimal mark'
        return f"{way}, and take marks of thousands out of it"
    field = f"Field({errors.show(key)}, "
    return f'mend the file, declare the text as {field}missing=(...)), or all that is no number as {field}invalid="missing")'


def _integer(key: str, text: bytes, row: int) -> int | None:
    if _WHOLE.fullmatch(text):
        return int(text)
    number = _float(key, text, row)
    if math.isnan(number):
        return None
    if number.is_integer() and abs(number) < 2.0**53:
        return int(number)
    hint = "round it and cast it to an integer"
    raise errors.bad_value(key, key, row, "needs a whole number below 2^53", _show(text), hint)


def _show(text: bytes) -> str | bytes:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text
