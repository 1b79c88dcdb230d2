"""Declarations lowered to the package's own columns, run over features; ids go back to the positions they came from.

Only positions are worked on here. Every id is computed by a column of the package.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import singledispatch
from typing import NamedTuple, TypeVar, cast

import numpy as np

from featurecols._core.arrays import Array
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, DenseBound
from featurecols.columns.bucketized import Bucketized
from featurecols.columns.crossed import Crossed
from featurecols.columns.hashed import Hashed
from featurecols.columns.identity import Identity
from featurecols.columns.numeric import Numeric
from featurecols.columns.vocabulary import Vocabulary
from featurecols.feature_column import categorical, dtypes, errors, numeric, sequence, sparse_indices, vocabulary
from featurecols.feature_column.base import CategoricalColumn, FeatureColumn
from featurecols.feature_column.raw_inputs import KEY, Fed, rows_of
from featurecols.feature_column.tensors import Features, SparseTensor, Tensor, array_of, numpy_of
from featurecols.feature_column.transformed import Transformed

T = TypeVar("T")
_MOST_BUCKETS = 2**62  # of an Identity that knows a range
Lookup = vocabulary.VocabularyListCategoricalColumn | vocabulary.VocabularyFileCategoricalColumn


class IdWeightPair(NamedTuple):
    """Ids of a categorical column at their positions, and weights paired with them by position in the list, or None."""

    id_tensor: SparseTensor
    weight_tensor: SparseTensor | None


def sparse_tensors(column: FeatureColumn, features: Features | Transformed) -> IdWeightPair:
    """Return the ids of a categorical column over features, as TensorFlow's get_sparse_tensors gives them.

    Raises:
        DataError: (a ValueError) a feature that is absent, of rank 0, or of a type that the column cannot read.
        InvalidArgumentError: crossed features of different batch sizes or of rank 3; a bad vocabulary file.

    >>> from featurecols import feature_column as fc
    >>> sparse_tensors(fc.categorical_column_with_identity("day", 7), {"day": [3, -1, 9]}).id_tensor
    SparseTensor(indices=[[0, 0], [2, 0]], values=[3, 9], dense_shape=(3, 1))
    """
    cache = features if isinstance(features, Transformed) else Transformed(features)
    return cache.once((ids_of, column), lambda: ids_of(column, cache))


def keep_lowered(owner: FeatureColumn, make: Callable[[], T]) -> T:
    """Return the lowered form of a declaration, made on first use and kept with it."""
    kept = vars(owner)
    if "_lowered" not in kept:
        kept["_lowered"] = make()
    return cast(T, kept["_lowered"])


def field_of(subject: str) -> Field:
    """Return the one input of a lowered column; features are passed by hand, so that its key is only shown in errors."""
    return Field(subject[:100] or KEY)


def bind_ids(column: Column, *inputs: Bound) -> CategoricalBound:
    """Return a column of ids bound to its inputs (to its fields, where none are given)."""
    return cast(CategoricalBound, column.bind(LearnedSlots(), *(inputs or column.inputs())))


def bind_dense(column: Column, *inputs: Bound) -> DenseBound:
    """Return a dense column bound to its inputs (to its fields, where none are given)."""
    return cast(DenseBound, column.bind(LearnedSlots(), *(inputs or column.inputs())))


@singledispatch
def ids_of(column: FeatureColumn, cache: Transformed) -> IdWeightPair:
    """Return the ids of a categorical column; raises AttributeError for any other."""
    name = getattr(column, "name", column)
    raise errors.no_attribute(str(name), "not a categorical column", column, "bucketize numbers, or hash them")


def _place(tensor: Tensor, ids: Array) -> IdWeightPair:
    """Return the ids of the values of a sparse tensor at its positions, int64."""
    return IdWeightPair(SparseTensor(tensor.positions(), ids.astype(np.int64, copy=False), tensor.shape), None)


def _check_readable(tensor: Tensor, column: categorical.HashedCategoricalColumn | Lookup) -> Tensor:
    """Return the tensor of a column of strings or integers, integers only where the column's dtype is an integer."""
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
    tensor = sparse_indices.drop_ignored(cache.raw(column.key, column.name))
    if not tensor.dtype.is_integer:
        raise errors.bad_input(column.name, column.key, "needs integers", tensor.dtype.name, "hash or look up other values")
    made = keep_lowered(column, lambda: bind_ids(_range(column)))
    ids = _place(tensor, made.ids(Fed(tensor.cast(dtypes.int64).values)).values).id_tensor
    if column.default_value is None or _has_range(column, column.default_value):
        return IdWeightPair(ids, None)
    size, default = _cast_int64(column, column.num_buckets), _cast_int64(column, column.default_value)
    values = np.where((ids.values < 0) | (ids.values >= size), default, ids.values)
    return IdWeightPair(SparseTensor(ids.indices, values, ids.shape), None)


