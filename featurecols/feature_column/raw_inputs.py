"""What a language column reads: the values of one feature, handed over as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array, Integers, Numbers, Texts, Tokens
from featurecols.data import arrow_buffers
from featurecols.data.fields.numeric import Decimals


class Fed:
    """Values of one feature as a language column reads a raw field; rows are single values, or as offsets say."""

    key = "value"

    def __init__(self, values: Any, offsets: Array | None = None) -> None:
        self._values, self._offsets = values, offsets

    def __len__(self) -> int:
        return len(self._values) if self._offsets is None else len(self._offsets) - 1

    def numbers(self) -> Numbers:
        return Numbers(self._values.astype(np.float64), self._offsets)

    def integers(self) -> Integers:
        return Integers(self._values, None, self._offsets)

    def tokens(self) -> Tokens:
        if isinstance(self._values, pa.Array):
            return Tokens(Texts(*arrow_buffers.texts(self._values)), offsets=self._offsets)
        wide = self._values if self._values.dtype == np.uint64 else self._values.astype(np.int64)
        return Tokens(Decimals(wide), offsets=self._offsets, kind="integer")

    def elements(self) -> tuple[Fed, Array]:
        offsets = np.arange(len(self) + 1, dtype=np.int64) if self._offsets is None else self._offsets
        return Fed(self._values), offsets


def rows_of(values: Array, width: int) -> Fed:
    """Numbers in rows of `width`."""
    return Fed(values.reshape(-1), np.arange(0, values.size + 1, width, dtype=np.int64))
