"""The declared columns as nodes: each distinct field and column once, inputs before what reads them."""

from __future__ import annotations

from collections.abc import Iterable

from featurecols.columns.base import Column, Field, as_columns


class Graph:
    """Nodes of a list of columns.

    nodes[i] is a Field or a Column, inputs[i] the positions of what it reads, outputs the positions of the declared
    columns. Equal values are one node: that is the whole of common-subexpression elimination.
    """

    def __init__(self, columns: Iterable[Column]) -> None:
        self.columns = as_columns(columns)
        self.nodes: list[Field | Column] = []
        self.inputs: list[tuple[int, ...]] = []
        self._index: dict[Field | Column, int] = {}
        self.outputs = [self._add(column) for column in self.columns]

    def _add(self, node: Field | Column) -> int:
        found = self._index.get(node)
        if found is not None:
            return found
        inputs = () if isinstance(node, Field) else tuple(self._add(i) for i in node.inputs())
        self._index[node] = len(self.nodes)
        self.nodes.append(node)
        self.inputs.append(inputs)
        return self._index[node]

    def fields(self) -> tuple[Field, ...]:
        return tuple(node for node in self.nodes if isinstance(node, Field))

    def needs(self) -> dict[str, frozenset[str]]:
        """For each key of a raw field, how it is read: "number", "category" or both."""
        found: dict[str, set[str]] = {}
        for node, inputs in zip(self.nodes, self.inputs, strict=True):
            if isinstance(node, Column):
                for i in inputs:
                    field = self.nodes[i]
                    if isinstance(field, Field):
                        found.setdefault(field.key, set()).add(node.needs)
        return {key: frozenset(kinds) for key, kinds in found.items()}

    def passes(self) -> list[list[str]]:
        """Which columns learn in each pass over the data, by name; the length is the number of passes."""
        done: list[int] = []
        found: list[list[str]] = []
        for node, inputs in zip(self.nodes, self.inputs, strict=True):
            start = max((done[i] for i in inputs), default=0)
            num_passes = node.num_passes() if isinstance(node, Column) else 0
            done.append(start + num_passes)
            for p in range(start, start + num_passes):
                while len(found) <= p:
                    found.append([])
                found[p].append(node.name)
        return found
