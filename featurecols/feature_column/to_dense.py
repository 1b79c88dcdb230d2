"""Dense columns over features: numbers, indicators and embeddings as arrays, with the steps of sequences."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Hashable
from functools import singledispatch
from typing import cast

import numpy as np

from featurecols._core import memory_limit
from featurecols._core.arrays import Array, Ids
from featurecols.columns._embedding_tables import Table, Tables
from featurecols.columns.base import LearnedSlots
from featurecols.columns.bound import DenseBound
from featurecols.columns.embedding import Combiner, Embedding
from featurecols.columns.identity import Identity
from featurecols.columns.indicator import Indicator
from featurecols.columns.initializers import TruncatedNormal
from featurecols.errors import DataError
from featurecols.feature_column import base, dense, errors, lower, numeric, sparse_indices
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.lower import IdWeightPair, bind_dense, bind_ids, field_of
from featurecols.feature_column.raw_inputs import rows_of
from featurecols.feature_column.sequence import SequenceCategoricalColumn, SequenceNumericColumn
from featurecols.feature_column.tensors import SparseTensor, is_sparse, sparse_of
from featurecols.feature_column.transformed import Transformed

COMBINERS = ("mean", "sqrtn", "sum")
EmbeddingColumn = dense.EmbeddingColumn | dense.SharedEmbeddingColumn
TableOf = Callable[[EmbeddingColumn], Array]  # the table of an embedding column


@singledispatch
def dense_of(column: FeatureColumn, cache: Transformed, table_of: TableOf) -> Array:
    """Return a dense column's values, float32 [batch, ...], before a layer flattens them to one row each."""
    raise errors.argument(str(getattr(column, "name", column)), "not a dense column", column, "wrap it in indicator_column")


@dense_of.register
def _numeric(column: numeric.NumericColumn, cache: Transformed, table_of: TableOf) -> Array:
    values = lower.float32_of(column, cache)
    width = column.variable_shape.num_elements()
    _check_width(column.name, values, width)
    out = _zeros(column.name, values.shape[0], width)
    numbers = lower.keep_lowered(column, lambda: bind_dense(lower.numbers_column(column.name, width)))
    numbers.write(rows_of(values, width), out=out)
    return out


def _check_width(subject: str, values: Array, width: int) -> None:
    if values.size != values.shape[0] * width:
        raise errors.misfit(
            subject, f"needs {width} values a row", values.shape, "give numeric_column the shape of the feature"
        )


@dense_of.register
def _bucketized(column: numeric.BucketizedColumn, cache: Transformed, table_of: TableOf) -> Array:
    """Return one-hot rows by element, which is the indicator of its ids: element j has its own range of them."""
    source = column.source_column
    _check_width(column.name, lower.float32_of(source, cache), source.variable_shape.num_elements())
    if not source.shape:  # a scalar has one element too
        column = numeric.BucketizedColumn(_as_vector(source), column.boundaries)
    return _multihot(column.name, lower.sparse_tensors(column, cache), column.num_buckets)


def _as_vector(source: numeric.NumericColumn) -> numeric.NumericColumn:
    return numeric.NumericColumn(source.key, (1,), source.default_value, source.dtype, source.normalizer_fn)


@dense_of.register
def _indicator(column: dense.IndicatorColumn, cache: Transformed, table_of: TableOf) -> Array:
    ids, weights = lower.sparse_tensors(column.categorical_column, cache)
    if weights is None:
        _check_ordered(column.name, ids)
    else:
        _check_paired(column.name, ids, weights)
        if len(ids.shape) > 2:
            what = "a weighted indicator takes ids [batch, n]"
            raise errors.invalid(column.name, what, ids.shape, "flatten the feature")
        ids, weights = _drop_rows(ids, weights)
    return _multihot(column.name, IdWeightPair(ids, weights), base.num_buckets_of(column.categorical_column))


def _drop_rows(ids: SparseTensor, weights: SparseTensor) -> tuple[SparseTensor, SparseTensor]:
    """Return ids and their weights without those of rows outside the batch, as TensorFlow's slice leaves them out."""
    rows = ids.indices[:, 0]
    inside = (rows >= 0) & (rows < ids.shape[0])
    if inside.all():
        return ids, weights
    return (
        SparseTensor(ids.indices[inside], ids.values[inside], ids.shape),
        SparseTensor(weights.indices[inside], weights.values[inside], weights.shape),
    )


def _zeros(subject: str, rows: int, width: int) -> Array:
    """Return zeros float32 [rows, width]; raises SizeError where they would not fit into memory."""
    memory_limit.check(subject, rows * width * 4)
    return np.zeros((rows, width), np.float32)


def _check_ordered(subject: str, tensor: SparseTensor) -> None:
    """Raise InvalidArgumentError unless indices lie within the tensor and rise, row by row, with none twice."""
    sparse_indices.check_within(tensor.indices, tensor.shape, subject)
    order = sparse_indices.flat_positions(tensor.indices, tensor.shape)
    if (order[1:] <= order[:-1]).any():
        raise errors.invalid(subject, "indices must rise, none twice", tensor.indices[:8].tolist(), "sort indices and values")


