"""Arrays in, arrays out: no classes of ours, no state, no Arrow. Each module loads on first use.

`from featurecols import kernels` is free; `kernels.texts.murmur3(...)` imports numba and compiles (or reads the
cache) when it is first reached.
"""

from __future__ import annotations

import sys
from types import ModuleType

from featurecols._core.fork_safe import import_module

MODULES = (
    "accumulate",
    "bucketize",
    "count_terms",
    "cross_table",
    "crossing",
    "embedding_bag",
    "iso_times",
    "lookup",
    "merge_sorted",
    "numeric",
    "one_hot_product",
    "optimizer_steps",
    "parquet",
    "pointwise",
    "scatter",
    "sort_text",
    "spellings",
    "texts",
    "touched_rows",
    "write_matrix",
)


def __getattr__(name: str) -> ModuleType:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{name}")
    globals()[name] = module
    return module


def loaded() -> bool:
    """Whether this process has paid for the kernels already (small batches then run on them too)."""
    return f"{__name__}.compiler" in sys.modules
