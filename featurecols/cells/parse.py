"""Numbers from the text of CSV files, strictly: no guesses, and the first bad row in the error."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from featurecols import errors
from featurecols.values import Array, Integers

_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE | re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,30}", re.ASCII)


def _present(array: Any, valid: Array | None) -> Any:
    """The texts without surrounding blanks, null where not valid."""
    text = array.cast(pa.large_string()) if not pa.types.is_large_string(array.type) else array
    if valid is not None:
        text = pc.if_else(pa.array(valid), text, pa.scalar(None, text.type))
    return pc.ascii_trim_whitespace(text)


def floats(key: str, array: Any, valid: Array | None, start: int) -> Array:
    """float64 [n], NaN where not valid; rounding is to nearest, as `float(text)` does. `start` shifts row numbers."""
    text = _present(array, valid)
    try:
        return np.array(text.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    except pa.ArrowInvalid:  # something that Arrow does not read: a bad value, or a plus sign
        found = np.full(len(text), np.nan)
        for i, t in enumerate(text.to_pylist()):
            if t is not None:
                found[i] = _float(key, t, start + i)
        return found


def _float(key: str, text: str, row: int) -> float:
    if _NUMBER.fullmatch(text) is None:
        todo = "mend the file, or declare the text as Field(key, missing=(...))"
        raise errors.bad_value(key, key, row, "text is not a number", text, todo)
    return float(text)


def integers(key: str, array: Any, valid: Array | None, start: int) -> Integers:
    """Exact integers; a whole float below 2^53 ("5.0") is accepted."""
    text = _present(array, valid)
    if pc.all(pc.match_substring_regex(text, r"^-?[0-9]{1,18}$"), skip_nulls=True).as_py() is not False:
        whole = text.cast(pa.int64())
        return Integers(np.array(whole.fill_null(0)), valid)
    found = [0 if t is None else _integer(key, t, start + i) for i, t in enumerate(text.to_pylist())]
    wide = np.uint64 if max(found) >= 2**63 else np.int64
    for i, number in enumerate(found):
        if not np.iinfo(wide).min <= number <= np.iinfo(wide).max:
            raise errors.bad_value(key, key, start + i, "needs an integer of 64 bits", number, "read it as a category")
    return Integers(np.array(found, wide), valid)


def _integer(key: str, text: str, row: int) -> int:
    if _WHOLE.fullmatch(text):
        return int(text)
    number = _float(key, text, row)
    if number.is_integer() and abs(number) < 2.0**53:
        return int(number)
    raise errors.bad_value(key, key, row, "needs a whole number below 2^53", text, "round it and cast it to an integer")
