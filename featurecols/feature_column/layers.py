"""What takes columns and features and gives matrices: DenseFeatures, SequenceFeatures, and what goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.feature_column import dense, errors, initializers, tensors
from featurecols.feature_column.base import DenseColumn, FeatureColumn, SequenceDenseColumn
from featurecols.feature_column.graph_mode import GraphErrors, check_batches, check_scope, is_graph
from featurecols.feature_column.lower import Transformed
from featurecols.feature_column.sequence import SequenceCategoricalColumn
from featurecols.feature_column.tensors import numpy_of
from featurecols.feature_column.to_dense import dense_of, sequence_of

Weights = dict[str, Array]


class FeatureLayer:
    """Base of the layers: its columns sorted by name, and the embedding tables they use.

    weights: float32 tables by column name (by the name of the shared table, for shared embeddings). They are made by
    the columns' initializers when first needed; set_weights replaces them.
    """

    takes: Any = FeatureColumn  # the class that its columns must have

    def __init__(self, feature_columns: Any, trainable: bool = True, name: str | None = None) -> None:
        self.name, self.trainable = name or type(self).__name__, trainable
        self.feature_columns = normalized(feature_columns, self.name)
        for column in self.feature_columns:
            if not isinstance(column, self.takes):
                hint = "wrap a categorical column in indicator_column or embedding_column"
                raise errors.argument(self.name, f"columns must be {self.takes.__name__}s", column, hint)
        self.weights: Weights = {}

    def set_weights(self, weights: Mapping[str, Any]) -> None:
        """Put tables in place, by the names that `weights` uses; shapes must be those of the columns."""
        shapes = dict(self._shapes())
        for name, given in weights.items():
            table = np.array(numpy_of(given), dtype=np.float32)
            if name not in shapes:
                raise errors.argument(
                    self.name, "no weights of that name", name, f"it has {', '.join(sorted(shapes)) or 'none'}"
                )
            if table.shape != shapes[name]:
                raise errors.argument(
                    self.name, f"weights {name!r} must have shape {shapes[name]}", table.shape, "give that shape"
                )
            self.weights[name] = table

    def _shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for column in self.feature_columns:
            if isinstance(column, (dense.EmbeddingColumn, dense.SharedEmbeddingColumn)):
                yield table_name(column), (column.categorical_column.num_buckets, column.dimension)

    def table_of(self, column: Any) -> Array:
        """The table of an embedding column of this layer."""
        name = table_name(column)
        if name not in self.weights:
            self.weights[name] = first_weights(column)
        return self.weights[name]

    def _cast(self, features: Any) -> Transformed:
        if not isinstance(features, Mapping):
            raise errors.bad_input(
                self.name, "features", "features must be a dict", type(features).__name__, "give {key: values}"
            )
        return Transformed(tensors.keras_cast(features, list(keys_of(self.feature_columns))))


def normalized(feature_columns: Any, subject: str) -> list[Any]:
    """The columns as a list sorted by name by code points; ValueError for none, for other things, for a name twice."""
    if isinstance(feature_columns, FeatureColumn):
        feature_columns = [feature_columns]
    if isinstance(feature_columns, Mapping):
        raise errors.argument(subject, "columns must be a list, not a dict", feature_columns, "give its values()")
    columns = list(feature_columns)
    by_name: dict[str, Any] = {}
    for column in columns:
        if not isinstance(column, FeatureColumn):
            raise errors.argument(
                subject, "every item must be a feature column", column, "make it with numeric_column and the like"
            )
    if not columns:
        raise errors.argument(subject, "needs at least one column", columns, "give columns")
    for column in columns:
        if column.name in by_name:
            hint = "drop one, or feed the feature under two keys"
            raise errors.argument(subject, f"two columns are named {column.name!r}", (by_name[column.name], column), hint)
        by_name[column.name] = column
    return sorted(columns, key=lambda column: column.name)


def keys_of(columns: Iterable[Any]) -> set[str]:
    """Keys of all features that the columns read."""
    found: set[str] = set()
    for column in columns:
        found |= {column} if isinstance(column, str) else keys_of(column.parents)
    return found


def table_name(column: Any) -> str:
    shared = getattr(column, "shared_embedding_column_creator", None)
    return column.name if shared is None else shared.name  # type: ignore[no-any-return]


def first_weights(column: Any) -> Array:
    """The first table of an embedding column; columns that share one get the same array."""
    shared = getattr(column, "shared_embedding_column_creator", None)
    if shared is None:
        return _made(column, (column.categorical_column.num_buckets, column.dimension))
    if shared.value is None:
        shared.value = _made(shared, (shared.num_buckets, shared.dimension))
    return shared.value  # type: ignore[no-any-return]


def _made(column: Any, shape: tuple[int, int]) -> Array:
    """What the initializer makes of a shape, float32; it is called as TensorFlow calls it."""
    if column.ckpt_to_load_from is not None:
        hint = "read it with adapters.tf_checkpoint and give the table to set_weights"
        raise errors.not_implemented(column.name, "checkpoints are not read here", column.ckpt_to_load_from, hint)
    if not all(isinstance(size, int) for size in shape):
        raise errors.wrong_type(column.name, "dimension must be an int", shape[1], "give a whole number")
    own = isinstance(column.initializer, initializers.Initializer)
    made = column.initializer(shape, dtype=np.float32, **({"name": column.name} if own else {}))  # numpy's: all know it
    table = np.array(numpy_of(made), dtype=np.float32)
    if table.shape != shape:
        raise errors.argument(column.name, f"initializer must give shape {shape}", table.shape, "mend the initializer")
    return table


def flattened(column: Any, values: Array, subject: str) -> Array:
    """One row a batch row: [batch, elements], where the values fit the column's shape."""
    size = column.variable_shape.num_elements()
    if values.size != values.shape[0] * size:
        raise errors.misfit(
            subject, f"{column.name} needs {size} values a row", values.shape, "flatten the feature to [batch, n]"
        )
    return values.reshape(values.shape[0], size)


