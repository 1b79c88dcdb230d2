"""What a loaded plan must be before a table is built from it: every column has what it learns, in usable arrays."""

from __future__ import annotations

from collections.abc import Mapping

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.spec import KINDS
from featurecols.analyzers.base import Analyzer
from featurecols.columns.base import Column
from featurecols.plan.fingerprint import Learned
from featurecols.plan.graph import Graph


def check_learned(where: object, graph: Graph, learned: Learned) -> None:
    """Raise SavedPlanError unless every column has what it learns, in arrays that its tables can be built from."""
    for i, node in enumerate(graph.nodes):
        have = learned.get(i, {})
        expected: set[str] = set()
        if isinstance(node, Column) and node.num_passes():
            known: dict[str, Mapping[str, Array]] = {}
            for _ in range(node.num_passes()):
                for slot, analyzer in node.analyzers(known).items():
                    if slot not in have:
                        raise errors.saved_plan(where, f"column {errors.show(node.name)} lacks what it learned")
                    problem = analyzer.problem(have[slot])
                    if problem:
                        raise errors.saved_plan(where, f"column {errors.show(node.name)} has damaged {slot}: {problem}")
                    known[slot] = have[slot]
                    expected.add(slot)
        if set(have) - expected:
            raise errors.saved_plan(where, f"{errors.show(node.name)} has tensors that it never learned")


def array_form(name: str) -> tuple[str, int] | None:
    """Return the dtype and the number of dimensions of a learned array of that name; None where no analyzer gives one."""
    analyzers = (kind for kind in KINDS.values() if issubclass(kind, Analyzer))
    return next((analyzer.learns[name] for analyzer in analyzers if name in analyzer.learns), None)
