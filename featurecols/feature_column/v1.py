"""The forms of tf.compat.v1.feature_column: the same columns and numbers, some arguments in another order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols._core.suggestions import module_names
from featurecols.feature_column import dense, dtypes, errors, vocabulary
from featurecols.feature_column.base import CategoricalColumn, DenseColumn, FeatureColumn
from featurecols.feature_column.categorical import (
    categorical_column_with_hash_bucket,
    categorical_column_with_identity,
    crossed_column,
    weighted_categorical_column,
)
from featurecols.feature_column.dense import embedding_column, indicator_column
from featurecols.feature_column.dtypes import DTypeLike
from featurecols.feature_column.initializers import InitializerFunction
from featurecols.feature_column.layers import DenseFeatures, FeatureLayer
from featurecols.feature_column.linear import BIAS, LinearModel
from featurecols.feature_column.numeric import bucketized_column, numeric_column
from featurecols.feature_column.parsing import make_parse_example_spec
from featurecols.feature_column.sequence import (
    sequence_categorical_column_with_hash_bucket,
    sequence_categorical_column_with_identity,
    sequence_categorical_column_with_vocabulary_file,
    sequence_categorical_column_with_vocabulary_list,
    sequence_numeric_column,
)
from featurecols.feature_column.tensors import Features
from featurecols.feature_column.transformed import Transformed
from featurecols.feature_column.vocabulary import VocabularyFileCategoricalColumn, categorical_column_with_vocabulary_list

__all__ = [
    "InputLayer",
    "bucketized_column",
    "categorical_column_with_hash_bucket",
    "categorical_column_with_identity",
    "categorical_column_with_vocabulary_file",
    "categorical_column_with_vocabulary_list",
    "crossed_column",
    "embedding_column",
    "indicator_column",
    "input_layer",
    "linear_model",
    "make_parse_example_spec",
    "numeric_column",
    "sequence_categorical_column_with_hash_bucket",
    "sequence_categorical_column_with_identity",
    "sequence_categorical_column_with_vocabulary_file",
    "sequence_categorical_column_with_vocabulary_list",
    "sequence_numeric_column",
    "shared_embedding_columns",
    "weighted_categorical_column",
]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = module_names(__name__, __all__)

Columns: TypeAlias = FeatureColumn | Iterable[FeatureColumn]
Variables: TypeAlias = dict[FeatureColumn | str, list[Array]]  # the tables and weights of every column
Given: TypeAlias = Mapping[FeatureColumn | str, ArrayLike | Sequence[Array]]


def categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: str | os.PathLike[str],
    vocabulary_size: int | None = None,
    num_oov_buckets: int | None = 0,
    default_value: int | None = None,
    dtype: DTypeLike = dtypes.string,
) -> VocabularyFileCategoricalColumn:
    """Look terms up in a file; the arguments have their older order."""
    return vocabulary.categorical_column_with_vocabulary_file(
        key, vocabulary_file, vocabulary_size, dtype, default_value, num_oov_buckets
    )


def shared_embedding_columns(
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
) -> list[dense.SharedEmbeddingColumn]:
    """Make shared_embeddings under their older name; these columns go into input_layer and linear_model."""
    columns = dense.shared_embeddings(
        categorical_columns,
        dimension,
        combiner,
        initializer,
        shared_embedding_collection_name,
        ckpt_to_load_from,
        tensor_name_in_ckpt,
        max_norm,
        trainable,
        use_safe_embedding_lookup,
    )
    for column in columns:
        column.shared_embedding_column_creator.v1 = True
    return columns


def input_layer(
    features: Features,
    feature_columns: Columns,
    weight_collections: Sequence[str] | None = None,
    trainable: bool = True,
    cols_to_vars: Variables | None = None,
    cols_to_output_tensors: dict[DenseColumn, Array] | None = None,
) -> Array:
    """Return the matrix of DenseFeatures, in one call.

    Args:
        features: the features dict.
        feature_columns: dense columns.
        weight_collections: accepted and not used; there are no graph collections.
        trainable: kept for the signature.
        cols_to_vars: is filled with a list of tables for each column, empty for a column without one. Tables that are in it
            already are used; a table may stand there without a list around it.
        cols_to_output_tensors: is filled with what each column gives to the matrix.

    Raises:
        ValueError: as DenseFeatures; also a column name with blanks or non-ASCII letters, and columns of shared_embeddings.
    """
    layer = DenseFeatures(feature_columns, trainable, "input_layer")
    _check_columns(layer.feature_columns, "input_layer")
    given = {} if cols_to_vars is None else cols_to_vars
    _set_tables(layer, given)
    matrix = layer.run(Transformed(features, v1=True), cols_to_output_tensors)
    tables = _own_tables(layer)
    given.update({column: tables.get(column, []) for column in layer.feature_columns})
    return matrix


def linear_model(
    features: Features,
    feature_columns: Columns,
    units: int = 1,
    sparse_combiner: str | None = "sum",
    weight_collections: Sequence[str] | None = None,
    trainable: bool = True,
    cols_to_vars: Variables | None = None,
) -> Array:
    """Return the predictions of LinearModel, in one call.

    Args:
        features: the features dict.
        feature_columns: dense and categorical columns.
        units: how many predictions a row.
        sparse_combiner: "sum", "mean" or "sqrtn", how the weights of a row's ids are combined.
        weight_collections: accepted and not used; there are no graph collections.
        trainable: kept for the signature.
        cols_to_vars: is filled with a list for each column, its weights and then its embedding table if it has one, and for
            "bias". Weights that are in it already are used; they may stand there without a list around them.

    Raises:
        ValueError: as LinearModel; also a column name with blanks or non-ASCII letters, and columns of shared_embeddings.
    """
    model = LinearModel(feature_columns, units, sparse_combiner, trainable, "linear_model")
    _check_columns(model.feature_columns, "linear_model")
    given = {} if cols_to_vars is None else cols_to_vars
    _set_tables(model, given, weighted=True)
    keys: list[FeatureColumn | str] = [*model.feature_columns, BIAS]
    for key in keys:
        name = key if isinstance(key, str) else key.name
        if values := _list_arrays(given.get(key)):
            model.set_weights({name: values[0]})
    predictions = model.run(Transformed(features, v1=True))
    weights, tables = model.weights, _own_tables(model)
    given.update({column: [weights[column.name], *tables.get(column, [])] for column in model.feature_columns})
    given[BIAS] = [model.bias]
    return predictions


class InputLayer:
    """input_layer as an object that keeps its tables from call to call.

    Args:
        feature_columns: dense columns.
        weight_collections: accepted and not used; there are no graph collections.
        trainable: whether its tables count as trainable.
        cols_to_vars: accepted and not used, as in TensorFlow.
        name: of the layer.
        create_scope_now: accepted and not used; there are no variable scopes.

    Raises:
        ValueError: as input_layer, when it is called.

    >>> from featurecols import feature_column as fc
    >>> fc.v1.InputLayer([fc.numeric_column("n")])({"n": [1.0, 2.0]}).tolist()
    [[1.0], [2.0]]
    """

    def __init__(
        self,
        feature_columns: Columns,
        weight_collections: Sequence[str] | None = None,
        trainable: bool = True,
        cols_to_vars: Variables | None = None,
        name: str = "feature_column_input_layer",
        create_scope_now: bool = True,
    ) -> None:
        self.name, self.trainable = name, trainable
        self._columns = feature_columns if isinstance(feature_columns, FeatureColumn) else list(feature_columns)
        self._layer: DenseFeatures | None = None

    def __call__(self, features: Features) -> Array:
        if self._layer is None:
            layer = DenseFeatures(self._columns, self.trainable, "input_layer")
            _check_columns(layer.feature_columns, "input_layer")
            self._layer = layer
        return self._layer.run(Transformed(features, v1=True))

    @property
    def variables(self) -> list[Array]:
        """The tables made so far, in the order of the columns' names."""
        return [*self._tables(True), *self._tables(False)]

    @property
    def trainable_variables(self) -> list[Array]:
        """The tables that training may change."""
        return list(self._tables(True))

    @property
    def non_trainable_variables(self) -> list[Array]:
        """The other tables."""
        return list(self._tables(False))

    weights, trainable_weights, non_trainable_weights = variables, trainable_variables, non_trainable_variables

    def _tables(self, trainable: bool) -> Iterator[Array]:
        for column, tables in ({} if self._layer is None else _own_tables(self._layer)).items():
            table = column.shared_embedding_column_creator if isinstance(column, dense.SharedEmbeddingColumn) else column
            if (self.trainable and getattr(table, "trainable", True)) == trainable:
                yield from tables


