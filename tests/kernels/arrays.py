"""Inputs in the forms that kernels must take: sliced, read-only, either width of offsets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def texts(items: Sequence[bytes], dtype: Any = np.int32, before: bytes = b"", after: bytes = b"") -> tuple[Array, Array]:
    """Offsets and data of the items, lying between other bytes; both read-only."""
    data = np.frombuffer(before + b"".join(items) + after, np.uint8)
    offsets = (np.cumsum([0, *map(len, items)]) + len(before)).astype(dtype)
    offsets.setflags(write=False)
    return offsets, data


def frozen(values: Any, dtype: Any) -> Array:
    """A read-only array."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def framed(rows: int, width: int, fill: float = 0.0) -> tuple[Array, Array]:
    """A float32 view [rows, width] inside a larger matrix of sevens, and that matrix."""
    matrix = np.full((rows + 2, width + 3), 7, np.float32)
    view = matrix[1:-1, 1 : 1 + width]
    view[...] = fill
    return view, matrix


def frame_intact(matrix: Array, width: int) -> bool:
    """Whether nothing outside the view of `framed` was written."""
    outside = np.ones(matrix.shape, bool)
    outside[1:-1, 1 : 1 + width] = False
    return bool((matrix[outside] == 7).all())


def same_bits(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
