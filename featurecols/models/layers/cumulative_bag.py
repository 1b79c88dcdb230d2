"""The table rows that a Piecewise adds up, and their gradient: a prefix sum and two rows, however many there are."""

from __future__ import annotations

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array, Ids
from featurecols.models.autodiff.tape import IndexedSlices, Value
from featurecols.models.input.last_rows import weights_of


def cumulative_bag(located: Ids, table: Value) -> Value:
    """Return the sums [n, dimension] of the table rows that `last_rows` stands for; the gradient touches the whole table."""
    rows, located = table.array, located.compact()
    ids, weights = located.values, weights_of(located)
    out = np.empty((len(located), rows.shape[1]), rows.dtype)
    kernels.piecewise.pool(ids, weights, kernels.piecewise.sums_before(rows), rows, out)

    def backward(d: Array) -> tuple[IndexedSlices]:
        found = kernels.piecewise.pool_gradient(ids, weights, np.ascontiguousarray(d, rows.dtype), len(rows))
        return (IndexedSlices(np.arange(len(rows)), found.astype(rows.dtype), rows.shape),)

    return Value(out, (table,), backward)