def _multihot(subject: str, pair: IdWeightPair, num_buckets: int) -> Array:
    """Return counts of ids, or sums of their weights: [..., num_buckets] over all axes of the ids but the last."""
    ids, lead = rows_of_ids(subject, pair)
    out = _zeros(subject, math.prod(lead), num_buckets)
    column = Identity(field_of(subject), num_buckets, out_of_range="keep")
    bind_dense(Indicator(column), bind_ids(column)).write(ids, out=out)
    return out.reshape(*lead, num_buckets)


def _check_paired(subject: str, ids: SparseTensor, weights: SparseTensor) -> None:
    if len(weights.values) != len(ids.values):
        raise errors.unpaired(subject, len(ids.values), len(weights.values))


def rows_of_ids(subject: str, pair: IdWeightPair, safe: Callable[[], Array] | None = None) -> tuple[Ids, tuple[int, ...]]:
    """Return ids in rows, one row for all positions that differ in the last axis only; and the other axes' sizes.

    Args:
        subject: for errors.
        pair: ids and their weights.
        safe: gives bool [m], which ids count where not all do; asked for when a row lies outside the tensor.

    Raises:
        InvalidArgumentError: an id that counts lies in a row outside the tensor.
    """
    tensor, weights = pair
    lead = tensor.shape[:-1]
    values = tensor.values.astype(np.int64, copy=False)
    held = None
    if weights is not None:
        _check_paired(subject, tensor, weights)
        held = weights.values.astype(np.float32, copy=False)
    shape = (math.prod(lead), tensor.shape[-1])
    rows = sparse_indices.reshape(SparseTensor(tensor.indices, values, tensor.shape), shape, subject).indices[:, 0]
    if safe is not None and not _within(rows, shape[0]):
        keep = safe()
        rows, values, held = rows[keep], values[keep], None if held is None else held[keep]
    if not _within(rows, shape[0]):
        what, got = f"rows of ids must lie within dense_shape {tensor.shape}", (int(rows.min()), int(rows.max()))
        raise errors.invalid(subject, what, got, "correct the indices")
    if (rows[1:] < rows[:-1]).any():  # the order within a row stays
        order = np.argsort(rows, kind="stable")
        rows, values = rows[order], values[order]
        held = None if held is None else held[order]
    offsets = np.searchsorted(rows, np.arange(math.prod(lead) + 1)).astype(np.int64)
    return Ids(values, offsets, held), lead


def _within(rows: Array, count: int) -> bool:
    return not len(rows) or bool(rows.min() >= 0 and rows.max() < count)


@dense_of.register(dense.EmbeddingColumn)
@dense_of.register(dense.SharedEmbeddingColumn)
def _embedding(column: EmbeddingColumn, cache: Transformed, table_of: TableOf) -> Array:
    pair = lower.sparse_tensors(column.categorical_column, cache)
    safe = column.use_safe_embedding_lookup or len(pair.id_tensor.shape) > 2
    vectors = pool(column.name, pair, table_of(column), column.combiner, column.max_norm, safe)
    if not safe:  # TensorFlow then ends with the last row that has ids
        vectors = vectors[: int(pair.id_tensor.indices[:, 0].max()) + 1 if len(pair.id_tensor.indices) else 0]
    return vectors


def pool(
    subject: str, pair: IdWeightPair, table: Array, combiner: str | None, max_norm: float | None, safe: bool = True
) -> Array:
    """Return table rows of the ids combined: [..., dimension] over all axes of the ids but the last."""
    combiner = "mean" if combiner is None else combiner
    if not isinstance(combiner, Hashable):
        raise errors.wrong_type(subject, "combiner must be a string", combiner, "mean is the default")
    ids, lead = rows_of_ids(subject, pair, (lambda: _count(pair, combiner)) if safe else None)
    if combiner not in COMBINERS:
        raise errors.argument(subject, f"combiner must be one of {', '.join(COMBINERS)}", combiner, "mean is the default")
    if not safe and (ids.values < 0).any():
        raise errors.invalid(
            subject, "ids must not be negative without safe lookup", int(ids.values.min()), "use the safe lookup"
        )
    combiner = combiner if safe or combiner == "sum" else f"{combiner}_all"
    rows, dimension = table.shape
    identity = Identity(field_of(subject), rows)  # whose ids past the table are errors, as in TensorFlow
    source = bind_ids(identity)
    norm, combined = _check_norm(subject, max_norm), cast(Combiner, combiner)
    column = Embedding(identity, dimension, combiner=combined, max_norm=norm, table="table")
    tables = Tables()
    tables["table"] = Table("table", (rows, dimension), TruncatedNormal(), 0, table)
    out = _zeros(subject, math.prod(lead), dimension)
    try:
        cast(DenseBound, column.bind(LearnedSlots(tables=tables), source)).write(ids, out=out)
    except DataError as error:
        raise errors.invalid(subject, error.problem, error.got, f"ids must be below {rows}") from None
    return out.reshape(*lead, dimension)


