"""What the columns over raw categories share: rows, and checks of arguments."""

from __future__ import annotations

from collections.abc import Callable

import mmh3

from featurecols import errors
from featurecols._core import farmhash
from featurecols.columns.base import Column, Field
from featurecols.columns.bound import Bound, CategoricalBound, RowIds

HASH_LIMITS = {"murmur3": 2**31 - 1, "farmhash64": 2**63 - 1}  # the largest num_buckets of each hash


def row_of(value: object, one: Callable[[object], int]) -> RowIds:
    """Return the id of one value, or those of a list of them; a missing one is -1."""
    if value is None:
        return -1
    if isinstance(value, (list, tuple)):
        return [-1 if v is None else one(v) for v in value]
    return one(value)


def check_field(source: object, kind: str, argument: str = "source") -> None:
    """Raise ColumnError unless the `argument` of a column that reads raw values names a field."""
    if not isinstance(source, Field):
        raise errors.argument(kind, f"{argument} must name a field", source, 'give "city" or Field("city", missing=...)')


def check_count(subject: str, argument: str, value: object, limit: int) -> None:
    """Raise ColumnError unless a number of ids is an integer within the limit."""
    if type(value) is not int or not 1 <= value <= limit:
        raise errors.argument(subject, f"{argument} must be an integer from 1 to {limit}", value, "give how many ids there are")


def check_categorical(source: object, kind: str) -> None:
    """Raise ColumnError unless `source` is a column that gives ids."""
    if not isinstance(source, Column) or not source.categorical:
        hint = (
            "wrap the field in Vocabulary, Hashed, Identity or Bucketized"
            if isinstance(source, Field)
            else "give a categorical column"
        )
        raise errors.argument(kind, "source must give ids", source, hint)


def categorical_bound(bound: Field | Bound) -> CategoricalBound:
    """Return the Bound of a source that check_categorical let through."""
    if not isinstance(bound, CategoricalBound):
        raise TypeError(f"{bound!r} gives no ids")
    return bound


def check_hash(subject: str, hash: object, seed: object) -> None:
    """Raise ColumnError unless a hash is known and its seed fits; murmur3 has 32 bits of it, farmhash64 64."""
    if not isinstance(hash, str) or hash not in HASH_LIMITS:
        raise errors.argument(subject, "hash must be one of " + ", ".join(HASH_LIMITS), hash, "murmur3 is the default")
    limit = 2**32 - 1 if hash == "murmur3" else 2**64 - 1
    if type(seed) is not int or not 0 <= seed <= limit:
        raise errors.argument(subject, f"seed must be an integer from 0 to {limit}", seed, "0 is the default")


def row_hash(hash: str, seed: int) -> Callable[[bytes], int]:
    """Return the hash as a function of one value's bytes."""
    if hash == "farmhash64":
        return farmhash.fingerprint64
    return lambda data: mmh3.hash(data, seed, signed=False)
