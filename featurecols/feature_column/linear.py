"""The linear model: a weight for every number and every id, summed, plus a bias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.feature_column import errors
from featurecols.feature_column.base import CategoricalColumn, DenseColumn
from featurecols.feature_column.graph_mode import GraphErrors, check_batches, check_scope, is_graph
from featurecols.feature_column.layers import FeatureLayer, first_weights, flattened, refuse_sequence, table_name
from featurecols.feature_column.lower import IdWeightPair, Transformed, sparse_tensors
from featurecols.feature_column.sparse_indices import row_numbers
from featurecols.feature_column.tensors import SparseTensor
from featurecols.feature_column.to_dense import dense_of, pooled

BIAS = "bias"


class LinearModel(FeatureLayer):
    """Predictions float32 [batch, units]: values times weights, plus the weights of ids, plus the bias.

    weights[column name] is [elements or num_buckets, units], weights["bias"] is [units], all zeros at first; an embedding
    column's table is weights[name + "/embedding_weights"].

    Args:
        feature_columns: dense and categorical columns; a bucketized one counts as categorical.
        units: how many predictions a row.
        sparse_combiner: "sum", "mean" or "sqrtn", how the weights of a row's ids are combined.

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
        feature_columns: Any,
        units: int = 1,
        sparse_combiner: str = "sum",
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(feature_columns, trainable, name)
        self.units, self.sparse_combiner = units, sparse_combiner
        for column in self.feature_columns:
            if not isinstance(column, (DenseColumn, CategoricalColumn)):
                raise errors.argument(self.name, "columns must be dense or categorical", column, "use SequenceFeatures")

    @property
    def bias(self) -> Array:
        """float32 [units]."""
        return self._weight(BIAS, (self.units,))

    def _shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for name, shape in super()._shapes():
            yield f"{name}/embedding_weights", shape
        for column in self.feature_columns:
            yield column.name, (self._rows(column), self.units)
        yield BIAS, (self.units,)

    def _rows(self, column: Any) -> int:
        if isinstance(column, CategoricalColumn):
            return column.num_buckets
        return column.variable_shape.num_elements()  # type: ignore[no-any-return]

    def _weight(self, name: str, shape: tuple[int, ...]) -> Array:
        if name not in self.weights:
            self.weights[name] = np.zeros(shape, np.float32)
        return self.weights[name]

    def table_of(self, column: Any) -> Array:
        name = f"{table_name(column)}/embedding_weights"
        if name not in self.weights:
            self.weights[name] = first_weights(column)
        return self.weights[name]

    def __call__(self, features: Mapping[str, Any]) -> Array:
        return self.of(self._cast(features))

    def of(self, cache: Transformed) -> Array:
        sums = []
        with GraphErrors(cache.v1 or is_graph(self.feature_columns)) as found:
            for column in self.feature_columns:
                if found.graph:
                    check_scope(column.name, self.name)
                with found.of(column, cache):
                    sums.append(self._sum(column, cache))
        check_batches(self.feature_columns, sums, self.name, found.graph)
        with np.errstate(invalid="ignore", over="ignore"):
            return np.add.reduce([*sums, np.broadcast_to(self.bias, sums[0].shape)], axis=0)  # type: ignore[no-any-return]

    def _sum(self, column: Any, cache: Transformed) -> Array:
        """What one column adds, [batch, units]."""
        weight = self._weight(column.name, (self._rows(column), self.units))
        if isinstance(column, CategoricalColumn):
            pair = per_row(column.name, sparse_tensors(column, cache))
            return pooled(column.name, pair, weight, self.sparse_combiner, None)
        refuse_sequence(column)
        values = flattened(column, dense_of(column, cache, self.table_of), self.name)
        with np.errstate(invalid="ignore", over="ignore"):
            return np.matmul(values, weight)  # type: ignore[no-any-return]


def per_row(subject: str, pair: IdWeightPair) -> IdWeightPair:
    """The same ids with axes [batch, rest], which an empty batch does not have."""
    return IdWeightPair(
        _flat(subject, pair.id_tensor), None if pair.weight_tensor is None else _flat(subject, pair.weight_tensor)
    )


def _flat(subject: str, tensor: SparseTensor) -> SparseTensor:
    batch, *rest = tensor.shape
    if batch == 0:
        raise errors.invalid(
            subject, "a categorical column cannot take an empty batch here", tensor.shape, "skip empty batches"
        )
    size = int(np.prod(rest, dtype=np.int64))
    places = row_numbers(tensor.indices, tensor.shape, len(tensor.shape), subject)
    return SparseTensor(np.stack(np.divmod(places, max(size, 1)), axis=1), tensor.values, (batch, size))
