"""One pass over data while fitting: the states of all analyzers that can run in it, and what they learned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from featurecols import errors
from featurecols._core import memory_limit, thread_pool
from featurecols._core.arrays import Array, Ids
from featurecols._core.numbers import Numbers
from featurecols._core.progress import Progress
from featurecols.analyzers.base import Analyzer, State
from featurecols.columns._embedding_tables import Tables
from featurecols.columns.base import Column, Field
from featurecols.data.batch import Batch, Source
from featurecols.data.field_types import SPELLED, FieldType
from featurecols.data.fields.base import FieldView
from featurecols.data.missing import Markers
from featurecols.plan.bind import bind
from featurecols.plan.graph import Graph
from featurecols.plan.learned_types import TypeLearner
from featurecols.plan.look import Look

LearnedSoFar = dict[int, dict[str, dict[str, Array]]]  # by node, slot and name
Key = tuple[Analyzer, int]  # what collects, and the node whose values it collects


class Request(NamedTuple):
    """One thing to learn: `analyzer` over the values at position `source`, for slot `slot` of column `node`.

    The position is that of a node, or what Graph.learns_from gives.
    """

    node: int
    slot: str
    analyzer: Analyzer
    source: int


class Reporter:
    """Adds up rows over passes for the caller's progress."""

    def __init__(self, progress: Progress | None, rows: int | None, passes: int) -> None:
        self.progress, self.done = progress, 0
        self.total = None if rows is None else rows * passes

    def add(self, rows: int) -> None:
        self.done += rows
        if self.progress is not None:
            self.progress(self.done, self.total)


def requests_of(graph: Graph, learned: LearnedSoFar) -> list[Request]:
    """Return what can be learned next: all whose inputs have nothing left to learn."""
    found: list[Request] = []
    complete: list[bool] = []
    for i, (node, inputs) in enumerate(zip(graph.nodes, graph.inputs, strict=True)):
        ready = all(complete[j] for j in inputs)
        wanted = dict(node.analyzers(learned.get(i, {}))) if ready and isinstance(node, Column) else {}
        found += [Request(i, slot, analyzer, graph.learns_from(i)) for slot, analyzer in wanted.items()]
        complete.append(ready and not wanted)
    return found


def keys_of(graph: Graph, requests: Sequence[Request]) -> dict[Key, str]:
    """Return the states that requests need, each with the name of the first column that asks for it.

    Requests that collect the same from the same values share a state.
    """
    names: dict[Key, str] = {}
    for r in requests:
        names.setdefault((r.analyzer.collects, r.source), graph.nodes[r.node].name)
    return names


def collect_states(
    graph: Graph,
    learned: LearnedSoFar,
    requests: Sequence[Request],
    source: Source,
    workers: int,
    report: Reporter,
    types: TypeLearner | None,
    look: Look,
    others: Mapping[Key, str] = MappingProxyType({}),
) -> dict[Key, State]:
    """Read the source once and return what the requests collect of it; `types` learns from it too.

    others: what collects beside the requests, each with the name of a column that reads the node.

    Where `types` learns from CSV text, there are no states of analyzers that read values of known types: their requests stay.

    Spilled files go with the states: close_states. Where this raises, they are gone.
    """
    names = keys_of(graph, requests)
    for key, name in others.items():
        names.setdefault(key, name)
    states = {key: key[0].empty() for key in names}
    by_node: dict[int, list[Key]] = {}  # one thread makes a node's values and takes them to all its states
    for key in names:
        by_node.setdefault(key[1], []).append(key)
    reader = Reader(graph, learned, {source: name for (_, source), name in reversed(names.items())})
    try:
        row, waits = 0, False
        if types is None:
            look.before(reader.needs, source)
        needs = reader.needs if look.done else look.needs
        for batch in source.batches(needs if types is None else types.needs):
            if not look.done:
                batch.check([key for key, _ in look.needs])
            spelled = {} if types is None else _observe(types, batch, row, workers)
            if types is not None and batch.parse and not waits:
                waits = True
                for key in [key for key in states if key[0].typed]:
                    by_node[key[1]].remove(key)
                    key[0].close(states.pop(key))
                by_node = {node: keys for node, keys in by_node.items() if keys}
            look.at(batch, look.needs, spelled)

            def update(
                node: int,
                batch: Batch = batch,
                row: int = row,
                spelled: Mapping[str, FieldType | None] = spelled,
                by_node: Mapping[int, Sequence[Key]] = by_node,
            ) -> None:
                try:
                    value, numbers = reader.values(node, batch, spelled)
                except errors.DataError as e:
                    raise e.shifted(row) from None
                for key in by_node[node]:
                    try:
                        states[key] = key[0].update(states[key], numbers if key[0].numeric else value)
                    except errors.DataError as e:
                        raise _named(e, names[key], graph, node).shifted(row) from None

            for _ in thread_pool.run(update, by_node, workers):
                pass
            row += batch.num_rows
            report.add(batch.num_rows)
    except BaseException as error:
        close_states(states)
        if isinstance(error, MemoryError):
            raise memory_limit.exhausted("fit", error) from None
        raise
    return states


