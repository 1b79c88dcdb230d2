"""The forms of tf.compat.v1.feature_column: the same columns and numbers, some arguments in another order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from featurecols._core.arrays import Array
from featurecols.feature_column import dense, dtypes, errors, vocabulary
from featurecols.feature_column.categorical import (
    categorical_column_with_hash_bucket,
    categorical_column_with_identity,
    crossed_column,
    weighted_categorical_column,
)
from featurecols.feature_column.dense import embedding_column, indicator_column
from featurecols.feature_column.layers import DenseFeatures
from featurecols.feature_column.linear import BIAS, LinearModel
from featurecols.feature_column.lower import Transformed
from featurecols.feature_column.numeric import bucketized_column, numeric_column
from featurecols.feature_column.parsing import make_parse_example_spec
from featurecols.feature_column.sequence import (
    sequence_categorical_column_with_hash_bucket,
    sequence_categorical_column_with_identity,
    sequence_categorical_column_with_vocabulary_file,
    sequence_categorical_column_with_vocabulary_list,
    sequence_numeric_column,
)
from featurecols.feature_column.vocabulary import VocabularyFileCategoricalColumn, categorical_column_with_vocabulary_list

__all__ = [
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


def categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: Any,
    vocabulary_size: int | None = None,
    num_oov_buckets: int | None = 0,
    default_value: int | None = None,
    dtype: Any = dtypes.string,
) -> VocabularyFileCategoricalColumn:
    """vocabulary_file with the arguments in their older order."""
    return vocabulary.categorical_column_with_vocabulary_file(
        key, vocabulary_file, vocabulary_size, dtype, default_value, num_oov_buckets
    )


def shared_embedding_columns(categorical_columns: Any, dimension: int, **arguments: Any) -> list[dense.SharedEmbeddingColumn]:
    """shared_embeddings under its older name; these columns go into input_layer and linear_model."""
    columns = dense.shared_embeddings(categorical_columns, dimension, **arguments)
    for column in columns:
        column.shared_embedding_column_creator.v1 = True
    return columns


def input_layer(
    features: Mapping[str, Any],
    feature_columns: Any,
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: dict[Any, Any] | None = None,
    cols_to_output_tensors: dict[Any, Array] | None = None,
) -> Array:
    """The matrix of DenseFeatures, in one call.

    Args:
        features: the features dict.
        feature_columns: dense columns.
        weight_collections: accepted and not used; there are no graph collections.
        trainable: kept for the signature.
        cols_to_vars: embedding tables by column: those that are in it are used, the others are put in.
        cols_to_output_tensors: is filled with each column's part of the matrix.

    Raises:
        ValueError: as DenseFeatures; also a column name with blanks or non-ASCII letters, and columns of shared_embeddings.
    """
    layer = DenseFeatures(feature_columns, trainable, "input_layer")
    _check_columns(layer.feature_columns, "input_layer")
    given = cols_to_vars if cols_to_vars is not None else {}
    layer.set_weights({column.name: given[column] for column in layer.feature_columns if column in given})
    matrix = layer.of(Transformed(features, v1=True), cols_to_output_tensors)
    given.update({column: layer.weights[column.name] for column in layer.feature_columns if column.name in layer.weights})
    return matrix


def linear_model(
    features: Mapping[str, Any],
    feature_columns: Any,
    units: int = 1,
    sparse_combiner: str = "sum",
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: dict[Any, Any] | None = None,
) -> Array:
    """The predictions of LinearModel, in one call.

    Args:
        features: the features dict.
        feature_columns: dense and categorical columns.
        units, sparse_combiner: as LinearModel.
        weight_collections: accepted and not used; there are no graph collections.
        trainable: kept for the signature.
        cols_to_vars: weights by column, and by "bias": those that are in it are used, the others are put in, zeros.

    Raises:
        ValueError: as LinearModel; also a column name with blanks or non-ASCII letters, and columns of shared_embeddings.
    """
    model = LinearModel(feature_columns, units, sparse_combiner, trainable, "linear_model")
    _check_columns(model.feature_columns, "linear_model")
    given = cols_to_vars if cols_to_vars is not None else {}
    names = {column: column.name for column in model.feature_columns} | {BIAS: BIAS}
    model.set_weights({name: given[column] for column, name in names.items() if column in given})
    predictions = model.of(Transformed(features, v1=True))
    given.update({column: model.weights[name] for column, name in names.items() if name in model.weights})
    return predictions


def _check_columns(columns: list[Any], subject: str) -> None:
    for column in columns:
        if isinstance(column, dense.SharedEmbeddingColumn) and not column.shared_embedding_column_creator.v1:
            raise errors.argument(
                subject, "shared_embeddings are for DenseFeatures", column.name, "use shared_embedding_columns"
            )
