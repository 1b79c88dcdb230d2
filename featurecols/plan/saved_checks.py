"""What a loaded plan must be before a table is built from it: every column has what it learns, in usable arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
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
                for slot in node.analyzers(known):
                    if slot not in have:
                        raise errors.saved_plan(where, f"column {errors.show(node.name)} lacks what it learned")
                    problem = _problem(slot, have[slot])
                    if problem:
                        raise errors.saved_plan(where, f"column {errors.show(node.name)} has damaged {slot}: {problem}")
                    known[slot] = have[slot]
                    expected.add(slot)
        if set(have) - expected:
            raise errors.saved_plan(where, f"{errors.show(node.name)} has tensors that it never learned")


def _problem(slot: str, arrays: Mapping[str, Array]) -> str | None:
    """What makes learned arrays unusable; None when nothing does."""
    wanted = _LEARNED.get(slot.rpartition("_")[0] or slot)  # normalizer_0, normalizer_1, ... learn the same
    if wanted is not None and set(arrays) != wanted:
        return f"{', '.join(sorted(set(arrays) ^ wanted))} lacking, or too much"
    for name, a in arrays.items():
        if name not in FORMS or (a.dtype.str, a.ndim) != FORMS[name]:
            return f"{name} is {a.dtype} of {a.ndim} dimensions"
        if a.dtype.kind == "f" and not np.isfinite(a).all():
            return f"{name} is not finite"
    if "std" in arrays and (arrays["std"] < 0 or arrays["min"] > arrays["max"]):
        return "moments contradict each other"
    if "boundaries" in arrays and (np.diff(arrays["boundaries"]) <= 0).any():
        return "boundaries do not increase"
    if "offsets" in arrays:
        offsets = arrays["offsets"]
        if not len(offsets) or offsets[0] != 0 or (np.diff(offsets) < 0).any() or offsets[-1] != len(arrays.get("data", ())):
            return "offsets do not fit the data"
    return None


_LEARNED = {
    "terms": {"offsets", "data", "counts"},
    "boundaries": {"boundaries", "rank_error"},
    "default": {"value"},
    "normalizer": {"count", "max", "mean", "min", "std"},
}
FORMS = {  # the dtype and the number of dimensions of each learned array
    **dict.fromkeys(("mean", "std", "min", "max", "value", "rank_error"), ("<f8", 0)),
    "count": ("<i8", 0),
    "boundaries": ("<f8", 1),
    "offsets": ("<i8", 1),
    "counts": ("<i8", 1),
    "data": ("|u1", 1),
}
