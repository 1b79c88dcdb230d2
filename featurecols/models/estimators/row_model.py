"""The forward pass of a trained model for one row of single ids: the arithmetic of its layers, without their bookkeeping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols._core.blas import matmul
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols.models.autodiff.tape import Value
from featurecols.models.layers.cross import CROSS, crossed
from featurecols.models.layers.member_dense import activate_members, first_products, mean_of, member_products

Values = Mapping[str, Array]  # the parameters of a model by name


class RowPart(Protocol):
    """What gives logits [1, units] of dense float32 [1, w] and ids, one of each slot of ids of the plan, in their order."""

    def logits(self, dense: Array, ids: Sequence[int], values: Values) -> Array | None:
        """Return the logits; None for an id that is past its table. Raises KeyError for parameters that are not made yet."""


class _Slots:
    """The slots that a part reads: where their numbers and ids are in an encoded row."""

    def __init__(self, slots: Sequence[Slot], names: Sequence[str] | None) -> None:
        chosen = set(names) if names is not None else {slot.name for slot in slots}
        dense = [slot for slot in slots if isinstance(slot, DenseSlot)]
        read = [slot for slot in dense if slot.name in chosen]
        self.dense_width = sum(slot.width for slot in read)
        self.all_dense = len(read) == len(dense)
        self.dense = np.array([i for slot in read for i in range(slot.start, slot.stop)], np.int64)
        ids = [(at, slot) for at, slot in enumerate(slot for slot in slots if isinstance(slot, IdSlot)) if slot.name in chosen]
        hot = [(at, slot.num_buckets) for at, slot in ids if slot.dimension is None]
        sizes = [size for _, size in hot]
        self.hot = [at for at, _ in hot]
        self.sizes = np.array(sizes, np.int64)
        self.starts = np.cumsum([0, *sizes])[:-1].astype(np.int64)
        self.embedded = [(at, slot) for at, slot in ids if slot.dimension is not None]

    def numbers(self, dense: Array) -> Array:
        return dense if self.all_dense else dense[:, self.dense]

    def add_hot(self, ids: Sequence[int], weights: Array, out: Array) -> None:
        """Add the rows of weights [v, units] that ids name."""
        found = np.array([[ids[at] for at in self.hot]], np.int64)
        kernels.one_hot_product.add_hots(found, self.starts, self.sizes, weights, out)


class LinearRow:
    """The layer Linear for one row."""

    def __init__(self, slots: Sequence[Slot], names: Sequence[str] | None) -> None:
        self._slots = _Slots(slots, names)

    def logits(self, dense: Array, ids: Sequence[int], values: Values) -> Array | None:
        slots, out = self._slots, values["linear/bias"]
        if slots.hot:
            found = np.zeros((1, len(out)), np.float32)
            slots.add_hot(ids, values["linear/weights"], found)
            found += out
            out = found
        if slots.dense_width:
            out = matmul(slots.numbers(dense), values["linear/kernel"]) + out
        return out if out.ndim == 2 else out[None]


class NetworkRow:
    """Cross layers, hidden layers with an activation, and the layer of logits, for one row."""

    def __init__(
        self,
        slots: Sequence[Slot],
        names: Sequence[str] | None,
        hidden: int,
        activation: str | None,
        members: int = 1,
        cross_layers: int = 0,
    ) -> None:
        self._slots, self._activation, self._members = _Slots(slots, names), activation, members
        layers = [*(f"dnn/hidden_{i}" for i in range(hidden)), "dnn/logits"]
        self._layers = [(f"{name}/kernel", f"{name}/bias") for name in layers]
        self._crosses = [(f"{CROSS}kernel_{i}", f"{CROSS}bias_{i}") for i in range(cross_layers)]
        at = self._slots.dense_width
        self._tables: list[tuple[int, str, int, int]] = []
        for where, slot in self._slots.embedded:
            stop = at + (slot.dimension or 0)
            self._tables.append((where, f"dnn/inputs/tables/{slot.table}", at, stop))
            at = stop
        self._width = at

    def logits(self, dense: Array, ids: Sequence[int], values: Values) -> Array | None:
        (kernel, bias), *rest = self._layers
        out = self._crossed(dense, ids, values) if self._crosses else self._first(dense, ids, values, values[kernel])
        if out is None:
            return None
        if self._crosses:
            out = self._products(out, values[kernel])
        out += values[bias]
        for kernel, bias in rest:
            if self._activation == "relu":
                np.maximum(out, 0, out=out)
            else:
                out = activate_members(self._activation, Value(out), self._members).array
            out = self._products(out, values[kernel])
            out += values[bias]
        return out if self._members == 1 else mean_of(out, self._members)

    def _products(self, x: Array, kernel: Array) -> Array:
        return matmul(x, kernel) if self._members == 1 else member_products(x, kernel, self._members)

    def _first(self, dense: Array, ids: Sequence[int], values: Values, first: Array) -> Array | None:
        """Return the products of what a row holds with the first kernel; None for an id that is past its table."""
        at = self._width
        if self._members == 1:
            numbers = self._numbers(dense, ids, values)
            if numbers is None:
                return None
            out = matmul(numbers, first[:at]) if at else np.zeros((1, first.shape[1]), np.float32)
        else:
            own = self._embeddings(ids, values) if self._tables else None
            if self._tables and own is None:
                return None
            numbers = self._slots.numbers(dense) if self._slots.dense_width else None
            out = first_products(numbers, own, first, self._members, 1)
        if self._slots.hot:
            self._slots.add_hot(ids, first[at:], out)
        return out

    def _crossed(self, dense: Array, ids: Sequence[int], values: Values) -> Array | None:
        """Return what cross layers make of a row, [1, members * width]; None for an id that is past its table."""
        slots, start = self._slots, self._slots.dense_width
        own = self._embeddings(ids, values) if self._tables else None
        if self._tables and own is None:
            return None
        first = np.zeros((self._members, self._width + int(slots.sizes.sum())), np.float32)
        first[:, :start] = slots.numbers(dense)
        if own is not None:
            first[:, start : self._width] = own.reshape(self._members, -1)
        for at, begin, size in zip(slots.hot, slots.starts.tolist(), slots.sizes.tolist(), strict=True):
            if 0 <= ids[at] < size:
                first[:, self._width + begin + ids[at]] += 1
        x = first = first.reshape(1, -1)
        for kernel, bias in self._crosses:
            products = self._products(x, values[kernel])
            products += values[bias]
            x = crossed(first, products, x)
        return x

    def _embeddings(self, ids: Sequence[int], values: Values) -> Array | None:
        """Return the embeddings of a row for each member, [1, members * width]; None for an id that is past its table."""
        start = self._slots.dense_width
        out = np.zeros((self._members, self._width - start), np.float32)
        for where, name, first, last in self._tables:
            table, id_ = values[name], ids[where]
            if id_ >= len(table):
                return None
            if id_ >= 0:
                out[:, first - start : last - start] += table[id_].reshape(self._members, -1)
        return out.reshape(1, -1)

    def _numbers(self, dense: Array, ids: Sequence[int], values: Values) -> Array | None:
        """Return the numbers and the embeddings of a row side by side; None for an id that is past its table."""
        slots = self._slots
        if not self._tables:
            return slots.numbers(dense)
        out = np.zeros((1, self._width), np.float32)
        out[:, : slots.dense_width] = slots.numbers(dense)
        for where, name, start, stop in self._tables:
            table, id_ = values[name], ids[where]
            if id_ >= len(table):
                return None
            if id_ >= 0:
                out[0, start:stop] += table[id_]  # a sum: -0.0 is 0.0
        return out
