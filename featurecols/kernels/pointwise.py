"""Functions of one number that numpy lacks, or takes many passes for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.kernels.compiler import F32, F64, kernel, read, write


@kernel({size: (read(of), write(of), write(of)) for size, of in ((4, F32), (8, F64))})
def _GELU(x: Any, y: Any, slope: Any) -> Any:
    for i in range(len(x)):
        v = np.float64(x[i])
        below = 0.5 * math.erfc(-v * 0.7071067811865476)
        y[i] = v * below
        slope[i] = below + v * 0.3989422804014327 * math.exp(-0.5 * v * v)


@kernel({size: (read(of), read(of), write(of), write(of)) for size, of in ((4, F32), (8, F64))})
def _LOG_LOSS(y: Any, z: Any, each: Any, slope: Any) -> Any:
    one, none = z.dtype.type(1), z.dtype.type(0)
    for i in range(len(z)):
        e = np.exp(-abs(z[i]))
        each[i] = max(z[i], none) - y[i] * z[i] + np.log1p(e)
        slope[i] = (one if z[i] >= none else e) / (one + e) - y[i]


def gelu(x: Array, y: Array, slope: Array) -> None:
    """Write y = x * Phi(x) and slope = dy/dx over flat arrays of float32 or of float64.

    The exact form (Hendrycks and Gimpel, 2016), not the one with tanh.
    """
    _GELU[x.itemsize](x, y, slope)


def log_loss(y: Array, z: Array, each: Array, slope: Array) -> None:
    """Write each = log(1 + exp(z)) - y * z and slope = sigmoid(z) - y, exact in both tails.

    Flat arrays of one dtype, float32 or float64: labels y in [0, 1], logits z.
    """
    _LOG_LOSS[z.itemsize](y, z, each, slope)
