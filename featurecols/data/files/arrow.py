"""Arrow IPC files and streams, which Feather is too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols.data.batch import Batch, Fragment, Needs
from featurecols.data.files import streams
from featurecols.data.files.base import File, State
from featurecols.data.remote import urls

MAGIC = b"ARROW1"
STREAM = b"\xff\xff\xff\xff"  # what each message of a stream begins with
OLD_FEATHER = b"FEA1"
OLD_HINT = "write it again as version 2: pyarrow.feather.write_feather(pyarrow.feather.read_table(path), path)"


class ArrowFile(File):
    """One Arrow file: of the file format, or a stream."""

    kind = "Arrow"

    def __init__(self, path: str, state: State) -> None:
        self.path, self.state = path, state
        with streams.open_bytes(path, state[0]) as file:
            start = file.read(8)
        if start.startswith(OLD_FEATHER):
            raise errors.DataError(path, "is a Feather file of version 1", hint=OLD_HINT)
        self._random = start.startswith(MAGIC)
        with self._explain():
            self.schema = self._open().schema
            self.schema.names  # noqa: B018  # which may not be text
        self.fragments = [Fragment(path, None, None)]

    def _open(self) -> pa.ipc.RecordBatchFileReader | pa.ipc.RecordBatchStreamReader:
        local = not urls.is_url(self.path)
        source = pa.OSFile(self.path) if local else pa.PythonFile(streams.open_bytes(self.path, self.state[0]), mode="r")
        return pa.ipc.open_file(source) if self._random else pa.ipc.open_stream(source)

    def _explain(self) -> _Explained:
        return _Explained(self.path)

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        keys = list(dict.fromkeys(key for key, _ in needs))
        with self._explain():
            reader = self._open()
            count = reader.num_record_batches if self._random else None
        at = 0
        while count is None or at < count:
            with self._explain():
                try:
                    batch = reader.read_next_batch() if count is None else reader.get_batch(at)
                except StopIteration:
                    return
                chosen = batch.select(keys) if keys else batch.select(batch.schema.names[:1])
                for column in chosen.columns:  # what Arrow's kernels trust
                    column.validate(full=True)
                columns = [_without_null_views(column) for column in chosen.columns]
                chosen = pa.RecordBatch.from_arrays(columns, schema=chosen.schema)
            at += 1
            if chosen.num_rows:
                yield Batch.arrow(chosen)


def _without_null_views(column: pa.Array) -> pa.Array:
    """Return text whose null values point nowhere: what they point to is read, and not validated."""
    if str(column.type) not in ("string_view", "binary_view") or column.null_count == 0:
        return column
    _, views, *data = column.buffers()
    rows = np.frombuffer(views, np.uint8)[: 16 * (column.offset + len(column))].reshape(-1, 16)[column.offset :].copy()
    valid = np.asarray(column.is_valid())
    rows[~valid] = 0
    packed = pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(column.type, len(column), [packed, pa.py_buffer(rows), *data])


class _Explained:
    """Errors of Arrow's reader as DataError."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (pa.ArrowException, OSError, ValueError)) and not isinstance(error, errors.DataError):
            raise errors.unreadable(self._path, "is not a readable Arrow file", error) from None
