"""Parquet files, row group by row group; only needed fields are read, with the dictionaries of their texts."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from pyarrow import parquet as pq

from featurecols import errors, kernels
from featurecols._core import counters
from featurecols._core.arrays import Array
from featurecols._core.fork_safe import LOADING, import_module
from featurecols.data.batch import Batch, Fragment, Needs
from featurecols.data.fields.base import FieldView
from featurecols.data.files import parquet_decoder
from featurecols.data.files.base import File, State
from featurecols.data.remote import urls
from featurecols.data.tables import batches as split_table

_GROUP_BYTES = 1 << 28  # a row group with more than this in the needed fields is read in several batches
_BATCH_BYTES = 1 << 26
_SET_UP: list[type[pq.ParquetFile]] = []  # the class, once what it shares in this process is made
_FEW = 1000  # rows of a row group below which compiling, or loading, kernels of ours is not worth it


def open_parquet(path: str | urls.RemoteFile, footer: pa.FileMetaData = None) -> pq.ParquetFile:
    """Return pyarrow's ParquetFile of a path. The first one sets up what the process shares, which a fork waits for.

    It reads texts as they are: where dictionaries are asked for, pyarrow takes damaged pages that it refuses otherwise.
    """
    verify = _reading() == "verify"
    if _SET_UP:
        remote = not isinstance(path, str)  # its columns are fetched together
        return _SET_UP[0](path, metadata=footer, page_checksum_verification=verify, pre_buffer=remote)
    with LOADING:
        kind = import_module("pyarrow.parquet").ParquetFile
        file: pq.ParquetFile = kind(path, metadata=footer, page_checksum_verification=verify)
        pa.array([0]).dictionary_encode().indices.to_numpy()
        _SET_UP.append(kind)
        return file


class ParquetFile(File):
    """One Parquet file; its footer is read when it is opened."""

    kind = "Parquet"

    def __init__(self, path: str, state: State) -> None:
        self.path, self.state, self._remote = path, state, urls.is_url(path)
        with self._open() as file:
            self.schema, footer = file.schema_arrow, file.metadata
            groups = [footer.row_group(i).num_rows for i in range(footer.num_row_groups)]
        if min(groups, default=0) < 0:
            raise errors.unreadable(path, "is not a readable Parquet file", f"a row group has {min(groups)} rows")
        self.fragments = [Fragment(path, i, rows) for i, rows in enumerate(groups)]
        self._footer = footer if len(groups) > 1 else None  # read anew for one row group, not for each of many
        self._chunks: Array | None = None  # CHUNK [groups, columns] once it was asked for; empty where it is not sound

    def _open(self, footer: pa.FileMetaData = None) -> pq.ParquetFile:
        try:
            return open_parquet(urls.open_url(self.path, self.state[0]) if self._remote else self.path, footer)
        except (pa.ArrowException, OSError) as error:
            raise errors.unreadable(self.path, "is not a readable Parquet file", error) from None
        except UnicodeDecodeError as error:
            name = errors.show(error.object)
            raise errors.unreadable(
                self.path, "is not a readable Parquet file", f"the name of a column is not UTF-8: {name}"
            ) from None

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        keys = list(dict.fromkeys(key for key, _ in needs))
        footer = self._footer
        if footer is None:
            with self._open() as file:
                footer = file.metadata
        group = _RowGroup(self, fragment, footer)
        try:
            if keys and group.size(keys) > _GROUP_BYTES:
                yield from group.batches(keys)
            else:
                yield from group.whole(keys)
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(fragment, error) from None

    def chunks(self, fragment: Fragment, footer: pa.FileMetaData) -> Array | None:
        """Return what the footer says of the columns of a row group, CHUNK [columns].

        None where the file is not sound, or where pyarrow reads everything.
        """
        if _reading() == "pyarrow":
            return None
        if self._chunks is None:
            groups, columns = footer.num_row_groups, footer.num_columns
            found = np.empty((groups, columns), kernels.parquet.CHUNK)
            rows = np.empty(groups, np.int64)
            sound = kernels.parquet.chunks[0](self._footer_bytes(), groups, columns, rows, found.reshape(-1))
            wanted = [fragment.num_rows for fragment in self.fragments]
            self._chunks = found if sound and rows.tolist() == wanted else found[:0]
            if not len(self._chunks):
                counters.increment("pyarrow: a damaged footer")
        return self._chunks[fragment.row_group] if len(self._chunks) else None

    def _footer_bytes(self) -> Array:
        with self.open_raw() as file:
            end = file.seek(-8, os.SEEK_END)
            size = int.from_bytes(file.read(4), "little")
            file.seek(max(end - size, 0))
            return np.frombuffer(file.read(size), np.uint8)

    def open_raw(self) -> io.RawIOBase:
        """Open the file to read its bytes, without a buffer."""
        return urls.open_url(self.path, self.state[0]) if self._remote else open(self.path, "rb", buffering=0)

    def _unreadable(self, fragment: Fragment, error: Exception) -> errors.DataError:
        return errors.unreadable(self.path, f"row group {fragment.row_group} cannot be read", error)


class _RowGroup:
    """One row group of an open footer: what its columns are, and how they are read.

    pyarrow's attributes of a column chunk are not asked: some end the process (see kernels.parquet).
    """

    def __init__(self, file: ParquetFile, fragment: Fragment, footer: pa.FileMetaData) -> None:
        self.file, self.fragment, self.footer = file, fragment, footer
        self.rows = fragment.num_rows or 0
        self.leaves = _find_leaves(file.schema, footer.schema)
        self.chunks = file.chunks(fragment, footer) if self.rows >= _FEW else None

    def size(self, keys: Sequence[str]) -> int:
        """Return the bytes of these fields once they are unpacked; those of all fields where they are not known."""
        if self.chunks is None:
            return self.footer.row_group(self.fragment.row_group).total_byte_size
        return sum(int(self.chunks[i]["unpacked"]) for key in keys for i in self.leaves[key])

    def whole(self, keys: list[str]) -> Iterator[Batch]:
        """Return the row group as one batch.

        Its flat columns come as bytes, which those who ask for a field decode, each in its own thread; the others are
        decoded here.
        """
        found = {key: chunk for key in keys if (chunk := self._chunk(key)) is not None}
        rest = [key for key in keys if key not in found]
        if not found:
            yield from split_table(self._table(rest))
            return
        table: pa.Table = self._table(rest) if rest else None
        with self.file.open_raw() as file:
            packed = {key: parquet_decoder.read(file, chunk) for key, chunk in found.items()}

        def load(key: str) -> FieldView | pa.ChunkedArray:
            if key not in found:
                return table.column(key)
            data = packed.pop(key, None)  # taken once; whoever asks again after an error asks pyarrow
            field = None if data is None else parquet_decoder.decode(found[key], data, _reading() == "verify")
            return self._column(key) if field is None else field

        yield Batch.lazy(keys, self.rows, load)

    def batches(self, keys: list[str]) -> Iterator[Batch]:
        """Return the same rows in several batches."""
        rows = max(1, self.rows * _BATCH_BYTES // self.size(keys))
        with self.file._open(self.footer) as file:
            for batch in file.iter_batches(rows, [self.fragment.row_group], columns=keys):
                yield Batch.arrow(batch.select(keys))

    def _chunk(self, key: str) -> parquet_decoder.Chunk | None:
        if self.chunks is None:
            return None
        leaves = self.leaves[key]
        if len(leaves) != 1:
            counters.increment("pyarrow: a nested column")
            return None
        leaf, about = self.footer.schema.column(leaves[0]), self.chunks[leaves[0]]
        return parquet_decoder.chunk(self.file.schema.field(key), leaf, about, self.rows, self.file.state[0])

    def _table(self, keys: list[str]) -> pa.Table:
        if not keys:  # no field is needed, the number of rows is
            return pa.table({"": pa.nulls(self.rows)})
        with self.file._open(self.footer) as file:
            return file.read_row_group(self.fragment.row_group, columns=keys).select(keys)

    def _column(self, key: str) -> pa.ChunkedArray:
        """Return a column that turned out to be none for our own decoder, read by pyarrow as it reads by itself."""
        try:
            return self._table([key]).column(key)
        except (pa.ArrowException, OSError) as error:
            raise self.file._unreadable(self.fragment, error) from None


def _reading() -> str:
    """Return what FEATURECOLS_PARQUET says: "pyarrow" reads everything, "verify" has checksums verified; "" by default."""
    choice = os.environ.get("FEATURECOLS_PARQUET", "")
    if choice not in ("", "pyarrow", "verify"):
        raise errors.argument(
            "FEATURECOLS_PARQUET", "must be pyarrow or verify, or not set", choice, "unset it for the default"
        )
    return choice


def _find_leaves(fields: pa.Schema, stored: pq.ParquetSchema) -> dict[str, Sequence[int]]:
    """Return the columns on disk that hold each field: one for a value or a list, several for a struct.

    None for a field whose columns bear other names, as those behind a group without columns do: pyarrow finds it.
    """
    found: dict[str, Sequence[int]] = {}
    at = 0
    for field in fields:
        count = _count_leaves(field.type)
        leaves, at = range(at, at + count), at + count
        named = at <= len(stored) and all(f"{stored.column(i).path}.".startswith(f"{field.name}.") for i in leaves)
        found[field.name] = leaves if named else ()
    return found


def _count_leaves(kind: pa.DataType) -> int:
    if isinstance(kind, pa.BaseExtensionType):
        return _count_leaves(kind.storage_type)
    if pa.types.is_dictionary(kind) or kind.num_fields == 0:
        return 1
    return sum(_count_leaves(kind.field(i).type) for i in range(kind.num_fields))