def refuse_sequence(column: Any) -> None:
    inner = getattr(column, "categorical_column", None)
    if isinstance(inner, SequenceCategoricalColumn):
        hint = "use SequenceFeatures, or a categorical column that is no sequence"
        raise errors.bad_input(column.name, inner.name, "a sequence column has no dense row", inner.name, hint)


class DenseFeatures(FeatureLayer):
    """One float32 matrix [batch, total]: the columns sorted by name, each flattened to a row.

    Args:
        feature_columns: dense columns; a list, an iterator or one column.

    Raises:
        ColumnError: (a ValueError) no columns, two of one name, or one that is not dense. In use: DataError (a
        ValueError) for features that do not fit, InvalidArgumentError where TensorFlow's kernels fail.

    >>> from featurecols import feature_column as fc
    >>> DenseFeatures([fc.numeric_column("b"), fc.numeric_column("a", shape=2)])({"a": [[1.0, 2.0]], "b": [3.0]})
    array([[1., 2., 3.]], dtype=float32)
    """

    takes = DenseColumn

    @property
    def slices(self) -> list[tuple[str, int, int]]:
        """Name, first and last + 1 cell of every column in the matrix."""
        found, start = [], 0
        for column in self.feature_columns:
            stop = start + column.variable_shape.num_elements()
            found.append((column.name, start, stop))
            start = stop
        return found

    def __call__(self, features: Mapping[str, Any], cols_to_output_tensors: dict[Any, Array] | None = None) -> Array:
        return self.of(self._cast(features), cols_to_output_tensors)

    def of(self, cache: Transformed, cols_to_output_tensors: dict[Any, Array] | None = None) -> Array:
        parts = []
        with GraphErrors(cache.v1 or is_graph(self.feature_columns)) as found:
            for column in self.feature_columns:
                refuse_sequence(column)
                if found.graph:
                    check_scope(column.name, self.name)
                with found.of(column, cache):
                    parts.append(flattened(column, dense_of(column, cache, self.table_of), self.name))
        check_batches(self.feature_columns, parts, self.name, found.graph)
        if cols_to_output_tensors is not None:
            cols_to_output_tensors.update(zip(self.feature_columns, parts, strict=True))
        return np.concatenate(parts, axis=1)


