"""Columns of a small table in memory, one by one, with no batch around them.

A call with few rows costs what it asks of the table. So each kind of table is asked once for each column; where columns
are is kept by schema. A column of codes into a few distinct values gives both apart: what is made of these values can be
kept from one call to the next, because equal values are recognized by what they hold.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array
from featurecols.data import arrow_buffers
from featurecols.data.fields import convert
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.numeric import NumericField

if TYPE_CHECKING:
    import pandas as pd

Table: TypeAlias = "pa.Table | pa.RecordBatch | pd.DataFrame"
Column: TypeAlias = "pa.Array | pd.Series | pd.Categorical"  # of plain numbers of a frame, the numpy array
Content: TypeAlias = "list[type | int | bytes | None] | _Same"

_MOST_VALUES, _MOST_BYTES = 1024, 1 << 14  # of a dictionary that is looked at value by value in each call
_PLAIN = frozenset("dfilq")  # characters of float64, float32, int32 and int64
_SCHEMAS = 4  # of Arrow tables that are remembered
_CODES: dict[type, np.dtype[np.generic]] = {
    pa.Int8Array: np.dtype(np.int8),
    pa.Int16Array: np.dtype(np.int16),
    pa.Int32Array: np.dtype(np.int32),
    pa.UInt8Array: np.dtype(np.uint8),
}
_NUMBERS: dict[type, np.dtype[np.generic]] = {
    pa.Int32Array: np.dtype(np.int32),
    pa.Int64Array: np.dtype(np.int64),
    pa.FloatArray: np.dtype(np.float32),
    pa.DoubleArray: np.dtype(np.float64),
}
_VALUES = (pa.StringArray, pa.LargeStringArray, pa.BinaryArray, pa.LargeBinaryArray, pa.Int64Array, pa.Int32Array)


class Coded(NamedTuple):
    """A column of codes into a small dictionary.

    Attributes:
        codes: int8, int16, int32 or uint8 [n]; -1 where missing. They may lie outside the dictionary.
        size: how many values the dictionary has.
        content: two dictionaries with equal contents hold equal values; such of pandas only if they are the same one.
    """

    codes: Array
    size: int
    content: Content


class SmallTables(Protocol):
    """How tables of one library are read; what a table gives of a field is called a column here."""

    def columns(self, data: Table) -> list[Column] | None:
        """Return the columns of the fields in order; None where the table is to be read in the ordinary way.

        data: has at least one row.
        """

    def coded(self, column: Column) -> Coded | None:
        """Return codes and dictionary of a column; None where it has none, or a large one."""

    def view(self, position: int, column: Column) -> FieldView:
        """Return a column as its field, without markers; position: of the field."""

    def every(self, position: int, column: Column) -> FieldView:
        """Return a field of the dictionary of a column: a missing value, then each value once."""


class ArrowTables:
    """Tables and record batches of pyarrow, in one chunk."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)
        self._known: list[tuple[pa.Schema, list[int]]] = []

    def columns(self, data: pa.Table | pa.RecordBatch) -> list[pa.Array] | None:
        batches = data.to_batches() if isinstance(data, pa.Table) else [data]
        if len(batches) != 1:
            return None
        batch = batches[0]
        at = self._positions(batch.schema)
        return None if at is None else [batch.column(i) for i in at]

    def _positions(self, schema: pa.Schema) -> list[int] | None:
        """Return where the fields are; None where one is not there, or twice."""
        for known, found in self._known:
            if schema.equals(known):
                return found
        names = schema.names
        if any(names.count(key) != 1 for key in self._keys):
            return None
        at = [names.index(key) for key in self._keys]
        self._known = [(schema, at), *self._known[: _SCHEMAS - 1]]
        return at

    def coded(self, column: pa.Array) -> Coded | None:
        if type(column) is not pa.DictionaryArray:
            return None
        indices, values = column.indices, column.dictionary
        dtype, size = _CODES.get(type(indices)), len(values)
        if dtype is None or type(values) not in _VALUES or not 0 < size <= _MOST_VALUES:
            return None
        content: list[type | int | bytes | None] = [type(values), size, values.offset]
        for buffer in values.buffers():
            if buffer is not None and buffer.size > _MOST_BYTES:
                return None
            content.append(None if buffer is None else buffer.to_pybytes())
        codes = np.frombuffer(indices.buffers()[1], dtype, len(indices), indices.offset * dtype.itemsize)
        if (valid := arrow_buffers.Valid(indices).rows(0, len(indices)) if indices.null_count else None) is not None:
            codes = np.where(valid, codes, np.int32(-1))
        return Coded(codes, size, content)

    def view(self, position: int, column: pa.Array) -> FieldView:
        key, dtype = self._keys[position], _NUMBERS.get(type(column))
        if dtype is None:
            return convert.view_of(key, column)
        values = np.frombuffer(column.buffers()[1], dtype, len(column), column.offset * dtype.itemsize)
        return NumericField(key, values, arrow_buffers.Valid(column) if column.null_count else None)

    def every(self, position: int, column: pa.DictionaryArray) -> FieldView:
        codes = pa.array([None, *range(len(column.dictionary))], pa.int32())
        return self.view(position, pa.DictionaryArray.from_arrays(codes, column.dictionary))


class Frames:
    """DataFrames of pandas."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)

    def columns(self, data: pd.DataFrame) -> list[Column] | None:
        pandas = sys.modules["pandas"]
        if type(data.columns) is not pandas.Index:  # others find a time or a part of a label by its text
            return None
        found = []
        for key in self._keys:
            try:
                series = data[key]
            except KeyError:
                return None
            if type(series) is not pandas.Series:  # a name that stands twice
                return None
            dtype = series.dtype  # `values` warns for some
            plain = isinstance(dtype, np.dtype) and dtype.char in _PLAIN and dtype.isnative
            if plain or type(dtype) is pandas.CategoricalDtype:
                found.append(series.values)
            else:
                found.append(series)
        return found

    def coded(self, column: Column) -> Coded | None:
        if type(column) is not sys.modules["pandas"].Categorical:
            return None
        categories, codes = column.categories, column.codes
        size = len(categories)
        return Coded(codes, size, _Same(categories)) if 0 < size <= _MOST_VALUES and codes.itemsize <= 4 else None

    def view(self, position: int, column: Column) -> FieldView:
        key = self._keys[position]
        if type(column) is np.ndarray:
            return NumericField(key, np.ascontiguousarray(column))
        return convert.view_of(key, column)

    def every(self, position: int, column: Column) -> FieldView:
        codes = np.arange(-1, len(column.categories))
        return convert.view_of(self._keys[position], type(column).from_codes(codes, dtype=column.dtype))


class _Same:
    """What is equal to itself alone: an Index of pandas, which cannot be changed."""

    __slots__ = ("_of",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, of: pd.Index) -> None:
        self._of = of

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._of is other._of


def is_arrow(data: Sized) -> bool:
    """Return whether data is a Table or a RecordBatch."""
    return type(data) is pa.Table or type(data) is pa.RecordBatch


def is_frame(data: Sized) -> bool:
    """Return whether data is a DataFrame of pandas, and none of a class that is made of it."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and type(data) is pandas.DataFrame
