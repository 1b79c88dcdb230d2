"""The errors of values that are no numbers and no integers: the same for tables and for single rows."""

from __future__ import annotations

from featurecols import errors
from featurecols._core.values import FLOAT_HINT, DecimalFraction
from featurecols._core.ways_out import way_out

_BEYOND = "scale it where it comes from, or read it as a category, with Vocabulary or Hashed"


def no_number(subject: str, key: str | None, row: int | None, value: object) -> errors.DataError:
    """Return the error of a value that is not a number, or of an integer beyond float64."""
    if isinstance(value, int):
        return errors.bad_value(subject, key, row, "a number is beyond float64", value, _BEYOND)
    hint = (
        errors.TEXT if isinstance(value, str) else way_out(value, "cast it to a number, or read it with Vocabulary or Hashed")
    )
    return errors.bad_value(subject, key, row, "needs a number", value, hint)


def no_integer(subject: str, key: str | None, row: int | None, value: object) -> errors.DataError:
    """Return the error of a value that is not an integer."""
    if isinstance(value, DecimalFraction):
        return errors.bad_value(subject, key, row, "a decimal that is not whole", value.decimal, FLOAT_HINT)
    if isinstance(value, float):
        hint = "round it and cast it to an integer"
        return errors.bad_value(subject, key, row, "needs a whole number below 2^53", value, hint)
    hint = way_out(value, "cast it to an integer, or read it with Vocabulary or Hashed")
    if isinstance(value, str):
        hint = 'cast it to an integer, read it with Field(key, invalid="missing"), or as a category with Vocabulary or Hashed'
    return errors.bad_value(subject, key, row, "needs an integer", value, hint)
