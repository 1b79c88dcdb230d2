"""The layout of dense columns that one pass over the matrix writes together: numbers and one-hots."""

from __future__ import annotations

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