def _count(pair: IdWeightPair, combiner: str | None) -> Array:
    """Return bool [m]: the ids that a safe lookup does not leave out."""
    counted: Array = pair.id_tensor.values >= 0
    if pair.weight_tensor is None or combiner == "sum":
        return counted
    return counted & (pair.weight_tensor.values > 0)


def _check_norm(subject: str, max_norm: float | None) -> float | None:
    """Return max_norm as the package's Embedding takes it: 0 leaves nothing of a vector."""
    if max_norm is not None and not isinstance(max_norm, (int, float, np.floating)):
        raise errors.wrong_type(subject, "max_norm must be a number", max_norm, "leave it out to keep the rows as they are")
    if max_norm is not None and not 0 <= max_norm < math.inf:
        hint = "leave it out to keep the rows as they are"
        raise errors.argument(subject, "max_norm must be a positive number", max_norm, hint)
    return sys.float_info.min if max_norm == 0 else None if max_norm is None else float(max_norm)


@singledispatch
def sequence_of(column: FeatureColumn, cache: Transformed, table_of: TableOf) -> tuple[Array, Array]:
    """Return a sequence column's values [batch, steps, ...] and the int64 number of steps of each row."""
    raise errors.argument(str(getattr(column, "name", column)), "not a sequence column", column, "use a sequence_ column")


@sequence_of.register(dense.IndicatorColumn)
@sequence_of.register(dense.EmbeddingColumn)
@sequence_of.register(dense.SharedEmbeddingColumn)
def _steps_of_ids(
    column: dense.IndicatorColumn | EmbeddingColumn, cache: Transformed, table_of: TableOf
) -> tuple[Array, Array]:
    inner = column.categorical_column
    if not isinstance(inner, SequenceCategoricalColumn):
        hint = "use a sequence_categorical_column_with_ function"
        raise errors.argument(column.name, "SequenceFeatures needs a sequence column inside", inner.name, hint)
    values = dense_of(column, cache, table_of)
    return values, lengths_of(column.name, lower.sparse_tensors(inner, cache).id_tensor, 1)


@sequence_of.register
def _numbers_of_steps(column: SequenceNumericColumn, cache: Transformed, table_of: TableOf) -> tuple[Array, Array]:
    raw = cache.raw(column.key, column.name)
    fed = raw.array() if raw.indices is None else SparseTensor(raw.indices, raw.array(), raw.shape)
    given = fed if column.normalizer_fn is None else column.normalizer_fn(fed)  # type: ignore[arg-type]
    if not is_sparse(given):
        raise errors.wrong_type(column.name, "needs a sparse feature", "a dense one", "parse it with make_parse_example_spec")
    tensor = sparse_of(given)
    size = column.variable_shape.num_elements()
    padded = _pad(column.name, tensor, column.default_value)
    batch = tensor.shape[0]
    whole = math.prod(axis for axis in tensor.shape if axis) if batch == 0 else padded.size
    if batch and padded.size % (batch * size):
        raise errors.invalid(column.name, f"needs {size} values a step", tensor.shape, "give shape the shape of one step")
    lengths = lengths_of(column.name, tensor, size if len(tensor.shape) == 2 else 1)
    return padded.reshape(batch, whole // (max(batch, 1) * size), *column.shape), lengths


def _pad(subject: str, tensor: SparseTensor, default: float | None) -> Array:
    """Return a sparse tensor as a dense one, `default` where it has no value; None is 0."""
    dtype = tensor.values.dtype
    default = 0 if default is None else default.item() if isinstance(default, np.floating) else default
    if not isinstance(default, (int, float)) or (isinstance(default, float) and dtype.kind != "f"):
        raise errors.wrong_type(subject, f"default_value must fit {dtype}", default, "give a value of the feature's type")
    _check_ordered(subject, tensor)
    memory_limit.check(subject, math.prod(tensor.shape) * dtype.itemsize)
    padded = np.full(tensor.shape, default, dtype)
    padded[tuple(tensor.indices.T)] = tensor.values
    return padded


def lengths_of(subject: str, tensor: SparseTensor, size: int) -> Array:
    """Return int64 [batch]: steps of each row up to its last value, `size` values a step."""
    rows, steps = tensor.indices[:, 0], tensor.indices[:, 1]
    sparse_indices.check_sorted(rows, tensor.indices, subject)
    if len(rows) and not (rows[0] >= 0 and rows[-1] < tensor.shape[0]):
        what = f"rows must lie within dense_shape {tensor.shape}"
        raise errors.invalid(subject, what, (int(rows[0]), int(rows[-1])), "correct the indices")
    lengths = np.zeros(tensor.shape[0], np.int64)
    np.maximum.at(lengths, rows, steps // size + 1)
    return lengths
