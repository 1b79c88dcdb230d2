"""What `encode` gives to models: a dense block, ids, and slots that say what is where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from featurecols import errors
from featurecols._core import buffer_pool
from featurecols._core.arrays import Array, Ids
from featurecols._core.slots import IdSlot, Slot


@dataclass(frozen=True, slots=True, repr=False)
class Features:
    """n encoded rows.

    dense: float32 [n, w], the columns that are numbers. ids: Ids by slot name. lengths: int64 [n] by slot name, the steps
    of each Sequence. slots: one for each output column, in the order of declaration.
    """

    dense: Array
    ids: Mapping[str, Ids]
    lengths: Mapping[str, Array]
    slots: tuple[Slot, ...]

    def __len__(self) -> int:
        return len(self.dense)

    def __repr__(self) -> str:
        """Shapes, and for each slot of ids how many there are: arrays of millions are looked at one by one.

        >>> import featurecols as fc
        >>> fc.compile([fc.Numeric("x"), fc.Hashed("c", 4)]).encode({"x": [0.5, 0], "c": ["a", None]})
        Features of 2 rows
        dense float32 (2, 1)
        ids['c'] int32, one a row, of 4
        """
        lines = [
            f"Features of {len(self):,} row{'' if len(self) == 1 else 's'}",
            f"dense {self.dense.dtype} {self.dense.shape}",
        ]
        for slot in self.slots:
            if isinstance(slot, IdSlot):
                ids = self.ids[slot.name]
                many = "one a row" if ids.offsets is None else f"{ids.offsets[-1] - ids.offsets[0]:,} in lists"
                weights = "" if ids.weights is None else ", with weights"
                lines.append(f"ids[{slot.name!r}] {ids.values.dtype}, {many}, of {slot.num_buckets:,}{weights}")
        lines += [f"lengths[{name!r}] {steps.dtype}" for name, steps in self.lengths.items()]
        return "\n".join(lines)

    def slice(self, start: int, stop: int) -> Features:
        """Rows start:stop, without copying."""
        ids = {name: v.slice(start, stop) for name, v in self.ids.items()}
        return Features(self.dense[start:stop], ids, {k: v[start:stop] for k, v in self.lengths.items()}, self.slots)

    @staticmethod
    def concatenate(parts: list[Features]) -> Features:
        """Return the rows of all parts, which share their slots; at least one part."""
        first = parts[0]
        if len(parts) == 1:
            return first
        ids = {name: Ids.concatenate([p.ids[name] for p in parts]) for name in first.ids}
        lengths = {name: np.concatenate([p.lengths[name] for p in parts]) for name in first.lengths}
        return Features(buffer_pool.concatenate([p.dense for p in parts]), ids, lengths, first.slots)

    @property
    def csr_width(self) -> int:
        """Columns of csr(): the dense part, then num_buckets of each id slot."""
        return self.dense.shape[1] + sum(s.num_buckets for s in self.slots if isinstance(s, IdSlot))

    def csr(self, *, scipy: bool | None = None) -> Any:
        """All features as one sparse matrix [n, csr_width]: the dense part, then the ids of each slot in declared order.

        An id adds 1 or its weight; duplicates in a row are summed, and ids outside 0 ... num_buckets - 1 are left out.
        Column indices rise within a row. Gives scipy.sparse.csr_matrix where scipy is installed (or scipy=True), else
        (data float32, indices int32 or int64, indptr int64).

        >>> import featurecols as fc
        >>> f = fc.compile([fc.Numeric("x"), fc.Hashed("c", 4)]).encode({"x": [0.5, 0], "c": ["a", None]})
        >>> f.csr(scipy=False)
        (array([0.5, 1. ], dtype=float32), array([0, 3], dtype=int32), array([0, 2, 2]))
        """
        rows, columns, data = [*np.nonzero(self.dense), self.dense[self.dense != 0]]
        blocks: list[tuple[Array, Array, Array]] = [(rows, columns, data)]
        base = self.dense.shape[1]
        for slot in self.slots:
            if isinstance(slot, IdSlot):
                blocks.append(_coordinates(self.ids[slot.name], slot.num_buckets, base))
                base += slot.num_buckets
        result = _to_csr(blocks, len(self), base)
        if scipy is False:
            return result
        try:
            from scipy.sparse import csr_matrix
        except ImportError:
            if scipy:
                raise errors.PlanError('csr(scipy=True): scipy is not installed; pip install "featurecols[sparse]"') from None
            return result
        return csr_matrix(result, shape=(len(self), base))


def _coordinates(ids: Ids, num_buckets: int, base: int) -> tuple[Array, Array, Array]:
    """Row, column and value of every id that counts."""
    flat, starts = ids.elements()
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    keep = (flat.values >= 0) & (flat.values < num_buckets)
    data = np.ones(len(rows), np.float32) if flat.weights is None else flat.weights
    return rows[keep], flat.values[keep].astype(np.int64) + base, data[keep]


def _to_csr(blocks: list[tuple[Array, Array, Array]], n: int, width: int) -> tuple[Array, Array, Array]:
    """Join blocks side by side without sorting: each has its rows in order, and columns after those of the block before."""
    blocks = [_sort_columns(*block) for block in blocks]
    counts = [np.bincount(rows, minlength=n) for rows, _, _ in blocks]
    indptr = np.concatenate([[0], np.cumsum(np.sum(counts, axis=0))]).astype(np.int64)
    data = np.empty(indptr[-1], np.float32)
    columns = np.empty(indptr[-1], np.int32 if width <= 2**31 - 1 else np.int64)
    free = indptr[:-1].copy()  # where the next entry of each row goes
    for (rows, mine, values), count in zip(blocks, counts, strict=True):
        at = (free - np.cumsum(count) + count)[rows] + np.arange(len(rows))
        data[at], columns[at] = values, mine
        free += count
    return data, columns, indptr


def _sort_columns(rows: Array, columns: Array, data: Array) -> tuple[Array, Array, Array]:
    """Sort the columns within each row and add up duplicates; most slots are in order already, with one id a row."""
    if ((rows[1:] > rows[:-1]) | (columns[1:] > columns[:-1])).all():
        return rows, columns, data
    order = np.lexsort((columns, rows))  # stable: duplicates are summed in the order of the values
    rows, columns = rows[order], columns[order]
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(rows) != 0) | (np.diff(columns) != 0)]))
    return rows[starts], columns[starts], np.add.reduceat(data[order], starts)
