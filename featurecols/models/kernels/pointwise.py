"""Functions of one number that numpy lacks."""

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
