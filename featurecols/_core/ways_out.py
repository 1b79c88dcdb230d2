"""How to read a value that is neither a number nor a category, by its type: what errors say, in tables and in single rows."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from featurecols._core.times import Interval

WAYS = {
    "timestamp": 'take what matters from it: DatePart(key, "hour"), Elapsed(key, start), or cast it to a string',
    "date": 'take what matters from it: DatePart(key, "weekday"), Elapsed(key, start), or cast it to a string',
    "time": 'take what matters from it: DatePart(key, "hour"), Elapsed(key), or cast it to a string',
    "duration": 'read it with Elapsed(key, unit="hours"), or cast it to a number of seconds',
    "struct": "flatten it into fields of their own",
    "period": "read when it begins, column.dt.to_timestamp() in pandas, or cast it to a string",
}
TYPES: tuple[tuple[type, str], ...] = (  # datetime before date, which it is derived from
    (datetime.datetime, "timestamp"),
    (np.datetime64, "timestamp"),
    (datetime.date, "date"),
    (datetime.time, "time"),
    (datetime.timedelta, "duration"),
    (np.timedelta64, "duration"),
    (Interval, "duration"),
)


_STARTS = {"map": "struct", "month_day_nano": "duration", "extension<pandas.period": "period"}  # of Arrow's names of types


def way_out_of(kind: str) -> str:
    """Return how to read values of a type of Arrow of a time or of several parts; "" for any other type.

    >>> way_out_of("struct<a: int64>"), way_out_of("map<string, int8>"), way_out_of("int8")
    ('flatten it into fields of their own', 'flatten it into fields of their own', '')
    """
    name = next((name for name in (*WAYS, *_STARTS) if kind.startswith(name)), None)
    return "" if name is None else WAYS[_STARTS.get(name, name)]


@dataclass(frozen=True, slots=True, repr=False)
class Extension:
    """A value of an extension type of Arrow that is not read as what it is stored in."""

    stored: object
    type: str

    def __repr__(self) -> str:
        return f"{self.stored!r} of type {self.type}"


def way_out(value: object, otherwise: str) -> str:
    """Return how to read a value of a time or of several parts; `otherwise` for any other value.

    >>> way_out({"a": 1}, "cast it"), way_out(1j, "cast it")
    ('flatten it into fields of their own', 'cast it')
    """
    if isinstance(value, dict):
        return WAYS["struct"]
    if type(value).__name__ == "Period" or (isinstance(value, Extension) and value.type.startswith("extension<pandas.period")):
        return WAYS["period"]
    return next((WAYS[name] for kind, name in TYPES if isinstance(value, kind)), otherwise)
