"""What columns have collected of some rows, and what the passes before have learned: values that are sent as bytes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from featurecols import errors
from featurecols.analyzers.base import State
from featurecols.columns.base import Column
from featurecols.plan import serialization, state_bytes
from featurecols.plan.field_states import statistics_keys
from featurecols.plan.fingerprint import fingerprint
from featurecols.plan.graph import Graph
from featurecols.plan.learned_types import TypeLearner
from featurecols.plan.one_pass import Key, LearnedSoFar, close_states, requests_of, typed_states

_SEND = "collect with the same columns on all sides"


@dataclass(frozen=True, repr=False, eq=False)
class Partial:
    """What the first passes of several have learned: `collect(columns, rows, after=partial)` is the next pass.

    Made by fc.finish. It can be pickled.

    Attributes:
        columns: the declared columns.
        done: how many passes are finished.
        statistics: whether the last pass collects statistics of the fields, too.
    """

    _graph: Graph  # with the types of fields, once a pass is finished
    _learned: LearnedSoFar
    done: int
    statistics: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """The declared columns, in order."""
        return self._graph.columns

    @property
    def fields(self) -> tuple[str, ...]:
        """The keys of the fields that the columns read."""
        return tuple(self._graph.needs(training=True))

    @functools.cached_property
    def _keys(self) -> tuple[Key, ...]:
        """What collects in the next pass, and the nodes whose values it collects."""
        learned = ((r.analyzer.collects, r.source) for r in requests_of(self._graph, self._learned))
        return tuple(dict.fromkeys([*learned, *self._others]))

    @functools.cached_property
    def _others(self) -> dict[Key, str]:
        """What collects statistics in the next pass, with names of columns: in the last one."""
        return statistics_keys(self._graph) if self.statistics and self.done >= len(self.passes) - 1 else {}

    @property
    def passes(self) -> list[list[str]]:
        """Names of the columns that learn in each pass over the data, those that are finished first."""
        return self._graph.passes()

    @functools.cached_property
    def fingerprint(self) -> str:
        """32 hex digits of a SHA-256 over the columns and what was learned so far."""
        return fingerprint(self._graph, self._learned)

    def to_bytes(self) -> bytes:
        """Return it as bytes for another process: a format of its own, with a version and a checksum."""
        return self._bytes

    @functools.cached_property
    def _bytes(self) -> bytes:
        about = {"done": self.done, **({"statistics": True} if self.statistics else {})}
        return state_bytes.encode("Partial", about, [serialization.to_bytes(self._graph, self._learned, {})])

    @staticmethod
    def from_bytes(data: bytes) -> Partial:
        """Return what to_bytes wrote; never runs code. Raises DataError for anything else."""
        about, parts = state_bytes.decode("Partial", data)
        if len(parts) != 1:
            raise state_bytes.damaged("Partial")
        graph, learned, _, _ = serialization.from_bytes(parts[0], complete=False)
        return Partial(graph, learned, state_bytes.count(about, "done"), about.get("statistics") is True)

    def __repr__(self) -> str:
        waiting = self.passes[self.done :]
        names = ", ".join(waiting[0]) if waiting else ""
        return f"Partial({self.done} of {len(self.passes)} passes; next: {names})"

    def __reduce__(self) -> tuple[Callable[[bytes], Partial], tuple[bytes]]:
        return Partial.from_bytes, (self.to_bytes(),)


@functools.lru_cache(maxsize=2)
def _partial_of(data: bytes) -> Partial:
    """Return a Partial, which is that of the states before, where many are merged."""
    return Partial.from_bytes(data)


@dataclass(repr=False, eq=False)
class FitState:
    """What columns have collected from some rows in one pass.

    Made by fc.collect. Its size does not grow with rows: moments are a few numbers, quantiles at most 2^15 bins, terms one
    entry for each distinct one, of which what does not fit into memory lies in temporary files. It can be pickled.

    Attributes:
        columns: the declared columns.
        rows: how many rows were read.
    """

    _after: Partial
    rows: int
    _states: dict[Key, State] | None  # None once another state has taken them over
    _types: TypeLearner | None  # in the first pass

    @property
    def columns(self) -> tuple[Column, ...]:
        """The declared columns, in order."""
        return self._after.columns

    def merge(self, other: FitState) -> FitState:
        """Return the state of both states' rows, whatever their order.

        It takes over what the two held, so that nothing is copied: neither of them can be used again.

        Raises:
            PlanError: where the columns or what was learned before differ, and where one was merged already.
        """
        if not isinstance(other, FitState):
            raise errors.plan("merge", "needs another state", type(other).__name__, "give what collect returned")
        if other is self:
            raise errors.plan("merge", "these are the same rows twice", "the state itself", "merge states of different rows")
        self._require_same_pass(other._after)
        mine, others = self._take("merge"), other._take("merge")
        self._states = other._states = None
        if self._types is not None and other._types is not None:
            self._types.merge(other._types)
        for lone in (mine, others):  # of rows whose types were not known yet: both sides collect them in the next pass
            for key in [key for key in lone if key not in (others if lone is mine else mine)]:
                key[0].close(lone.pop(key))
        states = {key: key[0].merge(state, others[key]) for key, state in mine.items()}
        return FitState(self._after, self.rows + other.rows, states, self._types)

    def to_bytes(self) -> bytes:
        """Return the state as bytes for another process: a format of its own, with a version and a checksum.

        Raises:
            PlanError: where the state was merged into another.
        """
        have = self._take("to_bytes")
        states = [key[0].to_bytes(have[key]) if key in have else b"" for key in self._after._keys]
        types = None if self._types is None else self._types.to_json()
        return state_bytes.encode("FitState", {"rows": self.rows, "types": types}, [self._after.to_bytes(), *states])

    @staticmethod
    def from_bytes(data: bytes) -> FitState:
        """Return the state that to_bytes wrote; never runs code.

        Raises:
            DataError: for bytes that are damaged, or not a state. SavedPlanError: for columns of a kind that this program did
                not import.
        """
        about, parts = state_bytes.decode("FitState", data)
        if not parts:
            raise state_bytes.damaged("FitState")
        after = _partial_of(parts[0])
        if len(after._keys) != len(parts) - 1:
            raise state_bytes.damaged("FitState")
        states: dict[Key, State] = {}
        for key, part in zip(after._keys, parts[1:], strict=True):
            if len(part) or not key[0].typed:  # b"" where the next pass collects it
                states[key] = key[0].from_bytes(part)
        types = None if about.get("types") is None else TypeLearner(after._graph)
        if types is not None and not types.take_json(about["types"]):
            raise state_bytes.damaged("FitState")
        return FitState(after, state_bytes.count(about, "rows"), states, types)

    def _take(self, subject: str) -> dict[Key, State]:
        """Return the states of the analyzers; raises PlanError where another state has taken them over."""
        if self._states is None:
            hint = "use what merge returned, or keep to_bytes() of a state that is needed twice"
            raise errors.plan(subject, "the state was merged into another", f"a state of {self.rows} rows", hint)
        return self._states

    def _require_same_pass(self, other: Partial) -> None:
        """Raise PlanError where another state is of other columns, or begins from what others have learned."""
        mine = self._after
        if mine is other:
            return
        require_same_columns("merge", mine.columns, other.columns)
        if (mine.done, mine.statistics) != (other.done, other.statistics) or (
            (mine.fingerprint, mine._graph.types) != (other.fingerprint, other._graph.types)
        ):
            got = f"states after {mine.done} and {other.done} passes, or after others"
            raise errors.plan("merge", "the states belong to different passes", got, "collect both after one Partial")

    def _field_states(self, subject: str) -> dict[Key, State]:
        """Return the states of the statistics of fields; none where they were not collected."""
        states, types = self._take(subject), self._types
        graph = self._after._graph if types is None else self._after._graph.with_types(types.types())
        return typed_states(graph, self._after._others, states, types)

    def _states_for(self, plan: str, subject: str) -> dict[Key, State]:
        """Return the states of the statistics of fields, collected for the plan of a fingerprint.

        Raises PlanError where they were not, or were merged into another.
        """
        if self._after.fingerprint != plan or not self._after._others:
            got = f"a state of {', '.join(self._after.fields[:3])}"
            raise errors.plan(subject, "the state was not collected for this plan", got, "give fc.collect(plan, rows)")
        return self._field_states(subject)

    def close(self) -> None:
        """Delete what was spilled to temporary files; they go with the state anyway."""
        close_states(self._states or {})
        self._states = None

    def __repr__(self) -> str:
        merged = "" if self._states is not None else ", merged into another"
        return f"FitState({len(self.columns)} columns, pass {self._after.done + 1}, {self.rows:,} rows{merged})"

    def __reduce__(self) -> tuple[Callable[[bytes], FitState], tuple[bytes]]:
        return FitState.from_bytes, (self.to_bytes(),)


def begin(columns: Iterable[Column], statistics: bool = False) -> Partial:
    """Return the Partial of columns that have learned nothing yet: what a worker needs of them, in one value."""
    return Partial(Graph(columns), {}, 0, statistics)


def require_same_columns(subject: str, mine: Sequence[Column], others: Sequence[Column]) -> None:
    """Raise PlanError, with the name of the first column that differs, unless both are the same columns in the same order."""
    if tuple(mine) == tuple(others):
        return
    by_name = [{column.name: column for column in columns} for columns in (mine, others)]
    problem, got = "columns come in another order", ", ".join(by_name[0])
    for one, two in (by_name, by_name[::-1]):
        for name in one:
            if name not in two:
                side = "given" if one is by_name[0] else "collected"
                problem, got = f"column {errors.show(name)} is on one side alone", f"{side} columns {', '.join(one)}"
                break
            if one[name] != two[name]:
                problem = f"column {errors.show(name)} is declared in two ways"
                got = f"{errors.show(by_name[0][name])} and {errors.show(by_name[1][name])}"
                break
        else:
            continue
        break
    raise errors.plan(subject, f"the state is of other columns: {problem}", got, _SEND)
