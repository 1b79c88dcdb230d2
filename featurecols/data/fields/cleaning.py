"""What a Field may declare to be done to its texts before columns read them: trimming, lower case, and numbers out of text."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array
from featurecols.data import arrow_buffers
from featurecols.data import arrow_compute as pc
from featurecols.data.missing import NONE, Markers

SPACES = " \t\n\r\x0b\x0c"  # what trimming removes
_NUMBER = r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])"
_IS_NUMBER, _IS_WHOLE = re.compile(_NUMBER), re.compile("[+-]?[0-9]{1,40}")
_EXACT = 15  # digits that float64 and int64 hold alike


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is done to each text; all other values stay.

    Attributes:
        strip: spaces, tabs and line breaks at both ends are removed.
        lowercase: it is lower-cased, as `str.lower` does.
        numbers: it is the number that it spells then, and missing where it spells none.
        markers: what counts as missing afterwards.
    """

    strip: bool
    lowercase: bool
    numbers: bool
    markers: Markers = NONE

    def value(self, value: object) -> object:
        """Return one plain value, None where it is missing; elements of a list one by one.

        >>> Cleaning(True, True, False).value(" New York "), Cleaning(False, False, True).value([" 5", "5.5", "n/a", 7])
        ('new york', [5, 5.5, None, 7])
        """
        if isinstance(value, list):
            return [self.value(element) for element in value]
        if type(value) is not str:
            return value
        if self.lowercase:
            value = value.lower()
        if self.strip:
            value = value.strip(SPACES)
        found = number_of(value) if self.numbers else value
        return None if found in self.markers.values else found

    def texts(self, array: pa.Array) -> pa.Array:
        """Return the texts of an Arrow array trimmed and lower-cased; nulls stay."""
        if self.lowercase:
            array = lowered(array)
        return pc.utf8_trim(array, characters=SPACES) if self.strip else array


def lowered(array: pa.Array) -> pa.Array:
    """Return texts lower-cased as `str.lower` does: Arrow's functions for ASCII alone, Python for each other distinct text."""
    if pc.all(pc.string_is_ascii(array)).as_py() is not False:
        return pc.ascii_lower(array)
    encoded = array.dictionary_encode()
    changed = [None if text is None else text.lower() for text in encoded.dictionary.to_pylist()]
    return pa.array(changed, array.type).take(encoded.indices)


def number_of(text: str) -> int | float | None:
    """Return the number that a text spells, blanks around it left out; None where it spells none, or NaN.

    >>> number_of(" +5 "), number_of("5."), number_of("1e3"), number_of("5 km"), number_of("nan"), number_of("-0")
    (5, 5.0, 1000.0, None, None, -0.0)
    """
    text = text.strip(SPACES)
    if _IS_WHOLE.fullmatch(text):
        whole = int(text)
        return whole if whole or text[0] != "-" else -0.0
    number = float(text) if _IS_NUMBER.fullmatch(text) else np.nan
    return None if number != number else number


def numbers_of(array: pa.Array) -> tuple[Array, Array | None] | list[object]:
    """Return `number_of` of the texts of an Arrow array: int64 or float64 [n] and which are valid, bool [n], None for all.

    A list of Python's numbers where some are whole and no float64 beside the others holds them.
    """
    text = pc.utf8_trim(array.cast(pa.large_string()), characters=SPACES)
    text = pc.if_else(pc.match_substring_regex(text, f"^(?:{_NUMBER})$"), text, pa.scalar(None, text.type))
    whole = pc.match_substring_regex(text, "^[+-]?[0-9]+$")
    digits = pc.if_else(whole, pc.binary_length(text), 0)
    longest, signed = pc.max(digits).as_py() or 0, pc.any(pc.match_substring_regex(text, "^-0+$")).as_py()
    plain = pc.utf8_ltrim(text, characters="+")
    try:
        if longest <= 18 and pc.all(whole).as_py() is not False and not signed:
            return np.array(plain.cast(pa.int64()).fill_null(0)), _valid(plain)
        if longest <= _EXACT:
            return np.array(plain.cast(pa.float64()).fill_null(np.nan)), _valid(plain)
    except pa.ArrowInvalid:  # a number that Arrow does not read
        pass
    return [None if one is None else number_of(one) for one in text.to_pylist()]


def _valid(array: pa.Array) -> Array | None:
    """Return which values are not null, bool [n]; None for all."""
    return None if array.null_count == 0 else arrow_buffers.Valid(array).rows(0, len(array))