def _range(column: categorical.IdentityCategoricalColumn) -> Identity:
    """Return the column of ids; without a default, or with one outside its range, it keeps all."""
    default = column.default_value
    if default is None or not _has_range(column, default):
        return Identity(field_of(column.name), 1, out_of_range="keep")
    return Identity(field_of(column.name), int(column.num_buckets), out_of_range=int(default))


def _has_range(column: categorical.IdentityCategoricalColumn, default: float) -> bool:
    """Return whether the package's own column has the declared range; not where that is not a number, or too large."""
    return 1 <= column.num_buckets <= _MOST_BUCKETS and default >= 0 and int(default) < int(column.num_buckets)


@ids_of.register
def _hashed(column: categorical.HashedCategoricalColumn, cache: Transformed) -> IdWeightPair:
    tensor = _check_readable(sparse_indices.drop_ignored(cache.raw(column.key, column.name)), column)
    made = keep_lowered(column, lambda: bind_ids(_hash(column)))
    return _place(tensor, made.ids(Fed(tensor.values)).values)


def _hash(column: categorical.HashedCategoricalColumn) -> Hashed:
    return Hashed(field_of(column.name), _attribute(column, "hash_bucket_size", column.hash_bucket_size), hash="farmhash64")


@ids_of.register(vocabulary.VocabularyListCategoricalColumn)
@ids_of.register(vocabulary.VocabularyFileCategoricalColumn)
def _vocabulary(column: Lookup, cache: Transformed) -> IdWeightPair:
    tensor = _check_readable(sparse_indices.drop_ignored(cache.raw(column.key, column.name)), column)
    made = keep_lowered(column, lambda: bind_ids(_terms(column)))
    values = tensor.cast(dtypes.int64).values if tensor.dtype.is_integer else tensor.values
    pair = _place(tensor, made.ids(Fed(values)).values)
    if column.num_oov_buckets or -1 <= column.default_value < _MOST_BUCKETS:
        return pair
    ids = pair.id_tensor  # the package has one "none", -1; TensorFlow lets a column name any id
    unseen = np.where(ids.values < 0, int(column.default_value), ids.values)
    return IdWeightPair(SparseTensor(ids.indices, unseen, ids.shape), None)


def _terms(column: Lookup) -> Vocabulary:
    field = field_of(column.name)
    if column.num_oov_buckets is None:
        raise errors.wrong_type(column.name, "num_oov_buckets must be an int", None, "give 0 for none")
    if column.num_oov_buckets:
        count = _attribute(column, "num_oov_buckets", column.num_oov_buckets)
        return Vocabulary(field, vocabulary.terms(column), num_oov_buckets=count, hash="farmhash64")
    default = column.default_value
    if default is None:
        raise errors.argument(column.name, "default_value must be an id", None, "give -1 for none")
    if not isinstance(default, (int, np.floating)):
        raise errors.wrong_type(column.name, "default_value must be an id", default, "give -1 for none")
    unseen = _cast_int64(column, default)
    return Vocabulary(field, vocabulary.terms(column), unseen=unseen if 0 <= unseen < _MOST_BUCKETS else None)


def _attribute(column: FeatureColumn, what: str, number: float) -> int:
    """Return a number of a declaration as an attribute of a kernel: cut off to an integer of 64 bits.

    Raises:
        TypeError: not a number. OverflowError: beyond 64 bits.
    """
    if not isinstance(number, (int, float, np.floating)) or math.isnan(number):
        raise errors.wrong_type(column.name, f"{what} must be an int", number, "give an int")
    if not -(2**63) <= number < 2**63:
        raise errors.overflow(column.name, f"{what} must fit 64 bits", number)
    return int(number)


def _cast_int64(column: FeatureColumn, number: float) -> int:
    """Return a number of a declaration as TensorFlow casts it to an int64; what is not a finite number is the smallest one.

    Raises:
        ColumnError: (a ValueError) an int beyond 64 bits.
    """
    if not isinstance(number, int) and not math.isfinite(number):
        return -(2**63)
    if not -(2**63) <= number < 2**63:
        raise errors.argument(column.name, "a number must fit 64 bits", number, "give a smaller one")
    return int(number)


def float32_of(column: numeric.NumericColumn, cache: Transformed) -> Array:
    """Return a numeric column's feature, normalized by its function and as float32, in the shape in which it was fed."""
    return cache.once((float32_of, column), lambda: _normalize(column, cache))


def _normalize(column: numeric.NumericColumn, cache: Transformed) -> Array:
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


def numbers_column(subject: str, width: int) -> Numeric:
    """Return the package's Numeric for `width` numbers a row, read as float32, NaN let through."""
    return Numeric(field_of(subject), shape=(width,), dtype="float32", default=float("nan"))


