"""Gradients of some rows of a batch, and their sum over all rows in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from featurecols import kernels
from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols._core.scratch_zeros import ScratchZeros
from featurecols.models import errors
from featurecols.models.autodiff.tape import Gradient, IndexedSlices, Value, add, gradients
from featurecols.models.autodiff.variables import Variables
from featurecols.models.input.examples import Examples
from featurecols.models.optimization.optimizers import Step, TrainOp

Rows = tuple[int, int, int]  # first row, last row + 1, rows of the whole batch


def divide(n: int, parts: int) -> list[Rows]:
    """Return consecutive rows for each of so many processes, as even as can be; none for some where there are fewer rows.

    >>> divide(8, 3)
    [(0, 3, 8), (3, 6, 8), (6, 8, 8)]
    """
    sizes = [n // parts + (i < n % parts) for i in range(parts)]
    ends = np.cumsum(sizes).tolist()
    return [(end - size, end, n) for size, end in zip(sizes, ends, strict=True) if size]


def of_rows(
    forward: Callable[[Examples], tuple[Value, Step]], x: Examples, rows: Rows, variables: Variables, reduction: str
) -> tuple[float, dict[str, Gradient]]:
    """Return the share that rows have in the loss of their batch, and its gradients by name of parameter."""
    start, stop, n = rows
    variables.rows = rows
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # who has all of the loss looks at it
            loss, op = forward(x)
            if not isinstance(op, TrainOp):
                hint = "train it in one process"
                raise errors.model("processes", "need a model that is trained by an optimizer", type(op).__name__, hint)
            share = loss * ((stop - start) / n) if reduction == "mean" else loss
            return float(share), gradients(share)
    finally:
        variables.rows = None


def add_all(found: Sequence[Mapping[str, Gradient]], scratch: ScratchZeros) -> dict[str, Gradient]:
    """Return the sum of gradients by name of parameter, added in this order: equal bits wherever they come from."""
    names = dict.fromkeys(name for each in found for name in each)
    return {name: _sum([each[name] for each in found if name in each], scratch) for name in names}


def _sum(found: Sequence[Gradient], scratch: ScratchZeros) -> Gradient:
    if len(found) == 1:
        return found[0]
    some = [gradient for gradient in found if isinstance(gradient, IndexedSlices)]
    if len(some) == len(found):
        return _sum_rows(some, scratch)
    total = found[0]
    for gradient in found[1:]:
        total = add(total, gradient)
    return total


def _sum_rows(found: Sequence[IndexedSlices], scratch: ScratchZeros) -> IndexedSlices:
    """Return the sum of gradients that are rows; distinct ids are told apart as those of a batch are, without sorting."""
    ids = np.concatenate([gradient.ids for gradient in found])
    given = np.concatenate([gradient.rows for gradient in found]).reshape(len(ids), -1)
    size = found[0].shape[0]
    touched, positions = arrays.empty(len(ids) + 2, np.int64), arrays.empty(len(ids), np.int32)
    marks = scratch.of(size)
    count = kernels.touched_rows.index_list(ids, 0, size, marks, touched, positions, 1)
    kernels.touched_rows.clear(marks, touched, count)
    total: Array = np.zeros((count, given.shape[1]), given.dtype)
    kernels.touched_rows.add_hots_gradient(positions[:, None], given, total)
    return IndexedSlices(touched[1:count].copy(), total[1:].reshape(-1, *found[0].shape[1:]), found[0].shape)
