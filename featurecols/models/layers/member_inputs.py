"""Encoded rows for several networks, which share numbers and one-hots and have their own embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.slots import IdSlot
from featurecols.models import errors
from featurecols.models.autodiff.tape import Gradient, IndexedSlices, Value, concat
from featurecols.models.autodiff.variables import Initial, Scope, Variables, current
from featurecols.models.input.examples import Examples
from featurecols.models.layers.cumulative_bag import cumulative_bag
from featurecols.models.layers.embedding_bag import bag, truncated_normal
from featurecols.models.layers.inputs import choose, dense_values, mixed
from featurecols.models.layers.mixed import Mixed


class MemberRows(NamedTuple):
    """Rows for several networks: what they share, and the embeddings of each, [n, members * width] or None.

    A network reads numbers, its embeddings and one-hots, in this order.
    """

    shared: Mixed
    own: Value | None
    members: int

    @property
    def own_width(self) -> int:
        return 0 if self.own is None else self.own.shape[1] // self.members

    @property
    def width(self) -> int:
        return self.shared.width + self.own_width

    def inputs(self, variables: Variables) -> Array:
        """Return what each network reads, written out: [n, width, members]."""
        return self.value(variables).array.reshape(self.shared.rows, self.members, -1).transpose(0, 2, 1)

    def value(self, variables: Variables) -> Value:
        """Return what each network reads, written out side by side: [n, members * width]."""
        numbers = 0 if self.shared.numbers is None else self.shared.numbers.shape[1]
        rows, hot = self.shared.rows, numbers + self.own_width
        shared, found = self.shared.value(variables).array, np.empty((rows, self.members, self.width), variables.dtype)
        found[:, :, :numbers], found[:, :, hot:] = shared[:, None, :numbers], shared[:, None, numbers:]
        own = self.own
        if own is None:
            return Value(found.reshape(rows, -1))
        found[:, :, numbers:hot] = own.array.reshape(rows, self.members, -1)

        def backward(d: Array) -> tuple[Array]:
            return (d.reshape(found.shape)[:, :, numbers:hot].reshape(own.shape),)

        return Value(found.reshape(rows, -1), (own,), backward)


def member_rows(x: Examples, slots: Sequence[str] | None, members: int) -> MemberRows:
    """Return encoded rows as several networks read them; parameters are found below "inputs" in the running pass.

    Tables are [num_buckets, members * dimension], and all members start from that of the plan. `slots` names what is read,
    None is all.
    """
    scope, chosen = current("member_rows"), choose(x, slots)
    values = [Value(v) for v in dense_values(x, chosen, scope.variables.dtype)]
    with scope.inside("inputs"):
        own = [_embed(scope, x, s, members) for s in chosen.slots if isinstance(s, IdSlot) and s.dimension is not None]
    shared = mixed(x, chosen, values[0] if values else None)
    return MemberRows(shared, side_by_side(own, members) if own else None, members)


def _embed(scope: Scope, x: Examples, slot: IdSlot, members: int) -> Value:
    """Return the pooled rows of the slot's table, [n, members * dimension]."""
    if slot.table is None or slot.dimension is None:
        raise errors.model("Inputs", "has no embedding table", slot.name, "give an Embedding")
    dimension, first = slot.dimension, x.layout.tables.get(slot.table)
    initial: Initial = truncated_normal if first is None else lambda *_: np.tile(first, (1, members))
    table = scope.parameter(f"tables/{slot.table}", (slot.num_buckets, members * dimension), initial)
    if slot.cumulative:
        return cumulative_bag(x.lists[slot.name], table)
    combiner, ids = slot.combiner or "mean", x.ids(slot.name)
    if slot.max_norm is None:
        return bag(scope.variables, ids, table, combiner)
    parts = [columns(table, j * dimension, (j + 1) * dimension) for j in range(members)]
    return concat([bag(scope.variables, ids, part, combiner, slot.max_norm) for part in parts])


def side_by_side(values: Sequence[Value], members: int) -> Value:
    """Return matrices [n, members * a], [n, members * b], ... as [n, members * (a + b + ...)], those of a member together."""
    apart = [value.array.reshape(value.shape[0], members, -1) for value in values]
    ends = np.cumsum([part.shape[2] for part in apart])[:-1]
    joined = np.concatenate(apart, axis=2)

    def backward(d: Array) -> tuple[Array, ...]:
        parts = np.split(d.reshape(joined.shape), ends, axis=2)
        return tuple(part.reshape(len(part), -1) for part in parts)

    return values[0] if len(values) == 1 else Value(joined.reshape(len(joined), -1), tuple(values), backward)


def columns(table: Value, start: int, stop: int) -> Value:
    """Return some columns of a table, whose gradient comes as IndexedSlices."""

    def backward(d: Gradient) -> tuple[Gradient]:
        if not isinstance(d, IndexedSlices):
            raise TypeError("the gradient of a table comes as IndexedSlices")
        rows = np.zeros((len(d.ids), table.shape[1]), d.rows.dtype)
        rows[:, start:stop] = d.rows
        return (IndexedSlices(d.ids, rows, table.shape),)

    return Value(np.ascontiguousarray(table.array[:, start:stop]), (table,), backward)
