"""Ids of integers and hashes, crosses, and weights on ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from featurecols.feature_column import base, dtypes, errors
from featurecols.feature_column.base import CategoricalColumn, FeatureColumn
from featurecols.feature_column.dtypes import DType, DTypeLike
from featurecols.feature_column.specs import Spec, VarLenFeature


@dataclass(frozen=True)
class IdentityCategoricalColumn(CategoricalColumn):
    """Made by categorical_column_with_identity."""

    key: str
    number_buckets: int
    default_value: int | None

    @property
    def name(self) -> str:
        return self.key

    @property
    def num_buckets(self) -> int:
        return self.number_buckets

    @property
    def parse_example_spec(self) -> Spec:
        return {self.key: VarLenFeature(dtypes.int64)}


@dataclass(frozen=True)
class HashedCategoricalColumn(CategoricalColumn):
    """Made by categorical_column_with_hash_bucket."""

    key: str
    hash_bucket_size: int
    dtype: DType

    @property
    def name(self) -> str:
        return self.key

    @property
    def num_buckets(self) -> int:
        return self.hash_bucket_size

    @property
    def parse_example_spec(self) -> Spec:
        return {self.key: VarLenFeature(self.dtype)}


@dataclass(frozen=True)
class CrossedColumn(CategoricalColumn):
    """Made by crossed_column."""

    keys: tuple[str | CategoricalColumn, ...]
    hash_bucket_size: int
    hash_key: int | None

    @property
    def name(self) -> str:
        return "_X_".join(sorted(leaf.name if isinstance(leaf, FeatureColumn) else leaf for leaf in self.leaves()))

    @property
    def num_buckets(self) -> int:
        return self.hash_bucket_size

    @property
    def parse_example_spec(self) -> Spec:
        spec: Spec = {}
        for key in self.keys:
            spec.update(key.parse_example_spec if isinstance(key, FeatureColumn) else {key: VarLenFeature(dtypes.string)})
        return spec

    def leaves(self) -> Iterator[str | CategoricalColumn]:
        """Yield the keys, in place of a cross among them its own keys, depth first."""
        for key in self.keys:
            if isinstance(key, CrossedColumn):
                yield from key.leaves()
            else:
                yield key


@dataclass(frozen=True)
class WeightedCategoricalColumn(CategoricalColumn):
    """Made by weighted_categorical_column."""

    categorical_column: CategoricalColumn
    weight_feature_key: str
    dtype: DType

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_weighted_by_{self.weight_feature_key}"

    @property
    def num_buckets(self) -> int:
        return self.categorical_column.num_buckets

    @property
    def parse_example_spec(self) -> Spec:
        spec = dict(self.categorical_column.parse_example_spec)
        if self.weight_feature_key in spec:
            what = "the weights cannot be a feature that the column reads as ids"
            raise errors.argument(self.name, what, self.weight_feature_key, "name another feature")
        return {**spec, self.weight_feature_key: VarLenFeature(self.dtype)}


def categorical_column_with_identity(key: str, num_buckets: int, default_value: int | None = None) -> IdentityCategoricalColumn:
    """Take integers that are ids already.

    Args:
        key: name of the feature.
        num_buckets: ids are meant to be in [0, num_buckets).
        default_value: the id of values out of that range. None keeps them as they are: an indicator shows them as zeros,
            an embedding skips negative ones and refuses the others.

    Raises:
        ValueError: num_buckets below 1, default_value out of range, or a key that is not a string. TypeError: num_buckets None.

    >>> categorical_column_with_identity("day", 7).num_buckets
    7
    """
    subject = f"categorical_column_with_identity {key}"
    num_buckets, default_value = base.plain(num_buckets), base.plain(default_value)
    if base.is_below(num_buckets, 1, subject, "num_buckets"):
        raise errors.argument(subject, "num_buckets must be at least 1", num_buckets, "count the ids")
    if default_value is not None and (
        base.is_below(default_value, 0, subject, "default_value") or default_value >= num_buckets
    ):
        raise errors.argument(
            subject, f"default_value must be in [0, {num_buckets})", default_value, "give one of the ids, or None"
        )
    base.check_key(key, subject)
    return IdentityCategoricalColumn(key, num_buckets, default_value)


def categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: DTypeLike = dtypes.string
) -> HashedCategoricalColumn:
    """Hash strings or integers: the id is Fingerprint64 of the text (decimal digits of an integer), modulo hash_bucket_size.

    Raises:
        ValueError: hash_bucket_size None or below 1, a key that is not a string, or a dtype neither string nor integer.

    >>> categorical_column_with_hash_bucket("city", 1000).name
    'city'
    """
    subject = f"categorical_column_with_hash_bucket {key}"
    hash_bucket_size = base.plain(hash_bucket_size)
    if hash_bucket_size is None or base.is_below(hash_bucket_size, 1, subject, "hash_bucket_size"):
        raise errors.argument(subject, "hash_bucket_size must be at least 1", hash_bucket_size, "say how many buckets")
    base.check_key(key, subject)
    return HashedCategoricalColumn(key, hash_bucket_size, check_text_or_integer(dtype, subject))


def crossed_column(
    keys: Sequence[str | CategoricalColumn], hash_bucket_size: int, hash_key: int | None = None
) -> CrossedColumn:
    """Hash combinations of several features.

    Args:
        keys: at least two feature keys or categorical columns (not hashed ones); a cross among them stands for its keys.
        hash_bucket_size: how many ids.
        hash_key: seed; None and 0 mean the default one.

    Raises:
        ValueError: hash_bucket_size below 1, fewer than two keys, or a key of another kind. TypeError: keys without a length.

    >>> crossed_column(["job", "city"], 1000).name
    'city_X_job'
    """
    subject = "crossed_column"
    hash_bucket_size = base.plain(hash_bucket_size)
    if not hash_bucket_size or base.is_below(hash_bucket_size, 1, subject, "hash_bucket_size"):
        raise errors.argument(subject, "hash_bucket_size must be at least 1", hash_bucket_size, "say how many buckets")
    if keys and not hasattr(keys, "__len__"):
        raise errors.wrong_type(subject, "keys must be a list", keys, "give a list of feature keys and columns")
    if not keys or len(keys) < 2:
        raise errors.argument(subject, "needs at least two keys", keys, "give a list of feature keys and columns")
    for key in keys:
        if not isinstance(key, (str, CategoricalColumn)):
            raise errors.argument(subject, "a key must be a string or a categorical column", key, "bucketize numbers first")
        if isinstance(key, HashedCategoricalColumn):
            raise errors.argument(subject, "a hashed column cannot be crossed", key, f"give its key {key.key!r} instead")
    return CrossedColumn(tuple(keys), hash_bucket_size, base.plain(hash_key))


def weighted_categorical_column(
    categorical_column: CategoricalColumn, weight_feature_key: str, dtype: DTypeLike = dtypes.float32
) -> WeightedCategoricalColumn:
    """Give ids weights from another feature, paired by position in the lists of values.

    Raises:
        ValueError: dtype is None or not a number.

    >>> weighted_categorical_column(categorical_column_with_hash_bucket("tag", 9), "score").name
    'tag_weighted_by_score'
    """
    subject = f"weighted_categorical_column {weight_feature_key}"
    if dtype is not None:
        dtype = dtypes.of_argument(dtype, subject)
    if dtype is None or not (dtype.is_integer or dtype.is_floating):
        raise errors.argument(subject, "dtype must be an integer or floating type", dtype, "use feature_column.dtypes.float32")
    return WeightedCategoricalColumn(categorical_column, weight_feature_key, dtype)


def check_text_or_integer(dtype: DTypeLike, subject: str) -> DType:
    """Return the dtype of a column of strings or integers; raises ColumnError for any other."""
    dtype = dtypes.of_argument(dtype, subject)
    if not (dtype == dtypes.string or dtype.is_integer):
        raise errors.argument(subject, "dtype must be string or an integer type", dtype, "use feature_column.dtypes.string")
    return dtype