def bind_buckets(column: numeric.BucketizedColumn, width: int) -> tuple[DenseBound, CategoricalBound]:
    """Return the package's Numeric and Bucketized for a bucketized column over rows of `width` values."""
    if not all(isinstance(b, (int, float, np.number)) for b in column.boundaries):
        raise errors.wrong_type(column.name, "boundaries must be numbers", column.boundaries, "give numbers")
    cuts = tuple(float(b) for b in column.boundaries)
    number = numbers_column(column.name, width)
    reads = bind_dense(number)
    return reads, bind_ids(Bucketized(number, cuts, missing_bucket=len(cuts)), reads)


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
    reads, buckets = keep_lowered(column, lambda: bind_buckets(column, width))
    found = buckets.ids(reads.evaluate(rows_of(values, width))).values
    positions = np.indices((batch, width), dtype=np.int64).reshape(2, -1).T
    return IdWeightPair(SparseTensor(positions, found, (batch, width)), None)


@ids_of.register
def _crossed(column: categorical.CrossedColumn, cache: Transformed) -> IdWeightPair:
    leaves = [_leaf(leaf, column, cache) for leaf in column.leaves()]
    ordered = [leaf for leaf in leaves if leaf.is_sparse] + [leaf for leaf in leaves if not leaf.is_sparse]
    batches = {leaf.shape[0] for leaf in leaves}
    if len(batches) > 1 or any(len(leaf.shape) != 2 for leaf in leaves):
        shapes = [leaf.shape for leaf in leaves]
        raise errors.invalid(column.name, "crosses features [batch, n] of one batch size", shapes, "correct their shapes")
    made = keep_lowered(column, lambda: bind_ids(_cross(column, len(leaves))))
    found = made.ids(*(Fed(_cast_whole(leaf).values, sparse_indices.row_offsets(leaf, column.name)) for leaf in ordered))
    batch = batches.pop()
    offsets = np.arange(batch + 1, dtype=np.int64) if found.offsets is None else found.offsets
    counts = np.diff(offsets)
    rows = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    columns = np.arange(len(rows), dtype=np.int64) - np.repeat(offsets[:-1], counts)
    shape = (batch, int(counts.max()) if len(counts) else 0)
    return IdWeightPair(SparseTensor(np.stack([rows, columns], axis=1), found.values.astype(np.int64), shape), None)


def _leaf(leaf: str | CategoricalColumn, column: categorical.CrossedColumn, cache: Transformed) -> Tensor:
    if isinstance(leaf, str):
        return cache.raw(leaf, column.name)
    ids, weights = sparse_tensors(leaf, cache)
    if weights is not None:
        raise errors.bad_input(column.name, leaf.name, "a weighted column cannot be crossed", leaf.name, "cross what it weighs")
    return Tensor(leaf.name, dtypes.int64, ids.shape, ids.values, ids.indices)


def _cast_whole(leaf: Tensor) -> Tensor:
    """Return numbers as integers, which they enter a cross as; uint64 and the like by their bits."""
    return leaf if leaf.dtype == dtypes.string else leaf.cast(dtypes.int64)


def _cross(column: categorical.CrossedColumn, count: int) -> Crossed:
    seed = _attribute(column, "hash_key", column.hash_key or 0)
    fields = tuple(Field(f"key {i}") for i in range(count))
    buckets = _attribute(column, "hash_bucket_size", column.hash_bucket_size)
    return Crossed(fields, buckets, hash="farmhash64", seed=seed % 2**64, keep_unseen=True)


@ids_of.register
def _weighted(column: categorical.WeightedCategoricalColumn, cache: Transformed) -> IdWeightPair:
    weights = cache.raw(column.weight_feature_key, column.name)
    if weights.dtype != column.dtype:
        what = f"weights must be {column.dtype.name}"
        raise errors.bad_input(column.name, column.weight_feature_key, what, weights.dtype.name, "cast them, or give dtype")
    weights = sparse_indices.drop_ignored(weights, ignored=0)
    if not weights.dtype.is_floating:
        weights = weights.cast(dtypes.float32)
    return IdWeightPair(_weigh(column, cache), SparseTensor(weights.positions(), weights.array(), weights.shape))


def _weigh(column: categorical.WeightedCategoricalColumn, cache: Transformed) -> SparseTensor:
    """Return what a weighted column weighs: buckets as they are, ids of others; a sequence as its inner column."""
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
    reads, buckets = bind_buckets(inner, 1)
    found = buckets.ids(reads.evaluate(rows_of(values, 1))).values
    positions = np.indices(values.shape, dtype=np.int64).reshape(values.ndim, -1).T
    return SparseTensor(positions, found, values.shape)


@ids_of.register
def _sequence(column: sequence.SequenceCategoricalColumn, cache: Transformed) -> IdWeightPair:
    """Return the same ids with axes [batch, step, rest]."""
    ids, weights = sparse_tensors(column.categorical_column, cache)
    return IdWeightPair(
        sparse_indices.split_steps(ids, column.name),
        None if weights is None else sparse_indices.split_steps(weights, column.name),
    )
