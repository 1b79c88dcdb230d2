"""How two plans differ: which ids and features mean something else, and which rows of embedding tables can be carried over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from featurecols import errors
from featurecols._core import html
from featurecols._core.arrays import Array
from featurecols._core.slots import IdSlot, Slot
from featurecols.columns.base import Column
from featurecols.data.field_types import FieldType
from featurecols.plan.plan import Plan
from featurecols.plan.row_meanings import recipe

Unit = Literal["ids", "features"]
_HEADERS = ("column", "is", "same", "moved", "gone", "new", "rows carried")


@dataclass(frozen=True)
class ColumnDifference:
    """How one declared column differs in two plans.

    Attributes:
        name: of the column.
        change: "same" (declared alike, and it has learned the same), "changed", "added" or "removed".
        unit: what is counted: "ids", or "features" of a dense column.
        same: how many mean in the new plan what they meant in the old one.
        moved: how many have another number in the new plan.
        gone: how many the new plan does not have.
        new: how many the old plan did not have.
        carried: of an Embedding, how many rows of its table carry_tables takes from the old plan; None of other columns.
    """

    name: str
    change: Literal["same", "changed", "added", "removed"]
    unit: Unit
    same: int = 0
    moved: int = 0
    gone: int = 0
    new: int = 0
    carried: int | None = None


@dataclass(frozen=True)
class PlanDifference:
    """What fc.diff found; true where the plans differ.

    Attributes:
        columns: a ColumnDifference by name, those of the new plan first.
        fields: by key, the type in the old and in the new plan where they differ; None where a plan does not read it.
        reordered: columns of both plans stand in another order, so that features are at other places of the matrix.
        tables: names of embedding tables whose arrays differ though their columns are alike: one was trained.
        width: features of the matrix in the old and in the new plan.
    """

    columns: dict[str, ColumnDifference]
    fields: dict[str, tuple[FieldType | None, FieldType | None]]
    reordered: bool
    tables: tuple[str, ...]
    width: tuple[int, int]

    def __bool__(self) -> bool:
        return bool(self.changed or self.fields or self.reordered or self.tables)

    @property
    def changed(self) -> list[ColumnDifference]:
        """The columns that are not the same."""
        return [column for column in self.columns.values() if column.change != "same"]

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain JSON data."""
        types = {key: [None if of is None else of._asdict() for of in both] for key, both in self.fields.items()}
        columns = {name: asdict(column) for name, column in self.columns.items()}
        about = {"reordered": self.reordered, "tables": list(self.tables), "width": list(self.width)}
        return {"differ": bool(self), "columns": columns, "fields": types, **about}

    def __repr__(self) -> str:
        if not self:
            return self._caption()
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([*map(str.ljust, row[:2], widths), *map(str.rjust, row[2:], widths[2:])]).rstrip()
            for row in (rows if len(rows) > 1 else [])
        ]
        return "\n".join([self._caption(), *lines, *self._notes()])

    def _repr_html_(self) -> str:
        return html.table(self._caption(), self._rows(), [True, True] + [False] * 5)

    def _caption(self) -> str:
        if not self:
            return "the plans are the same"
        return f"{len(self.changed)} of {len(self.columns)} columns differ"

    def _rows(self) -> list[tuple[str, ...]]:
        counts = [(c, (c.same, c.moved, c.gone, c.new, c.carried)) for c in self.changed]
        return [_HEADERS, *((c.name, c.change, *("" if n is None else f"{n:,}" for n in given)) for c, given in counts)]

    def _notes(self) -> list[str]:
        """Return what no line of a column says."""
        found = [f"field {key}: {_shown(old)}, now {_shown(new)}" for key, (old, new) in self.fields.items()]
        if self.reordered:
            found.append("columns stand in another order: features are at other places of the matrix")
        if self.tables:
            found.append(f"tables with other numbers: {', '.join(self.tables)}")
        return found


def diff(old: Plan, new: Plan) -> PlanDifference:
    """Return how a new plan differs from an old one: what ids and features mean, and which rows of tables can be carried over.

    Terms and intervals are told apart by what they are, hash buckets by all that decides about a hash. carry_tables makes the
    new plan with the rows that are counted as carried.

    >>> import featurecols as fc
    >>> old = fc.compile([fc.Embedding(fc.Vocabulary("job", ["cook", "nurse"]), 2), fc.Numeric("age")])
    >>> new = fc.compile([fc.Embedding(fc.Vocabulary("job", ["nurse", "pilot", "smith"]), 2), fc.Numeric("age")])
    >>> fc.diff(old, new)
    1 of 2 columns differ
    column         is       same  moved  gone  new  rows carried
    job_embedding  changed     0      1     1    2             1
    >>> bool(fc.diff(old, old))
    False
    """
    for plan in (old, new):
        if not isinstance(plan, Plan):
            raise errors.plan("diff", "needs two plans", plan, "give what fc.fit, fc.load or model.plan gave")
    theirs, mine = _by_name(old), _by_name(new)
    columns = {name: _difference(old, theirs.get(name), new, found) for name, found in mine.items()}
    columns |= {name: _gone(old, name) for name in theirs if name not in mine}
    schemas = old.input_schema, new.input_schema
    both = {key: (schemas[0].get(key), schemas[1].get(key)) for key in {**schemas[1], **schemas[0]}}
    shared = [name for name in theirs if name in mine]
    return PlanDifference(
        columns,
        {key: pair for key, pair in both.items() if pair[0] != pair[1]},
        shared != [name for name in mine if name in theirs],
        () if old.tables_digest == new.tables_digest else tuple(_other_tables(old, new)),
        (old.width, new.width),
    )


