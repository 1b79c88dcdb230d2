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

LEAK = 0.2
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@frozen
class Activation(Layer):
    """relu, leaky_relu, elu, selu, gelu, silu (or swish), softplus, tanh, sigmoid, softmax or linear.

    leaky_relu has the slope 0.2 below 0, as in Keras 3 and TensorFlow (PyTorch: 0.01), elu the scale 1.

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


def relu(x: Value, out: Array | None = None) -> Value:
    """Return x, or 0 where it is below; written into `out` where it is given, which may be the memory of x."""
    y = np.maximum(x.array, 0, out=arrays.empty(x.shape, x.array.dtype) if out is None else out)
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


def leaky_relu(x: Value) -> Value:
    """Return x, or a fifth of it where it is below 0."""
    slope = np.where(x.array > 0, x.array.dtype.type(1), x.array.dtype.type(LEAK))
    return Value(x.array * slope, (x,), lambda d: (d * slope,))


def elu(x: Value) -> Value:
    """Return x, or exp(x) - 1 where it is below 0 (Clevert et al., 2015)."""
    return _elu(x, 1.0, 1.0)


def selu(x: Value) -> Value:
    """Return the elu that keeps mean 0 and variance 1 (Klambauer et al., 2017)."""
    return _elu(x, SELU_SCALE, SELU_ALPHA)


def _elu(x: Value, scale: float, alpha: float) -> Value:
    """Return scale * x, or scale * alpha * (exp(x) - 1) where x is below 0."""
    of, above = x.array.dtype.type, x.array > 0
    below = of(scale * alpha) * np.expm1(np.minimum(x.array, 0))
    slope = np.where(above, of(scale), below + of(scale * alpha))
    return Value(np.where(above, of(scale) * x.array, below), (x,), lambda d: (d * slope,))


def silu(x: Value) -> Value:
    """Return x * sigmoid(x) (Ramachandran et al., 2017)."""
    p = logistic(x.array)
    return Value(x.array * p, (x,), lambda d: (d * (p * (1 + x.array * (1 - p))),))


def softplus(x: Value) -> Value:
    """Return log(1 + exp(x))."""
    return Value(np.logaddexp(x.array, x.array.dtype.type(0)), (x,), lambda d: (d * logistic(x.array),))


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


FUNCTIONS = {
    "linear": linear,
    "relu": relu,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "gelu": gelu,
    "softmax": softmax,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "silu": silu,
    "swish": silu,
    "softplus": softplus,
}
