"""From what people hold to a physical form: an Arrow array, codes with a dictionary, or a list of Python values.

`physical` takes one column of anything; `store_of` wraps the form for Cells. pandas is known by its dtypes' names, and
imported by nobody here.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols.data import arrow_buffers
from featurecols.data.fields.base import FieldStorage
from featurecols.data.fields.dictionary import Coded, DictStore, Known
from featurecols.data.fields.lists import ListStore, MixedStore
from featurecols.data.fields.numeric import NumberStore
from featurecols.data.fields.text import TextStore
from featurecols.data.fields.unsupported import NullStore, OtherStore
from featurecols.data.missing import Markers, presenter

Physical = Any  # pa.Array | Coded | Listed | list[Any]

_REFUSED = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Listed:
    """Lists whose elements are in a form of their own: row i owns elements[offsets[i]:offsets[i + 1]]."""

    offsets: Array
    elements: Physical

    def __len__(self) -> int:
        return len(self.offsets) - 1


def physical(key: str, data: Any) -> Physical:
    """One column of data in a form that store_of reads. Raises DataError for what can never be a column."""
    if isinstance(data, (Coded, Listed)):
        return data
    if isinstance(data, (pa.Array, pa.ChunkedArray)):
        return _arrow(arrow_buffers.one_array(data))
    if type(data).__module__.split(".")[0] == "pandas" and hasattr(data, "dtype"):
        return _pandas(key, data)
    if hasattr(data, "__arrow_c_stream__") and not isinstance(data, np.ndarray):
        return _arrow(arrow_buffers.one_array(pa.chunked_array(data)))
    if hasattr(data, "__arrow_c_array__"):
        return _arrow(pa.array(data))
    if isinstance(data, np.ndarray):
        return _numpy(key, data if isinstance(data, np.ma.MaskedArray) else np.asarray(data))
    if hasattr(data, "__array__") or hasattr(data, "__array_interface__") or isinstance(data, (memoryview, array)):
        return _numpy(key, np.asarray(data))
    if isinstance(data, Sequence):
        return _objects(key, list(data))
    raise errors.wrong_type(key, key, type(data).__name__, "an array or a list", "give one value per row")


def storage_of(key: str, form: Physical, markers: Markers, parse: bool = False, known: Known | None = None) -> FieldStorage:
    """The Store that reads this form. `parse`: its text comes from a CSV file. `known`: see DictStore."""
    if isinstance(form, Coded):
        return DictStore(key, form, markers, lambda distinct: storage_of(key, distinct, markers, parse), parse, known)
    if isinstance(form, Listed):
        return ListStore(key, form.offsets, storage_of(key, form.elements, markers, parse, known), markers)
    if isinstance(form, list):
        return MixedStore(key, form, markers)
    kind = form.type
    if arrow_buffers.is_primitive(kind):
        return NumberStore(key, form, markers)
    if arrow_buffers.is_text(kind):
        return TextStore(key, form, markers, parse)
    if pa.types.is_null(kind):
        return NullStore(key, len(form), markers)
    if arrow_buffers.is_list(kind):
        offsets, elements = arrow_buffers.list_parts(form)
        return ListStore(key, offsets, storage_of(key, _arrow(elements), markers, parse, known), markers)
    return OtherStore(key, form, markers)


def _arrow(data: Any) -> Physical:
    settled = arrow_buffers.settled(data)
    if pa.types.is_dictionary(settled.type):
        codes = arrow_buffers.primitive(settled.indices)
        return Coded(codes, _arrow(settled.dictionary), arrow_buffers.Valid(settled.indices))
    return settled


def _pandas(key: str, data: Any) -> Physical:
    """A pandas Series, Index or extension array."""
    dtype = data.dtype
    if hasattr(dtype, "categories"):
        categorical = getattr(data, "cat", data)
        try:
            values = physical(key, categorical.categories)
        except errors.DataError:  # a lone surrogate: an error where a row holds it, which DictStore finds
            values = list(categorical.categories)
        return Coded(np.asarray(categorical.codes), values, None)
    if isinstance(dtype, np.dtype):
        return _numpy(key, np.asarray(data))
    try:
        return _arrow(arrow_buffers.one_array(pa.array(getattr(data, "array", data), from_pandas=True)))
    except (UnicodeError, *_REFUSED):
        return _objects(key, list(data))


def _numpy(key: str, data: Any) -> Physical:
    if data.ndim == 0:
        raise errors.wrong_type(key, key, errors.show(data.item()), "an array or a list", "give one value per row")
    if data.dtype.kind in "biuf" and not data.dtype.isnative:
        data = data.astype(data.dtype.newbyteorder("="))
    if isinstance(data, np.ma.MaskedArray):
        if data.ndim > 1 or data.dtype.kind not in "biuf":
            return _objects(key, data.tolist())  # masked values come out as None
        return pa.array(np.ascontiguousarray(np.ma.getdata(data)), mask=np.ma.getmaskarray(data))
    if data.ndim > 1:
        return _rows(key, data)
    if data.dtype.kind in "biu" or data.dtype in (np.float16, np.float32, np.float64):
        return pa.array(np.ascontiguousarray(data))
    if data.dtype.kind == "f":
        return pa.array(data.astype(np.float64))
    if data.dtype.kind in "mM":
        return pa.array(data)
    return _objects(key, data.tolist() if data.dtype.kind in "SUT" else data)  # Arrow would cut numpy's text at a NUL


def _rows(key: str, data: Any) -> Physical:
    """A matrix as a list of one row each (of lists, for more dimensions)."""
    try:
        form = physical(key, data.reshape(-1))
    except errors.DataError as error:
        element = error.row or 0
        raise error.shifted(element // max(data[0].size, 1) - element) from None
    for size in reversed(data.shape[1:]):
        if not isinstance(form, pa.Array):
            return data.tolist()
        form = pa.FixedSizeListArray.from_arrays(form, size) if size else pa.array([[]] * len(data), pa.list_(pa.null()))
    return form


def _objects(key: str, data: Any) -> Physical:
    """Python values: an Arrow array where one type holds them all, else the values themselves."""
    try:
        found = arrow_buffers.one_array(pa.array(data, from_pandas="pandas" in sys.modules))
        if arrow_buffers.is_text(found.type) or _plain(data):
            return _arrow(found)
    except UnicodeError:
        raise _surrogate(key, list(data)) from None
    except _REFUSED:
        pass
    return _mixed(key, list(map(presenter(), data)))


def _plain(data: Iterable[Any]) -> bool:
    """Whether Arrow may read the values as they are. It wraps unsigned numpy scalars around among Python's floats, so
    numpy's scalars, and whatever else is not Python's own, become Python's first."""
    kinds = set(map(type, data)) - {type(None)}
    if kinds <= {str, int, float, bool, bytes}:
        return True
    if kinds <= {list, tuple}:
        return _plain(chain.from_iterable(v for v in data if v is not None))
    if kinds != {np.ndarray}:
        return False
    dtypes = {v.dtype for v in data if v is not None}
    return len(dtypes) == 1 and dtypes.pop().kind in "biuf"


