"""Times of n rows, as fields give them, and one time of a Python value: timestamps, dates, times of day and durations.

A time is whole seconds and nanoseconds from 0 to 999,999,999 after them, counted from 1970-01-01 00:00:00 (in UTC of an
instant, as the clock on the wall shows it of a local time), from midnight (a time of day), or as they are (a duration).
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from featurecols._core.arrays import Array

INSTANT, LOCAL, TIME_OF_DAY, DURATION = range(4)
KINDS = ("a timestamp with a zone", "a timestamp without a zone", "a time of day", "a duration")
DAY = 86_400
FIRST, LAST = -62_135_596_800, 253_402_300_799  # seconds of the first and the last second of the years 1 to 9999
NANO = 1_000_000_000
Days = TypeVar("Days", int, Array)
_EPOCH = datetime.datetime(1970, 1, 1)
_DATE = r"(\d{4})-(\d\d)-(\d\d)"
_CLOCK = r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
_STAMP = re.compile(rf"{_DATE}(?:[T ]{_CLOCK}(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?)?", re.ASCII)
_OF_DAY = re.compile(_CLOCK, re.ASCII)
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_COARSE = {"W": 7 * DAY, "D": DAY, "h": 3600, "m": 60}


@dataclass(frozen=True, slots=True, repr=False)
class Interval:
    """An interval of Arrow, which is a tuple there and must not be taken for a list."""

    months: int
    days: int
    nanoseconds: int

    def __repr__(self) -> str:
        return f"Interval(months={self.months}, days={self.days}, seconds={self.nanoseconds / NANO:.15g})"


class Moment(NamedTuple):
    """One time: `kind` is INSTANT, LOCAL, TIME_OF_DAY or DURATION."""

    seconds: int
    nanoseconds: int
    kind: int


@dataclass(frozen=True, slots=True)
class Times:
    """Times of n rows.

    Attributes:
        ticks: int64 [m], counted as the module says; 0 where missing.
        per_second: ticks in a second: 1, 10^3, 10^6 or 10^9.
        kinds: INSTANT, LOCAL, TIME_OF_DAY or DURATION: one for all, or uint8 [m].
        nanoseconds: int64 [m] after ticks of whole seconds; None for none.
        valid: bool [m], or None where no value is missing.
        offsets: int64 [n + 1] of lists.
    """

    ticks: Array
    per_second: int
    kinds: int | Array
    nanoseconds: Array | None = None
    valid: Array | None = None
    offsets: Array | None = None

    def __len__(self) -> int:
        return len(self.ticks) if self.offsets is None else len(self.offsets) - 1

    def seconds(self) -> Array:
        """Return whole seconds, rounded down, int64 [m]."""
        return self.ticks if self.per_second == 1 else self.ticks // self.per_second

    def after(self, seconds: Array) -> Array | None:
        """Return the nanoseconds after whole seconds, int64 [m]; None where they are all 0."""
        if self.per_second == 1:
            return self.nanoseconds
        found: Array = (self.ticks - seconds * self.per_second) * (NANO // self.per_second)
        return found

    def days(self) -> Array:
        """Return whole days, rounded down, int64 [m]."""
        found: Array = self.ticks // (DAY * self.per_second)
        return found

    def first_other(self, *allowed: int) -> int | None:
        """Return the first value that is there and not of an allowed kind; None without one."""
        if isinstance(self.kinds, int):
            if self.kinds in allowed or not len(self.ticks):
                return None
            other: Array = np.ones(len(self.ticks), np.bool_)
        else:
            other = ~np.isin(self.kinds, allowed)
        if self.valid is not None:
            other &= self.valid
        return int(other.argmax()) if other.any() else None

    def kind(self, at: int) -> int:
        """Return the kind of one value."""
        return self.kinds if isinstance(self.kinds, int) else int(self.kinds[at])

    @staticmethod
    def missing(n: int) -> Times:
        """Return n missing times."""
        return Times(np.zeros(n, np.int64), 1, LOCAL, valid=np.zeros(n, np.bool_))

    @staticmethod
    def of(moments: list[Moment | None]) -> Times:
        """Return single times as one array."""
        full = [Moment(0, 0, LOCAL) if moment is None else moment for moment in moments]
        there = np.array([moment is not None for moment in moments], np.bool_)
        columns = (np.array([moment[k] for moment in full], np.int64) for k in range(3))
        ticks, nanoseconds, kinds = columns
        return Times(ticks, 1, kinds.astype(np.uint8), nanoseconds, None if there.all() else there)


def moment_of(value: object) -> Moment | None:
    """Return one Python value as a time; None where it is not one, or lies outside the years 1 to 9999.

    It takes datetime, date, time and timedelta, what is derived from them (pandas.Timestamp, with its nanoseconds), numpy's
    datetime64 and timedelta64, an Interval without months, whose days have 24 hours, and text as `read` reads it.

    >>> moment_of(datetime.date(1970, 1, 2)), moment_of("00:01"), moment_of(3)
    (Moment(seconds=86400, nanoseconds=0, kind=1), Moment(seconds=60, nanoseconds=0, kind=2), None)
    """
    if isinstance(value, str):
        return read(value)
    if isinstance(value, datetime.datetime):
        return _of_datetime(value)
    if isinstance(value, datetime.date):
        return Moment((value.toordinal() - 719_163) * DAY, 0, LOCAL)
    if isinstance(value, datetime.time):
        if value.tzinfo is not None:
            return None
        return Moment(value.hour * 3600 + value.minute * 60 + value.second, value.microsecond * 1000, TIME_OF_DAY)
    if isinstance(value, datetime.timedelta):
        nanoseconds = value.microseconds * 1000 + getattr(value, "nanoseconds", 0)
        return Moment(value.days * DAY + value.seconds, nanoseconds, DURATION)
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return _of_numpy(value)
    if isinstance(value, Interval) and not value.months:
        seconds, nanoseconds = divmod(value.nanoseconds, NANO)
        return Moment(value.days * DAY + seconds, nanoseconds, DURATION)
    return None


def _of_datetime(value: datetime.datetime) -> Moment | None:
    clock = datetime.datetime(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)
    offset = value.utcoffset()
    passed = clock - _EPOCH - (datetime.timedelta(0) if offset is None else offset)
    seconds = passed.days * DAY + passed.seconds
    nanoseconds = passed.microseconds * 1000 + getattr(value, "nanosecond", 0)
    return Moment(seconds, nanoseconds, LOCAL if offset is None else INSTANT) if FIRST <= seconds <= LAST else None


def _of_numpy(value: np.datetime64 | np.timedelta64) -> Moment | None:
    kind = LOCAL if isinstance(value, np.datetime64) else DURATION
    unit, count = np.datetime_data(value.dtype)
    ticks, nanoseconds = int(value.astype(np.int64)) * count, 0
    if unit in _COARSE:
        seconds = ticks * _COARSE[unit]
    elif unit in _UNITS:
        seconds, rest = divmod(ticks, _UNITS[unit])
        nanoseconds = rest * (NANO // _UNITS[unit])
    elif unit in ("Y", "M") and kind == LOCAL:
        seconds = int(value.astype("datetime64[D]").astype(np.int64)) * DAY
    else:
        return None
    return Moment(seconds, nanoseconds, kind) if kind == DURATION or FIRST <= seconds <= LAST else None


def read(text: str) -> Moment | None:
    """Return the time that a text writes as ISO 8601 does; None where it writes none.

    A date `2024-02-29`, or one with the time of day after a `T` or a space, `2024-02-29T12:30:00.5`, and the zone after it
    (`Z`, `+01:00`, `+0100`, `+01`), or a time of day, `12:30:00.5`; seconds and up to nine digits of them may be left out.

    >>> read("1970-01-01 01:00:00.25+01:00"), read("1970-01-02"), read("2023-02-29")
    (Moment(seconds=0, nanoseconds=250000000, kind=0), Moment(seconds=86400, nanoseconds=0, kind=1), None)
    """
    if found := _OF_DAY.fullmatch(text):
        clock = _clock(*found.groups())
        return None if clock is None else Moment(*clock, TIME_OF_DAY)
    if not (found := _STAMP.fullmatch(text)):
        return None
    year, month, day, *time, utc, sign, hours, minutes = found.groups()
    clock = (0, 0) if time[0] is None else _clock(*time)
    if clock is None or not 1 <= int(month) <= 12 or not 1 <= int(day) <= days_of_month(int(year), int(month)):
        return None
    seconds = days_of(int(year), int(month), int(day)) * DAY + clock[0]
    if sign:
        if int(hours) > 23 or int(minutes or 0) > 59:
            return None
        offset = int(hours) * 3600 + int(minutes or 0) * 60
        seconds -= offset if sign == "+" else -offset
    return Moment(seconds, clock[1], INSTANT if utc or sign else LOCAL) if FIRST <= seconds <= LAST else None


def _clock(hour: str, minute: str, second: str | None, digits: str | None) -> tuple[int, int] | None:
    """Return the seconds since midnight and the nanoseconds after them."""
    h, m, s = int(hour), int(minute), int(second or 0)
    return (h * 3600 + m * 60 + s, int((digits or "0").ljust(9, "0"))) if h < 24 and m < 60 and s < 60 else None


def days_of_month(year: int, month: int) -> int:
    """Return how many days a month has."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap and month == 2 else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def days_of(year: Days, month: Days, day: Days) -> Days:
    """Return the days from 1970-01-01 to a date of the Gregorian calendar, of numbers or of arrays."""
    y = year - (month <= 2)
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def new_year(year: Days) -> Days:
    """Return the days from 1970-01-01 to the first day of a year, of a number or of an array."""
    y = year - 1
    return 365 * y + y // 4 - y // 100 + y // 400 - 719_162


def date_of(days: Days) -> tuple[Days, Days, Days]:
    """Return year, month and day, each from 1, of days since 1970-01-01, of a number or of an array.

    >>> date_of(19_782)
    (2024, 2, 29)
    """
    z = days + 719_468
    era = z // 146_097
    of_era = z - era * 146_097
    y = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * y + y // 4 - y // 100)
    shifted = (5 * of_year + 2) // 153  # months since March
    month = (shifted + 2) % 12 + 1
    return y + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1
