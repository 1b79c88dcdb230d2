"""Why a row is bad, as a short code that stays the same from version to version while messages may change."""

from __future__ import annotations

import re

from featurecols.errors import DataError

SCHEMA = "schema"  # the type of the field is wrong, whatever the value: no row of it can be right
DAMAGED = "damaged"  # the file holds what no program writes

# What problems begin with, or hold after "...", by the code of the reason.
REASONS = {
    SCHEMA: (
        r"needs one (number|time|text|value) a row$",
        r"needs (a number|a time|an integer|a string, an integer or a boolean|lists|numbers or lists|text|a list of tokens)$",
        r"needs (values, or lists of them|strings, as its terms are|a list, as other rows hold)$",
        r"a label is one value a row$",
    ),
    DAMAGED: (r"(list )?offsets point outside", r"code is outside the dictionary", r"is not a readable"),
    "missing": (r"a (number|weight|time) is missing",),
    "infinite": (r"a number is infinite", r"a weight is infinite", r"the result is infinite"),
    "out_of_range": (
        r"id out of range",
        r"id past the table",
        r"the id of .* is out of range",
        r"needs an integer (below|of 64 bits)",
        r"a number is beyond float64",
        r"needs a time of the years",
    ),
    "out_of_domain": (r"Log1p needs numbers above -1", r"the denominator is 0", r"the result is not a number"),
    "not_a_number": (r"text is not a number",),
    "not_a_time": (r"needs a time, and the text does not write one",),
    "other_kind_of_time": (r"needs .*, and the value is ",),
    "not_an_integer": (r"needs a whole number", r"a decimal that is not whole$"),
    "not_a_category": (r".* is not a category$",),
    "not_of_the_type": (r"needs .*, and the text does not spell one",),
    "wrong_length": (r"needs .* numbers a row, shape", r"needs one weight for each of"),
    "too_long": (r"a text has too many bytes", r"a list has too many elements"),
    "too_many_combinations": (r"the lists of one row have more than",),
    "not_text": (r"text with a lone surrogate",),
    "no_prediction": (r"a number that is not finite gives no prediction", r"the prediction is beyond the range"),
}
OTHER = "other"  # of kinds of columns outside the package
_PATTERNS = [(code, re.compile("|".join(patterns))) for code, patterns in REASONS.items()]
_TYPES = ("a list", "a single number", "lists of lists")  # what values are said to be where the type of a field is wrong


def reason_of(error: DataError) -> str:
    """Return the code of an error about a value.

    >>> reason_of(DataError("age", "a number is infinite", field="age", row=3, got="inf", hint="give a number"))
    'infinite'
    """
    if error.got in _TYPES:
        return SCHEMA
    return next((code for code, pattern in _PATTERNS if pattern.match(error.problem)), OTHER)


def is_bad_row(error: DataError) -> bool:
    """Return whether an error is about the value of one row, and not about a field or a file."""
    return error.row is not None and reason_of(error) not in (SCHEMA, DAMAGED)
