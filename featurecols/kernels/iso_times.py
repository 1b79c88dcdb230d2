"""Times that texts write as ISO 8601 does: `_core/times.py` (read) says which, one text at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.kernels.compiler import BOOL, I32, I64, NO_VALID, U8, damaged, helper, kernel, read, write

INSTANT, LOCAL, TIME_OF_DAY, NONE = 0, 1, 2, 255  # NONE: the text writes no time
_FIRST, _LAST = np.int64(-62_135_596_800), np.int64(253_402_300_799)  # of the years 1 to 9999
_BAD = np.int64(-1)


def scan(offsets: Array, data: Array, valid: Array | None = None) -> tuple[Array, Array, Array]:
    """Return what time each text writes.

    Args:
        offsets: int32 or int64 [n + 1].
        data: uint8.
        valid: bool [n], which texts are there; None for all.

    Returns:
        kinds: uint8 [n], the constants of this module; LOCAL of a text that is not there.
        seconds, nanoseconds: int64 [n], as in `_core/times.py`; 0 where there is no time.

    >>> kinds, seconds, _ = scan(np.array([0, 10, 15], np.int32), np.frombuffer(b"1970-01-0200:01", np.uint8))
    >>> kinds.tolist(), seconds.tolist()
    ([1, 2], [86400, 60])
    """
    n = len(offsets) - 1
    kinds, seconds, nanoseconds = np.empty(n, np.uint8), np.zeros(n, np.int64), np.zeros(n, np.int64)
    run = _SCAN[offsets.dtype.itemsize]
    bad = run(np.ascontiguousarray(offsets), data, NO_VALID if valid is None else valid, kinds, seconds, nanoseconds)
    if bad >= 0:
        raise damaged(bad)
    return kinds, seconds, nanoseconds


@helper
def _two(data: Any, at: Any) -> Any:
    """Return the number of two digits, -1 where they are not digits."""
    a, b = np.int64(data[at]) - 48, np.int64(data[at + 1]) - 48
    return a * 10 + b if 0 <= a <= 9 and 0 <= b <= 9 else _BAD


@helper
def _days(year: Any, month: Any, day: Any) -> Any:
    """Return the days from 1970-01-01 to a date of the years from 1."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@helper
def _length(year: Any, month: Any) -> Any:
    """Return how many days a month has."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


@helper
def _clock(data: Any, at: Any, end: Any) -> Any:
    """Return the seconds since midnight, the nanoseconds after them and where the clock ends, -1 where there is none."""
    if end - at < 5 or data[at + 2] != 58:
        return np.int64(0), np.int64(0), _BAD
    hour, minute, second, nanoseconds = _two(data, at), _two(data, at + 3), np.int64(0), np.int64(0)
    at += 5
    if end - at >= 3 and data[at] == 58:
        second = _two(data, at + 1)
        at += 3
        if at < end and data[at] == 46:
            at += 1
            count = 0
            while at < end and 48 <= data[at] <= 57:
                nanoseconds = nanoseconds * 10 + np.int64(data[at]) - 48 if count < 9 else nanoseconds
                count += 1
                at += 1
            if count == 0 or count > 9:
                return np.int64(0), np.int64(0), _BAD
            for _ in range(9 - count):
                nanoseconds *= 10
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return np.int64(0), np.int64(0), _BAD
    return hour * 3600 + minute * 60 + second, nanoseconds, np.int64(at)


@helper
def _offset(data: Any, at: Any, end: Any) -> Any:
    """Return the seconds of `+01:00`, `+0100` or `+01`, and whether there is one."""
    sign, length = data[at], end - at
    if (sign != 43 and sign != 45) or (length != 3 and length != 5 and length != 6) or (length == 6 and data[at + 3] != 58):
        return np.int64(0), False
    hours, minutes = _two(data, at + 1), _two(data, end - 2) if length > 3 else np.int64(0)
    if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:
        return np.int64(0), False
    passed = hours * 3600 + minutes * 60
    return passed if sign == 43 else -passed, True


@kernel({k: (read(t), read(U8), read(BOOL), write(U8), write(I64), write(I64)) for k, t in ((4, I32), (8, I64))})
def _SCAN(offsets: Any, data: Any, valid: Any, kinds: Any, seconds: Any, nanoseconds: Any) -> Any:
    for i in range(len(kinds)):
        if len(valid) > 0 and not valid[i]:
            kinds[i] = LOCAL
            continue
        at, end = np.int64(offsets[i]), np.int64(offsets[i + 1])
        if at < 0 or end < at or end > len(data):
            return i
        kinds[i] = NONE
        if end - at < 5:
            continue
        if data[at + 2] == 58:
            of_day, rest, stop = _clock(data, at, end)
            if stop == end:
                kinds[i], seconds[i], nanoseconds[i] = TIME_OF_DAY, of_day, rest
            continue
        if end - at < 10 or data[at + 4] != 45 or data[at + 7] != 45:
            continue
        century, years, month, day = _two(data, at), _two(data, at + 2), _two(data, at + 5), _two(data, at + 8)
        year = century * 100 + years
        if century < 0 or years < 0 or month < 1 or month > 12 or day < 1 or day > _length(year, month):
            continue
        found, rest, kind, at = _days(year, month, day) * 86_400, np.int64(0), LOCAL, at + 10
        if at < end:
            if data[at] != 84 and data[at] != 32:
                continue
            of_day, rest, stop = _clock(data, at + 1, end)
            if stop < 0:
                continue
            found += of_day
            if stop < end:
                kind = INSTANT
                if data[stop] == 90:
                    if stop + 1 != end:
                        continue
                else:
                    offset, right = _offset(data, stop, end)
                    if not right:
                        continue
                    found -= offset
        if _FIRST <= found <= _LAST:
            kinds[i], seconds[i], nanoseconds[i] = kind, found, rest
    return -1
