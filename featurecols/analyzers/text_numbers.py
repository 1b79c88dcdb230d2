"""Numbers of distinct texts, in the order in which they were first seen: a table that owns their bytes."""

from __future__ import annotations

import math
import secrets

import numpy as np

from featurecols import kernels
from featurecols._core import arrays, limits
from featurecols._core.arrays import Array, Texts
from featurecols.analyzers import base

_SMALL = 2**8, 2**12  # slots and bytes of a table that is new
_SPARE = 8
_ALL = np.empty(0, np.bool_)

# Drawn once per process: texts that all fall on one slot cannot be prepared. Results do not depend on it.
_SECRET = np.array([secrets.randbits(64) | 1 for _ in range(3)], np.uint64)


class TextNumbers:
    """A table of texts; text i is data[offsets[i]:offsets[i + 1]]. One thread at a time.

    Attributes:
        used: how many texts there are.
    """

    def __init__(self) -> None:
        size, capacity = _SMALL
        self.used = 0
        self._slots = np.zeros(size, np.uint64)
        self._offsets = np.zeros(size * 5 // 8 + 1, np.int64)
        self._data = np.zeros(capacity + _SPARE, np.uint8)

    @property
    def offsets(self) -> Array:
        """Where the texts begin and end, int64 [used + 1]."""
        return self._offsets[: self.used + 1]

    @property
    def data(self) -> Array:
        """The bytes of the texts, uint8."""
        return self._data[: self._offsets[self.used]]

    def add(self, texts: Texts) -> Array:
        """Return the number of each text, int32 [k], -1 where it is missing; new ones are added.

        Raises DataError where there are more than a vocabulary may have.
        """
        given, valid = np.ascontiguousarray(texts.offsets, np.int64), _ALL if texts.valid is None else texts.valid
        out, at, status = arrays.empty(len(given) - 1, np.int32), 0, np.zeros(3, np.int64)
        while True:
            status[:2] = self.used, 0
            shift = np.uint64(65 - len(self._slots).bit_length())
            table = self._slots, self._offsets, self._data
            at = kernels.label_sums.number[0](given, texts.data, valid, at, _SECRET, shift, *table, out, status)
            if at < 0:
                raise base.damaged("text column")
            self.used = int(status[0])
            if self.used > limits.LIMITS.terms:
                raise limits.exceeded("terms", "fit", "too many different terms", self.used)
            if at >= len(given) - 1:
                return out
            self._make_room(int(status[1]))

    def _make_room(self, lacks: int) -> None:
        """Make space for `lacks` more bytes, or for more texts."""
        if lacks:
            data = np.zeros(len(self._data) + max(len(self._data), lacks), np.uint8)
            data[: self._offsets[self.used]] = self.data
            self._data = data
            return
        size = 2 * len(self._slots)
        slots, self._slots = self._slots, np.zeros(size, np.uint64)
        kernels.count_terms.regrow[0](slots, np.uint64(65 - size.bit_length()), self._slots)
        larger = np.zeros(size * 5 // 8 + 1, np.int64)
        larger[: self.used + 1] = self.offsets
        self._offsets = larger

    def order(self) -> Array:
        """Return the numbers of the texts in the order of their bytes, int32 [used]."""
        order = np.arange(self.used, dtype=np.int32)
        stack = np.empty(256 + 3 * (math.isqrt(int(self._offsets[self.used])) + 2), np.int64)
        kernels.sort_text.sort[0](self._offsets, self._data, order, np.empty(self.used, np.uint64), stack)
        return order

    def taken(self, order: Array) -> Texts:
        """Return texts by number, int32, in that order, as arrays of their own."""
        offsets = np.zeros(len(order) + 1, np.int64)
        kernels.count_terms.take[0](self._offsets, self._data, order, offsets, np.empty(0, np.uint8))
        data = np.empty(int(offsets[-1]), np.uint8)
        kernels.count_terms.take[0](self._offsets, self._data, order, offsets, data)
        return Texts(offsets, data)
