"""One step of each optimizer over [k, d] gradients, in place.

`ids` int64 [k] names the rows of p that the gradient rows belong to (distinct); None means all rows in order. One
formula serves dense and sparse parameters. Scalars have the dtype of p, so that float32 stays float32.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit


@njit(nogil=True, cache=True)
def sgd(p: Any, g: Any, ids: Any, velocity: Any, rate: Any, momentum: Any, nesterov: Any, decay: Any) -> None:
    for j in range(g.shape[0]):
        i = j if ids is None else ids[j]
        for c in range(g.shape[1]):
            d = g[j, c] + decay * p[i, c]
            if velocity is not None:
                v = momentum * velocity[i, c] + d
                velocity[i, c] = v
                d = d + momentum * v if nesterov else v
            p[i, c] -= rate * d


@njit(nogil=True, cache=True)
def adagrad(p: Any, g: Any, ids: Any, total: Any, rate: Any, epsilon: Any) -> None:
    for j in range(g.shape[0]):
        i = j if ids is None else ids[j]
        for c in range(g.shape[1]):
            d = g[j, c]
            t = total[i, c] + d * d
            total[i, c] = t
            p[i, c] -= rate * d / (math.sqrt(t) + epsilon)


@njit(nogil=True, cache=True)
def adam(
    p: Any,
    g: Any,
    ids: Any,
    m: Any,
    v: Any,
    rate: Any,
    b1: Any,
    b2: Any,
    epsilon: Any,
    unbias: Any,
    decay: Any,
    shrink: Any,
) -> None:
    """rate is already divided by 1 - beta_1^t; unbias is sqrt(1 - beta_2^t); shrink is 1, or 1 - rate*decay (AdamW)."""
    one = p.dtype.type(1.0)
    for j in range(g.shape[0]):
        i = j if ids is None else ids[j]
        for c in range(g.shape[1]):
            d = g[j, c] + decay * p[i, c]
            a = m[i, c] + (one - b1) * (d - m[i, c])
            b = b2 * v[i, c] + (one - b2) * d * d
            m[i, c] = a
            v[i, c] = b
            p[i, c] = p[i, c] * shrink - rate * a / (math.sqrt(b) / unbias + epsilon)


@njit(nogil=True, cache=True)
def rmsprop(
    p: Any, g: Any, ids: Any, square: Any, mean: Any, velocity: Any, rate: Any, rho: Any, momentum: Any, epsilon: Any
) -> None:
    one = p.dtype.type(1.0)
    for j in range(g.shape[0]):
        i = j if ids is None else ids[j]
        for c in range(g.shape[1]):
            d = g[j, c]
            s = rho * square[i, c] + (one - rho) * d * d
            square[i, c] = s
            if mean is not None:
                a = mean[i, c] + (one - rho) * (d - mean[i, c])
                mean[i, c] = a
                s = s - a * a
            step = d / (math.sqrt(s) + epsilon)
            if velocity is not None:
                step = momentum * velocity[i, c] + step
                velocity[i, c] = step
            p[i, c] -= rate * step


@njit(nogil=True, cache=True)
def ftrl(p: Any, g: Any, ids: Any, z: Any, n: Any, inverse_rate: Any, beta: Any, l1: Any, l2: Any) -> None:
    """McMahan et al., Ad Click Prediction (KDD 2013), algorithm 1; inverse_rate is 1 / alpha."""
    for j in range(g.shape[0]):
        i = j if ids is None else ids[j]
        for c in range(g.shape[1]):
            d = g[j, c]
            before = n[i, c]
            after = before + d * d
            root = math.sqrt(after)
            total = z[i, c] + d - (root - math.sqrt(before)) * inverse_rate * p[i, c]
            z[i, c] = total
            n[i, c] = after
            pull = total - max(-l1, min(l1, total))  # what passes l1; no branch, signs cannot be predicted
            p[i, c] = -pull / ((beta + root) * inverse_rate + l2)
