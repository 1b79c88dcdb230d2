"""What scikit-learn hands over as X, as a table that plans read: the fields of an array are x0, x1, ..."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias, TypeGuard

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from featurecols._core.arrays import Array
from featurecols.columns.base import Column
from featurecols.data.batch import Source
from featurecols.data.sources import ArrowStream, as_source, is_path
from featurecols.plan.graph import Graph
from featurecols.plan.plan import Plan

Table: TypeAlias = Mapping[str, Array] | ArrowStream
Rows: TypeAlias = ArrayLike | ArrowStream | Sequence[Mapping[str, object]] | Mapping[str, Array]


def as_table(estimator: BaseEstimator, rows: Rows, *, reset: bool) -> Table:
    """Return rows as a table, after scikit-learn's checks of their form, number and names of fields.

    Args:
        estimator: has n_features_in_ and, where fields have names, feature_names_in_; they are set with `reset`.
        rows: a pandas or Polars frame, an Arrow table, an array [n, fields] of numbers, texts or objects, or a list of dicts.
        reset: whether it is fitted now.

    Raises ValueError or TypeError, with scikit-learn's message, for anything else.
    """
    if is_path(rows):
        raise TypeError(f"X must be a table or an array, got the path {rows!r}; use featurecols.fit(columns, path) for files")
    if _are_dicts(rows):
        rows = pd.DataFrame(rows)
    if isinstance(rows, pd.DataFrame) and not all(isinstance(name, str) for name in rows.columns):
        validate_data(estimator, rows, skip_check_array=True, reset=reset)
        return {f"x{i}": rows.iloc[:, i] for i in range(rows.shape[1])}
    if isinstance(rows, pa.RecordBatch):
        rows = pa.Table.from_batches([rows])
    if _is_table(rows):
        names = rows.column_names if isinstance(rows, pa.Table) else rows.columns
        empty = pd.DataFrame(columns=list(names))  # which every version of scikit-learn finds the names of
        validate_data(estimator, empty, skip_check_array=True, reset=reset)
        return rows
    mixed = isinstance(rows, (list, tuple)) and np.asarray(rows).dtype.kind in "US"  # numbers beside texts stay numbers
    array = validate_data(estimator, rows, dtype=object if mixed else None, ensure_all_finite=False, reset=reset)
    return {f"x{i}": array[:, i] for i in range(array.shape[1])}


class NamedRows(ArrowStream, Protocol):
    """A frame of pandas or Polars."""

    @property
    def columns(self) -> Iterable[str]: ...


def _is_table(rows: Rows) -> TypeGuard[NamedRows]:
    """Return whether rows have names of their own; an Arrow array of one dimension has none."""
    return hasattr(rows, "__arrow_c_stream__") and hasattr(rows, "shape") and len(rows.shape) == 2


def _are_dicts(rows: Rows) -> bool:
    """Return whether rows are dicts, or a dict of fields; some sparse matrices are dicts too."""
    if isinstance(rows, (list, tuple)):
        return bool(rows) and isinstance(rows[0], Mapping)
    return isinstance(rows, Mapping) and not hasattr(rows, "shape")


def as_rows(estimator: BaseEstimator, rows: Rows, *, reset: bool) -> Source:
    """Return what `as_table` gives as a source: what is converted for one reading stays for the next."""
    return as_source(as_table(estimator, rows, reset=reset))


def with_label(table: Table, columns: Sequence[Column] | Plan | None, y: object) -> Table:
    """Return a table with y as the field that columns learn from as their label (TargetMean), where the table lacks it."""
    if y is None or columns is None:
        return table
    graph = columns._graph if isinstance(columns, Plan) else Graph(columns)
    if graph.trains_alike:
        return table
    names = list(table) if isinstance(table, Mapping) else pa.table(table).column_names
    lacking = [key for key in graph.needs(training=True) if key not in names and key not in graph.needs()]
    if len(lacking) != 1:
        return table
    labels = np.asarray(y)
    if isinstance(table, pd.DataFrame):
        return table.assign(**{lacking[0]: labels})
    if isinstance(table, Mapping):
        return {**table, lacking[0]: labels}
    return pa.table(table).append_column(lacking[0], pa.array(labels))


def take(table: Table, chosen: Array) -> Table:
    """Return the rows of a table at these positions, int64 [k]."""
    if isinstance(table, Mapping):
        return {key: pd.Series(values).to_numpy()[chosen] for key, values in table.items()}
    if isinstance(table, pd.DataFrame):
        return table.iloc[chosen]
    return pa.table(table).take(pa.array(chosen, pa.int64()))


__all__ = ["Rows", "Table", "as_rows", "as_table", "take", "with_label"]
