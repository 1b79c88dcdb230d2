"""Sequence: the elements of a list as steps, in order."""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence
from dataclasses import field, replace
from typing import Any, Literal, Self

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids
from featurecols._core.expressions import LISTS, Expression, InexpressibleError
from featurecols._core.slots import Slot
from featurecols._core.spec import frozen
from featurecols.analyzers.base import Analyzer
from featurecols.columns.base import Column, Field, Learned, LearnedSlots
from featurecols.columns.bound import Bound, DenseBound


@frozen
class Sequence(Column):
    """Each element of a list through `source`, as one step: max_length steps, step-major, zeros after the last.

    Missing: a null list is an empty one; a null element is a step, and becomes what the source makes of it.
    Unseen: as the source says; an element without an id is a step of zeros.
    Learns: what its source learns, from the elements.

    Args:
        source: a dense column over a list field: Numeric, Indicator or Embedding.
        max_length: how many steps there are.
        keep: which elements of a longer list stay, the "last" or the "first" ones. Their order is kept.

    The shape is (max_length, width of the source); the number of steps of each row is in Features.lengths.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, when the field holds no lists, and as the source says.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Sequence(fc.Numeric("clicks"), 3)])
    >>> plan.transform({"clicks": [[1, 2, 3, 4], [5], []]})
    array([[2., 3., 4.],
           [5., 0., 0.],
           [0., 0., 0.]], dtype=float32)
    """

    source: Column
    max_length: int
    keep: Literal["last", "first"] = field(default="last", kw_only=True)

    def derived_name(self) -> str:
        return f"{self.source.name}_sequence"

    def check(self) -> None:
        if not isinstance(self.source, Column) or not self.source.steps or isinstance(self.source, Sequence):
            raise errors.argument(
                "Sequence", "source must be a dense column", self.source, "wrap it in Numeric, Indicator or Embedding"
            )
        subject = f"Sequence {self.source.name}"
        if type(self.max_length) is not int or not 1 <= self.max_length <= 2**20:
            raise errors.argument(subject, "max_length must be a positive integer", self.max_length, "give the number of steps")
        if self.keep not in ("last", "first"):
            raise errors.argument(subject, 'keep must be "last" or "first"', self.keep, "last is the default")

    def inputs(self) -> tuple[Field | Column, ...]:
        return self.source.inputs()

    @property
    def needs(self) -> Literal["category", "number", "time", "presence"]:  # type: ignore[override]
        return self.source.needs

    def num_passes(self) -> int:
        return self.source.num_passes()

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        return self.source.analyzers(learned)

    def with_default_normalizer(self) -> Self:
        """Return the column over its source with that normalizer."""
        source = self.source.with_default_normalizer()
        return self if source == self.source else self.replace(source=source)

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> SequenceBound:
        step = self.source.bind(learned, *inputs)
        if not isinstance(step, DenseBound):  # check() let dense columns through alone
            raise TypeError(f"{self.source.name} is not dense")
        return SequenceBound(self, step)


