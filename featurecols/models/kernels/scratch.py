"""Marks: what tells distinct ids apart without sorting them, kept from batch to batch."""

from __future__ import annotations

import threading

import numpy as np

from featurecols._core.arrays import Array


class Marks(threading.local):
    """int32 zeros by size, of each thread its own: whoever writes into them puts the zeros back."""

    def __init__(self) -> None:
        self._kept: dict[int, Array] = {}

    def of(self, size: int) -> Array:
        """int32 [size] of zeros."""
        if size not in self._kept:
            self._kept[size] = np.zeros(size, np.int32)
        return self._kept[size]
