"""Hashed: any value into a fixed number of buckets, nothing to learn and nothing to keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from functools import partial
from typing import ClassVar, Literal

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Ids, Texts
from featurecols._core.buckets import Bucket
from featurecols._core.elements import Elements
from featurecols._core.expressions import Expression, HashOf, as_text
from featurecols._core.fork_safe import cached_property
from featurecols._core.spec import Converted, frozen
from featurecols._core.values import canonical
from featurecols.columns._categorical import (
    HASH_LIMITS,
    check_count,
    check_field,
    check_hash,
    check_missing_bucket,
    if_missing,
    meaning_with_missing,
    row_hash,
    row_of,
    with_missing,
)
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, RowIds
from featurecols.data.fields.base import FieldView


@frozen
class Hashed(Column):
    """The hash of a value's canonical bytes, modulo num_buckets.

    Missing: id -1, or `missing_bucket`.
    Unseen: does not arise.
    Learns: nothing.

    Args:
        source: the field; its values are strings, bytes, integers, booleans or floats that are whole numbers.
        num_buckets: how many ids; at most 2^31 - 1, with farmhash64 2^63 - 1.
        hash: "murmur3" is `mmh3.hash(bytes, seed, signed=False) % num_buckets`; "farmhash64" is FarmHash Fingerprint64,
            the ids of TensorFlow's hash buckets and of BigQuery's FARM_FINGERPRINT (taken as unsigned).
        seed: an unsigned 32-bit seed of murmur3.
        missing_bucket: the id of a missing value: one of the ids, or one past the last to give it a bucket of its own.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not a category (a fraction, a date).

    >>> import featurecols as fc
    >>> fc.compile([fc.Hashed("city", 1000)]).encode({"city": ["Oslo", "Lima", None]}).ids["city"].values
    array([ 85, 991,  -1], dtype=int32)
    """

    categorical: ClassVar[bool] = True
    old_names: ClassVar[Mapping[str, str]] = {"source": "key"}

    source: Converted[str | Field, Field]
    num_buckets: int
    hash: Literal["murmur3", "farmhash64"] = field(default="murmur3", kw_only=True)
    seed: int = field(default=0, kw_only=True)
    missing_bucket: int | None = field(default=None, kw_only=True)

    def check(self) -> None:
        check_field(self.source, "Hashed")
        subject = f"Hashed {self.source.key}"
        check_hash(subject, self.hash, self.seed)
        check_count(subject, "num_buckets", self.num_buckets, HASH_LIMITS[self.hash])
        if self.hash == "farmhash64" and self.seed:
            raise errors.argument(subject, "farmhash64 takes no seed", self.seed, 'leave it 0, or use hash="murmur3"')
        check_missing_bucket(subject, self.missing_bucket, self.num_buckets)

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> HashedBound:
        return HashedBound(self)


class HashedBound(CategoricalBound):
    """A Hashed column with what it needs to run."""

    column: Hashed

    def __init__(self, column: Hashed) -> None:
        self.column, self._own = column, column.num_buckets
        self.missing_id = -1 if column.missing_bucket is None else column.missing_bucket
        self.num_buckets = max(self._own, self.missing_id + 1)
        self._hash = row_hash(column.hash, column.seed)
        self._key = column.source.key

    def ids(self, view: FieldView) -> Ids:
        found = view.map_texts(self, self._of_texts)
        return found if self.missing_id < 0 else with_missing(found, view, self.missing_id)

    def _of_texts(self, texts: Texts) -> Array:
        return kernels.texts.buckets(texts, self.column.hash, self.column.seed, self._own)

    @cached_property
    def row(self) -> Callable[[object], RowIds]:  # type: ignore[override]
        """Hash one row; a string, which most rows hold, takes the shortest path."""
        of_bytes, num_buckets, one, missing_id = self._hash, self._own, self._id, self.missing_id

        def row(value: object) -> RowIds:
            if type(value) is str:
                try:
                    return of_bytes(value.encode()) % num_buckets
                except UnicodeEncodeError:
                    return one(value)  # which says so
            return row_of(value, one, missing_id)

        return row

    def _id(self, value: object) -> int:
        return self._hash(canonical(value, self.column.name, self._key)) % self._own

    def meaning(self, bucket: int) -> Bucket:
        return meaning_with_missing(bucket, self.missing_id, self._own, partial(Bucket, "hash"))

    def expression(self, *inputs: Expression) -> Expression:
        found = HashOf(as_text(inputs[0]), self.column.hash, self.column.seed, self._own)
        return if_missing(inputs, self.missing_id, found)

    def elements(self, ids: Ids, inputs: Callable[[int], Elements]) -> Elements:
        return inputs(0)
