"""Functions of one number that numpy lacks, or takes many passes for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def gelu(x: Any, y: Any, slope: Any) -> None:
    """y = x * Phi(x) and slope = dy/dx over flat arrays (Hendrycks and Gimpel, 2016; the exact form, not the tanh one)."""
    for i in range(len(x)):
        v = np.float64(x[i])
        below = 0.5 * math.erfc(-v * 0.7071067811865476)
        y[i] = v * below
        slope[i] = below + v * 0.3989422804014327 * math.exp(-0.5 * v * v)


@njit(nogil=True, cache=True)
def log_loss(y: Any, z: Any, each: Any, slope: Any) -> None:
    """each = log(1 + exp(z)) - y * z and slope = sigmoid(z) - y over flat arrays of one dtype, exact in both tails."""
    one, none = z.dtype.type(1), z.dtype.type(0)
    for i in range(len(z)):
        e = np.exp(-abs(z[i]))
        each[i] = max(z[i], none) - y[i] * z[i] + np.log1p(e)
        slope[i] = (one if z[i] >= none else e) / (one + e) - y[i]
