"""Losses with sample weights: labels and logits in, one number with its backward out.

A loss is taken on logits, where it is exact; the prediction (`mean`) is the logits through the inverse link. Unless
`from_logits` is true, the model's output is that mean already, as Keras has it; where the output was made by a sigmoid
or softmax, its logits are used, and else the logits are computed back, probabilities clipped to [1e-7, 1 - 1e-7].
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols._core.suggestions import module_names
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.layers.activation import logistic, softmax_of
from featurecols.models.objective.loss import Loss, check_finite
from featurecols.models.objective.number_losses import Hinge, Huber, MeanAbsoluteError, Quantile, require_number

CLIP = 1e-7


@frozen
class MeanSquaredError(Loss):
    """Mean over the outputs of (output - label)^2; logits and means are the same."""

    kind: ClassVar[str] = "models.Squared.v1"  # its name in saved models
    plain: ClassVar[bool] = True

    def rescaled(self, deviation: float) -> tuple[Loss, float]:
        return self, deviation**2

    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        miss = z - labels.astype(z.dtype)
        return np.square(miss).mean(axis=1), miss * z.dtype.type(2 / z.shape[1])


@frozen
class BinaryCrossentropy(Loss):
    """Mean over the outputs of log(1 + exp(z)) - label * z; labels in [0, 1]."""

    def labels(self, labels: Array, shape: tuple[int, ...]) -> Array:
        flat = labels.reshape(len(labels), -1)
        if flat.shape == shape and flat.size and flat.min() >= 0 and flat.max() <= 1:  # NaN fails both
            return flat
        y = super().labels(labels, shape)
        if (bad := ~((y >= 0) & (y <= 1)).all(axis=1)).any():
            row = int(bad.argmax())
            raise errors.labels(
                self._who,
                "a label must be in [0, 1]",
                y[row].tolist(),
                row,
                "name the positive class, or set n_classes",
            )
        return y

    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        z = np.ascontiguousarray(z, z.dtype if z.dtype in (np.float32, np.float64) else np.float64)
        y = np.ascontiguousarray(labels, z.dtype)
        each, slope = np.empty_like(z), np.empty_like(z)
        kernels.pointwise.log_loss(y.reshape(-1), z.reshape(-1), each.reshape(-1), slope.reshape(-1))
        if z.shape[1] == 1:
            return each[:, 0], slope
        return each.mean(axis=1), slope * z.dtype.type(1 / z.shape[1])

    def link(self, means: Value) -> Value:
        p, inside = _clipped(means.array)
        return Value(np.log(p) - np.log1p(-p), (means,), lambda d: (d * inside / (p * (1 - p)),))

    def mean(self, z: Array) -> Array:
        return logistic(z)

    def mean_slopes(self, means: Array, shares: Array) -> Array:
        return np.diag(shares @ (means * (1 - means)))


@frozen
class CategoricalCrossentropy(Loss):
    """log(sum of exp(z)) - z[label]; labels are class numbers [n] or weights of the classes (one-hots) [n, k]."""

    def labels(self, labels: Array, shape: tuple[int, ...]) -> Array:
        n, k = shape
        if labels.ndim == 2 and labels.shape == (n, k) and k > 1:
            check_finite(self._who, labels)
            return labels
        if labels.size != n:
            raise errors.labels(self._who, f"labels must have shape {(n,)} or {shape}", labels.shape, None, "one class per row")
        y = labels.reshape(n)
        check_finite(self._who, y[:, None])
        bad = (y < 0) | (y >= k) | (y != np.floor(y))
        if bad.any():
            row = int(bad.argmax())
            raise errors.labels(
                self._who, f"a label must be a class, 0 to {k - 1}", y[row].item(), row, "raise n_classes, or mend it"
            )
        return y.astype(np.int64)

    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        top = z.max(axis=1, keepdims=True)
        total = np.log(np.exp(z - top).sum(axis=1)) + top[:, 0]
        slope = softmax_of(z)
        if labels.ndim == 2:
            y = labels.astype(z.dtype)
            mass = y.sum(axis=1)
            return mass * total - (y * z).sum(axis=1), slope * mass[:, None] - y
        rows = np.arange(len(z))
        slope[rows, labels] -= 1
        return total - z[rows, labels], slope

    def link(self, means: Value) -> Value:
        p, inside = _clipped(means.array)
        return Value(np.log(p), (means,), lambda d: (d * inside / p,))

    def mean(self, z: Array) -> Array:
        return softmax_of(z)

    def mean_slopes(self, means: Array, shares: Array) -> Array:
        return np.asarray(np.diag(shares @ means) - (means * shares[:, None]).T @ means)


@frozen
class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """CategoricalCrossentropy by the name that Keras has for class numbers; both take either form of labels."""


@frozen
class Poisson(Loss):
    """Mean over the outputs of exp(z) - label * z: counts with rate exp(z), without the term log(label!)."""

    kind: ClassVar[str] = "models.Poisson.v2"

    def labels(self, labels: Array, shape: tuple[int, ...]) -> Array:
        y = super().labels(labels, shape)
        if (bad := (y < 0).any(axis=1)).any():
            row = int(bad.argmax())
            raise errors.labels(self._who, "a label must be at least 0", y[row].tolist(), row, "Poisson is for counts")
        return y

    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        y, rate = labels.astype(z.dtype), np.exp(z)
        return (rate - y * z).mean(axis=1), (rate - y) * z.dtype.type(1 / z.shape[1])

    def link(self, means: Value) -> Value:
        rate = np.maximum(means.array, CLIP)
        return Value(np.log(rate), (means,), lambda d: (d * (means.array > CLIP) / rate,))

    def mean(self, z: Array) -> Array:
        return np.asarray(np.exp(z))

    def mean_slopes(self, means: Array, shares: Array) -> Array:
        return np.diag(shares @ means)


@frozen
class BinaryFocalCrossentropy(BinaryCrossentropy):
    """BinaryCrossentropy times (1 - probability of the label)^gamma: rows that are right count less (Lin et al., 2017).

    Args:
        gamma: at least 0; 0 is BinaryCrossentropy.
        alpha: the weight of label 1, and 1 - alpha that of label 0; None for no weights. Keras' 0.25 is used there with
            apply_class_balancing=True alone.
    """

    gamma: float = field(default=2.0, kw_only=True)
    alpha: float | None = field(default=None, kw_only=True)

    def check(self) -> None:
        super().check()
        require_number(self._who, "gamma", self.gamma, 0, math.inf)
        if self.alpha is not None:
            require_number(self._who, "alpha", self.alpha, 0, 1)

    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        y, p = labels.astype(z.dtype), logistic(z)
        entropy = np.logaddexp(0, z).astype(z.dtype) - y * z
        wrong = y * (1 - p) + (1 - y) * p
        focus = wrong**self.gamma
        slope = focus * (p - y)
        if self.gamma:
            with np.errstate(divide="ignore", invalid="ignore"):
                steep = np.where(wrong > 0, wrong ** (self.gamma - 1), 0)
            slope = slope + self.gamma * steep * (1 - 2 * y) * p * (1 - p) * entropy
        weight = 1 if self.alpha is None else y * self.alpha + (1 - y) * (1 - self.alpha)
        return (weight * focus * entropy).mean(axis=1), (weight * slope * (1 / z.shape[1])).astype(z.dtype)


@frozen
class KLDivergence(CategoricalCrossentropy):
    """The sum over classes of label * log(label / probability): labels are shares of the classes [n, k], or class numbers."""

    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        each, slope = super().point(labels, z)
        if labels.ndim == 2:
            y = labels.astype(z.dtype)
            each = each + np.where(y > 0, y * np.log(np.maximum(y, np.finfo(z.dtype).tiny)), 0).sum(axis=1)
        return each, slope


OF_NUMBERS = (MeanSquaredError, MeanAbsoluteError, Huber, Quantile, Poisson)  # losses that no words have
KNOWN: dict[str, Loss] = {
    "mse": MeanSquaredError(),
    "mean_squared_error": MeanSquaredError(),
    "binary_crossentropy": BinaryCrossentropy(),
    "categorical_crossentropy": CategoricalCrossentropy(),
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy(),
    "poisson": Poisson(),
    "mae": MeanAbsoluteError(),
    "mean_absolute_error": MeanAbsoluteError(),
    "huber": Huber(),
    "quantile": Quantile(),
    "pinball": Quantile(),
    "hinge": Hinge(),
    "binary_focal_crossentropy": BinaryFocalCrossentropy(),
    "kl_divergence": KLDivergence(),
    "kld": KLDivergence(),
    "kl": KLDivergence(),
    "kullback_leibler_divergence": KLDivergence(),
    "focal": BinaryFocalCrossentropy(),
}


def get(loss: Loss | str) -> Loss:
    """Return a loss as it is, or by Keras' name, which takes means as it does there."""
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, str) and loss.lower() in KNOWN:
        return KNOWN[loss.lower()]
    raise errors.unknown("loss", "name", loss, KNOWN)


def _clipped(p: Array) -> tuple[Array, Array]:
    """Return probabilities within the clip, and where they were inside it (elsewhere no gradient flows)."""
    return p.clip(CLIP, 1 - CLIP), (p > CLIP) & (p < 1 - CLIP)


__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "Hinge",
    "Huber",
    "KLDivergence",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Poisson",
    "Quantile",
    "SparseCategoricalCrossentropy",
]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = module_names("featurecols.models.losses", __all__)
