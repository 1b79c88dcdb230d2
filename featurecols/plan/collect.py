"""Fitting over shards: rows are collected into states anywhere, states are merged, and one state is finished into a plan."""

from __future__ import annotations

from collections.abc import Iterable

from featurecols import errors
from featurecols._core import thread_pool
from featurecols._core.progress import Progress, reporter
from featurecols._core.suggestions import explain_arguments
from featurecols.analyzers.base import State
from featurecols.columns._undecided import decided
from featurecols.columns.base import Column, as_columns
from featurecols.data.sources import Data, as_source
from featurecols.plan.field_states import statistics_of
from featurecols.plan.fit_state import FitState, Partial, begin, require_same_columns
from featurecols.plan.learned_types import TypeLearner, type_learner
from featurecols.plan.look import Look
from featurecols.plan.one_pass import (
    Key,
    LearnedSoFar,
    Reporter,
    add_learned,
    close_states,
    collect_states,
    finish_states,
    requests_of,
)
from featurecols.plan.plan import Plan


@explain_arguments
def collect(
    columns: Iterable[Column] | Plan,
    rows: Data,
    *,
    after: Partial | None = None,
    statistics: bool = False,
    threads: int | None = None,
    progress: Progress | bool | None = None,
) -> FitState:
    """Return what columns collect of some rows in one pass: what a fit can do anywhere.

    States of any division of the rows, merged in any order, give the plan that `fit` learns from all rows, to the bit.

    Args:
        columns: declared columns, the same on all sides; or a plan, of whose fields statistics are collected for plan.check.
        rows: some of the rows, in any form that fit takes; no rows are welcome.
        after: what the passes before have learned, from finish.
        statistics: collect statistics of the fields, too, which finish leaves in the plan (see fit); the same on all sides. An
            `after` knows it already.
        threads: how many; the result never depends on it.
        progress: True for a progress bar, or a function that is called with the rows read so far, and their number or None.

    Raises:
        ColumnError: for what is not a list of columns.
        DataError: for rows that do not fit the columns; the row is counted from the start of these rows.
        PlanError: where `after` is of other columns.

    >>> import featurecols as fc
    >>> columns = [fc.Numeric("age", normalizer=fc.ZScore()), fc.Indicator(fc.Vocabulary("job", fc.TopTerms(2)))]
    >>> one = fc.collect(columns, {"age": [31, 25], "job": ["cook", "nurse"]})
    >>> other = fc.collect(columns, {"age": [64], "job": ["nurse"]})
    >>> fc.finish(columns, one.merge(other)).feature_names
    ('age', 'job_indicator=nurse', 'job_indicator=cook')
    """
    if isinstance(columns, Plan):
        after = statistics_pass(columns)
    elif after is None:
        after = begin(columns, statistics)
    elif not isinstance(after, Partial):
        hint = "give the Partial that finish returned; a Plan has nothing left to learn"
        raise errors.plan("collect", "after must be a Partial", type(after).__name__, hint)
    elif columns is not after.columns:
        require_same_columns("collect", decided(as_columns(columns)), after.columns)
    graph, learned, done = after._graph, after._learned, after.done
    source = as_source(rows)
    requests = requests_of(graph, learned)
    look = Look(graph)
    source.check([key for key, _ in look.needs])
    look.done = bool(done)
    types = learning = type_learner(graph, source, bool(requests or after._others)) if not done else None
    reading = graph
    if types is not None and (known := source.field_types(types.keys)) is not None:
        types.take(known)
        reading, learning = graph.with_types(types.types()), None
    with reporter(progress, "collect") as call:
        report = Reporter(call, source.num_rows, 1)
        states: dict[Key, State] = {}
        if requests or after._others or learning is not None:
            workers = thread_pool.count(threads)
            states = collect_states(reading, learned, requests, source, workers, report, learning, look, after._others)
        try:
            look.rest(source)
            if learning is not None:
                learning.types()  # raises while the row of a value that does not fit is known
        except BaseException:
            close_states(states)
            raise
    return FitState(after, report.done, states, types or (None if done else TypeLearner(graph)))


def finish(columns: Iterable[Column], state: FitState) -> Plan | Partial:
    """Return the plan of the rows that were collected, or a Partial where columns need another pass over them.

    The plan has the bytes of what fit learns from all these rows. plan.passes says how many passes there are, and why. The
    state can be merged and finished further.

    Args:
        columns: declared columns, those that the rows were collected for.
        state: of all rows.

    Raises:
        PlanError: for other columns than those of the state, by name; where the state was merged into another.
        DataError: where the rows have nothing to learn from.

    >>> import featurecols as fc
    >>> scaled = fc.Numeric("age", normalizer=fc.MinMax())
    >>> columns = [fc.Indicator(fc.Bucketized(scaled, fc.Quantiles(2)))]
    >>> people = {"age": [31, 25, 64]}
    >>> first = fc.finish(columns, fc.collect(columns, people))
    >>> first
    Partial(1 of 2 passes; next: age_bucketized)
    >>> fc.finish(columns, fc.collect(columns, people, after=first)) == fc.fit(columns, people)
    True
    """
    if not isinstance(state, FitState):
        raise errors.plan("finish", "needs a state", type(state).__name__, "give what collect or merge returned")
    require_same_columns("finish", decided(as_columns(columns)), state.columns)
    states, types, after = state._take("finish"), state._types, state._after
    graph = after._graph if types is None else after._graph.with_types(types.types())
    learned: LearnedSoFar = {node: dict(slots) for node, slots in after._learned.items()}
    requests = requests_of(graph, learned)
    add_learned(graph, learned, finish_states(graph, requests, states, thread_pool.count(), types))
    if requests_of(graph, learned):
        return Partial(graph, learned, after.done + 1, after.statistics)
    plan = Plan(graph, learned)
    return plan._with(statistics_of(plan._program, state._field_states("finish"), state.rows)) if after.statistics else plan


def statistics_pass(plan: Plan) -> Partial:
    """Return what the one pass begins from in which statistics of the fields of a plan are collected."""
    learned: LearnedSoFar = {node: {slot: dict(a) for slot, a in slots.items()} for node, slots in plan._learned.items()}
    return Partial(plan._graph, learned, max(1, len(plan.passes)), statistics=True)


__all__ = ["collect", "finish"]
