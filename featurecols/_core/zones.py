"""Time zones as tables: which offset from UTC applies from which instant on.

A table is read from the time zone database that `zoneinfo` uses: transitions up to the last one that is listed there, then
four hundred years of those that the rule at its end gives, after which the Gregorian calendar and so the rule repeat.
"""

from __future__ import annotations

import importlib.resources
import math
import struct
import zoneinfo
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.times import LAST

_CYCLE = 146_097 * 86_400  # seconds of 400 years: a whole number of weeks
_PROBE = 28 * 86_400  # seconds: clocks are not changed twice within it by a rule
_BASE = -2_208_988_800  # 1900-01-01: from here on to about 2100 a table says what applies in each cell of 12 days
_CELL_BITS, _CELLS = 20, 6019
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HINT = 'give the name of a zone: "Europe/Paris", "UTC"'
_NO_DATABASE = "this machine has no time zone database: pip install tzdata"


class Zone:
    """Offsets of a zone from UTC.

    Attributes:
        name: of the zone.
        starts: int64 [k], instants in seconds, increasing.
        offsets: int64 [k + 1], seconds east of UTC: offsets[i + 1] from starts[i] on, offsets[0] before all.
    """

    def __init__(self, name: str, starts: Array, offsets: Array) -> None:
        self.name, self.starts, self.offsets = name, starts, offsets
        self._starts, self._offsets = starts.tolist(), offsets.tolist()
        first = np.searchsorted(starts, _BASE + (np.arange(_CELLS + 1, dtype=np.int64) << _CELL_BITS), side="right")
        self._first: Array | None = first[:-1] if (np.diff(first) <= 1).all() else None  # of each cell, which has one at most
        self._next = np.append(starts, LAST * 2)

    def offset(self, instant: int) -> int:
        """Return the offset at one instant."""
        found: int = self._offsets[bisect_right(self._starts, instant)]
        return found

    def local(self, instants: Array) -> Array:
        """Return what clocks show at instants, int64 [n] in and out."""
        if not len(instants):
            return instants
        least, most = instants.min(), instants.max()
        low, high = (int(np.searchsorted(self.starts, x, side="right")) for x in (least, most))
        if low == high:
            found: Array = instants + self.offsets[low]
            return found
        if self._first is not None and least >= _BASE and most < _BASE + (_CELLS << _CELL_BITS):
            near = self._first[(instants - _BASE) >> _CELL_BITS]
            near += instants >= self._next[near]
            local: Array = instants + self.offsets[near]
            return local
        at = np.searchsorted(self.starts[low:high], instants, side="right")  # few transitions: a short search
        shifted: Array = instants + self.offsets[low : high + 1][at]
        return shifted


@cache
def zone(name: str, subject: str = "timezone") -> Zone:
    """Return the table of a zone by its name, ("Europe/Paris").

    Raises ColumnError for a name that the database does not have, and where there is no database.
    """
    if name == "UTC":
        return Zone(name, np.zeros(0, np.int64), np.zeros(1, np.int64))
    try:
        known = zoneinfo.ZoneInfo(name)
        starts, offsets = _read(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        if not zoneinfo.available_timezones():
            raise errors.argument(subject, "timezone needs the time zone database", name, _NO_DATABASE) from None
        raise errors.argument(subject, "timezone is not the name of a time zone", name, _HINT) from None
    later, after = _by_rule(known, starts[-1] if starts else 0)
    every, shifts = np.array([*starts, *later], np.int64), np.array([*offsets, *after], np.int64)
    if later:
        count = math.ceil((LAST - later[0]) / _CYCLE)
        steps = (np.arange(count)[:, None] * _CYCLE + np.array(later, np.int64)).reshape(-1)
        every, shifts = np.append(every[: len(starts)], steps), np.append(shifts[: len(offsets)], np.tile(after, count))
    changes = np.append(True, shifts[1:] != shifts[:-1])  # what changes no offset is not looked for
    return Zone(name, every[changes[1:]], shifts[changes])


def _read(name: str) -> tuple[list[int], list[int]]:
    """Return the transitions that the file of a zone lists, and one offset more."""
    data = _file(name)
    if data[:4] != b"TZif":
        raise ValueError(name)
    version = data[4:5]
    counts = struct.unpack(">6l", data[20:44])
    at, width = 44, 4
    if version >= b"2":  # the second block has 64 bits
        utc, wall, leap, times, types, letters = counts
        at += times * 5 + types * 6 + letters + leap * 8 + wall + utc
        counts, at, width = struct.unpack(">6l", data[at + 20 : at + 44]), at + 44, 8
    times, types = counts[3], counts[4]
    starts = list(struct.unpack(f">{times}{'q' if width == 8 else 'l'}", data[at : at + times * width]))
    at += times * width
    indices = data[at : at + times]
    at += times
    shifts = [struct.unpack(">l", data[at + 6 * k : at + 6 * k + 4])[0] for k in range(types)]
    daylight = [data[at + 6 * k + 4] for k in range(types)]
    first = next((k for k in range(types) if not daylight[k]), 0)
    return starts, [shifts[first], *(shifts[k] for k in indices)]


def _file(name: str) -> bytes:
    """Return the file of a zone where `zoneinfo` finds it: in its folders, else in the package tzdata."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder, *name.split("/"))
        if path.is_file():
            return path.read_bytes()
    package = ".".join(["tzdata.zoneinfo", *name.split("/")[:-1]])
    return importlib.resources.files(package).joinpath(name.split("/")[-1]).read_bytes()


def _by_rule(known: zoneinfo.ZoneInfo, last: int) -> tuple[list[int], list[int]]:
    """Return the transitions of the 400 years after the last one that is listed, and the offset from each on."""

    def offset(instant: int) -> int:
        shift = (_EPOCH + timedelta(seconds=instant)).astimezone(known).utcoffset()
        return 0 if shift is None else int(shift.total_seconds())

    starts: list[int] = []
    offsets: list[int] = []
    low, before = last, offset(last)
    stop, quiet = last + _CYCLE, last + 3 * 366 * 86_400
    while low < stop and (starts or low < quiet):  # a rule without changes has none within three years
        high = min(low + _PROBE, stop)
        after = offset(high)
        if after != before:
            left, right = low, high
            while right - left > 1:
                middle = (left + right) // 2
                left, right = (middle, right) if offset(middle) == before else (left, middle)
            starts.append(right)
            offsets.append(after)
        low, before = high, after
    return starts, offsets
