"""The linear model: a weight for every number and every id, summed, plus a bias."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import numpy as np

from featurecols._core.arrays import Array
from featurecols.feature_column import base, errors
from featurecols.feature_column.base import CategoricalColumn, DenseColumn, FeatureColumn
from featurecols.feature_column.graph_mode import GraphErrors, check_batches, has_shared
from featurecols.feature_column.layers import FeatureLayer, Size, flatten, leading_sizes, refuse_sequence
from featurecols.feature_column.lower import IdWeightPair, sparse_tensors
from featurecols.feature_column.sparse_indices import reshape
from featurecols.feature_column.tables import table_name
from featurecols.feature_column.tensors import Features, SparseTensor
from featurecols.feature_column.to_dense import EmbeddingColumn, dense_of, pool
from featurecols.feature_column.transformed import Transformed

BIAS = "bias"


class LinearModel(FeatureLayer[FeatureColumn]):
    """Predictions float32 [batch, units]: values times weights, plus the weights of ids, plus the bias.

    weights[column name] is [elements or num_buckets, units], weights["bias"] is [units], all zeros at first; an embedding
    column's table is weights[name + "/embedding_weights"].

    Args:
        feature_columns: dense and categorical columns; a bucketized one counts as categorical.
        units: how many predictions a row.
        sparse_combiner: "sum", "mean" or "sqrtn", how the weights of a row's ids are combined.
        trainable, name, partitioner, dtype: as Keras layers have them.

    Raises:
        ColumnError: (a ValueError) no columns, two of one name, or of another kind. In use as DenseFeatures; also
        InvalidArgumentError for an empty batch of a categorical column, and for an id past num_buckets.

    >>> from featurecols import feature_column as fc
    >>> model = LinearModel([fc.categorical_column_with_identity("day", 3)])
    >>> model.set_weights({"day": [[1], [2], [4]], "bias": [0.5]})
    >>> model({"day": [2, 0]})
    array([[4.5],
           [1.5]], dtype=float32)
    """

    def __init__(
        self,
        feature_columns: FeatureColumn | Iterable[FeatureColumn],
        units: int = 1,
        sparse_combiner: str | None = "sum",
        trainable: bool = True,
        name: str | None = None,
        partitioner: None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(feature_columns, trainable, name, partitioner, dtype)
        self.units, self.sparse_combiner = base.plain(units), sparse_combiner
        for column in self.feature_columns:
            if not isinstance(column, (DenseColumn, CategoricalColumn)):
                raise errors.argument(self.name, "columns must be dense or categorical", column, "use SequenceFeatures")

    @property
    def bias(self) -> Array:
        """float32 [units]."""
        return self._weight(BIAS, (self._count_units(),))

    def get_config(self) -> dict[str, object]:
        """Return the arguments that make an equal model, as JSON data; raises NotImplementedError for shared embeddings."""
        return {**super().get_config(), "units": self.units, "sparse_combiner": self.sparse_combiner}

    def compute_output_shape(self, input_shape: Sequence[Size]) -> tuple[Size, int]:
        """Return the shape of the predictions for features whose first axis has the size input_shape[0]."""
        (batch,) = leading_sizes(input_shape, 1, self.name)
        return batch, self._count_units()

    def _count_units(self) -> int:
        if self.units is None or (isinstance(self.units, int) and self.units < 0):
            raise errors.argument(self.name, "units must not be negative", self.units, "say how many predictions a row has")
        return base.whole(self.units, self.name, "units")

    def _shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield from super()._shapes()
        for column in self.feature_columns:
            yield column.name, (count_rows(column), self._count_units())
        yield BIAS, (self._count_units(),)

    def _weight(self, name: str, shape: tuple[int, ...]) -> Array:
        if name not in self._tables:
            self._tables[name] = np.zeros(shape, np.float32)
        return self._tables[name]

    def table_key(self, column: EmbeddingColumn) -> str:
        """Return the name of a column's table in `weights`."""
        return f"{table_name(column)}/embedding_weights"

    def __call__(self, features: Features) -> Array:
        return self.run(self._cast(features))

    def run(self, cache: Transformed) -> Array:
        """Return the predictions for features that are cast already."""
        sums = []
        with GraphErrors(cache.v1 or has_shared(self.feature_columns)) as found:
            for column in self.feature_columns:
                found.check_scopes(column, self.name, cache.v1, linear=True)
                with found.of(column, cache):
                    sums.append(self._sum(column, cache))
        check_batches(self.feature_columns, sums, self.name, found.graph)
        with np.errstate(invalid="ignore", over="ignore"):
            return np.add.reduce([*sums, np.broadcast_to(self.bias, sums[0].shape)], axis=0)  # type: ignore[no-any-return]

    def _sum(self, column: FeatureColumn, cache: Transformed) -> Array:
        """Return what one column adds, [batch, units]."""
        weight = self._weight(column.name, (count_rows(column), self._count_units()))
        if isinstance(column, CategoricalColumn):
            pair = flatten_rows(column.name, sparse_tensors(column, cache))
            return pool(column.name, pair, weight, self.sparse_combiner, None)
        refuse_sequence(column)
        values = flatten(cast(DenseColumn, column), dense_of(column, cache, self.table_of), self.name)
        with np.errstate(invalid="ignore", over="ignore"):
            return np.matmul(values, weight)  # type: ignore[no-any-return]


def count_rows(column: FeatureColumn) -> int:
    """Return how many weights a column has for each unit."""
    if isinstance(column, CategoricalColumn):
        return base.num_buckets_of(column)
    return cast(DenseColumn, column).variable_shape.num_elements()


def flatten_rows(subject: str, pair: IdWeightPair) -> IdWeightPair:
    """Return the same ids with axes [batch, rest]; raises InvalidArgumentError for an empty batch, which has none."""
    ids, weights = pair
    return IdWeightPair(_flatten(subject, ids), None if weights is None else _flatten(subject, weights))


def _flatten(subject: str, tensor: SparseTensor) -> SparseTensor:
    batch, *rest = tensor.shape
    if batch == 0:
        raise errors.invalid(
            subject, "a categorical column cannot take an empty batch here", tensor.shape, "skip empty batches"
        )
    return reshape(tensor, (batch, math.prod(rest)), subject)
