"""What the classifiers and regressors share: rows and labels in scikit-learn's forms, training, predictions, pickling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, check_is_fitted, validate_data

from featurecols._core.arrays import Array
from featurecols.columns.base import Column
from featurecols.data.sources import as_source
from featurecols.integrations.sklearn.default_columns import default_columns
from featurecols.integrations.sklearn.nested_parameters import ColumnParameters
from featurecols.integrations.sklearn.tables import Rows, Table, as_table, take, with_label
from featurecols.models.estimators import model_bytes
from featurecols.models.estimators.canned import Canned
from featurecols.models.estimators.config import RunConfig
from featurecols.plan.plan import Plan

Columns = Sequence[Column] | Plan | None
Seed = int | np.random.RandomState | None
OF_TRAINING = ("epochs", "steps", "batch_size", "validation_share", "random_state", "threads", "verbose")
LARGEST_SEED = 2**31 - 1


class ModelEstimator(ColumnParameters, BaseEstimator):
    """Base of the estimators: an estimator of featurecols.models that is made and trained in `fit`."""

    random_state: Seed
    threads: int | None
    verbose: bool
    epochs: int | None
    steps: int | None
    batch_size: int | None
    validation_share: float | None

    _class: ClassVar[type[Canned]]

    def _keep(self, arguments: Mapping[str, object]) -> None:
        """Set the arguments of the constructor, `locals()` there, as they were given."""
        for name in self._get_param_names():
            setattr(self, name, arguments[name])

    def _make(self, table: Table, config: RunConfig, head: Mapping[str, object]) -> Canned:
        """Return the model to train; head: its arguments that follow from the labels."""
        own = self.get_params(deep=False)
        columns = {name: columns_for(getattr(self, name), table) for name in self._lists}
        given = {name: value for name, value in own.items() if name not in (*OF_TRAINING, *columns)}
        return self._class(**columns, **given, **head, config=config)  # type: ignore[arg-type, call-arg]

    def _head(self, y: Array) -> dict[str, object]:
        """Return the arguments that follow from the labels."""
        return {}

    def _fit(self, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None, *, numeric: bool) -> Self:
        labels: Array = validate_data(self, y=y, y_numeric=numeric)
        table = as_table(self, X, reset=True)
        check_consistent_length(X, labels)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, labels)
            if (weight == 0).any():
                chosen = np.flatnonzero(weight)
                if not len(chosen):
                    raise ValueError("Sample weights must contain at least one non-zero number.")
                table, labels, weight = take(table, chosen), labels[chosen], weight[chosen]
        seed = self.random_state
        if not isinstance(seed, (int, np.integer)):
            seed = check_random_state(seed).randint(LARGEST_SEED)
        config = RunConfig(seed=int(seed), progress=bool(self.verbose), threads=self.threads)
        self.model_ = self._make(table, config, self._head(labels))
        for name in self._lists:
            table = with_label(table, getattr(self, name), labels)
        self.model_.train(
            table,
            labels,
            weight,
            epochs=self.epochs,
            steps=self.steps,
            batch_size=self.batch_size,
            validation_share=self.validation_share,
        )
        return self

    def _predict(self, X: Rows, key: str) -> Array:
        check_is_fitted(self)
        return self.model_.predict(as_table(self, X, reset=False), predict_keys=key)[key]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    @property
    def plan_(self) -> Plan:
        """The fitted plan of the model, with the embedding tables that it trained."""
        found = self.model_.plan if hasattr(self, "model_") else None
        if found is None:
            raise NotFittedError(f"{type(self).__name__} has no plan yet; call fit first")
        return found

    def __getstate__(self) -> dict[str, object]:
        state = dict(super().__getstate__())
        if "model_" in state:
            state["model_"] = model_bytes.to_bytes(self.model_)
        return state

    def __setstate__(self, state: dict[str, object]) -> None:
        data = state.get("model_")
        super().__setstate__({**state, "model_": model_bytes.from_bytes(data)} if isinstance(data, bytes) else state)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        return tags


class Classifier(ClassifierMixin, ModelEstimator):
    """Base of the classifiers."""

    def fit(self, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train from X [n, fields], a table or an array, and labels y [n]; rows of weight 0 are left out.

        Raises:
            ValueError: for labels of one class. DataError: for values that the columns refuse, with field and row.
        """
        return self._fit(X, y, sample_weight, numeric=False)

    def predict(self, X: Rows) -> Array:
        """Return the most probable class of each row [n]."""
        found = self._predict(X, "class_ids").reshape(-1)
        return self.classes_[found]

    def predict_proba(self, X: Rows) -> Array:
        """Return the probabilities of the classes, float64 [n, classes], in the order of classes_."""
        return self._predict(X, "probabilities").astype(np.float64)

    def predict_log_proba(self, X: Rows) -> Array:
        """Return the logarithms of predict_proba, float64 [n, classes]."""
        return np.log(self.predict_proba(X))

    def decision_function(self, X: Rows) -> Array:
        """Return the logits: of the second class [n] where there are two, else of each class [n, classes]."""
        logits = self._predict(X, "logits").astype(np.float64)
        return logits.reshape(-1) if len(self.classes_) == 2 else logits

    def _head(self, y: Array) -> dict[str, object]:
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            got = self.classes_.tolist()
            raise ValueError(f"{type(self).__name__}: needs labels of at least 2 classes, and there is one class, got {got}")
        return {"n_classes": len(self.classes_), "label_vocabulary": self.classes_.tolist()}


class Regressor(RegressorMixin, ModelEstimator):
    """Base of the regressors."""

    def fit(self, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train from X [n, fields], a table or an array, and numbers y [n]; rows of weight 0 are left out.

        Raises:
            DataError: for values that the columns refuse, with field and row.
        """
        return self._fit(X, y, sample_weight, numeric=True)

    def predict(self, X: Rows) -> Array:
        """Return the prediction of each row, float64 [n]."""
        return self._predict(X, "predictions").astype(np.float64).reshape(-1)


def columns_for(columns: Columns, table: Table) -> Sequence[Column] | Plan:
    """Return columns as they were given, or one for every field of a table."""
    return default_columns(as_source(table)) if columns is None else columns