def close_states(states: Mapping[Key, State]) -> None:
    """Give back what states hold outside of memory."""
    for (analyzer, _), state in states.items():
        analyzer.close(state)


def finish_states(
    graph: Graph, requests: Sequence[Request], states: Mapping[Key, State], workers: int, types: TypeLearner | None
) -> dict[Request, dict[str, Array]]:
    """Return what was learned of states, which stay as good as they were.

    types: what learned the types of the graph's fields from the same rows; None where they were known before.

    Requests of which there is no state are left out.
    """
    requests = [r for r in requests if (r.analyzer.collects, r.source) in states]
    typed = dict(states)
    try:
        typed = typed_states(graph, keys_of(graph, requests), states, types)
        by_key: dict[Key, list[int]] = {}
        for i, r in enumerate(requests):
            by_key.setdefault((r.analyzer.collects, r.source), []).append(i)

        def finish(key: Key) -> list[tuple[int, dict[str, Array]]]:
            return [(i, finish_request(requests[i], typed[key], graph)) for i in by_key[key]]

        found = dict(pair for pairs in thread_pool.run(finish, list(typed), workers) for pair in pairs)
        return {r: found[i] for i, r in enumerate(requests)}
    except MemoryError as error:
        raise memory_limit.exhausted("fit", error) from None
    finally:
        close_states({key: state for key, state in typed.items() if state is not states[key]})


def typed_states(
    graph: Graph, keys: Mapping[Key, str], states: Mapping[Key, State], types: TypeLearner | None
) -> dict[Key, State]:
    """Return some of the states, of values of the types of the graph's fields; arguments as for finish_states."""
    if types is None:
        return {key: states[key] for key in keys}
    return {key: as_type(key[0], states[key], graph, key[1], types, name) for key, name in keys.items()}


def add_learned(graph: Graph, learned: LearnedSoFar, found: Mapping[Request, dict[str, Array]]) -> None:
    """Take what a pass found into what was learned before; warn of what the analyzers remark."""
    for request, arrays in found.items():
        learned.setdefault(request.node, {})[request.slot] = arrays
        if (remark := request.analyzer.remark(arrays)) is not None:
            errors.warn(f"{graph.nodes[request.node].name}: {remark}")


def _observe(types: TypeLearner, batch: Batch, row: int, workers: int) -> dict[str, FieldType | None]:
    """Learn the types of fields from a batch; return the types by which its numbers are read, by key."""

    def observe(key: str) -> tuple[str, FieldType | None]:
        try:
            return key, types.update(key, batch, row)
        except errors.DataError as e:
            raise e.seen_by(types.readers[key]).shifted(row) from None

    return dict(thread_pool.run(observe, types.keys, workers))


def as_type(analyzer: Analyzer, state: State, graph: Graph, node: int, types: TypeLearner, subject: str) -> State:
    """Return the state of a field whose type is known now: spellings of one value are one."""
    field = graph.node_at(node)
    if not isinstance(field, Field) or not types.spelled(field.key) or not field.spells_values():
        return state
    name = graph.types[field.key].type if field.key in graph.types else None
    if name not in SPELLED:
        return state
    try:
        return analyzer.as_type(state, name, Markers.of(field.missing))
    except errors.DataError as e:
        row, text = types.fraction(field.key) or (None, None)
        found = errors.bad_value(subject, field.key, row, e.problem, text, e.hint)
        found.got = found.got if text is not None else e.got
        raise found from None


