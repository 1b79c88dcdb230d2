"""Bucketized: numbers into intervals."""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import ClassVar, Literal

import numpy as np

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Ids
from featurecols._core.buckets import Bucket
from featurecols._core.expressions import LISTS, Expression, InexpressibleError, Search, as_number
from featurecols._core.numbers import Numbers, rounded_to_float32
from featurecols._core.spec import Converted, frozen
from featurecols._core.values import number
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.placeholders import EqualWidth, Marker, Quantiles
from featurecols.columns.base import Column, Field, Learned, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, RowIds
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.refused import no_number


@frozen
class Bucketized(Column):
    """The interval that a number falls into: with boundaries b0 < b1 < ... the buckets are (-inf, b0) [b0, b1) ... [bk, inf).

    Missing: id -1, or `missing_bucket`.
    Unseen: does not arise; inf and -inf fall into the outer buckets.
    Learns: the boundaries, when they are Quantiles(n) or EqualWidth(n).

    Args:
        source: a field, read as float64 (a list is multi-valued), or a Numeric: its filled and normalized values in full
            precision. A Numeric with dtype="float32" is compared in float32: boundaries are rounded too, as TensorFlow does.
        boundaries: strictly increasing numbers, or Quantiles(n) or EqualWidth(n).
        missing_bucket: the id of a missing value: one of the buckets, or one past the last to give it a bucket of its own.

    With k buckets an element, element j of a source of shape (m,) has id `bucket + k * j`, and there are k * m in all.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not a number.

    >>> import featurecols as fc
    >>> bands = fc.Bucketized("age", [18, 65])
    >>> fc.compile([bands]).encode({"age": [3, 18, 70, None]}).ids["age_bucketized"].values
    array([ 0,  1,  2, -1], dtype=int32)
    """

    categorical: ClassVar[bool] = True
    needs: ClassVar[Literal["category", "number"]] = "number"

    source: Converted[str | Field | Column, Field | Column]
    boundaries: Converted[Sequence[float] | Array | Marker, tuple[float, ...] | Marker]
    missing_bucket: int | None = field(default=None, kw_only=True)

    def derived_name(self) -> str:
        return f"{self.source.name}_bucketized"

    def check(self) -> None:
        if not isinstance(self.source, (Field, Column)):
            raise errors.argument(
                "Bucketized", "source must be a field or a Numeric", self.source, 'give "age" or Numeric("age")'
            )
        subject = f"Bucketized {self.source.name}"
        if isinstance(self.source, Column) and not self.source.numeric:
            raise errors.argument(subject, "source must be a field or a Numeric", self.source, "only numbers have buckets")
        if len(getattr(self.source, "shape", ())) > 1:
            raise errors.argument(
                subject, "source must have at most one dimension", self.source, "flatten it: Numeric(shape=(n,))"
            )
        if not (isinstance(self.boundaries, Marker) and self.boundaries.gives == "boundaries"):
            self._check_boundaries(subject)
        bucket = self.missing_bucket
        if bucket is not None and (type(bucket) is not int or bucket < 0):
            raise errors.argument(
                subject, "missing_bucket must be an id", bucket, "give 0 or more, or leave it out to drop missing values"
            )
        limit = self.boundaries.n if isinstance(self.boundaries, (Quantiles, EqualWidth)) else len(self.boundaries) + 1  # type: ignore[arg-type]
        if bucket is not None and bucket > limit:
            raise errors.argument(
                subject, f"missing_bucket must be at most {limit}", bucket, f"{limit} gives it a bucket of its own"
            )

    def _check_boundaries(self, subject: str) -> None:
        b = self.boundaries
        if not isinstance(b, tuple) or not b or any(number(v) is None for v in b):
            raise errors.argument(
                subject, "boundaries must be numbers, Quantiles(n) or EqualWidth(n)", b, "give at least one number"
            )
        object.__setattr__(self, "boundaries", tuple(float(v) for v in b))
        for left, right in zip(self.boundaries, self.boundaries[1:], strict=False):  # type: ignore[arg-type,index]
            if not left < right:
                raise errors.argument(
                    subject, "boundaries must strictly increase", (left, right), "sort them and drop duplicates"
                )
        if any(math.isnan(v) for v in self.boundaries):  # type: ignore[union-attr]
            raise errors.argument(subject, "a boundary must be a number", b, "use missing_bucket for missing values")

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        if not isinstance(self.boundaries, Marker) or "boundaries" in learned:
            return {}
        return {"boundaries": self.boundaries.analyzer(getattr(self.source, "dtype", "float64"))}

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> BucketizedBound:
        boundaries = learned["boundaries"]["boundaries"] if isinstance(self.boundaries, Marker) else self.boundaries
        exact = np.array(boundaries, dtype=np.float64)
        if getattr(self.source, "dtype", "float64") == "float32":
            exact = rounded_to_float32(exact)
        source = inputs[0]
        width = source.width if isinstance(source, Bound) else 1
        return BucketizedBound(self, exact, width)


class BucketizedBound(CategoricalBound):
    """A Bucketized column with what it needs to run."""

    column: Bucketized

    def __init__(self, column: Bucketized, boundaries: Array, width: int) -> None:
        self.column, self.boundaries, self.size = column, boundaries, width
        self.missing_id = -1 if column.missing_bucket is None else column.missing_bucket
        self.stride = max(len(boundaries), self.missing_id) + 1
        self.num_buckets = self.stride * width
        self._cuts = boundaries.tolist()
        self._field = column.source.key if isinstance(column.source, Field) else None

    def ids(self, source: FieldView | Numbers) -> Ids:
        numbers = source.numbers()
        values, offsets = numbers.values, numbers.offsets
        if offsets is not None and numbers.nested:
            subject, hint = self.column.name, "flatten the inner lists"
            raise errors.DataError(subject, "needs numbers or lists", field=self._field, row=0, got="lists of lists", hint=hint)
        if values.ndim == 2:
            offsets = np.arange(0, values.size + 1, self.size, dtype=np.int64)
            values = values.ravel()
        found = kernels.bucketize.bucketize(values, self.boundaries, self.missing_id, self.size, self.stride)
        return Ids(found, offsets)

    def row(self, value: object) -> RowIds:
        kind = type(value)
        if kind is not int and kind is not float and isinstance(value, (list, tuple)):
            return [self._bucket(v, j % self.size) for j, v in enumerate(value)]
        return self._bucket(value, 0)

    def _bucket(self, value: object, element: int) -> int:
        if value is None or value != value:
            return -1 if self.missing_id < 0 else self.missing_id + self.stride * element
        try:
            if isinstance(value, (int, float)):
                return bisect.bisect_right(self._cuts, float(value)) + self.stride * element
        except OverflowError:
            pass
        raise no_number(self.column.name, self._field, None, value)

    def expression(self, *inputs: Expression) -> Expression:
        if self.size != 1:
            raise InexpressibleError(LISTS)
        return Search(as_number(inputs[0]), tuple(self._cuts), self.missing_id)

    def meaning(self, bucket: int) -> Bucket:
        element, i = divmod(bucket, self.stride)
        of = element if self.size > 1 else None
        if i > len(self._cuts):
            return Bucket("missing" if i == self.missing_id else "unused", i, element=of)
        low, high = ((None, *self._cuts, None)[k] for k in (i, i + 1))
        return Bucket("interval", i, low=low, high=high, with_missing=i == self.missing_id, element=of)
