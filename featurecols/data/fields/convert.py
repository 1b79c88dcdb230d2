"""Conversion of one column of any table to the FieldView that reads it, without a copy where its memory allows that.

pandas is recognized by the names of its dtypes and is not imported here.
"""

from __future__ import annotations

import datetime
import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.values import DecimalFraction, first_surrogate, lone_surrogate
from featurecols.data import arrow_buffers
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.decimals import DecimalField
from featurecols.data.fields.dictionary import DictionaryField, KnownDictionaries
from featurecols.data.fields.lists import ListField
from featurecols.data.fields.mixed import MixedField
from featurecols.data.fields.numeric import WHOLE, NumericField
from featurecols.data.fields.text import TextField
from featurecols.data.fields.times import IntervalField, TimeField
from featurecols.data.fields.unsupported import NullField, UnsupportedField
from featurecols.data.missing import presenter

_PYTHON_TIMES = {datetime.datetime, datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64}
_NO_LENGTH = ("Y", "M", "generic")  # units of durations of numpy
_FINE = ("ns", "ps", "fs", "as")
_SIMPLE = {str, int, float, bool, bytes, type(None)}
_AT_ONCE = 1024  # texts that are looked at together
_MOST_LEVELS = 32  # of lists in lists


def view_of(key: str, data: object, parse: bool = False, known: KnownDictionaries | None = None) -> FieldView:
    """Return one column of data as a field without markers.

    Args:
        key: name of the field.
        data: a FieldView, an Arrow or numpy array, a column of pandas or Polars, a list, or what exports one of them.
        parse: its text comes from a CSV file.
        known: dictionaries of the batches before (see DictionaryField).

    Raises DataError for what can never be a column.
    """
    if isinstance(data, FieldView):
        return data
    if isinstance(data, (pa.Array, pa.ChunkedArray)):
        return _of_arrow(key, arrow_buffers.one_array(data), parse, known)
    if type(data).__module__.split(".")[0] == "pandas" and hasattr(data, "dtype"):
        return _of_pandas(key, data)
    library = type(data).__module__.split(".")[0]
    if library == "narwhals":
        return view_of(key, data.to_native(), parse, known)  # type: ignore[attr-defined]
    if library == "polars" and is_python_only(getattr(data, "dtype", None)):
        return _of_objects(key, data.to_list())  # type: ignore[attr-defined]
    if hasattr(data, "__arrow_c_stream__") and not isinstance(data, np.ndarray):
        return _of_arrow(key, arrow_buffers.one_array(pa.chunked_array(data)))
    if hasattr(data, "__arrow_c_array__"):
        return _of_arrow(key, pa.array(data))
    if isinstance(data, np.ndarray):
        return _of_numpy(key, data if isinstance(data, np.ma.MaskedArray) else np.asarray(data))
    if hasattr(data, "__array__") or hasattr(data, "__array_interface__") or isinstance(data, (memoryview, array)):
        return _of_numpy(key, np.asarray(data))
    if isinstance(data, Sequence):
        return _of_objects(key, data if type(data) is list else list(data))
    hint = "give one value per row: frame.to_dict('list')" if isinstance(data, dict) else "give one value per row"
    raise errors.wrong_type(key, key, type(data).__name__, "an array or a list", hint)


def is_python_only(dtype: object) -> bool:
    """Return whether Polars exports values of a type as something else: Object as addresses, wide integers not at all."""
    inner = getattr(dtype, "inner", None)
    fields = getattr(dtype, "fields", None) or ()
    named = str(dtype) in ("Object", "Int128", "UInt128")
    return named or (inner is not None and is_python_only(inner)) or any(is_python_only(field.dtype) for field in fields)


