"""Heads: what a model's logits mean: how labels are read, the loss, the predictions, the metrics."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.spec import Converted
from featurecols.data.batch import Batch
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.component import Component, component_from_json
from featurecols.models.input import classes, labels
from featurecols.models.input.classes import Classes
from featurecols.models.layers.base import require_positive
from featurecols.models.objective import losses, metrics
from featurecols.models.objective.accumulators import Accumulator, BinaryMetrics, MulticlassMetrics, OfMeans, Whole
from featurecols.models.objective.label_scaling import TRANSFORMS, LabelScaling
from featurecols.models.objective.losses import BinaryCrossentropy, Loss, MeanSquaredError, SparseCategoricalCrossentropy
from featurecols.models.objective.saved_losses import on_logits


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

    def batch_loss(self, labels: Array | None, logits: Value, weights: Array | None) -> Value:
        """Return the loss of a batch, of shape ()."""
        return self.objective(labels, logits, weights)

    def row_losses(self, labels: Array | None, logits: Value) -> Array:
        """Return the loss of every row [n], without weights."""
        return self.objective.each(labels, logits)

    def losses(self, labels: Array | None, logits: Value, weights: Array | None) -> tuple[float, Array]:
        """Return the loss of a batch, and the loss of every row [n], without weights."""
        return float(self.batch_loss(labels, logits, weights)), self.row_losses(labels, logits)

    def losses_of_mean(self, labels: Array | None, weights: Array | None) -> Array:
        """Return the loss of every row [n], without weights, of a model that predicts the mean of these labels."""
        targets = self._targets(np.asarray(labels))
        logits = self.objective._logits_of_mean(targets, self.units, weights)
        return self.row_losses(labels, Value(np.tile(logits, (len(targets), 1))))

    def label_sums(self, labels: Array, weights: Array) -> Array:
        """Return the weighted sum of labels as the objective takes them (of classes, of one-hots), float64 [units]."""
        y = self.objective.labels(self._targets(labels), (len(labels), self.units))
        if y.ndim == 1:
            return np.bincount(y, weights, self.units)
        return np.asarray((y * weights[:, None]).sum(axis=0, dtype=np.float64))

    def _targets(self, labels: Array) -> Array:
        """Return labels as the objective takes them."""
        return labels

    @abstractmethod
    def read(self, batch: Batch, keys: Sequence[str]) -> Array:
        """Return the labels of a batch as the loss takes them; raise DataError for what is not a label."""

    @abstractmethod
    def predictions(self, logits: Array) -> dict[str, Array]:
        """Return arrays by name: [n] for what is one value a row, [n, k] for what is several."""

    @abstractmethod
    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        """Return tf.estimator's metrics, exact."""

    def accumulator(self) -> Accumulator:
        """Return what adds up the metrics of rows that come in batches: (labels, logits, losses, weights) of each."""
        return Whole(self.metrics)

    def outputs(self, logits: Array) -> Array:
        """Return the numbers of predictions [n, ...] that are the first not to be finite: the logits, or what is predicted."""
        return logits

    @property
    def learns_words(self) -> bool:
        """Whether labels may be words that the head does not know yet."""
        return False

    def with_words(self, words: Classes | None, key: str) -> Head:
        """Return the head with the classes of the label field `key`, or without any; raise DataError where they do not fit."""
        return self

    def learn_of_fields(self, batches: Iterable[Batch], keys: Sequence[str], *, ends: bool) -> Head:
        """Return the head with what the labels of these fields hold; as `learn` where one field has them."""
        return self.learn(batches, keys[0], ends=ends)

    def learn(self, batches: Iterable[Batch], key: str, *, ends: bool) -> Head:
        """Return the head with the classes that labels hold; `ends` as in classes.learn.

        Raises DataError for labels that do not fit.
        """
        return self


