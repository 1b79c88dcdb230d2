"""Arrays in, arrays out: no classes of ours, no state, no Arrow. Each module loads on first use.

`from featurecols import kernels` is free; `kernels.hashing.murmur3(...)` imports numba and compiles (or reads the
cache) when it is first reached.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

MODULES = (
    "accumulate",
    "assemble",
    "bucketize",
    "crossing",
    "gather",
    "hashing",
    "lookup",
    "merging",
    "numeric",
    "pages",
    "pool",
    "radix",
    "scatter",
    "sorting",
    "terms",
)


def __getattr__(name: str) -> ModuleType:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{name}")
    globals()[name] = module
    return module


def loaded() -> bool:
    """Whether this process has paid for the kernels already (small batches then run on them too)."""
    return f"{__name__}.native" in sys.modules
