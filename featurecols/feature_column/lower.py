"""A declaration plus its feeds becomes the language's columns; their ids go back to the positions they came from.

Only positions are worked on here. Every id is computed by a column of the language.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols.columns.base import Bound, Column, Field, LearnedSlots
from featurecols.columns.bucketized import Bucketized
from featurecols.columns.crossed import Crossed
from featurecols.columns.hashed import Hashed
from featurecols.columns.identity import Identity
from featurecols.columns.numeric import Numeric
from featurecols.columns.vocabulary import Vocabulary
from featurecols.feature_column import categorical, dtypes, errors, numeric, sequence, sparse_indices, vocabulary
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.raw_inputs import KEY, Fed, rows_of
from featurecols.feature_column.tensors import SparseTensor, Tensor, array_of, numpy_of, tensor_of

FIELD = Field(KEY)  # the one input of every lowered column; feeds are passed by hand, not by name


class IdWeightPair(NamedTuple):
    """Ids of a categorical column at their positions, and weights paired with them by position in the list, or None."""

    id_tensor: SparseTensor
    weight_tensor: SparseTensor | None


class Transformed:
    """The features of one call, and what columns made of them; each column is transformed once.

    v1: the call is one of version 1's functions, which differ in their errors (see graph_mode.py).
    """

    def __init__(self, features: Mapping[str, Any], v1: bool = False) -> None:
        self.features, self.v1 = features, v1
        self._made: dict[Any, Any] = {}

    def raw(self, key: str, subject: str) -> Tensor:
        """The feature as a tensor of rank 2 or more; DataError (a ValueError) where it is absent."""
        if key not in self._made:
            if key not in self.features:
                listed = ", ".join(map(repr, self.features)) or "no features"
                raise errors.bad_input(subject, key, "feature is not in the features dict", key, f"the dict has {listed}")
            value = self.features[key]
            self._made[key] = value if isinstance(value, Tensor) else tensor_of(key, value)
        found: Tensor = self._made[key]
        return found

    def once(self, key: Any, make: Any) -> Any:
        """make(), kept under key for the rest of the call."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


def sparse_tensors(column: FeatureColumn, features: Mapping[str, Any] | Transformed) -> IdWeightPair:
    """The ids of a categorical column over features, as TensorFlow's get_sparse_tensors gives them.

    Raises:
        DataError: (a ValueError) a feature that is absent, of rank 0, or of a type that the column cannot read.
        InvalidArgumentError: crossed features of different batch sizes or of rank 3; a bad vocabulary file.

    >>> from featurecols import feature_column as fc
    >>> sparse_tensors(fc.categorical_column_with_identity("day", 7), {"day": [3, -1, 9]}).id_tensor
    SparseTensor(indices=[[0, 0], [2, 0]], values=[3, 9], dense_shape=(3, 1))
    """
    cache = features if isinstance(features, Transformed) else Transformed(features)
    found: IdWeightPair = cache.once((ids_of, column), lambda: ids_of(column, cache))
    return found


def bound(owner: Any, make: Any) -> Any:
    """The lowered form of a declaration, made on first use and kept with it."""
    kept = vars(owner)
    if "_lowered" not in kept:
        kept["_lowered"] = make()
    return kept["_lowered"]


def bind(column: Column, *inputs: Bound) -> Any:
    return column.bind(LearnedSlots(), *(inputs or column.inputs()))


@singledispatch
def ids_of(column: Any, cache: Transformed) -> IdWeightPair:
    name = getattr(column, "name", column)
    raise errors.no_attribute(str(name), "is no categorical column", column, "bucketize numbers, or hash them")


def _placed(tensor: Tensor, column: Bound, values: Fed) -> IdWeightPair:
    """Ids of the values of a sparse tensor at its positions, int64."""
    found = column.ids(values).values.astype(np.int64)  # type: ignore[attr-defined]
    assert tensor.indices is not None
    return IdWeightPair(SparseTensor(tensor.indices, found, tensor.shape), None)


def _readable(tensor: Tensor, column: Any) -> Tensor:
    """The tensor of a column of strings or integers, integers as such only where the column's dtype is an integer."""
    dtype = tensor.dtype
    if not (dtype == dtypes.string or dtype.is_integer):
        what, hint = "needs strings or integers", "bucketize numbers, or cast them"
        raise errors.bad_input(column.name, column.key, what, dtype.name, hint)
    if dtype.is_integer != column.dtype.is_integer:
        what = f"the column reads {column.dtype.name}"
        raise errors.bad_input(column.name, column.key, what, dtype.name, "declare the column with the dtype of the feature")
    return tensor


@ids_of.register
def _identity(column: categorical.IdentityCategoricalColumn, cache: Transformed) -> IdWeightPair:
    tensor = sparse_indices.without_ignored(cache.raw(column.key, column.name))
    if not tensor.dtype.is_integer:
        raise errors.bad_input(column.name, column.key, "needs integers", tensor.dtype.name, "hash or look up other values")
    kept = "keep" if column.default_value is None else int(column.default_value)
    made = bound(column, lambda: bind(Identity(FIELD, _int64(column, column.num_buckets), out_of_range=kept)))
    return _placed(tensor, made, Fed(tensor.cast(dtypes.int64).values))


