"""An Arrow file (IPC) that is written batch by batch, compressed by lz4."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow.dataset import dataset


class ArrowWriter:
    """An open file; a fast one for readers on the same machine, which map it. Dictionaries are written as their values."""

    def __init__(self, path: Path, schema: pa.Schema, threads: int) -> None:
        """threads: more than 1 lets Arrow compress the columns of a batch at once; the bytes are the same."""
        path.unlink(missing_ok=True)  # a thread of a run that was interrupted may still write into the old one
        self._schema = pa.schema([field.with_type(_plain(field.type)) for field in schema], schema.metadata)
        options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=threads > 1)
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._file, self._schema, options=options)

    def write(self, columns: Sequence[pa.Array | pa.ChunkedArray], rows: int) -> None:
        """Write a batch, of columns in the order of the schema; booleans for floats as ParquetWriter takes them."""
        if rows:
            given = zip(columns, self._schema, strict=True)
            arrays = [column if column.type == field.type else column.cast(field.type) for column, field in given]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema), max_chunksize=rows)

    def close(self) -> None:
        """Write the footer."""
        if not self._file.closed:
            self._writer.close()
            self._file.close()


def count_rows(path: Path) -> int:
    """Return the rows of an Arrow file."""
    return int(dataset(path, format="ipc").count_rows())


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
