"""Elapsed: the time that passed between two timestamps, or that a duration is, as a number."""

from __future__ import annotations

import datetime
from collections.abc import Callable, MutableSequence
from dataclasses import field
from typing import ClassVar, Literal

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.expressions import Expression, InexpressibleError
from featurecols._core.numbers import Numbers
from featurecols._core.spec import Converted, Spec, frozen, public_dir
from featurecols._core.times import DURATION, INSTANT, KINDS, LOCAL, NANO, TIME_OF_DAY, Times, read
from featurecols._core.values import number
from featurecols.columns._categorical import check_field
from featurecols.columns._scaled import as_scaled
from featurecols.columns._times import moment, of_kind, require_kind
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, DenseBound
from featurecols.data.fields.base import FieldView

_UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86_400.0, "weeks": 604_800.0}
_ANY = (INSTANT, LOCAL, TIME_OF_DAY, DURATION)
_MISSING_HINT = "give Elapsed(default=...), or default=float('nan') to let NaN through"


@frozen
class Timestamp(Spec):
    """A fixed time that others are counted from, as ISO 8601 writes it.

    Args:
        text: such as "2024-02-29", "2024-02-29T12:30:00" or "2024-02-29T12:30:00+01:00", or a datetime or date of Python.

    Raises:
        ColumnError: for a text that writes no timestamp.

    >>> import datetime
    >>> Timestamp(datetime.date(2024, 2, 29))
    Timestamp('2024-02-29')
    """

    text: Converted[str | datetime.date, str]

    def check(self) -> None:
        if isinstance(self.text, datetime.date):
            object.__setattr__(self, "text", self.text.isoformat())
        found = read(self.text) if isinstance(self.text, str) else None
        if found is None or found.kind not in (INSTANT, LOCAL):
            hint = 'write "2024-02-29", "2024-02-29T12:30:00" or "2024-02-29T12:30:00+01:00"'
            raise errors.argument("Timestamp", "text must write a timestamp", self.text, hint)

    def __dir__(self) -> list[str]:
        return public_dir(self, Spec)


@frozen
class Elapsed(Column):
    """How much time passed from `start` to `end`, as a number; negative where `end` is earlier.

    Missing: where either is missing, `default` takes its place, in other columns too. Without one it is missing to a column
        that reads this one, and an error in the features.
    Unseen: does not arise.
    Learns: nothing. `Numeric(Elapsed(...), normalizer=ZScore())` learns a scale.

    Args:
        end: a field of timestamps or dates, or of text that writes them; with `start` None, of durations or times of day.
        start: another such field, a Timestamp or a datetime or date of Python; None where `end` holds durations.
        unit: "seconds", "minutes", "hours", "days" (of 24 hours) or "weeks".
        default: what a missing one counts as, in units; nan lets it through.

    Both have a zone, or neither has. The number is (whole seconds + nanoseconds / 10^9) / unit, in float64.

    Raises:
        ColumnError: for a wrong argument.
        DataError: in use, for a value that is not a time, and for two times of which one has a zone.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Elapsed("out", "in", "hours"), fc.Elapsed("in", fc.Timestamp("2024-01-01"))])
    >>> plan.transform({"in": ["2024-01-01T12:00:00"], "out": ["2024-01-02T18:30:00"]})
    array([[30.5,  0.5]], dtype=float32)
    """

    numeric: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("end", "start")
    needs: ClassVar[Literal["category", "number", "time", "presence"]] = "time"

    end: Converted[str | Field, Field]
    start: Converted[str | Field | Timestamp | datetime.date | None, Field | Timestamp | None] = None  # type: ignore[assignment]
    unit: Literal["seconds", "minutes", "hours", "days", "weeks"] = "days"
    default: float | None = field(default=None, kw_only=True)

    def inputs(self) -> tuple[Field | Column, ...]:
        return (self.end, self.start) if isinstance(self.start, Field) else (self.end,)

    def derived_name(self) -> str:
        if self.start is None:
            return f"{self.end.name}_{self.unit}"
        start = self.start.text if isinstance(self.start, Timestamp) else self.start.name
        return f"{self.end.name}_since_{start}"

    def check(self) -> None:
        check_field(self.end, "Elapsed", "end")
        subject = f"Elapsed {self.end.key}"
        if isinstance(self.start, datetime.date):
            object.__setattr__(self, "start", Timestamp(self.start))
        if self.start is not None and not isinstance(self.start, (Field, Timestamp)):
            hint = 'give "start", Timestamp("2024-01-01"), or None for a field of durations'
            raise errors.argument(subject, "start must be a field, a fixed time or None", self.start, hint)
        if not isinstance(self.unit, str) or self.unit not in _UNITS:
            raise errors.argument(subject, "unit must be one of " + ", ".join(_UNITS), self.unit, '"days" is the default')
        if self.default is not None and number(self.default) is None:
            hint = "give a number, or leave it out to refuse missing ones"
            raise errors.argument(subject, "default must be a number", self.default, hint)

    def with_default_normalizer(self) -> Column:
        """Return a Numeric of it with a ZScore that is learned."""
        return as_scaled(self)

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> ElapsedBound:
        return ElapsedBound(self)