@ids_of.register
def _hashed(column: categorical.HashedCategoricalColumn, cache: Transformed) -> IdWeightPair:
    tensor = _readable(sparse_indices.without_ignored(cache.raw(column.key, column.name)), column)
    made = bound(column, lambda: bind(Hashed(FIELD, _int64(column, column.hash_bucket_size), hash="farmhash64")))
    return _placed(tensor, made, Fed(tensor.values))


@ids_of.register(vocabulary.VocabularyListCategoricalColumn)
@ids_of.register(vocabulary.VocabularyFileCategoricalColumn)
def _vocabulary(column: Any, cache: Transformed) -> IdWeightPair:
    tensor = _readable(sparse_indices.without_ignored(cache.raw(column.key, column.name)), column)
    made = bound(column, lambda: bind(_terms(column)))
    values = tensor.cast(dtypes.int64).values if tensor.dtype.is_integer else tensor.values
    pair = _placed(tensor, made, Fed(values))
    unseen = column.default_value
    if column.num_oov_buckets or unseen >= -1:
        return pair
    ids = pair.id_tensor  # the language has one "none", -1; TensorFlow lets a column name another
    return IdWeightPair(SparseTensor(ids.indices, np.where(ids.values < 0, unseen, ids.values), ids.shape), None)


def _terms(column: Any) -> Vocabulary:
    if column.num_oov_buckets:
        hashed = {"num_oov_buckets": column.num_oov_buckets, "hash": "farmhash64"}
        return Vocabulary(FIELD, vocabulary.terms(column), **hashed)
    if column.default_value is None:
        raise errors.argument(column.name, "default_value must be an id", None, "give -1 for none")
    if not isinstance(column.default_value, int):
        raise errors.wrong_type(column.name, "default_value must be an id", column.default_value, "give -1 for none")
    unseen = _int64(column, column.default_value)
    return Vocabulary(FIELD, vocabulary.terms(column), unseen=None if unseen < 0 else unseen)


def _int64(column: FeatureColumn, number: Any) -> int:
    """A number of a declaration as TensorFlow hands it to its kernels: cut off to an integer of 64 bits."""
    if not -(2**63) <= int(number) < 2**63:
        raise errors.overflow(column.name, "an integer must fit 64 bits", number)
    return int(number)


def float32_of(column: numeric.NumericColumn, cache: Transformed) -> Array:
    """A numeric column's feature, normalized by its function and as float32, in the shape in which it was fed."""
    return cache.once((float32_of, column), lambda: _float32(column, cache))  # type: ignore[no-any-return]


def _float32(column: numeric.NumericColumn, cache: Transformed) -> Array:
    tensor = cache.raw(column.key, column.name)
    if tensor.is_sparse:
        raise errors.bad_input(
            column.name, column.key, "needs a dense feature", "a sparse one", "make it dense, or parse it so"
        )
    if column.normalizer_fn is not None:
        array = array_of(column.key, numpy_of(column.normalizer_fn(tensor.array())))
        if array.dtype.kind in "OSU":
            raise errors.no_cast(column.name, array.dtype)
        tensor = Tensor(column.key, dtypes.as_dtype(array.dtype), array.shape, array.reshape(-1))
    if tensor.dtype == dtypes.string:
        raise errors.no_cast(column.name, tensor.dtype.name)
    return tensor.cast(dtypes.float32).array()


def numeric_column(width: int) -> Numeric:
    """The language's Numeric for `width` numbers a row, read as float32, NaN let through."""
    return Numeric(FIELD, shape=(width,), dtype="float32", default=float("nan"))


def buckets_of(column: numeric.BucketizedColumn, width: int) -> tuple[Bound, Bound]:
    """The language's Numeric and Bucketized for a bucketized column over rows of `width` values."""
    if not all(isinstance(b, (int, float, np.number)) for b in column.boundaries):
        raise errors.wrong_type(column.name, "boundaries must be numbers", column.boundaries, "give numbers")
    cuts = tuple(float(b) for b in column.boundaries)
    number = numeric_column(width)
    reads = bind(number)
    return reads, bind(Bucketized(number, cuts, missing_bucket=len(cuts)), reads)


@ids_of.register
def _bucketized(column: numeric.BucketizedColumn, cache: Transformed) -> IdWeightPair:
    width = column.num_buckets // (len(column.boundaries) + 1)
    values = float32_of(column.source_column, cache)
    batch = values.shape[0]
    if values.size == 1 and batch:  # TensorFlow broadcasts a single value over the elements
        values = np.broadcast_to(values.reshape(1, 1), (1, width))
    what = f"needs {width} values a row"
    if batch == width == 1 and values.size > 1:  # where TensorFlow notices before its kernels
        raise errors.bad_input(column.name, column.source_column.key, what, values.shape, "give it the shape of the feature")
    if values.size != batch * width:
        raise errors.misfit(column.name, what, values.shape, "give numeric_column the shape of the feature")
    reads, buckets = bound(column, lambda: buckets_of(column, width))
    found = buckets.ids(reads.values(rows_of(values, width))).values
    places = np.indices((batch, width), dtype=np.int64).reshape(2, -1).T
    return IdWeightPair(SparseTensor(places, found, (batch, width)), None)


