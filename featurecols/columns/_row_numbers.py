"""The number of one row: a Python value as a float, and what is raised for one that is not a number."""

from __future__ import annotations

from featurecols import errors
from featurecols.data.fields.refused import no_number

LIST_HINT = "flatten the field, or wrap the column in Sequence"


def number_of(value: object, subject: str, key: str, list_hint: str = LIST_HINT) -> float:
    """Return a value of one row as a float, NaN where it is missing.

    Args:
        value: what a row holds, None where it is missing.
        subject, key: the column and the field, for errors.
        list_hint: the way out where it is a list.

    Raises:
        DataError: for a value that is not a number, and an integer beyond float64.
    """
    if value is None:
        return float("nan")
    try:
        if isinstance(value, (int, float)):
            return float(value)
    except OverflowError:
        pass
    if isinstance(value, (list, tuple)):
        raise errors.bad_value(subject, key, None, "needs one number a row", "a list", list_hint)
    raise no_number(subject, key, None, value)
