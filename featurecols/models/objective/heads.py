"""Heads: what a model's logits mean: how labels are read, the loss, the predictions, the metrics."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.component import Component
from featurecols.models.input import labels
from featurecols.models.layers.base import require_positive
from featurecols.models.objective import metrics
from featurecols.models.objective.losses import Logistic, Loss, Softmax, Squared


@dataclass(frozen=True, eq=False, repr=False)
class Head(Component):
    """Base of heads: logits [n, units] in, everything that is asked of them out."""

    abstract: ClassVar[bool] = True

    @property
    @abstractmethod
    def units(self) -> int: ...

    @property
    @abstractmethod
    def objective(self) -> Loss: ...

    @abstractmethod
    def read(self, batch: Any, keys: Sequence[str]) -> Array:
        """The labels of a batch as the loss takes them; raises DataError for what is no label."""

    @abstractmethod
    def predictions(self, logits: Array) -> dict[str, Array]:
        """tf.estimator's prediction keys, each [n, ...]."""

    @abstractmethod
    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        """tf.estimator's metrics, exact."""


@dataclass(frozen=True, eq=False, repr=False)
class ClassHead(Head):
    """n_classes of which one is right. Two classes take one logit, more take one each.

    words: the labels by class number, where they are words.
    """

    n_classes: int = 2
    words: tuple[str, ...] | None = None
    reduction: str = field(default="mean", kw_only=True)

    def check(self) -> None:
        require_positive("classifier", "n_classes", self.n_classes)
        if self.n_classes < 2:
            raise errors.argument("classifier", "n_classes must be 2 or more", self.n_classes, "use a regressor for numbers")
        if self.words is not None and (len(self.words) != self.n_classes or len(set(self.words)) != len(self.words)):
            what = f"label_vocabulary must name n_classes={self.n_classes} different labels"
            raise errors.argument("classifier", what, self.words, f"set n_classes={len(set(self.words))}")

    @property
    def units(self) -> int:
        return 1 if self.n_classes == 2 else self.n_classes

    @property
    def objective(self) -> Loss:
        return (Logistic if self.n_classes == 2 else Softmax)(reduction=self.reduction)

    @property
    def names(self) -> tuple[str, ...]:
        """What the classes are called."""
        return self.words or tuple(str(k) for k in range(self.n_classes))

    def read(self, batch: Any, keys: Sequence[str]) -> Array:
        if len(keys) != 1:
            raise errors.model("classifier", "needs one label", list(keys), "name one field")
        return labels.classes(batch, keys[0], self.words, self.n_classes)

    def probabilities(self, logits: Array) -> Array:
        """[n, n_classes]."""
        means = self.objective.mean(logits)
        return np.concatenate([1 - means, means], axis=1) if self.n_classes == 2 else means

    def predictions(self, logits: Array) -> dict[str, Array]:
        p, n = self.probabilities(logits), len(logits)
        ids = (logits[:, 0] > 0).astype(np.int64) if self.n_classes == 2 else logits.argmax(axis=1)
        names = np.array(self.names)
        out = {"logits": logits, "logistic": p[:, 1:]} if self.n_classes == 2 else {"logits": logits}
        every = np.arange(self.n_classes, dtype=np.int32)
        return {
            **out,
            "probabilities": p,
            "class_ids": ids[:, None],
            "classes": names[ids][:, None],
            "all_class_ids": np.broadcast_to(every, (n, self.n_classes)),
            "all_classes": np.broadcast_to(names, (n, self.n_classes)),
        }

    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        if self.n_classes == 2:
            return metrics.binary(labels, logits, losses, weights)
        return metrics.multiclass(labels, logits, losses, weights, self.names)


@dataclass(frozen=True, eq=False, repr=False)
class NumberHead(Head):
    """`dimension` numbers. The loss is Squared, or Poisson for counts."""

    dimension: int = 1
    loss: Loss = field(default=Squared())

    def check(self) -> None:
        require_positive("regressor", "label_dimension", self.dimension)
        if not isinstance(self.loss, Loss):
            raise errors.argument("regressor", "loss must be a Loss", self.loss, "give losses.Squared() or losses.Poisson()")

    @property
    def units(self) -> int:
        return self.dimension

    @property
    def objective(self) -> Loss:
        return self.loss

    def read(self, batch: Any, keys: Sequence[str]) -> Array:
        return labels.numbers(batch, keys, self.dimension)

    def predictions(self, logits: Array) -> dict[str, Array]:
        return {"predictions": self.loss.mean(logits)}

    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        return metrics.regression(labels, self.loss.mean(logits), losses, weights)


@dataclass(frozen=True, eq=False, repr=False)
class PlainHead(Head):
    """Labels as they are, for a model_fn that knows what they mean: words as class numbers, whole numbers as int64, others
    as float32; several fields side by side."""

    words: tuple[str, ...] | None = None

    @property
    def units(self) -> int:
        return 1

    @property
    def objective(self) -> Loss:
        return Squared()

    def read(self, batch: Any, keys: Sequence[str]) -> Array:
        if self.words is not None:
            return labels.classes(batch, keys[0], self.words, len(self.words))
        return labels.plain(batch, keys)

    def predictions(self, logits: Array) -> dict[str, Array]:
        return {"logits": logits}

    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        return {}
