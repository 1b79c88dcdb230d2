"""Losses with sample weights: labels and logits in, one number with its backward out.

A loss is taken on logits, where it is exact; the prediction (`mean`) is the logits through the inverse link. Unless
`from_logits` is true, the model's output is that mean already, as Keras has it; where the output was made by a sigmoid
or softmax, its logits are used, and else the logits are computed back, probabilities clipped to [1e-7, 1 - 1e-7].
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols._core.suggestions import module_names
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value, as_value
from featurecols.models.component import Component
from featurecols.models.layers.activation import logistic, softmax_of

CLIP = 1e-7
ONE = "give one label per output"


@frozen
class Loss(Component):
    """Base of all losses.

    The loss of a batch is sum(weight * loss of the row) / rows, as tf.estimator's and Keras' reductions are, or the
    plain sum; the loss of a row is the mean over its outputs.

    Args:
        from_logits: whether the model's outputs are logits, and not means. Estimators train on logits whatever it says.
        reduction: "mean" or "sum".
    """

    abstract: ClassVar[bool] = True
    called: ClassVar[tuple[str, ...]] = ("each", "mean")

    from_logits: bool = False
    reduction: str = field(default="mean", kw_only=True)

    @property
    def _who(self) -> str:
        """The name of the loss that users give, also of one by the name that saved models have for it."""
        return type(self).__name__.removeprefix("Saved")

    def check(self) -> None:
        if self.reduction not in ("mean", "sum"):
            raise errors.argument(self._who, "unknown reduction", self.reduction, 'give "mean" or "sum"')

    def __call__(self, labels: ArrayLike | None, outputs: Value | ArrayLike, weights: ArrayLike | None = None) -> Value:
        """Return the loss of a batch, of shape (): labels [n] or [n, k], outputs [n, k], weights [n] or None."""
        z = self.logits(as_value(outputs))
        y = self.labels(np.asarray(labels), z.shape)
        each, slope = self.point(y, z.array)
        total, factor = self._reduce(each, weights, z.array.dtype)
        if weights is None:
            return Value(total, (z,), lambda d: (slope * (d * factor),))
        return Value(total, (z,), lambda d: (slope * (d * factor)[:, None],))

    def _reduce(self, each: Array, weights: ArrayLike | None, dtype: np.dtype[np.floating]) -> tuple[Array, Array]:
        """Return the loss of a batch, and what that of each row counts in it: one number, or [n] where there are weights."""
        scale = np.asarray(1 / max(len(each), 1) if self.reduction == "mean" else 1.0, dtype)
        if weights is None:
            return np.asarray(each.sum() * scale), scale
        factor = sample_weights(weights, len(each), dtype) * scale
        return np.asarray(each @ factor), factor

    def each(self, labels: ArrayLike | None, outputs: Value | ArrayLike) -> Array:
        """Return the loss of every row [n], without weights."""
        z = self.logits(as_value(outputs))
        return self.point(self.labels(np.asarray(labels), z.shape), z.array)[0]

    def of_rows(
        self, labels: ArrayLike | None, outputs: Value | ArrayLike, weights: ArrayLike | None = None
    ) -> tuple[float, Array]:
        """Return the loss of a batch, as a call gives it, and the loss of every row [n], without weights."""
        z = self.logits(as_value(outputs)).array
        each = self.point(self.labels(np.asarray(labels), z.shape), z)[0]
        return float(self._reduce(each, weights, z.dtype)[0]), each

    def _logits_of_mean(self, labels: ArrayLike | None, units: int, weights: Array | None = None) -> Array:
        """Return the logits [units], float64, of a model that predicts the mean of these labels, whatever the row."""
        found = np.asarray(labels)
        y = self.labels(found, (len(found), units))
        targets = np.eye(units)[y] if y.ndim == 1 else y.astype(np.float64)
        return np.asarray(self.link(Value(np.average(targets, axis=0, weights=weights)[None])).array[0])

    def logits(self, outputs: Value) -> Value:
        """Return the model's outputs as logits [n, k]."""
        outputs = self._matrix(outputs)
        if self.from_logits:
            return outputs
        return outputs.logits if outputs.logits is not None else self.link(outputs)

    def _matrix(self, outputs: Value) -> Value:
        """Return outputs [n] as [n, 1], others as they are."""
        if outputs.array.ndim == 1:
            flat = outputs
            outputs = Value(flat.array[:, None], (flat,), lambda d: (d[:, 0],))
            outputs.logits = None if flat.logits is None else self._matrix(flat.logits)
        return outputs

    def labels(self, labels: Array, shape: tuple[int, ...]) -> Array:
        """Return labels as `point` takes them; raise DataError where a label cannot be one."""
        y = labels.reshape(len(labels), -1)
        if y.shape != shape:
            raise errors.labels(self._who, f"labels must have shape {shape}", labels.shape, None, ONE)
        check_finite(self._who, y)
        return y

    @abstractmethod
    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        """Return the loss of each row [n] and its gradient with respect to z [n, k]."""

    def link(self, means: Value) -> Value:
        """Return the logits of means."""
        return means

    def mean(self, z: Array) -> Array:
        """Return the means (probabilities, rates) of logits."""
        return z

    def mean_slopes(self, means: Array, shares: Array) -> Array:
        """Return how the average of means [n, k] over rows with these shares [n] changes with an offset of logits: [k, k]."""
        return np.eye(means.shape[1])


@frozen
class MeanSquaredError(Loss):
    """Mean over the outputs of (output - label)^2; logits and means are the same."""

    kind: ClassVar[str] = "models.Squared.v1"  # its name in saved models

    def logits(self, outputs: Value) -> Value:
        return self._matrix(outputs)

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


KNOWN: dict[str, Loss] = {
    "mse": MeanSquaredError(),
    "mean_squared_error": MeanSquaredError(),
    "binary_crossentropy": BinaryCrossentropy(),
    "categorical_crossentropy": CategoricalCrossentropy(),
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy(),
    "poisson": Poisson(),
}


def get(loss: Loss | str) -> Loss:
    """Return a loss as it is, or by Keras' name, which takes means as it does there."""
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, str) and loss.lower() in KNOWN:
        return KNOWN[loss.lower()]
    raise errors.unknown("loss", "name", loss, KNOWN)


def sample_weights(weights: ArrayLike | None, rows: int, dtype: DTypeLike) -> Array:
    """Return weights as [rows] of the model's dtype, ones where None; raise DataError for a negative or missing one."""
    if weights is None:
        return np.ones(rows, dtype)
    w = np.asarray(weights, dtype).reshape(-1)
    if len(w) != rows:
        raise errors.labels("weights", f"needs one weight for each of {rows} rows", w.shape, None, "give an array [rows]")
    if (bad := ~((w >= 0) & (w < np.inf))).any():
        row = int(bad.argmax())
        raise errors.labels("weights", "a weight must be finite and at least 0", w[row].item(), row, "mend or drop the row")
    return w


def check_finite(subject: str, y: Array) -> None:
    """Raise DataError for the first row whose label is missing or infinite."""
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int((~np.isfinite(y)).any(axis=1).argmax())
        raise errors.labels(subject, "a label is missing or infinite", y[row].tolist(), row, "drop rows without a label")


def _clipped(p: Array) -> tuple[Array, Array]:
    """Return probabilities within the clip, and where they were inside it (elsewhere no gradient flows)."""
    return p.clip(CLIP, 1 - CLIP), (p > CLIP) & (p < 1 - CLIP)


__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Loss",
    "MeanSquaredError",
    "Poisson",
    "SparseCategoricalCrossentropy",
]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = module_names("featurecols.models.losses", __all__)