def _mixed(key: str, rows: list[Any]) -> Physical:
    """Values that Arrow did not take as they came. Lists among them are taken apart, and their elements tried alone."""
    if not any(type(v) is list for v in rows):
        try:
            return _arrow(arrow_buffers.one_array(pa.array(rows)))  # NaN and its like are None by now
        except (UnicodeError, *_REFUSED):
            return rows
    for row, value in enumerate(rows):
        if value is not None and type(value) is not list:
            hint = "give a list in every row, or in none"
            raise errors.bad_value(key, key, row, "needs a list, as other rows hold", value, hint)
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([0 if v is None else len(v) for v in rows], out=offsets[1:])
    try:
        return Listed(offsets, _objects(key, [v for row in rows if row is not None for v in row]))
    except errors.DataError as error:
        row = int(np.searchsorted(offsets, error.row or 0, side="right")) - 1
        raise error.shifted(row - (error.row or 0)) from None


def _surrogate(key: str, rows: list[Any]) -> errors.DataError:
    for row, value in enumerate(rows):
        bad = _first_surrogate(value)
        if bad is not None:
            return arrays.lone_surrogate(key, key, row, bad)
    return arrays.lone_surrogate(key, key, None, "text")


def _first_surrogate(value: Any) -> str | None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value
    elif isinstance(value, (list, tuple, set, np.ndarray)):
        return next((bad for bad in map(_first_surrogate, value) if bad is not None), None)
    return None


def window(form: Physical, start: int, stop: int) -> Physical:
    """Rows start:stop of a form, without copying."""
    if isinstance(form, Coded):
        valid = None if form.valid is None else form.valid.rows(start, stop)
        codes = form.codes[start:stop]
        if valid is None:
            return Coded(codes, form.values, None, form.checked)
        return Coded(np.where(valid, codes.astype(np.int64), -1), form.values, None)
    if isinstance(form, Listed):
        first, last = int(form.offsets[start]), int(form.offsets[stop])
        return Listed(form.offsets[start : stop + 1] - first, window(form.elements, first, last))
    return form[start:stop] if isinstance(form, list) else form.slice(start, stop - start)


def joined(key: str, forms: list[Physical]) -> Physical:
    """Forms of one field, one after another; where their types differ, by way of Python values."""
    if len(forms) == 1:
        return forms[0]
    if all(isinstance(form, (pa.Array, Coded)) for form in forms):
        arrays = [as_arrow(key, form) for form in forms]
        if len({a.type for a in arrays}) == 1:
            return _arrow(arrow_buffers.joined(arrays))
    return _objects(key, [v for form in forms for v in as_list(form)]) if forms else pa.nulls(0)


def as_list(form: Physical) -> list[Any]:
    """Every row as a Python value."""
    if isinstance(form, Coded):
        return storage_of("", form, Markers.of()).pylist(0, len(form))
    if isinstance(form, Listed):
        flat, edges = as_list(form.elements), form.offsets.tolist()
        return [flat[a:b] for a, b in pairwise(edges)]
    rows: list[Any] = form if isinstance(form, list) else form.to_pylist()
    return rows


def as_arrow(key: str, form: Physical) -> Any:
    """A form as one Arrow array; DataError where no Arrow type holds its values."""
    if isinstance(form, pa.Array):
        return form
    if isinstance(form, Coded) and isinstance(form.values, pa.Array):
        valid = None if form.valid is None else form.valid.rows(0, len(form))
        missing = form.codes < 0 if form.codes.dtype.kind == "i" else np.zeros(len(form), np.bool_)
        mask = missing if valid is None else missing | ~valid
        codes = np.where(mask, 0, form.codes).astype(np.int32)
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), form.values)
    try:
        return arrow_buffers.one_array(pa.array(as_list(form), from_pandas=True))
    except _REFUSED:
        hint = "convert the field to one type"
        raise errors.DataError(key, "holds values of several types", field=key, hint=hint) from None
