"""Inputs: the slots of encoded rows as one input: numbers, one-hots of ids, pooled embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols._core.spec import Converted, frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value, concat
from featurecols.models.autodiff.variables import Scope
from featurecols.models.input.examples import Examples
from featurecols.models.layers.base import Layer
from featurecols.models.layers.cumulative_bag import cumulative_bag
from featurecols.models.layers.embedding_bag import bag, truncated_normal
from featurecols.models.layers.mixed import Hots, Mixed, multi_hot


@frozen
class Inputs(Layer):
    """Encoded rows -> numbers, embeddings, then one-hots, in the order of the slots within each kind.

    A Dense layer after it multiplies one-hots without writing them out. Tables start as the plan's, train, and are named
    tables/<table>.

    Args:
        slots: the name, or names, of the slots to read; None for all.
    """

    reads: ClassVar[type | None] = Examples

    slots: Converted[str | Sequence[str] | None, tuple[str, ...] | None] = None  # type: ignore[assignment]

    def check(self) -> None:
        super().check()
        if isinstance(self.slots, str):
            object.__setattr__(self, "slots", (self.slots,))

    def forward(self, scope: Scope, x: Examples) -> Any:
        chosen = choose(x, self.slots)
        values = [Value(v) for v in dense_values(x, chosen, scope.variables.dtype)]
        values += [self.embed(scope, x, s) for s in chosen.slots if isinstance(s, IdSlot) and s.dimension is not None]
        numbers = None if not values else values[0] if len(values) == 1 else concat(values)
        return mixed(x, chosen, numbers)

    def embed(self, scope: Scope, x: Examples, slot: Slot) -> Value:
        """Return the pooled rows of the slot's table."""
        if slot.table is None or slot.dimension is None:
            raise errors.model("Inputs", "has no embedding table", slot.name, "give an Embedding")
        first = x.layout.tables.get(slot.table)
        shape = (slot.num_buckets, slot.dimension)
        table = scope.parameter(f"tables/{slot.table}", shape, truncated_normal if first is None else lambda *_: first.copy())
        if isinstance(slot, IdSlot) and slot.cumulative:
            return cumulative_bag(x.lists[slot.name], table)
        return bag(scope.variables, x.ids(slot.name), table, slot.combiner or "mean", slot.max_norm)


def choose(x: Examples, names: Sequence[str] | None) -> Chosen:
    """Return the slots of these names (None: all) in the order of the layout; raise ModelError for what cannot be an input."""
    key = (None if names is None else tuple(names), x.single)
    if key not in x.layout.memo:
        chosen = tuple(x.layout.slots) if names is None else tuple(s for s in x.layout.slots if s.name in set(names))
        for name in names or ():
            x.layout.slot(name)
        for slot in chosen:
            if isinstance(slot, IdSlot) and slot.max_length is not None:
                hint = "leave it to a model_fn of your own, which reads its ids and lengths"
                raise errors.model("Inputs", "a sequence of ids is not a plain input", slot.name, hint)
        x.layout.memo[key] = _chosen(x, chosen)
    return x.layout.memo[key]  # type: ignore[no-any-return]


class Chosen(NamedTuple):
    """Slots, and where their one-hots are: from starts[j] on, of the slots `hot`; columns of Examples.singles."""

    slots: tuple[Slot, ...]
    hot: tuple[Slot, ...]
    width: int
    starts: Array
    sizes: Array
    columns: tuple[int, ...] | None  # None where all columns of singles are meant
    lists: tuple[tuple[Slot, int], ...]


def _chosen(x: Examples, slots: tuple[Slot, ...]) -> Chosen:
    hot = tuple(s for s in slots if isinstance(s, IdSlot) and s.dimension is None)
    ends = np.cumsum([s.num_buckets for s in hot]).tolist()
    starts = {s.name: end - s.num_buckets for s, end in zip(hot, ends, strict=True)}
    plain = [s for s in hot if s.name in x.single]
    columns = tuple(x.single.index(s.name) for s in plain)
    return Chosen(
        slots,
        hot,
        ends[-1] if ends else 0,
        np.array([starts[s.name] for s in plain], np.int64),
        np.array([s.num_buckets for s in plain], np.int64),
        None if columns == tuple(range(x.singles.shape[1])) else columns,
        tuple((s, starts[s.name]) for s in hot if s.name not in x.single),
    )


def dense_values(x: Examples, chosen: Chosen, dtype: DTypeLike) -> list[Array]:
    """Return the numbers of the chosen dense slots as one array [n, w]; nothing where there are none."""
    dense = [s for s in chosen.slots if isinstance(s, DenseSlot)]
    if not dense:
        return []
    if sum(s.width for s in dense) == x.dense.shape[1]:
        return [np.ascontiguousarray(x.dense, dtype)]
    return [np.concatenate([x.dense[:, s.start : s.stop] for s in dense], axis=1).astype(dtype, copy=False)]


def mixed(x: Examples, chosen: Chosen, numbers: Value | None, combiner: str = "sum") -> Mixed:
    """Return numbers, and the one-hots of the chosen slots of ids that are not embedded."""
    hots = None
    if len(chosen.starts):
        columns, ids = chosen.columns, x.singles
        if columns is not None:
            ids = _columns(x, columns)
        hots = Hots(ids, chosen.starts, chosen.sizes)
    lists = [multi_hot(x.lists[s.name], start, s.num_buckets, combiner) for s, start in chosen.lists]
    return Mixed(len(x), numbers, hots, lists, chosen.width)


def _columns(x: Examples, columns: tuple[int, ...]) -> Array:
    """Return some columns of the single ids."""
    key = "columns", columns

    def make(x: Examples) -> Array:
        out = arrays.empty((len(x), len(columns)), x.singles.dtype)
        return np.take(x.singles, columns, axis=1, mode="clip", out=out)

    def split(x: Examples, size: int) -> list[Array]:
        whole = x.prepare(key, make, split)
        return [whole[at : at + size] for at in range(0, len(x), size)]

    return x.prepare(key, make, split)
