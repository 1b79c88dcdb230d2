"""The declared columns as nodes: each distinct field and column once, inputs before what reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from featurecols import errors
from featurecols.columns._undecided import decided, require_training_rows
from featurecols.columns.base import Column, Field, as_columns
from featurecols.data.field_types import UNKNOWN, FieldType, TypeName


class Graph:
    """Nodes of a list of columns.

    nodes[i] is a Field or a Column, inputs[i] the positions of what it reads, outputs the positions of the declared
    columns, of which `columns` has what they leave to each other filled in. Equal values are one node: that is the whole of
    common-subexpression elimination. types has the types of
    fields by key, as they are declared or learned; a field of which nothing is known is not in it.

    all_nodes are the nodes, then fields that training alone reads, such as a label; training_inputs[i] the positions of what
    node i reads there. What the node i learns from, where that is more than its first input, has the position
    len(all_nodes) + i.
    """

    def __init__(self, columns: Iterable[Column], types: Mapping[str, FieldType] | None = None) -> None:
        """types: of fields, as they were learned. Raises ColumnError where two types are declared for one key."""
        self._read(as_columns(columns))
        if any(isinstance(node, Column) and node.undecided for node in self.nodes):
            self._read(decided(self.columns))
            self._require_learnable()
        self.all_nodes, self.training_inputs = self._with_training_fields()
        self.declared = _declared_types(self.fields(training=True))
        self.types: dict[str, FieldType] = {}
        for key in self.needs(training=True) if self.declared or types else ():
            found = _known_type(self.declared.get(key, UNKNOWN), (types or {}).get(key, UNKNOWN))
            if found != UNKNOWN:
                self.types[key] = found

    def _read(self, columns: tuple[Column, ...]) -> None:
        self.columns = columns
        self.nodes: list[Field | Column] = []
        self.inputs: list[tuple[int, ...]] = []
        self._index: dict[Field | Column, int] = {}
        self.outputs = [self._add(column) for column in columns]

    def _add(self, node: Field | Column) -> int:
        found = self._index.get(node)
        if found is not None:
            return found
        inputs = () if isinstance(node, Field) else tuple(self._add(i) for i in node.inputs())
        self._index[node] = len(self.nodes)
        self.nodes.append(node)
        self.inputs.append(inputs)
        return self._index[node]

    def _require_learnable(self) -> None:
        """Raise ColumnError where a column learns from another that has no training rows, before any row is read."""
        for node in self.nodes:
            if isinstance(node, Column) and node.num_passes():
                require_training_rows(one for one in node.inputs() if isinstance(one, Column))

    def _with_training_fields(self) -> tuple[list[Field | Column], list[tuple[int, ...]]]:
        """Return all_nodes and training_inputs."""
        readers = [(i, node) for i, node in enumerate(self.nodes) if isinstance(node, Column) and _may_read_more(type(node))]
        if not readers:
            return self.nodes, self.inputs
        nodes, found = list(self.nodes), list(self.inputs)
        index = dict(self._index)
        for i, node in readers:
            wanted = node.training_inputs()
            if len(wanted) == len(found[i]):
                continue
            for one in wanted:
                if one not in index:
                    index[one] = len(nodes)
                    nodes.append(one)
            found[i] = tuple(index[one] for one in wanted)
        return nodes, found

    @property
    def trains_alike(self) -> bool:
        """Whether training rows are computed as all others are."""
        return self.inputs == self.training_inputs

    def learns_from(self, i: int) -> int:
        """Return the position of what node i learns from."""
        return self.inputs[i][0] if self.inputs[i] == self.training_inputs[i] else len(self.all_nodes) + i

    def node_at(self, position: int) -> Field | Column:
        """Return the node at a position that learns_from gave."""
        return self.all_nodes[position] if position < len(self.all_nodes) else self.nodes[position - len(self.all_nodes)]

    def fields(self, *, training: bool = False) -> tuple[Field, ...]:
        """Return the raw fields; training: those too that training alone reads."""
        return tuple([node for node in (self.all_nodes if training else self.nodes) if isinstance(node, Field)])

    def needs(self, *, training: bool = False) -> dict[str, frozenset[str]]:
        """For each key of a raw field, how it is read: "number", "category" or both; training: as for fields()."""
        found: dict[str, set[str]] = {}
        for node, inputs in zip(self.nodes, self.inputs, strict=True):
            if isinstance(node, Column):
                for i in inputs:
                    field = self.nodes[i]
                    if isinstance(field, Field):
                        found.setdefault(field.key, set()).add(node.needs)
        for i, inputs in enumerate(self.training_inputs if training else ()):
            for field in (self.all_nodes[j] for j in inputs[len(self.inputs[i]) :]):
                if isinstance(field, Field):  # a label, or what decides a fold: numbers need not be whole
                    found.setdefault(field.key, set()).update(("category", "number"))
        return {key: frozenset(kinds) for key, kinds in found.items()}

    def with_types(self, types: Mapping[str, FieldType]) -> Graph:
        """Return the same graph with what was learned of the types of fields."""
        return Graph(self.columns, types)

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


def _may_read_more(kind: type[Column]) -> bool:
    """Return whether columns of a kind may read more in training than they read of other rows."""
    return kind.training_inputs is not Column.training_inputs


def _declared_types(fields: Iterable[Field]) -> dict[str, FieldType]:
    """Return what is declared of each key; raises ColumnError where two Fields of it say different things."""
    found: dict[str, tuple[TypeName | None, bool | None]] = {}
    for field in fields:
        if field.type is None and field.list is None:
            continue  # most fields: a plan may have thousands
        known_type, known_list = found.get(field.key, (None, None))
        for name, one, other in (("type", known_type, field.type), ("list", known_list, field.list)):
            if one is not None and other is not None and one != other:
                hint = "declare it once"
                raise errors.argument(f"Field {field.key}", f"two Fields of it differ in {name}", (one, other), hint)
        found[field.key] = known_type or field.type, field.list if known_list is None else known_list
    return {key: FieldType(of, int(bool(in_lists))) for key, (of, in_lists) in found.items()}


def _known_type(declared: FieldType, learned: FieldType) -> FieldType:
    """Return the type of a field: what is declared, and what was learned of the rest."""
    return FieldType(declared.type or learned.type, declared.list_depth or learned.list_depth)
