"""DatePart: the hour, the weekday, the month ... of a time as a category."""

from __future__ import annotations

from dataclasses import field
from functools import cache
from typing import ClassVar, Literal

import numpy as np

from featurecols import errors
from featurecols._core import times as core_times
from featurecols._core.arrays import Array, Ids
from featurecols._core.buckets import Bucket
from featurecols._core.expressions import DatePartOf, Expression, as_field
from featurecols._core.spec import Converted, frozen
from featurecols._core.times import DAY, INSTANT, LOCAL, TIME_OF_DAY, Days, Times
from featurecols._core.zones import Zone, zone
from featurecols.columns._categorical import check_field
from featurecols.columns._times import moment, of_kind, require_kind
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, RowIds
from featurecols.data.fields.base import FieldView

Part = Literal[
    "year", "month", "day", "quarter", "week", "day_of_year", "weekday", "hour", "minute", "is_weekend", "is_month_end"
]
_SIZES = {
    "month": 12,
    "day": 31,
    "quarter": 4,
    "week": 53,
    "day_of_year": 366,
    "weekday": 7,
    "hour": 24,
    "minute": 60,
    "is_weekend": 2,
    "is_month_end": 2,
}
PARTS = ("year", *_SIZES)
_OF_CLOCK = {"hour": 3600, "minute": 60}  # seconds of one
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIRST_DAY, _LAST_DAY = -25_567, 47_481  # 1900-01-01 to 2099-12-31: the parts of these days are looked up


@frozen
class DatePart(Column):
    """A part of a time, such as its hour or its weekday, as a category.

    Missing: id -1.
    Unseen: a year outside `years` has id -1.
    Learns: nothing.

    Args:
        source: a field of timestamps or dates, or of text that writes them (2024-02-29, 2024-02-29T12:30:00+01:00). Hour and
            minute can be read of times of day, too.
        part: "year", whose id is the year less the first of `years`; "month", "day" (of the month), "quarter", "week" (of
            ISO 8601) and "day_of_year", which count from 0; "weekday", where Monday is 0; "hour" and "minute", as they are;
            "is_weekend" (Saturday, Sunday) and "is_month_end" (the last day of a month), 0 or 1.
        timezone: the name of the zone to whose clocks instants (timestamps with a zone) are taken, such as "Europe/Paris". A
            time without a zone is read as it stands, and needs None.
        years: the first and the last year that have an id, of "year" alone.

    Raises:
        ColumnError: for a wrong argument, or a zone that this machine does not know.
        DataError: in use, for a value that is not a time, an instant where there is no `timezone`, a time without a zone where
            there is one.

    >>> import featurecols as fc
    >>> columns = [fc.DatePart("at", "weekday"), fc.DatePart("at", "hour"), fc.DatePart("at", "year", years=(2020, 2029))]
    >>> plan = fc.compile(columns)
    >>> features = plan.encode({"at": ["2024-02-29T12:30:00", "1999-12-31", None]})
    >>> [features.ids[name].values.tolist() for name in ("at_weekday", "at_hour", "at_year")]
    [[3, 4, -1], [12, 0, -1], [4, -1, -1]]
    """

    categorical: ClassVar[bool] = True
    counts: ClassVar[bool] = True
    needs: ClassVar[Literal["category", "number", "time", "presence"]] = "time"

    source: Converted[str | Field, Field]
    part: Part
    timezone: str | None = field(default=None, kw_only=True)
    years: Converted[tuple[int, int] | None, tuple[int, int] | None] = field(default=None, kw_only=True)  # type: ignore[arg-type]

    def derived_name(self) -> str:
        return f"{self.source.name}_{self.part}"

    def check(self) -> None:
        check_field(self.source, "DatePart")
        subject = f"DatePart {self.source.key}"
        if not isinstance(self.part, str) or self.part not in PARTS:
            raise errors.argument(subject, "part must be one of " + ", ".join(PARTS), self.part, 'give "hour" or another')
        if self.timezone is not None:
            if not isinstance(self.timezone, str):
                object.__setattr__(self, "timezone", getattr(self.timezone, "key", self.timezone))
            if not isinstance(self.timezone, str):
                hint = 'give "Europe/Paris" or another'
                raise errors.argument(subject, "timezone must be the name of a time zone", self.timezone, hint)
            zone(self.timezone, subject)
        if self.part != "year" and self.years is not None:
            raise errors.argument(
                subject, f"years says which years have an id, and part is {self.part!r}", self.years, "drop it"
            )
        if self.part == "year":
            self._check_years(subject)

    def _check_years(self, subject: str) -> None:
        years = self.years
        if not isinstance(years, tuple) or len(years) != 2 or any(type(year) is not int for year in years):
            raise errors.argument(subject, "years must be the first and the last year", years, "give years=(2010, 2030)")
        if not 1 <= years[0] <= years[1] <= 9999:
            raise errors.argument(subject, "years must increase, from 1 to 9999", years, "give years=(2010, 2030)")

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> DatePartBound:
        return DatePartBound(self)


