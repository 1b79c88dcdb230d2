"""The layout of dense columns that one pass over the matrix writes together: numbers and one-hots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from featurecols._core.arrays import Array


class Chain(NamedTuple):
    """The default and the normalizers of a number, as arguments of kernels.numeric.normalize.

    defaults: float64, one for each element, or NaN. ops: int64 codes; a, b: float64, the two numbers of each operation.
    allow_nan: what is not finite is written; otherwise it is an error.
    """

    defaults: Array
    ops: Array
    a: Array
    b: Array
    allow_nan: bool


def described(ops: Iterable[tuple[int, float, float]]) -> tuple[Array, Array, Array]:
    """Return operations and their two numbers as kernels.numeric.normalize takes them: int64, float64 and float64 [k].

    >>> described([(3, 0.0, 1.0)])
    (array([3]), array([0.]), array([1.]))
    """
    found = list(ops)
    a, b = (np.array([op[i] for op in found], dtype=np.float64) for i in (1, 2))
    return np.array([code for code, _, _ in found], dtype=np.int64), a, b


AS_IT_IS = Chain(np.array([np.nan]), np.empty(0, np.int64), np.empty(0), np.empty(0), True)  # a value that is computed already


class FusedLayout(NamedTuple):
    """One feature that is a number through a chain, or (chain None) as many as there are ids, of which a row has one 1."""

    chain: Chain | None


class FusedNumbers(NamedTuple):
    """Numbers that are written in one pass, in the arguments of kernels.write_matrix.assemble.

    features: which feature each number is. defaults: what takes the place of NaN. ops, a, b: all operations one after another;
    those of number j are first[j]:first[j + 1].
    """

    features: Array
    defaults: Array
    first: Array
    ops: Array
    a: Array
    b: Array
