"""Models over encoded rows: estimators, Sequential, and the parts that they are made of.

`import featurecols.models` is cheap: every name loads its module when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_MODULES = ("checkpoints", "hooks", "layers", "losses", "metrics", "optimizers", "plots", "schedules")
_NAMES = {
    "BaselineClassifier": "baseline",
    "BaselineRegressor": "baseline",
    "ClipNorm": "clipping",
    "ClipValue": "clipping",
    "DenseFeatures": "sequential",
    "DNNClassifier": "canned",
    "DNNRegressor": "canned",
    "Estimator": "estimators",
    "EstimatorSpec": "settings",
    "History": "history",
    "LinearClassifier": "canned",
    "LinearRegressor": "canned",
    "ModeKeys": "settings",
    "Pipeline": "pipeline",
    "RunConfig": "settings",
    "Sequential": "sequential",
    "Value": "tape",
    "Variables": "variables",
    "WarmStartSettings": "settings",
    "WideDeepClassifier": "canned",
    "WideDeepRegressor": "canned",
    "from_data": "pipeline",
    "from_parquet": "pipeline",
    "gradients": "tape",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_MODULES, *_NAMES])
