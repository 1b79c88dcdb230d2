r"""What texts spell: booleans, integers, floats, or nothing but text. Their values are read in the same pass.

true True TRUE false False FALSE
-?(0|[1-9][0-9]*)                                an integer, of any length
-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?    a float, unless it is an integer
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.kernels.compiler import BOOL, F64, I32, I64, NO_VALID, U8, U64, damaged, helper, kernel, read, write

MISSING, FALSE, TRUE, INTEGER, FLOAT, LONG_INTEGER, LONG_FLOAT, TEXT = range(8)  # LONG: without its float64

_0, _10, _EXACT = np.uint64(0), np.uint64(10), np.uint64(2**53)
_DIGITS = 18  # of a mantissa that is read; more are a LONG_FLOAT
_POWER = 22  # 10**22 is the largest power of ten that a float holds exactly
_POWERS = np.array([10.0**k for k in range(_POWER + 1)])
_FAR = np.int64(10_000)  # an exponent beyond it is this one: infinite or zero


def scan(offsets: Array, data: Array, valid: Array | None = None) -> tuple[Array, Array, Array]:
    """Return what each text spells, its integer and its float64.

    Args:
        offsets: int32 or int64 [n + 1].
        data: uint8.
        valid: bool [n], which texts are there; None for all.

    Returns:
        kinds: uint8 [n], the constants of this module.
        integers: uint64 [n], of INTEGER and LONG_INTEGER, in two's complement modulo 2^64; of TRUE 1.
        floats: float64 [n], NaN but for FALSE, TRUE, INTEGER and FLOAT; rounded to nearest, as `float(text)` does.

    >>> kinds, integers, floats = scan(np.array([0, 4, 6, 9, 12], np.int32), np.frombuffer(b"True-71.5007", np.uint8))
    >>> kinds.tolist(), floats.tolist()
    ([2, 3, 4, 7], [1.0, -7.0, 1.5, nan])
    """
    n = len(offsets) - 1
    kinds, integers, floats = np.empty(n, np.uint8), np.zeros(n, np.uint64), np.empty(n, np.float64)
    run = _SCAN[offsets.dtype.itemsize]
    given = NO_VALID if valid is None else valid
    bad = run(np.ascontiguousarray(offsets), data, given, _POWERS, kinds, integers, floats)
    if bad >= 0:
        raise damaged(bad)
    return kinds, integers, floats


@helper
def _boolean(data: Any, start: Any, n: Any) -> Any:
    """Return TRUE or FALSE for a spelling of one, else TEXT."""
    if n == 4:
        a, b, c, d = data[start], data[start + 1], data[start + 2], data[start + 3]
        if b == 114 and c == 117 and d == 101 and (a == 84 or a == 116):  # rue
            return TRUE
        if a == 84 and b == 82 and c == 85 and d == 69:  # TRUE
            return TRUE
    elif n == 5:
        a, b, c, d, e = data[start], data[start + 1], data[start + 2], data[start + 3], data[start + 4]
        if b == 97 and c == 108 and d == 115 and e == 101 and (a == 70 or a == 102):  # alse
            return FALSE
        if a == 70 and b == 65 and c == 76 and d == 83 and e == 69:  # FALSE
            return FALSE
    return TEXT


@kernel({k: (read(t), read(U8), read(BOOL), read(F64), write(U8), write(U64), write(F64)) for k, t in ((4, I32), (8, I64))})
def _SCAN(offsets: Any, data: Any, valid: Any, powers: Any, kinds: Any, integers: Any, floats: Any) -> Any:
    for i in range(len(kinds)):
        floats[i] = np.nan
        if len(valid) > 0 and not valid[i]:
            kinds[i] = MISSING
            continue
        start, end = np.int64(offsets[i]), np.int64(offsets[i + 1])
        if start < 0 or end < start or end > len(data):
            return i
        kinds[i] = TEXT
        if end == start:
            continue
        first = data[start]
        if first > 57:  # a letter
            kinds[i] = _boolean(data, start, end - start)
            if kinds[i] != TEXT:
                integers[i] = np.uint64(kinds[i] == TRUE)
                floats[i] = np.float64(kinds[i] == TRUE)
            continue
        at = start
        negative = first == 45
        if negative:
            at += 1
        if at == end or data[at] < 48 or data[at] > 57 or (data[at] == 48 and at + 1 < end and 48 <= data[at + 1] <= 57):
            continue
        mantissa, digits = _0, np.int64(0)  # digits: those from the first that is not zero
        while at < end and 48 <= data[at] <= 57:
            mantissa = mantissa * _10 + np.uint64(data[at] - 48)
            digits += digits > 0 or data[at] != 48
            at += 1
        if at == end:
            integers[i] = _0 - mantissa if negative else mantissa
            if digits <= _DIGITS and mantissa <= _EXACT:
                kinds[i] = INTEGER
                floats[i] = np.float64(mantissa)
                if negative:  # -0 too, as a float
                    floats[i] = -floats[i]
            else:
                kinds[i] = LONG_INTEGER
            continue
        exponent = np.int64(0)
        if data[at] == 46:
            at += 1
            fraction = at
            while at < end and 48 <= data[at] <= 57:
                mantissa = mantissa * _10 + np.uint64(data[at] - 48)
                digits += digits > 0 or data[at] != 48
                at += 1
            exponent = fraction - at
            if exponent == 0:
                continue
        if at < end:
            if data[at] != 101 and data[at] != 69:
                continue
            at += 1
            less = at < end and data[at] == 45
            if at < end and (data[at] == 45 or data[at] == 43):
                at += 1
            if at == end:
                continue
            power = np.int64(0)
            while at < end and 48 <= data[at] <= 57:
                power = min(power * 10 + np.int64(data[at] - 48), _FAR)
                at += 1
            if at < end:
                continue
            exponent += -power if less else power
        kinds[i] = LONG_FLOAT
        if digits <= _DIGITS and mantissa <= _EXACT and (mantissa == _0 or -_POWER <= exponent <= _POWER):
            kinds[i] = FLOAT
            value = np.float64(mantissa)
            if mantissa != _0:  # both are exact, so that the result is rounded once
                value = value / powers[-exponent] if exponent < 0 else value * powers[exponent]
            floats[i] = -value if negative else value
    return -1