def concatenate(key: str, views: Sequence[FieldView], parse: bool = False) -> FieldView:
    """Return fields one after another; where their types differ, by way of Python values."""
    if len(views) < 2:
        return views[0] if views else NullField(key, 0)
    found = [array for view in views if (array := view._as_arrow()) is not None]
    if parse and len(found) == len(views):  # text of a file may be coded in one batch and plain in the next
        coded = list(map(pa.types.is_dictionary, (array.type for array in found)))
        if any(coded) and not all(coded):
            found = [array.dictionary_decode() if code else array for array, code in zip(found, coded, strict=True)]
    if len(found) == len(views) and len({array.type for array in found}) == 1:
        return _of_arrow(key, arrow_buffers.joined(found), parse)
    return _of_objects(key, [value for view in views for value in view.to_pylist()])


def _of_arrow(key: str, data: pa.Array, parse: bool = False, known: KnownDictionaries | None = None) -> FieldView:
    array = arrow_buffers.settled(data)
    kind = array.type
    if pa.types.is_dictionary(kind):
        codes, valid = arrow_buffers.primitive(array.indices), arrow_buffers.Valid(array.indices)
        return DictionaryField(key, codes, _of_arrow(key, array.dictionary, parse), valid, known=known)
    if arrow_buffers.is_primitive(kind):
        return NumericField(key, arrow_buffers.primitive(array), arrow_buffers.Valid(array))
    if arrow_buffers.is_text(kind):
        return TextField.of(key, array, parse)
    if pa.types.is_null(kind):
        return NullField(key, len(array))
    if arrow_buffers.is_list(kind):
        offsets, elements = arrow_buffers.list_parts(array)
        return ListField(key, offsets, _of_arrow(key, elements, parse, known), array)
    if pa.types.is_decimal(kind):
        return DecimalField(key, array)
    if pa.types.is_interval(kind):
        return IntervalField(key, array)
    return TimeField(key, array) if pa.types.is_temporal(kind) else UnsupportedField(key, array)


def _of_pandas(key: str, data: Any) -> FieldView:
    """Return the field of a pandas Series, Index or extension array."""
    dtype = data.dtype
    if hasattr(dtype, "categories"):
        categorical = getattr(data, "cat", data)
        try:
            values = view_of(key, categorical.categories)
        except errors.DataError:  # a lone surrogate: an error where a row holds it, which DictionaryField finds
            values = MixedField(key, list(categorical.categories))
        return DictionaryField(key, np.asarray(categorical.codes), values)
    if isinstance(dtype, np.dtype):
        return _of_numpy(key, np.asarray(data))
    try:
        found = arrow_buffers.one_array(pa.array(getattr(data, "array", data), from_pandas=True))
    except (UnicodeError, *arrow_buffers.REFUSED):
        return _of_objects(key, list(data))
    return _of_arrow(key, found)


def _of_numpy(key: str, data: Array) -> FieldView:
    if data.ndim == 0:
        raise errors.wrong_type(key, key, errors.show(data.item()), "an array or a list", "give one value per row")
    kind, names = data.dtype.kind, data.dtype.names
    if names is not None:  # values of several parts, which are no lists of them
        return _of_objects(key, [dict(zip(names, value, strict=True)) for value in data.tolist()])
    if kind in "biuf" and not data.dtype.isnative:
        data = data.astype(data.dtype.newbyteorder("="))
    if isinstance(data, np.ma.MaskedArray) and kind in "mM":  # whose list has numbers of finer times
        data = np.where(np.ma.getmaskarray(data), np.array("NaT", data.dtype), np.ma.getdata(data))
    if isinstance(data, np.ma.MaskedArray):
        if data.ndim > 1 or kind not in "biuf":
            return _of_objects(key, data.tolist())  # masked values come out as None
        there = arrow_buffers.Valid.of(~np.ma.getmaskarray(data))
        return NumericField(key, np.ascontiguousarray(np.ma.getdata(data)), there)
    if data.ndim > 1:
        return _of_matrix(key, data)
    if kind in "biu" or data.dtype in (np.float16, np.float32, np.float64):
        return NumericField(key, np.ascontiguousarray(data))
    if kind == "f":
        return NumericField(key, data.astype(np.float64))
    if kind in "mM" and (kind == "M" or np.datetime_data(data.dtype)[0] not in _NO_LENGTH):
        return _of_arrow(key, _arrow_times(data))
    return _of_objects(key, data.tolist() if kind in "SUT" else data)  # Arrow would cut numpy's text at a NUL


