"""One step of each optimizer over [k, d] gradients, in place.

`ids` int64 [k] names the rows of p that the gradient rows belong to (distinct); None means all rows in order. One
formula serves dense and sparse parameters. p and what is remembered have one dtype, float32 or float64, and any strides;
scalars are taken in that dtype, so that float32 stays float32.
"""

from __future__ import annotations

from collections.abc import Hashable
from itertools import product
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.kernels.compiler import BOOL, F32, F64, I64, kernel, read, types, write

_SIZES = ((4, F32), (8, F64))


def _signatures(slots: int, scalars: int, optional: int = 0, flags: int = 0) -> dict[Hashable, tuple[Any, ...]]:
    """Return the variants of a step by `_key`; the first slots are always there, the optional ones may be None."""
    found: dict[Hashable, tuple[Any, ...]] = {}
    for (size, of), sparse, whole in product(_SIZES, (False, True), (False, True)):
        array = write(of, 2, "C" if whole else "A")
        for has in product((False, True), repeat=optional):
            some = (array if there else types.none for there in has)
            ids = read(I64) if sparse else types.none
            found[size, sparse, whole, has] = (
                array,
                read(of, 2),
                ids,
                *(array,) * slots,
                *some,
                *(of,) * scalars,
                *(BOOL,) * flags,
            )
    return found


def _key(p: Array, ids: Array | None, *slots: Array, optional: tuple[Array | None, ...] = ()) -> Hashable:
    """Return which variant fits: bytes of a number, rows named or not, all arrays without gaps or not, what is not None."""
    whole = p.flags.c_contiguous
    for slot in (*slots, *optional):
        whole = whole and (slot is None or slot.flags.c_contiguous)
    return p.itemsize, ids is not None, whole, tuple(slot is not None for slot in optional)


@kernel(_signatures(0, 3, optional=1, flags=1))
def _SGD(p: Any, g: Any, ids: Any, velocity: Any, rate: Any, momentum: Any, decay: Any, nesterov: Any) -> Any:
    for j in range(g.shape[0]):
        i = j if ids is None else ids[j]
        for c in range(g.shape[1]):
            d = g[j, c] + decay * p[i, c]
            if velocity is not None:
                v = momentum * velocity[i, c] + d
                velocity[i, c] = v
                d = d + momentum * v if nesterov else v
            p[i, c] -= rate * d


@kernel(_signatures(1, 2))
def _ADAGRAD(p: Any, g: Any, ids: Any, total: Any, rate: Any, epsilon: Any) -> Any:
    for j in range(g.shape[0]):
        i = j if ids is None else ids[j]
        for c in range(g.shape[1]):
            d = g[j, c]
            t = total[i, c] + d * d
            total[i, c] = t
            p[i, c] -= rate * d / (np.sqrt(t) + epsilon)


@kernel(_signatures(2, 7))
def _ADAM(
    p: Any, g: Any, ids: Any, m: Any, v: Any, rate: Any, b1: Any, b2: Any, epsilon: Any, unbias: Any, decay: Any, shrink: Any
) -> Any:
    one = p.dtype.type(1.0)
    for j in range(g.shape[0]):
        i = j if ids is None else ids[j]
        for c in range(g.shape[1]):
            d = g[j, c] + decay * p[i, c]
            a = m[i, c] + (one - b1) * (d - m[i, c])
            b = b2 * v[i, c] + (one - b2) * d * d
            m[i, c] = a
            v[i, c] = b
            p[i, c] = p[i, c] * shrink - rate * a / (np.sqrt(b) / unbias + epsilon)


@kernel(_signatures(1, 4, optional=2))
def _RMSPROP(
    p: Any, g: Any, ids: Any, square: Any, mean: Any, velocity: Any, rate: Any, rho: Any, momentum: Any, epsilon: Any
) -> Any:
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
            step = d / (np.sqrt(s) + epsilon)
            if velocity is not None:
                step = momentum * velocity[i, c] + step
                velocity[i, c] = step
            p[i, c] -= rate * step


@kernel(_signatures(2, 4))
def _FTRL(p: Any, g: Any, ids: Any, z: Any, n: Any, inverse_rate: Any, beta: Any, l1: Any, l2: Any) -> Any:
    for j in range(g.shape[0]):
        i = j if ids is None else ids[j]
        for c in range(g.shape[1]):
            d = g[j, c]
            before = n[i, c]
            after = before + d * d
            root = np.sqrt(after)
            total = z[i, c] + d - (root - np.sqrt(before)) * inverse_rate * p[i, c]
            z[i, c] = total
            n[i, c] = after
            pull = total - max(-l1, min(l1, total))  # what passes l1; no branch, signs cannot be predicted
            p[i, c] = -pull / ((beta + root) * inverse_rate + l2)


def sgd(
    p: Array,
    g: Array,
    ids: Array | None,
    velocity: Array | None,
    rate: float,
    momentum: float,
    nesterov: bool,
    decay: float,
) -> None:
    """Take a step of stochastic gradient descent; velocity None is without momentum."""
    t = p.dtype.type
    _SGD[_key(p, ids, optional=(velocity,))](p, g, ids, velocity, t(rate), t(momentum), t(decay), nesterov)


def adagrad(p: Array, g: Array, ids: Array | None, total: Array, rate: float, epsilon: float) -> None:
    """Take a step of Adagrad; `total` sums the squared gradients."""
    t = p.dtype.type
    _ADAGRAD[_key(p, ids, total)](p, g, ids, total, t(rate), t(epsilon))


def adam(
    p: Array,
    g: Array,
    ids: Array | None,
    m: Array,
    v: Array,
    rate: float,
    b1: float,
    b2: float,
    epsilon: float,
    unbias: float,
    decay: float,
    shrink: float,
) -> None:
    """Take a step of Adam.

    rate is already divided by 1 - beta_1^t; unbias is sqrt(1 - beta_2^t); shrink is 1, or 1 - rate * decay (AdamW).
    """
    t = p.dtype.type
    scalars = t(rate), t(b1), t(b2), t(epsilon), t(unbias), t(decay), t(shrink)
    _ADAM[_key(p, ids, m, v)](p, g, ids, m, v, *scalars)


def rmsprop(
    p: Array,
    g: Array,
    ids: Array | None,
    square: Array,
    mean: Array | None,
    velocity: Array | None,
    rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
) -> None:
    """Take a step of RMSProp; mean None is not centered, velocity None without momentum."""
    t, key = p.dtype.type, _key(p, ids, square, optional=(mean, velocity))
    _RMSPROP[key](p, g, ids, square, mean, velocity, t(rate), t(rho), t(momentum), t(epsilon))


def ftrl(
    p: Array, g: Array, ids: Array | None, z: Array, n: Array, inverse_rate: float, beta: float, l1: float, l2: float
) -> None:
    """Take a step of FTRL-proximal: McMahan et al., Ad Click Prediction (KDD 2013), algorithm 1.

    inverse_rate is 1 / alpha.
    """
    t = p.dtype.type
    _FTRL[_key(p, ids, z, n)](p, g, ids, z, n, t(inverse_rate), t(beta), t(l1), t(l2))
