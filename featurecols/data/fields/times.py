"""Timestamps, dates, times of day and durations."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Texts
from featurecols._core.times import (
    DAY,
    DURATION,
    FIRST,
    INSTANT,
    LAST,
    LOCAL,
    NANO,
    TIME_OF_DAY,
    Interval,
    Moment,
    Times,
    moment_of,
    read,
)
from featurecols._core.ways_out import way_out
from featurecols.data import arrow_buffers
from featurecols.data.fields.cleaning import SPACES
from featurecols.data.fields.unsupported import UnsupportedField, scalar
from featurecols.data.missing import present

NUMBER_HINT = 'convert it to a timestamp where it comes from, such as pandas.to_datetime(column, unit="s")'
TEXT_HINT = 'write it as "2024-02-29", "2024-02-29T12:30:00" or "2024-02-29T12:30:00+01:00", or declare the text missing'
YEARS_HINT = "leave the value out, or declare it missing before it is read"
MONTHS_HINT = "months have no fixed length: subtract times, or cast it to seconds for Numeric, as epoch(interval) does"
ZONE_HINT = "a time of day with a zone is no instant: leave the zone out, or give the date with it"
_INTERVAL = np.dtype([("months", np.int32), ("days", np.int32), ("nanoseconds", np.int64)])
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class TimeField(UnsupportedField):
    """Times of an Arrow type: neither numbers nor categories.

    Args:
        key: name of the field.
        array: of timestamps, dates, times or durations of any unit.
    """

    def __init__(self, key: str, array: pa.Array) -> None:
        super().__init__(key, array)
        kind, t = array.type, pa.types
        short = t.is_date32(kind) or t.is_time32(kind)
        self._ticks = arrow_buffers.primitive(array.view(pa.int32() if short else pa.int64()))
        self._per_second = 1 if t.is_date(kind) else _PER_SECOND[kind.unit]
        zoned = t.is_timestamp(kind) and kind.tz is not None
        self._kind = INSTANT if zoned else TIME_OF_DAY if t.is_time(kind) else DURATION if t.is_duration(kind) else LOCAL
        self._in_days = t.is_date(kind)
        self._divisor = 1000 * DAY if t.is_date64(kind) else 1

    def _take(self, rows: Array) -> TimeField:
        return TimeField(self.key, self._as_arrow().take(pa.array(rows)))

    def _read_times(self) -> Times:
        ticks, valid = (
            self._ticks[self.start : self.stop].astype(np.int64, copy=False),
            self._bitmap.rows(self.start, self.stop),
        )
        if valid is not None:
            ticks = np.where(valid, ticks, 0)  # anything may stand under a null
        if self._in_days:
            ticks = ticks // self._divisor * DAY
        if self._kind in (INSTANT, LOCAL) and len(ticks):
            low, high = FIRST * self._per_second, LAST * self._per_second + self._per_second - 1
            if ticks.min() < max(low, -(2**63)) or ticks.max() > min(high, 2**63 - 1):
                row = int(((ticks < max(low, -(2**63))) | (ticks > min(high, 2**63 - 1))).argmax())
                raise beyond(self.key, row, scalar(self._array, self.start + row))
        return Times(ticks, self._per_second, self._kind, None, valid)

    def to_pylist(self) -> list[object]:
        array = self._as_arrow()
        if self._kind == INSTANT:
            array = array.cast(pa.timestamp(array.type.unit, "UTC"))  # whatever zones this machine knows
        return [scalar(array, row) for row in range(len(array))]


class IntervalField(UnsupportedField):
    """Intervals of months, days and nanoseconds, as DuckDB has them: durations, where they have no months and days of 24 hours.

    Args:
        key: name of the field.
        array: of type month_day_nano_interval.
    """

    def _take(self, rows: Array) -> IntervalField:
        return IntervalField(self.key, self._as_arrow().take(pa.array(rows)))

    def _read_times(self) -> Times:
        array = self._array.slice(self.start, len(self))
        buffer, valid = array.buffers()[1], self._bitmap.rows(self.start, self.stop)
        if not len(array) or buffer is None:
            return Times.missing(len(array))
        parts = np.frombuffer(buffer, _INTERVAL, len(array), array.offset * _INTERVAL.itemsize)
        if valid is not None:
            parts = np.where(valid, parts, np.zeros(1, _INTERVAL))  # anything may stand under a null
        if parts["months"].any():
            row = int(np.flatnonzero(parts["months"])[0])
            raise not_a_time(self.key, row, present(array[row].as_py()))
        seconds = parts["nanoseconds"] // NANO
        nanoseconds = parts["nanoseconds"] - seconds * NANO
        return Times(parts["days"].astype(np.int64) * DAY + seconds, 1, DURATION, nanoseconds, valid)

    def to_pylist(self) -> list[object]:
        return list(map(present, super().to_pylist()))


def beyond(key: str, row: int | None, got: object) -> errors.DataError:
    """Return the error of a time outside the years 1 to 9999."""
    return errors.bad_value(key, key, row, "needs a time of the years 1 to 9999", got, YEARS_HINT)


def not_a_time(key: str, row: int | None, got: object) -> errors.DataError:
    """Return the error of a value that is not a time."""
    if isinstance(got, str):
        trimmed = got.strip(SPACES) != got and read(got.strip(SPACES)) is not None
        hint = errors.trim_hint(key) if trimmed else TEXT_HINT
        return errors.bad_value(key, key, row, "needs a time, and the text does not write one", got, hint)
    if isinstance(got, (np.datetime64, datetime.datetime)):
        return beyond(key, row, got)
    hint = MONTHS_HINT if isinstance(got, (Interval, np.timedelta64)) else ""
    hint = hint or (ZONE_HINT if isinstance(got, datetime.time) else way_out(got, NUMBER_HINT))
    return errors.bad_value(key, key, row, "needs a time", got, hint)


def of_texts(key: str, texts: Texts) -> Times:
    """Return the times that texts write; DataError at the first that writes none."""
    kinds, seconds, nanoseconds = kernels.iso_times.scan(texts.offsets, texts.data, texts.valid)
    bad = kinds == kernels.iso_times.NONE
    if bad.any():
        row = int(bad.argmax())
        raise not_a_time(key, row, texts[row].decode("utf-8", "replace"))
    return Times(seconds, 1, kinds, nanoseconds, texts.valid)


def of_values(key: str, values: Sequence[object]) -> Times:
    """Return Python values as times, None where missing; DataError at the first that is not one."""
    found: list[Moment | None] = []
    for row, value in enumerate(values):
        moment = None if value is None else moment_of(value)
        if moment is None and value is not None:
            raise not_a_time(key, row, value)
        found.append(moment)
    return Times.of(found)
