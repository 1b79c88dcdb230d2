"""Fitting files in several processes: each collects a range of row groups, and the states are merged."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from featurecols import errors
from featurecols._core import processes, thread_pool
from featurecols._core.progress import Progress
from featurecols.columns.base import Column
from featurecols.data.batch import Fragment, Source
from featurecols.data.files.csv_options import CsvOptions
from featurecols.data.sources import FileSource
from featurecols.plan.collect import collect, finish
from featurecols.plan.fit_state import FitState, Partial, begin
from featurecols.plan.graph import Graph
from featurecols.plan.plan import Plan

_SAMPLE = 2000  # rows that compile what the workers then find compiled


@dataclass(frozen=True)
class _Range:
    """The rows of some row groups, to be collected by a worker."""

    fragments: tuple[Fragment, ...]
    threads: int
    options: CsvOptions | None

    def __call__(self, after: Partial) -> FitState | errors.DataError:
        """Collect; after: the columns, and what they have learned."""
        source = FileSource(list(dict.fromkeys(f.path for f in self.fragments)), self.fragments, options=self.options)
        try:
            return collect(after.columns, source, after=after, threads=self.threads)
        except errors.DataError as error:
            return error  # of a row that is counted from the start of the range


def fit_files(
    columns: Sequence[Column], source: Source, number: int, threads: int | None, progress: Progress | None, statistics: bool
) -> Plan | None:
    """Return the plan of files, learned in `number` processes; None where they are one row group, or nothing is learned.

    Raises what fit raises, with the same rows, and PlanError for data that is not files.
    """
    if not isinstance(source, FileSource):
        hint = "write it to files first, or leave processes out: threads share tables in memory"
        raise errors.plan("fit", "processes share files among them", "rows that are not in files", hint)
    graph = Graph(columns)
    source.check([field.key for field in graph.fields(training=True)])
    ranges = divide(source.fragments(), number)
    if len(ranges) < 2 or not (graph.passes() or statistics):
        return None
    each = max(1, thread_pool.count(threads) // len(ranges))
    found: Plan | Partial = begin(columns, statistics)
    done, total = 0, None if source.num_rows is None else source.num_rows * max(1, len(graph.passes()))
    with processes.Workers(len(ranges)) as workers:
        while isinstance(found, Partial):
            _compile(found, source, ranges[0])
            states: list[FitState] = []
            for state in workers.run([_Range(tuple(r), each, source.options) for r in ranges], found):
                if isinstance(state, errors.DataError):
                    raise state.shifted(sum(s.rows for s in states))
                states.append(state)
                done += state.rows
                if progress is not None:
                    progress(done, total)
            source.check_unchanged()
            found = finish(columns, functools.reduce(FitState.merge, states))
    return found


def divide(fragments: Sequence[Fragment], count: int) -> list[list[Fragment]]:
    """Return at most `count` ranges of fragments, in order, of about as many rows each, none of them empty."""
    known = [f.num_rows for f in fragments if f.num_rows is not None]
    usual = max(1, sum(known) // len(known)) if known else 1
    sizes = [usual if f.num_rows is None else f.num_rows for f in fragments]
    total, before = max(1, sum(sizes)), 0
    found: dict[int, list[Fragment]] = {}
    for fragment, size in zip(fragments, sizes, strict=True):
        found.setdefault(min(count - 1, (2 * before + size) * count // (2 * total)), []).append(fragment)
        before += size
    return list(found.values())


def _compile(after: Partial, source: FileSource, fragments: Sequence[Fragment]) -> None:
    """Run over some rows, so that what must be compiled is compiled once, and is in the cache when the workers ask."""
    keys = [(key, "category" if "category" in uses else "number") for key, uses in after._graph.needs(training=True).items()]
    batch = next(iter(source.part(fragments[:1]).batches(keys)))
    try:
        collect(after.columns, batch.slice(0, min(batch.num_rows, _SAMPLE)), after=after, threads=1)
    except errors.DataError:
        return  # a worker says it, with the row