def carry_tables(old: Plan, new: Plan) -> Plan:
    """Return the new plan with rows of its embedding tables from the old one, where both mean the same; others start anew.

    A row is that of a term, an interval or a hash bucket, as fc.diff counts them. A table is found by the name of the slot that
    reads it, or by its own name; of another dimension nothing is carried.

    Args:
        old: the plan with trained tables, as model.plan gives it.
        new: a plan over more recent data, or other columns.

    Raises:
        PlanError: for anything but plans.

    >>> import featurecols as fc
    >>> jobs = [["cook", "nurse"], ["nurse", "pilot"]]
    >>> old, new = (fc.compile([fc.Embedding(fc.Vocabulary("job", terms), 1)]) for terms in jobs)
    >>> trained = old.with_tables({"job_embedding": [[1.5], [2.5]]})
    >>> fc.carry_tables(trained, new).transform({"job": ["nurse"]})
    array([[2.5]], dtype=float32)
    """
    for plan in (old, new):
        if not isinstance(plan, Plan):
            raise errors.plan("carry_tables", "needs two plans", plan, "give what fc.fit, fc.load or model.plan gave")
    found: dict[str, Array] = {}
    for slot in new.encoded_slots:
        if slot.table is None or slot.table in found:
            continue
        to, at, before = _carried(old, new, slot)
        if before is not None and len(to):
            table = np.array(new.tables[slot.table])
            table[to] = old.tables[before][at]
            found[slot.table] = table
    return new.with_tables({**new.trained_tables, **found}) if found else new


def _by_name(plan: Plan) -> dict[str, tuple[Column, Slot]]:
    return {column.name: (column, slot) for column, slot in zip(plan.columns, plan.encoded_slots, strict=True)}


def _difference(old: Plan, before: tuple[Column, Slot] | None, new: Plan, after: tuple[Column, Slot]) -> ColumnDifference:
    """Return how a column of the new plan differs."""
    column, slot = after
    unit = _unit(slot)
    mine = new._row_meanings(slot.name)
    carried = None if slot.table is None else len(_carried(old, new, slot)[0])
    if before is None:
        return ColumnDifference(column.name, "added", unit, new=len(mine), carried=carried)
    if _recipe(old, before[0]) == _recipe(new, column):
        return ColumnDifference(column.name, "same", unit, len(mine), carried=carried)
    theirs = old._row_meanings(slot.name)
    to, at = mine.match(theirs)
    same = int((to == at).sum())
    counts = same, len(to) - same, len(theirs) - len(at), len(mine) - len(to)
    return ColumnDifference(column.name, "changed", unit, *counts, carried=carried)


def _gone(old: Plan, name: str) -> ColumnDifference:
    """Return the difference of a column that the new plan does not have."""
    slot = next(s for s in old.encoded_slots if s.name == name)
    return ColumnDifference(name, "removed", _unit(slot), gone=len(old._row_meanings(name)))


def _unit(slot: Slot) -> Unit:
    return "ids" if isinstance(slot, IdSlot) else "features"


def _carried(old: Plan, new: Plan, slot: Slot) -> tuple[Array, Array, str | None]:
    """Return the rows of the table of a slot that mean the same as rows of an old table, those, and the name of that."""
    nothing = np.zeros(0, np.int64), np.zeros(0, np.int64), None
    slots = [s for s in old.encoded_slots if s.table is not None]
    there = next((s for s in slots if s.name == slot.name), None) or next((s for s in slots if s.table == slot.table), None)
    if there is None or there.table is None or there.dimension != slot.dimension:
        return nothing
    to, at = new._row_meanings(slot.name).match(old._row_meanings(there.name))
    return to, at, there.table


def _recipe(plan: Plan, column: Column) -> str:
    return recipe(plan._graph, plan._learned, column)


def _other_tables(old: Plan, new: Plan) -> Iterator[str]:
    """Yield the tables of columns that are the same whose numbers differ."""
    before, after = ({slot.table: column for column, slot in _by_name(plan).values()} for plan in (old, new))
    for table, column in after.items():
        if table is None or table not in before or _recipe(old, before[table]) != _recipe(new, column):
            continue
        if old.tables[table].tobytes() != new.tables[table].tobytes():
            yield table


def _shown(of: FieldType | None) -> str:
    return "not read" if of is None else f"{'lists of ' * of.list_depth}{of.type or 'any type'}"


__all__ = ["ColumnDifference", "PlanDifference", "carry_tables", "diff"]
