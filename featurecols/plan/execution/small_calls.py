"""Blocks of small tables, prepared once for all calls whose dictionaries are the same.

The ids of a column over one field depend on the value of the field alone. So for a field of codes into a small dictionary,
the column is run over the dictionary, once; its ids for the rows of a call are then looked up, for all such columns at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from typing import NamedTuple

import numpy as np

from featurecols._core.arrays import Array, Ids
from featurecols.columns.base import Field
from featurecols.data.batch import as_declared
from featurecols.data.field_types import FieldType
from featurecols.data.fields.base import FieldView
from featurecols.data.missing import Markers
from featurecols.data.small_tables import ArrowTables, Coded, Column, Content, Frames, SmallTables, is_arrow, is_frame
from featurecols.plan.execution.operations import Block, Evaluate


class _Prepared(NamedTuple):
    """What is kept for tables whose coded fields are these, with these dictionaries.

    Attributes:
        contents: of the dictionary of each coded field, by position of the field; those that no column looks up included.
        positions: of the fields whose codes are looked up, one for each column.
        nodes: these columns.
        ids: int32; the ids of all dictionaries, one after another, each after the id of a missing value.
        first: int32 [k, 1], where the ids of each column begin.
        sizes: uint32 [k, 1], how many values the dictionary of each has.
        left: the evaluations that are still to be run.
        read: positions of the fields that these, and the outputs, read.
    """

    contents: dict[int, Content]
    positions: list[int]
    nodes: list[int]
    ids: Array
    first: Array
    sizes: Array
    left: list[Evaluate]
    read: list[int]


class SmallCalls:
    """The small tables of one program."""

    def __init__(
        self,
        size: int,
        fields: Sequence[tuple[int, Field]],
        types: Mapping[str, FieldType],
        evaluations: Sequence[Evaluate],
        read_by_outputs: set[int],
    ) -> None:
        """size: how many nodes there are. read_by_outputs: the nodes that outputs read."""
        self._size, self._evaluations = size, evaluations
        self._nodes = [i for i, _ in fields]
        self._declared = [(Markers.of(field.missing), types.get(field.key)) for _, field in fields]
        self._read_by_outputs = read_by_outputs
        keys = [field.key for _, field in fields]
        self._kinds: list[tuple[Callable[[Sized], bool], SmallTables]] = [
            (is_arrow, ArrowTables(keys)),
            (is_frame, Frames(keys)),
        ]
        self._known: dict[SmallTables, _Prepared] = {}  # the last of each kind of table

    def block(self, data: Sized) -> tuple[Block, list[Evaluate]] | None:
        """Return the rows of a table as a block, with the evaluations that are left to run.

        None for anything but a table of pyarrow or pandas, and where it is to be read in the ordinary way. Raises DataError
        for data that does not fit the columns, with rows and fields that the ordinary way names better.
        """
        tables = next((tables for of, tables in self._kinds if of(data)), None)
        columns = None if tables is None else tables.columns(data)
        if tables is None or columns is None:
            return None
        coded = {k: found for k, column in enumerate(columns) if (found := tables.coded(column)) is not None}
        prepared = self._known.get(tables)
        if prepared is None or prepared.contents != {k: found.content for k, found in coded.items()}:
            prepared = self._known[tables] = self._prepare(tables, columns, coded)
        block = Block(self._size, len(data))
        values = block.values
        if prepared.nodes:
            looked_up = _look_up(prepared, [coded[k].codes for k in prepared.positions], len(data))
            if looked_up is None:
                return None
            for node, ids in zip(prepared.nodes, looked_up, strict=True):
                values[node] = Ids(ids)
        for k in prepared.read:
            values[self._nodes[k]] = self._view(k, tables.view(k, columns[k]))
        return block, prepared.left

    def _view(self, position: int, view: FieldView) -> FieldView:
        markers, of = self._declared[position]
        return as_declared(view, markers, of)

    def _prepare(self, tables: SmallTables, columns: Sequence[Column], coded: Mapping[int, Coded]) -> _Prepared:
        """Run what reads one coded field over its dictionary."""
        every = {self._nodes[k]: self._every(k, tables, columns[k]) for k in coded}
        positions, nodes, left = [], [], []
        found: list[Array] = []
        for of in self._evaluations:
            view = every.get(of.inputs[0]) if len(of.inputs) == 1 and of.bound.categorical else None
            ids = None if view is None else _ids_of(of, view)
            if ids is None:
                left.append(of)
                continue
            found.append(ids)
            nodes.append(of.node)
            positions.append(self._nodes.index(of.inputs[0]))
        read = self._read_by_outputs | {j for of in left for j in of.inputs}
        ends = np.cumsum([0, *map(len, found)])
        return _Prepared(
            {k: of.content for k, of in coded.items()},
            positions,
            nodes,
            np.concatenate(found) if found else np.empty(0, np.int32),
            ends[:-1, None].astype(np.int32),
            np.array([[coded[k].size] for k in positions], np.uint32),
            left,
            [k for k, node in enumerate(self._nodes) if node in read],
        )

    def _every(self, position: int, tables: SmallTables, column: Column) -> FieldView | None:
        try:
            return self._view(position, tables.every(position, column))
        except Exception:  # what a column of a user may raise too, for a value that the rows need not hold
            return None


def _ids_of(of: Evaluate, view: FieldView) -> Array | None:
    """Return the id of each row; None where a row may have several, or where a value is refused, which no row may hold."""
    try:
        found = of.function(view)
    except Exception:  # whatever a column of a user raises: the rows, read in the ordinary way, decide
        return None
    plain = isinstance(found, Ids) and found.offsets is None and found.weights is None and found.values.dtype == np.int32
    return found.values if plain else None


def _look_up(prepared: _Prepared, codes: Sequence[Array], rows: int) -> list[Array] | None:
    """Return int32 [k, rows], the ids of each column; None where a code is outside its dictionary."""
    at = np.concatenate(codes, dtype=np.int32, casting="safe").reshape(len(codes), rows)
    at += 1  # after the id of a missing value
    if (at.view(np.uint32) > prepared.sizes).any():
        return None
    at += prepared.first
    return list(prepared.ids.take(at))
