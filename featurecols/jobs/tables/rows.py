"""The rows of finished files as a lake stores them: types that Delta Lake and Iceberg have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_WIDER = {
    pa.uint8(): pa.int32(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.int64(),
    pa.int8(): pa.int32(),
    pa.int16(): pa.int32(),
    pa.float16(): pa.float32(),
    pa.large_string(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.null(): pa.string(),
}


def lake_type(kind: pa.DataType) -> pa.DataType:
    """Return the type in which a lake stores values: lists of any length, wider integers, words without codes.

    >>> str(lake_type(pa.list_(pa.float32(), 3))), str(lake_type(pa.dictionary(pa.int8(), pa.string())))
    ('list<element: float>', 'string')
    """
    if isinstance(kind, pa.BaseExtensionType):
        return lake_type(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return lake_type(kind.value_type)
    if pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(pa.field("element", lake_type(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, lake_type(field.type)) for field in kind])
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    return _WIDER.get(kind, kind)


def lake_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema of a table for the rows of a file."""
    return pa.schema([pa.field(field.name, lake_type(field.type)) for field in schema])


def batches(paths: Sequence[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows of files in order, in the types of a lake."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            for i in range(file.num_row_groups):
                yield from file.read_row_group(i).cast(schema).combine_chunks().to_batches()
