"""What a loaded plan must be before a table is built from it: every column has what it learns, in usable arrays."""

from __future__ import annotations

from collections.abc import Mapping

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.spec import KINDS
from featurecols.analyzers.base import Analyzer
from featurecols.columns.base import Column
from featurecols.data.field_types import MOST_LEVELS, TYPE_NAMES, FieldType
from featurecols.plan.fingerprint import Learned
from featurecols.plan.graph import Graph


def check_learned(where: object, graph: Graph, learned: Learned, *, complete: bool = True) -> None:
    """Raise SavedPlanError unless every column has what it learns, in arrays that its tables can be built from.

    complete: False where later passes may be missing.
    """
    for i, node in enumerate(graph.nodes):
        have = learned.get(i, {})
        expected: set[str] = set()
        if isinstance(node, Column) and node.num_passes():
            known: dict[str, Mapping[str, Array]] = {}
            for _ in range(node.num_passes()):
                for slot, analyzer in node.analyzers(known).items():
                    if slot not in have and not complete:
                        continue
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


def check_types(where: object, graph: Graph, types: Mapping[str, FieldType]) -> None:
    """Raise SavedPlanError where types are of fields that no column reads."""
    if other := sorted(set(types) - set(graph.needs(training=True))):
        raise errors.saved_plan(where, f"fields: {errors.show(other[0])} is not a field that a column reads")


def types_of(where: object, data: object) -> dict[str, FieldType]:
    """Return the types of fields that a plan wrote as JSON data; raises SavedPlanError for anything else."""
    if not isinstance(data, Mapping):
        raise errors.saved_plan(where, "fields: must be an object")
    found: dict[str, FieldType] = {}
    for key, about in data.items():
        name, depth = (about.get("type"), about.get("list_depth", 0)) if isinstance(about, Mapping) else ("", 0)
        fits = (name is None or name in TYPE_NAMES) and type(depth) is int and 0 <= depth <= MOST_LEVELS
        if not fits or not set(about) <= {"type", "list_depth"}:
            raise errors.saved_plan(where, f"fields: {errors.show(key)} has no type that is known")
        found[key] = FieldType(name, depth)
    return found
