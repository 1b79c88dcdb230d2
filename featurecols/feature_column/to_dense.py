"""Dense columns over features: numbers, indicators and embeddings as arrays, with the steps of sequences."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import singledispatch
from typing import Any

import numpy as np

from featurecols._core import memory_limit
from featurecols._core.arrays import Array, Ids
from featurecols.columns._embedding_tables import Table, Tables
from featurecols.columns.base import LearnedSlots
from featurecols.columns.embedding import Embedding
from featurecols.columns.identity import Identity
from featurecols.columns.indicator import Indicator
from featurecols.columns.initializers import TruncatedNormal
from featurecols.errors import DataError
from featurecols.feature_column import dense, errors, lower, numeric, sparse_indices
from featurecols.feature_column.lower import FIELD, IdWeightPair, Transformed, bind
from featurecols.feature_column.raw_inputs import rows_of
from featurecols.feature_column.sequence import SequenceCategoricalColumn, SequenceNumericColumn
from featurecols.feature_column.tensors import SparseTensor

COMBINERS = ("mean", "sqrtn", "sum")
TableOf = Callable[[Any], Array]  # the table of an embedding column


@singledispatch
def dense_of(column: Any, cache: Transformed, table_of: TableOf) -> Array:
    """A dense column's values, float32 [batch, ...], before a layer flattens them to one row each."""
    raise errors.argument(str(getattr(column, "name", column)), "is no dense column", column, "wrap it in indicator_column")


@dense_of.register
def _numeric(column: numeric.NumericColumn, cache: Transformed, table_of: TableOf) -> Array:
    values = lower.float32_of(column, cache)
    width = column.variable_shape.num_elements()
    _check_width(column.name, values, width)
    out = _room(column.name, values.shape[0], width)
    lower.bound(column, lambda: bind(lower.numeric_column(width))).write(rows_of(values, width), out=out)
    return out


def _check_width(subject: str, values: Array, width: int) -> None:
    if values.size != values.shape[0] * width:
        raise errors.misfit(
            subject, f"needs {width} values a row", values.shape, "give numeric_column the shape of the feature"
        )


@dense_of.register
def _bucketized(column: numeric.BucketizedColumn, cache: Transformed, table_of: TableOf) -> Array:
    """One-hot by element, which is the indicator of its ids: element j has its own range of them."""
    source = column.source_column
    _check_width(column.name, lower.float32_of(source, cache), source.variable_shape.num_elements())
    if not source.shape:  # a scalar has one element too
        column = numeric.BucketizedColumn(_as_vector(source), column.boundaries)
    return _multihot(column.name, lower.sparse_tensors(column, cache), column.num_buckets)


def _as_vector(source: numeric.NumericColumn) -> numeric.NumericColumn:
    return numeric.NumericColumn(source.key, (1,), source.default_value, source.dtype, source.normalizer_fn)


@dense_of.register
def _indicator(column: dense.IndicatorColumn, cache: Transformed, table_of: TableOf) -> Array:
    pair = lower.sparse_tensors(column.categorical_column, cache)
    if pair.weight_tensor is None:
        _check_ordered(column.name, pair.id_tensor)
    counts = _multihot(column.name, pair, column.categorical_column.num_buckets)
    if pair.weight_tensor is not None and len(pair.id_tensor.shape) > 2:
        what = "a weighted indicator takes ids [batch, n]"
        raise errors.invalid(column.name, what, pair.id_tensor.shape, "flatten the feature")
    return counts


def _room(subject: str, rows: int, width: int) -> Array:
    """Zeros float32 [rows, width]; SizeError where that would not fit into memory."""
    memory_limit.check(subject, rows * width * 4)
    return np.zeros((rows, width), np.float32)


def _check_ordered(subject: str, tensor: SparseTensor) -> None:
    """Dense is made of indices that rise, row by row, with none twice."""
    order = sparse_indices.row_numbers(tensor.indices, tensor.shape, len(tensor.shape), subject)
    if (order[1:] <= order[:-1]).any():
        raise errors.invalid(subject, "indices must rise, none twice", tensor.indices[:8].tolist(), "sort indices and values")


def _multihot(subject: str, pair: IdWeightPair, num_buckets: int) -> Array:
    """Counts of ids, or sums of their weights: [..., num_buckets] over all axes of the ids but the last."""
    ids, lead = rows_of_ids(subject, pair)
    out = _room(subject, math.prod(lead), num_buckets)
    counted = bind(Identity(FIELD, num_buckets, out_of_range="keep"))
    bind(Indicator(counted.column), counted).write(ids, out=out)
    return out.reshape(*lead, num_buckets)


def rows_of_ids(subject: str, pair: IdWeightPair) -> tuple[Ids, tuple[int, ...]]:
    """Ids in rows, one row for all positions that differ in the last axis only; and the other axes' sizes."""
    tensor, weights = pair
    lead = tensor.shape[:-1]
    values = tensor.values.astype(np.int64)
    if weights is not None and len(weights.values) != len(values):
        raise errors.unpaired(subject, len(values), len(weights.values))
    held = None if weights is None else weights.values.astype(np.float32)
    rows = sparse_indices.row_numbers(tensor.indices, tensor.shape, len(lead), subject)
    if (rows[1:] < rows[:-1]).any():  # the order within a row stays
        order = np.argsort(rows, kind="stable")
        rows, values = rows[order], values[order]
        held = None if held is None else held[order]
    offsets = np.searchsorted(rows, np.arange(math.prod(lead) + 1)).astype(np.int64)
    return Ids(values, offsets, held), lead


