"""When a value counts as missing: None, null, NaN and the markers of its Field, by canonical value.

Two values are equal here when they have the same canonical bytes (docs/ids.md) or are equal numbers: the marker -999
matches -999, -999.0 and "-999"; the marker "?" matches "?" and b"?".
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from featurecols import errors
from featurecols._core.times import Interval
from featurecols._core.values import DecimalFraction, exact, undecimal

Marker = str | bytes | int | float | np.generic
_DECIMAL = re.compile(rb"0|-?[1-9][0-9]{0,40}")
_PLAIN = frozenset((str, int, bool, float, bytes))


@dataclass(frozen=True, slots=True)
class Markers:
    """The missing markers of one Field, ready to be compared with values of any type.

    values: every Python value that matches (closed under canonical equality). texts, integers, floats: the same,
    split for arrays of bytes, of integers and of floats.
    """

    values: frozenset[Marker] = frozenset()
    texts: tuple[bytes, ...] = ()
    integers: tuple[int, ...] = ()
    floats: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.values)

    @staticmethod
    def of(missing: Iterable[Marker] = ()) -> Markers:
        """Return the markers of a Field, from its `missing`.

        >>> sorted(Markers.of((-999,)).texts)
        [b'-999']
        """
        return _markers(tuple(missing)) if missing else NONE


NONE = Markers()


@lru_cache(maxsize=256)
def _markers(missing: tuple[Marker, ...]) -> Markers:
    texts: set[bytes] = set()
    numbers: set[int | float] = set()
    for given in missing:
        marker: Any = exact(given)
        if isinstance(marker, str):
            texts.add(marker.encode("utf-8", "surrogatepass"))
        elif isinstance(marker, bytes):
            texts.add(marker)
        elif isinstance(marker, float) and not marker.is_integer():
            numbers.update([] if math.isnan(marker) else [marker])
        else:
            numbers.add(int(marker))
            if not isinstance(marker, float) or abs(marker) < 2.0**53:
                texts.add(b"%d" % int(marker))
    numbers.update(int(text) for text in texts if _DECIMAL.fullmatch(text))
    values: set[Marker] = {*texts, *numbers}
    for text in texts:
        try:
            values.add(text.decode())
        except UnicodeDecodeError:
            continue
    integers = tuple(sorted(n for n in numbers if isinstance(n, int)))
    floats = tuple(sorted(float(n) for n in numbers if _is_float(n)))
    return Markers(frozenset(values), tuple(sorted(texts)), integers, floats)


def _is_float(number: int | float) -> bool:
    try:
        return float(number) == number
    except OverflowError:
        return False


def presenter(markers: Markers = NONE) -> Callable[[Any], Any]:
    """Return a function that gives one raw value as a plain Python value, or None where it is missing.

    Lists, tuples and arrays become lists with None in the place of missing elements. Numpy scalars become Python's.
    Decimals become the integers that they are, or floats that know their digits. Values of other types (dates) pass
    unchanged: the column that meets them says what is wrong.

    >>> present = presenter(Markers.of(("?", -999)))
    >>> [present(v) for v in ("a", "?", -999.0, float("nan"), [1, None, -999])]
    ['a', None, None, None, [1, None, None]]
    """
    values = markers.values

    def unmarked(value: Any) -> Any:
        if type(value) in _PLAIN:
            return value if value == value else None  # NaN is the only plain value that differs from itself
        return None if value is None else _unusual(value, unmarked)

    def marked(value: Any) -> Any:
        if type(value) in _PLAIN:
            return value if value == value and value not in values else None
        return None if value is None else _unusual(value, marked)

    return marked if markers else unmarked


def present(value: Any, markers: Markers = NONE) -> Any:
    """`presenter(markers)(value)`, for a single value."""
    return _presenter(markers)(value)


_presenter = lru_cache(maxsize=256)(presenter)


def _unusual(value: Any, again: Callable[[Any], Any]) -> Any:
    """Return a value of a type that is not Python's plain ones, by the same rules."""
    if type(value).__name__ == "MonthDayNano":
        return Interval(int(value.months), int(value.days), int(value.nanoseconds))
    if isinstance(value, (list, tuple, set, frozenset)):
        try:
            return [again(v) for v in value]
        except RecursionError:
            raise errors.nested_too_deep() from None
    if isinstance(value, np.ndarray):
        return _unusual_array(value, again)
    if isinstance(value, (np.datetime64, np.timedelta64)):  # their items are plain integers where they count nanoseconds
        return None if np.isnat(value) else value
    if isinstance(value, np.generic):
        if value.dtype.names is not None:  # a value of several parts, which is no list of them
            return value
        item = value.item()
        return again(float(item) if isinstance(item, np.floating) else item)
    if isinstance(value, DecimalFraction):
        return value if again(float(value)) is not None else None
    if isinstance(value, (str, bytes, float, int)):  # subclasses, numpy.str_ among them
        return again(exact(value))
    if isinstance(value, (bytearray, memoryview)):
        return again(bytes(value))
    if isinstance(value, Decimal):
        return again(undecimal(value))
    pandas = sys.modules.get("pandas")
    if pandas is not None and (value is pandas.NA or value is pandas.NaT):
        return None
    return _from_library(value, again)


def _unusual_array(value: np.ndarray, again: Callable[[Any], Any]) -> Any:
    if isinstance(value, np.ma.MaskedArray) and value.dtype.kind in "mM":  # whose list has numbers of finer times
        value = np.where(np.ma.getmaskarray(value), np.array("NaT", value.dtype), np.ma.getdata(value))
    if isinstance(value, np.ma.MaskedArray):
        return again(value.tolist())  # masked elements come out as None
    if value.dtype.kind == "M" or value.dtype.kind == "m":
        return [again(v) for v in value] if value.ndim else again(value[()])
    return again(value.tolist())


def _from_library(value: Any, again: Callable[[Any], Any]) -> Any:
    """Arrow scalars and anything that offers a list of its elements (Arrow, pandas, Polars and torch arrays)."""
    for method in ("as_py", "to_pylist", "tolist", "to_list"):
        convert = getattr(value, method, None)
        if callable(convert):
            plain = convert()
            return value if type(plain) is type(value) else again(plain)
    return value
