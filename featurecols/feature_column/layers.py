"""What takes columns and features and gives matrices: DenseFeatures, SequenceFeatures, and what goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Generic, Self, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols.feature_column import base, dense, errors, tensors
from featurecols.feature_column.base import DenseColumn, FeatureColumn, SequenceDenseColumn
from featurecols.feature_column.graph_mode import GraphErrors, check_batches, has_shared
from featurecols.feature_column.sequence import SequenceCategoricalColumn
from featurecols.feature_column.serialize import Objects, deserialize_feature_columns, serialize_feature_columns
from featurecols.feature_column.tables import first_table, shared_table, table_name
from featurecols.feature_column.tensors import EagerTensor, Features, numpy_of
from featurecols.feature_column.to_dense import EmbeddingColumn, dense_of, sequence_of
from featurecols.feature_column.transformed import Transformed

ColumnT = TypeVar("ColumnT", bound=FeatureColumn)
Size = int | None  # of an axis; None where it is not known


class FeatureLayer(Generic[ColumnT]):
    """Base of the layers: its columns sorted by name, and the tables they use.

    Args:
        feature_columns: a list, an iterator or one column.
        trainable: kept for get_config.
        name: of the layer, for errors and get_config.
        partitioner: None; tables are not partitioned.
        dtype: float32, the only one.
    """

    takes: ClassVar[type] = FeatureColumn  # the class that its columns must have

    def __init__(
        self,
        feature_columns: FeatureColumn | Iterable[FeatureColumn],
        trainable: bool = True,
        name: str | None = None,
        partitioner: None = None,
        dtype: str = "float32",
    ) -> None:
        self.name, self.trainable = name or type(self).__name__, trainable
        columns = normalize_columns(feature_columns, self.name)
        for column in columns:
            if not isinstance(column, self.takes):
                hint = "wrap a categorical column in indicator_column or embedding_column"
                raise errors.argument(self.name, f"columns must be {self.takes.__name__}s", column, hint)
        self.feature_columns = cast(list[ColumnT], columns)
        for what, value, only in (("partitioner", partitioner, None), ("dtype", dtype, "float32")):
            if value != only:
                raise errors.argument(self.name, f"{what} can only be {only}", value, "leave it out")
        self._tables: dict[str, Array] = {}

    @property
    def weights(self) -> dict[str, Array]:
        """The float32 tables made so far, by column name (by the name of the shared table, for shared embeddings).

        They are made by the columns' initializers when first needed; set_weights replaces them.
        """
        found = dict(self._tables)
        for name, column in self._embeddings():
            shared = shared_table(column)
            if shared is not None and shared.value is not None:
                found[name] = shared.value
        return found

    def set_weights(self, weights: Mapping[str, ArrayLike | EagerTensor]) -> None:
        """Put tables in place, by the names that `weights` uses; shapes must be those of the columns.

        A table of shared embeddings is replaced for every layer over their columns.
        """
        shapes, embeddings = dict(self._shapes()), dict(self._embeddings())
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
            shared = shared_table(embeddings[name]) if name in embeddings else None
            if shared is None:
                self._tables[name] = table
            else:
                shared.value = table

    def _embeddings(self) -> Iterator[tuple[str, EmbeddingColumn]]:
        """Yield the columns that look up tables, by the names of these."""
        for column in self.feature_columns:
            if isinstance(column, (dense.EmbeddingColumn, dense.SharedEmbeddingColumn)):
                yield self.table_key(column), column

    def _shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for name, column in self._embeddings():
            yield name, (base.num_buckets_of(column.categorical_column), base.whole(column.dimension, self.name, "dimension"))

    def table_key(self, column: EmbeddingColumn) -> str:
        """Return the name of a column's table in `weights`."""
        return table_name(column)

    def table_of(self, column: EmbeddingColumn) -> Array:
        """Return the table of an embedding column of this layer."""
        if shared_table(column) is not None:
            return first_table(column)
        name = self.table_key(column)
        if name not in self._tables:
            self._tables[name] = first_table(column)
        return self._tables[name]

    def get_config(self) -> dict[str, object]:
        """Return the arguments that make an equal layer, as JSON data; raises NotImplementedError for shared embeddings."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": "float32",
            "feature_columns": serialize_feature_columns(self.feature_columns),
            "partitioner": None,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, object], custom_objects: Objects | None = None) -> Self:
        """Return the layer of what get_config gave; custom_objects as in deserialize_feature_columns."""
        columns = cast(Sequence[object], config["feature_columns"])
        return cls(**{**config, "feature_columns": deserialize_feature_columns(columns, custom_objects)})  # type: ignore[arg-type]

    def _total(self) -> int:
        columns = cast(Sequence[DenseColumn], self.feature_columns)
        return sum(column.variable_shape.num_elements() for column in columns)

    def _cast(self, features: Features) -> Transformed:
        if not isinstance(features, Mapping):
            raise errors.bad_input(
                self.name, "features", "features must be a dict", type(features).__name__, "give {key: values}"
            )
        return Transformed(tensors.keras_cast(features, list(keys_of(self.feature_columns))))  # type: ignore[arg-type]


def normalize_columns(feature_columns: FeatureColumn | Iterable[FeatureColumn], subject: str) -> list[FeatureColumn]:
    """Return the columns as a list sorted by name by code points.

    Raises:
        ColumnError: (a ValueError) no columns, something else than columns, or two of one name.
    """
    if isinstance(feature_columns, Mapping):
        raise errors.argument(subject, "columns must be a list, not a dict", feature_columns, "give its values()")
    columns = [feature_columns] if isinstance(feature_columns, FeatureColumn) else list(feature_columns)
    by_name: dict[str, FeatureColumn] = {}
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


def keys_of(columns: Iterable[FeatureColumn | str]) -> set[str]:
    """Return the keys of all features that the columns read."""
    found: set[str] = set()
    for column in columns:
        found |= {column} if isinstance(column, str) else keys_of(column.parents)
    return found


def flatten(column: DenseColumn, values: Array, subject: str) -> Array:
    """Return values with one row a batch row, [batch, elements]; raises MisfitError where they do not fit the column."""
    size = column.variable_shape.num_elements()
    if values.size != values.shape[0] * size:
        raise errors.misfit(
            subject, f"{column.name} needs {size} values a row", values.shape, "flatten the feature to [batch, n]"
        )
    return values.reshape(values.shape[0], size)


def refuse_sequence(column: FeatureColumn) -> None:
    """Raise DataError (a ValueError) for a column over sequences, which has no dense row."""
    inner = getattr(column, "categorical_column", None)
    if isinstance(inner, SequenceCategoricalColumn):
        hint = "use SequenceFeatures, or a categorical column that is not a sequence"
        raise errors.bad_input(column.name, inner.name, "a sequence column has no dense row", inner.name, hint)


class DenseFeatures(FeatureLayer[DenseColumn]):
    """One float32 matrix [batch, total]: the columns sorted by name, each flattened to a row.

    Args:
        feature_columns: dense columns; a list, an iterator or one column.
        trainable, name, partitioner, dtype: as Keras layers have them.

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
        """Name, first and last + 1 output of every column in the matrix."""
        found, start = [], 0
        for column in self.feature_columns:
            stop = start + column.variable_shape.num_elements()
            found.append((column.name, start, stop))
            start = stop
        return found

    def compute_output_shape(self, input_shape: Sequence[Size]) -> tuple[Size, int]:
        """Return the shape of the matrix for features whose first axis has the size input_shape[0]."""
        (batch,) = leading_sizes(input_shape, 1, self.name)
        return batch, self._total()

    def __call__(
        self, features: Features, cols_to_output_tensors: dict[DenseColumn, Array] | None = None, training: object = None
    ) -> Array:
        return self.run(self._cast(features), cols_to_output_tensors)

    def run(self, cache: Transformed, cols_to_output_tensors: dict[DenseColumn, Array] | None = None) -> Array:
        """Return the matrix of features that are cast already."""
        parts = []
        with GraphErrors(cache.v1 or has_shared(self.feature_columns)) as found:
            for column in self.feature_columns:
                refuse_sequence(column)
                found.check_scopes(column, self.name, cache.v1)
                with found.of(column, cache):
                    parts.append(flatten(column, dense_of(column, cache, self.table_of), self.name))
        check_batches(self.feature_columns, parts, self.name, found.graph)
        if cols_to_output_tensors is not None:
            cols_to_output_tensors.update(zip(self.feature_columns, parts, strict=True))
        return np.concatenate(parts, axis=1)


