"""One file into another: columns are made of pieces of rows while the piece before them is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from featurecols import errors
from featurecols.jobs.inputs import Input, Inputs
from featurecols.jobs.writer import Maker

Progress = Callable[[int, "int | None"], None]
COMPRESSION = "snappy"  # faster than zstd by half and larger by half, on one-hots and numbers mixed


def write(path: Path, file: Input, inputs: Inputs, start: int, maker: Maker, report: Progress) -> int:
    """Write the rows of one file, which begins `start` rows into the source: kept columns, then the maker's. How many."""
    empty = pa.schema([file.schema.field(name) for name in inputs.keep]).empty_table()
    schema = _table(empty, maker.columns(file.schema.empty_table())).schema.with_metadata(maker.metadata())
    done = 0
    with _writer(path, schema) as writer, ThreadPoolExecutor(1) as pool:  # the pool must end before the file
        writing: Future[None] | None = None
        for batch, kept in inputs.pieces(file):
            with located(file, inputs, start, done):
                made = maker.columns(batch)
            if writing is not None:
                writing.result()
            writing = pool.submit(writer.write_table, _table(kept, made), row_group_size=batch.num_rows)
            done += batch.num_rows
            report(start + done, inputs.rows)
        if writing is not None:
            writing.result()
    return done


@contextmanager
def located(file: Input, inputs: Inputs, start: int, row: int) -> Iterator[None]:
    """Errors about rows of a piece that begins at `row` of a file, `start` rows into the source, say where that is."""
    try:
        yield
    except errors.DataError as e:
        hint = e.hint if e.row is None or len(inputs.files) == 1 else f"{e.hint} (row {e.row + row} of {file.relative})"
        raise errors.DataError(e.subject, e.problem, field=e.field, row=e.row, got=e.got, hint=hint).shifted(
            start + row
        ) from None


def _table(kept: pa.Table, made: list[tuple[str, pa.Array]]) -> pa.Table:
    columns = [*kept.columns, *(array for _, array in made)]
    fields = [*kept.schema, *(pa.field(name, array.type, nullable=False) for name, array in made)]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _writer(path: Path, schema: pa.Schema) -> Any:
    """Dictionaries and statistics for all but floats, where they are work for nothing."""
    coded = [leaf for field in schema for leaf, kind in _leaves(field.name, field.type) if not pa.types.is_floating(kind)]
    return pq.ParquetWriter(
        path, schema, compression=COMPRESSION, use_dictionary=coded or False, write_statistics=coded or False
    )


def _leaves(path: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
    """The leaves of a column by their Parquet paths."""
    if isinstance(kind, pa.BaseExtensionType):
        yield from _leaves(path, kind.storage_type)
    elif pa.types.is_map(kind):
        yield from _leaves(f"{path}.key_value.key", kind.key_type)
        yield from _leaves(f"{path}.key_value.value", kind.item_type)
    elif pa.types.is_struct(kind):
        for child in kind:
            yield from _leaves(f"{path}.{child.name}", child.type)
    elif pa.types.is_nested(kind):
        yield from _leaves(f"{path}.list.element", kind.value_type)
    else:
        yield path, kind