class DatePartBound(CategoricalBound):
    """A DatePart column with what it needs to run."""

    column: DatePart

    def __init__(self, column: DatePart) -> None:
        self.column, part = column, column.part
        self._first = 0 if column.years is None else column.years[0]
        self.num_buckets = _SIZES[part] if column.years is None else column.years[1] - column.years[0] + 1
        self._zone: Zone | None = None if column.timezone is None else zone(column.timezone)
        self._unit = _OF_CLOCK.get(part)
        without = (LOCAL, TIME_OF_DAY) if self._unit else (LOCAL,)
        self._allowed = without if column.timezone is None else (INSTANT,)

    def ids(self, view: FieldView) -> Ids:
        found = view.times()
        require_kind(self.column.name, view, found, self._allowed, self._hint)
        out = self._of_clock(found) if self._unit else self._of_days(found)
        if found.valid is not None:
            out[~found.valid] = -1
        return Ids(out, found.offsets)

    def _of_clock(self, found: Times) -> Array:
        unit, size, shown = self._unit or 1, self.num_buckets, found.ticks
        if self._zone is not None:
            counted = self._zone.local(found.seconds()) // unit
        else:
            counted = shown // (unit * found.per_second)
        out: Array = (counted - counted // size * size).astype(np.int32)
        return out

    def _of_days(self, found: Times) -> Array:
        days = found.days() if self._zone is None else self._zone.local(found.seconds()) // DAY
        if len(days) and days.min() >= _FIRST_DAY and days.max() <= _LAST_DAY:
            out: Array = _table(self.column.part)[days - _FIRST_DAY]
        else:
            out = part_of(self.column.part, days).astype(np.int32)
        return self._of_years(out) if self.column.part == "year" else out

    def _of_years(self, years: Array) -> Array:
        ids = years - np.int32(self._first)
        ids[(ids < 0) | (ids >= self.num_buckets)] = -1
        return ids

    def row(self, value: object) -> RowIds:
        if isinstance(value, (list, tuple)):
            return [self._id(v) for v in value]
        return self._id(value)

    def _id(self, value: object) -> int:
        if value is None:
            return -1
        found = moment(self.column.name, self.column.source.key, value)
        of_kind(self.column.name, self.column.source.key, found, self._allowed, self._hint, value)
        seconds = found.seconds if self._zone is None else found.seconds + self._zone.offset(found.seconds)
        if self._unit:
            return seconds // self._unit % self.num_buckets
        found_id = int(part_of(self.column.part, seconds // DAY))
        if self.column.part != "year":
            return found_id
        return found_id - self._first if 0 <= found_id - self._first < self.num_buckets else -1

    def _hint(self, kind: int) -> str:
        """Return the way out where a time is of a kind that the column does not take."""
        if kind == INSTANT:
            return 'say whose clocks: DatePart(..., timezone="Europe/Paris"), or "UTC"'
        if kind == LOCAL:
            return "leave timezone out to read it as it stands, or give the data a zone: tz_localize in pandas"
        if kind == TIME_OF_DAY:
            return "read a field of timestamps or dates" if self._unit is None else "leave timezone out"
        return "read a duration with Elapsed(key)"

    def expression(self, *inputs: Expression) -> Expression:
        column = self.column
        return DatePartOf(as_field(inputs[0]), column.part, column.timezone, self._first, self.num_buckets)

    def unseen(self, view: FieldView) -> Array | None:
        if self.column.part != "year":
            return None
        found = view.times()
        there = np.ones(len(found.ticks), np.bool_) if found.valid is None else found.valid
        return there & (self.ids(view).values < 0)

    def meaning(self, bucket: int) -> Bucket:
        part = self.column.part
        if part == "weekday":
            return Bucket("term", bucket, _WEEKDAYS[bucket])
        if part.startswith("is_"):
            return Bucket("term", bucket, ("no", "yes")[bucket])
        return Bucket("term", bucket, str(bucket + (self._first if part == "year" else 0 if self._unit else 1)))


def part_of(part: str, days: Days) -> Days:
    """Return a part of days since 1970-01-01, of a number or of an array: the year, or the id of any other part."""
    if part in ("weekday", "is_weekend"):
        weekday = (days + 3) % 7
        return weekday if part == "weekday" else (weekday >= 5) * 1
    if part == "week":
        thursday = days - (days + 3) % 7 + 3  # the year of its Thursday is that of a week
        return (thursday - core_times.new_year(core_times.date_of(thursday)[0])) // 7
    year, month, day = core_times.date_of(days)
    if part == "day_of_year":
        return days - core_times.new_year(year)
    if part == "is_month_end":
        return (core_times.date_of(days + 1)[2] == 1) * 1
    return year if part == "year" else month - 1 if part == "month" else day - 1 if part == "day" else (month - 1) // 3


@cache
def _table(part: str) -> Array:
    """Return a part of every day that is looked up, int32."""
    return part_of(part, np.arange(_FIRST_DAY, _LAST_DAY + 1)).astype(np.int32)
