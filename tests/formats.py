"""The same rows in every input format that the package reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute

Row = dict[str, Any]
Format = Callable[[pa.Table], Any]
FORMATS: dict[str, Format] = {}
READ_ONCE = {"arrow_reader"}
LIKE = {  # formats that are as another one where there are no texts, lists or nulls
    "arrow_large": "arrow",
    "arrow_view": "arrow",
    "arrow_dictionary_awkward": "arrow_dictionary",
    "arrow_dictionary_big": "arrow_dictionary",
    "arrow_fixed": "arrow",
    "arrow_sliced_large": "arrow_sliced",
    "arrow_garbage": "arrow",
    "pandas_category": "pandas_default",
    "pandas_str": "pandas_object",
    "polars_categorical": "polars_frame",
}


def table_of(rows: list[Row], schema: pa.Schema | None = None) -> pa.Table:
    """Rows as one plain Arrow chunk."""
    keys = list(schema.names) if schema else list(dict.fromkeys(k for row in rows for k in row))
    full = [{k: row.get(k) for k in keys} for row in rows]
    return pa.Table.from_pylist(full, schema=schema).combine_chunks()


def each(rows: list[Row], schema: pa.Schema | None = None) -> list[tuple[str, Any]]:
    """(name, data) of every format."""
    table = table_of(rows, schema)
    return [(name, make(table)) for name, make in FORMATS.items()]


def different(table: pa.Table) -> dict[str, Any]:
    """The rows in every format, without those that are as another one: a format of texts says nothing new of numbers alone."""
    made = {name: make(table) for name, make in FORMATS.items()}
    return {name: data for name, data in made.items() if name not in LIKE or _differ(data, made[LIKE[name]])}


def _differ(data: Any, other: Any) -> bool:
    """Whether types, values under nulls or dictionaries of two formats differ."""
    if isinstance(data, pa.Table):
        return data.schema != other.schema or [_memory(c) for c in data.columns] != [_memory(c) for c in other.columns]
    return list(data.dtypes) != list(other.dtypes)


def _memory(column: pa.ChunkedArray) -> Any:
    return [(len(c), c.offset, [b and b.to_pybytes() for b in c.buffers()]) for c in column.chunks]


def _format(make: Format) -> Format:
    FORMATS[make.__name__] = make
    return make


def _columns(table: pa.Table, change: Callable[[pa.ChunkedArray], Any]) -> pa.Table:
    return pa.table({name: change(table[name]) for name in table.column_names})


def _retyped(kind: pa.DataType, large: dict[pa.DataType, pa.DataType], lists: Any) -> pa.DataType:
    if pa.types.is_list(kind):
        return lists(_retyped(kind.value_type, large, lists))
    return large.get(kind, kind)


# ------------------------------------------------------------------------------------------------ Arrow


@_format
def arrow(table: pa.Table) -> Any:
    return table


@_format
def arrow_large(table: pa.Table) -> Any:
    kinds = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}
    return _columns(table, lambda c: c.cast(_retyped(c.type, kinds, pa.large_list)))


@_format
def arrow_view(table: pa.Table) -> Any:
    kinds = {pa.string(): pa.string_view(), pa.binary(): pa.binary_view()}

    def change(c: pa.ChunkedArray) -> Any:
        kind = _retyped(c.type, kinds, pa.list_view)
        return pa.array(c.to_pylist(), kind)

    return _columns(table, change)


def encoded(array: pa.Array) -> pa.Array:
    """Dictionary-encoded; inside lists the elements are."""
    if pa.types.is_list(array.type):
        return pa.ListArray.from_arrays(_masked_offsets(array), encoded(array.flatten()))
    if pa.types.is_null(array.type):
        return array
    return array.dictionary_encode()


def _masked_offsets(array: pa.Array) -> pa.Array:
    values = array.to_pylist()
    starts = np.cumsum([0, *(len(v or ()) for v in values)], dtype=np.int32)
    return pa.array(starts, pa.int32(), mask=np.array([*(v is None for v in values), False]))


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


@_format
def arrow_dictionary(table: pa.Table) -> Any:
    return _columns(table, lambda c: encoded(_one_chunk(c)))


@_format
def arrow_dictionary_awkward(table: pa.Table) -> Any:
    """A dictionary backwards, with a term twice, an unused null, nulls in the dictionary, unsigned bytes as codes."""

    def change(c: pa.ChunkedArray) -> Any:
        array = _one_chunk(c)
        if pa.types.is_nested(array.type) or pa.types.is_null(array.type):
            return encoded(array)
        plain = array.dictionary_encode()
        terms = plain.dictionary.to_pylist()
        k = len(terms)
        doubled = [*reversed(terms), None, *terms]
        codes = [
            k if code is None else (k - 1 - code if i % 2 else k + 1 + code) for i, code in enumerate(plain.indices.to_pylist())
        ]
        kind = pa.uint8() if len(doubled) < 256 else pa.uint16()
        return pa.DictionaryArray.from_arrays(pa.array(codes, kind), pa.array(doubled, array.type))

    return _columns(table, change)


def _pieces(table: pa.Table) -> list[pa.Table]:
    """The table in uneven pieces, some of them empty."""
    pieces, at, sizes = [], 0, (1, 0, 3, 2, 7)
    while at < len(table) or not pieces:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(table.slice(at, size))
        at += size
    return pieces


@_format
def arrow_dictionary_big(table: pa.Table) -> Any:
    """A few rows of a big dictionary."""

    def change(c: pa.ChunkedArray) -> Any:
        array = _one_chunk(c)
        if not pa.types.is_string(array.type):
            return encoded(array)
        plain = array.dictionary_encode()
        unused = pa.array([f"unused {i}" for i in range(300 + 5 * len(array))])
        codes = pa.compute.add(plain.indices, pa.scalar(len(unused), pa.int32()))
        return pa.DictionaryArray.from_arrays(codes, pa.concat_arrays([unused, plain.dictionary]))

    return _columns(table, change)


@_format
def arrow_fixed(table: pa.Table) -> Any:
    """Lists of one length as fixed-size lists."""

    def change(c: pa.ChunkedArray) -> Any:
        array = _one_chunk(c)
        sizes = {len(v) for v in array.to_pylist() if v is not None} if pa.types.is_list(array.type) else set()
        if len(sizes) != 1:
            return array
        kind = pa.list_(array.type.value_type, sizes.pop())
        return _sliced(pa.array(array.to_pylist(), kind))

    return _columns(table, change)


@_format
def arrow_chunks(table: pa.Table) -> Any:
    return pa.concat_tables(_pieces(table))


@_format
def arrow_chunks_unlike(table: pa.Table) -> Any:
    """The chunks of two columns do not line up."""
    odd = pa.concat_tables([table.slice(0, 5), table.slice(5)])
    even = pa.concat_tables(_pieces(table))
    return pa.table({name: (odd if i % 2 else even)[name] for i, name in enumerate(table.column_names)})


@_format
def arrow_chunks_dictionaries(table: pa.Table) -> Any:
    """Every chunk has its own dictionary."""
    parts = [_columns(p, lambda c: encoded(_one_chunk(c))) for p in _pieces(table)]
    return pa.Table.from_batches([b for p in parts for b in p.to_batches(max_chunksize=None)], schema=parts[0].schema)


@_format
def arrow_chunks_half_shared(table: pa.Table) -> Any:
    """Every other field has one dictionary for all chunks, the rest have one a chunk."""
    size = max(10, len(table) // 4)
    starts = range(0, max(len(table), 1), size)

    def chunks(i: int, column: pa.ChunkedArray) -> Any:
        if i % 2 == 0:
            whole = encoded(_one_chunk(column))
            return pa.chunked_array([whole[start : start + size] for start in starts])
        return pa.chunked_array([encoded(_one_chunk(column.slice(start, size))) for start in starts])

    return pa.table({name: chunks(i, table[name]) for i, name in enumerate(table.column_names)})


def padded(table: pa.Table, before: int = 11, after: int = 3) -> pa.Table:
    """The table as a slice whose arrays start in the middle of a bitmap's byte."""
    if not len(table):
        return table
    rows = max(before, after)
    around = table.take(pa.array([len(table) - 1 - i % len(table) for i in range(rows)]))
    whole = pa.concat_tables([around.slice(0, before), table, around.slice(0, after)]).combine_chunks()
    return whole.slice(before, len(table))


