"""What the ids and features of a column mean, in a form that is equal in two plans where the meaning is."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.buckets import Bucket
from featurecols.columns.base import Column, field_keys
from featurecols.columns.bound import Bound
from featurecols.plan.bind import LearnedByNode
from featurecols.plan.fingerprint import fingerprint
from featurecols.plan.graph import Graph


@dataclass(frozen=True)
class RowMeanings:
    """The meaning of each of the rows that a parameter has for one slot.

    Attributes:
        space: what sets the rows apart from those of another kind; rows of different spaces never mean the same.
        keys: the meaning of each row, or how many there are where row i means i.
    """

    space: Hashable
    keys: Sequence[Hashable] | int

    def __len__(self) -> int:
        return self.keys if isinstance(self.keys, int) else len(self.keys)

    def match(self, other: RowMeanings) -> tuple[Array, Array]:
        """Return the rows that have a row of the same meaning in `other`, and those rows there, int64 [k] each."""
        if self.space != other.space:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        if isinstance(self.keys, int) and isinstance(other.keys, int):
            both = np.arange(min(self.keys, other.keys))
            return both, both
        there = {key: i for i, key in enumerate(_listed(other.keys))}
        pairs = [(i, there[key]) for i, key in enumerate(_listed(self.keys)) if key is not None and key in there]
        found = np.array(pairs, np.int64).reshape(-1, 2)
        return found[:, 0], found[:, 1]


def _listed(keys: Sequence[Hashable] | int) -> Sequence[Hashable]:
    return range(keys) if isinstance(keys, int) else keys


def of_ids(graph: Graph, learned: LearnedByNode, node: int, bound: Bound) -> RowMeanings:
    """Return the meanings of the ids of a categorical column.

    Terms and intervals mean the same where the column reads the same fields, intervals of normalized numbers where the
    normalizers were declared alike; a hash bucket only where all that decides about it is the same: hash, seed, number of
    buckets, and what the columns below have learned.
    """
    column, size = graph.nodes[node], bound.num_buckets
    if not isinstance(column, Column):
        raise TypeError(f"node {node} is not a column")
    normalizers = [below.to_json().get("normalizer") for below in column.inputs() if isinstance(below, Column)]
    space = ("ids", field_keys(column), json.dumps(normalizers) if any(normalizers) else "")
    kinds = {bound.meaning(i).kind for i in {0, size - 1}} if size else set()
    if kinds == {"hash"}:
        return RowMeanings(("hash", recipe(graph, learned, column)), size)
    if kinds == {"id"}:
        return RowMeanings((*space, "id"), size)
    declared, buckets = column.to_json(), [bound.meaning(i) for i in range(size)]
    shared = declared.get("hash"), declared.get("seed"), sum(bucket.kind == "unseen" for bucket in buckets)
    return RowMeanings(space, [_key(bucket, shared) for bucket in buckets])


def _key(bucket: Bucket, shared: tuple[Any, ...]) -> Hashable:
    """Return the meaning of a bucket, None where it has none; `shared` says how unseen values are spread over several."""
    if bucket.kind == "unused":
        return None
    if bucket.kind == "unseen":
        return ("unseen", bucket.index, *shared) if bucket.many else ("unseen",)
    number = bucket.index if bucket.kind in ("id", "hash") else None
    return bucket.kind, number, bucket.term, bucket.low, bucket.high, bucket.with_missing, bucket.element


def of_features(graph: Graph, node: int, bound: Bound) -> RowMeanings:
    """Return the meanings of the features of a dense column: what was declared counts, and not what was learned."""
    column = graph.nodes[node]
    if not isinstance(column, Column):
        raise TypeError(f"node {node} is not a column")
    return RowMeanings(("features", recipe(graph, {}, column)), [bound.label(i) for i in range(bound.width)])


def recipe(graph: Graph, learned: LearnedByNode, column: Column) -> str:
    """Return 32 hex digits over a column, all columns below it, and what they have learned."""
    alone = Graph([column])
    at = {node: i for i, node in enumerate(graph.nodes)}
    below = {i: learned[at[node]] for i, node in enumerate(alone.nodes) if at[node] in learned}
    return fingerprint(alone, below)
