"""The names and shapes of a canned estimator's weights, as its checkpoint has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeGuard

from featurecols.feature_column import dense
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.linear import BIAS, count_rows
from featurecols.feature_column.tables import EmbeddingColumn, table_name

LINEAR = "linear/linear_model/"
INPUT = "dnn/input_from_feature_columns/input_layer/"
DNN = "dnn/"
BATCH_NORM = ("gamma", "beta", "moving_mean", "moving_variance")


class Weight(NamedTuple):
    """A weight of a layer of columns: its name in the checkpoint, its shape, its name in the layer."""

    name: str
    shape: tuple[int, ...]
    own: str


def linear_weights(columns: Iterable[FeatureColumn], units: int) -> Iterator[Weight]:
    """Yield the weights of LinearModel(columns, units)."""
    for column in columns:
        yield Weight(f"{LINEAR}{_scope(column.name)}/weights", (count_rows(column), units), column.name)
        if is_embedding(column):
            table = table_name(column)
            yield Weight(f"{LINEAR}{_scope(table)}/embedding_weights", _shape(column), f"{table}/embedding_weights")
    yield Weight(f"{LINEAR}bias_weights", (units,), BIAS)


def input_weights(columns: Iterable[FeatureColumn]) -> Iterator[Weight]:
    """Yield the weights of DenseFeatures(columns): embedding tables."""
    for column in columns:
        if is_embedding(column):
            table = table_name(column)
            yield Weight(f"{INPUT}{_scope(table)}/embedding_weights", _shape(column), table)


def layer_weights(
    width: int, hidden_units: Sequence[int], units: int, batch_norm: bool
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield names and shapes of the hidden layers over a matrix of `width` columns, and of the logits."""
    for i, size in enumerate(hidden_units):
        layer = hidden_layer(i)
        yield f"{layer}/kernel", (width, size)
        yield f"{layer}/bias", (size,)
        if batch_norm:
            yield from ((f"{layer}/batchnorm_{i}/{part}", (size,)) for part in BATCH_NORM)
        width = size
    yield f"{DNN}logits/kernel", (width, units)
    yield f"{DNN}logits/bias", (units,)


def hidden_layer(number: int) -> str:
    """Return the scope of a hidden layer."""
    return f"{DNN}hiddenlayer_{number}"


def is_embedding(column: FeatureColumn) -> TypeGuard[EmbeddingColumn]:
    """Return whether a column looks up a table."""
    return isinstance(column, (dense.EmbeddingColumn, dense.SharedEmbeddingColumn))


def is_weight(name: str) -> bool:
    """Return whether a checkpoint's tensor is a weight of the model, and not a step counter or an optimizer's slot."""
    scope = r"linear/linear_model|dnn/(hiddenlayer_\d+|logits|input_from_feature_columns)"
    end = r"bias_weights|weights|embedding_weights|kernel|bias|batchnorm_\d+/\w+"
    return re.fullmatch(rf"({scope})/(.*/)?({end})", name) is not None


def _shape(column: EmbeddingColumn) -> tuple[int, int]:
    return (column.categorical_column.num_buckets, column.dimension)


def _scope(name: str) -> str:
    """Return a column's name as TensorFlow 2 writes it into a variable's name."""
    return re.sub(r"[^A-Za-z0-9_.\-]", "_", name)
