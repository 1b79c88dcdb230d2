"""Heads: what a model's logits mean: how labels are read, the loss, the predictions, the metrics."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from featurecols._core.arrays import Array
from featurecols.data.batch import Batch
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
    def units(self) -> int:
        """How many logits a row has."""

    @property
    @abstractmethod
    def objective(self) -> Loss:
        """What training minimizes."""

    @abstractmethod
    def read(self, batch: Batch, keys: Sequence[str]) -> Array:
        """Return the labels of a batch as the loss takes them; raise DataError for what is not a label."""

    @abstractmethod
    def predictions(self, logits: Array) -> dict[str, Array]:
        """Return arrays [n, ...] by tf.estimator's prediction keys."""

    @abstractmethod
    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        """Return tf.estimator's metrics, exact."""

    @property
    def learns_words(self) -> bool:
        """Whether labels may be words that the head does not know yet."""
        return False

    def with_words(self, words: tuple[str, ...] | None, key: str) -> Head:
        """Return the head with the words of the label field `key`, or without any; raise DataError where they do not fit."""
        return self


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
        """The names of the classes."""
        return self.words or tuple(str(k) for k in range(self.n_classes))

    @property
    def learns_words(self) -> bool:
        return self.words is None

    def with_words(self, words: tuple[str, ...] | None, key: str) -> ClassHead:
        if words is not None and len(words) == 1:
            hint = "there is nothing to tell apart: check the data, or name the labels with label_vocabulary"
            raise errors.labels(key, "all labels are alike", words[0], None, hint)
        if words is not None and len(words) != self.n_classes:
            what = f"n_classes is {self.n_classes}, and the label has {len(words)} words"
            shown = [*words[:8], "..."] if len(words) > 8 else list(words)
            hint = f"set n_classes={len(words)} (--n-classes), or name them with label_vocabulary"
            raise errors.labels(key, what, shown, None, hint)
        return ClassHead(self.n_classes, words, reduction=self.reduction)

    def read(self, batch: Batch, keys: Sequence[str]) -> Array:
        if len(keys) != 1:
            raise errors.model("classifier", "needs one label", list(keys), "name one field")
        return labels.classes(batch, keys[0], self.words, self.n_classes)

    def probabilities(self, logits: Array) -> Array:
        """Return float32 [n, n_classes]."""
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

    def read(self, batch: Batch, keys: Sequence[str]) -> Array:
        return labels.numbers(batch, keys, self.dimension)

    def predictions(self, logits: Array) -> dict[str, Array]:
        return {"predictions": self.loss.mean(logits)}

    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        return metrics.regression(labels, self.loss.mean(logits), losses, weights)


@dataclass(frozen=True, eq=False, repr=False)
class PlainHead(Head):
    """Labels as they are, for a model_fn that knows what they mean.

    Words are class numbers, whole numbers int64, others float32; several fields are side by side.
    """

    words: tuple[str, ...] | None = None

    @property
    def learns_words(self) -> bool:
        return self.words is None

    def with_words(self, words: tuple[str, ...] | None, key: str) -> PlainHead:
        return PlainHead(words)

    @property
    def units(self) -> int:
        return 1

    @property
    def objective(self) -> Loss:
        return Squared()

    def read(self, batch: Batch, keys: Sequence[str]) -> Array:
        if self.words is not None:
            return labels.classes(batch, keys[0], self.words, len(self.words))
        return labels.plain(batch, keys)

    def predictions(self, logits: Array) -> dict[str, Array]:
        return {"logits": logits}

    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        return {}