class ElapsedBound(DenseBound):
    """An Elapsed column with what it needs to run."""

    column: Elapsed
    values_are_features: ClassVar[bool] = False  # missing ones are refused in the features alone

    def __init__(self, column: Elapsed) -> None:
        self.column, self._unit = column, _UNITS[column.unit]
        self._fixed = read(column.start.text) if isinstance(column.start, Timestamp) else None
        self._default = None if column.default is None else float(column.default)
        fixed = None if self._fixed is None else (self._fixed.kind,)
        self._allowed = fixed or ((TIME_OF_DAY, DURATION) if column.start is None else _ANY)

    @property
    def evaluate(self) -> Callable[..., Numbers]:
        return self.values

    def values(self, end: FieldView, start: FieldView | None = None) -> Numbers:
        """Return float64 [n], NaN where one of them is missing and there is no default."""
        later = self._times(end)
        require_kind(self.column.name, end, later, self._allowed, self._hint)
        seconds = later.seconds()
        after, valid, passed = later.after(seconds), later.valid, seconds
        if start is not None:
            earlier = self._times(start)
            self._require_same(start, later, earlier)
            before = earlier.seconds()
            valid = both(valid, earlier.valid)
            after, passed = less(after, earlier.after(before)), seconds - before
        elif self._fixed is not None:
            passed = seconds - self._fixed.seconds
            after = less(after, self._fixed.nanoseconds or None)
        x: Array = passed.astype(np.float64)
        if after is not None:
            x += after / float(NANO)
        x /= self._unit
        if valid is not None:
            x[~valid] = np.nan if self._default is None else self._default
        return Numbers(x)

    def _times(self, view: FieldView) -> Times:
        found = view.times()
        if found.offsets is not None and len(view):
            raise errors.bad_value(self.column.name, view.key, 0, "needs one time a row", "a list", "flatten the field")
        return found

    def _require_same(self, start: FieldView, later: Times, earlier: Times) -> None:
        """Raise DataError at the first row in which one has a zone and the other has not."""
        if isinstance(later.kinds, int) and isinstance(earlier.kinds, int) and later.kinds == earlier.kinds:
            return
        other = np.broadcast_to(np.not_equal(later.kinds, earlier.kinds), len(later))
        there = both(later.valid, earlier.valid)
        other = other if there is None else other & there
        if other.any():
            row = int(other.argmax())
            kinds = later.kind(row), earlier.kind(row)
            raise self._unlike(start.key, row, kinds, start.slice(row, row + 1).to_pylist()[0])

    def _unlike(self, key: str, row: int | None, kinds: tuple[int, int], got: object) -> errors.DataError:
        problem = f"needs {KINDS[kinds[0]]}, as the end is, and the value is {KINDS[kinds[1]]}"
        hint = "give both fields a zone, or neither: tz_localize in pandas"
        return errors.bad_value(self.column.name, key, row, problem, got, hint)

    def _hint(self, kind: int) -> str:
        """Return the way out where `end` is of a kind that the column does not take."""
        if self._fixed is None:
            return 'say since when: Elapsed(end, "start") or Elapsed(end, Timestamp("2024-01-01"))'
        return "write the zone into Timestamp where the data has one, and only there"

    def row(self, end: object, start: object = None) -> float:  # type: ignore[override]
        """Return the number of one row, NaN where it is missing."""
        name, column = self.column.name, self.column
        if end is not None:
            later = moment(name, column.end.key, end)
            of_kind(name, column.end.key, later, self._allowed, self._hint, end)
        earlier = self._fixed
        if isinstance(column.start, Field):
            earlier = None if start is None else moment(name, column.start.key, start)
            if end is not None and earlier is not None and later.kind != earlier.kind:
                raise self._unlike(column.start.key, None, (later.kind, earlier.kind), start)
        if end is None or (earlier is None and column.start is not None):
            return float("nan") if self._default is None else self._default
        passed, nanoseconds = later.seconds, later.nanoseconds
        if earlier is not None:
            passed, nanoseconds = passed - earlier.seconds, nanoseconds - earlier.nanoseconds
        return (float(passed) + nanoseconds / float(NANO)) / self._unit

    @property
    def write(self) -> Callable[..., None]:
        return self._write

    def _write(self, end: FieldView, start: FieldView | None = None, *, out: Array) -> None:
        x = self.values(end, start).values
        if self._default is None and (missing := np.isnan(x)).any():
            row = int(missing.argmax())
            valid = end.slice(row, row + 1).times().valid
            raise self._missing(row, valid is not None and not valid[0])
        out[...] = x.reshape(out.shape)

    @property
    def write_row(self) -> Callable[..., None]:
        return self._write_row

    def _write_row(self, out: MutableSequence[float], at: int, *values: object) -> None:
        x = self.row(*values)
        if x != x and self._default is None:
            raise self._missing(None, values[0] is None)
        out[at] = x

    def _missing(self, row: int | None, of_end: bool) -> errors.DataError:
        """Return what to raise where the end, or else the start, is missing."""
        start, problem = self.column.start, "a time is missing and there is no default"
        key = start.key if isinstance(start, Field) and not of_end else self.column.end.key
        return errors.bad_value(self.column.name, key, row, problem, None, _MISSING_HINT)

    def expression(self, *inputs: Expression) -> Expression:
        raise InexpressibleError("it reads times")

    @property
    def fills(self) -> str:
        lets_through = self._default is None or self._default != self._default
        return "" if lets_through else f"missing counts as {self._default:.6g}"

    def filled(self, *values: object) -> str:
        return self.fills if any(value is None for value in values) else ""


def both(a: Array | None, b: Array | None) -> Array | None:
    """Return which rows are valid in both; None for all."""
    return b if a is None else a if b is None else a & b


def less(a: Array | None, b: Array | int | None) -> Array | None:
    """Return a - b of nanoseconds, None for zeros."""
    if b is None:
        return a
    return -np.asarray(b) if a is None else a - b
