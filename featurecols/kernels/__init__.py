"""Arrays in, arrays out: no classes of ours, no state, no Arrow. Each module loads on first use.

`from featurecols import kernels` is free; `kernels.texts.murmur3(...)` reads the cache, or imports numba and compiles, when
it is first reached.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

from featurecols._core.fork_safe import import_module

MODULES = (
    "accumulate",
    "bucketize",
    "count_terms",
    "cross_table",
    "crossing",
    "csv_rows",
    "digits",
    "embedding_bag",
    "iso_times",
    "label_sums",
    "lookup",
    "merge_sorted",
    "numeric",
    "one_hot_product",
    "optimizer_steps",
    "pack_codes",
    "pack_ones",
    "parquet",
    "piecewise",
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


def lacking(name: str, numbers: Sequence[int]) -> list[int]:
    """Return which variants of a kernel ("texts._FARM") are not kept on disk yet."""
    from featurecols.kernels import code_cache

    return [number for number in numbers if code_cache.read(f"{name}-{number}") is None]


def compile_variants(name: str, numbers: Sequence[int], shared: object = None) -> int:
    """Compile variants of a kernel, or find them kept; returns how many they are."""
    module, _, attribute = name.partition(".")
    kernel = getattr(import_module(f"{__name__}.{module}"), attribute)
    keys = list(kernel.signatures)
    return len([kernel[keys[number]] for number in numbers])


def loaded() -> bool:
    """Whether this process has paid for the kernels already (small batches then run on them too)."""
    return f"{__name__}.compiler" in sys.modules
