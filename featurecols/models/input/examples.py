"""Examples: encoded rows as models read them, a form of Features that is cheap to shuffle and to split into batches."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from featurecols._core import arrays
from featurecols._core.arrays import Array, Features, Ids
from featurecols._core.scratch_zeros import ScratchZeros
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols.models import errors
from featurecols.models.input.last_rows import all_rows, last_rows

T = TypeVar("T")
Make = Callable[["Examples"], Any]
Split = Callable[["Examples", int], "list[Any] | None"]


@dataclass(frozen=True, slots=True)
class Layout:
    """The common ground of all examples of one plan: its slots, and the embedding tables that training starts from.

    `memo` keeps what layers work out about slots, once for all batches; `prepared` says what they work out about each batch
    without their parameters, so that it can be done before its turn.
    """

    slots: tuple[Slot, ...]
    tables: Mapping[str, Array] = field(default_factory=dict, repr=False)
    memo: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)
    prepared: dict[Hashable, tuple[Callable[[Examples], Any], Callable[[Examples, int], list[Any] | None] | None]] = field(
        default_factory=dict, repr=False, compare=False
    )
    scratch: ScratchZeros = field(default_factory=ScratchZeros, repr=False, compare=False)

    def slot(self, name: str) -> Slot:
        """Return the slot of that name; raise ModelError where there is none."""
        for slot in self.slots:
            if slot.name == name:
                return slot
        raise errors.unknown("features", "slot", name, (s.name for s in self.slots))


@dataclass(frozen=True, slots=True)
class Examples:
    """n rows.

    dense: float32 [n, w]. singles: int32 or int64 [n, k], the slots with one plain id a row side by side, named by
    `single`. lists: Ids of the other id slots; of cumulative ones their last_rows. lengths: int64 [n] of sequences. labels:
    what the head made of them, [n] or [n, m], or None. weights: float32 [n], or None.
    """

    layout: Layout
    dense: Array
    single: tuple[str, ...]
    singles: Array
    lists: Mapping[str, Ids]
    lengths: Mapping[str, Array]
    labels: Array | None = None
    weights: Array | None = None
    memo: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def of(features: Features, layout: Layout, labels: Array | None = None, weights: Array | None = None) -> Examples:
        """Return features as examples; nothing is lost."""
        plain = [
            s.name for s in features.slots if isinstance(s, IdSlot) and s.max_length is None and is_plain(features.ids[s.name])
        ]
        ids = {s.name: _within(features.ids[s.name], s.num_buckets) for s in features.slots if s.name in features.ids}
        wide = any(ids[name].values.dtype == np.int64 for name in plain)
        singles = np.empty((len(features), len(plain)), np.int64 if wide else np.int32)
        for j, name in enumerate(plain):
            singles[:, j] = ids[name].values
        lists = {name: found.compact() for name, found in ids.items() if name not in plain}
        for s in features.slots:
            if isinstance(s, IdSlot) and s.cumulative:
                lists[s.name] = last_rows(lists[s.name])
        return Examples(layout, features.dense, tuple(plain), singles, lists, features.lengths, labels, weights)

    def __len__(self) -> int:
        return len(self.dense)

    @property
    def nbytes(self) -> int:
        """About how much memory the rows take; of slices of lists, all that they share is counted."""
        return self.dense.nbytes + self.singles.nbytes + sum(ids.values.nbytes for ids in self.lists.values())

    def __getitem__(self, name: str) -> Array | Ids:
        """Return one slot: its features [n, width], or its Ids."""
        slot = self.layout.slot(name)
        return self.dense[:, slot.start : slot.stop] if isinstance(slot, DenseSlot) else self.ids(name)

    def ids(self, name: str) -> Ids:
        """Return the Ids of one slot."""
        if name in self.single:
            return Ids(np.ascontiguousarray(self.singles[:, self.single.index(name)]))
        found, slot = self.lists[name], self.layout.slot(name)
        return all_rows(found) if isinstance(slot, IdSlot) and slot.cumulative else found

    def _kept(self, name: str) -> Ids:
        """Return what is kept of one slot."""
        return self.lists[name] if name in self.lists else self.ids(name)

    def prepare(
        self, key: Hashable, make: Callable[[Examples], T], split: Callable[[Examples, int], list[T] | None] | None = None
    ) -> T:
        """Return make(self), which depends on these rows alone; later batches of the layout come with theirs (`batches`).

        split(rows, size) makes it of several batches in one go, as a list; None where it cannot.
        """
        self.layout.prepared[key] = make, split
        if key not in self.memo:
            self.memo[key] = make(self)
        return self.memo[key]

    def batches(self, size: int) -> list[Examples]:
        """Return batches of `size` rows, the last one of what is left, with everything that layers `prepare`."""
        found = [self.slice(at, min(at + size, len(self))) for at in range(0, len(self), size)]
        for key, (make, split) in list(self.layout.prepared.items()):
            made = None if split is None or len(found) == 1 else split(self, size)
            for i, batch in enumerate(found):
                batch.memo[key] = make(batch) if made is None else made[i]
        return found

    def take(self, rows: Array) -> Examples:
        """Return these rows, in this order."""
        return self._map(lambda a: _take(a, rows), lambda ids: take_ids(ids, rows))

    def slice(self, start: int, stop: int) -> Examples:
        """Return rows start:stop, without copying."""
        return self._map(lambda a: a[start:stop], lambda ids: ids.slice(start, stop))

    def _map(self, change: Callable[[Array], Array], change_ids: Callable[[Ids], Ids]) -> Examples:
        return Examples(
            self.layout,
            change(self.dense),
            self.single,
            change(self.singles),
            {name: change_ids(ids) for name, ids in self.lists.items()},
            {name: change(a) for name, a in self.lengths.items()},
            None if self.labels is None else change(self.labels),
            None if self.weights is None else change(self.weights),
        )

    @staticmethod
    def concatenate(examples: Sequence[Examples]) -> Examples:
        """Return the rows of all examples in order; there is at least one."""
        if len(examples) == 1:
            return examples[0]
        first = examples[0]
        single = tuple(name for name in first.single if all(name in p.single for p in examples))
        listed = [s.name for s in first.layout.slots if isinstance(s, IdSlot) and s.name not in single]
        return Examples(
            first.layout,
            np.concatenate([p.dense for p in examples]),
            single,
            np.concatenate([p.singles if p.single == single else p._columns(single) for p in examples]),
            {name: Ids.concatenate([p._kept(name) for p in examples]) for name in listed},
            {name: np.concatenate([p.lengths[name] for p in examples]) for name in first.lengths},
            None if first.labels is None else np.concatenate([p.labels for p in examples if p.labels is not None]),
            None if first.weights is None else np.concatenate([p.weights for p in examples if p.weights is not None]),
        )

    def _columns(self, names: Sequence[str]) -> Array:
        return np.take(self.singles, [self.single.index(name) for name in names], axis=1)  # in rows: indexing gives columns


def with_first_row(batches: Iterable[Examples]) -> Iterator[tuple[int, Examples]]:
    """Yield each batch after the number of rows before it."""
    row = 0
    for examples in batches:
        yield row, examples
        row += len(examples)


def _take(a: Array, rows: Array) -> Array:
    shape = (len(rows), *a.shape[1:])
    return np.take(a, rows, axis=0, mode="clip", out=arrays.empty(shape, a.dtype))


def is_plain(ids: Ids) -> bool:
    """Return whether there is one unweighted id a row."""
    return ids.offsets is None and ids.weights is None


def take_ids(ids: Ids, rows: Array) -> Ids:
    """Return these rows of ids, in this order, compact."""
    if ids.offsets is None:
        return Ids(ids.values[rows], None, None if ids.weights is None else ids.weights[rows])
    starts = ids.offsets[:-1][rows]
    lengths = ids.offsets[1:][rows] - starts
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    where = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
    return Ids(ids.values[where], offsets, None if ids.weights is None else ids.weights[where])


def _within(ids: Ids, num_buckets: int) -> Ids:
    """Return ids with -1, which is skipped, for those past the table: Identity(out_of_range="keep") keeps them, in int64."""
    if ids.values.dtype != np.int64 or num_buckets > 2**31 - 1:
        return ids
    return Ids(np.where(ids.values < num_buckets, ids.values, -1), ids.offsets, ids.weights)
