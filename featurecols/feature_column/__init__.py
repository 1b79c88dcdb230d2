"""The TensorFlow dialect: `from featurecols import feature_column` is tf.feature_column without TensorFlow.

The same functions, arguments, defaults, column names and output order, and the same ids bit for bit. Declarations are
lowered to the package's own columns, which hash, look up, bucketize and pool.

>>> from featurecols import feature_column
>>> age = feature_column.bucketized_column(feature_column.numeric_column("age"), [18, 65])
>>> job = feature_column.categorical_column_with_vocabulary_list("job", ["nurse", "pilot"])
>>> layer = feature_column.DenseFeatures([feature_column.indicator_column(job), age])
>>> layer({"age": [30.0, 70.0], "job": ["pilot", ""]})
array([[0., 1., 0., 0., 1.],
       [0., 0., 1., 0., 0.]], dtype=float32)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from featurecols._core.suggestions import module_names as _module_names
from featurecols.feature_column import dtypes, errors, initializers, v1
from featurecols.feature_column.base import (
    CategoricalColumn,
    DenseColumn,
    FeatureColumn,
    SequenceDenseColumn,
)
from featurecols.feature_column.categorical import (
    categorical_column_with_hash_bucket,
    categorical_column_with_identity,
    crossed_column,
    weighted_categorical_column,
)
from featurecols.feature_column.dense import embedding_column, indicator_column, shared_embeddings
from featurecols.feature_column.dtypes import DType, as_dtype
from featurecols.feature_column.errors import (
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    UnimplementedError,
)
from featurecols.feature_column.layers import DenseFeatures, SequenceFeatures, concatenate_context_input
from featurecols.feature_column.linear import LinearModel
from featurecols.feature_column.lower import IdWeightPair, sparse_tensors
from featurecols.feature_column.numeric import bucketized_column, numeric_column
from featurecols.feature_column.parsing import make_parse_example_spec, parse_example
from featurecols.feature_column.sequence import (
    sequence_categorical_column_with_hash_bucket,
    sequence_categorical_column_with_identity,
    sequence_categorical_column_with_vocabulary_file,
    sequence_categorical_column_with_vocabulary_list,
    sequence_numeric_column,
)
from featurecols.feature_column.serialize import (
    deserialize_feature_column,
    deserialize_feature_columns,
    serialize_feature_column,
    serialize_feature_columns,
)
from featurecols.feature_column.specs import FixedLenFeature, VarLenFeature
from featurecols.feature_column.tensors import SparseTensor
from featurecols.feature_column.v1 import input_layer, linear_model
from featurecols.feature_column.vocabulary import (
    categorical_column_with_vocabulary_file,
    categorical_column_with_vocabulary_list,
)

__all__ = [
    "CategoricalColumn",
    "DType",
    "DataLossError",
    "DenseColumn",
    "DenseFeatures",
    "FailedPreconditionError",
    "FeatureColumn",
    "FixedLenFeature",
    "IdWeightPair",
    "InvalidArgumentError",
    "LinearModel",
    "NotFoundError",
    "OpError",
    "SequenceDenseColumn",
    "SequenceFeatures",
    "SparseTensor",
    "UnimplementedError",
    "VarLenFeature",
    "as_dtype",
    "bucketized_column",
    "categorical_column_with_hash_bucket",
    "categorical_column_with_identity",
    "categorical_column_with_vocabulary_file",
    "categorical_column_with_vocabulary_list",
    "concatenate_context_input",
    "crossed_column",
    "deserialize_feature_column",
    "deserialize_feature_columns",
    "dtypes",
    "embedding_column",
    "errors",
    "indicator_column",
    "initializers",
    "input_layer",
    "linear_model",
    "make_parse_example_spec",
    "numeric_column",
    "parse_example",
    "sequence_categorical_column_with_hash_bucket",
    "sequence_categorical_column_with_identity",
    "sequence_categorical_column_with_vocabulary_file",
    "sequence_categorical_column_with_vocabulary_list",
    "sequence_numeric_column",
    "serialize_feature_column",
    "serialize_feature_columns",
    "shared_embeddings",
    "sparse_tensors",
    "v1",
    "weighted_categorical_column",
]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = _module_names(__name__, __all__)
