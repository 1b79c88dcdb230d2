"""Public names whose modules load when they are first used, so that importing the package costs next to nothing.

`import featurecols` loads neither numpy nor Arrow; the first column declared loads what columns need.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

# name -> (module, attribute); no attribute for a module itself
NAMES: dict[str, tuple[str, str | None]] = {
    "Bucketized": ("featurecols.columns", "Bucketized"),
    "Clip": ("featurecols.normalizers", "Clip"),
    "Column": ("featurecols.columns", "Column"),
    "ColumnError": ("featurecols.errors", "ColumnError"),
    "Constant": ("featurecols.initializers", "Constant"),
    "Crossed": ("featurecols.columns", "Crossed"),
    "DataError": ("featurecols.errors", "DataError"),
    "Embedding": ("featurecols.columns", "Embedding"),
    "FeatureColumnsError": ("featurecols.errors", "FeatureColumnsError"),
    "Features": ("featurecols.features", "Features"),
    "Field": ("featurecols.columns", "Field"),
    "Hashed": ("featurecols.columns", "Hashed"),
    "Identity": ("featurecols.columns", "Identity"),
    "Ids": ("featurecols.values", "Ids"),
    "Indicator": ("featurecols.columns", "Indicator"),
    "Log1p": ("featurecols.normalizers", "Log1p"),
    "Mean": ("featurecols.analyzers.markers", "Mean"),
    "Median": ("featurecols.analyzers.markers", "Median"),
    "MinMax": ("featurecols.normalizers", "MinMax"),
    "Numeric": ("featurecols.columns", "Numeric"),
    "OutputError": ("featurecols.errors", "OutputError"),
    "Plan": ("featurecols.plan", "Plan"),
    "PlanError": ("featurecols.errors", "PlanError"),
    "Quantiles": ("featurecols.analyzers.markers", "Quantiles"),
    "SavedPlanError": ("featurecols.errors", "SavedPlanError"),
    "Sequence": ("featurecols.columns", "Sequence"),
    "SizeError": ("featurecols.errors", "SizeError"),
    "Slot": ("featurecols.features", "Slot"),
    "TopTerms": ("featurecols.analyzers.markers", "TopTerms"),
    "TruncatedNormal": ("featurecols.initializers", "TruncatedNormal"),
    "Uniform": ("featurecols.initializers", "Uniform"),
    "Vocabulary": ("featurecols.columns", "Vocabulary"),
    "Weighted": ("featurecols.columns", "Weighted"),
    "ZScore": ("featurecols.normalizers", "ZScore"),
    "Zeros": ("featurecols.initializers", "Zeros"),
    "columns_from_json": ("featurecols.declare", "columns_from_json"),
    "columns_to_json": ("featurecols.declare", "columns_to_json"),
    "compile": ("featurecols.plan", "compile"),
    "datasets": ("featurecols.datasets", None),
    "feature_column": ("featurecols.feature_column", None),
    "fit": ("featurecols.learn", "fit"),
    "load": ("featurecols.plan", "load"),
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
        value = found if attribute is None else getattr(found, attribute)
        setattr(sys.modules[package], name, value)
        return value

    return load
