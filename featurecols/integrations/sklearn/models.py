"""The models of featurecols as estimators of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from featurecols.integrations.sklearn.estimator import Classifier, Columns, Regressor, Seed
from featurecols.models.estimators import dnn, linear, wide_deep
from featurecols.models.estimators.canned import Canned
from featurecols.models.estimators.column_scaling import Normalize
from featurecols.models.estimators.dnn import ActivationLike
from featurecols.models.layers.first_kernels import GLOROT
from featurecols.models.layers.regularizers import RegularizerLike
from featurecols.models.objective.losses import Loss
from featurecols.models.optimization.optimizers import OptimizerLike

HIDDEN_UNITS = (64, 32)


class LinearClassifier(Classifier):
    """Logistic or softmax regression: featurecols.models.LinearClassifier as scikit-learn has classifiers.

    Args:
        columns: what the model reads; None for every field: numbers with a ZScore (missing ones are the mean), texts as
            indicators of their 100 most frequent terms. Or a Plan. The fields of an array are x0, x1, ...
        optimizer, sparse_combiner, initial_bias, normalize: as in featurecols.models.LinearClassifier.
        epochs, steps, batch_size, validation_share: the length of training; without them it lasts until rows that are held out
            show no gain.
        random_state: of initial values, dropout, shuffling and the rows held out; an integer gives the same bits every time.
        threads: for encoding. Results do not depend on it.
        verbose: whether progress, and what was chosen, are printed on standard error.

    Each column and its arguments are parameters by the column's name, as in FeatureColumns.

    Attributes:
        model_: the trained model of featurecols.models, with `save`, `evaluate`, ... plan_: its plan.
        classes_: the classes. n_features_in_, feature_names_in_: the fields of X.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"age": [39, 50, 28, 61] * 20, "job": ["nurse", "pilot", "nurse", "cook"] * 20})
    >>> LinearClassifier().fit(people, ["no", "yes", "no", "no"] * 20).predict(people[:4]).tolist()
    ['no', 'yes', 'no', 'no']
    """

    _class: ClassVar[type[Canned]] = linear.LinearClassifier

    def __init__(
        self,
        columns: Columns = None,
        *,
        optimizer: OptimizerLike = "Ftrl",
        sparse_combiner: str = "sum",
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        epochs: int | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        validation_share: float | None = None,
        random_state: Seed = 0,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self._keep(locals())


class LinearRegressor(Regressor):
    """Least squares or Poisson regression: featurecols.models.LinearRegressor; arguments as LinearClassifier.

    Args:
        loss, standardize_label, label_transform: as in featurecols.models.LinearRegressor.
    """

    _class: ClassVar[type[Canned]] = linear.LinearRegressor

    def __init__(
        self,
        columns: Columns = None,
        *,
        loss: Loss | str = "mse",
        standardize_label: bool = True,
        label_transform: str | None = None,
        optimizer: OptimizerLike = "Ftrl",
        sparse_combiner: str = "sum",
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        epochs: int | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        validation_share: float | None = None,
        random_state: Seed = 0,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self._keep(locals())


class DNNClassifier(Classifier):
    """A feed-forward network: featurecols.models.DNNClassifier; arguments as LinearClassifier.

    Args:
        hidden_units: units of each hidden layer.
        activation, dropout, batch_norm, members, cross_layers, kernel_initializer, kernel_regularizer: as in
            featurecols.models.DNNClassifier.
    """

    _class: ClassVar[type[Canned]] = dnn.DNNClassifier

    def __init__(
        self,
        columns: Columns = None,
        hidden_units: Sequence[int] = HIDDEN_UNITS,
        *,
        optimizer: OptimizerLike = "Adam",
        activation: ActivationLike = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        members: int = 1,
        cross_layers: int = 0,
        kernel_initializer: str = GLOROT,
        kernel_regularizer: RegularizerLike = None,
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        epochs: int | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        validation_share: float | None = None,
        random_state: Seed = 0,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self._keep(locals())


class DNNRegressor(Regressor):
    """A feed-forward network that predicts numbers; arguments as DNNClassifier and LinearRegressor."""

    _class: ClassVar[type[Canned]] = dnn.DNNRegressor

    def __init__(
        self,
        columns: Columns = None,
        hidden_units: Sequence[int] = HIDDEN_UNITS,
        *,
        loss: Loss | str = "mse",
        standardize_label: bool = True,
        label_transform: str | None = None,
        optimizer: OptimizerLike = "Adam",
        activation: ActivationLike = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        members: int = 1,
        cross_layers: int = 0,
        kernel_initializer: str = GLOROT,
        kernel_regularizer: RegularizerLike = None,
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        epochs: int | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        validation_share: float | None = None,
        random_state: Seed = 0,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self._keep(locals())


class WideDeepClassifier(Classifier):
    """A linear model and a network, trained together: featurecols.models.WideDeepClassifier; arguments as DNNClassifier.

    Args:
        linear, dnn: the columns of either part; None for every field, () for none.
    """

    _class: ClassVar[type[Canned]] = wide_deep.WideDeepClassifier
    _lists: ClassVar[tuple[str, ...]] = ("linear", "dnn")

    def __init__(
        self,
        linear: Columns = None,
        dnn: Columns = None,
        hidden_units: Sequence[int] = HIDDEN_UNITS,
        *,
        linear_optimizer: OptimizerLike = "Ftrl",
        dnn_optimizer: OptimizerLike = "Adam",
        activation: ActivationLike = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        members: int = 1,
        cross_layers: int = 0,
        kernel_initializer: str = GLOROT,
        kernel_regularizer: RegularizerLike = None,
        sparse_combiner: str = "sum",
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        epochs: int | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        validation_share: float | None = None,
        random_state: Seed = 0,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self._keep(locals())


class WideDeepRegressor(Regressor):
    """The same for numbers; arguments as WideDeepClassifier and LinearRegressor."""

    _class: ClassVar[type[Canned]] = wide_deep.WideDeepRegressor
    _lists: ClassVar[tuple[str, ...]] = ("linear", "dnn")

    def __init__(
        self,
        linear: Columns = None,
        dnn: Columns = None,
        hidden_units: Sequence[int] = HIDDEN_UNITS,
        *,
        loss: Loss | str = "mse",
        standardize_label: bool = True,
        label_transform: str | None = None,
        linear_optimizer: OptimizerLike = "Ftrl",
        dnn_optimizer: OptimizerLike = "Adam",
        activation: ActivationLike = "relu",
        dropout: float | None = None,
        batch_norm: bool = False,
        members: int = 1,
        cross_layers: int = 0,
        kernel_initializer: str = GLOROT,
        kernel_regularizer: RegularizerLike = None,
        sparse_combiner: str = "sum",
        initial_bias: bool = True,
        normalize: Normalize = "auto",
        epochs: int | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        validation_share: float | None = None,
        random_state: Seed = 0,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self._keep(locals())
