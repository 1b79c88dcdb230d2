"""Binding: the columns of a graph over what was learned, and the slots that encode gives for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from featurecols._core import counters
from featurecols._core.slots import Slot
from featurecols.columns._embedding_tables import Tables
from featurecols.columns.base import Field, Learned, LearnedSlots
from featurecols.columns.bound import Bound
from featurecols.plan.graph import Graph

LearnedByNode = Mapping[int, Mapping[str, Learned]]


def bind(graph: Graph, learned: LearnedByNode, tables: Tables, only: Iterable[int] | None = None) -> list[Any]:
    """Return the bound columns by node (a Field stands for itself); with `only`, None for all other nodes."""
    wanted = set(range(len(graph.nodes))) if only is None else set(only)
    found: list[Any] = []
    bound, nothing = 0, LearnedSlots(None, tables, graph.types)
    for i, (node, inputs) in enumerate(zip(graph.nodes, graph.inputs, strict=True)):
        if isinstance(node, Field):
            found.append(node)
        elif i in wanted:
            slots = LearnedSlots(learned[i], tables, graph.types) if i in learned else nothing
            found.append(node.bind(slots, *[found[j] for j in inputs]))
            bound += 1
        else:
            found.append(None)
    counters.increment("bound column", bound)
    return found


def encoded_slots(outputs: Iterable[Bound]) -> tuple[Slot, ...]:
    """Return what encode gives for each declared column: features of its dense block, one after another, or ids."""
    slots: list[Slot] = []
    at = 0
    for bound in outputs:
        slot = bound.slot(at)
        at += slot.width
        slots.append(slot)
    return tuple(slots)
