"""What Dask, Ray and Spark have in common: what is sent to their workers, and what a worker does with it.

Plans and columns are sent as bytes, and each process makes them once. Engines get functions and values of this module, never a
closure, so that a worker needs featurecols and nothing of the program that runs.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.names import names_of
from featurecols._core.processes import import_kinds, modules_of_kinds
from featurecols.columns.base import Column
from featurecols.data.batch import Batch, Needs, Source, types_in
from featurecols.data.field_types import FieldType
from featurecols.data.sources import Data
from featurecols.plan.collect import collect, finish, statistics_pass
from featurecols.plan.fit_state import FitState, Partial, begin
from featurecols.plan.plan import Plan
from featurecols.plan.report import Report

LayoutName = Literal["features", "columns"]
LAYOUTS = ("features", "columns")
FEATURES = "features"  # the column of the layout of that name
FAN_IN = 16  # states that one task merges
LISTS = pa.list_(pa.field("element", pa.float32(), nullable=False))
_CACHED = 8  # plans, and columns, that a process keeps
_MOST_VALUES = 2**31 - 1  # of one array of lists

T = TypeVar("T")


class Cache:
    """The values that a process has made of bytes, the last few of them, by key."""

    def __init__(self) -> None:
        self._lock, self._found = threading.Lock(), dict[str, object]()

    def get(self, key: str, make: Callable[[], T]) -> T:
        """Return the value of a key, made the first time."""
        with self._lock:
            found = self._found.pop(key, None)
            if found is None:
                found = make()
            self._found[key] = found
            for old in list(self._found)[:-_CACHED]:
                del self._found[old]
        return found  # type: ignore[return-value]


_CACHE = Cache()


# Transforming -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Transform:
    """A plan and what is wanted of it, as it is sent to workers.

    Attributes:
        key: that of the plan in the cache of a worker.
        data: the plan as bytes.
        modules: that define kinds of its columns.
        keep: fields that go through as they are, first.
        layout: "features" or "columns".
    """

    key: str
    data: bytes
    modules: tuple[str, ...]
    keep: tuple[str, ...]
    layout: str

    def plan(self) -> Plan:
        """Return the plan, which a process makes once."""
        return _CACHE.get(self.key, self._make)

    def _make(self) -> Plan:
        import_kinds(self.modules)
        return Plan.from_bytes(self.data)

    def table(self, rows: pa.Table | pa.RecordBatch) -> pa.Table:
        """Return the kept fields and the columns of the layout."""
        plan = self.plan()
        matrix = plan.transform(rows, threads=1)  # an engine runs a task on each core
        found = {name: rows.column(name) for name in self.keep}
        if self.layout == "columns":
            names = zip(plan.feature_names, matrix.T, strict=True)
            return pa.table({**found, **{name: np.ascontiguousarray(values) for name, values in names}})
        return pa.table({**found, FEATURES: lists_of_matrix(matrix)})


def require_fields(keys: Iterable[str], names: Sequence[str]) -> None:
    """Raise DataError for the first field that rows with fields of these names do not have."""
    for key in keys:
        if key not in names:
            raise errors.missing_field(key, names)


def make_transform(subject: str, plan: Plan, names: Sequence[str], keep: str | Sequence[str], layout: str) -> Transform:
    """Return what is sent to workers; names: the fields of the rows.

    Raises:
        PlanError: for what is not a plan, an output without a matrix, and two columns of one name. ColumnError: for another
            layout. DataError: for a field that is not there.
    """
    if not isinstance(plan, Plan):
        raise errors.plan(subject, "needs a plan first", type(plan).__name__, "make one with fit, or fc.load(folder)")
    if layout not in LAYOUTS:
        raise errors.argument(subject, "unknown layout", layout, f"choose one of {', '.join(LAYOUTS)}")
    plan._require_matrix(subject)
    kept = names_of(keep)
    require_fields([*plan.input_uses, *kept], names)
    outputs = [*kept, *((FEATURES,) if layout == "features" else plan.feature_names)]
    if len(set(outputs)) < len(outputs):
        twice = next(name for i, name in enumerate(outputs) if name in outputs[:i])
        hint = "rename the output with name=, or do not keep the field"
        raise errors.plan(subject, "two columns of the result have one name", twice, hint)
    sent = plan.with_statistics(None).to_bytes()
    return Transform(f"{plan.fingerprint} {plan.tables_digest}", sent, modules_of_kinds(), kept, layout)


def fields_of(transform: Transform, plan: Plan) -> list[str]:
    """Return the fields that workers need: those that are kept, and those that the plan reads."""
    return list(dict.fromkeys([*transform.keep, *plan.input_uses]))


def lists_of_matrix(matrix: Array) -> pa.ChunkedArray:
    """Return a float32 matrix [n, w] as list<float32>, the one form of a row of features that all engines know."""
    rows, width = matrix.shape
    most = max(1, _MOST_VALUES // max(1, width))
    blocks = [_lists(matrix[start : start + most]) for start in range(0, rows, most)]
    return pa.chunked_array(blocks, LISTS)


def _lists(matrix: Array) -> pa.Array:
    offsets = np.arange(len(matrix) + 1, dtype=np.int32) * np.int32(matrix.shape[1])
    values = pa.array(np.ascontiguousarray(matrix).reshape(-1))
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=LISTS)


# Fitting ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Collect:
    """Columns in one pass of a fit, as they are sent to workers.

    Attributes:
        key: that of the columns in the cache of a worker.
        data: a Partial as bytes.
        modules: that define kinds of the columns.
    """

    key: str
    data: bytes
    modules: tuple[str, ...]

    def __call__(self, rows: Data) -> bytes:
        """Return the state of rows, as bytes."""
        after = _CACHE.get(self.key, self._make)
        return collect(after.columns, rows, after=after, threads=1).to_bytes()

    def _make(self) -> Partial:
        import_kinds(self.modules)
        return Partial.from_bytes(self.data)


def merge_states(states: Iterable[bytes]) -> bytes:
    """Return the state of all states, one or more."""
    return functools.reduce(FitState.merge, map(FitState.from_bytes, states)).to_bytes()


def fit_over(columns: Iterable[Column], run: Callable[[Collect, list[str]], bytes | None], statistics: bool = False) -> Plan:
    """Return the plan of rows that an engine has.

    run: collects and merges all rows in one pass, of the fields that are named; None where there is no row.
    """
    found: Plan | Partial = begin(columns, statistics)
    columns = found.columns
    while isinstance(found, Partial):
        key = f"{found.fingerprint} {found.done} {found.statistics}"
        state = run(Collect(key, found.to_bytes(), modules_of_kinds()), list(found.fields))
        found = finish(columns, collect(columns, iter(()), after=found) if state is None else FitState.from_bytes(state))
    return found


def check_over(subject: str, plan: Plan, run: Callable[[Collect, list[str]], bytes | None]) -> Report:
    """Return the report of rows that an engine has, of fields alone; run: as for fit_over."""
    if not isinstance(plan, Plan):
        raise errors.plan(subject, "needs a plan first", type(plan).__name__, "make one with fit, or fc.load(folder)")
    after = statistics_pass(plan)
    key = f"{after.fingerprint} statistics"
    state = run(Collect(key, after.to_bytes(), modules_of_kinds()), list(after.fields))
    return plan.check(collect(plan, iter(())) if state is None else FitState.from_bytes(state))


class ArrowBatches(Source):
    """Batches of Arrow of one schema that an engine hands over one by one."""

    once = True
    at_hand = True
    num_rows = None

    def __init__(self, first: pa.RecordBatch, others: Iterator[pa.RecordBatch]) -> None:
        self._schema, self._first, self._others = first.schema, first, others

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        yield Batch.arrow(self._first)
        for batch in self._others:
            yield Batch.arrow(batch)

    def field_types(self, keys: Sequence[str]) -> dict[str, FieldType]:
        return types_in(self._schema, keys)
