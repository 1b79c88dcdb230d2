"""Models over encoded rows: estimators, Sequential, and the parts that they are made of.

`import featurecols.models` is cheap: every name loads its module when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from featurecols.models import checkpoints as checkpoints
    from featurecols.models import hooks as hooks
    from featurecols.models import layers as layers
    from featurecols.models import looking as looking
    from featurecols.models import losses as losses
    from featurecols.models import metrics as metrics
    from featurecols.models import optimizers as optimizers
    from featurecols.models import plots as plots
    from featurecols.models import schedules as schedules
    from featurecols.models.baseline import BaselineClassifier as BaselineClassifier
    from featurecols.models.baseline import BaselineRegressor as BaselineRegressor
    from featurecols.models.campaigns import BestExporter as BestExporter
    from featurecols.models.campaigns import EvalSpec as EvalSpec
    from featurecols.models.campaigns import FinalExporter as FinalExporter
    from featurecols.models.campaigns import LatestExporter as LatestExporter
    from featurecols.models.campaigns import TrainSpec as TrainSpec
    from featurecols.models.campaigns import stop_if_no_gain as stop_if_no_gain
    from featurecols.models.campaigns import train_and_evaluate as train_and_evaluate
    from featurecols.models.canned import DNNClassifier as DNNClassifier
    from featurecols.models.canned import DNNRegressor as DNNRegressor
    from featurecols.models.canned import LinearClassifier as LinearClassifier
    from featurecols.models.canned import LinearRegressor as LinearRegressor
    from featurecols.models.canned import WideDeepClassifier as WideDeepClassifier
    from featurecols.models.canned import WideDeepRegressor as WideDeepRegressor
    from featurecols.models.clipping import ClipNorm as ClipNorm
    from featurecols.models.clipping import ClipValue as ClipValue
    from featurecols.models.combined import DNNLinearCombinedClassifier as DNNLinearCombinedClassifier
    from featurecols.models.combined import DNNLinearCombinedRegressor as DNNLinearCombinedRegressor
    from featurecols.models.declare import model_from_json as model_from_json
    from featurecols.models.estimators import Estimator as Estimator
    from featurecols.models.estimators import load as load
    from featurecols.models.history import History as History
    from featurecols.models.looking import neighbours as neighbours
    from featurecols.models.looking import top_weights as top_weights
    from featurecols.models.pipeline import Pipeline as Pipeline
    from featurecols.models.pipeline import from_data as from_data
    from featurecols.models.pipeline import from_parquet as from_parquet
    from featurecols.models.sequential import DenseFeatures as DenseFeatures
    from featurecols.models.sequential import Sequential as Sequential
    from featurecols.models.settings import EstimatorSpec as EstimatorSpec
    from featurecols.models.settings import ModeKeys as ModeKeys
    from featurecols.models.settings import RunConfig as RunConfig
    from featurecols.models.settings import WarmStartSettings as WarmStartSettings
    from featurecols.models.tape import Value as Value
    from featurecols.models.tape import gradients as gradients
    from featurecols.models.variables import Variables as Variables
    from featurecols.models.writing import predict_parquet as predict_parquet

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
    "model_from_json": "declare",
    "neighbours": "looking",
    "predict_parquet": "writing",
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