@dataclass(frozen=True, eq=False, repr=False)
class ClassHead(Head):
    """n_classes of which one is right. Two classes take one logit, more take one each.

    words: the labels by class number, in their own type; None where they are the class numbers, as integers.
    """

    n_classes: int = 2
    words: Classes | None = None
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
        return _loss_of_classes(self.n_classes == 2, self.reduction)

    @property
    def classes(self) -> Array:
        """The classes in their own type [n_classes]: strings, booleans, int64 or float64."""
        return _array_of(range(self.n_classes) if self.words is None else self.words).copy()

    @property
    def names(self) -> tuple[str, ...]:
        """The classes as text."""
        return tuple(str(k) for k in (self.words or range(self.n_classes)))

    @property
    def learns_words(self) -> bool:
        return self.words is None

    def learn(self, batches: Iterable[Batch], key: str, *, ends: bool) -> ClassHead:
        return self.with_words(classes.learn(batches, key, self.n_classes, ends=ends), key) if self.learns_words else self

    def with_words(self, words: Classes | None, key: str) -> ClassHead:
        if words is not None and len(words) == 1:
            hint = "there is nothing to tell apart: check the data, or name the labels with label_vocabulary"
            raise errors.labels(key, "all labels are alike", words[0], None, hint)
        if words is not None and len(words) != self.n_classes:
            what = f"n_classes is {self.n_classes}, and the label has {len(words)} different values"
            shown = [*words[:8], "..."] if len(words) > 8 else list(words)
            hint = f"set n_classes={len(words)} (--n-classes), or name them with label_vocabulary"
            raise errors.labels(key, what, shown, None, hint)
        return ClassHead(self.n_classes, words, reduction=self.reduction)

    def read(self, batch: Batch, keys: Sequence[str]) -> Array:
        if len(keys) != 1:
            raise errors.model("classifier", "needs one label", list(keys), "name one field")
        return classes.read(batch, keys[0], self.words, self.n_classes)

    def losses(self, labels: Array | None, logits: Value, weights: Array | None) -> tuple[float, Array]:
        return self.objective.of_rows(labels, logits, weights)

    def probabilities(self, logits: Array) -> Array:
        """Return float32 [n, n_classes]."""
        means = self.objective.mean(logits)
        return np.concatenate([1 - means, means], axis=1) if self.n_classes == 2 else means

    def class_ids(self, logits: Array) -> Array:
        """Return the class numbers of the largest probabilities, int64 [n]; of equal ones the first."""
        return (logits[:, 0] > 0).astype(np.int64) if self.n_classes == 2 else logits.argmax(axis=1)

    def predictions(self, logits: Array) -> dict[str, Array]:
        ids = self.class_ids(logits)
        return {
            "logits": squeeze(logits),
            "probabilities": self.probabilities(logits),
            "class_ids": ids,
            "classes": _array_of(range(self.n_classes) if self.words is None else self.words)[ids],
        }

    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        if self.n_classes == 2:
            return metrics.binary(labels, logits, losses=losses, sample_weight=weights)
        return metrics.multiclass(labels, logits, classes=self.names, losses=losses, sample_weight=weights)

    def accumulator(self) -> Accumulator:
        return BinaryMetrics() if self.n_classes == 2 else MulticlassMetrics(self.names)


@dataclass(frozen=True, eq=False, repr=False)
class NumberHead(Head):
    """`dimension` numbers. The loss is MeanSquaredError, or Poisson for counts.

    transform: "log1p" where the model predicts log(1 + label); predictions and metrics are of the label itself, the loss is of
    the logarithms. scaling: what training learned of the labels; None where logits are labels, as they are.
    """

    dimension: int = 1
    loss: Converted[Loss | str, Loss] = field(default=MeanSquaredError())  # type: ignore[arg-type]
    transform: str | None = None
    scaling: LabelScaling | None = None

    def check(self) -> None:
        require_positive("regressor", "label_dimension", self.dimension)
        loss: object = losses.get(self.loss) if isinstance(self.loss, str) else component_from_json(self.loss, Loss, "loss")
        if not isinstance(loss, Loss):
            hint = "give losses.MeanSquaredError(), losses.Huber() or losses.Poisson()"
            raise errors.argument("regressor", "loss must be a Loss, or a name", loss, hint)
        object.__setattr__(self, "loss", on_logits(loss))
        if self.transform is not None and self.transform not in TRANSFORMS:
            raise errors.unknown("regressor", "label_transform", self.transform, TRANSFORMS)
        if self.transform is not None and not isinstance(self.loss, MeanSquaredError):
            hint = "leave label_transform out: Poisson predicts through a logarithm by itself"
            raise errors.argument("regressor", "label_transform needs the loss MeanSquaredError", self.loss, hint)
        if self.scaling is not None and not isinstance(self.scaling, LabelScaling):
            raise errors.argument(
                "regressor", "scaling must be a LabelScaling", self.scaling, "leave it out: training learns it"
            )
        if self.scaling is not None and len(self.scaling.mean) != self.dimension:
            raise errors.argument("regressor", f"scaling must be of {self.dimension} numbers", self.scaling, "learn it again")

    @property
    def units(self) -> int:
        return self.dimension

    @property
    def objective(self) -> Loss:
        return self.loss

    @property
    def scales(self) -> bool:
        """Whether the loss lets labels be scaled: Poisson has its own link; of several numbers only a squared error does."""
        return isinstance(self.loss, MeanSquaredError) or (self.dimension == 1 and self.loss.rescaled(1.0) is not None)

    @property
    def _inner(self) -> tuple[Loss, float]:
        """The loss of scaled labels, and the factor that makes it the loss of labels."""
        deviation = 1.0 if self.scaling is None else self.scaling.deviation[0]
        return self.loss.rescaled(deviation) or (self.loss, 1.0)

    def with_words(self, words: Classes | None, key: str) -> NumberHead:
        return self if self.scaling is None else self.with_scaling(None)

    def with_scaling(self, scaling: LabelScaling | None) -> NumberHead:
        """Return the head with what training learned of the labels."""
        return NumberHead(self.dimension, self.loss, self.transform, scaling)

    def read(self, batch: Batch, keys: Sequence[str]) -> Array:
        """Return labels float32 [n, dimension]; float64 where they are scaled, which float32 may not hold apart."""
        if self.scaling is None and self.transform is None:
            return labels.numbers(batch, keys, self.dimension)
        return self.read_exact(batch, keys)

    def read_exact(self, batch: Batch, keys: Sequence[str]) -> Array:
        """Return labels float64 [n, dimension]; raise DataError for one without a transform."""
        found = labels.numbers(batch, keys, self.dimension, "float64")
        if self.transform is not None and (bad := (found <= -1).any(axis=1)).any():
            row = int(bad.argmax())
            what, hint = "log1p needs labels above -1", "leave label_transform out"
            raise errors.labels(", ".join(keys), what, found[row].tolist(), row, hint)
        return found

    def transformed(self, labels: Array) -> Array:
        """Return labels [n, dimension] as training scales them: their logarithms where a transform says so."""
        return labels if self.transform is None else np.log1p(labels)

    def batch_loss(self, labels: Array | None, logits: Value, weights: Array | None) -> Value:
        """Return the loss of a batch in the units of the label; its gradient is that of the scaled labels."""
        if labels is None or (self.scaling is None and self.transform is None):
            return self.objective(labels, logits, weights)
        objective, factor = self._inner
        inner = objective(self._targets(labels), logits, weights)
        if self.scaling is None:
            return inner
        if self.dimension == 1:
            total = np.asarray(np.float64(inner.array) * factor)
        else:
            each = self.row_losses(labels, logits)
            total = np.asarray(each.sum() if weights is None else each @ weights.astype(np.float64))
            total = total / max(len(each), 1) if self.loss.reduction == "mean" else total
        return Value(total, (inner,), lambda d: (d.astype(inner.array.dtype),))

    def row_losses(self, labels: Array | None, logits: Value) -> Array:
        if labels is None or (self.scaling is None and self.transform is None):
            return self.objective.each(labels, logits)
        if self.scaling is None:
            return self.objective.each(self._targets(labels), logits)
        found = self.scaling.restore(logits.array)
        if not isinstance(self.loss, MeanSquaredError):
            return self.loss.each(self.transformed(labels), found)
        return np.asarray(np.square(found - self.transformed(labels)).mean(axis=1))

    def _targets(self, labels: Array) -> Array:
        """Return labels [n, dimension] as the logits are to be."""
        found = self.transformed(labels)
        return found.astype(np.float32) if self.scaling is None else self.scaling.standardize(found)

    def means(self, logits: Array) -> Array:
        """Return what logits [n, dimension] predict, in the units of the label, float64 where it is scaled."""
        if self.scaling is None and self.transform is None:
            return self.loss.mean(logits)
        found = logits if self.scaling is None else self.scaling.restore(logits)
        with np.errstate(over="ignore"):
            return found if self.transform is None else np.expm1(found)

    def outputs(self, logits: Array) -> Array:
        return self.means(logits)

    def predictions(self, logits: Array) -> dict[str, Array]:
        found = self.means(logits)
        if self.scaling is not None:
            found = found.astype(self.scaling.dtype if self.transform is None else np.float32)
        return {"predictions": squeeze(found)}

    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        return metrics.regression(labels, self.means(logits), losses=losses, sample_weight=weights)

    def accumulator(self) -> Accumulator:
        return OfMeans(self.means)


