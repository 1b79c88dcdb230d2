"""What Piecewise and an Embedding of it run: numbers between boundaries, and the table rows that they add up."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, MutableSequence
from typing import ClassVar

import numpy as np

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Ids
from featurecols._core.buckets import Bucket
from featurecols._core.elements import Elements
from featurecols._core.expressions import (
    Expression,
    FeatureExpression,
    Filled,
    InexpressibleError,
    Intervals,
    Number,
    Rounded,
    as_number,
    computed,
)
from featurecols._core.fork_safe import cached_property
from featurecols._core.numbers import Numbers
from featurecols._core.slots import IdSlot, Slot
from featurecols._core.spec import frozen
from featurecols._core.values import float32
from featurecols.columns._embedding_tables import Table
from featurecols.columns._row_numbers import LIST_HINT, number_of
from featurecols.columns.base import Column, Field
from featurecols.columns.bound import DenseBound
from featurecols.columns.initializers import Initializer, Zeros
from featurecols.data.fields.base import FieldView

_MOST_EXPRESSED = 257  # boundaries: other systems compute each interval by itself

RowWeights = tuple[list[int], list[float]]  # t and k - 1 with e and z, or nothing


@frozen
class _FlatStart(Initializer):
    """How the table of an Embedding of a Piecewise starts: zeros, but for the slope and the bias."""

    of_line: Initializer

    def make(self, rows: int, dimension: int, seed: int, name: str) -> Array:
        found = Zeros().make(rows, dimension, seed, name)
        found[-2:] = self.of_line.make(2, dimension, seed, name)
        return found


def flat_start(of_line: Initializer) -> Initializer:
    """Return the initializer of the whole table, of that of slope and bias."""
    return _FlatStart(of_line)


def _within(x: Number, low: float, high: float) -> Number:
    """Return the fraction of the way from low to high, 0 before it and 1 after it."""
    return computed("clip", computed("divide", computed("subtract", x, low), high - low), 0.0, 1.0)


def _passed(x: Number, low: float, high: float) -> Number:
    return Filled(_within(x, low, high), 0.0)


class PiecewiseBound(DenseBound):
    """A Piecewise column with what it needs to run.

    What an Embedding reads of it are two weighted ids a row: the interval t with e, and the slope k - 1 with z.
    """

    column: Column
    values_are_features: ClassVar[bool] = False

    def __init__(self, column: Column, source: Field | Column, boundaries: Array) -> None:
        self.column, self.boundaries = column, boundaries
        self.shape = (len(boundaries) - 1,)
        self.num_buckets = len(boundaries) + 1
        self._field = source.key if isinstance(source, Field) else source.term_fields()[0]
        self._inner, self._scale = boundaries[1:-1].tolist(), kernels.piecewise.scale_of(boundaries)
        self._scaled = (boundaries * self._scale).tolist()

    def _numbers(self, source: FieldView | Numbers) -> Array:
        """Return float64 [n], NaN where missing."""
        found = source.numbers()
        if found.offsets is not None and len(source):
            raise self._error("needs one number a row", 0, "a list", LIST_HINT)
        if found.offsets is not None:
            return np.empty(0)
        return np.ascontiguousarray(found.values, np.float64).reshape(-1)

    @property
    def evaluate(self) -> Callable[..., Ids]:
        return self._located

    def _located(self, source: FieldView | Numbers) -> Ids:
        ids, weights = kernels.piecewise.locate(self._numbers(source), self.boundaries)
        return Ids(ids, np.arange(0, len(ids) + 1, 2, dtype=np.int64), weights)

    @property
    def write(self) -> Callable[..., None]:
        return self._write

    def _write(self, source: FieldView | Numbers, *, out: Array) -> None:
        kernels.piecewise.spread(*kernels.piecewise.locate(self._numbers(source), self.boundaries), out)

    @property
    def row(self) -> Callable[[object], RowWeights]:
        return self._located_row

    def _located_row(self, value: object) -> RowWeights:
        x = number_of(value, self.column.name, self._field)
        if x != x:
            return [], []
        t = bisect.bisect_right(self._inner, x)
        b, x = self._scaled, x * self._scale
        low, high = b[0], b[-1]
        x = low if x < low else high if x > high else x
        width = b[t + 1] - b[t]
        e = (x - b[t]) / width + 0.0 if width > 0.0 else 1.0
        return [t, len(b) - 1], [float32(e), float32((x - low) / (high - low) + 0.0)]

    def _error(self, problem: str, row: int | None, got: object, hint: str) -> errors.DataError:
        return errors.bad_value(self.column.name, self._field, row, problem, got, hint)

    @property
    def write_row(self) -> Callable[..., None]:
        return self._write_row

    def _write_row(self, out: MutableSequence[float], at: int, value: object) -> None:
        ids, weights = self._located_row(value)
        if ids:
            t = ids[0]
            for j in range(at, at + t):
                out[j] = 1.0
            out[at + t] = weights[0]

    def expression(self, *inputs: Expression) -> FeatureExpression:
        if self._scale != 1.0:
            raise InexpressibleError("its boundaries are further apart than float64 holds")
        if len(self.boundaries) > _MOST_EXPRESSED:
            raise InexpressibleError(f"it has more than {_MOST_EXPRESSED - 1} intervals")
        b, x = self.boundaries.tolist(), as_number(inputs[0])
        return Intervals(tuple(_passed(x, low, high) for low, high in itertools.pairwise(b)), _within(x, b[0], b[-1]))

    def label(self, i: int) -> str:
        return str(self.meaning(i))

    def elements(self, ids: Ids, inputs: Callable[[int], Elements]) -> Elements:
        return Elements.of_ids(ids.elements()[0], self.meaning)

    def meaning(self, bucket: int) -> Bucket:
        b = self.boundaries.tolist()
        if bucket < len(b) - 1:
            return Bucket("interval", bucket, low=b[bucket], high=b[bucket + 1])
        return Bucket("slope" if bucket == len(b) - 1 else "bias", bucket)


class PiecewiseEmbeddingBound(DenseBound):
    """An Embedding of a Piecewise column with what it needs to run."""

    column: Column

    def __init__(self, column: Column, table: Table) -> None:
        self.column, self.table, self.shape = column, table, (table.shape[1],)

    @cached_property
    def _sums(self) -> Array:
        return kernels.piecewise.sums_before(self.table.array)

    @cached_property
    def _row_sums(self) -> list[list[float]]:
        return self._sums.tolist()  # type: ignore[no-any-return]

    @property
    def write(self) -> Callable[..., None]:
        return self._write

    def _write(self, located: Ids, *, out: Array) -> None:
        kernels.piecewise.pool(located.values, _weights(located), self._sums, self.table.array, out)

    @property
    def write_row(self) -> Callable[..., None]:
        return self._write_row

    def _write_row(self, out: MutableSequence[float], at: int, located: RowWeights) -> None:
        ids, weights = located
        if not ids:
            return
        (t, slope), (e, z), table = ids, weights, self.table.array
        of_interval, of_line = table[t].tolist(), table[slope].tolist()
        for d, before in enumerate(self._row_sums[t]):
            out[at + d] = before + e * of_interval[d] + z * of_line[d]

    def expression(self, *inputs: Expression) -> Expression:
        (located,) = inputs
        if not isinstance(located, Intervals):
            raise InexpressibleError(f"it needs intervals, not {located.gives}")
        rows = self.table.array.tolist()
        weights = [computed("float32", e) for e in (*located.numbers, located.whole)]  # NaN in the last where it is missing
        return Rounded(tuple(_sum([row[d] for row in rows], weights) for d in range(self.width)))

    @property
    def id_source(self) -> Callable[..., Ids]:
        return self._expanded

    def _expanded(self, located: Ids) -> Ids:
        """Return the ids of all rows that are added up, with their weights."""
        return Ids(*kernels.piecewise.expand(located.values, _weights(located)))

    def slot(self, at: int) -> Slot:
        (rows, dimension), name = self.table.shape, self.column.name
        return IdSlot(name, rows, self.table.name, dimension, "sum", cumulative=True)


def _sum(rows: list[float], weights: list[Number]) -> Number:
    """Return the weighted sum of one column of a table, in the order of `kernels.piecewise.pool`; 0 where it is missing."""
    *of_intervals, slope, bias = rows
    total: Number | float = bias
    for e, row in zip(weights, (*of_intervals, slope), strict=True):
        total = computed("add", total, computed("multiply", e, row))
    return Filled(computed("add", total, 0.0), 0.0)


def _weights(located: Ids) -> Array:
    if located.weights is None:
        raise TypeError("ids of a Piecewise have weights")
    return located.weights
