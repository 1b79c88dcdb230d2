"""pyarrow.compute, imported when a function of it is first asked for: that takes a sixth of the first row of a process."""

from __future__ import annotations

from typing import Any

from featurecols._core.fork_safe import import_module


def __getattr__(name: str) -> Any:
    if name.startswith("__"):  # what imports and inspection ask of any module
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("pyarrow.compute"), name)
