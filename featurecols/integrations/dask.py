"""Dask: a plan over the partitions of a DataFrame, and a fit of all of them.

Needs dask with its DataFrame: pip install "featurecols[dask]".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pandas as pd

try:
    import dask
    import dask.dataframe as dd
except ImportError as error:
    raise ModuleNotFoundError(
        'featurecols.integrations.dask needs Dask: pip install "featurecols[dask]"', name=error.name
    ) from error

from featurecols import errors
from featurecols.columns.base import Column
from featurecols.integrations.engines import (
    FAN_IN,
    FEATURES,
    Collect,
    LayoutName,
    Transform,
    check_over,
    fields_of,
    fit_over,
    lists_of_matrix,
    make_transform,
    merge_states,
    require_fields,
)
from featurecols.plan.plan import Plan
from featurecols.plan.report import Report


def transform(plan: Plan, df: dd.DataFrame, *, keep: str | Sequence[str] = (), layout: LayoutName = "features") -> dd.DataFrame:
    """Return the features of a Dask DataFrame, partition by partition when it is computed, with its index and divisions.

    Args:
        plan: what to compute; it is sent to the workers as bytes.
        df: rows. Lists must be of Arrow (`pd.ArrowDtype`): Dask turns columns of Python objects into text.
        keep: fields that go through as they are, one name or several, first.
        layout: "features" is one column `features` of Arrow lists of float32, plan.width long; "columns" is one float32 column
            for each feature, by its name.

    Raises:
        DataError: for a field that is not there; for values that do not fit, with the row counted in its partition, when it is
            computed. PlanError: for an output that has no place in a matrix, for two columns of one name, and for rows
            that are not a DataFrame of Dask.
    """
    _require_frame("dask.transform", df)
    sent = make_transform("dask.transform", plan, list(df.columns), keep, layout)
    read = df[fields_of(sent, plan)]
    meta = _transform_frame(read._meta, sent)
    return read.map_partitions(_transform_frame, dask.delayed(sent, pure=True), meta=meta)


def fit(columns: Iterable[Column], df: dd.DataFrame, *, statistics: bool = False) -> Plan:
    """Return the plan of columns over all rows of a Dask DataFrame, to the bit that of fc.fit over its rows.

    Each partition is collected by a task, states are merged in a tree; once for each pass that the columns need.

    Args:
        columns: declared columns.
        df: rows.
        statistics: keep in the plan how its fields were distributed, as fc.fit does.

    Raises:
        DataError: for rows that do not fit the columns, the row counted in its partition, or nothing to learn from.
    """
    _require_frame("dask.fit", df)
    return fit_over(columns, _runner(df), statistics)


def check(plan: Plan, df: dd.DataFrame) -> Report:
    """Return how the fields of a Dask DataFrame fit a plan, and how far they are from its training rows, as plan.check does.

    Each partition is collected by a task, states are merged in a tree.

    Raises:
        DataError: for rows that the fields of the plan cannot be read from. PlanError: for what is not a plan.
    """
    _require_frame("dask.check", df)
    return check_over("dask.check", plan, _runner(df))


def _require_frame(subject: str, df: object) -> None:
    """Raise PlanError for rows that are not a DataFrame of Dask."""
    if not isinstance(df, dd.DataFrame):
        hint = "make one with dask.dataframe.from_pandas(df, npartitions=8) or read_parquet(path)"
        raise errors.plan(subject, "needs a DataFrame of Dask", type(df).__name__, hint)


def _runner(df: dd.DataFrame) -> Callable[[Collect, list[str]], bytes | None]:
    """Return what collects and merges all rows in one pass."""

    def run(task: Collect, fields: list[str]) -> bytes | None:
        require_fields(fields, list(df.columns))
        sent = dask.delayed(task, pure=True)
        states = [dask.delayed(_collect)(sent, rows) for rows in df[fields].to_delayed()]
        while len(states) > 1:
            states = [dask.delayed(merge_states)(states[i : i + FAN_IN]) for i in range(0, len(states), FAN_IN)]
        return states[0].compute() if states else None

    return run


def _collect(task: Collect, rows: pd.DataFrame) -> bytes:
    return task(rows)


def _transform_frame(rows: pd.DataFrame, sent: Transform) -> pd.DataFrame:
    """Return the features of one partition."""
    kept, plan = rows[list(sent.keep)], sent.plan()
    matrix = plan.transform(rows, threads=1)
    if sent.layout == "columns":
        found = pd.DataFrame(matrix, index=rows.index, columns=list(plan.feature_names))
        return pd.concat([kept, found], axis=1) if sent.keep else found
    return kept.assign(**{FEATURES: pd.Series(pd.arrays.ArrowExtensionArray(lists_of_matrix(matrix)), index=rows.index)})


__all__ = ["check", "fit", "transform"]
