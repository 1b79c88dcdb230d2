"""Ratio, Difference and Product: two numbers of a row as one."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, MutableSequence
from dataclasses import field
from typing import ClassVar, Literal

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.expressions import Expression, Filled, as_number, computed
from featurecols._core.numbers import Numbers
from featurecols._core.spec import Converted, frozen
from featurecols._core.values import number
from featurecols.columns._row_numbers import number_of
from featurecols.columns._scaled import as_scaled
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, DenseBound
from featurecols.data.fields.base import FieldView

_FLATTEN = "flatten the field"


@frozen
class _OfTwo(Column):
    """Base of a number that two others of its row give."""

    abstract: ClassVar[bool] = True
    numeric: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("a", "b")
    needs: ClassVar[Literal["category", "number", "time", "presence"]] = "number"
    _between: ClassVar[str]  # the names of its inputs, in its own

    a: Converted[str | Field | Column, Field | Column]
    b: Converted[str | Field | Column, Field | Column]
    default: float | None = field(default=None, kw_only=True)

    def derived_name(self) -> str:
        return f"{self.a.name}_{self._between}_{self.b.name}"

    def check(self) -> None:
        kind = type(self).__name__
        for name, source in (("a", self.a), ("b", self.b)):
            plain = isinstance(source, Column) and source.numeric and not getattr(source, "shape", ())
            if not isinstance(source, Field) and not plain:
                hint = 'give "price", Numeric("price") or another column of one number a row'
                raise errors.argument(kind, f"{name} must be a field or a number", source, hint)
        if self.default is not None and number(self.default) is None:
            hint = "give a number, or leave it out to refuse missing ones"
            raise errors.argument(f"{kind} {self.a.name}", "default must be a number", self.default, hint)

    def with_default_normalizer(self) -> Column:
        """Return a Numeric of it with a ZScore that is learned."""
        return as_scaled(self)

    @abstractmethod
    def _of_arrays(self, a: Array, b: Array) -> Array:
        """Return float64 [n] of two of them, NaN where it is missing."""

    @abstractmethod
    def _of_numbers(self, a: float, b: float) -> float:
        """Return the same of one row."""

    @abstractmethod
    def _of_expressions(self, a: Expression, b: Expression) -> Expression:
        """Return it as an expression."""

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> DenseBound:
        return _OfTwoBound(self)


@frozen
class Ratio(_OfTwo):
    """A number divided by another one, such as rooms per household.

    Missing: where either is missing, and where b is 0: `default` takes its place, in other columns too. Without one it is
        missing to a column that reads this one, and an error in the features.
    Unseen: does not arise.
    Learns: nothing. `Numeric(Ratio(...), normalizer=ZScore())` learns a scale.

    Args:
        a, b: fields of numbers, or columns of one number a row.
        default: what a missing one counts as; nan lets it through, and infinite ones, which are errors otherwise.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not a number, and for lists.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Ratio("rooms", "households", default=0)])
    >>> plan.transform({"rooms": [6, 5, None], "households": [4, 0, 2]}).ravel()
    array([1.5, 0. , 0. ], dtype=float32)
    """

    _between: ClassVar[str] = "per"

    def _of_arrays(self, a: Array, b: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.where(b == 0.0, np.nan, a / b)

    def _of_numbers(self, a: float, b: float) -> float:
        return math.nan if b == 0.0 else a / b

    def _of_expressions(self, a: Expression, b: Expression) -> Expression:
        return computed("divide", as_number(a), computed("nonzero", as_number(b)))


@frozen
class Difference(_OfTwo):
    """A number less another one, such as a price less its cost.

    Missing: where either is missing, `default` takes its place, in other columns too. Without one it is missing to a column
        that reads this one, and an error in the features.
    Unseen: does not arise.
    Learns: nothing. `Numeric(Difference(...), normalizer=ZScore())` learns a scale.

    Args:
        a, b: fields of numbers, or columns of one number a row; of times, take Elapsed.
        default: what a missing one counts as; nan lets it through, and infinite ones, which are errors otherwise.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not a number, and for lists.

    >>> import featurecols as fc
    >>> fc.compile([fc.Difference("price", "cost")]).transform({"price": [5.5], "cost": [3]})
    array([[2.5]], dtype=float32)
    """

    _between: ClassVar[str] = "minus"

    def _of_arrays(self, a: Array, b: Array) -> Array:
        with np.errstate(all="ignore"):
            return a - b

    def _of_numbers(self, a: float, b: float) -> float:
        return a - b

    def _of_expressions(self, a: Expression, b: Expression) -> Expression:
        return computed("subtract", as_number(a), as_number(b))


@frozen
class Product(_OfTwo):
    """A number times another one, such as a quantity times its price.

    Missing: where either is missing, `default` takes its place, in other columns too. Without one it is missing to a column
        that reads this one, and an error in the features.
    Unseen: does not arise.
    Learns: nothing. `Numeric(Product(...), normalizer=ZScore())` learns a scale.

    Args:
        a, b: fields of numbers, or columns of one number a row.
        default: what a missing one counts as; nan lets it through, and infinite ones, which are errors otherwise.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not a number, and for lists.

    >>> import featurecols as fc
    >>> fc.compile([fc.Product("price", "count")]).transform({"price": [2.5], "count": [3]})
    array([[7.5]], dtype=float32)
    """

    _between: ClassVar[str] = "times"

    def _of_arrays(self, a: Array, b: Array) -> Array:
        with np.errstate(all="ignore"):
            return a * b

    def _of_numbers(self, a: float, b: float) -> float:
        return a * b

    def _of_expressions(self, a: Expression, b: Expression) -> Expression:
        return computed("multiply", as_number(a), as_number(b))


class _OfTwoBound(DenseBound):
    """A number of two with what it needs to run."""

    column: _OfTwo
    values_are_features: ClassVar[bool] = False  # missing ones are refused in the features alone

    def __init__(self, column: _OfTwo) -> None:
        self.column = column
        self._default = None if column.default is None else float(column.default)
        self._lets_through = self._default is not None and math.isnan(self._default)
        self._keys = [s.key if isinstance(s, Field) else s.term_fields()[0] for s in (column.a, column.b)]

    @property
    def evaluate(self) -> Callable[..., Numbers]:
        return self.values

    def values(self, a: FieldView | Numbers, b: FieldView | Numbers) -> Numbers:
        """Return float64 [n], NaN where it is missing and there is no default."""
        found = self.column._of_arrays(self._numbers(a, 0), self._numbers(b, 1))
        if self._default is not None and not self._lets_through:
            found = np.where(np.isnan(found), self._default, found)
        return Numbers(found)

    def _numbers(self, source: FieldView | Numbers, which: int) -> Array:
        found = source.numbers()
        if found.offsets is None:
            return found.values.reshape(-1).astype(np.float64, copy=False)
        if len(source):
            raise errors.bad_value(self.column.name, self._keys[which], 0, "needs one number a row", "a list", _FLATTEN)
        return np.empty(0)

    @property
    def row(self) -> Callable[[object, object], float]:
        return self._of_row

    def _of_row(self, a: object, b: object) -> float:
        found = self.column._of_numbers(self._number(a, 0), self._number(b, 1))
        return found if found == found or self._default is None else self._default

    def _number(self, value: object, which: int) -> float:
        return number_of(value, self.column.name, self._keys[which], _FLATTEN)

    @property
    def write(self) -> Callable[..., None]:
        return self._write

    def _write(self, a: FieldView | Numbers, b: FieldView | Numbers, *, out: Array) -> None:
        x = self.values(a, b).values
        if not self._lets_through and not (fine := np.isfinite(x)).all():
            row = int(fine.argmin())
            raise self._refusal(row, float(x[row]), float(self._numbers(a, 0)[row]), float(self._numbers(b, 1)[row]))
        with np.errstate(over="ignore"):
            out[...] = x.reshape(out.shape)

    @property
    def write_row(self) -> Callable[..., None]:
        return self._write_row

    def _write_row(self, out: MutableSequence[float], at: int, a: object, b: object) -> None:
        x = self._of_row(a, b)
        if x - x != 0.0 and not self._lets_through:
            raise self._refusal(None, x, self._number(a, 0), self._number(b, 1))
        out[at] = x

    def _refusal(self, row: int | None, x: float, a: float, b: float) -> errors.DataError:
        """Return what to raise for a number that is missing or infinite."""
        name, which = self.column.name, 0 if a != a else 1
        hint = f"give {type(self.column).__name__}(default=...), or default=float('nan') to let it through"
        if a != a or b != b:
            problem = "a number is missing and there is no default"
            return errors.bad_value(name, self._keys[which], row, problem, None, hint)
        if x != x and b == 0.0:
            return errors.bad_value(name, self._keys[1], row, "the denominator is 0 and there is no default", b, hint)
        problem = "the result is not a number" if x != x else "the result is infinite"
        return errors.bad_value(name, self._keys[0], row, problem, (a, b), hint)

    def expression(self, *inputs: Expression) -> Expression:
        found = as_number(self.column._of_expressions(*inputs))
        return found if self._default is None or self._lets_through else Filled(found, self._default)

    @property
    def fills(self) -> str:
        return "" if self._default is None or self._lets_through else f"missing counts as {self._default:.6g}"

    def filled(self, *values: object) -> str:
        found = self.column._of_numbers(*(self._number(value, which) for which, value in enumerate(values)))
        return self.fills if found != found else ""
