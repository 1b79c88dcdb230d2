"""Hashes that identify plans: one over declared columns and what was learned, and one over named arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from featurecols._core import spec
from featurecols._core.arrays import Array
from featurecols._core.tensor_files import digest as digest
from featurecols.data.field_types import FieldType
from featurecols.plan.graph import Graph

Learned = Mapping[int, Mapping[str, Mapping[str, Array]]]  # by node, slot and name


def fingerprint(graph: Graph, learned: Learned) -> str:
    """Return 32 hex digits over what was declared and what was learned.

    The text that is hashed is the plan.json of format 1, and stays so: a plan has one fingerprint, whatever wrote it. Learned
    types of fields are not in it: what is learned from one table is one plan, whether it came as a frame or as a file.
    """
    text = json.dumps({"format": 1, **document(graph)}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode() + digest(flatten(learned)).encode()).hexdigest()[:32]


def document(graph: Graph) -> dict[str, object]:
    """Return the nodes of a plan as JSON data in the order of the graph, each referring to earlier ones by position."""
    index: dict[spec.Spec, int] = {}
    nodes = []
    for i, node in enumerate(graph.nodes):
        nodes.append(spec.fields_json(node, lambda v: {"node": index[v]} if v in index else None, canonical=True))
        index[node] = i
    return {"nodes": nodes, "outputs": graph.outputs}


def types_json(types: Mapping[str, FieldType]) -> dict[str, dict[str, object]]:
    """Return the types of fields as JSON data, without what is not known."""
    return {
        key: {**({"type": found.type} if found.type else {}), **({"list_depth": found.list_depth} if found.list_depth else {})}
        for key, found in sorted(types.items())
    }


def types_digest(types: Mapping[str, FieldType]) -> str:
    """Return 32 hex digits over the types of fields; "" where none is known."""
    text = json.dumps(types_json(types), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32] if types else ""


def flatten(learned: Learned) -> dict[str, Array]:
    """Return all learned arrays under "node/slot/name"."""
    return {
        f"{i}/{slot}/{name}": a for i, slots in learned.items() for slot, arrays in slots.items() for name, a in arrays.items()
    }
