"""Learning from rows that come in several calls: the states of analyzers are kept between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.analyzers.base import Analyzer, State
from featurecols.columns.base import Column
from featurecols.data.batch import Source
from featurecols.data.field_types import FieldType
from featurecols.plan.fit import Reader, finish_request, requests_of, with_subject
from featurecols.plan.graph import Graph
from featurecols.plan.learned_types import TypeLearner
from featurecols.plan.look import Look
from featurecols.plan.plan import Plan

Key = tuple[Analyzer, int]  # what collects, and the node whose values it collects


class PartialFit:
    """What columns have learned from the rows so far.

    Args:
        columns: declared columns that learn in one pass.

    Raises:
        ColumnError: for what is not a list of columns. PlanError: where columns need several passes.
    """

    def __init__(self, columns: Iterable[Column]) -> None:
        self._graph = Graph(columns)
        passes = self._graph.passes()
        if len(passes) > 1:
            why = "; ".join(f"pass {i}: {', '.join(names)}" for i, names in enumerate(passes, 1))
            hint = "use fit, or give the numbers that the first pass would learn"
            raise errors.plan("partial_fit", f"rows are seen once, and {len(passes)} passes are needed", why, hint)
        self._requests = requests_of(self._graph, {})
        self._names: dict[Key, str] = {}
        for r in self._requests:
            self._names.setdefault((r.analyzer.collects, r.source), self._graph.nodes[r.node].name)
        self._states: dict[Key, State] = {}
        self._types = TypeLearner(self._graph)

    def update(self, source: Source) -> None:
        """Learn from the rows of a table in memory.

        Raises DataError for rows that do not fit the columns; nothing of this call is learned then.
        """
        states = {key: key[0].empty() for key in self._names}
        types = TypeLearner(self._graph)
        known = source.field_types(types.keys)
        if known is not None:
            types.take(known)
        reader = Reader(self._graph, {}, {node: name for (_, node), name in reversed(self._names.items())})
        try:
            self._read(source, states, reader, None if known is not None else types)
            learned_types = types.types()
        except BaseException:
            for key, state in states.items():  # spilled files go
                key[0].close(state)
            raise
        self._types.take(learned_types)
        for key, state in states.items():
            self._states[key] = key[0].merge(self._states[key], state) if key in self._states else state

    def _read(self, source: Source, states: dict[Key, State], reader: Reader, types: TypeLearner | None) -> None:
        """Collect the rows of a table; types: learns from them, where the table does not say the types of its fields."""
        look, row = Look(self._graph), 0
        for batch in source.batches(look.needs):
            batch.check([key for key, _ in look.needs])
            if types is not None:
                for field in types.keys:
                    types.update(field, batch, row)
            look.at(batch, look.needs)
            for key in states:
                try:
                    value, numbers = reader.values(key[1], batch, {})
                    states[key] = key[0].update(states[key], numbers if key[0].numeric else value)
                except errors.DataError as e:
                    raise with_subject(e, self._names[key]).shifted(row) from None
            row += batch.num_rows

    def plan(self) -> Plan:
        """Return the plan of all rows so far, the one that `fit` learns from them; raise DataError where none has a value."""
        graph = self._graph.with_types(self._types.types())
        learned: dict[int, dict[str, dict[str, Array]]] = {}
        for request in self._requests:
            found = finish_request(request, self._states[request.analyzer.collects, request.source], graph)
            learned.setdefault(request.node, {})[request.slot] = found
        return Plan(graph, learned)

    def __reduce__(self) -> tuple[Callable[..., PartialFit], tuple[object, ...]]:
        states = {key: key[0].to_bytes(state) for key, state in self._states.items()}
        return _restored, (self._graph.columns, states, self._types.types())


def _restored(columns: tuple[Column, ...], states: dict[Key, bytes], types: dict[str, FieldType]) -> PartialFit:
    """Return what was learned in another process."""
    found = PartialFit(columns)
    found._types.take(types)
    found._states = {key: key[0].from_bytes(data) for key, data in states.items()}
    return found


__all__ = ["PartialFit"]
