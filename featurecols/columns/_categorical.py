"""What the columns over raw categories share: rows, and checks of arguments."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable

import mmh3

from featurecols import errors
from featurecols._core import farmhash
from featurecols._core.arrays import Array, Ids, Tokens
from featurecols._core.buckets import Bucket
from featurecols._core.expressions import Expression, IdExpression, IdIfMissing, RawField
from featurecols._core.values import number
from featurecols.columns.base import Column, Field
from featurecols.columns.bound import Bound, CategoricalBound, RowIds
from featurecols.data.fields.base import FieldView

HASH_LIMITS = {"murmur3": 2**31 - 1, "farmhash64": 2**63 - 1}  # the largest num_buckets of each hash


def row_of(value: object, one: Callable[[object], int], missing_id: int = -1) -> RowIds:
    """Return the id of one value, or those of a list of them; a missing one is missing_id."""
    if value is None:
        return missing_id
    if isinstance(value, (list, tuple)):
        return [missing_id if v is None else one(v) for v in value]
    return one(value)


def missing_of(tokens: Tokens) -> Array | None:
    """Return which values are missing, bool [m]; None for none."""
    valid, codes = tokens.texts.valid, tokens.codes
    if codes is None:
        return None if valid is None else ~valid
    missing: Array = codes < 0
    if valid is not None and len(valid):
        missing |= ~valid[codes]
    return missing if missing.any() else None


def with_missing(found: Ids, view: FieldView, missing_id: int) -> Ids:
    """Return ids, which nobody else has yet, where missing values of their field have missing_id."""
    missing = missing_of(view.tokens())
    if missing is None:
        return found
    values = found.values.copy()
    values[missing] = missing_id
    return Ids(values, found.offsets)


def check_missing_bucket(subject: str, value: object, limit: int) -> None:
    """Raise ColumnError unless missing_bucket is one of the ids, or the one after the last."""
    if value is not None and (type(value) is not int or value < 0):
        hint = "give 0 or more, or leave it out to drop missing values"
        raise errors.argument(subject, "missing_bucket must be an id", value, hint)
    if isinstance(value, int) and value > limit:
        hint = f"{limit} gives it a bucket of its own"
        raise errors.argument(subject, f"missing_bucket must be at most {limit}", value, hint)


def meaning_with_missing(bucket: int, missing_id: int, own: int, meaning: Callable[[int], Bucket]) -> Bucket:
    """Return what an id stands for where `own` of them have a meaning of their own and missing values have missing_id."""
    if bucket >= own:
        return Bucket("missing" if bucket == missing_id else "unused", bucket)
    found = meaning(bucket)
    return dataclasses.replace(found, with_missing=True) if bucket == missing_id else found


def if_missing(inputs: Iterable[Expression], missing_id: int, otherwise: IdExpression) -> IdExpression:
    """Return ids as an expression where missing values of the fields among `inputs` have missing_id, if that is an id."""
    fields = tuple(x for x in inputs if isinstance(x, RawField))
    return IdIfMissing(fields, missing_id, otherwise) if missing_id >= 0 and fields else otherwise


def check_field(source: object, kind: str, argument: str = "source") -> None:
    """Raise ColumnError unless the `argument` of a column that reads raw values names a field."""
    if not isinstance(source, Field):
        raise errors.argument(kind, f"{argument} must name a field", source, 'give "city" or Field("city", missing=...)')


def check_count(subject: str, argument: str, value: object, limit: int) -> None:
    """Raise ColumnError unless a number of ids is an integer within the limit."""
    if type(value) is not int or not 1 <= value <= limit:
        raise errors.argument(subject, f"{argument} must be an integer from 1 to {limit}", value, "give how many ids there are")


def check_number(subject: str, argument: str, value: object, least: float = -math.inf, most: float = math.inf) -> None:
    """Raise ColumnError unless an argument is a finite number, float or integer, from `least` to `most`.

    NaN, infinity, booleans, texts and integers beyond float64 are refused.
    """
    found = number(value)
    if found is not None and math.isfinite(found) and least <= found <= most:
        return
    limits = [f"at least {least:g}"] * math.isfinite(least) + [f"at most {most:g}"] * math.isfinite(most)
    example = least if math.isfinite(least) else most if math.isfinite(most) else 0
    what = f"{argument} must be a finite number{' of ' if limits else ''}{' and '.join(limits)}"
    raise errors.argument(subject, what, value, f"give a number such as {argument}={example:g}")


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


def require_one_number(subject: str, source: Field | Bound) -> None:
    """Raise ColumnError where a column of numbers has several in a row, as a mean of each of many classes is."""
    if isinstance(source, Bound) and not source.categorical and source.width > 1:
        hint = "use it as it is"
        raise errors.argument(subject, "source must be one number a row", f"{source.width} of {source.column.name}", hint)


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
