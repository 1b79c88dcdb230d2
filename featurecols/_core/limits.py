"""Limits on what a call, a row or a plan may hold, so that a slip or a hostile value is refused before work is done for it.

They are far above what people do on purpose. The variable FEATURECOLS_LIMITS sets others, for a process and the workers that it
starts: FEATURECOLS_LIMITS="width=20000000,list=1000". It is read when featurecols is imported.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from featurecols import errors

VARIABLE = "FEATURECOLS_LIMITS"


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest allowed numbers.

    Attributes:
        rows: of one call of transform or encode.
        list: elements of the list of one row.
        text: bytes of one text.
        terms: of one vocabulary.
        width: features of one plan.
        combinations: of the lists of one row in a cross.
        expansion: how many times larger than its file what it was compressed from may be, beyond a gibibyte.
    """

    rows: int = 2_000_000_000
    list: int = 16_777_216
    text: int = 67_108_864
    terms: int = 50_000_000
    width: int = 10_000_000
    combinations: int = 4_194_304
    expansion: int = 2_000


def parse(text: str) -> Limits:
    """Return the limits that a text such as "width=1000,list=50" sets, and the defaults of all others.

    Raises ColumnError for an unknown name, and for what is not a number of 1 or more.

    >>> parse("list=50").list, parse("").list
    (50, 16777216)
    """
    known, found = [f.name for f in fields(Limits)], {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, _, number = (part.strip() for part in pair.partition("="))
        if name not in known:
            raise errors.argument(VARIABLE, "unknown limit", name, f"known are {', '.join(known)}")
        if not number.isascii() or not number.isdecimal() or int(number) < 1:
            raise errors.argument(
                VARIABLE, f"{name} must be a whole number of 1 or more", number, "give list=1000, for example"
            )
        found[name] = int(number)
    return Limits(**found)


LIMITS = parse(os.environ.get(VARIABLE, ""))


def exceeded(
    name: str, subject: str, what: str, got: int, field: str | None = None, row: int | None = None
) -> errors.DataError:
    """Return the error of data that holds more than a limit allows."""
    return errors.bad_value(subject, field, row, f"{what}, at most {getattr(LIMITS, name):,}", got, hint(name, got))


def check_matrix(subject: str, rows: int, width: int) -> None:
    """Raise DataError for a matrix of one call with more rows or features than one may have."""
    if rows > LIMITS.rows:
        raise exceeded("rows", subject, "too many rows for one call", rows)
    if width > LIMITS.width:
        raise exceeded("width", subject, "too many features for a matrix", width)


def hint(name: str, got: int) -> str:
    """Return how a limit is raised."""
    return f"if it is meant, set the environment variable {VARIABLE}={name}={got} and start again"
