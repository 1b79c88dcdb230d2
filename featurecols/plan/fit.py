"""Learning a plan: as few passes over the data as the columns' dependencies allow, usually one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from featurecols import errors
from featurecols._core import memory_limit, thread_pool
from featurecols._core.arrays import Array, Ids
from featurecols._core.numbers import Numbers
from featurecols._core.progress import Progress, reporter
from featurecols._core.suggestions import explain_arguments
from featurecols.analyzers.base import Analyzer, State
from featurecols.columns._embedding_tables import Tables
from featurecols.columns.base import Column, Field
from featurecols.data.batch import Batch, Source
from featurecols.data.field_types import SPELLED, FieldType
from featurecols.data.fields.base import FieldView
from featurecols.data.missing import Markers
from featurecols.data.sources import Data, as_source
from featurecols.plan.bind import bind
from featurecols.plan.graph import Graph
from featurecols.plan.learned_types import TypeLearner
from featurecols.plan.look import Look
from featurecols.plan.plan import Plan

_workers = thread_pool.count
_LEARNED = dict[int, dict[str, dict[str, Array]]]


class Request(NamedTuple):
    """One thing to learn: `analyzer` over the values of node `source`, for slot `slot` of column `node`."""

    node: int
    slot: str
    analyzer: Analyzer
    source: int


@explain_arguments
def fit(columns: Iterable[Column], data: Data, *, threads: int | None = None, progress: Progress | bool | None = None) -> Plan:
    """Return a plan of columns, with what they learn learned from data in one streaming pass and bounded memory.

    The plan is the same to the bit for any order, batching and sharding of the rows. A column that learns from a column
    that learns itself costs one more pass; plan.passes says which.

    Args:
        columns: declared columns; those that learn nothing are as welcome.
        data: pandas, Arrow or Polars tables, a dict of columns, a list of dicts, Parquet or CSV paths, folders and globs, a
            function that gives a fresh iterator of such batches, or an iterator itself when one pass is enough. Of the
            text of CSV files the types of fields are learned: "3.0" is 3.0 where all values are numbers (docs/ids.md).
        threads: how many; the result never depends on it.
        progress: True for a progress bar, or a function that is called with the rows read so far, over all passes, and their
            number, None where it is not known.

    Raises:
        ColumnError: for an empty list, something that is not a column, or two outputs of one name.
        DataError: for data that does not fit the columns, or has nothing to learn from.
        PlanError: when an iterator is given and more passes are needed.

    >>> import featurecols as fc
    >>> plan = fc.fit([fc.Indicator(fc.Vocabulary("job", fc.TopTerms(2)))], {"job": ["nurse", "pilot", "nurse", "cook"]})
    >>> plan.feature_names
    ('job_indicator=nurse', 'job_indicator=cook')
    """
    graph = Graph(columns)
    source = as_source(data)
    passes = graph.passes()
    if source.once and len(passes) > 1:
        why = "; ".join(f"pass {i}: {', '.join(names)}" for i, names in enumerate(passes, 1))
        hint = "give a function that returns a fresh iterator, or a path"
        raise errors.plan("fit", f"an iterator can be read once, and {len(passes)} passes are needed", why, hint)
    look = Look(graph)
    source.check([key for key, _ in look.needs])
    types = _type_learner(graph, source, bool(passes))
    if types is not None and (known := source.field_types(types.keys)) is not None:
        types.take(known)
        graph, types = graph.with_types(types.types()), None
    learned: _LEARNED = {}
    with reporter(progress, "fit") as call:
        report = _Reporter(call, source.num_rows, max(len(passes), types is not None))
        while (requests := requests_of(graph, learned)) or types is not None:
            graph, result = _one_pass(graph, learned, requests, source, _workers(threads), report, types, look)
            types = None
            for request, found in result.items():
                learned.setdefault(request.node, {})[request.slot] = found
                if (remark := request.analyzer.remark(found)) is not None:
                    errors.warn(f"{graph.nodes[request.node].name}: {remark}")
        if not look.done and source.at_hand:
            look.before([], source)
            if not look.done:
                look.at(next(iter(source.batches(look.needs))), look.needs)
    return Plan(graph, learned)


def _type_learner(graph: Graph, source: Source, learns: bool) -> TypeLearner | None:
    """Return what learns the types of fields; None where that alone would use up an iterator, or call a function."""
    return TypeLearner(graph) if learns or source.at_hand else None


class _Reporter:
    """Adds up rows over passes for the caller's progress."""

    def __init__(self, progress: Progress | None, rows: int | None, passes: int) -> None:
        self.progress, self.done = progress, 0
        self.total = None if rows is None else rows * passes

    def add(self, rows: int) -> None:
        self.done += rows
        if self.progress is not None:
            self.progress(self.done, self.total)


