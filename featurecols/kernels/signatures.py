"""Types that kernels are declared with, known without a compiler."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Scalar(NamedTuple):
    """The type of a number, by its names in numba and in numpy."""

    name: str
    numpy: str


class Elements(NamedTuple):
    """The type of an array."""

    dtype: Scalar | np.dtype[Any]
    ndim: int
    layout: str  # "C", or "A" for any strides
    readonly: bool


BOOL, U8, U32, U64 = Scalar("boolean", "bool"), *(Scalar(name, name) for name in ("uint8", "uint32", "uint64"))
I32, I64, F32, F64 = (Scalar(name, name) for name in ("int32", "int64", "float32", "float64"))


def read(dtype: Scalar | np.dtype[Any], ndim: int = 1, layout: str = "C") -> Elements:
    """Return the type of an input, which is read-only; layout "A" takes any strides."""
    return Elements(dtype, ndim, layout, True)


def write(dtype: Scalar | np.dtype[Any], ndim: int = 1, layout: str = "C") -> Elements:
    """Return the type of an output; layout "A" takes any strides."""
    return Elements(dtype, ndim, layout, False)


Signature = tuple[Scalar | Elements, ...]