@dataclass(frozen=True, eq=False, repr=False)
class PlainHead(Head):
    """Labels as they are, for a model_fn that knows what they mean.

    Words are class numbers, whole numbers int64, others float32; several fields are side by side.
    """

    words: Classes | None = None

    @property
    def learns_words(self) -> bool:
        return self.words is None

    def learn(self, batches: Iterable[Batch], key: str, *, ends: bool) -> PlainHead:
        return PlainHead(classes.learn_words(batches, key)) if self.learns_words else self

    def with_words(self, words: Classes | None, key: str) -> PlainHead:
        return PlainHead(words)

    @property
    def units(self) -> int:
        return 1

    @property
    def objective(self) -> Loss:
        return MeanSquaredError()

    def read(self, batch: Batch, keys: Sequence[str]) -> Array:
        if self.words is not None:
            return classes.read(batch, keys[0], self.words, len(self.words))
        return labels.plain(batch, keys)

    def predictions(self, logits: Array) -> dict[str, Array]:
        return {"logits": logits}

    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        return {}


@lru_cache(16)  # losses check themselves when they are made: once, and not in every step
def _loss_of_classes(two: bool, reduction: str) -> Loss:
    """Return the loss of two classes, or of more, on logits."""
    return (BinaryCrossentropy if two else SparseCategoricalCrossentropy)(True, reduction=reduction)


def _array_of(classes: Classes | range) -> Array:
    """Return classes in their own type, as an array that nobody writes to."""
    return _kept_array_of(classes, type(classes[0]).__name__)


@lru_cache(16)
def _kept_array_of(classes: Classes | range, kind: str) -> Array:
    """Return an array of classes; `kind` tells 1, 1.0 and True apart, which are equal."""
    found = np.array(classes)
    found.flags.writeable = False
    return found


def squeeze(outputs: Array) -> Array:
    """Return outputs [n, 1] as [n], and others [n, k] as they are."""
    return outputs[:, 0] if outputs.shape[1] == 1 else outputs
