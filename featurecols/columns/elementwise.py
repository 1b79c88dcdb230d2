"""Dense columns written as one numpy function of a number, with the same bits over arrays and in one row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import MutableSequence

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.values import number
from featurecols.columns._row_numbers import LIST_HINT, number_of
from featurecols.columns.base import Column, Field
from featurecols.columns.bound import DenseBound
from featurecols.data.fields.base import FieldView

_AT_ONCE = 1 << 13  # values: what `compute` makes of them stays in the cache
_ROUND = 32  # values: numpy computes whole vectors of them, by the same instructions at every position


class ElementwiseBound(DenseBound):
    """A dense column whose features are a function of one number a row.

    A subclass writes `compute`, and needs no loop over rows. Both paths call it over contiguous float64 arrays whose length
    is a multiple of 32, so that numpy takes its vector instructions for every value and never those for what is left over:
    a value gets the same bits in any position, in a table and in a single row.

    Args:
        column: the column that it is bound from.
        source: the field that it reads.
        shape: of the features of one row.
        default: takes the place of a missing number before `compute`; None refuses missing numbers, nan lets NaN through.
    """

    def __init__(self, column: Column, source: Field, shape: tuple[int, ...] = (), default: float | None = None) -> None:
        if default is not None and number(default) is None:
            raise errors.argument(
                column.name, "default must be a number", default, "give a number, or None to refuse missing ones"
            )
        self.column, self.shape, self.default = column, shape, default
        self._field = source.key

    @abstractmethod
    def compute(self, x: Array) -> Array:
        """Return float64 [n] or [n, width] for float64 [n]; what it gives for a value depends on that value alone."""

    def write(self, view: FieldView, *, out: Array) -> None:
        numbers = view.numbers()
        if numbers.offsets is not None and len(view):
            raise self._error("needs one number a row", 0, "a list", LIST_HINT)
        n = len(view)
        if not n:
            return
        x = np.empty(-(-n // _ROUND) * _ROUND)
        x[:n] = numbers.values
        missing = np.isnan(x[:n])
        if missing.any():
            x[:n][missing] = self._filled(int(missing.argmax()))
        x[n:] = x[n - 1]
        with np.errstate(all="ignore"):
            for start in range(0, n, _AT_ONCE):
                target = out[start : start + _AT_ONCE]
                target[...] = self.compute(x[start : start + _AT_ONCE])[: len(target)].reshape(target.shape)

    def write_row(self, out: MutableSequence[float], at: int, value: object) -> None:
        x = number_of(value, self.column.name, self._field)
        with np.errstate(all="ignore"):
            found = self.compute(np.full(_ROUND, self._filled(None) if x != x else x))[0]
            out[at : at + self.width] = type(out)("f", found.astype(np.float32).reshape(-1).tolist())  # type: ignore[call-arg]

    @property
    def fills(self) -> str:
        return "" if self.default is None or self.default != self.default else f"missing counts as {float(self.default):.6g}"

    def filled(self, *values: object) -> str:
        return self.fills if values[0] is None or values[0] != values[0] else ""

    def _filled(self, row: int | None) -> float:
        """Return what takes the place of a missing number, or raise."""
        if self.default is None:
            raise self._error("a number is missing and there is no default", row, None, "give default=...")
        return self.default

    def _error(self, problem: str, row: int | None, got: object, hint: str) -> errors.DataError:
        return errors.bad_value(self.column.name, self._field, row, problem, got, hint)