@_format
def arrow_sliced(table: pa.Table) -> Any:
    return padded(table)


@_format
def arrow_sliced_large(table: pa.Table) -> Any:
    return padded(arrow_large(table), 5)


@_format
def arrow_sliced_view(table: pa.Table) -> Any:
    whole = arrow_view(table)
    return pa.concat_tables([whole.slice(len(whole) // 2), whole]).combine_chunks().slice(len(whole) - len(whole) // 2)


@_format
def arrow_sliced_dictionary(table: pa.Table) -> Any:
    return _columns(table, lambda c: _sliced(encoded(_one_chunk(c))))


def _sliced(array: pa.Array) -> pa.Array:
    return pa.concat_arrays([array[len(array) // 2 :], array])[len(array) - len(array) // 2 :]


@_format
def arrow_garbage(table: pa.Table) -> Any:
    """Under every null lies a value, as some writers leave it."""
    return _columns(table, lambda c: _over_garbage(_one_chunk(c)))


def _over_garbage(array: pa.Array) -> pa.Array:
    values = array.to_pylist()
    present = [v for v in values if v is not None and v != []]
    if None not in values or not present:
        return array
    full = pa.array([present[i % len(present)] if v is None else v for i, v in enumerate(values)], array.type)
    bitmap = pa.py_buffer(np.packbits([v is not None for v in values], bitorder="little"))
    if pa.types.is_list(array.type):
        return pa.Array.from_buffers(array.type, len(full), [bitmap, full.buffers()[1]], children=[full.values])
    return pa.Array.from_buffers(array.type, len(full), [bitmap, *full.buffers()[1:]])


@_format
def arrow_reader(table: pa.Table) -> Any:
    return table.to_reader(max_chunksize=4)


@_format
def arrow_batch(table: pa.Table) -> Any:
    batches = table.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


# ------------------------------------------------------------------------------------------------ pandas, Polars, Python


@_format
def pandas_default(table: pa.Table) -> Any:
    return pd.DataFrame({name: table[name].to_pylist() for name in table.column_names})


@_format
def pandas_index(table: pa.Table) -> Any:
    """Rows count by place, never by label."""
    frame = pandas_default(table)
    return frame.set_axis([7] * len(frame), axis=0)


@_format
def pandas_object(table: pa.Table) -> Any:
    return pd.DataFrame({name: pd.Series(table[name].to_pylist(), dtype=object) for name in table.column_names})


@_format
def pandas_str(table: pa.Table) -> Any:
    frame = pandas_object(table)
    texts = [n for n in frame if pa.types.is_string(table.schema.field(n).type)]
    kind = "str" if int(pd.__version__.split(".")[0]) >= 3 else pd.StringDtype("pyarrow_numpy")  # its name before pandas 3
    return frame.astype(dict.fromkeys(texts, kind))


@_format
def pandas_category(table: pa.Table) -> Any:
    frame = pandas_default(table)
    kinds = {n: table.schema.field(n).type for n in frame}
    flat = [n for n, kind in kinds.items() if not pa.types.is_nested(kind) and not pa.types.is_floating(kind)]
    return frame.astype(dict.fromkeys(flat, "category"))  # of floats pandas makes -0.0 and 0.0 one category


@_format
def pandas_nullable(table: pa.Table) -> Any:
    with np.errstate(invalid="ignore"):  # pandas 2 tries whether inf is an integer
        return pandas_object(table).convert_dtypes()


@_format
def pandas_arrow(table: pa.Table) -> Any:
    return table.to_pandas(types_mapper=pd.ArrowDtype)


@_format
def pandas_sliced(table: pa.Table) -> Any:
    frame = pandas_default(padded(table))
    return pd.concat([frame.iloc[::-1], frame, frame]).iloc[len(frame) : 2 * len(frame)]


@_format
def polars_frame(table: pa.Table) -> Any:
    return pl.from_arrow(table)


@_format
def polars_categorical(table: pa.Table) -> Any:
    frame = pl.from_arrow(table)
    return frame.with_columns(pl.col(pl.String).cast(pl.Categorical))  # type: ignore[union-attr]


@_format
def dict_of_lists(table: pa.Table) -> Any:
    return table.to_pydict()


@_format
def dict_of_arrays(table: pa.Table) -> Any:
    out: dict[str, Any] = {}
    for name, values in table.to_pydict().items():
        flat = not pa.types.is_nested(table.schema.field(name).type)
        array = np.array(values) if flat else np.empty(0, object)
        if array.dtype.kind in "OS" or not flat or array.tolist() != values:  # numpy drops a NUL at the end
            array = np.empty(len(values), object)
            array[:] = values
        out[name] = array
    return out


@_format
def list_of_rows(table: pa.Table) -> Any:
    return table.to_pylist()


# ------------------------------------------------------------------------------------------------ one row


def one_row_of_arrow(row: Row) -> Any:
    """A null is of no type."""
    return pa.table({key: pa.nulls(1) if value is None else pa.array([value]) for key, value in row.items()})


def one_row_of_pandas(row: Row) -> Any:
    return pd.DataFrame({key: [value] for key, value in row.items()})


def one_row_of_polars(row: Row) -> Any:
    return pl.from_arrow(one_row_of_arrow(row))


def one_row_of_arrays(row: Row) -> Any:
    return dict_of_arrays(one_row_of_arrow(row))


def one_row_of_python(row: Row) -> Any:
    return row


ONE_ROW: dict[str, Callable[[Row], Any]] = {
    "Arrow": one_row_of_arrow,
    "pandas": one_row_of_pandas,
    "Polars": one_row_of_polars,
    "arrays": one_row_of_arrays,
    "Python": one_row_of_python,
}
