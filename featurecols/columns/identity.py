"""Identity: integers that are ids already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids
from featurecols._core.buckets import Bucket
from featurecols._core.expressions import Expression, IntegerOf, as_field
from featurecols._core.spec import Converted, frozen
from featurecols.columns._categorical import (
    check_count,
    check_field,
    check_missing_bucket,
    if_missing,
    meaning_with_missing,
)
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, RowIds, id_dtype
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.refused import no_integer

_KEPT = 2**63  # what is kept is int64


@frozen
class Identity(Column):
    """Integers of a field as ids 0 ... num_buckets - 1.

    Missing: id -1, or `missing_bucket`.
    Unseen: an id out of range is an error; `out_of_range="drop"` makes it -1, "keep" lets it through as it is (an indicator
        and an embedding leave it out), and an integer replaces it.
    Learns: nothing.

    Args:
        source: a field of integers, or of floats that are whole numbers (pandas integers with NaN).
        num_buckets: how many ids there are.
        out_of_range: "error", "drop", "keep", or an id below num_buckets.
        missing_bucket: the id of a missing value: one of the ids, or num_buckets to give it a bucket of its own; not beside
            out_of_range="keep".

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not an integer, or one out of range.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Indicator(fc.Identity("floor", 3, out_of_range=0))])
    >>> plan.transform({"floor": [2, None, 7]})
    array([[0., 0., 1.],
           [0., 0., 0.],
           [1., 0., 0.]], dtype=float32)
    """

    categorical: ClassVar[bool] = True
    old_names: ClassVar[Mapping[str, str]] = {"source": "key"}

    source: Converted[str | Field, Field]
    num_buckets: int
    out_of_range: Literal["error", "drop", "keep"] | int = field(default="error", kw_only=True)
    missing_bucket: int | None = field(default=None, kw_only=True)

    def check(self) -> None:
        check_field(self.source, "Identity")
        subject = f"Identity {self.source.key}"
        check_count(subject, "num_buckets", self.num_buckets, 2**62)
        choice = self.out_of_range
        check_missing_bucket(subject, self.missing_bucket, self.num_buckets)
        if choice == "keep" and self.missing_bucket is not None:
            hint = 'give out_of_range="drop" or an id'
            raise errors.argument(subject, "missing_bucket could be an id that is kept", self.missing_bucket, hint)
        if choice in ("error", "drop", "keep") and isinstance(choice, str):
            return
        if type(choice) is not int or not 0 <= choice < self.num_buckets:
            raise errors.argument(
                subject, f'out_of_range must be "error", "drop", "keep" or an id below {self.num_buckets}', choice, "give one"
            )

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> IdentityBound:
        return IdentityBound(self)


class IdentityBound(CategoricalBound):
    """An Identity column with what it needs to run."""

    column: Identity

    def __init__(self, column: Identity) -> None:
        self.column, self._own = column, column.num_buckets
        self.missing_id = -1 if column.missing_bucket is None else column.missing_bucket
        self.num_buckets = max(self._own, self.missing_id + 1)
        self.choice, self.bounded = column.out_of_range, column.out_of_range != "keep"
        self.dtype = np.int64 if self.choice == "keep" else id_dtype(self.num_buckets)
        self.num_seen = None if isinstance(self.choice, int) else column.num_buckets

    def ids(self, view: FieldView) -> Ids:
        try:
            integers = view.integers()
        except errors.DataError as error:
            return self._one_by_one(view, error)
        values = integers.values
        inside = (values >= 0) & (values < self._own)
        if integers.valid is not None:
            inside |= ~integers.valid
        if self.choice == "keep":
            self._refuse(inside | (values < _KEPT), values, integers.offsets, self._too_large)
        elif not inside.all():
            values = self._outside(values, inside, integers.offsets)
        out: Array = values.astype(self.dtype, copy=integers.valid is not None)
        if integers.valid is not None:
            out[~integers.valid] = self.missing_id
        return Ids(out, integers.offsets)

    def _one_by_one(self, view: FieldView, error: errors.DataError) -> Ids:
        """Return the ids where an integer has more than 64 bits; raises `error` where a value is not an integer."""
        elements, offsets = view.elements() if view.depth == 1 else (view, None)
        try:
            integers = elements.exact_integers()
        except errors.DataError:
            raise error from None
        ids: list[int] = []
        for value in integers:
            try:
                ids.append(self._id(value))
            except errors.DataError as e:
                row = len(ids) if offsets is None else int(np.searchsorted(offsets, len(ids), side="right")) - 1
                raise errors.DataError(e.subject, e.problem, field=e.field, row=row, got=e.got, hint=e.hint) from None
        return Ids(np.array(ids, self.dtype), offsets)

    def out_of_range(self, view: FieldView) -> Array:
        try:
            values = view.integers().values
        except errors.DataError:  # an integer past 64 bits is out of range, and anything else an error
            elements = view.elements()[0] if view.depth else view
            return np.array([v is not None and not 0 <= v < self._own for v in elements.exact_integers()], np.bool_)
        return (values < 0) | (values >= self._own)

    def _outside(self, values: Array, inside: Array, offsets: Array | None) -> Array:
        if self.choice == "error":
            self._refuse(inside, values, offsets, self._outside_of)
        return np.where(inside, values, -1 if not isinstance(self.choice, int) else self.choice)

    def _refuse(
        self, good: Array, values: Array, offsets: Array | None, error: Callable[[int | None, int], errors.DataError]
    ) -> None:
        """Raise at the first value that is not good; values outside the rows of this slice do not count."""
        bad = np.flatnonzero(~good)
        if offsets is not None:
            bad = bad[(bad >= offsets[0]) & (bad < offsets[-1])]
        if len(bad):
            row = int(bad[0]) if offsets is None else int(np.searchsorted(offsets, bad[0], side="right")) - 1
            raise error(row, int(values[bad[0]]))

    def _outside_of(self, row: int | None, value: int) -> errors.DataError:
        what, hint = (
            f"id out of range 0 ... {self._own - 1}",
            'say what to do with Identity(out_of_range="drop", "keep" or an id)',
        )
        return errors.bad_value(self.column.name, self.column.source.key, row, what, value, hint)

    def _too_large(self, row: int | None, value: int) -> errors.DataError:
        hint = 'read it with Hashed, or give out_of_range="drop" or an id'
        return errors.bad_value(
            self.column.name, self.column.source.key, row, "needs an integer of 64 bits with a sign", value, hint
        )

    def row(self, value: object) -> RowIds:
        return [self._id(v) for v in value] if isinstance(value, (list, tuple)) else self._id(value)

    def _id(self, value: object) -> int:
        if value is None or value != value:
            return self.missing_id
        if not isinstance(value, (int, float)) or (
            isinstance(value, float) and not (value.is_integer() and abs(value) < 2.0**53)
        ):
            raise no_integer(self.column.name, self.column.source.key, None, value)
        i = int(value)
        if self.choice == "keep" and not -_KEPT <= i < _KEPT:
            raise self._too_large(None, i)
        if 0 <= i < self._own or self.choice == "keep":
            return i
        if self.choice == "error":
            raise self._outside_of(None, i)
        return -1 if self.choice == "drop" else int(self.choice)

    @property
    def fills(self) -> str:
        return f"an id out of range counts as {self.choice}" if isinstance(self.choice, int) else ""

    def filled(self, *values: Any) -> str:
        listed = values[0] if isinstance(values[0], list) else [values[0]]
        return self.fills if any(v is not None and not 0 <= v < self._own for v in listed) else ""

    def expression(self, *inputs: Expression) -> Expression:
        otherwise = self.choice if isinstance(self.choice, int) else None if self.choice == "keep" else -1
        return if_missing(inputs, self.missing_id, IntegerOf(as_field(inputs[0]), self._own, otherwise))

    def meaning(self, bucket: int) -> Bucket:
        return meaning_with_missing(bucket, self.missing_id, self._own, partial(Bucket, "id"))