def requests_of(graph: Graph, learned: _LEARNED) -> list[Request]:
    """Return what can be learned next: all whose inputs have nothing left to learn."""
    found: list[Request] = []
    complete: list[bool] = []
    for i, (node, inputs) in enumerate(zip(graph.nodes, graph.inputs, strict=True)):
        ready = all(complete[j] for j in inputs)
        wanted = dict(node.analyzers(learned.get(i, {}))) if ready and isinstance(node, Column) else {}
        found += [Request(i, slot, analyzer, inputs[0]) for slot, analyzer in wanted.items()]
        complete.append(ready and not wanted)
    return found


def _one_pass(
    graph: Graph,
    learned: _LEARNED,
    requests: list[Request],
    source: Source,
    workers: int,
    report: _Reporter,
    types: TypeLearner | None,
    look: Look,
) -> tuple[Graph, dict[Request, dict[str, Array]]]:
    """One reading of the source; `types` learns from it too. Return the graph with the types that are known now.

    Requests that collect the same from the same values share a state.
    """
    names: dict[tuple[Analyzer, int], str] = {}
    for r in requests:
        names.setdefault((r.analyzer.collects, r.source), graph.nodes[r.node].name)
    states = {key: key[0].empty() for key in names}
    by_node: dict[int, list[tuple[Analyzer, int]]] = {}  # one thread makes a node's values and takes them to all its states
    for key in names:
        by_node.setdefault(key[1], []).append(key)
    reader = Reader(graph, learned, {source: name for (_, source), name in reversed(names.items())})
    try:
        row = 0
        if types is None:
            look.before(reader.needs, source)
        needs = reader.needs if look.done else look.needs
        for batch in source.batches(needs if types is None else types.needs):
            if not look.done:
                batch.check([key for key, _ in look.needs])
            spelled = {} if types is None else _observe(types, batch, row, workers)
            look.at(batch, look.needs, spelled)

            def update(
                node: int, batch: Batch = batch, row: int = row, spelled: Mapping[str, FieldType | None] = spelled
            ) -> None:
                try:
                    value, numbers = reader.values(node, batch, spelled)
                except errors.DataError as e:
                    raise e.shifted(row) from None
                for key in by_node[node]:
                    try:
                        states[key] = key[0].update(states[key], numbers if key[0].numeric else value)
                    except errors.DataError as e:
                        raise with_subject(e, names[key]).shifted(row) from None

            for _ in thread_pool.run(update, by_node, workers):
                pass
            row += batch.num_rows
            report.add(batch.num_rows)

        if types is not None:
            graph = graph.with_types(types.types())
            for key in states:
                states[key] = _as_type(key[0], states[key], graph, key[1], types, names[key])

        def finish(key: tuple[Analyzer, int]) -> list[tuple[Request, dict[str, Array]]]:
            mine = [r for r in requests if (r.analyzer.collects, r.source) == key]
            return [(r, finish_request(r, states[key], graph)) for r in mine]

        found = dict(pair for pairs in thread_pool.run(finish, list(states), workers) for pair in pairs)
        return graph, {r: found[r] for r in requests}
    except MemoryError as error:
        raise memory_limit.exhausted("fit", error) from None
    finally:
        for (analyzer, _), state in states.items():  # spilled files go, whatever happened
            analyzer.close(state)


