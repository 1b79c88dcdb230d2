"""Ray: a plan over the blocks of a Dataset, a fit of all of them, and actors that train a model.

Needs Ray with its Data library: pip install "featurecols[ray]".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

try:
    import ray
    import ray.data
except ImportError as error:
    raise ModuleNotFoundError(
        'featurecols.integrations.ray needs Ray: pip install "featurecols[ray]"', name=error.name
    ) from error

from featurecols._core.blas import one_thread
from featurecols._core.processes import WorkerDiedError
from featurecols.columns.base import Column
from featurecols.integrations.engines import (
    FAN_IN,
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
from featurecols.models.distributed.replica import Replica
from featurecols.models.estimators.several_processes import workers_from
from featurecols.plan.plan import Plan
from featurecols.plan.report import Report

_STATE = "state"


def transform(
    plan: Plan, ds: ray.data.Dataset, *, keep: str | Sequence[str] = (), layout: LayoutName = "features"
) -> ray.data.Dataset:
    """Return the features of a Ray Dataset, batch by batch when it is consumed; Ray repeats what a lost worker was doing.

    Args:
        plan: what to compute; it is sent to the workers as bytes.
        ds: rows, with a schema that is known or can be looked up.
        keep: fields that go through as they are, one name or several, first.
        layout: "features" is one column `features` of Arrow lists of float32, plan.width long; "columns" is one float32 column
            for each feature, by its name.

    Raises:
        DataError: for a field that is not there; for values that do not fit, when the result is consumed. PlanError: for an
            output that has no place in a matrix, and for two columns of one name.
    """
    schema = ds.schema()  # None where there are no rows
    sent = make_transform("ray.transform", plan, [] if schema is None else list(schema.names), keep, layout)
    read = ds.select_columns(fields_of(sent, plan))
    return read.map_batches(_transform, fn_args=(sent,), batch_format="pyarrow", zero_copy_batch=True)


def fit(columns: Iterable[Column], ds: ray.data.Dataset, *, statistics: bool = False) -> Plan:
    """Return the plan of columns over all rows of a Ray Dataset, to the bit that of fc.fit over its rows.

    Each block is collected by a task, states are merged in a tree of tasks; once for each pass that the columns need.

    Args:
        columns: declared columns.
        ds: rows.
        statistics: keep in the plan how its fields were distributed, as fc.fit does.

    Raises:
        DataError: for rows that do not fit the columns, or nothing to learn from.
    """
    return fit_over(columns, _runner(ds), statistics)


def check(plan: Plan, ds: ray.data.Dataset) -> Report:
    """Return how the fields of a Ray Dataset fit a plan, and how far they are from its training rows, as plan.check does.

    Each block is collected by a task, states are merged in a tree of tasks.

    Raises:
        DataError: for rows that the fields of the plan cannot be read from. PlanError: for what is not a plan.
    """
    return check_over("ray.check", plan, _runner(ds))


def _runner(ds: ray.data.Dataset) -> Callable[[Collect, list[str]], bytes | None]:
    """Return what collects and merges all rows in one pass."""

    def run(task: Collect, fields: list[str]) -> bytes | None:
        schema = ds.schema()  # None where there are no rows
        require_fields(fields, fields if schema is None else list(schema.names))
        read = ds.select_columns(fields)
        states = read.map_batches(_collect, fn_args=(task,), batch_format="pyarrow", batch_size=None, zero_copy_batch=True)
        merge = ray.remote(_merge)
        refs = states.to_arrow_refs()
        while len(refs) > 1:
            refs = [merge.remote(*refs[i : i + FAN_IN]) for i in range(0, len(refs), FAN_IN)]
        found = _states_of(*ray.get(refs))
        return merge_states(found) if found else None

    return run


@contextmanager
def workers(*, num_cpus: float = 1, resources: dict[str, float] | None = None) -> Iterator[None]:
    """Let `train(..., processes=n)` of estimators inside the block have n - 1 actors of Ray as workers.

    The process that calls train is the chief, as with processes of one machine, and the bits are those of as many of these.
    An actor that is lost, with its machine or without, is replaced by another one.

    Args:
        num_cpus: CPUs that Ray sets aside for each actor.
        resources: others that it needs, by name.
    """
    actor = ray.remote(num_cpus=num_cpus, resources=resources or {}, max_restarts=0)(_Worker)
    with workers_from(lambda number: _Link(actor.remote())):
        yield


class _Worker:
    """What runs in an actor."""

    def __init__(self) -> None:
        self._replica = Replica()
        one_thread.__enter__()  # for as long as the actor lives

    def answer(self, message: bytes) -> bytes | None:
        return self._replica.answer(message)


class _Link:
    """The way to an actor: it takes messages in order, and those without an answer are not waited for."""

    def __init__(self, actor: ray.actor.ActorHandle) -> None:
        self._actor, self._answers = actor, deque[ray.ObjectRef]()

    def send(self, message: bytes) -> None:
        self._answers.append(self._actor.answer.remote(message))

    def receive(self) -> bytes:
        try:
            while True:
                found: bytes | None = ray.get(self._answers.popleft())
                if found is not None:
                    return found
        except ray.exceptions.RayActorError as error:
            raise WorkerDiedError(str(error)) from None

    def kill(self) -> None:
        ray.kill(self._actor)

    def close(self) -> None:
        self._answers.clear()


def _transform(rows: pa.Table, sent: Transform) -> pa.Table:
    return sent.table(rows)


def _collect(rows: pa.Table, task: Collect) -> pa.Table:
    """Return the state of a block as a table of one row."""
    return pa.table({_STATE: pa.array([task(rows)], pa.large_binary())})


def _merge(*tables: pa.Table) -> pa.Table:
    """Return a table with the state of the states of some tables, or one without rows."""
    found = _states_of(*tables)
    return pa.table({_STATE: pa.array([merge_states(found)] if found else [], pa.large_binary())})


def _states_of(*tables: pa.Table) -> list[bytes]:
    return [state for table in tables if _STATE in table.column_names for state in table[_STATE].to_pylist()]


__all__ = ["fit", "transform", "workers"]
