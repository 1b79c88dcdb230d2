"""A Parquet file that is written row group by row group, the columns of each at once on several threads.

Columns of floats without nulls are encoded by `pages`, and integers without nulls where there are many rows. pyarrow encodes
the others, some columns of a row group at a time as a file in memory, from which their chunks are copied. The footer is that
of a file of no rows that pyarrow writes, with the row groups put in. How work is divided depends on the columns and rows
alone, so that the bytes do not depend on threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from featurecols._core import thread_pool
from featurecols._core.arrays import Array
from featurecols.jobs.parquet import pages, thrift
from featurecols.jobs.parquet.pages import Chunk
from featurecols.jobs.parquet.thrift import I64, LIST, STRUCT, Items, Struct, Typed

WRITER = 3  # changes whenever the same columns give other bytes: an unfinished job is continued by the writer that began it
_MAGIC = b"PAR1"
_PLACES = {9, 10, 11}  # fields of ColumnMetaData: where pages are in the file
_OTHERS = 8  # tasks of columns that pyarrow encodes at most: each is a file in memory
_TASKS = 32  # of columns of numbers at most
_CODED_ROWS = 1 << 11  # of integers: fewer are not worth loading a kernel
_TASK_PAGES = 4  # of a column of lists that one task encodes


class _Encoded(NamedTuple):
    """A column chunk, of so many bytes, with its ColumnMetaData as if it began at byte 0."""

    buffers: Sequence[pa.Buffer]
    size: int
    raw: int
    about: Struct


_Found: TypeAlias = "list[tuple[int, Chunk | list[_Encoded]]]"  # parts of chunks, by the number of their column
_Task: TypeAlias = Callable[[], _Found]
T = TypeVar("T")


class ParquetWriter:
    """An open file."""

    def __init__(self, path: Path, schema: pa.Schema, threads: int) -> None:
        path.unlink(missing_ok=True)  # a thread of a run that was interrupted may still write into the old one
        self._schema, self._threads = schema, threads
        self._footer = _footer_of(_write(schema.empty_table(), True))
        self._paths = [path for field in schema for path in _paths_of(field)]
        self._groups: list[thrift.Value] = []
        self._rows = 0
        self._file = path.open("xb")
        self._file.write(_MAGIC)

    def write(self, columns: Sequence[pa.Array | pa.ChunkedArray], rows: int) -> None:
        """Write a row group, of columns in the order of the schema.

        A column of floats that are never null may be given as booleans: True is 1.0, False is 0.0.
        """
        if not rows:
            return
        parts: list[list[Chunk]] = [[] for _ in columns]
        others: list[list[_Encoded]] = [[] for _ in columns]
        for found in thread_pool.run(lambda task: task(), list(self._tasks(columns)), self._threads):
            for index, encoded in found:
                if isinstance(encoded, Chunk):
                    parts[index].append(encoded)
                else:
                    others[index] = encoded
        chunks: list[Chunk | _Encoded] = []
        for index, made in enumerate(parts):
            chunks.extend([pages.join(made)] if made else others[index])
        self._append(chunks, rows)

    def close(self) -> None:
        """Write the footer."""
        if self._file.closed:
            return
        self._footer[3] = Typed(I64, self._rows)
        self._footer[4] = Typed(LIST, Items(STRUCT, self._groups))
        footer = thrift.encode(self._footer)
        self._file.write(footer + len(footer).to_bytes(4, "little") + _MAGIC)
        self._file.close()

    def _append(self, chunks: Sequence[Chunk | _Encoded], rows: int) -> None:
        start = at = self._file.tell()
        raw = 0
        described: list[thrift.Value] = []
        for chunk, path in zip(chunks, self._paths, strict=True):
            if isinstance(chunk, Chunk):
                described.append(chunk.describe(path, at))
            else:
                _move(chunk.about, at)
                described.append(Struct({2: Typed(I64, 0), 3: Typed(STRUCT, chunk.about)}))
            raw += chunk.raw
            at += chunk.size
            self._file.writelines(chunk.buffers)
        group = {
            1: Typed(LIST, Items(STRUCT, described)),
            2: Typed(I64, raw),
            3: Typed(I64, rows),
            5: Typed(I64, start),
            6: Typed(I64, at - start),
        }
        self._groups.append(thrift.encode(Struct(group)))
        self._rows += rows

    def _tasks(self, columns: Sequence[pa.Array | pa.ChunkedArray]) -> Iterator[_Task]:
        """Yield what encodes the columns of a row group; the longest tasks come first."""
        others: list[int] = []
        numbers: list[tuple[int, pa.Array]] = []
        for index, (field, column) in enumerate(zip(self._schema, columns, strict=True)):
            kind = "" if column.null_count else _kind_of(field)
            if not kind or (kind == "integer" and len(column) < _CODED_ROWS):
                others.append(index)
                continue
            array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
            if kind == "list":
                yield from _list_tasks(index, array)
            else:
                numbers.append((index, array))
        for some in _divide(others, _OTHERS):
            schema = pa.schema([self._schema.field(i) for i in some])
            table = pa.Table.from_arrays([_as_floats(columns[i], schema.field(k)) for k, i in enumerate(some)], schema=schema)
            yield partial(_encode_others, some, table)
        for several in _divide(numbers, _TASKS):
            yield partial(_encode_numbers, several)


def _kind_of(field: pa.Field) -> str:
    """Return "number", "integer" or "list" for a field whose chunks are encoded by `pages`, "" for others."""
    kind = field.type
    if field.nullable:
        return ""
    if pa.types.is_fixed_size_list(kind) and kind.list_size:
        value = kind.value_field
        return "list" if value.nullable and value.type == pa.float32() else ""
    if kind in (pa.int32(), pa.int64()):
        return "integer"
    return "number" if kind == pa.float32() else ""


def _paths_of(field: pa.Field) -> list[bytes]:
    """Return what a footer says of the place of each leaf of a field that `pages` encodes; nothing of others."""
    kind, name = _kind_of(field), field.name.encode()
    if not kind:
        return [b""] * len(leaves_of(field))
    return [pages.path_of(name, b"list", b"element") if kind == "list" else pages.path_of(name)]


def _list_tasks(index: int, array: pa.FixedSizeListArray) -> Iterator[_Task]:
    width = array.type.list_size
    matrix = array.flatten().to_numpy().reshape(-1, width)
    step = pages.page_rows(width)
    for start in range(0, len(matrix), step * _TASK_PAGES):
        yield partial(_encode_rows, index, matrix[start : start + step * _TASK_PAGES], step)


def _encode_rows(index: int, matrix: Array, step: int) -> _Found:
    return [(index, pages.list_page(matrix[start : start + step])) for start in range(0, len(matrix), step)]


def _encode_numbers(columns: list[tuple[int, pa.Array]]) -> _Found:
    return [(index, _encode_number(array)) for index, array in columns]


def _encode_number(array: pa.Array) -> Chunk:
    if pa.types.is_integer(array.type):
        return pages.integers(array.to_numpy())
    if pa.types.is_boolean(array.type):
        return pages.ones(_bits_of(array), len(array))
    return pages.numbers(array.to_numpy())


def _bits_of(array: pa.BooleanArray) -> Array:
    """Return the values of booleans without nulls as bits: uint8 [ceil(n / 8)], 0 after the last."""
    if array.offset % 8:
        return np.packbits(array.to_numpy(zero_copy_only=False), bitorder="little")
    size = -(-len(array) // 8)
    bits = np.frombuffer(array.buffers()[1], np.uint8, size, array.offset // 8)
    if len(array) % 8:
        bits = bits.copy()
        bits[-1] &= (1 << len(array) % 8) - 1
    return bits


def _as_floats(column: pa.Array | pa.ChunkedArray, field: pa.Field) -> pa.Array | pa.ChunkedArray:
    given = pa.types.is_boolean(column.type) and not pa.types.is_boolean(field.type)
    return column.cast(field.type) if given else column


def _encode_others(indices: list[int], table: pa.Table) -> _Found:
    """Encode columns by pyarrow."""
    data = _write(table, False)
    (group,) = _footer_of(data).structs(4)
    encoded = iter([_take(data, chunk.struct(3)) for chunk in group.structs(1)])
    return [(i, [next(encoded) for _ in leaves_of(field)]) for i, field in zip(indices, table.schema, strict=True)]


def _take(data: pa.Buffer, about: Struct) -> _Encoded:
    """Return a column chunk of a file in memory."""
    start = min(about.integer(number) for number in about.keys() & _PLACES)
    _move(about, -start)
    size = about.integer(7)
    return _Encoded([data.slice(start, size)], size, about.integer(6), about)


def _move(about: Struct, by: int) -> None:
    """Change where the pages of a ColumnMetaData are."""
    for number in about.keys() & _PLACES:
        about[number] = Typed(I64, about.integer(number) + by)


def _write(table: pa.Table, schema: bool) -> pa.Buffer:
    """Write a table of one row group, or of no rows, into memory. schema: with that of Arrow.

    All but floats have dictionaries and statistics, which are work for nothing for these.
    """
    coded = [leaf for field in table.schema for leaf, kind in leaves_of(field) if not pa.types.is_floating(kind)] or False
    sink = pa.BufferOutputStream()
    options = {"compression": pages.CODEC, "use_dictionary": coded, "write_statistics": coded, "store_schema": schema}
    with pq.ParquetWriter(sink, table.schema, **options) as file:
        if table.num_rows:
            file.write_table(table, row_group_size=table.num_rows)
    return sink.getvalue()


def _footer_of(data: pa.Buffer) -> Struct:
    size = int.from_bytes(data.slice(data.size - 8, 4).to_pybytes(), "little")
    return thrift.decode(data.slice(data.size - 8 - size, size).to_pybytes())


def leaves_of(field: pa.Field, path: str | None = None) -> list[tuple[str, pa.DataType]]:
    """Return the leaves of a field by their Parquet paths."""
    kind, path = field.type, field.name if path is None else path
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if pa.types.is_map(kind):
        inner = [(f"{path}.key_value.key", kind.key_field), (f"{path}.key_value.value", kind.item_field)]
    elif pa.types.is_struct(kind):
        inner = [(f"{path}.{child.name}", child) for child in kind]
    elif pa.types.is_nested(kind):
        inner = [(f"{path}.list.element", kind.value_field)]
    else:
        return [(path, kind)]
    return [leaf for name, child in inner for leaf in leaves_of(child, name)]


def _divide(items: list[T], count: int) -> Iterator[list[T]]:
    """Yield so many parts of a list, or fewer, of nearly the same length."""
    count = min(count, len(items))
    for i in range(count):
        yield items[len(items) * i // count : len(items) * (i + 1) // count]
