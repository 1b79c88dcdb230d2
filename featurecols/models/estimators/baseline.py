"""Baselines, which a model must beat: the frequencies of the classes, or the mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Variables, current, zeros
from featurecols.models.estimators.canned import SQUARED, Canned, Columns, Running
from featurecols.models.estimators.config import EstimatorSpec, ModeKeys, RunConfig, WarmStartSettings
from featurecols.models.estimators.head_arguments import words_of
from featurecols.models.input.classes import Class
from featurecols.models.input.examples import Examples
from featurecols.models.objective.heads import ClassHead, Head, NumberHead
from featurecols.models.objective.losses import Loss, Poisson


class _Baseline(Canned):
    """The weighted mean of all labels seen in training, exact after one epoch; features are not looked at."""

    def __init__(self, columns: Columns, head: Head, running: Running, feature_columns: Columns = None) -> None:
        super().__init__(columns, head, None, running, feature_columns)
        self.standardize_label = self.initial_bias = False  # its bias is the mean itself

    def _logits(self, x: Examples) -> Value:
        bias = current("baseline").parameter("baseline/bias", (self.head.units,), zeros)
        return bias + Value(np.zeros((len(x), 1), bias.array.dtype))

    def _model(self, features: Examples, labels: Array | None, mode: str) -> EstimatorSpec:
        if mode != ModeKeys.TRAIN:
            return super()._model(features, labels, mode)
        loss = self.head.objective(labels, self._logits(features), features.weights)
        return EstimatorSpec(mode, loss=loss, train_op=lambda variables: self._count(variables, labels, features.weights))

    def _count(self, variables: Variables, labels: Array | None, weights: Array | None) -> None:
        if labels is None:
            raise errors.model(self._who, "needs labels", None, "give label=, the field that holds them")
        w = np.ones(len(labels)) if weights is None else weights.astype(np.float64)
        head = self.head
        if isinstance(head, ClassHead):
            seen = np.bincount(labels, w, head.n_classes)
        else:
            seen = np.append((labels * w[:, None]).sum(axis=0), w.sum())
        total = variables.states.setdefault("baseline/seen", np.zeros(len(seen)))
        total += seen
        variables.values["baseline/bias"][...] = self._bias(total)

    def _bias(self, seen: Array) -> Array:
        """Return the best constant logits for what was seen; classes that were not seen count a millionth."""
        head = self.head
        if isinstance(head, ClassHead):
            log = np.log(np.maximum(seen, 1e-6))
            return np.asarray(log[1:] - log[0] if head.n_classes == 2 else log - log.max())
        mean = seen[:-1] / max(seen[-1], 1e-12)
        counts = isinstance(head.objective, Poisson)
        return np.asarray(np.log(np.maximum(mean, 1e-6)) if counts else mean)


class BaselineClassifier(_Baseline):
    """A model that predicts the frequency of each class in the training data; `columns` are read and not used."""

    def __init__(
        self,
        columns: Columns = None,
        *,
        n_classes: int = 2,
        label_vocabulary: Sequence[Class] | None = None,
        weight_column: str | None = None,
        model_dir: str | Path | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | Path | WarmStartSettings | None = None,
        seed: int | None = None,
        threads: int | None = None,
        feature_columns: Columns = None,
    ) -> None:
        running = Running(weight_column, model_dir, config, warm_start_from, seed, threads)
        super().__init__(columns, ClassHead(n_classes, words_of(label_vocabulary)), running, feature_columns)


class BaselineRegressor(_Baseline):
    """A model that predicts the mean of the training data."""

    def __init__(
        self,
        columns: Columns = None,
        *,
        label_dimension: int = 1,
        loss: Loss | str = SQUARED,
        weight_column: str | None = None,
        model_dir: str | Path | None = None,
        config: RunConfig | None = None,
        warm_start_from: str | Path | WarmStartSettings | None = None,
        seed: int | None = None,
        threads: int | None = None,
        feature_columns: Columns = None,
    ) -> None:
        running = Running(weight_column, model_dir, config, warm_start_from, seed, threads)
        super().__init__(columns, NumberHead(label_dimension, loss), running, feature_columns)
