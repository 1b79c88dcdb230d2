"""Lower bounds: the time the machine needs to write a matrix or to read a file, without any other work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow.parquet as pq

_POOL = ThreadPoolExecutor(2)


def fill(shape: tuple[int, int], threads: int) -> Any:
    """Return a new float32 matrix, every element written once, each thread its own half."""
    out = np.empty(shape, np.float32)
    if threads == 1:
        out.fill(0)
        return out
    step = -(-shape[0] // threads)
    list(_POOL.map(lambda i: out[i * step : (i + 1) * step].fill(0), range(threads)))
    return out


def read_dictionaries(path: Any, strings: list[str]) -> Any:
    """Read a whole file with pyarrow and its threads, keeping dictionaries."""
    return pq.read_table(path, read_dictionary=strings)


def refill(out: Any, threads: int) -> Any:
    """Write every element of a matrix that was written before, each thread its own rows."""
    step = -(-len(out) // threads)
    list(_POOL.map(lambda i: out[i * step : (i + 1) * step].fill(0), range(threads)))
    return out
