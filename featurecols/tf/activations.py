"""Activations of hidden layers over float32 arrays, by the names that Keras gives them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from featurecols._core.arrays import Array

_ALPHA, _SCALE = np.float32(1.6732632423543772), np.float32(1.0507009873554805)  # of selu (Klambauer et al. 2017)


def _elu(x: Array) -> Array:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _selu(x: Array) -> Array:
    return _SCALE * np.where(x > 0, x, _ALPHA * np.expm1(np.minimum(x, 0)))


def logistic(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) without overflow: exp is taken of negative numbers only."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e)).astype(np.float32)


def softmax(x: Array) -> Array:
    """Return probabilities along the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)).astype(np.float32)


def _softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _gelu(x: Array) -> Array:
    """Return the exact form, x times the normal distribution's CDF."""
    from math import erf

    cdf = np.array([0.5 * (1 + erf(v)) for v in (x / np.sqrt(2)).ravel().tolist()], np.float32)
    return x * cdf.reshape(x.shape)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x > 0, x, np.float32(0.2) * x),
    "elu": _elu,
    "selu": _selu,
    "tanh": np.tanh,
    "sigmoid": logistic,
    "softplus": _softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "swish": lambda x: x * logistic(x),
    "gelu": _gelu,
}