class SequenceFeatures(FeatureLayer):
    """Steps of sequence columns: ([batch, steps, total], int64 lengths [batch]), the columns sorted by name.

    Args:
        feature_columns: sequence_numeric_column, or an indicator or embedding of a sequence_categorical_column.

    Raises:
        ColumnError: (a ValueError) as DenseFeatures, and in use for a column over no sequence. InvalidArgumentError: columns
        with different lengths or numbers of steps. TypeError: a dense feature for sequence_numeric_column.

    >>> from featurecols import feature_column as fc
    >>> loads = fc.SparseTensor([[0, 0], [0, 1], [1, 0]], [1.0, 2.0, 3.0], [2, 2])
    >>> SequenceFeatures(fc.sequence_numeric_column("load"))({"load": loads})[1]
    array([2, 1])
    """

    takes = SequenceDenseColumn

    def __call__(self, features: Mapping[str, Any]) -> tuple[Array, Array]:
        cache = self._cast(features)
        parts, lengths = [], []
        for column in self.feature_columns:
            values, length = sequence_of(column, cache, self.table_of)
            batch, steps = values.shape[:2]
            size = column.variable_shape.num_elements()
            if values.size != batch * steps * size:
                raise errors.invalid(self.name, f"{column.name} needs {size} values a step", values.shape, "mend the feature")
            parts.append(values.reshape(batch, steps, size))
            lengths.append(length)
        check_batches(self.feature_columns, lengths, self.name)
        for column, length in zip(self.feature_columns, lengths, strict=True):
            if (length != lengths[0]).any():
                what = f"{self.feature_columns[0].name} and {column.name} have different lengths"
                raise errors.invalid(self.name, what, length.tolist(), "feed sequences of one length")
        check_batches(self.feature_columns, parts, self.name)
        if len({(part.shape[1], part.dtype) for part in parts}) > 1:
            shapes = [(part.shape[:2], str(part.dtype)) for part in parts]
            raise errors.invalid(
                self.name, "columns must have the same steps and type", shapes, "feed tensors of one dense_shape"
            )
        return np.concatenate(parts, axis=2), lengths[0]


def concatenate_context_input(context_input: Any, sequence_input: Any) -> Array:
    """A row's context repeated at each of its steps: [batch, steps, s + c], the sequence first.

    Args:
        context_input: float32 [batch, c].
        sequence_input: float32 [batch, steps, s].

    Raises:
        ValueError: another rank. TypeError: another type than float32. InvalidArgumentError: different batch sizes.

    >>> concatenate_context_input(np.float32([[1, 2]]), np.float32([[[9], [8]]]))
    array([[[9., 1., 2.],
            [8., 1., 2.]]], dtype=float32)
    """
    subject = "concatenate_context_input"
    sequence, context = (tensors.array_of(subject, numpy_of(x)) for x in (sequence_input, context_input))
    for name, array, rank in (("sequence_input", sequence, 3), ("context_input", context, 2)):
        if array.ndim != rank:
            raise errors.bad_input(
                subject, name, f"must have rank {rank}", array.shape, "give [batch, c] and [batch, steps, s]"
            )
        if array.dtype != np.float32:
            raise errors.wrong_type(subject, f"{name} must be float32", array.dtype, "cast it")
    if len(sequence) != len(context):
        raise errors.invalid(subject, "both need one batch size", (len(context), len(sequence)), "feed the same rows")
    steps = np.broadcast_to(context[:, None, :], (*sequence.shape[:2], context.shape[1]))
    return np.concatenate([sequence, steps], axis=2)