def _observe(types: TypeLearner, batch: Batch, row: int, workers: int) -> dict[str, FieldType | None]:
    """Learn the types of fields from a batch; return the types by which its numbers are read, by key."""

    def observe(key: str) -> tuple[str, FieldType | None]:
        try:
            return key, types.update(key, batch, row)
        except errors.DataError as e:
            raise e.seen_by(types.readers[key]).shifted(row) from None

    return dict(thread_pool.run(observe, types.keys, workers))


def _as_type(analyzer: Analyzer, state: State, graph: Graph, node: int, types: TypeLearner, subject: str) -> State:
    """Return the state of a field whose type is known now: spellings of one value are one."""
    field = graph.nodes[node]
    if not isinstance(field, Field) or not types.spelled(field.key):
        return state
    name = graph.types[field.key].type if field.key in graph.types else None
    if name not in SPELLED:
        return state
    try:
        return analyzer.as_type(state, name, Markers.of(field.missing))
    except errors.DataError as e:
        row, text = types.fraction(field.key) or (None, None)
        raise errors.bad_value(subject, field.key, row, e.problem, text, e.hint) from None


def finish_request(request: Request, state: State, graph: Graph) -> dict[str, Array]:
    """Return what was learned of a state, read-only; raise DataError, with column and field, where it gives no answer."""
    try:
        found = request.analyzer.finish(state)
    except errors.DataError as e:
        node = graph.nodes[request.source]
        e = with_subject(e, graph.nodes[request.node].name)
        e.field = e.field or (node.key if isinstance(node, Field) else None)
        raise e from None
    for a in found.values():
        a.setflags(write=False)
    return found


def with_subject(error: errors.DataError, subject: str) -> errors.DataError:
    """Return the error in the name of the column that asked to learn."""
    return errors.DataError(subject, error.problem, field=error.field, row=error.row, got=error.got, hint=error.hint)


class Reader:
    """The values of some nodes for a batch: raw fields, and numbers of columns that are learned already."""

    def __init__(self, graph: Graph, learned: _LEARNED, names: dict[int, str]) -> None:
        """names: the nodes, each with the name of the first column that asks for it."""
        self.graph, self.names, wanted = graph, names, set(names)
        columns = {i for i in wanted if isinstance(graph.nodes[i], Column)}
        self.bounds = bind(graph, learned, Tables(), columns)
        read = wanted | {j for i in columns for j in graph.inputs[i]}
        keys = {f.key for i in read if isinstance(f := graph.nodes[i], Field)}
        self.needs = [
            (key, "category" if "category" in kinds else "number") for key, kinds in graph.needs().items() if key in keys
        ]
        self.types = graph.types

    def values(
        self, i: int, batch: Batch, spelled: Mapping[str, FieldType | None]
    ) -> tuple[FieldView | Ids | Numbers, FieldView | Ids | Numbers]:
        """Return the values of a node, and the same for what reads numbers alone.

        spelled: the types of fields, where they are not known yet, by which numbers are read.
        """
        try:
            node = self.graph.nodes[i]
            if isinstance(node, Field):
                value = batch.field(node.key, node.missing, self.types.get(node.key))
                of = spelled.get(node.key)
                return value, value if of is None else batch.field(node.key, node.missing, of)
            types = self.types if node.needs != "number" else {**self.types, **spelled}
            fields = [batch.field(f.key, f.missing, types.get(f.key)) for f in node.inputs() if isinstance(f, Field)]
            value = self.bounds[i].evaluate(*fields)
            return value, value
        except errors.DataError as e:
            raise e.seen_by(self.names[i]) from None
