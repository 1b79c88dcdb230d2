"""tf.estimator's names for wide & deep models, with its arguments and what its predict gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.estimators.config import RunConfig, WarmStartSettings
from featurecols.models.estimators.dnn import ActivationLike
from featurecols.models.estimators.tf_columns import AnyColumn
from featurecols.models.estimators.wide_deep import WideDeepClassifier, WideDeepRegressor
from featurecols.models.input.classes import Class
from featurecols.models.objective.heads import ClassHead
from featurecols.models.optimization.optimizers import OptimizerLike


class DNNLinearCombinedClassifier(WideDeepClassifier):
    """A WideDeepClassifier with the name and arguments that it has in tf.estimator; optimizers named have our defaults.

    `predict` gives the shapes and types of tf.estimator: logits, logistic, class_ids and classes [n, 1], classes as bytes. A
    saved one is a WideDeepClassifier when it is loaded.
    """

    def __init__(
        self,
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
        label_vocabulary: Sequence[Class] | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | Path | WarmStartSettings | None = None,
        batch_norm: bool = False,
        linear_sparse_combiner: str = "sum",
        *,
        members: int = 1,
        cross_layers: int = 0,
    ) -> None:
        super().__init__(
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
            members=members,
            cross_layers=cross_layers,
            sparse_combiner=linear_sparse_combiner,
            model_dir=model_dir,
            config=config,
            warm_start_from=warm_start_from,
            weight_column=weight_column,
            initial_bias=False,
            normalize=False,
        )
        self._decides_length = False

    @property
    def _kind(self) -> str:
        return WideDeepClassifier.__name__

    def _predictions(self, logits: Array) -> dict[str, Array]:
        head = self.head
        if not isinstance(head, ClassHead):
            raise errors.model(type(self).__name__, "has the head of another model", head, "leave it as it was made")
        probabilities, ids = head.probabilities(logits), head.class_ids(logits)
        words = [str(word) for word in (head.words or ()) if isinstance(word, str)] or [str(k) for k in range(head.n_classes)]
        classes = np.array([word.encode() for word in words], object)
        numbers = np.arange(head.n_classes, dtype=np.int32)
        return {
            "logits": logits,
            **({"logistic": probabilities[:, 1:]} if head.n_classes == 2 else {}),
            "probabilities": probabilities,
            "class_ids": ids[:, None],
            "classes": classes[ids][:, None],
            "all_class_ids": np.broadcast_to(numbers, (len(ids), head.n_classes)),
            "all_classes": np.broadcast_to(classes, (len(ids), head.n_classes)),
        }


class DNNLinearCombinedRegressor(WideDeepRegressor):
    """A WideDeepRegressor with the name and arguments that it has in tf.estimator.

    `predict` gives predictions [n, label_dimension], [n, 1] for one number. A saved one is a WideDeepRegressor when it is
    loaded.
    """

    def __init__(
        self,
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
        *,
        members: int = 1,
        cross_layers: int = 0,
    ) -> None:
        super().__init__(
            linear_feature_columns or (),
            dnn_feature_columns or (),
            _units(dnn_feature_columns, dnn_hidden_units),
            label_dimension=label_dimension,
            linear_optimizer=linear_optimizer,
            dnn_optimizer=dnn_optimizer,
            activation=dnn_activation_fn,
            dropout=dnn_dropout,
            batch_norm=batch_norm,
            members=members,
            cross_layers=cross_layers,
            sparse_combiner=linear_sparse_combiner,
            model_dir=model_dir,
            config=config,
            warm_start_from=warm_start_from,
            weight_column=weight_column,
            standardize_label=False,
            initial_bias=False,
            normalize=False,
        )
        self._decides_length = False

    @property
    def _kind(self) -> str:
        return WideDeepRegressor.__name__

    def _predictions(self, logits: Array) -> dict[str, Array]:
        return {"predictions": super()._predictions(logits)["predictions"].reshape(logits.shape)}


def _units(columns: Iterable[AnyColumn] | None, hidden_units: Sequence[int] | None) -> Sequence[int]:
    """Return the hidden units; raise ModelError where dnn columns have none."""
    if columns and hidden_units is None:
        raise errors.model("DNNLinearCombined", "dnn columns need dnn_hidden_units", None, "give dnn_hidden_units=[100, 50]")
    return hidden_units or ()