def _own_tables(layer: FeatureLayer[DenseColumn] | FeatureLayer[FeatureColumn]) -> dict[FeatureColumn, list[Array]]:
    """Return the tables that are made, by column; a shared one is that of the first of its columns."""
    found: dict[FeatureColumn, list[Array]] = {}
    seen: set[str] = set()
    weights = layer.weights
    for column in layer.feature_columns:
        if isinstance(column, (dense.EmbeddingColumn, dense.SharedEmbeddingColumn)):
            name = layer.table_key(column)
            if name in weights and name not in seen:
                found[column] = [weights[name]]
                seen.add(name)
    return found


def _set_tables(layer: FeatureLayer[DenseColumn] | FeatureLayer[FeatureColumn], given: Given, weighted: bool = False) -> None:
    """Give a layer the tables that `given` has; in a linear model they follow the column's weights."""
    for column in layer.feature_columns:
        values = _list_arrays(given.get(column))[1 if weighted else 0 :]
        if values and isinstance(column, (dense.EmbeddingColumn, dense.SharedEmbeddingColumn)):
            layer.set_weights({layer.table_key(column): values[0]})


def _list_arrays(given: ArrayLike | Sequence[Array] | None) -> list[ArrayLike]:
    """Return a list of variables, of which a table or a weight may stand alone."""
    if given is None:
        return []
    if isinstance(given, list) and (not given or isinstance(given[0], np.ndarray)):
        return list(given)
    return [given]  # type: ignore[list-item]


def _check_columns(columns: Sequence[FeatureColumn], subject: str) -> None:
    for column in columns:
        if isinstance(column, dense.SharedEmbeddingColumn) and not column.shared_embedding_column_creator.v1:
            hint = "use shared_embedding_columns"
            raise errors.argument(subject, "shared_embeddings are for DenseFeatures", column.name, hint)
