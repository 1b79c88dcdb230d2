"""tf.estimator's names for wide & deep models, with its arguments; the models are WideDeepClassifier and WideDeepRegressor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from featurecols.models import errors
from featurecols.models.estimators.config import RunConfig, WarmStartSettings
from featurecols.models.estimators.dnn import ActivationLike
from featurecols.models.estimators.tf_columns import AnyColumn
from featurecols.models.estimators.wide_deep import WideDeepClassifier, WideDeepRegressor
from featurecols.models.optimization.optimizers import OptimizerLike


def DNNLinearCombinedClassifier(
    model_dir: str | Path | None = None,
    linear_feature_columns: Iterable[AnyColumn] | None = None,
    linear_optimizer: OptimizerLike = "Ftrl",
    dnn_feature_columns: Iterable[AnyColumn] | None = None,
    dnn_optimizer: OptimizerLike = "Adagrad",
    dnn_hidden_units: Sequence[int] | None = None,
    dnn_activation_fn: ActivationLike = "relu",
    dnn_dropout: float | None = None,
    n_classes: int = 2,
    weight_column: str | None = None,
    label_vocabulary: Sequence[str] | None = None,
    config: RunConfig | None = None,
    warm_start_from: str | Path | WarmStartSettings | None = None,
    batch_norm: bool = False,
    linear_sparse_combiner: str = "sum",
) -> WideDeepClassifier:
    """Return a WideDeepClassifier by the name and arguments that it has in tf.estimator; optimizers named have our defaults."""
    return WideDeepClassifier(
        linear_feature_columns or (),
        dnn_feature_columns or (),
        _units(dnn_feature_columns, dnn_hidden_units),
        n_classes=n_classes,
        label_vocabulary=label_vocabulary,
        linear_optimizer=linear_optimizer,
        dnn_optimizer=dnn_optimizer,
        activation=dnn_activation_fn,
        dropout=dnn_dropout,
        batch_norm=batch_norm,
        sparse_combiner=linear_sparse_combiner,
        model_dir=model_dir,
        config=config,
        warm_start_from=warm_start_from,
        weight_column=weight_column,
        initial_bias=False,
    )


def DNNLinearCombinedRegressor(
    model_dir: str | Path | None = None,
    linear_feature_columns: Iterable[AnyColumn] | None = None,
    linear_optimizer: OptimizerLike = "Ftrl",
    dnn_feature_columns: Iterable[AnyColumn] | None = None,
    dnn_optimizer: OptimizerLike = "Adagrad",
    dnn_hidden_units: Sequence[int] | None = None,
    dnn_activation_fn: ActivationLike = "relu",
    dnn_dropout: float | None = None,
    label_dimension: int = 1,
    weight_column: str | None = None,
    config: RunConfig | None = None,
    warm_start_from: str | Path | WarmStartSettings | None = None,
    batch_norm: bool = False,
    linear_sparse_combiner: str = "sum",
) -> WideDeepRegressor:
    """Return a WideDeepRegressor by the name and arguments that it has in tf.estimator."""
    return WideDeepRegressor(
        linear_feature_columns or (),
        dnn_feature_columns or (),
        _units(dnn_feature_columns, dnn_hidden_units),
        label_dimension=label_dimension,
        linear_optimizer=linear_optimizer,
        dnn_optimizer=dnn_optimizer,
        activation=dnn_activation_fn,
        dropout=dnn_dropout,
        batch_norm=batch_norm,
        sparse_combiner=linear_sparse_combiner,
        model_dir=model_dir,
        config=config,
        warm_start_from=warm_start_from,
        weight_column=weight_column,
        standardize_label=False,
        initial_bias=False,
    )


def _units(columns: Iterable[AnyColumn] | None, hidden_units: Sequence[int] | None) -> Sequence[int]:
    """Return the hidden units; raise ModelError where dnn columns have none."""
    if columns and hidden_units is None:
        raise errors.model("DNNLinearCombined", "dnn columns need dnn_hidden_units", None, "give dnn_hidden_units=[100, 50]")
    return hidden_units or ()