@dense_of.register(dense.EmbeddingColumn)
@dense_of.register(dense.SharedEmbeddingColumn)
def _embedding(column: Any, cache: Transformed, table_of: TableOf) -> Array:
    pair = lower.sparse_tensors(column.categorical_column, cache)
    safe = column.use_safe_embedding_lookup or len(pair.id_tensor.shape) > 2
    vectors = pooled(column.name, pair, table_of(column), column.combiner, column.max_norm, safe)
    if not safe:  # TensorFlow then ends with the last row that has ids
        vectors = vectors[: int(pair.id_tensor.indices[:, 0].max()) + 1 if len(pair.id_tensor.indices) else 0]
    return vectors


def pooled(
    subject: str, pair: IdWeightPair, table: Array, combiner: str | None, max_norm: float | None, safe: bool = True
) -> Array:
    """Table rows of the ids combined: [..., dimension] over all axes of the ids but the last."""
    ids, lead = rows_of_ids(subject, pair)
    combiner = "mean" if combiner is None else combiner
    if combiner not in COMBINERS:
        raise errors.argument(subject, f"combiner must be one of {', '.join(COMBINERS)}", combiner, "mean is the default")
    if not safe and (ids.values < 0).any():
        raise errors.invalid(
            subject, "ids must not be negative without safe lookup", int(ids.values.min()), "use the safe lookup"
        )
    combiner = combiner if safe or combiner == "sum" else f"{combiner}_all"
    rows, dimension = table.shape
    source = bind(Identity(FIELD, rows, out_of_range="keep"))
    max_norm = sys.float_info.min if max_norm == 0 else max_norm  # no vector is longer than nothing
    column = Embedding(source.column, dimension, combiner=combiner, max_norm=max_norm, table="table")
    tables: Any = Tables()
    tables["table"] = Table("table", (rows, dimension), TruncatedNormal(), 0, table)
    out = _room(subject, math.prod(lead), dimension)
    try:
        column.bind(LearnedSlots(tables=tables), source).write(ids, out=out)
    except DataError as error:
        raise errors.invalid(subject, error.problem, error.got, f"ids must be below {rows}") from None
    return out.reshape(*lead, dimension)


@singledispatch
def sequence_of(column: Any, cache: Transformed, table_of: TableOf) -> tuple[Array, Array]:
    """A sequence column's values [batch, steps, ...] and the int64 number of steps of each row."""
    raise errors.argument(str(getattr(column, "name", column)), "is no sequence column", column, "use a sequence_ column")


@sequence_of.register(dense.IndicatorColumn)
@sequence_of.register(dense.EmbeddingColumn)
@sequence_of.register(dense.SharedEmbeddingColumn)
def _steps_of_ids(column: Any, cache: Transformed, table_of: TableOf) -> tuple[Array, Array]:
    inner = column.categorical_column
    if not isinstance(inner, SequenceCategoricalColumn):
        hint = "use a sequence_categorical_column_with_ function"
        raise errors.argument(column.name, "SequenceFeatures needs a sequence column inside", inner.name, hint)
    values = dense_of(column, cache, table_of)
    return values, lengths_of(column.name, lower.sparse_tensors(inner, cache).id_tensor, 1)


@sequence_of.register
def _numbers_of_steps(column: SequenceNumericColumn, cache: Transformed, table_of: TableOf) -> tuple[Array, Array]:
    tensor: Any = cache.raw(column.key, column.name)
    if tensor.is_sparse:
        tensor = SparseTensor(tensor.indices, tensor.array(), tensor.shape)
    else:
        tensor = tensor.array()
    if column.normalizer_fn is not None:
        tensor = column.normalizer_fn(tensor)
    if not isinstance(tensor, SparseTensor):
        if not all(hasattr(tensor, part) for part in ("indices", "values", "dense_shape")):
            raise errors.wrong_type(
                column.name, "needs a sparse feature", "a dense one", "parse it with make_parse_example_spec"
            )
        tensor = SparseTensor(tensor.indices, tensor.values, tensor.dense_shape)
    size = column.variable_shape.num_elements()
    padded = _padded(column.name, tensor, column.default_value)
    batch = tensor.shape[0]
    whole = math.prod(axis for axis in tensor.shape if axis) if batch == 0 else padded.size
    if batch and padded.size % (batch * size):
        raise errors.invalid(column.name, f"needs {size} values a step", tensor.shape, "give shape the shape of one step")
    lengths = lengths_of(column.name, tensor, size if len(tensor.shape) == 2 else 1)
    return padded.reshape(batch, whole // (max(batch, 1) * size), *column.shape), lengths


def _padded(subject: str, tensor: SparseTensor, default: Any) -> Array:
    """All cells of a sparse tensor, `default` where it has no value."""
    dtype = tensor.values.dtype
    if not isinstance(default, (int, float)) or (isinstance(default, float) and dtype.kind != "f"):
        raise errors.wrong_type(subject, f"default_value must fit {dtype}", default, "give a value of the feature's type")
    _check_ordered(subject, tensor)
    memory_limit.check(subject, math.prod(tensor.shape) * dtype.itemsize)
    padded = np.full(tensor.shape, default, dtype)
    padded[tuple(tensor.indices.T)] = tensor.values
    return padded


def lengths_of(subject: str, tensor: SparseTensor, size: int) -> Array:
    """int64 [batch]: steps of each row up to its last value, `size` values a step."""
    rows, steps = tensor.indices[:, 0], tensor.indices[:, 1]
    if (rows[1:] < rows[:-1]).any():
        raise errors.invalid(subject, "indices must be sorted by row", tensor.indices[:8].tolist(), "sort indices and values")
    lengths = np.zeros(tensor.shape[0], np.int64)
    np.maximum.at(lengths, rows, steps // size + 1)
    return lengths
