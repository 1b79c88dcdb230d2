"""Cyclic: a number or a part of a time that comes round again, as a point on a circle."""

from __future__ import annotations

import math
from collections.abc import Callable, MutableSequence
from dataclasses import field
from typing import ClassVar, Literal

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids
from featurecols._core.expressions import (
    Expression,
    FeatureExpression,
    Filled,
    NumberAt,
    Rounded,
    as_ids,
    as_number,
    computed,
)
from featurecols._core.spec import Converted, frozen
from featurecols._core.values import number
from featurecols.columns._categorical import require_one_number
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, DenseBound
from featurecols.columns.elementwise import ElementwiseBound
from featurecols.data.fields.base import FieldView

_ROUND = 32  # values that numpy computes by the same instructions at every position
_INFINITE_HINT = "declare it missing with Field(key, missing=...), or give default=float('nan') to let it through as NaN"
_MISSING_HINT = "give Cyclic(default=...), or default=float('nan') to let NaN through"


@frozen
class Cyclic(Column):
    """Sine and cosine of a number or of a part of a time: two features, equal again after each period.

    Missing: `default` takes its place; without one, an error names the first row.
    Unseen: a year that has no id counts as missing.
    Learns: nothing.

    Args:
        source: a field of numbers, a column of one number a row (Numeric, Elapsed), or a DatePart, whose ids are the numbers.
        period: after how much the number comes round again: 24 for hours, 7 for weekdays, 12 for months.
        default: what a missing number counts as; nan lets it through.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not a number or a time, and an infinite one.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Cyclic(fc.DatePart("at", "hour"), 24)])
    >>> plan.feature_names, (plan.transform({"at": ["06:00", "12:30"]}).round(3) + 0).tolist()
    (('at_hour[sin]', 'at_hour[cos]'), [[1.0, 0.0], [0.0, -1.0]])
    """

    needs: ClassVar[Literal["category", "number", "time", "presence"]] = "number"

    source: Converted[str | Field | Column, Field | Column]
    period: float
    default: float | None = field(default=None, kw_only=True)

    def check(self) -> None:
        source = self.source
        plain = isinstance(source, Column) and source.numeric and not getattr(source, "shape", ())
        if not (isinstance(source, Field) or plain or (isinstance(source, Column) and source.counts)):
            hint = 'give "hour", DatePart("time", "hour") or Numeric("hour")'
            raise errors.argument("Cyclic", "source must be a field, a DatePart or a number", source, hint)
        subject = f"Cyclic {source.name}"
        if number(self.period) is None or not 0 < self.period < math.inf:
            raise errors.argument(subject, "period must be a positive number", self.period, "give 24 for hours of a day")
        if self.default is not None and number(self.default) is None:
            hint = "give a number, or leave it out to refuse missing ones"
            raise errors.argument(subject, "default must be a number", self.default, hint)

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> DenseBound:
        if isinstance(inputs[0], Bound) and inputs[0].categorical:
            return CyclicPartBound(self, inputs[0].num_buckets)
        require_one_number(f"Cyclic {self.name}", inputs[0])
        return CyclicBound(self)


def point(x: Array, period: float) -> Array:
    """Return sine and cosine, float64 [n, 2], of float64 [n], n a multiple of 32."""
    angle = x * (2 * math.pi / period)
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


class CyclicBound(ElementwiseBound):
    """A Cyclic column over numbers with what it needs to run."""

    column: Cyclic

    def __init__(self, column: Cyclic) -> None:
        super().__init__(column, Field(column.source.name), (2,), column.default)
        if isinstance(column.source, Column):
            self._field = column.source.term_fields()[0]
        self._refuses = column.default is None or not math.isnan(column.default)

    def write(self, view: FieldView, *, out: Array) -> None:
        super().write(view, out=out)
        if self._refuses and (infinite := np.isinf(view.numbers().values)).any():
            row = int(infinite.argmax())
            raise self._error("a number is infinite", row, float(view.numbers().values[row]), _INFINITE_HINT)

    def write_row(self, out: MutableSequence[float], at: int, value: object) -> None:
        if self._refuses and isinstance(value, float) and math.isinf(value):
            raise self._error("a number is infinite", None, value, _INFINITE_HINT)
        super().write_row(out, at, value)

    def compute(self, x: Array) -> Array:
        return point(x, self.column.period)

    def label(self, i: int) -> str:
        return ("sin", "cos")[i]

    def expression(self, *inputs: Expression) -> FeatureExpression:
        x = as_number(inputs[0])
        if self.default is not None and not math.isnan(self.default):
            x = Filled(x, float(self.default))
        angle = computed("multiply", x, 2 * math.pi / self.column.period)
        return Rounded((computed("sin", angle), computed("cos", angle)))


class CyclicPartBound(DenseBound):
    """A Cyclic column over the ids of a DatePart: a table of one row for each id."""

    column: Cyclic

    def __init__(self, column: Cyclic, num_buckets: int) -> None:
        self.column, self.shape = column, (2,)
        ids = np.zeros(-(-(num_buckets + 1) // _ROUND) * _ROUND)
        ids[:num_buckets] = np.arange(num_buckets)
        ids[num_buckets] = 0.0 if column.default is None else column.default  # of what is missing, for id -1
        with np.errstate(all="ignore"):
            self._table = point(ids, column.period)[: num_buckets + 1].astype(np.float32)
        self._rows = self._table.tolist()

    @property
    def write(self) -> Callable[..., None]:
        return self._write

    def _write(self, ids: Ids, *, out: Array) -> None:
        if ids.offsets is not None and len(out):
            raise self._error(0, "needs one time a row", "a list", "flatten the field")
        if self.column.default is None and (missing := ids.values < 0).any():
            raise self._error(int(missing.argmax()), "a time is missing and there is no default", None, _MISSING_HINT)
        out[...] = self._table[ids.values]

    @property
    def write_row(self) -> Callable[..., None]:
        return self._write_row

    def _write_row(self, out: MutableSequence[float], at: int, found: object) -> None:
        if not isinstance(found, int):
            raise self._error(None, "needs one time a row", "a list", "flatten the field")
        if found < 0 and self.column.default is None:
            raise self._error(None, "a time is missing and there is no default", None, _MISSING_HINT)
        out[at], out[at + 1] = self._rows[found]

    def _error(self, row: int | None, problem: str, got: object, hint: str) -> errors.DataError:
        return errors.bad_value(self.column.name, self.column.source.term_fields()[0], row, problem, got, hint)

    def label(self, i: int) -> str:
        return ("sin", "cos")[i]

    def expression(self, *inputs: Expression) -> Expression:
        ids = as_ids(inputs[0])
        of_ids, of_missing = self._rows[:-1], self._rows[-1]
        default = [math.nan, math.nan] if self.column.default is None else of_missing
        return Rounded(tuple(NumberAt(ids, tuple(row[i] for row in of_ids), default[i]) for i in range(2)))

    @property
    def fills(self) -> str:
        default = self.column.default
        return "" if default is None or default != default else f"missing counts as {float(default):.6g}"

    def filled(self, *values: object) -> str:
        return self.fills if isinstance(values[0], int) and values[0] < 0 else ""
