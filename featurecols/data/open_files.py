"""Binary files that a caller has opened: Parquet, Arrow, JSON lines or CSV, by their first bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import pyarrow as pa

from featurecols import errors
from featurecols._core.fork_safe import import_module
from featurecols.data.batch import Batch, Needs, Source, keys_of
from featurecols.data.files.arrow import MAGIC, OLD_FEATHER, OLD_HINT, STREAM
from featurecols.data.files.csv import CsvFile
from featurecols.data.files.csv_options import CsvOptions
from featurecols.data.files.json_lines import JsonLinesFile
from featurecols.data.tables import batches

_NOT_READ = (  # first bytes, what they are those of, and the way out
    (b"\x1f\x8b", "packed by gzip", "give its path, or open it with gzip.open"),
    (b"BZh91AY&SY", "packed by bzip2", "give its path, or open it with bz2.open"),
    (b"\xfd7zXZ\0", "packed by xz", "give its path, or open it with lzma.open"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", "give its path"),
    (b"\x04\x22\x4d\x18", "packed by lz4", "give its path"),
    (b"PK\x03\x04", "a .zip file", "give its path, or open what it holds: zipfile.ZipFile(path).open(name)"),
    (OLD_FEATHER, "Feather of version 1", OLD_HINT),
)


class OpenFileSource(Source):
    """An open file. It is read from its start each time, and stays open.

    Args:
        file: opened to read bytes, which can be sought in: open(path, "rb"), io.BytesIO.
        options: how CSV is written, where that was said; the file is CSV then.

    Raises DataError for a file of text, and for one that cannot be sought in.
    """

    num_rows = None

    def __init__(self, file: BinaryIO, options: CsvOptions | None = None) -> None:
        name = getattr(file, "name", None)
        self.file, self.options = file, options
        self._path = name if isinstance(name, str) else type(file).__name__
        if getattr(file, "closed", False):
            raise errors.not_readable(f"{self._path}, which is closed", "open it again, and close it after the last call")
        if not (hasattr(file, "seekable") and file.readable() and file.seekable()):
            raise errors.not_readable(self._path, "give the path of the file, or read it into io.BytesIO")
        file.seek(0)
        start = file.read(10)
        if not isinstance(start, bytes):
            raise errors.not_readable(self._path, 'open it to read bytes: open(path, "rb")')
        for magic, what, hint in _NOT_READ:
            if start.startswith(magic):
                raise errors.not_readable(f"{self._path}, which is {what}", hint)
        self._kind = "CSV" if options is not None else _kind_of(start)
        self._stream = start.startswith(STREAM)

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        if self.file.closed:
            raise errors.not_readable(f"{self._path}, which is closed", "close it after the last call")
        try:
            if self._kind in ("Parquet", "Arrow"):
                yield from self._read_tables(needs)
                return
        except (pa.ArrowException, OSError) as error:
            raise errors.unreadable(self._path, f"is not readable as {self._kind}", error) from None
        size = self.file.seek(0, 2)
        opened: CsvFile | JsonLinesFile
        if self._kind == "CSV":
            opened = _OpenCsv(self._start, self._path, (size, 0), self.options)
        else:
            opened = _OpenJsonLines(self._start, self._path, (size, 0))
        names = opened.schema.names
        asked = [(name, "category") for name in names] if needs is None else needs
        for key, _ in asked:
            if names.count(key) != 1:
                if key in names:
                    raise errors.field_twice(key, self._path)
                absent = errors.missing_field(key, names, self._path)
                absent.hint = opened.hint_at_names(key) or absent.hint
                raise absent
        yield from opened.read(opened.fragments[0], asked)

    def _read_tables(self, needs: Needs | None) -> Iterator[Batch]:
        self.file.seek(0)
        if self._kind == "Arrow":
            for batch in self._arrow_batches():
                table = pa.Table.from_batches([batch])
                table.validate(full=True)
                yield from batches(table, keys_of(needs))
            return
        parquet = import_module("pyarrow.parquet").ParquetFile(self.file)
        for group in range(parquet.num_row_groups):
            wanted = [key for key in keys_of(needs) or () if key in parquet.schema_arrow.names]
            yield from batches(parquet.read_row_group(group, wanted if needs is not None and wanted else None), keys_of(needs))

    def _arrow_batches(self) -> Iterator[pa.RecordBatch]:
        if self._stream:
            yield from pa.ipc.open_stream(_KeptOpen(self.file))
            return
        reader = pa.ipc.open_file(self.file)
        yield from map(reader.get_batch, range(reader.num_record_batches))

    def _start(self) -> pa.NativeFile:
        self.file.seek(0)
        return pa.PythonFile(_KeptOpen(self.file), mode="r")


class _KeptOpen:
    """A file whose reader does not close it."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read

    def close(self) -> None:
        """Do nothing: who opened the file closes it."""
        self.closed = True


class _OpenCsv(CsvFile):
    """A CSV file that is open."""

    def __init__(
        self, start: Callable[[], pa.NativeFile], path: str, state: tuple[int, int], options: CsvOptions | None
    ) -> None:
        self._start = start
        super().__init__(path, state, options)
        self.changed = True  # no second reader looks at its end

    def raw_stream(self) -> pa.NativeFile:
        return self._start()


class _OpenJsonLines(JsonLinesFile):
    """A file of JSON lines that is open."""

    def __init__(self, start: Callable[[], pa.NativeFile], path: str, state: tuple[int, int]) -> None:
        self._start = start
        super().__init__(path, state)

    def _stream(self) -> pa.NativeFile:
        return self._start()


def _kind_of(start: bytes) -> str:
    if start.startswith(b"PAR1"):
        return "Parquet"
    if start.startswith((MAGIC, STREAM)):
        return "Arrow"
    return "JSON lines" if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "CSV"
