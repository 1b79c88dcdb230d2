"""Models over encoded rows: estimators, Sequential, and the parts that they are made of.

`import featurecols.models` is cheap: every name loads its module when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_MODULES = ("checkpoints", "hooks", "layers", "looking", "losses", "metrics", "optimizers", "plots", "schedules")
_NAMES = {
    "BaselineClassifier": "baseline",
    "BestExporter": "campaigns",
    "BaselineRegressor": "baseline",
    "ClipNorm": "clipping",
    "ClipValue": "clipping",
    "DenseFeatures": "sequential",
    "DNNClassifier": "canned",
    "DNNLinearCombinedClassifier": "combined",
    "DNNLinearCombinedRegressor": "combined",
    "DNNRegressor": "canned",
    "Estimator": "estimators",
    "EvalSpec": "campaigns",
    "FinalExporter": "campaigns",
    "LatestExporter": "campaigns",
    "EstimatorSpec": "settings",
    "History": "history",
    "LinearClassifier": "canned",
    "LinearRegressor": "canned",
    "ModeKeys": "settings",
    "Pipeline": "pipeline",
    "RunConfig": "settings",
    "Sequential": "sequential",
    "TrainSpec": "campaigns",
    "Value": "tape",
    "Variables": "variables",
    "WarmStartSettings": "settings",
    "WideDeepClassifier": "canned",
    "WideDeepRegressor": "canned",
    "from_data": "pipeline",
    "from_parquet": "pipeline",
    "gradients": "tape",
    "load": "estimators",
    "neighbours": "looking",
    "stop_if_no_gain": "campaigns",
    "top_weights": "looking",
    "train_and_evaluate": "campaigns",
}

__all__ = [*_MODULES, *_NAMES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_MODULES, *_NAMES])
