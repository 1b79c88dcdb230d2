"""What differs where TensorFlow builds a graph first: version 1's functions, and shared_embeddings.

A shape that does not fit is then found while the graph is built (ValueError), and a count that depends on the values of
a dense feature only when it runs (InvalidArgumentError).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from featurecols._core.arrays import Array
from featurecols.feature_column import categorical, dense, errors, numeric
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.lower import sparse_tensors
from featurecols.feature_column.transformed import Transformed

_SCOPE = re.compile(r"[A-Za-z0-9_.\\/>-]*")  # what a graph takes as the name of a scope
_REPLACED = re.compile(r"[^A-Za-z0-9_.\-]")  # what layers of TensorFlow 2 replace in a column's name
_ROOT = re.compile(r"([A-Za-z0-9.][A-Za-z0-9_.\\/>-]*)?")  # the same where no scope is around it


def has_shared(columns: Iterable[FeatureColumn]) -> bool:
    """Return whether TensorFlow would need a graph for these columns: shared_embeddings does not run eagerly."""
    return any(isinstance(column, dense.SharedEmbeddingColumn) for column in columns)


class GraphErrors:
    """Errors with the class and the order that they have in a graph: what building it finds comes before what runs it.

    with GraphErrors(graph) as found: for each column: with found.of(column, cache): ...
    """

    def __init__(self, graph: bool) -> None:
        self.graph = graph
        self.scopes: set[str] = set()  # of a linear model, one for each column
        self.pending: list[errors.OpError] = []  # of kernels, which run after all columns are built

    def __enter__(self) -> GraphErrors:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None and self.pending:
            raise self.pending[0]

    @contextmanager
    def of(self, column: FeatureColumn, cache: Transformed) -> Iterator[None]:
        """Raise what the block raises for a column as a graph would, or keep it until all columns are done."""
        try:
            yield
        except (errors.OpError, errors.UnpairedWeightsError) as error:
            if not self.graph or (isinstance(error, errors.UnpairedWeightsError) and _is_counted(column, cache)):
                raise
            if isinstance(error, errors.MisfitError) or _has_steps(column, cache):
                raise errors.ColumnError(str(error)) from None
            self.pending.append(error if isinstance(error, errors.OpError) else errors.InvalidArgumentError(str(error)))

    def check_scopes(self, column: FeatureColumn, subject: str, v1: bool, linear: bool = False) -> None:
        """Check the names that a graph makes scopes of: no blanks, ASCII letters only.

        Layers of TensorFlow 2 replace other characters where a column has no table of its own in a linear model.

        Args:
            column: one of the layer's columns.
            subject: name of the layer, for errors.
            v1: the layer is a function of version 1.
            linear: the layer is a linear model.

        Raises:
            ColumnError: (a ValueError) a name that is not a scope, or that of two columns of a linear model. TypeError: a
            name of a shared table that is not a string.
        """
        if not self.graph:
            return
        shared = isinstance(column, dense.SharedEmbeddingColumn)
        table = column.shared_embedding_column_creator.name if isinstance(column, dense.SharedEmbeddingColumn) else column.name
        if v1:
            self._check_scope(table, subject, root=linear)
        if linear and not v1:
            scope = _REPLACED.sub("_", column.name)
            if scope in self.scopes:
                what = "two columns have names that a graph takes for one"
                raise errors.argument(subject, what, column.name, "rename one of the features")
            self.scopes.add(scope)
        if not v1 or shared:
            if not linear or isinstance(column, (dense.EmbeddingColumn, dense.SharedEmbeddingColumn)):
                self._check_scope(column.name, subject, root=False)
            if shared and not v1:
                self._check_scope(table, subject, root=True)

    def _check_scope(self, name: str, subject: str, root: bool) -> None:
        if not isinstance(name, str):
            hint = "name the collection with a string"
            raise errors.wrong_type(subject, "a shared table's name must be a string", name, hint)
        if not (_ROOT if root else _SCOPE).fullmatch(name):
            raise errors.argument(subject, "a column's name must do as a graph scope", name, "rename the feature")
        if "\\" in name:
            what = "a column's name must do as the name of a graph's node"
            self.pending.append(errors.invalid(subject, what, name, "rename the feature"))


def check_batches(columns: Sequence[FeatureColumn], parts: Sequence[Array], subject: str, graph: bool = False) -> None:
    """Check that all parts have the first one's number of rows. A graph knows that of numbers, and counts ids when it runs."""
    for column, part in zip(columns, parts, strict=True):
        if len(part) != len(parts[0]):
            what = f"{columns[0].name} has {len(parts[0])} rows, {column.name} another number"
            hint = "feed features of one batch size"
            counted = all(isinstance(c, (numeric.NumericColumn, numeric.BucketizedColumn)) for c in (columns[0], column))
            if graph and not counted:
                raise errors.invalid(subject, what, len(part), hint)
            raise errors.bad_input(subject, column.name, what, len(part), hint)


def _has_steps(column: FeatureColumn, cache: Transformed) -> bool:
    """Return whether several steps a row are asked for one row, which is found before any id is looked up or counted."""
    if not isinstance(column, (dense.EmbeddingColumn, dense.SharedEmbeddingColumn, dense.IndicatorColumn)):
        return False
    weighted = isinstance(column.categorical_column, categorical.WeightedCategoricalColumn)
    if isinstance(column, dense.IndicatorColumn) and weighted:  # their sum is not known to have the ids' shape
        return False
    try:
        lead = sparse_tensors(column.categorical_column, cache).id_tensor.shape[:-1]
    except errors.OpError:  # the ids themselves cannot be made
        return False
    return math.prod(lead) != lead[0]


def _is_counted(column: FeatureColumn, cache: Transformed) -> bool:
    """Return whether the graph knows how many ids and weights there are: both are sparse, and the ids are not a cross."""
    weighted = getattr(column, "categorical_column", column)
    if not isinstance(weighted, categorical.WeightedCategoricalColumn):
        weighted = column
    if not isinstance(weighted, categorical.WeightedCategoricalColumn):
        return False
    keys = [weighted.weight_feature_key, getattr(weighted.categorical_column, "key", None)]
    return all(key is not None and cache.raw(key, column.name).is_sparse for key in keys)
