"""What differs where TensorFlow builds a graph first: version 1's functions, and shared_embeddings.

A shape that does not fit is then found while the graph is built (ValueError), and a count that depends on the values of
a dense feature only when it runs (InvalidArgumentError).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from featurecols._core.arrays import Array
from featurecols.feature_column import categorical, dense, errors, numeric
from featurecols.feature_column.lower import Transformed, sparse_tensors

_SCOPE = re.compile(r"[A-Za-z0-9_.\\/>-]*")  # what a graph takes as the name of a scope


def is_graph(columns: list[Any]) -> bool:
    """Whether TensorFlow would need a graph for these columns: shared_embeddings does not run eagerly."""
    return any(isinstance(column, dense.SharedEmbeddingColumn) for column in columns)


def check_scope(name: str, subject: str) -> None:
    """Names of columns become scopes of the graph: no blanks, ASCII letters only."""
    if not _SCOPE.fullmatch(name):
        raise errors.argument(subject, "a column's name must do as a graph scope", name, "rename the feature")


class GraphErrors:
    """Errors with the class and the order that they have in a graph: what building it finds comes before what runs it.

    with GraphErrors(graph) as found: for each column: with found.of(column, cache): ...
    """

    def __init__(self, graph: bool) -> None:
        self.graph = graph
        self.pending: list[errors.OpError] = []  # of kernels, which run after all columns are built

    def __enter__(self) -> GraphErrors:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None and self.pending:
            raise self.pending[0]

    @contextmanager
    def of(self, column: Any, cache: Transformed) -> Iterator[None]:
        try:
            yield
        except (errors.OpError, errors.UnpairedWeightsError) as error:
            if not self.graph or (isinstance(error, errors.UnpairedWeightsError) and _counted(column, cache)):
                raise
            if isinstance(error, errors.MisfitError) or _misfits(column, cache):
                raise errors.ColumnError(str(error)) from None
            self.pending.append(error if isinstance(error, errors.OpError) else errors.InvalidArgumentError(str(error)))


def check_batches(columns: list[Any], parts: list[Array], subject: str, graph: bool = False) -> None:
    """All parts must have the first one's number of rows. A graph knows that of numbers, and counts ids when it runs."""
    for column, part in zip(columns, parts, strict=True):
        if len(part) != len(parts[0]):
            what = f"{columns[0].name} has {len(parts[0])} rows, {column.name} another number"
            hint = "feed features of one batch size"
            counted = all(isinstance(c, (numeric.NumericColumn, numeric.BucketizedColumn)) for c in (columns[0], column))
            if graph and not counted:
                raise errors.invalid(subject, what, len(part), hint)
            raise errors.bad_input(subject, column.name, what, len(part), hint)


def _misfits(column: Any, cache: Transformed) -> bool:
    """Whether an embedding of several steps a row is asked for one row, which is found before any id is looked up."""
    if not isinstance(column, (dense.EmbeddingColumn, dense.SharedEmbeddingColumn)):
        return False
    try:
        lead = sparse_tensors(column.categorical_column, cache).id_tensor.shape[:-1]
    except errors.OpError:  # the ids themselves cannot be made
        return False
    return math.prod(lead) != lead[0]


def _counted(column: Any, cache: Transformed) -> bool:
    """Whether the graph knows how many ids and weights there are: both features are sparse, and the ids are no cross."""
    weighted = getattr(column, "categorical_column", column)
    if not isinstance(weighted, categorical.WeightedCategoricalColumn):
        weighted = column
    inner = weighted.categorical_column
    keys = [weighted.weight_feature_key, getattr(inner, "key", None)]
    return all(key is not None and cache.raw(key, column.name).is_sparse for key in keys)
