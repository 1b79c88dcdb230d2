"""Numbers to float64, and float64 through a chain of normalizers into the matrix, with the bits of plain Python."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols._core.normal_scores import (
    CENTER,
    CENTRAL_ABOVE,
    CENTRAL_BELOW,
    CENTRAL_SQUARE,
    LEAST,
    TAIL_ABOVE,
    TAIL_BELOW,
    TAIL_SHIFT,
)
from featurecols.kernels.compiler import BOOL, F32, F64, I32, I64, expm1, helper, kernel, log, log1p, read, write

ZSCORE, MINMAX, LOG1P, CLIP, SIGNED_LOG1P, POWER, RANK, POINT = 0, 1, 2, 3, 4, 5, 6, 7
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
def _polynomial(coefficients: Any, x: Any) -> Any:
    found = 0.0
    for c in coefficients:
        found = found * x + c
    return found


@helper
def _score(p: Any) -> Any:
    """Compute _core.normal_scores.score."""
    p = min(max(p, LEAST), 1.0 - LEAST)
    q = p - 0.5
    if abs(q) <= CENTER:
        x = CENTRAL_SQUARE - q * q
        return q * _polynomial(CENTRAL_ABOVE, x) / _polynomial(CENTRAL_BELOW, x)
    x = math.sqrt(-log(min(p, 1.0 - p))) - TAIL_SHIFT
    found = _polynomial(TAIL_ABOVE, x) / _polynomial(TAIL_BELOW, x)
    return -found if q < 0.0 else found


@helper
def _power(x: Any, exponent: Any) -> Any:
    """Return ((x + 1)^exponent - 1) / exponent for x >= 0."""
    if exponent == 0.0 or exponent == 1.0:
        return log1p(x) if exponent == 0.0 else x
    return expm1(exponent * log1p(x)) / exponent


@helper
def _place(x: Any, points: Any, left: Any, right: Any) -> Any:
    """Return the first of points[left:right], ascending, that is not below x."""
    while left < right:
        middle = (left + right) // np.uint64(2)
        if points[middle] < x:
            left = middle + _1
        else:
            right = middle
    return left


@helper
def _place_after(x: Any, points: Any, left: Any, right: Any) -> Any:
    """Return the first of points[left:right], ascending, that is above x."""
    while left < right:
        middle = (left + right) // np.uint64(2)
        if points[middle] <= x:
            left = middle + _1
        else:
            right = middle
    return left


@helper
def _rank(x: Any, points: Any, start: Any, stop: Any) -> Any:
    """Return where x lies among points[start:stop], from 0 to 1: of equal points the middle, between two in proportion."""
    at, last = _place(x, points, start, stop), np.float64(stop - start - _1)
    if at == stop:
        return 1.0
    if points[at] == x:
        return 0.5 * np.float64(at - start + _place_after(x, points, at, stop) - start - _1) / last
    if at == start:
        return 0.0
    low, high = points[at - _1], points[at]
    if high - low == _INF:
        t = (0.5 * x - 0.5 * low) / (0.5 * high - 0.5 * low)
    else:
        t = (x - low) / (high - low)
    return (np.float64(at - start - _1) + t) / last


@helper
def _apply(op: Any, a: Any, b: Any, x: Any, n: Any) -> Any:
    """Apply one normalizer to x[:n]; NaN stays NaN. Returns how many were outside its domain."""
    outside = 0
    if op == ZSCORE and b != 0.0:
        for i in range(_0, n):
            x[i] = (x[i] - a) / b
    elif op == MINMAX and a != b:
        span = b - a
        if span == _INF:  # of ends that are further apart than float64 goes: halves of all
            half = 0.5 * b - 0.5 * a
            for i in range(_0, n):
                x[i] = (0.5 * x[i] - 0.5 * a) / half
        else:
            for i in range(_0, n):
                x[i] = (x[i] - a) / span
    elif op in (ZSCORE, MINMAX):
        for i in range(_0, n):
            x[i] = x[i] if np.isnan(x[i]) else 0.0
    elif op == LOG1P:
        for i in range(_0, n):  # a loop of its own, which is one of vectors
            outside += x[i] <= a
        for i in range(_0, n):
            x[i] = _NAN if x[i] < -1.0 else (-_INF if x[i] == -1.0 else log1p(x[i]))
    elif op == SIGNED_LOG1P:
        for i in range(_0, n):
            x[i] = -log1p(-x[i]) if x[i] < 0.0 else log1p(x[i])
    elif op == POWER:
        for i in range(_0, n):
            x[i] = -_power(-x[i], 2.0 - a) if x[i] < 0.0 else _power(x[i], a)
    else:
        for i in range(_0, n):
            x[i] = a if x[i] < a else (b if x[i] > b else x[i])
    return outside


@helper
def apply(ops: Any, a: Any, b: Any, first: Any, stop: Any, x: Any, n: Any) -> Any:
    """Apply operations first to stop - 1 to x[:n]; NaN stays NaN. Returns how many were outside the domain of one."""
    outside, k, end = 0, np.uint64(first), np.uint64(stop)
    while k < end:
        if ops[k] == RANK:
            points = k + _1
            k = points + np.uint64(a[k])
            for i in range(_0, n):
                x[i] = x[i] if np.isnan(x[i]) else _score(_rank(x[i], a, points, k))
        else:
            outside += _apply(ops[k], a[k], b[k], x, n)
            k += _1
    return outside


@helper
def _load(x: Any, fill: Any, base: Any, n: Any, into: Any) -> Any:
    """Load x[base:base + n] with NaN replaced by fill[:n]; returns how many are not finite."""
    left = 0
    for i in range(_0, n):
        value = x[base + i]
        value = fill[i] if np.isnan(value) else value
        into[i] = value
        left += value - value != 0.0
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
        size: (read(F64), read(F64), read(I64), read(F64), read(F64), write(F64, 2), write(of, 2, "A"))
        for size, of in ((4, F32), (8, F64))
    }
)
def _NORMALIZE(x: Any, default: Any, ops: Any, a: Any, b: Any, scratch: Any, out: Any) -> Any:
    count, w = np.uint64(len(x)), np.uint64(len(default))
    block, fill, length = scratch[0], scratch[1], np.uint64(scratch.shape[1])
    for i in range(_0, length):
        fill[i] = default[i % w]
    suspect = np.int64(-1)
    for base in range(_0, count, length):  # loops count in uint64: numba wraps signed indices around
        n = min(length, count - base)
        left = _load(x, fill, base, n, block)
        left += apply(ops, a, b, _0, np.uint64(len(ops)), block, n)
        _store(block, base, n, out)
        if left and suspect < 0:
            suspect = np.int64(base)
    return suspect


def normalize(x: Array, default: Array, ops: Array, a: Array, b: Array, out: Array) -> int:
    """Write x, normalized, into out; returns a position before which all is well, or -1 where all is.

    Well is what is finite, once defaults are filled in, and in the domain of each operation.

    x float64 [m]; default float64 [w], the value for NaN at position p is default[p % w]. ops int64 [k] with its numbers
    a, b float64 [k], applied in order: 0 (x - a) / b, 1 (x - a) / (b - a), of halves where b - a is infinite (both 0 where they
    would divide by 0), 2 log1p, in whose domain are numbers above a (-inf at -1, NaN below), 3 clip to [a, b], 4 log1p of |x|
    with the sign of x, 5 the power of Yeo and Johnson with exponent a, 6 the normal score of the rank of x among the a
    points that follow, which are operations 7 with a point in a. out: float64 [m], or float32 [n, w] of any strides with
    n * w = m; all of it is written, whatever is returned.

    >>> out = np.empty((2, 1), np.float32)
    >>> normalize(np.array([3.0, np.nan]), np.array([5.0]), np.array([0]), np.array([1.0]), np.array([2.0]), out)
    -1
    >>> out
    array([[1.],
           [2.]], dtype=float32)
    """
    if out.ndim == 1:
        out = out[:, None]
    assert out.size == len(x)
    assert out.shape[1] in (1, len(default))
    w = max(len(default), 1)
    scratch = np.empty((2, max(256 // w, 1) * w))  # whole rows, so that every block has the same defaults
    return _NORMALIZE[out.itemsize](x, default, ops, a, b, scratch, out)  # type: ignore[no-any-return]


def refused(x: Array, ops: Array, a: Array, b: Array) -> Array:
    """Return which numbers have no place in a matrix of finite ones, bool [m]: for the few that `normalize` is not sure of.

    x float64 [m], defaults filled in; ops, a, b as in `normalize`. Refused are NaN; a number outside the domain of an
    operation; and an infinite one, unless a clip makes it finite.

    >>> refused(np.array([0.5, -1.0, np.inf, np.nan]), np.array([LOG1P]), -np.ones(1), np.zeros(1))
    array([False,  True,  True,  True])
    """
    bad, y = np.isnan(x), x
    with np.errstate(all="ignore"):
        for k, (op, low) in enumerate(zip(ops.tolist(), a.tolist(), strict=True)):
            if op == POINT:
                continue
            if op == LOG1P:
                bad = bad | (y <= low)
            after = _after(y, k, ops, a, b)
            y = np.where(np.isinf(y), y, after) if op in (ZSCORE, MINMAX, POWER, RANK) else after
    return bad | (np.isinf(x) & ~np.isfinite(y))


def out_of_range(x: Array, ops: Array, a: Array, b: Array) -> Array:
    """Return which numbers are infinite, outside the domain of an operation, or beyond the ends of one that has ends.

    Bool [m]. x float64 [m]; ops, a, b as in `normalize`. NaN is not out of range. A min-max, a clip and ranks have ends.

    >>> out_of_range(np.array([0.5, 2.0, np.inf, np.nan]), np.array([MINMAX]), np.zeros(1), np.ones(1))
    array([False,  True,  True, False])
    """
    bad, y = np.isinf(x), x
    with np.errstate(all="ignore"):
        for k, (op, low, high) in enumerate(zip(ops.tolist(), a.tolist(), b.tolist(), strict=True)):
            if op == POINT:
                continue
            if op == LOG1P:
                bad = bad | (y <= -1.0)
            elif op in (MINMAX, CLIP):
                bad = bad | (y < low) | (y > high)
            elif op == RANK:
                bad = bad | (y < a[k + 1]) | (y > a[k + int(low)])
            y = _after(y, k, ops, a, b)
    return bad


def _after(y: Array, k: int, ops: Array, a: Array, b: Array) -> Array:
    """Return numbers after operation k."""
    stop = k + 1 + (int(a[k]) if ops[k] == RANK else 0)
    out = np.empty(len(y))
    normalize(np.ascontiguousarray(y, np.float64), np.array([np.nan]), ops[k:stop], a[k:stop], b[k:stop], out)
    return out


@kernel({0: (read(F64), read(I32), write(F64))})
def _GATHER(table: Any, codes: Any, out: Any) -> None:
    size = np.uint32(len(table))
    if size == 0:
        out[:] = np.nan
        return
    for i in range(len(codes)):
        code = np.uint32(codes[i])
        known = code < size
        value = table[code if known else 0]
        out[i] = value if known else np.nan


def gather_numbers(table: Array, codes: Array) -> Array:
    """Return table[codes] with NaN where a code is negative (or past the table): float64 [m].

    table float64 [k], codes int32 [m].

    >>> gather_numbers(np.array([0.5, 2.0]), np.array([1, -1, 0], np.int32))
    array([2. , nan, 0.5])
    """
    out = arrays.empty(len(codes), np.float64)
    _GATHER[0](table, codes, out)
    return out


@kernel({0: (read(F32), read(I32), write(F32, 2, "A"))})
def _GATHER_FEATURES(table: Any, codes: Any, out: Any) -> None:
    last = np.uint32(len(table) - 1)
    for i in range(len(codes)):
        out[i, 0] = table[min(np.uint32(codes[i]), last)]  # a negative code becomes a large one


def gather_features(table: Array, codes: Array, out: Array) -> None:
    """Write table[codes] into out, float32 [m, 1] of any strides; codes outside the table get its last entry.

    table float32 [k + 1], codes int32 [m].

    >>> out = np.empty((3, 1), np.float32)
    >>> gather_features(np.array([0.5, 2.0, 9.0], np.float32), np.array([1, -1, 0], np.int32), out)
    >>> out.ravel()
    array([2. , 9. , 0.5], dtype=float32)
    """
    _GATHER_FEATURES[0](table, codes, out)
