"""The base of losses: labels and logits in, one number with its backward out."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value, as_value
from featurecols.models.component import Component

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
    plain: ClassVar[bool] = False  # whether logits and means are the same

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

    def rescaled(self, deviation: float) -> tuple[Loss, float] | None:
        """Return what this loss is for labels and outputs divided by `deviation`: a loss, and the factor of it.

        None where labels must keep their scale.
        """
        return None

    def logits(self, outputs: Value) -> Value:
        """Return the model's outputs as logits [n, k]."""
        outputs = self._matrix(outputs)
        if self.from_logits or self.plain:
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
