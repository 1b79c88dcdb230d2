"""The questions of verify-tf that both sides compute: features from a table, one for each column, one for the logits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.data.batch import Batch, Source
from featurecols.data.sources import as_source
from featurecols.feature_column import DenseFeatures, SequenceFeatures, SparseTensor, dtypes, sparse_tensors
from featurecols.feature_column.base import CategoricalColumn, FeatureColumn
from featurecols.feature_column.dense import SharedEmbeddingColumn
from featurecols.feature_column.layers import keys_of
from featurecols.feature_column.sequence import SequenceCategoricalColumn, SequenceNumericColumn
from featurecols.feature_column.tensors import tensor_of
from featurecols.tf.columns import columns_to_json, map_columns
from featurecols.tf.imported_estimator import ImportedEstimator
from featurecols.tf.variable_names import is_embedding
from featurecols.tf.verify.exchange import Answer, Failure


class SupportsArrow(Protocol):
    """A table of Arrow, Polars, pandas or DuckDB, which gives itself as an Arrow stream."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


Data: TypeAlias = "str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Source | SupportsArrow | Mapping[str, ArrayLike]"
Features = dict[str, Array | SparseTensor]  # by key


@dataclass(frozen=True, slots=True)
class Question:
    """Something that both sides compute.

    what: "ids", "dense", "sequence" or "logits". request: what the other side is sent; None, with a reason, where it cannot
    be. keys: the features behind it. answer: computes it here. scale: for logits, what bounds their rounding.
    """

    name: str
    what: str
    request: Mapping[str, object] | None
    reason: str
    keys: tuple[str, ...]
    answer: Callable[[Features], Answer]
    scale: Callable[[Features], Array] | None = None

    def here(self, features: Features) -> Answer:
        """Return the answer of this side; an error of the package by the name of its class in TensorFlow."""
        try:
            return self.answer(features)
        except errors.FeatureColumnsError as error:
            kinds = [kind.__name__ for kind in type(error).__mro__]
            known = ("ValueError", "TypeError", "AttributeError", "IndexError", "NotImplementedError", "OverflowError")
            return Failure(next((kind for kind in kinds if kind in known), kinds[0]), str(error))


def column_question(column: FeatureColumn) -> Question:
    """Ask for ids of a categorical column and of an embedding's source; the matrix of any other column."""
    what, asked = "dense", column
    if is_embedding(column):
        what, asked = "ids", column.categorical_column
    elif isinstance(column, CategoricalColumn):
        what = "ids"
    elif _is_sequence(column):
        what = "sequence"
    reason = _why_not(asked)
    request = None if reason else {"what": what, "column": columns_to_json([asked])[0]}
    return Question(column.name, what, request, reason, tuple(sorted(keys_of([asked]))), lambda fed: _compute(what, asked, fed))


def model_question(model: ImportedEstimator, checkpoint: Path) -> Question:
    """Ask for the logits of a model, from the same checkpoint on both sides."""
    columns = [*model.linear, *model.dnn]
    reason = next((why for column in columns if (why := _why_not(column))), "")
    request = None
    if not reason:
        names = ("units", "hidden_units", "batch_norm", "activation", "sparse_combiner", "keys")
        request = {name: getattr(model, name) for name in names} | {"checkpoint": str(checkpoint.absolute())}
        request |= {"linear": columns_to_json(model.linear), "dnn": columns_to_json(model.dnn)}
    return Question("logits", "logits", request, reason, model.keys, lambda fed: {"logits": model.logits(fed)}, model.scale)


def _compute(what: str, column: FeatureColumn, fed: Features) -> Answer:
    if what == "dense":
        return {"dense": DenseFeatures([column])(fed)}
    if what == "sequence":
        values, lengths = SequenceFeatures([column])(fed)
        return {"dense": values, "lengths": lengths}
    ids, weights = sparse_tensors(column, fed)
    found = {"indices": ids.indices, "values": ids.values, "shape": np.array(ids.dense_shape, np.int64)}
    return found if weights is None else found | {"weights": weights.values}


def _is_sequence(column: FeatureColumn) -> bool:
    inner = getattr(column, "categorical_column", None)
    return isinstance(column, SequenceNumericColumn) or isinstance(inner, SequenceCategoricalColumn)


def _why_not(column: FeatureColumn) -> str:
    """Return why a column cannot be sent to another process; "" when it can."""
    found: list[str] = []

    def look(inside: FeatureColumn) -> FeatureColumn:
        function = getattr(inside, "normalizer_fn", None)
        if function is not None:
            found.append(f"normalizer_fn of {inside.name} is a function, which is not sent to another process")
        if isinstance(inside, SharedEmbeddingColumn):
            found.append("TensorFlow has no JSON for shared embeddings")
        return inside

    map_columns(column, look)
    return found[0] if found else ""


# Features -----------------------------------------------------------------------------------------------------------


def feeds(data: Data, keys: Iterable[str], rows: int) -> Features:
    """Return the first rows of a table, or of Parquet or CSV files, as arrays and sparse tensors.

    Null strings become "", null integers -1, null floats NaN; lists become sparse tensors, floats float32 (as Keras layers
    make them). Raises DataError where a feature is not in the data.
    """
    wanted = list(keys)
    batches, have = [], 0
    for batch in as_source(data).batches([(key, "category") for key in wanted]):
        batches.append(batch)
        have += batch.num_rows
        if have >= rows:
            break
    whole = Batch.concatenate(batches).slice(0, min(rows, have))
    return {key: _feed(key, whole.column(key)) for key in wanted}


def _feed(key: str, array: pa.Array) -> Array | SparseTensor:
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if array.null_count and not pa.types.is_list(kind) and not pa.types.is_large_list(kind):
        if pa.types.is_integer(kind):
            array = pc.fill_null(array.cast(pa.int64()), -1)
        elif pa.types.is_floating(kind):
            array = pc.fill_null(array, float("nan"))
        else:
            array = pc.fill_null(array.cast(pa.large_string()), "")
    tensor = tensor_of(key, array)
    if tensor.dtype.is_floating:
        tensor = tensor.cast(dtypes.float32)
    return tensor.array() if tensor.indices is None else SparseTensor(tensor.indices, tensor.array(), tensor.shape)
