"""Compiled loops of the models: arrays in, arrays out. Each module loads (and compiles, or reads the cache) on first use."""

from __future__ import annotations

from types import ModuleType

from featurecols._core.fork_safe import import_module

MODULES = ("embedding_bag", "optimizer_steps", "pointwise", "touched_rows")


def __getattr__(name: str) -> ModuleType:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{name}")
    globals()[name] = module
    return module
