"""Several small codes of a row as one code: where a table of all combinations is at hand, a cross is one look into it."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.native import I32, I64, kernel, read, write
from featurecols.values import Array


@kernel({4: (write(I32), read(I32), I64)})
def _FOLD(total: Any, codes: Any, size: Any) -> None:
    for i in range(len(total)):
        code = np.uint32(codes[i])  # a negative code becomes a large one: a single comparison
        total[i] = total[i] * (size + 1) + (code if code < np.uint32(size) else size)


def combine(codes: list[Array], sizes: list[int]) -> Array:
    """Mixed-radix code of each row, the last part fastest: int32 [n]; a code that is none takes the place `size`.

    codes int32 [n] each, code j of a row below sizes[j]; the product of (size + 1) must be below 2^31.

    >>> combine([np.array([0, 1, -1], np.int32), np.array([2, 0, 1], np.int32)], [2, 3])
    array([2, 4, 9], dtype=int32)
    """
    total = np.zeros(len(codes[0]), np.int32)
    for part, size in zip(codes, sizes, strict=True):
        _FOLD[4](total, np.ascontiguousarray(part), size)
    return total
