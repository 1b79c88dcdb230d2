"""Weighted: ids with a weight each, taken from another field."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import field
from typing import Any, ClassVar, Literal

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Ids
from featurecols._core.buckets import Bucket
from featurecols._core.elements import Elements
from featurecols._core.expressions import Expression, Filled, WeightedIds, as_ids, as_number
from featurecols._core.spec import Converted, frozen
from featurecols._core.values import float32, number
from featurecols.columns._categorical import categorical_bound, check_categorical
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, RowIds
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.refused import no_number


@frozen
class Weighted(Column):
    """The ids of `source`, each with the weight at the same position of the field `weight`.

    Missing: a value without an id keeps none, whatever its weight; a null weight where there is an id is an error unless
        `default` is given.
    Unseen: as the source says.
    Learns: nothing of its own.

    Args:
        source: a categorical column.
        weight: a field with one number for each value of the source, lists beside lists.
        default: the weight of a null or NaN.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for lengths that differ and for weights that are missing, infinite
            or beyond float32.

    >>> import featurecols as fc
    >>> tags = fc.Weighted(fc.Vocabulary("tag", ["a", "b"]), "score")
    >>> fc.compile([fc.Indicator(tags)]).transform({"tag": [["a", "b", "a"]], "score": [[0.5, 2.0, 1.0]]})
    array([[1.5, 2. ]], dtype=float32)
    """

    categorical: ClassVar[bool] = True
    weighs: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("source", "weight")
    needs: ClassVar[Literal["category", "number"]] = "number"

    source: Column
    weight: Converted[str | Field, Field]
    default: float | None = field(default=None, kw_only=True)

    def derived_name(self) -> str:
        return f"{self.source.name}_weighted_by_{self.weight.key}"

    def check(self) -> None:
        check_categorical(self.source, "Weighted")
        if self.source.weighs:
            raise errors.argument("Weighted", "source is weighted already", self.source, "weigh it once")
        if not isinstance(self.weight, Field):
            raise errors.argument(
                "Weighted", "weight must name a field", self.weight, 'give "score" or Field("score", missing=...)'
            )
        if self.default is not None:
            if number(self.default) is None or not math.isfinite(float32(float(self.default))):
                subject, what = f"Weighted {self.weight.key}", "default must be a number that float32 holds"
                raise errors.argument(subject, what, self.default, "leave it out to refuse nulls")
            object.__setattr__(self, "default", float(self.default))

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> WeightedBound:
        return WeightedBound(self, categorical_bound(inputs[0]))

    @property
    def weight_field(self) -> Field:
        return self.weight


class WeightedBound(CategoricalBound):
    """A Weighted column with what it needs to run."""

    column: Weighted

    def __init__(self, column: Weighted, source: CategoricalBound) -> None:
        self.column, self.source, self.num_buckets = column, source, source.num_buckets
        self.bounded = source.bounded
        self._key, self._default = column.weight.key, column.default

    def ids(self, ids: Ids, view: FieldView) -> Ids:
        flat, starts = ids.elements()
        numbers = view.numbers()
        weights, offsets = numbers.values, numbers.offsets
        if offsets is None:
            offsets = np.arange(len(weights) + 1)
        wrong = np.flatnonzero(np.diff(starts) != np.diff(offsets))
        if len(wrong):
            row = int(wrong[0])
            raise self._length(row, int(starts[row + 1] - starts[row]), int(offsets[row + 1] - offsets[row]))
        weights = weights[offsets[0] : offsets[-1]]
        with np.errstate(over="ignore"):
            rounded = weights.astype(np.float32)
            if not (fine := np.isfinite(rounded)).all():
                missing, needed = np.isnan(weights), flat.values >= 0
                refused = needed & (~fine if self._default is None else ~fine & ~missing)
                if refused.any():
                    first = int(refused.argmax())
                    raise self._refusal(int(np.searchsorted(starts, first, side="right")) - 1, float(weights[first]))
                rounded = np.where(missing, self._default or 0.0, weights).astype(np.float32)
        return Ids(flat.values, None if ids.offsets is None else starts, rounded)

    def _length(self, row: int | None, ids: int, weights: int) -> errors.DataError:
        what = f"needs one weight for each of {ids} values"
        return errors.DataError(self.column.name, what, field=self._key, row=row, got=str(weights), hint="mend the lists")

    def _refusal(self, row: int | None, weight: float) -> errors.DataError:
        """Return what to raise for a weight of an id that is missing without a default, or that float32 does not hold."""
        if weight != weight:
            what, got, hint = "a weight is missing", None, "give Weighted(default=...)"
        else:
            what, got, hint = "a weight is infinite, or beyond the range of float32 (3.4e38)", weight, "scale or mend it"
        return errors.bad_value(self.column.name, self._key, row, what, got, hint)

    def row(self, ids: Any, value: object) -> RowIds:
        single = not isinstance(ids, list)
        if isinstance(value, (list, tuple)):
            weights = list(value)
        else:
            weights = [value] if single or value is not None else []
        if ids == -1 and value in (None, []):  # in one row a null list and a null are the same
            return [], []
        found = [ids] if single else ids
        if len(found) != len(weights):
            raise self._length(None, len(found), len(weights))
        return found, [self._weight(w, i) for w, i in zip(weights, found, strict=True)]

    def _weight(self, value: object, bucket: int) -> float:
        if value is None or value != value:
            if self._default is None and bucket >= 0:
                raise self._refusal(None, math.nan)
            return float32(self._default or 0.0)
        try:
            if isinstance(value, (int, float)):
                weight = float32(float(value))
                if bucket >= 0 and weight - weight != 0.0:
                    raise self._refusal(None, float(value))
                return weight
        except OverflowError:
            pass
        raise no_number(self.column.name, self._key, None, value)

    @property
    def fills(self) -> str:
        return "" if self._default is None else f"a missing weight counts as {self._default:.6g}"

    def filled(self, *values: Any) -> str:
        listed = values[1] if isinstance(values[1], list) else [values[1]]
        return self.fills if None in listed else ""

    def expression(self, *inputs: Expression) -> Expression:
        weight = as_number(inputs[1])
        return WeightedIds(as_ids(inputs[0]), weight if self._default is None else Filled(weight, self._default))

    def meaning(self, bucket: int) -> Bucket:
        return self.source.meaning(bucket)

    def elements(self, ids: Ids, inputs: Callable[[int], Elements]) -> Elements:
        return inputs(0)
