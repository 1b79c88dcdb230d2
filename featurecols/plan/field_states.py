"""The states of what is counted of each field of a plan, and the statistics that they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array, Texts
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer, State
from featurecols.analyzers.distribution import ValueBins, ValueCount
from featurecols.analyzers.moments import Moments
from featurecols.analyzers.quantiles import cuts_of
from featurecols.analyzers.spill import Chunk
from featurecols.analyzers.top_terms import TermCounts
from featurecols.columns.base import Column, Field
from featurecols.columns.bound import Bound
from featurecols.data.field_types import SPELLED
from featurecols.data.fields import convert
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.text import TextField
from featurecols.plan.execution.program import Program
from featurecols.plan.graph import Graph
from featurecols.plan.one_pass import Key
from featurecols.plan.statistics import MOST_TERMS, FieldStatistics, NumberStatistics, Statistics, TermStatistics

BINS = 10  # of about equal counts, and one for each value that is heavier than a tenth
BARS = 40
BINNED, MOMENTS, COUNTED, TERMS = ValueBins(), Moments(leave_out=True), ValueCount(), TermCounts()
_NOTHING = Chunk(np.zeros(1, np.int64), np.empty(0, np.uint8), np.empty(0, np.int64))
_TAIL = 0.005  # of the values on each side, which may lie beyond the bars where they are far away


def analyzers_of(uses: frozenset[str]) -> tuple[Analyzer, ...]:
    """Return what collects the statistics of a field that is read as these."""
    return ((BINNED, MOMENTS) if "number" in uses else ()) + ((COUNTED, TERMS) if "category" in uses else ())


def statistics_keys(graph: Graph) -> dict[Key, str]:
    """Return what collects statistics, and of which node, each with the name of the first column that reads it.

    Of Fields of one key that differ in markers the first one is read.
    """
    readers: dict[int, str] = {}
    for node, inputs in zip(graph.nodes, graph.inputs, strict=True):
        if isinstance(node, Column):
            for i in inputs:
                readers.setdefault(i, node.name)
    uses, found = graph.needs(), dict[Key, str]()
    for i, field in first_fields(enumerate(graph.nodes)):
        found |= {(analyzer, i): readers[i] for analyzer in analyzers_of(uses[field.key])}
    return found


def first_fields(nodes: Iterator[tuple[int, object]] | Sequence[tuple[int, object]]) -> list[tuple[int, Field]]:
    """Return the fields among nodes, by position, the first of each key."""
    found: dict[str, tuple[int, Field]] = {}
    for i, node in nodes:
        if isinstance(node, Field):
            found.setdefault(node.key, (i, node))
    return list(found.values())


def statistics_of(program: Program, states: Mapping[Key, State], rows: int) -> Statistics:
    """Return the statistics of states, which stay as good as they were; of no field that has no state."""
    fields = {}
    for node, field in first_fields(program.fields):
        found = FieldStates(program, node, {key[0]: state for key, state in states.items() if key[1] == node})
        if found.known:
            fields[field.key] = found.statistics()
    return Statistics(rows, fields)


class FieldStates:
    """What was collected of one field."""

    def __init__(self, program: Program, node: int, states: Mapping[Analyzer, State]) -> None:
        self.program, self.node, self.states = program, node, states
        self.field = next(field for i, field in program.fields if i == node)
        self._readers = [bound for i, bound in program.bounds.items() if node in program.inputs[i]]
        self.known = BINNED in states or TERMS in states
        self.bins = BINNED.finish(states[BINNED]) if BINNED in states else None

    def statistics(self) -> FieldStatistics:
        """Return the statistics of the field."""
        numbers = None if self.bins is None else self._numbers(self.bins)
        terms = self._terms() if TERMS in self.states else None
        unseen, outside = self._unknown()
        values, present = self.values, self.present
        return FieldStatistics(values, values - present, unseen, outside, numbers, terms)

    @property
    def values(self) -> int:
        """How many values there are, missing ones among them."""
        return int(self.bins["values"]) if self.bins is not None else int(self.states[COUNTED])

    @property
    def present(self) -> int:
        """How many values are not missing."""
        if self.bins is not None:
            return int(self.bins["counts"].sum()) + int(self.bins["infinite"])
        return sum(int(chunk.counts.sum()) for chunk in self.chunks())

    def chunks(self) -> Iterator[Chunk]:
        """Yield all distinct terms with their counts; each chunk is valid until the next one."""
        return self.states[TERMS].chunks() if TERMS in self.states else iter(())

    def _numbers(self, bins: Mapping[str, Array]) -> NumberStatistics:
        keys, counts, drop = bins["keys"], bins["counts"], int(bins["drop"])
        infinite = int(bins["infinite"])
        if not len(keys):
            return NumberStatistics(infinite, None, None, None, None, (), (), (), ())
        moments = MOMENTS.finish(self.states[MOMENTS])
        low, high, mean, std = (moments[name].item() for name in ("min", "max", "mean", "std"))
        edges = base.unsortable(keys << np.uint64(drop))
        starts = [0, *cuts_of(counts, BINS)]
        bars = _bars(edges, counts, low, high)
        heights = heights_of(edges, counts, bars)
        return NumberStatistics(
            infinite,
            low,
            high,
            mean,
            std,
            tuple(edges[starts].tolist()),
            tuple(np.add.reduceat(counts, starts).tolist()),
            tuple(bars.tolist()),
            tuple(heights.tolist()),
        )

    def _terms(self) -> TermStatistics:
        distinct = once = 0
        for chunk in self.chunks():
            distinct, once = distinct + len(chunk.counts), once + int((chunk.counts == 1).sum())
        if not distinct:
            return TermStatistics(0, 0, (), ())
        best = TermCounts(MOST_TERMS).finish(self.states[TERMS])
        texts = Texts(best["offsets"], best["data"])
        return TermStatistics(distinct, once, tuple(texts[i] for i in range(len(texts))), tuple(best["counts"].tolist()))

    def _unknown(self) -> tuple[int | None, int | None]:
        """Return how many values no column with terms knows, and how many a column does not cover."""
        unseen: int | None = None
        outside: int | None = None
        for view, counts, readers in self._views():
            by_all: Array | None = None
            by_any: Array | None = None
            for bound in readers:
                try:
                    one, other = bound.unseen(view), bound.out_of_range(view)
                except errors.DataError:  # a value that it refuses is neither
                    continue
                by_all = one if by_all is None else by_all if one is None else by_all & one
                by_any = other if by_any is None else by_any if other is None else by_any | other
            if by_all is not None:
                unseen = (unseen or 0) + int(counts[by_all].sum())
            if by_any is not None:
                outside = (outside or 0) + int(counts[by_any].sum())
        if outside is not None and self.bins is not None:
            outside += int(self.bins["infinite"])
        return unseen, outside

    def _views(self) -> Iterator[tuple[FieldView, Array, list[Bound]]]:
        """Yield distinct values with their counts, and the columns that read such values."""
        of = self.program.types.get(self.field.key)
        name = None if of is None else of.type
        if self.bins is not None:
            edges = base.unsortable(self.bins["keys"] << np.uint64(int(self.bins["drop"])))
            if len(edges):  # bins begin below the values that are in them
                moments = MOMENTS.finish(self.states[MOMENTS])
                edges = np.clip(edges, moments["min"], moments["max"])
            readers = [bound for bound in self._readers if bound.column.needs == "number"]
            yield convert.view_of(self.field.key, pa.array(edges)), self.bins["counts"], readers
        readers = [bound for bound in self._readers if bound.column.needs == "category"]
        if TERMS in self.states:  # so that what no value is counts as 0, not as None
            yield self._texts(_NOTHING, name), _NOTHING.counts, readers
        for chunk in self.chunks():
            yield self._texts(chunk, name), chunk.counts, readers

    def _texts(self, chunk: Chunk, name: str | None) -> FieldView:
        """Return terms as values of a field of a type."""
        spelled = name in SPELLED
        kind = pa.large_utf8() if spelled else pa.large_binary()
        view: FieldView = TextField(self.field.key, chunk.offsets, chunk.data, None, kind)
        return view.as_type(str(name)) if spelled else view


def heights_of(edges: Array, counts: Array, bars: Array) -> Array:
    """Return how many of the values, which lie at `edges`, are in each bar."""
    if len(bars) < 2:
        return np.zeros(0, np.int64)
    at = np.searchsorted(bars, edges, side="right") - 1
    inside = (at >= 0) & (at < len(bars) - 1)
    return np.bincount(at[inside], counts[inside], len(bars) - 1).astype(np.int64)


def _bars(edges: Array, counts: Array, low: float, high: float) -> Array:
    """Return the edges of the bars of a histogram, of equal width; a far tail lies beyond them."""
    below = np.cumsum(counts)
    total = int(below[-1])
    ends = np.searchsorted(below, [_TAIL * total, (1 - _TAIL) * total], side="right")
    first, last = edges[ends.clip(max=len(edges) - 1)]
    if high - low <= 2 * (last - first):
        first, last = low, high
    if last == first:
        return np.array([first, np.nextafter(first, np.inf)])
    if not np.isfinite(last - first):
        return np.empty(0)
    whole = bool((edges == np.floor(edges)).all()) and abs(first) < 2**52 and abs(last) < 2**52
    if whole:  # each bar has as many integers as the others
        width = max(1.0, np.ceil((last - first + 1) / BARS))
        number = int(np.ceil((last - first + 1) / width))
    else:
        width, number = (last - first) / BARS, BARS
    found = np.unique(first + width * np.arange(number + 1))
    if not whole and len(found) > 1:
        found[-1] = np.nextafter(last, np.inf)
    return found if len(found) > 1 and (np.diff(found) > 0).all() else np.empty(0)


class FieldCollector:
    """Collects the states of all fields of a plan over batches, whose fields are read by the types that the plan knows."""

    def __init__(self, program: Program) -> None:
        self.program, self.rows = program, 0
        self.states: dict[Key, State] = {}
        self._positions: dict[int, int] = {i: position for position, (i, _) in enumerate(program.fields)}
        uses: dict[str, frozenset[str]] = {}
        for i, field in program.fields:
            needs = {b.column.needs for j, b in program.bounds.items() if i in program.inputs[j]}
            uses[field.key] = uses.get(field.key, frozenset()) | needs
        for i, field in first_fields(program.fields):
            self.states |= {(analyzer, i): analyzer.empty() for analyzer in analyzers_of(uses[field.key])}

    def add(self, views: Sequence[FieldView], first_row: int, *, strict: bool = False) -> None:
        """Count the values of a batch. A field with a value that cannot be read is left out from then on, or an error."""
        self.rows += len(views[0]) if views else 0
        for analyzer, node in list(self.states):
            if (analyzer, node) not in self.states:
                continue
            try:
                view = views[self._positions[node]]
                self.states[analyzer, node] = analyzer.update(self.states[analyzer, node], view)
            except errors.DataError as error:
                if strict:
                    raise error.shifted(first_row) from None
                for key in [key for key in self.states if key[1] == node]:
                    key[0].close(self.states.pop(key))

    def close(self) -> None:
        """Delete what was spilled."""
        for key, state in self.states.items():
            key[0].close(state)

    def statistics(self) -> Statistics:
        """Return the statistics of what was added."""
        return statistics_of(self.program, self.states, self.rows)
