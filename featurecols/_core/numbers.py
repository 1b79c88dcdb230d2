"""Numbers and integers of n rows, as fields give them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurecols._core.arrays import Array


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numeric values in full precision; NaN is missing.

    values: float64 [n], [n, w] (a shaped Numeric), or [m] with offsets. nested: for lists of lists, the inner
    lengths from the outside in (int64 arrays), so that a shape can be checked after flattening.
    """

    values: Array
    offsets: Array | None = None
    nested: tuple[Array, ...] = ()

    def __len__(self) -> int:
        return len(self.values) if self.offsets is None else len(self.offsets) - 1

    def numbers(self) -> Numbers:
        """Return itself: what gives numbers may be numbers already."""
        return self


@dataclass(frozen=True, slots=True)
class Integers:
    """Exact integers: values int64 or uint64 [m]; valid bool [m], or None where no value is missing."""

    values: Array
    valid: Array | None = None
    offsets: Array | None = None

    def __len__(self) -> int:
        return len(self.values) if self.offsets is None else len(self.offsets) - 1


def rounded_to_float32(x: Array) -> Array:
    """Round float64 arrays to the nearest float32; the result is float64."""
    with np.errstate(over="ignore"):
        return x.astype(np.float32).astype(np.float64)
