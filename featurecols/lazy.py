"""Public names whose modules load when they are first used, so that importing the package stays cheap."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

# name -> (module, attribute); no attribute for a module itself
NAMES = {
    "datasets": ("featurecols.datasets", None),
    "feature_column": ("featurecols.feature_column", None),
    "models": ("featurecols.models", None),
    "transform_parquet": ("featurecols.io.parquet", "transform_parquet"),
}


def loader(package: str) -> Callable[[str], Any]:
    """The `__getattr__` of the package."""

    def load(name: str) -> Any:
        if name not in NAMES:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, attribute = NAMES[name]
        found = importlib.import_module(module)
        return found if attribute is None else getattr(found, attribute)

    return load
