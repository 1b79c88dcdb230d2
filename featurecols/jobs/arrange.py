"""The rows of a job in files of another size, or in a folder for each value of some fields.

A job writes a file for each source file first; these are read again here, in order. What is
written depends on their rows alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from featurecols import errors
from featurecols._core import thread_pool
from featurecols._core.names import names_of
from featurecols.data.files.paths import folder_of
from featurecols.jobs.any_staging import AnyStaging
from featurecols.jobs.parquet.writer import ParquetWriter

_OPEN = 200  # files that are written at once at most
_NAMES = tuple(getattr(pa.types, f"is_{kind}") for kind in ("string", "large_string", "integer", "boolean", "date32", "null"))
_WAITING = 256 << 20  # bytes that wait for more rows of their folders at most


@dataclass(frozen=True)
class Arrangement:
    """How output rows are divided into files.

    Attributes:
        fields: those whose values name folders; none for one folder.
        rows: how many a file has at most; None for any number.
    """

    fields: tuple[str, ...] = ()
    rows: int | None = None

    @staticmethod
    def of(subject: str, partition_by: str | Sequence[str], rows_per_file: int | None) -> Arrangement:
        """Return what these arguments of a job ask for. Raises ColumnError for what they cannot be."""
        fields = names_of(partition_by)
        if rows_per_file is not None and (type(rows_per_file) is not int or rows_per_file < 1):
            problem = "rows_per_file must be a positive integer"
            raise errors.argument(subject, problem, rows_per_file, "leave it out for a file for each source file")
        if len(set(fields)) < len(fields):
            raise errors.argument(subject, "partition_by names a field twice", fields, "name each field once")
        return Arrangement(fields, rows_per_file)

    def __bool__(self) -> bool:
        return bool(self.fields) or self.rows is not None

    def check(self, target: object, kept: pa.Schema) -> None:
        """Raise OutputError for fields whose values cannot name a folder."""
        for name in self.fields:
            kind = kept.field(name).type
            inner = kind.value_type if pa.types.is_dictionary(kind) else kind
            t = pa.types
            if not any(
                is_of(inner) for is_of in (t.is_string, t.is_large_string, t.is_integer, t.is_boolean, t.is_date32, t.is_null)
            ):
                problem = f"cannot have a folder for each value of {errors.show(name)}, of type {kind}"
                raise errors.output(target, problem, "choose fields of text, integers, booleans or dates")


def write(stage: AnyStaging, files: Iterable[Path], arrangement: Arrangement, group_rows: int) -> int:
    """Write the rows of some files into files of another arrangement, with row groups of `group_rows`; return their number."""
    writers: dict[str, _Folder] = {}
    count = waiting = 0
    for table in _tables(files, group_rows):
        for folder, rows in _divide(table, arrangement.fields):
            writer = writers.setdefault(folder, _Folder(stage, folder, arrangement.rows or 0, group_rows))
            waiting += writer.add(rows)
        while waiting > _WAITING:
            largest = max(writers.values(), key=lambda writer: writer.waiting)
            waiting -= largest.flush()
        opened = [writer for writer in writers.values() if writer.is_open]
        for writer in opened[: max(0, len(opened) - _OPEN)]:
            waiting -= writer.finish()
    for writer in writers.values():
        writer.finish()
        count += writer.files
    return count


def _tables(files: Iterable[Path], rows: int) -> Iterator[pa.Table]:
    for path in files:
        with pq.ParquetFile(path) as file:
            yield file.schema_arrow.empty_table()
            for batch in file.iter_batches(rows):
                yield pa.Table.from_batches([batch])


def _divide(table: pa.Table, fields: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows for each folder, without the fields that name it, in the order of their first rows."""
    if not fields:
        yield "", table
        return
    left = table.drop_columns(list(fields))
    if not table.num_rows:
        return
    texts, codes = [], []
    for name in fields:
        column = table[name].combine_chunks()
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        coded = plain.cast(pa.string()).dictionary_encode()
        texts.append([*coded.dictionary.to_pylist(), None])
        codes.append(pc.fill_null(coded.indices, len(coded.dictionary)).to_numpy())
    _, first, group = np.unique(np.stack(codes), axis=1, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    for which in np.argsort(first, kind="stable"):
        at = [text[code[first[which]]] for text, code in zip(texts, codes, strict=True)]
        yield f"{folder_of(dict(zip(fields, at, strict=True)))}/", left.take(pa.array(np.flatnonzero(group == which)))


class _Folder:
    """The files of one folder, of which one is open at a time.

    Attributes:
        files: how many were begun.
        waiting: bytes of the rows that are not written yet.
    """

    def __init__(self, stage: AnyStaging, folder: str, file_rows: int, group_rows: int) -> None:
        """file_rows: of a file; 0 for any number."""
        self.files = self.waiting = 0
        self._stage, self._folder, self._file_rows, self._group_rows = stage, folder, file_rows, group_rows
        self._tables: list[pa.Table] = []
        self._rows = self._written = 0  # that wait; of the open file
        self._file: ParquetWriter | None = None
        self._closing = ExitStack()

    @property
    def is_open(self) -> bool:
        """Whether a file is open."""
        return self._file is not None

    def add(self, table: pa.Table) -> int:
        """Append rows, which may be none; return by how many bytes more wait now."""
        before = self.waiting
        self._tables.append(table)
        self._rows, self.waiting = self._rows + table.num_rows, self.waiting + table.nbytes
        while self._rows >= self._group_rows or self._is_full():
            self._write(min(self._group_rows, self._rows))
        return self.waiting - before

    def flush(self) -> int:
        """Write what waits; return by how many bytes less wait now."""
        before = self.waiting
        while self._rows:
            self._write(min(self._group_rows, self._rows))
        return before - self.waiting

    def finish(self) -> int:
        """Write what waits, and the footer; return by how many bytes less wait now."""
        found = self.flush()
        if self._tables and not self.files:  # no rows at all: a file that says which columns there are
            self._open(self._tables[0].schema)
        self._close()
        return found

    def _is_full(self) -> bool:
        return 0 < self._file_rows <= self._written + self._rows

    def _write(self, rows: int) -> None:
        """Write the first so many rows that wait, or as many as the open file takes, as one row group."""
        if self._file_rows:
            rows = min(rows, self._file_rows - self._written)
        table = pa.concat_tables(self._tables)
        if self._file is None:
            self._file = self._open(table.schema)
        self._file.write(table.slice(0, rows).columns, rows)
        left = table.slice(rows)
        self._tables, self._rows, self.waiting = [left], left.num_rows, left.nbytes
        self._written += rows
        self._partial.rows = self._written
        if self._written == self._file_rows:
            self._close()

    def _open(self, schema: pa.Schema) -> ParquetWriter:
        name = f"data/{self._folder}part-{self.files:05}.parquet"
        self._partial = self._closing.enter_context(self._stage.write_file(name))
        self.files += 1
        self._file = ParquetWriter(self._partial.path, schema, thread_pool.count())
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._closing.close()  # gives the file its name
            self._file, self._written = None, 0