def _arrow_times(data: Array) -> pa.Array:
    """Return numpy's times as an Arrow array, of the nearest unit that Arrow has."""
    dates, unit = data.dtype.kind == "M", np.datetime_data(data.dtype)[0]
    if np.datetime_data(data.dtype)[1] != 1 or unit not in ("D", "s", "ms", "us", "ns") or (unit == "D" and not dates):
        coarse = "D" if dates and unit in ("Y", "M", "W", "D") else "ns" if unit in _FINE else "s"
        data = data.astype(f"{data.dtype.kind}8[{coarse}]")
    return pa.array(data)


def _of_matrix(key: str, data: Array) -> FieldView:
    """Return a matrix as a list of one row each (of lists, for more dimensions)."""
    try:
        view = view_of(key, data.reshape(-1))
    except errors.DataError as error:
        element = error.row or 0
        raise error.shifted(element // max(data[0].size, 1) - element) from None
    for axis in range(data.ndim - 1, 0, -1):
        rows = math.prod(data.shape[:axis])
        view = ListField(key, np.arange(rows + 1, dtype=np.int64) * data.shape[axis], view)
    return view


def _of_objects(key: str, data: Sequence[object] | Array) -> FieldView:
    """Return the field of Python values: an Arrow array where one type holds them all, else the values themselves."""
    kinds = _kinds_of(data)
    if not kinds <= _SIMPLE:
        _require_shallow(key, data)
    try:
        found = arrow_buffers.of_python(data, kinds)
        kept = arrow_buffers.is_text(found.type) or _holds_decimals(found) or (_is_plain(data, kinds) and not _has_limit(found))
        if kept and not _became_bytes(found, data):
            return _of_arrow(key, found)
    except UnicodeError:
        raise _lone_surrogate(key, list(data)) from None
    except arrow_buffers.REFUSED:
        pass
    return _of_mixed(key, list(map(presenter(), data)))


def _holds_decimals(found: pa.Array) -> bool:
    """Return whether Python's values are decimals, or lists of them, with integers among them, which Arrow holds exactly."""
    kind = found.type
    while arrow_buffers.is_list(kind):
        kind = kind.value_type
    return bool(pa.types.is_decimal(kind))


def _became_bytes(found: pa.Array, data: Iterable[Any]) -> bool:
    """Return whether Arrow made bytes of text that stands among bytes: text may spell a value, and bytes do not."""
    kind = found.type
    while arrow_buffers.is_list(kind):
        kind, data = kind.value_type, chain.from_iterable(v for v in data if v is not None)
    return (
        arrow_buffers.is_text(kind)
        and not arrow_buffers.is_utf8(kind)
        and any(issubclass(t, str) for t in set(map(type, data)))
    )


def _changed_times(found: pa.Array, rows: list[object]) -> bool:
    """Return whether Arrow took times for others: it cuts a datetime among dates, zones, and nanoseconds of pandas."""
    if not pa.types.is_temporal(found.type):
        return False
    values = [value for value in rows if value is not None]
    if len(kinds := set(map(type, values))) != 1 or not kinds <= _PYTHON_TIMES:
        return True
    return len({getattr(value, "tzinfo", None) is None for value in values}) > 1 or (
        datetime.time in kinds and any(getattr(value, "tzinfo", None) is not None for value in values)
    )


def _kinds_of(data: Sequence[object] | Array) -> set[type]:
    """Return the types of values; of texts, whatever their classes, str, and NoneType where some may be missing.

    Most values are texts, and there are faster ways to find that they are than to ask each for its type.
    """
    if len(data) and type(data[0]) is str:
        if isinstance(data, np.ndarray):
            pandas = sys.modules.get("pandas")
            if pandas is not None and pandas.api.types.infer_dtype(data, skipna=True) == "string":
                return {str, type(None)}
            return set(map(type, data))
        with suppress(TypeError):
            for start in range(0, len(data), _AT_ONCE):
                "".join(data[start : start + _AT_ONCE])  # type: ignore[arg-type]
            return {str}
    return set(map(type, data))


def _is_plain(data: Iterable[Any], kinds: set[type] | None = None) -> bool:
    """Return whether Arrow may read the values as they are.

    It wraps unsigned numpy scalars around among Python's floats, so numpy's scalars, and whatever else is not Python's
    own, become Python's first.
    """
    kinds = (set(map(type, data)) if kinds is None else kinds) - {type(None)}
    if kinds <= _SIMPLE:
        return True
    if kinds <= {list, tuple}:
        return _is_plain(chain.from_iterable(v for v in data if v is not None))
    if kinds != {np.ndarray}:
        return False
    dtypes = {v.dtype for v in data if v is not None}
    return len(dtypes) == 1 and dtypes.pop().kind in "biuf"


_NESTED = (list, tuple, set, frozenset, dict)


def _require_shallow(key: str, data: Iterable[object]) -> None:
    """Raise DataError where lists are nested deeper than any column reads, or in themselves: Arrow would not come back."""
    level: Iterable[object] = data
    for _ in range(_MOST_LEVELS):
        if not any(issubclass(kind, _NESTED) or kind is np.ndarray for kind in set(map(type, level))):
            return
        below = {id(v): v for v in level if isinstance(v, _NESTED) or (isinstance(v, np.ndarray) and v.dtype == object)}
        level = list(
            chain.from_iterable(
                v.values() if isinstance(v, dict) else v.flat if isinstance(v, np.ndarray) else v for v in below.values()
            )
        )
    raise errors.nested_too_deep(key)


def _has_limit(found: pa.Array) -> bool:
    """Return whether a float is 2^53, which Arrow makes of the integer too that stands among floats; one is a category."""
    while arrow_buffers.is_list(found.type):
        found = found.flatten()
    return pa.types.is_float64(found.type) and bool((np.abs(arrow_buffers.primitive(found)) == WHOLE).any())


def _of_mixed(key: str, rows: list[object]) -> FieldView:
    """Return the field of values that Arrow did not take as they came.

    Lists among them are taken apart, and their elements tried alone.
    """
    kinds = set(map(type, rows))
    if DecimalFraction in kinds and list not in kinds:  # of which Arrow would make floats
        return MixedField(key, rows)
    if list not in kinds:
        try:
            found = arrow_buffers.one_array(pa.array(rows))  # NaN and its like are None by now
        except (UnicodeError, *arrow_buffers.REFUSED):
            return MixedField(key, rows)
        changed = _has_limit(found) or _became_bytes(found, rows) or _changed_times(found, rows)
        return MixedField(key, rows) if changed else _of_arrow(key, found)
    single = [row for row, value in enumerate(rows) if value is not None and not isinstance(value, list)]
    lists = [value if isinstance(value, list) else [] if value is None else [value] for value in rows]
    loose, alone = None, None
    if single:
        hint = f"give a list in every row, or in none, or declare Field({key!r}, list=True), where a value is a list of it"
        loose = errors.bad_value(key, key, single[0], "needs a list, as other rows hold", rows[single[0]], hint)
        alone = np.zeros(len(rows), np.bool_)
        alone[single] = True
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(v) for v in lists], out=offsets[1:])
    try:
        elements = _of_objects(key, list(chain.from_iterable(lists)))
        if elements.loose is not None:
            raise elements.loose
        return ListField(key, offsets, elements, None, alone, loose)
    except errors.DataError as error:
        row = int(np.searchsorted(offsets, error.row or 0, side="right")) - 1
        raise error.shifted(row - (error.row or 0)) from None


def _lone_surrogate(key: str, rows: list[object]) -> errors.DataError:
    for row, value in enumerate(rows):
        bad = first_surrogate(value)
        if bad is not None:
            return lone_surrogate(key, key, row, bad)
    return lone_surrogate(key, key, None, "text")
