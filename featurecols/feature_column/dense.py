"""Ids made dense: indicators and embeddings, of one column each or with one table for several."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from featurecols._core.arrays import Array
from featurecols.feature_column import base, errors
from featurecols.feature_column.base import CategoricalColumn, DenseColumn, FeatureColumn, SequenceDenseColumn, Shape
from featurecols.feature_column.categorical import WeightedCategoricalColumn
from featurecols.feature_column.initializers import InitializerFunction, TruncatedNormal
from featurecols.feature_column.sequence import SequenceCategoricalColumn
from featurecols.feature_column.specs import Spec


@dataclass(frozen=True)
class IndicatorColumn(DenseColumn, SequenceDenseColumn):
    """Made by indicator_column."""

    categorical_column: CategoricalColumn

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_indicator"

    @property
    def variable_shape(self) -> Shape:
        return Shape((1, base.num_buckets_of(self.categorical_column)))

    @property
    def parse_example_spec(self) -> Spec:
        return self.categorical_column.parse_example_spec


@dataclass(frozen=True)
class EmbeddingColumn(DenseColumn, SequenceDenseColumn):
    """Made by embedding_column."""

    categorical_column: CategoricalColumn
    dimension: int
    combiner: str
    initializer: InitializerFunction
    ckpt_to_load_from: str | None
    tensor_name_in_ckpt: str | None
    max_norm: float | None
    trainable: bool
    use_safe_embedding_lookup: bool = True

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_embedding"

    @property
    def variable_shape(self) -> Shape:
        return Shape((base.whole(self.dimension, self.name, "dimension"),))

    @property
    def parse_example_spec(self) -> Spec:
        return self.categorical_column.parse_example_spec


class SharedTable:
    """The one table of a group of shared embedding columns, which all layers over them see.

    `value` is None until it is first used, and assigned by the set_weights of any of these layers.
    """

    def __init__(self, name: str, num_buckets: int, dimension: int, initializer: InitializerFunction, trainable: bool) -> None:
        self.name, self.num_buckets, self.dimension = name, num_buckets, dimension
        self.initializer, self.trainable = initializer, trainable
        self.ckpt_to_load_from: str | None = None
        self.tensor_name_in_ckpt: str | None = None
        self.value: Array | None = None
        self.v1 = False  # made by v1.shared_embedding_columns, for input_layer and linear_model


@dataclass(frozen=True)
class SharedEmbeddingColumn(DenseColumn, SequenceDenseColumn):
    """Made by shared_embeddings; equal to another only when both share one table."""

    categorical_column: CategoricalColumn
    shared_embedding_column_creator: SharedTable
    combiner: str
    max_norm: float | None
    use_safe_embedding_lookup: bool = True

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_shared_embedding"

    @property
    def dimension(self) -> int:
        return self.shared_embedding_column_creator.dimension

    @property
    def variable_shape(self) -> Shape:
        return Shape((base.whole(self.dimension, self.name, "dimension"),))

    @property
    def parse_example_spec(self) -> Spec:
        return self.categorical_column.parse_example_spec


def indicator_column(categorical_column: CategoricalColumn) -> IndicatorColumn:
    """Count how often every id occurs in a row; sum up their weights, for a weighted column.

    Raises:
        ValueError: the column is not categorical.
    """
    if not isinstance(categorical_column, CategoricalColumn):
        raise errors.argument("indicator_column", "needs a categorical column", categorical_column, "bucketize numbers first")
    return IndicatorColumn(categorical_column)


def embedding_column(
    categorical_column: CategoricalColumn,
    dimension: int,
    combiner: str = "mean",
    initializer: InitializerFunction | None = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
    use_safe_embedding_lookup: bool = True,
) -> EmbeddingColumn:
    """Look up a vector per id, and combine those of a row.

    Args:
        categorical_column: where the ids come from.
        dimension: length of the vectors.
        combiner: "mean", "sqrtn" or "sum"; checked when the column is used, as in TensorFlow.
        initializer: called with (shape, dtype=...), and partition_info=None if it has that argument; None is a truncated
            normal of standard deviation 1/sqrt(dimension).
        ckpt_to_load_from: a model folder or a checkpoint, whose tensor is the first value of the table.
        tensor_name_in_ckpt: name of that tensor; given together with ckpt_to_load_from.
        max_norm: vectors longer than this are scaled down to it before they are combined.
        trainable: whether training may change the table.
        use_safe_embedding_lookup: skip negative ids, and weights not above zero (unless the combiner is "sum").

    Raises:
        ValueError: dimension None or below 1, only one of the two checkpoint arguments, an initializer that is not callable.
        TypeError: a dimension that is not a number.
    """
    dimension = base.plain(dimension)
    name = getattr(categorical_column, "name", categorical_column)
    initializer = _check_embedding(f"embedding_column {name}", dimension, ckpt_to_load_from, tensor_name_in_ckpt, initializer)
    return EmbeddingColumn(
        categorical_column,
        dimension,
        combiner,
        initializer,
        ckpt_to_load_from,
        tensor_name_in_ckpt,
        base.plain(max_norm),
        trainable,
        use_safe_embedding_lookup,
    )


def shared_embeddings(
    categorical_columns: Iterable[CategoricalColumn],
    dimension: int,
    combiner: str = "mean",
    initializer: InitializerFunction | None = None,
    shared_embedding_collection_name: str | None = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
    use_safe_embedding_lookup: bool = True,
) -> list[SharedEmbeddingColumn]:
    """Make embedding columns with one table between them, in the order given. TensorFlow allows this outside eager mode only.

    Raises:
        ValueError: as embedding_column; columns of different kinds (weights and sequences unwrapped) or different numbers of
        buckets. IndexError: no columns. AttributeError: a column without ids.
    """
    subject, dimension = "shared_embeddings", base.plain(dimension)
    initializer = _check_embedding(subject, dimension, ckpt_to_load_from, tensor_name_in_ckpt, initializer)
    columns = list(categorical_columns)
    ordered = sorted(columns, key=lambda column: column.name)
    if not ordered:
        raise errors.no_columns(subject)
    first = _unwrap(ordered[0])
    num_buckets = _num_buckets(ordered[0], subject)
    for column in ordered[1:]:
        inner = _unwrap(column)
        if not isinstance(inner, type(first)):
            what = f"all columns must be {type(first).__name__} as {first.name} is"
            raise errors.argument(subject, what, inner, "share a table between columns of one kind")
        if _num_buckets(inner, subject) != num_buckets:
            what = f"all columns must have {num_buckets} buckets as {first.name} has"
            raise errors.argument(subject, what, inner, "give all the same number of buckets")
    name = shared_embedding_collection_name or "_".join(column.name for column in ordered) + "_shared_embedding"
    table = SharedTable(name, num_buckets, dimension, initializer, trainable)
    table.ckpt_to_load_from, table.tensor_name_in_ckpt = ckpt_to_load_from, tensor_name_in_ckpt
    return [
        SharedEmbeddingColumn(column, table, combiner, base.plain(max_norm), use_safe_embedding_lookup) for column in columns
    ]


def _check_embedding(
    subject: str, dimension: int, ckpt: str | None, tensor: str | None, initializer: InitializerFunction | None
) -> InitializerFunction:
    """Check what embedding_column and shared_embeddings have in common, and return the initializer."""
    if dimension is None or base.is_below(dimension, 1, subject, "dimension"):
        raise errors.argument(subject, "dimension must be at least 1", dimension, "give the length of the vectors")
    if (ckpt is None) != (tensor is None):
        what = "ckpt_to_load_from and tensor_name_in_ckpt belong together"
        raise errors.argument(subject, what, (ckpt, tensor), "give both or none")
    if initializer is not None and not callable(initializer):
        raise errors.argument(subject, "initializer must be callable", initializer, "give a function of (shape, dtype)")
    return initializer or TruncatedNormal(mean=0.0, stddev=1 / math.sqrt(dimension))


def _unwrap(column: FeatureColumn) -> FeatureColumn:
    while isinstance(column, (WeightedCategoricalColumn, SequenceCategoricalColumn)):
        column = column.categorical_column
    return column


def _num_buckets(column: FeatureColumn, subject: str) -> int:
    if not isinstance(column, CategoricalColumn):
        raise errors.no_attribute(subject, "needs categorical columns", column, "share a table between columns with ids")
    return column.num_buckets
