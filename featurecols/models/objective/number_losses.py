"""Losses of numbers that forgive outliers or aim at a quantile, and the hinge: outputs are predictions, without a link."""

from __future__ import annotations

import math
from dataclasses import field
from typing import ClassVar

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.objective.loss import Loss


@frozen
class MeanAbsoluteError(Loss):
    """Mean over the outputs of |output - label|, whose best constant is the median."""

    plain: ClassVar[bool] = True

    def rescaled(self, deviation: float) -> tuple[Loss, float]:
        return self, deviation

    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        miss = z - labels.astype(z.dtype)
        return np.abs(miss).mean(axis=1), np.sign(miss) * z.dtype.type(1 / z.shape[1])


@frozen
class Huber(Loss):
    """Mean over the outputs of half the squared error up to `delta`, and delta * (|error| - delta / 2) beyond (Huber, 1964).

    Args:
        delta: above 0, in the units of the label.
    """

    plain: ClassVar[bool] = True

    delta: float = field(default=1.0, kw_only=True)

    def check(self) -> None:
        super().check()
        require_number(self._who, "delta", self.delta, 0, math.inf)
        if self.delta == 0:
            raise errors.argument(self._who, "delta must be above 0", self.delta, "use MeanAbsoluteError")

    def rescaled(self, deviation: float) -> tuple[Loss, float]:
        return self.replace(delta=self.delta / deviation), deviation**2

    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        miss = z - labels.astype(z.dtype)
        near = miss.clip(-self.delta, self.delta)
        each = near * (miss - z.dtype.type(0.5) * near)
        return each.mean(axis=1), near * z.dtype.type(1 / z.shape[1])


@frozen
class Quantile(Loss):
    """The pinball loss: mean over the outputs of quantile * (label - output), or (1 - quantile) * (output - label) above it.

    Its best constant is that quantile of the labels: 0.9 predicts what nine of ten rows stay below (Koenker and Bassett, 1978).

    Args:
        quantile: between 0 and 1.
    """

    plain: ClassVar[bool] = True

    quantile: float = field(default=0.5, kw_only=True)

    def check(self) -> None:
        super().check()
        require_number(self._who, "quantile", self.quantile, 0, 1)

    def rescaled(self, deviation: float) -> tuple[Loss, float]:
        return self, deviation

    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        miss = z - labels.astype(z.dtype)
        slope = np.where(miss > 0, z.dtype.type(1 - self.quantile), z.dtype.type(-self.quantile))
        slope = np.where(miss == 0, z.dtype.type(0), slope)
        return (slope * miss).mean(axis=1), slope * z.dtype.type(1 / z.shape[1])


@frozen
class Hinge(Loss):
    """Mean over the outputs of max(0, 1 - label * output), the labels 0 and 1, or -1 and 1; the loss of a linear SVM."""

    plain: ClassVar[bool] = True

    def labels(self, labels: Array, shape: tuple[int, ...]) -> Array:
        y = super().labels(labels, shape)
        if (bad := ~np.isin(y, (-1, 0, 1)).all(axis=1)).any():
            row = int(bad.argmax())
            hint = "use MeanSquaredError for numbers"
            raise errors.labels(self._who, "a label must be 0 or 1, or -1 or 1", y[row].tolist(), row, hint)
        return y

    def point(self, labels: Array, z: Array) -> tuple[Array, Array]:
        y = np.where(labels > 0, z.dtype.type(1), z.dtype.type(-1))
        margin = 1 - y * z
        return np.maximum(margin, 0).mean(axis=1), np.where(margin > 0, -y, 0).astype(z.dtype) * z.dtype.type(1 / z.shape[1])


def require_number(subject: str, what: str, got: object, least: float, most: float) -> None:
    """Raise ColumnError unless an argument is a finite number from `least` to `most`."""
    if isinstance(got, bool) or not isinstance(got, (int, float)) or not (least <= got <= most and math.isfinite(got)):
        bounds = f"at least {least}" if most == math.inf else f"from {least} to {most}"
        raise errors.argument(subject, f"{what} must be a number, {bounds}", got, f"leave {what} out for its default")
