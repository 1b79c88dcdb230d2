"""Learning from rows that come in several calls: the state of all of them is kept between the calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from featurecols import errors
from featurecols.columns.base import Column
from featurecols.data.batch import Source
from featurecols.plan.collect import collect, finish
from featurecols.plan.fit_state import FitState, Partial
from featurecols.plan.graph import Graph
from featurecols.plan.plan import Plan


class PartialFit:
    """What columns have learned from the rows so far.

    Args:
        columns: declared columns that learn in one pass.

    Raises:
        ColumnError: for what is not a list of columns. PlanError: where columns need several passes.
    """

    def __init__(self, columns: Iterable[Column]) -> None:
        graph = Graph(columns)
        passes = graph.passes()
        if len(passes) > 1:
            raise several_passes("partial_fit", "rows are seen once", passes)
        self._columns = graph.columns
        self._state: FitState | None = None

    def update(self, source: Source) -> None:
        """Learn from the rows of a table in memory.

        Raises DataError for rows that do not fit the columns; nothing of this call is learned then.
        """
        state = collect(self._columns, source)
        self._state = state if self._state is None else self._state.merge(state)

    def plan(self) -> Plan:
        """Return the plan of all rows so far, the one that `fit` learns from them; raise DataError where none has a value."""
        found = finish(self._columns, self._state or collect(self._columns, iter(())))
        if isinstance(found, Partial):
            raise several_passes("partial_fit", "rows are seen once", found.passes)
        return found

    def __reduce__(self) -> tuple[Callable[..., PartialFit], tuple[object, ...]]:
        return _restored, (self._columns, self._state)


def several_passes(subject: str, why: str, passes: list[list[str]]) -> errors.PlanError:
    """Return the error of columns that need more passes than there can be."""
    got = "; ".join(f"pass {i}: {', '.join(names)}" for i, names in enumerate(passes, 1))
    hint = "use fit, or give the numbers that the first pass would learn"
    return errors.plan(subject, f"{why}, and {len(passes)} passes are needed", got, hint)


def _restored(columns: tuple[Column, ...], state: FitState | None) -> PartialFit:
    """Return what was learned in another process."""
    found = PartialFit(columns)
    found._state = state
    return found


__all__ = ["PartialFit"]
