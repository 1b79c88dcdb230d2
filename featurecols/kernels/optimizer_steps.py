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
from featurecols.kernels.compiler import BOOL, F32, F64, I64, Kernel, kernel, read, write

_SIZES = ((4, F32), (8, F64))
_ALL_ROWS = np.empty(0, np.int64)


def _signatures(slots: int, scalars: int, flags: int = 0) -> dict[Hashable, tuple[Any, ...]]:
    """Return the variants of a step: bytes of a number, and whether all arrays are without gaps."""
    found: dict[Hashable, tuple[Any, ...]] = {}
    for (size, of), whole in product(_SIZES, (False, True)):
        array = write(of, 2, "C" if whole else "A")
        found[size, whole] = array, read(of, 2), read(I64), *(array,) * slots, *(of,) * scalars, *(BOOL,) * flags
    return found


def _run(
    step: Kernel,
    p: Array,
    g: Array,
    ids: Array | None,
    slots: tuple[Array | None, ...],
    scalars: tuple[float, ...],
    *flags: bool,
) -> None:
    """Run the variant that fits: bytes of a number, and whether all arrays are without gaps.

    Dense parameters without gaps come as one long row (Optimizer.apply): loops over short rows would check each of them for
    overlaps. A slot that is None is an empty array, which a flag keeps the step from reading. Scalars come as Python's: the
    call converts them to the dtype, several times as fast as numpy does.
    """
    arrays = [np.empty((0, 0), p.dtype) if slot is None else slot for slot in slots]
    whole = p.flags.c_contiguous and g.flags.c_contiguous
    for array in arrays:
        whole = whole and array.flags.c_contiguous
    step[p.itemsize, whole](p, g, _ALL_ROWS if ids is None else ids, *arrays, *scalars, *flags)


@kernel(_signatures(1, 3, flags=2))
def _SGD(p: Any, g: Any, ids: Any, velocity: Any, rate: Any, momentum: Any, decay: Any, nesterov: Any, remembers: Any) -> Any:
    some = ids.shape[0] > 0
    for j in range(g.shape[0]):
        i = ids[j] if some else j
        for c in range(g.shape[1]):
            d = g[j, c] + decay * p[i, c]
            if remembers:
                v = momentum * velocity[i, c] + d
                velocity[i, c] = v
                d = d + momentum * v if nesterov else v
            p[i, c] -= rate * d


@kernel(_signatures(1, 2))
def _ADAGRAD(p: Any, g: Any, ids: Any, total: Any, rate: Any, epsilon: Any) -> Any:
    some = ids.shape[0] > 0
    for j in range(g.shape[0]):
        i = ids[j] if some else j
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
    some = ids.shape[0] > 0
    for j in range(g.shape[0]):
        i = ids[j] if some else j
        for c in range(g.shape[1]):
            d = g[j, c] + decay * p[i, c]
            a = m[i, c] + (one - b1) * (d - m[i, c])
            b = b2 * v[i, c] + (one - b2) * d * d
            m[i, c] = a
            v[i, c] = b
            p[i, c] = p[i, c] * shrink - rate * a / (np.sqrt(b) / unbias + epsilon)


@kernel(_signatures(3, 4, flags=2))
def _RMSPROP(
    p: Any,
    g: Any,
    ids: Any,
    square: Any,
    mean: Any,
    velocity: Any,
    rate: Any,
    rho: Any,
    momentum: Any,
    epsilon: Any,
    centered: Any,
    remembers: Any,
) -> Any:
    one = p.dtype.type(1.0)
    some = ids.shape[0] > 0
    for j in range(g.shape[0]):
        i = ids[j] if some else j
        for c in range(g.shape[1]):
            d = g[j, c]
            s = rho * square[i, c] + (one - rho) * d * d
            square[i, c] = s
            if centered:
                a = mean[i, c] + (one - rho) * (d - mean[i, c])
                mean[i, c] = a
                s = s - a * a
            step = d / (np.sqrt(s) + epsilon)
            if remembers:
                step = momentum * velocity[i, c] + step
                velocity[i, c] = step
            p[i, c] -= rate * step


@kernel(_signatures(2, 4))
def _FTRL(p: Any, g: Any, ids: Any, z: Any, n: Any, inverse_rate: Any, beta: Any, l1: Any, l2: Any) -> Any:
    some = ids.shape[0] > 0
    for j in range(g.shape[0]):
        i = ids[j] if some else j
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
    _run(_SGD, p, g, ids, (velocity,), (rate, momentum, decay), nesterov, velocity is not None)


def adagrad(p: Array, g: Array, ids: Array | None, total: Array, rate: float, epsilon: float) -> None:
    """Take a step of Adagrad; `total` sums the squared gradients."""
    _run(_ADAGRAD, p, g, ids, (total,), (rate, epsilon))


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
    _run(_ADAM, p, g, ids, (m, v), (rate, b1, b2, epsilon, unbias, decay, shrink))


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
    scalars = rate, rho, momentum, epsilon
    _run(_RMSPROP, p, g, ids, (square, mean, velocity), scalars, mean is not None, velocity is not None)


def ftrl(
    p: Array, g: Array, ids: Array | None, z: Array, n: Array, inverse_rate: float, beta: float, l1: float, l2: float
) -> None:
    """Take a step of FTRL-proximal: McMahan et al., Ad Click Prediction (KDD 2013), algorithm 1.

    inverse_rate is 1 / alpha.
    """
    _run(_FTRL, p, g, ids, (z, n), (inverse_rate, beta, l1, l2))
