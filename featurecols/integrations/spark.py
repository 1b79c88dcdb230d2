"""Spark: a plan over the rows of a DataFrame, and a fit of all of them.

Needs PySpark 4 and a Java that it runs on: pip install "featurecols[spark]". Python on the workers must be the one that has
featurecols: set PYSPARK_PYTHON before the session is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

try:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import ArrayType, BinaryType, FloatType, StructField, StructType
except ImportError as error:
    raise ModuleNotFoundError(
        'featurecols.integrations.spark needs PySpark: pip install "featurecols[spark]"', name=error.name
    ) from error

from featurecols.columns.base import Column
from featurecols.integrations.engines import (
    FEATURES,
    ArrowBatches,
    Collect,
    LayoutName,
    Transform,
    check_over,
    fields_of,
    fit_over,
    make_transform,
    merge_states,
    require_fields,
)
from featurecols.plan.plan import Plan
from featurecols.plan.report import Report

_STATE = "state"
_MERGERS = 8  # tasks that merge the states of all partitions, before one merges theirs


def transform(plan: Plan, df: DataFrame, *, keep: str | Sequence[str] = (), layout: LayoutName = "features") -> DataFrame:
    """Return the features of a Spark DataFrame, by mapInArrow; Spark repeats what a lost worker was doing.

    Args:
        plan: what to compute; it is sent to the workers as bytes.
        df: rows.
        keep: fields that go through as they are, one name or several, first.
        layout: "features" is one column `features`, array<float>, plan.width long; "columns" is one float column for each
            feature, by its name.

    Raises:
        DataError: for a field that is not there; for values that do not fit, in the error of Spark, when the result is used.
            PlanError: for an output that has no place in a matrix, and for two columns of one name.
    """
    sent = make_transform("spark.transform", plan, df.columns, keep, layout)
    kept = [df.schema[name] for name in sent.keep]
    if layout == "features":
        made = [StructField(FEATURES, ArrayType(FloatType(), containsNull=False), nullable=False)]
    else:
        made = [StructField(name, FloatType(), nullable=False) for name in plan.feature_names]
    return _select(df, fields_of(sent, plan)).mapInArrow(_Apply(sent), StructType([*kept, *made]))


def fit(columns: Iterable[Column], df: DataFrame, *, statistics: bool = False) -> Plan:
    """Return the plan of columns over all rows of a Spark DataFrame, to the bit that of fc.fit over its rows.

    Each partition is collected by a task; the states are merged by several tasks and then by one. Once for each pass that the
    columns need: cache a DataFrame that is costly to compute.

    Args:
        columns: declared columns.
        df: rows.
        statistics: keep in the plan how its fields were distributed, as fc.fit does.

    Raises:
        DataError: for nothing to learn from, and, in the error of Spark, for rows that do not fit the columns.
    """
    return fit_over(columns, _runner(df), statistics)


def check(plan: Plan, df: DataFrame) -> Report:
    """Return how the fields of a Spark DataFrame fit a plan, and how far they are from its training rows, as plan.check does.

    Each partition is collected by a task; the states are merged by several tasks and then by one.

    Raises:
        DataError: for rows that the fields of the plan cannot be read from. PlanError: for what is not a plan.
    """
    return check_over("spark.check", plan, _runner(df))


def _runner(df: DataFrame) -> Callable[[Collect, list[str]], bytes | None]:
    """Return what collects and merges all rows in one pass."""

    def run(task: Collect, fields: list[str]) -> bytes | None:
        require_fields(fields, df.columns)
        schema = StructType([StructField(_STATE, BinaryType(), nullable=False)])
        states = _select(df, fields).mapInArrow(_CollectPartition(task), schema)
        for number in (_MERGERS, 1):
            states = states.repartition(number).mapInArrow(_merge, schema)
        found = states.collect()
        return bytes(found[0][_STATE]) if found else None

    return run


def _select(df: DataFrame, names: Sequence[str]) -> DataFrame:
    """Return some columns, whose names may hold dots."""
    return df.select(*(f"`{name.replace('`', '``')}`" for name in names))


@dataclass(frozen=True)
class _Apply:
    """The map of a transform."""

    sent: Transform

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in batches:
            yield from self.sent.table(rows).to_batches()


@dataclass(frozen=True)
class _CollectPartition:
    """The map of a fit: the state of a partition that has rows."""

    task: Collect

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        first = next(batches, None)
        if first is not None:
            yield _state_batch(self.task(ArrowBatches(first, batches)))


def _merge(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    states = (state.as_py() for batch in batches for state in batch.column(_STATE))
    first = next(states, None)
    if first is not None:
        yield _state_batch(merge_states(_chain(first, states)))


def _chain(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


def _state_batch(state: bytes) -> pa.RecordBatch:
    return pa.record_batch({_STATE: pa.array([state], pa.binary())})


__all__ = ["check", "fit", "transform"]
