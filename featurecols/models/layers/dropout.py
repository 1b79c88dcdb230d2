"""Dropout: in training, some inputs are zero and the others grow to make up for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value, as_value
from featurecols.models.autodiff.variables import Scope
from featurecols.models.layers.base import Layer


@frozen
class Dropout(Layer):
    """Each input is dropped with probability `rate` in training, the rest divided by 1 - rate; nothing at prediction.

    What is dropped depends on the model's seed and step alone.

    Args:
        rate: in [0, 1).
    """

    rate: float

    def check(self) -> None:
        super().check()
        if not isinstance(self.rate, (int, float)) or not 0 <= self.rate < 1:
            raise errors.argument(
                "Dropout", "rate must be in [0, 1)", self.rate, "give the fraction of inputs to drop, such as 0.1"
            )

    def forward(self, scope: Scope, x: Value | ArrayLike) -> Value:
        value = as_value(x)
        if not scope.training or self.rate == 0:
            return value
        scale = self._scale(scope, value.array)
        return Value(value.array * scale, (value,), lambda d: (d * scale,))

    def _scale(self, scope: Scope, x: Array) -> Array:
        """Return what x is multiplied by; where its rows are some of a batch, they get what they get in the whole of it."""
        if scope.variables.rows is None:
            return self.keep(scope.random(), x)
        start, stop, rows = scope.variables.rows
        whole = np.broadcast_to(np.zeros(1, x.dtype), (rows, *x.shape[1:]))  # of which the shape matters
        return self.keep(scope.random(), whole)[start:stop]

    def keep(self, random: np.random.Generator, x: Array) -> Array:
        """Return what x is multiplied by: 0 where dropped, 1 / (1 - rate) elsewhere."""
        kept = random.random(x.shape, np.float32) >= self.rate
        return np.asarray(kept * x.dtype.type(1 / (1 - self.rate)))
