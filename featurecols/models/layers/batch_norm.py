"""BatchNormalization: each column to mean 0 and variance 1 over the batch, then scaled and shifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Scope, ones, zeros
from featurecols.models.layers.base import Layer, matrix


@frozen
class BatchNormalization(Layer):
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta (Ioffe and Szegedy, 2015), population variance.

    In training mean and variance are the batch's, and move the averages that prediction uses:
    average = m * average + (1 - m) * batch, m being `momentum`, but after k batches at most k / (k + 1): the first ones
    give a plain mean, and nothing is left of the start.

    Args:
        momentum: in [0, 1); Keras has 0.99, tf.estimator 0.999.
        epsilon: added to the variance, above 0.
    """

    kind: ClassVar[str] = "models.BatchNorm.v1"  # its name in saved models

    momentum: float = 0.99
    epsilon: float = field(default=1e-3, kw_only=True)

    def check(self) -> None:
        super().check()
        if not isinstance(self.momentum, (int, float)) or not 0 <= self.momentum < 1:
            raise errors.argument(
                "BatchNormalization", "momentum must be in [0, 1)", self.momentum, "give a number such as 0.99"
            )
        if not isinstance(self.epsilon, (int, float)) or not self.epsilon > 0:
            raise errors.argument(
                "BatchNormalization", "epsilon must be above 0", self.epsilon, "give a small number such as 0.001"
            )

    def forward(self, scope: Scope, x: Value | ArrayLike) -> Value:
        x = matrix("BatchNormalization", x, scope.variables.dtype)
        width = (x.shape[1],)
        gamma, beta = scope.parameter("gamma", width, ones), scope.parameter("beta", width, zeros)
        mean, variance = scope.state("moving_mean", width, zeros), scope.state("moving_variance", width, ones)
        if scope.training:
            seen = scope.state("batches", (1,), zeros)
            seen += 1
            kept = min(self.momentum, float(1 - 1 / seen[0]))
            return self._train(x, gamma, beta, ((mean, kept), (variance, kept)))
        scale = 1 / np.sqrt(variance + x.array.dtype.type(self.epsilon))
        centred = (x.array - mean) * scale
        y = centred * gamma.array + beta.array
        return Value(y, (x, gamma, beta), lambda d: (d * (gamma.array * scale), (d * centred).sum(axis=0), d.sum(axis=0)))

    def _train(self, x: Value, gamma: Value, beta: Value, moving: Sequence[tuple[Array, float]]) -> Value:
        mean, variance = x.array.mean(axis=0), x.array.var(axis=0)
        scale = 1 / np.sqrt(variance + x.array.dtype.type(self.epsilon))
        centred = (x.array - mean) * scale
        for (average, kept), batch in zip(moving, (mean, variance), strict=True):
            average *= kept
            average += (1 - kept) * batch

        def backward(d: Array) -> tuple[Array, ...]:
            d_gamma, d_beta = (d * centred).sum(axis=0), d.sum(axis=0)
            n = x.array.dtype.type(len(d))
            return (d - d_beta / n - centred * (d_gamma / n)) * (gamma.array * scale), d_gamma, d_beta

        return Value(centred * gamma.array + beta.array, (x, gamma, beta), backward)
