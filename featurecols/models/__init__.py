"""Models over encoded rows: estimators, Sequential, and the components that they are made of.

`import featurecols.models` is cheap: every name loads its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from featurecols._core import lazy_imports as _lazy

if TYPE_CHECKING:
    from featurecols.models import inspection as inspection
    from featurecols.models import layers as layers
    from featurecols.models.autodiff.tape import Value as Value
    from featurecols.models.autodiff.tape import gradients as gradients
    from featurecols.models.autodiff.variables import Variables as Variables
    from featurecols.models.batch_predict import predict_parquet as predict_parquet
    from featurecols.models.errors import TrainingWarning as TrainingWarning
    from featurecols.models.estimators.base import Estimator as Estimator
    from featurecols.models.estimators.baseline import BaselineClassifier as BaselineClassifier
    from featurecols.models.estimators.baseline import BaselineRegressor as BaselineRegressor
    from featurecols.models.estimators.config import EstimatorSpec as EstimatorSpec
    from featurecols.models.estimators.config import ModeKeys as ModeKeys
    from featurecols.models.estimators.config import RunConfig as RunConfig
    from featurecols.models.estimators.config import WarmStartSettings as WarmStartSettings
    from featurecols.models.estimators.dnn import DNNClassifier as DNNClassifier
    from featurecols.models.estimators.dnn import DNNRegressor as DNNRegressor
    from featurecols.models.estimators.dnn_linear_combined import DNNLinearCombinedClassifier as DNNLinearCombinedClassifier
    from featurecols.models.estimators.dnn_linear_combined import DNNLinearCombinedRegressor as DNNLinearCombinedRegressor
    from featurecols.models.estimators.from_json import model_from_json as model_from_json
    from featurecols.models.estimators.linear import LinearClassifier as LinearClassifier
    from featurecols.models.estimators.linear import LinearRegressor as LinearRegressor
    from featurecols.models.estimators.loading import load as load
    from featurecols.models.estimators.train_and_evaluate import BestExporter as BestExporter
    from featurecols.models.estimators.train_and_evaluate import EvalSpec as EvalSpec
    from featurecols.models.estimators.train_and_evaluate import FinalExporter as FinalExporter
    from featurecols.models.estimators.train_and_evaluate import LatestExporter as LatestExporter
    from featurecols.models.estimators.train_and_evaluate import TrainSpec as TrainSpec
    from featurecols.models.estimators.train_and_evaluate import stop_if_no_gain as stop_if_no_gain
    from featurecols.models.estimators.train_and_evaluate import train_and_evaluate as train_and_evaluate
    from featurecols.models.estimators.wide_deep import WideDeepClassifier as WideDeepClassifier
    from featurecols.models.estimators.wide_deep import WideDeepRegressor as WideDeepRegressor
    from featurecols.models.input.pipeline import Pipeline as Pipeline
    from featurecols.models.input.pipeline import from_data as from_data
    from featurecols.models.input.pipeline import from_parquet as from_parquet
    from featurecols.models.inspection import plots as plots
    from featurecols.models.inspection.weights import neighbours as neighbours
    from featurecols.models.inspection.weights import top_weights as top_weights
    from featurecols.models.layers.dense_features import DenseFeatures as DenseFeatures
    from featurecols.models.objective import losses as losses
    from featurecols.models.objective import metrics as metrics
    from featurecols.models.optimization import optimizers as optimizers
    from featurecols.models.optimization import schedules as schedules
    from featurecols.models.optimization.clipping import ClipNorm as ClipNorm
    from featurecols.models.optimization.clipping import ClipValue as ClipValue
    from featurecols.models.sequential import Sequential as Sequential
    from featurecols.models.training import checkpoints as checkpoints
    from featurecols.models.training import hooks as hooks
    from featurecols.models.training.history import History as History

if not TYPE_CHECKING:  # checkers know the names above, and that there are no others
    __getattr__, __dir__ = _lazy.lazy_names(__name__)
