"""Binding: the columns of a graph over what was learned, and the slots that encode gives for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from featurecols._core import counters
from featurecols.columns._embedding_tables import Tables
from featurecols.columns.base import Bound, CategoricalBound, DenseBound, Field, Learned
from featurecols.columns.embedding import Embedding, EmbeddingBound
from featurecols.columns.indicator import IndicatorBound
from featurecols.columns.sequence import SequenceBound
from featurecols.plan.features import Slot
from featurecols.plan.graph import Graph

LearnedByNode = Mapping[int, Mapping[str, Learned]]


def bind(graph: Graph, learned: LearnedByNode, tables: Tables, only: Iterable[int] | None = None) -> list[Any]:
    """The bound columns by node (a Field stands for itself); with `only`, None for all other nodes."""
    wanted = set(range(len(graph.nodes))) if only is None else set(only)
    found: list[Any] = []
    for i, (node, inputs) in enumerate(zip(graph.nodes, graph.inputs, strict=True)):
        if isinstance(node, Field):
            found.append(node)
        elif i in wanted:
            slots: dict[str, Any] = dict(learned.get(i, {}))
            slots["tables"] = tables
            found.append(node.bind(slots, *[found[j] for j in inputs]))
            counters.increment("bound column")
        else:
            found.append(None)
    return found


def feature_slots(outputs: Iterable[Bound]) -> tuple[Slot, ...]:
    """What encode gives for each declared column: cells of its dense block, one after another, or ids."""
    slots, at = [], 0
    for bound in outputs:
        slot = _feature_slot(bound, at)
        at += slot.width
        slots.append(slot)
    return tuple(slots)


def _feature_slot(bound: Bound, at: int) -> Slot:
    name = bound.column.name
    max_length = bound.column.max_length if isinstance(bound, SequenceBound) else None
    step = bound.step if isinstance(bound, SequenceBound) else bound
    if isinstance(step, CategoricalBound):
        return Slot(name, "ids", num_buckets=step.num_buckets)
    if isinstance(step, IndicatorBound):
        return Slot(name, "ids", num_buckets=step.source.num_buckets, max_length=max_length)
    if isinstance(step, EmbeddingBound):
        c = step.column
        assert isinstance(c, Embedding)
        return Slot(
            name, "ids", 0, 0, (), step.table.shape[0], step.table.name, step.table.shape[1], c.combiner, c.max_norm, max_length
        )
    assert isinstance(bound, DenseBound)
    return Slot(name, "dense", at, at + bound.width, bound.shape, max_length=max_length)
