"""Cumulative ids, as an Embedding of a Piecewise has them: what is kept of each row are its last two, which tell all others."""

from __future__ import annotations

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array, Ids


def last_rows(ids: Ids) -> Ids:
    """Return the last two ids of each row, with their weights: -1 and 0 where a row has none."""
    flat, offsets = ids.elements()
    there, ends = np.diff(offsets) > 0, offsets[1:]
    values, weights = np.full((len(there), 2), -1, np.int32), np.zeros((len(there), 2), np.float32)
    for k in (0, 1):
        at = ends[there] - 2 + k
        values[there, k], weights[there, k] = flat.values[at], weights_of(flat)[at]
    return Ids(values.ravel(), np.arange(0, 2 * len(there) + 1, 2, dtype=np.int64), weights.ravel())


def all_rows(located: Ids) -> Ids:
    """Return the ids that `last_rows` was given."""
    located = located.compact()
    return Ids(*kernels.piecewise.expand(located.values, weights_of(located)))


def weights_of(ids: Ids) -> Array:
    """Return the weights of ids that have some."""
    if ids.weights is None:
        raise TypeError("cumulative ids have weights")
    return ids.weights
