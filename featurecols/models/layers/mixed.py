"""Mixed: numbers and one-hots side by side, the one-hots kept as ids until a layer multiplies them away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from featurecols import kernels
from featurecols._core import arrays
from featurecols._core.arrays import Array, Ids
from featurecols._core.blas import matmul
from featurecols._core.scratch_zeros import ScratchZeros
from featurecols.models.autodiff.tape import Gradient, IndexedSlices, Value
from featurecols.models.autodiff.variables import Variables


class Hots(NamedTuple):
    """k one-hots a row: ids int32 or int64 [n, k]; hot j owns sizes[j] features from starts[j] on (int64 [k]).

    An id outside 0 ... sizes[j] - 1 lights nothing, as in an Indicator.
    """

    ids: Array
    starts: Array
    sizes: Array


class MultiHot(NamedTuple):
    """Any number of ids a row, each adding 1 or its weight (float32) at start + id."""

    values: Array
    offsets: Array
    weights: Array
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Mixed:
    """Rows of numbers [rows, w] (or None) followed by `hot` features that hots and multi-hots set; starts count from there."""

    rows: int
    numbers: Value | None
    hots: Hots | None
    lists: Sequence[MultiHot]
    hot: int

    @property
    def width(self) -> int:
        return self.hot + (0 if self.numbers is None else self.numbers.shape[1])

    def value(self, variables: Variables) -> Value:
        """Return the rows written out, [rows, width]."""
        lit = np.zeros((self.rows, self.hot), variables.dtype)
        if self.hots is not None:
            for j, (start, size) in enumerate(zip(self.hots.starts, self.hots.sizes, strict=True)):
                ids = self.hots.ids[:, j]
                at = np.flatnonzero((ids >= 0) & (ids < size))
                lit[at, start + ids[at]] += 1
        for values, offsets, weights, start, size in self.lists:
            rows = np.repeat(np.arange(self.rows), np.diff(offsets))
            inside = (values >= 0) & (values < size)
            np.add.at(lit, (rows[inside], start + values[inside]), weights[inside])
        if self.numbers is None:
            return Value(lit)
        numbers, width = self.numbers, self.numbers.shape[1]
        return Value(np.concatenate([numbers.array, lit], axis=1), (numbers,), lambda d: (d[:, :width],))


def multi_hot(ids: Ids, start: int, size: int, combiner: str = "sum") -> MultiHot:
    """Return ids as a MultiHot; "mean" and "sqrtn" divide the weights of a row, and leave out those that are not above 0."""
    flat, offsets = ids.elements()
    w = np.ones(len(flat.values), np.float32) if flat.weights is None else flat.weights.astype(np.float32)
    if combiner != "sum":
        w = np.where((flat.values >= 0) & (w > 0), w, np.float32(0))
        rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        total = np.bincount(rows, w if combiner == "mean" else w * w, len(offsets) - 1)
        total = total if combiner == "mean" else np.sqrt(total)
        w = np.divide(w, total[rows], out=np.zeros(len(w)), where=total[rows] > 0).astype(np.float32)
    return MultiHot(flat.values, offsets, w, start, size)


def mixed_affine(x: Mixed, kernel: Value, bias: Value | None) -> Value:
    """Return x @ kernel + bias, with kernel [width, units] and a dense gradient; a one-hot costs one row of the kernel."""
    at = 0 if x.numbers is None else x.numbers.shape[1]
    k = kernel.array
    out = np.zeros((x.rows, k.shape[1]), k.dtype) if x.numbers is None else matmul(x.numbers.array, k[:at])
    add_hot(x, k[at:], out)
    if bias is not None:
        out += bias.array

    def backward(d: Array) -> tuple[Gradient | None, ...]:
        d = np.ascontiguousarray(d)
        gradient = np.zeros_like(k)
        found: list[Gradient | None] = []
        if x.numbers is not None:
            matmul(x.numbers.array.T, d, out=gradient[:at])
            found.append(matmul(d, k[:at].T) if x.numbers.live else None)
        add_hot_gradient(x, d, gradient[at:])
        found.append(gradient)
        if bias is not None:
            found.append(d.sum(axis=0))
        return tuple(found)

    return Value(out, tuple(v for v in (x.numbers, kernel, bias) if v is not None), backward)


class TouchedRows(NamedTuple):
    """The rows of a parameter [hot, units] that a batch touches, int64 [m] from position 1 on, and where its ids are there.

    hots: int32 [n, k]; lists: int32 arrays, one for each list of values. 0 lights nothing.
    """

    touched: Array
    hots: Array | None
    lists: list[Array]


def touched_rows(x: Mixed, scratch: ScratchZeros) -> TouchedRows:
    """Return the rows that the ids of x touch, and where each id is among them."""
    sizes = [len(item.values) for item in x.lists] + ([] if x.hots is None else [x.hots.ids.size])
    touched, kept, count = arrays.empty(sum(sizes) + 2, np.int64), scratch.of(x.hot), 1
    hots = None
    if x.hots is not None:
        hots = arrays.empty(x.hots.ids.size, np.int32).reshape(x.hots.ids.shape)
        count = kernels.touched_rows.index_hots(*x.hots, kept, touched, hots, count)
    lists = [arrays.empty(len(item.values), np.int32) for item in x.lists]
    for item, found in zip(x.lists, lists, strict=True):
        count = kernels.touched_rows.index_list(item.values, item.start, item.size, kept, touched, found, count)
    kernels.touched_rows.clear(kept, touched, count)
    return TouchedRows(touched[:count], hots, lists)


def touched_rows_of_batches(x: Mixed, scratch: ScratchZeros, size: int) -> list[TouchedRows] | None:
    """Return `touched_rows` of every `size` rows, from one call of a kernel, or None where there are lists.

    A thread that makes many at a time seldom waits for others.
    """
    if x.hots is None or x.lists:
        return None
    ids, starts, sizes = x.hots
    hots, counts = arrays.empty(ids.shape, np.int32), np.zeros(-(-len(ids) // size), np.int64)
    touched = arrays.empty((len(counts), size * ids.shape[1] + 2), np.int64)
    kernels.touched_rows.index_batches(ids, starts, sizes, scratch.of(x.hot), touched, hots, size, counts)
    return [TouchedRows(touched[b, :count], hots[b * size : (b + 1) * size], []) for b, count in enumerate(counts.tolist())]


def hot_sum(x: Mixed, weights: Value, at: Callable[[], TouchedRows], *, training: bool) -> Value:
    """Return the one-hots of x times weights [hot, units]; the gradient is IndexedSlices, of what `at()` says that x touches.

    In training the touched rows are taken out once, side by side; else they are read where they are. The bits are equal.
    """
    out = np.zeros((x.rows, weights.shape[1]), weights.array.dtype)
    if training:
        found = at()
        rows = arrays.empty((len(found.touched), weights.shape[1]), weights.array.dtype)
        kernels.touched_rows.take(weights.array, found.touched, rows)
        if found.hots is not None:
            kernels.touched_rows.sum_hots(found.hots, rows, out)
        for item, where in zip(x.lists, found.lists, strict=True):
            kernels.touched_rows.sum_list(where, item.offsets, item.weights, rows, out)
    else:
        add_hot(x, weights.array, out)

    def backward(d: Array) -> tuple[IndexedSlices]:
        found, d = at(), np.ascontiguousarray(d)
        rows = arrays.empty((len(found.touched), weights.shape[1]), weights.array.dtype)
        rows.fill(0)
        if found.hots is not None:
            kernels.touched_rows.add_hots_gradient(found.hots, d, rows)
        for item, where in zip(x.lists, found.lists, strict=True):
            kernels.touched_rows.add_list_gradient(where, item.offsets, item.weights, d, rows)
        return (IndexedSlices(found.touched[1:], rows[1:], weights.shape),)

    return Value(out, (weights,), backward)


def add_hot(x: Mixed, weights: Array, out: Array) -> None:
    """Add the one-hots of x times weights [hot, units] to out [n, units]."""
    if x.hots is not None:
        kernels.one_hot_product.add_hots(*x.hots, weights, out)
    for item in x.lists:
        kernels.one_hot_product.add_list(*item, weights, out)


def add_hot_gradient(x: Mixed, d: Array, out: Array) -> None:
    """Add the gradient of `add_hot` for its weights to out [hot, units], of that for its result, [n, units]."""
    if x.hots is not None:
        kernels.one_hot_product.add_hots_gradient(*x.hots, d, out)
    for item in x.lists:
        kernels.one_hot_product.add_list_gradient(*item, d, out)
