"""Learning a plan: as few passes over the data as the columns' dependencies allow, usually one."""

from __future__ import annotations

from collections.abc import Iterable

from featurecols import errors
from featurecols._core import thread_pool
from featurecols._core.processes import count as count_processes
from featurecols._core.progress import Progress, reporter
from featurecols._core.suggestions import explain_arguments
from featurecols.columns.base import Column
from featurecols.data.sources import Data, as_source
from featurecols.plan.field_states import statistics_keys, statistics_of
from featurecols.plan.fit_processes import fit_files
from featurecols.plan.graph import Graph
from featurecols.plan.learned_types import type_learner
from featurecols.plan.look import Look
from featurecols.plan.one_pass import (
    LearnedSoFar,
    Reporter,
    add_learned,
    close_states,
    collect_states,
    finish_states,
    requests_of,
    typed_states,
)
from featurecols.plan.plan import Plan


@explain_arguments
def fit(
    columns: Iterable[Column],
    data: Data,
    *,
    threads: int | None = None,
    processes: int | None = None,
    progress: Progress | bool | None = None,
    statistics: bool = False,
) -> Plan:
    """Return a plan of columns, with what they learn learned from data in one streaming pass and bounded memory.

    The plan is the same to the bit for any order, batching and sharding of the rows. A column that learns from a column
    that learns itself costs one more pass; plan.passes says which.

    Args:
        columns: declared columns; those that learn nothing are as welcome.
        data: pandas, Arrow or Polars tables, a dict of columns, a list of dicts, Parquet or CSV paths, folders and globs, a
            function that gives a fresh iterator of such batches, or an iterator itself when one pass is enough. Of the
            text of CSV files the types of fields are learned: "3.0" is 3.0 where all values are numbers (docs/ids.md).
        threads: how many; the result never depends on it.
        processes: how many share the row groups of Parquet files, or CSV files, and the threads; None is one. The result never
            depends on it.
        progress: True for a progress bar, or a function that is called with the rows read so far, over all passes, and their
            number, None where it is not known.
        statistics: keep in the plan how its fields were distributed (plan.statistics), with which plan.check compares other
            rows. All fields are read for it. The plan is the same in all else: its fingerprint and features do not change.

    Raises:
        ColumnError: for an empty list, something that is not a column, or two outputs of one name.
        DataError: for data that does not fit the columns, or has nothing to learn from.
        PlanError: when an iterator is given and more passes are needed, and for `processes` over data that is not files.

    >>> import featurecols as fc
    >>> plan = fc.fit([fc.Indicator(fc.Vocabulary("job", fc.TopTerms(2)))], {"job": ["nurse", "pilot", "nurse", "cook"]})
    >>> plan.feature_names
    ('job_indicator=nurse', 'job_indicator=cook')
    """
    graph = Graph(columns)
    source = as_source(data)
    if (number := count_processes(processes)) > 1:
        with reporter(progress, "fit") as call:
            found = fit_files(graph.columns, source, number, threads, call, statistics)
        if found is not None:
            return found
    passes = graph.passes()
    if source.once and len(passes) > 1:
        why = "; ".join(f"pass {i}: {', '.join(names)}" for i, names in enumerate(passes, 1))
        hint = "give a function that returns a fresh iterator, or a path"
        raise errors.plan("fit", f"an iterator can be read once, and {len(passes)} passes are needed", why, hint)
    look = Look(graph)
    source.check([key for key, _ in look.needs])
    types = type_learner(graph, source, bool(passes) or statistics)
    if types is not None and (known := source.field_types(types.keys)) is not None:
        types.take(known)
        graph, types = graph.with_types(types.types()), None
    learned: LearnedSoFar = {}
    plan, done = None, 0
    workers = thread_pool.count(threads)
    with reporter(progress, "fit") as call:
        report = Reporter(call, source.num_rows, max(len(passes), types is not None or statistics))
        while (requests := requests_of(graph, learned)) or types is not None or (statistics and plan is None):
            before = report.done
            others = statistics_keys(graph) if statistics and done >= len(passes) - 1 else {}
            states = collect_states(graph, learned, requests, source, workers, report, types, look, others)
            try:
                graph = graph if types is None else graph.with_types(types.types())
                add_learned(graph, learned, finish_states(graph, requests, states, workers, types))
                if others and not requests_of(graph, learned):
                    plan = Plan(graph, learned)
                    found_states = typed_states(graph, others, states, types)
                    plan = plan._with(statistics_of(plan._program, found_states, report.done - before))
            finally:  # spilled files go, whatever happened
                close_states(states)
            types, done = None, done + 1
        look.rest(source)
    return plan or Plan(graph, learned)
