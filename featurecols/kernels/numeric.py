"""Numbers to float64, and float64 through a chain of normalizers into the matrix, with the bits of plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.kernels.compiler import BOOL, F32, F64, I64, helper, kernel, log1p, read, write

ZSCORE, MINMAX, LOG1P, CLIP = 0, 1, 2, 3
_BLOCK, _0, _1 = np.uint64(256), np.uint64(0), np.uint64(1)
_NAN, _INF = np.float64(np.nan), np.float64(np.inf)


def to_float64(values: Array, valid: Array | None = None) -> Array:
    """Return integers, floats or booleans as float64 [m], NaN where valid is False. May be `values` itself.

    >>> to_float64(np.array([1, 2], np.int8), np.array([True, False]))
    array([ 1., nan])
    """
    assert valid is None or valid.shape == values.shape
    if valid is None:
        return values.astype(np.float64, copy=False)
    out = values.astype(np.float64)
    _BLANK[8](valid, out)
    return out


@kernel({8: (read(BOOL), write(F64))})
def _BLANK(valid: Any, out: Any) -> None:
    for i in range(_0, np.uint64(len(out))):
        out[i] = out[i] if valid[i] else _NAN


@helper
def apply(op: Any, a: Any, b: Any, x: Any, n: Any) -> None:
    """Apply one normalizer to x[:n]; NaN stays NaN."""
    if op == ZSCORE and b != 0.0:
        for i in range(_0, n):
            x[i] = (x[i] - a) / b
    elif op == MINMAX and a != b:
        span = b - a
        for i in range(_0, n):
            x[i] = (x[i] - a) / span
    elif op in (ZSCORE, MINMAX):
        for i in range(_0, n):
            x[i] = x[i] if np.isnan(x[i]) else 0.0
    elif op == LOG1P:
        for i in range(_0, n):
            x[i] = _NAN if x[i] < -1.0 else (-_INF if x[i] == -1.0 else log1p(x[i]))
    else:
        for i in range(_0, n):
            x[i] = a if x[i] < a else (b if x[i] > b else x[i])


@helper
def _load(x: Any, fill: Any, base: Any, n: Any, into: Any) -> Any:
    """Load x[base:base + n] with NaN replaced by fill[:n]; returns how many are still NaN."""
    left = 0
    for i in range(_0, n):
        value = x[base + i]
        value = fill[i] if np.isnan(value) else value
        into[i] = value
        left += np.isnan(value)
    return left


@helper
def _store(value: Any, base: Any, n: Any, out: Any) -> None:
    w = np.uint64(out.shape[1])
    if w == 1:
        for i in range(_0, n):
            out[base + i, _0] = value[i]
        return
    for row in range(_0, n // w):
        for j in range(_0, w):
            out[base // w + row, j] = value[row * w + j]


@kernel(
    {
        size: (read(F64), read(F64), read(I64), read(F64), read(F64), BOOL, write(of, 2, "A"))
        for size, of in ((4, F32), (8, F64))
    }
)
def _NORMALIZE(x: Any, default: Any, ops: Any, a: Any, b: Any, allow_nan: Any, out: Any) -> Any:
    count, w = np.uint64(len(x)), np.uint64(len(default))
    length = max(_BLOCK // w, _1) * w  # whole rows, so that every block has the same defaults
    block, fill = np.empty(length, np.float64), np.empty(length, np.float64)
    for i in range(_0, length):
        fill[i] = default[i % w]
    for base in range(_0, count, length):  # loops count in uint64: numba wraps signed indices around
        n = min(length, count - base)
        left = _load(x, fill, base, n, block)
        if left and not allow_nan:
            for i in range(_0, n):
                if np.isnan(block[i]):
                    return np.int64(base + i)
        for k in range(len(ops)):
            apply(ops[k], a[k], b[k], block, n)
        _store(block, base, n, out)
    return np.int64(-1)


def normalize(x: Array, default: Array, ops: Array, a: Array, b: Array, allow_nan: bool, out: Array) -> int:
    """Write x, normalized, into out; returns the position of the first NaN without a default, or -1.

    x float64 [m]; default float64 [w], the value for NaN at position p is default[p % w]. ops int64 [k] with its numbers
    a, b float64 [k], applied in order: 0 (x - a) / b, 1 (x - a) / (b - a) (0 where they would divide by 0), 2 log1p
    (-inf at -1, NaN below), 3 clip to [a, b]. out: float64 [m], or float32 [n, w] of any strides with n * w = m. With
    allow_nan a NaN that stays is written; else out is unspecified from its block on.

    >>> out = np.empty((2, 1), np.float32)
    >>> normalize(np.array([3.0, np.nan]), np.array([5.0]), np.array([0]), np.array([1.0]), np.array([2.0]), False, out)
    -1
    >>> out
    array([[1.],
           [2.]], dtype=float32)
    """
    if out.ndim == 1:
        out = out[:, None]
    assert out.size == len(x)
    assert out.shape[1] in (1, len(default))
    return _NORMALIZE[out.itemsize](x, default, ops, a, b, allow_nan, out)  # type: ignore[no-any-return]
