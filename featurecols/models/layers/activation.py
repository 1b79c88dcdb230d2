"""Activation: a function of each number (softmax: of each row)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from featurecols import kernels
from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value, as_value
from featurecols.models.autodiff.variables import Scope
from featurecols.models.layers.base import Layer


@frozen
class Activation(Layer):
    """relu, tanh, sigmoid, gelu, softmax or linear.

    Args:
        function: which one, by name.

    >>> Activation("relu")
    Activation('relu')
    """

    function: str

    def check(self) -> None:
        super().check()
        check_activation(type(self).__name__, self.function)

    def forward(self, scope: Scope, x: Value | ArrayLike) -> Value:
        return activate(self.function, as_value(x))


def check_activation(subject: str, function: object) -> None:
    """Raise ColumnError for a name that is not that of an activation; None is linear."""
    if function is not None and function not in FUNCTIONS:
        raise errors.argument(subject, "unknown activation", function, f"known are {', '.join(FUNCTIONS)}")


def activate(function: str | None, x: Value) -> Value:
    """Return the function over x; None is linear."""
    return x if function in (None, "linear") else FUNCTIONS[function](x)


def relu(x: Value) -> Value:
    """Return x, or 0 where it is below."""
    y = np.maximum(x.array, 0, out=arrays.empty(x.shape, x.array.dtype))
    return Value(y, (x,), lambda d: (d * (y > 0),))


def tanh(x: Value) -> Value:
    """Return the hyperbolic tangent of x."""
    y = np.tanh(x.array)
    return Value(y, (x,), lambda d: (d * (1 - y * y),))


def sigmoid(x: Value) -> Value:
    """Return 1 / (1 + exp(-x))."""
    y = logistic(x.array)
    out = Value(y, (x,), lambda d: (d * y * (1 - y),))
    out.logits = x
    return out


def gelu(x: Value) -> Value:
    """Return x times the probability that a normal number is below x."""
    y, slope = np.empty_like(x.array), np.empty_like(x.array)
    kernels.pointwise.gelu(x.array.reshape(-1), y.reshape(-1), slope.reshape(-1))
    return Value(y, (x,), lambda d: (d * slope,))


def softmax(x: Value) -> Value:
    """Return exp(x) of each row over its sum."""
    y = softmax_of(x.array)
    out = Value(y, (x,), lambda d: (y * (d - (d * y).sum(axis=-1, keepdims=True)),))
    out.logits = x
    return out


def linear(x: Value) -> Value:
    """Return x."""
    return x


def logistic(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)), exact in both tails."""
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-z)), z.dtype)


def softmax_of(z: Array) -> Array:
    """Return exp(z) of each row over its sum."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


FUNCTIONS = {"linear": linear, "relu": relu, "tanh": tanh, "sigmoid": sigmoid, "gelu": gelu, "softmax": softmax}
