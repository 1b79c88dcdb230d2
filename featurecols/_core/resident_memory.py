"""Whether memory was written before: the first write to a page makes the operating system clear it."""

from __future__ import annotations

import ctypes
import functools
import mmap
from collections.abc import Callable

from featurecols._core.arrays import Array

_LOOKED_AT = 16  # pages


@functools.cache
def _mincore() -> Callable[..., int] | None:
    """Return the function of the C library that says which pages are in memory; None where there is none."""
    try:
        found = ctypes.CDLL(None).mincore
    except (AttributeError, OSError, TypeError):
        return None
    found.argtypes, found.restype = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p), ctypes.c_int
    return found  # type: ignore[no-any-return]


def is_resident(array: Array) -> bool:
    """Return whether a contiguous array lies in memory, by a few of its pages; False where nobody can say.

    >>> import numpy as np
    >>> is_resident(np.ones(1 << 16))
    True
    """
    look = _mincore()
    if look is None or not array.nbytes:
        return False
    start, page, there = array.__array_interface__["data"][0], mmap.PAGESIZE, ctypes.c_ubyte()
    for k in range(_LOOKED_AT):
        at = start + (array.nbytes - 1) * k // (_LOOKED_AT - 1)
        if look(at - at % page, 1, ctypes.byref(there)) or not there.value & 1:
            return False
    return True
