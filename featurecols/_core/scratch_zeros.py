"""Zeros that are borrowed and given back clean, so that telling distinct ids apart neither sorts nor allocates."""

from __future__ import annotations

import threading

import numpy as np

from featurecols._core.arrays import Array


class ScratchZeros(threading.local):
    """int32 zeros by size, each thread with its own; whoever writes into them puts the zeros back.

    Copies and pickles begin empty: nothing is kept here that must outlive a call.

    >>> scratch = ScratchZeros()
    >>> scratch.of(3).tolist(), scratch.of(3) is scratch.of(3)
    ([0, 0, 0], True)
    """

    def __init__(self) -> None:
        self._kept: dict[int, Array] = {}

    def of(self, size: int) -> Array:
        """Return int32 [size] of zeros."""
        if size not in self._kept:
            self._kept[size] = np.zeros(size, np.int32)
        return self._kept[size]

    def __reduce__(self) -> tuple[type[ScratchZeros], tuple[()]]:
        return ScratchZeros, ()