class SequenceFeatures(FeatureLayer[SequenceDenseColumn]):
    """Steps of sequence columns: ([batch, steps, total], int64 lengths [batch]), the columns sorted by name.

    Args:
        feature_columns: sequence_numeric_column, or an indicator or embedding of a sequence_categorical_column.
        trainable, name, partitioner, dtype: as Keras layers have them.

    Raises:
        ColumnError: (a ValueError) as DenseFeatures, and in use for a column over no sequence. InvalidArgumentError: columns
        with different lengths or numbers of steps. TypeError: a dense feature for sequence_numeric_column.

    >>> from featurecols import feature_column as fc
    >>> loads = fc.SparseTensor([[0, 0], [0, 1], [1, 0]], [1.0, 2.0, 3.0], [2, 2])
    >>> SequenceFeatures(fc.sequence_numeric_column("load"))({"load": loads})[1]
    array([2, 1])
    """

    takes = SequenceDenseColumn

    def compute_output_shape(self, input_shape: Sequence[Size]) -> tuple[Size, Size, int]:
        """Return the shape of the steps for features whose first axes have the sizes input_shape[:2]."""
        batch, steps = leading_sizes(input_shape, 2, self.name)
        return batch, steps, self._total()

    def __call__(self, features: Features, training: object = None) -> tuple[Array, Array]:
        cache = self._cast(features)
        parts, lengths = [], []
        for column in self.feature_columns:
            values, length = sequence_of(column, cache, self.table_of)
            batch, steps = values.shape[:2]
            size = column.variable_shape.num_elements()
            if values.size != batch * steps * size:
                what = f"{column.name} needs {size} values a step"
                raise errors.invalid(self.name, what, values.shape, "correct the shape of the feature")
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


def leading_sizes(input_shape: Sequence[Size], count: int, subject: str) -> tuple[Size, ...]:
    """Return the first sizes of a shape."""
    hint = "give the shape of the features, such as (None, 3)"
    if not isinstance(input_shape, (list, tuple)):
        raise errors.wrong_type(subject, "input_shape must be a tuple", input_shape, hint)
    if len(input_shape) < count:
        what = f"input_shape must have {count} sizes or more"
        raise errors.ArgumentIndexError(errors.text(subject, what, input_shape, hint))
    return tuple(input_shape[:count])


def concatenate_context_input(context_input: ArrayLike | EagerTensor, sequence_input: ArrayLike | EagerTensor) -> Array:
    """Repeat a row's context at each of its steps: [batch, steps, s + c], the sequence first.

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