@ids_of.register
def _crossed(column: categorical.CrossedColumn, cache: Transformed) -> IdWeightPair:
    leaves = [_leaf(leaf, column, cache) for leaf in column.leaves()]
    ordered = [leaf for leaf in leaves if leaf.is_sparse] + [leaf for leaf in leaves if not leaf.is_sparse]
    batches = {leaf.shape[0] for leaf in leaves}
    if len(batches) > 1 or any(len(leaf.shape) != 2 for leaf in leaves):
        shapes = [leaf.shape for leaf in leaves]
        raise errors.invalid(column.name, "crosses features [batch, n] of one batch size", shapes, "mend their shapes")
    made = bound(column, lambda: bind(_cross(column, len(leaves))))
    found = made.ids(*(Fed(_whole(leaf).values, sparse_indices.row_offsets(leaf, column.name)) for leaf in ordered))
    counts = np.diff(found.offsets)
    rows = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    places = np.arange(len(rows), dtype=np.int64) - np.repeat(found.offsets[:-1], counts)
    shape = (batches.pop(), int(counts.max()) if len(counts) else 0)
    return IdWeightPair(SparseTensor(np.stack([rows, places], axis=1), found.values.astype(np.int64), shape), None)


def _leaf(leaf: Any, column: categorical.CrossedColumn, cache: Transformed) -> Tensor:
    if isinstance(leaf, str):
        return cache.raw(leaf, column.name)
    ids, weights = sparse_tensors(leaf, cache)
    if weights is not None:
        raise errors.bad_input(column.name, leaf.name, "a weighted column cannot be crossed", leaf.name, "cross what it weighs")
    return Tensor(leaf.name, dtypes.int64, ids.shape, ids.values, ids.indices)


def _whole(leaf: Tensor) -> Tensor:
    """Numbers enter a cross as integers; uint64 and the like by their bits."""
    return leaf if leaf.dtype == dtypes.string else leaf.cast(dtypes.int64)


def _cross(column: categorical.CrossedColumn, parts: int) -> Crossed:
    seed = _int64(column, column.hash_key or 0)
    fields = tuple(Field(f"part {i}") for i in range(parts))
    buckets = _int64(column, column.hash_bucket_size)
    return Crossed(fields, buckets, hash="farmhash64", seed=seed % 2**64, keep_unseen=True)


@ids_of.register
def _weighted(column: categorical.WeightedCategoricalColumn, cache: Transformed) -> IdWeightPair:
    weights = cache.raw(column.weight_feature_key, column.name)
    if weights.dtype != column.dtype:
        what = f"weights must be {column.dtype.name}"
        raise errors.bad_input(column.name, column.weight_feature_key, what, weights.dtype.name, "cast them, or give dtype")
    weights = sparse_indices.without_ignored(weights, ignored=0)
    if not weights.dtype.is_floating:
        weights = weights.cast(dtypes.float32)
    assert weights.indices is not None
    return IdWeightPair(_weighed(column, cache), SparseTensor(weights.indices, weights.values, weights.shape))


def _weighed(column: categorical.WeightedCategoricalColumn, cache: Transformed) -> SparseTensor:
    """What a weighted column weighs: buckets as they are, ids of others; a sequence as its inner column."""
    inner = column.categorical_column
    while isinstance(inner, sequence.SequenceCategoricalColumn):
        inner = inner.categorical_column
    if isinstance(inner, categorical.WeightedCategoricalColumn):
        raise errors.bad_input(column.name, column.weight_feature_key, "weighs a weighted column", inner.name, "weigh it once")
    if not isinstance(inner, numeric.BucketizedColumn):
        return sparse_tensors(inner, cache).id_tensor
    if cache.v1:
        raise errors.wrong_type(column.name, "version 1 cannot weigh buckets", inner.name, "weigh ids, or use DenseFeatures")
    values = float32_of(inner.source_column, cache)
    reads, buckets = buckets_of(inner, 1)
    found = buckets.ids(reads.values(rows_of(values, 1))).values  # type: ignore[attr-defined]
    places = np.indices(values.shape, dtype=np.int64).reshape(values.ndim, -1).T
    return SparseTensor(places, found, values.shape)


@ids_of.register
def _sequence(column: sequence.SequenceCategoricalColumn, cache: Transformed) -> IdWeightPair:
    """The same ids with axes [batch, step, rest]."""
    pair = sparse_tensors(column.categorical_column, cache)
    return IdWeightPair(
        sparse_indices.steps_of(pair.id_tensor),
        None if pair.weight_tensor is None else sparse_indices.steps_of(pair.weight_tensor),
    )