class SequenceBound(DenseBound):
    """A Sequence column with what it needs to run."""

    column: Sequence

    def __init__(self, column: Sequence, step: DenseBound) -> None:
        self.column, self.step = column, step
        self.shape = (column.max_length, step.width)
        self._field = _first_field(column)
        self.ids_from = step.ids_from
        self._of_ids = step.ids_from is not None
        self._none = -1 if step.ids_from is None else step.ids_from.missing_id

    def _trim(self, offsets: Array) -> tuple[Array, Array]:
        """First element and number of steps of each row, after keeping at most max_length."""
        counts = np.minimum(np.diff(offsets), self.column.max_length)
        first = offsets[1:] - counts if self.column.keep == "last" else offsets[:-1]
        return first, counts

    def write(self, *inputs: Any, out: Array) -> None:
        flat, offsets = self._elements(inputs)
        steps = np.zeros((len(flat[0]), self.step.width), np.float32)
        try:
            self.step.write(*flat, out=steps)
        except errors.DataError as e:
            raise self._of_row(e, offsets) from None
        first, counts = self._trim(offsets)
        rows = np.repeat(np.arange(len(counts)), counts)
        at = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        for k in range(self.step.width):
            out[rows, at * self.step.width + k] = steps[np.repeat(first, counts) + at, k]

    def _elements(self, inputs: tuple[Any, ...]) -> tuple[list[Any], Array]:
        pairs = [self._lists(x) for x in inputs]
        return [flat for flat, _ in pairs], pairs[0][1]

    def _lists(self, x: Any) -> tuple[Any, Array]:
        if x.offsets is not None if isinstance(x, Ids) else x.depth > 0:
            return x.elements()  # type: ignore[no-any-return]
        if isinstance(x, Ids):
            there = (x.values >= 0) & (x.values != self._none)
        else:
            there = np.array([v is not None for v in x.to_pylist()], np.bool_)
        if there.any():
            raise self._no_list(int(there.argmax()), "one value a row")
        return x.slice(0, 0), np.zeros(len(x) + 1, np.int64)  # nulls alone have no type: the field may be one of lists

    def _of_row(self, error: errors.DataError, offsets: Array) -> errors.DataError:
        """Return an element's error as its row's."""
        if error.row is None:
            return error
        return error.shifted(int(np.searchsorted(offsets, error.row, side="right")) - 1 - error.row)

    def write_row(self, out: MutableSequence[float], at: int, *inputs: Any) -> None:
        lists = [self._listed(x) for x in inputs]
        steps = list(zip(*lists, strict=True))
        scratch = out[:0]
        for step in steps:  # every element is read, as over arrays, so that a bad one is found at any position
            features = out[:0]
            features.extend([0.0] * self.step.width)
            self.step.write_row(features, 0, *step)
            scratch.extend(features)
        keep = min(len(steps), self.column.max_length)
        start = len(steps) - keep if self.column.keep == "last" else 0
        width = self.step.width
        out[at : at + keep * width] = scratch[start * width : (start + keep) * width]

    def _listed(self, value: object) -> list[Any]:
        if value is None or (self._of_ids and type(value) is int and (value < 0 or value == self._none)):
            return []  # in one row a null list and a null are the same: both have no steps
        if isinstance(value, tuple):  # ids with weights: one weighted id a step
            return [([i], [w]) for i, w in zip(*value, strict=True)]
        if isinstance(value, list):
            return value
        raise self._no_list(None, type(value).__name__)

    def _no_list(self, row: int | None, got: str) -> errors.DataError:
        hint = "drop Sequence, or put the values into lists"
        return errors.DataError(self.column.name, "needs lists", field=self._field, row=row, got=got, hint=hint)

    def lengths(self, *inputs: Any) -> Array:
        """Return the steps of each row, int64 [n]."""
        return self._trim(self._elements(inputs[:1])[1])[1].astype(np.int64)

    def expression(self, *inputs: Expression) -> Expression:
        raise InexpressibleError(LISTS)

    def slot(self, at: int) -> Slot:
        step = replace(self.step.slot(at), name=self.column.name, max_length=self.column.max_length)
        return step if step.kind == "ids" else replace(step, stop=at + self.width, shape=self.shape)

    def id_source(self, *inputs: Any) -> Ids:
        """Return the ids of the steps that stay; of a source that is made of ids."""
        ids = self.step.id_source(*inputs)
        flat, offsets = self._lists(ids)
        first, counts = self._trim(offsets)
        rows = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        at = np.arange(rows[-1]) - np.repeat(rows[:-1], counts) + np.repeat(first, counts)
        return Ids(flat.values[at], rows, None if flat.weights is None else flat.weights[at])

    @property
    def fills(self) -> str:
        return self.step.fills

    def filled(self, *values: object) -> str:
        lists = [value for value in values if isinstance(value, list)]
        if len(lists) < len(values):
            return ""
        return next((text for step in zip(*lists, strict=False) if (text := self.step.filled(*step))), "")

    def label(self, i: int) -> str:
        step, inner = divmod(i, self.step.width)
        label = self.step.label(inner)
        return f"step {step}" if not label else f"step {step}: {label}"


def _first_field(column: Column) -> str:
    """Key of the raw field that the first input comes from: its lists are the steps."""
    first = column.inputs()[0]
    return first.key if isinstance(first, Field) else _first_field(first)