def finish_request(request: Request, state: State, graph: Graph) -> dict[str, Array]:
    """Return what was learned of a state, read-only; raise DataError, with column and field, where it gives no answer."""
    try:
        found = request.analyzer.finish(state)
    except errors.DataError as e:
        raise _named(e, graph.nodes[request.node].name, graph, request.source) from None
    for a in found.values():
        a.setflags(write=False)
    return found


def _named(error: errors.DataError, subject: str, graph: Graph, source: int) -> errors.DataError:
    """Return the error in the name of the column that asked to learn, and of the field, or the label, that it learns from."""
    node = graph.node_at(source)
    of = node if isinstance(node, Field) else node.label_field if isinstance(node, Column) else None
    field = error.field or (None if of is None else of.key)
    return errors.DataError(subject, error.problem, field=field, row=error.row, got=error.got, hint=error.hint)


class Reader:
    """The values of some nodes for a batch: raw fields, and numbers of columns that are learned already."""

    def __init__(self, graph: Graph, learned: LearnedSoFar, names: dict[int, str]) -> None:
        """names: the nodes, each with the name of the first column that asks for it."""
        self.graph, self.names = graph, names
        wanted = {j for i in names for j in self._inputs(i)}
        columns = _with_inputs(graph, wanted)
        self.bounds = bind(graph, learned, Tables(), columns)
        for i in columns:
            self.bounds[i] = self.bounds[i].in_training()
        read = wanted | {j for i in columns for j in graph.training_inputs[i]}
        keys = {f.key for i in read if isinstance(f := graph.all_nodes[i], Field)}
        self.needs = [
            (key, "category" if "category" in kinds else "number")
            for key, kinds in graph.needs(training=True).items()
            if key in keys
        ]
        self.types = graph.types

    def _inputs(self, i: int) -> tuple[int, ...]:
        """Return the nodes that the values at a position are made of."""
        size = len(self.graph.all_nodes)
        return (i,) if i < size else self.graph.training_inputs[i - size]

    def values(self, i: int, batch: Batch, spelled: Mapping[str, FieldType | None]) -> tuple[object, object]:
        """Return the values at a position, and the same for what reads numbers alone.

        spelled: the types of fields, where they are not known yet, by which numbers are read.
        """
        try:
            node = self.graph.node_at(i)
            value: object
            if i >= len(self.graph.all_nodes) and isinstance(node, Column):
                value = node.learning_values(*[self._value(j, batch, self.types, spelled) for j in self._inputs(i)])
                return value, value
            if isinstance(node, Field):
                value = node.read(batch, self.types.get(node.key))
                of = spelled.get(node.key)
                return value, value if of is None else node.read(batch, of)
            value = self._evaluate(i, batch, spelled)
            return value, value
        except errors.DataError as e:
            raise e.seen_by(self.names[i]) from None

    def _evaluate(self, i: int, batch: Batch, spelled: Mapping[str, FieldType | None]) -> Ids | Numbers:
        """Return the values of a column, as training rows have them."""
        node = self.graph.nodes[i]
        types = {**self.types, **spelled} if isinstance(node, Column) and node.needs == "number" else self.types
        inputs = [self._value(j, batch, types, spelled) for j in self.graph.training_inputs[i]]
        found: Ids | Numbers = self.bounds[i].evaluate(*inputs)
        return found

    def _value(
        self, i: int, batch: Batch, types: Mapping[str, FieldType | None], spelled: Mapping[str, FieldType | None]
    ) -> FieldView | Ids | Numbers:
        """Return the values of a field, read as one of these types, or of a column."""
        node = self.graph.all_nodes[i]
        if isinstance(node, Field):
            return node.read(batch, types.get(node.key))
        return self._evaluate(i, batch, spelled)


def _with_inputs(graph: Graph, nodes: Iterable[int]) -> set[int]:
    """Return the columns among some nodes, and all columns that they read."""
    found: set[int] = set()
    left = list(nodes)
    while left:
        i = left.pop()
        if i not in found and isinstance(graph.all_nodes[i], Column):
            found.add(i)
            left.extend(graph.training_inputs[i])
    return found
