"""CSV files, read as text, so that `007` stays `007`; what is needed as a number is parsed by the field that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from featurecols import errors
from featurecols._core import regular_files
from featurecols._core.fork_safe import import_module
from featurecols.data.batch import Batch, Fragment, Needs
from featurecols.data.files import open_quotes
from featurecols.data.files.base import File, State
from featurecols.data.remote import urls

_BLOCK_BYTES = 1 << 23
_CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4"}  # of the endings in PACKED


class CsvFile(File):
    """One CSV file, which is read as text."""

    kind = "CSV"

    def __init__(self, path: str, state: State) -> None:
        self.path, self.state = path, state
        self._remote = urls.is_url(path)
        name = urls.name_of(path)
        ending = name[name.rfind(".") :].lower()
        self._codec = _CODECS.get(ending)
        self._delimiter = "\t" if name.lower().endswith((".tsv", f".tsv{ending}")) else ","
        self._alone = False  # whether there is one column: an empty line of it is a missing value then
        try:
            names = self._reader(None).schema.names
        except UnicodeDecodeError:
            raise errors.not_utf8(path, None) from None
        self._alone = len(names) == 1
        self.schema = pa.schema([(name, pa.string()) for name in names])
        self.fragments = [Fragment(path, None, None)]

    def _stream(self) -> pa.NativeFile:
        source = urls.open_url(self.path, self.state[0]).buffered() if self._remote else self.path
        return pa.input_stream(source, compression=self._codec)

    def _open(self) -> BinaryIO:
        return urls.open_url(self.path, self.state[0]).buffered() if self._remote else regular_files.open_regular(self.path)

    def _reader(self, needs: Needs | None) -> pa.csv.CSVStreamingReader:
        csv = import_module("pyarrow.csv")
        options: dict[str, object] = {}
        if needs is not None:
            coded = pa.dictionary(pa.int32(), pa.string())
            types = {key: coded if use == "category" else pa.string() for key, use in reversed(list(needs))}
            types.update((key, coded) for key, use in needs if use == "category")
            options = {"include_columns": list(dict.fromkeys(key for key, _ in needs)), "column_types": types}
        try:
            return csv.open_csv(
                self._stream(),
                read_options=csv.ReadOptions(block_size=_BLOCK_BYTES, skip_rows=self._count_leading() if self._alone else 0),
                parse_options=csv.ParseOptions(
                    delimiter=self._delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=not self._alone,
                ),
                convert_options=csv.ConvertOptions(null_values=[""], strings_can_be_null=True, check_utf8=False, **options),
            )
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(error) from None

    def _count_leading(self) -> int:
        """Return the number of empty lines before the header."""
        with self._stream() as stream:
            start = bytes(stream.read(1 << 16))
        lines = start.removeprefix(b"\xef\xbb\xbf").splitlines()
        return next((i for i, line in enumerate(lines) if line), 0)

    def _unreadable(self, error: Exception) -> errors.DataError:
        if "invalid UTF8" in str(error):
            return errors.not_utf8(self.path, self._find_row())
        return errors.unreadable(self.path, "is not a readable CSV file", error)

    def _find_row(self) -> int | None:
        """Return the first row with text that is not UTF-8, the header not counted; line breaks in quotes count as none."""
        row, quoted, rest = -1, False, b""
        with self._stream() as stream:
            while block := bytes(stream.read(1 << 20)):
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    if not _is_utf8(line):
                        return max(row, 0)
                    quoted ^= line.count(b'"') % 2 == 1
                    row += not quoted and (self._alone or bool(line.strip(b"\r")))
        return None if _is_utf8(rest) else max(row, 0)

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        needs = needs or [(self.schema.names[0], "number")]
        keys, last = list(dict.fromkeys(key for key, _ in needs)), self.schema.names[-1]
        watched = self._codec is not None and self.schema.names.count(last) == 1
        reader = self._reader([*needs, (last, "number")] if watched and last not in keys else needs)
        rows, ends = 0, None
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            except (pa.ArrowException, OSError) as error:
                raise self._unreadable(error) from None
            if batch.num_rows:
                rows, ends = rows + batch.num_rows, batch.column(last)[-1:] if watched else None
                batch = batch.select(keys)
                self._check_text(batch)
                yield Batch.arrow(batch, parse=True)
        if rows and self._ends_in_quotes(ends):
            raise errors.open_quote(self.path, rows - 1)

    def _ends_in_quotes(self, last: pa.Array | None) -> bool:
        """Return whether a quote in the last column swallowed what follows it; `last`: the last value, of a compressed file."""
        delimiter = self._delimiter.encode()
        try:
            if self._codec is None:
                with self._open() as file:
                    return open_quotes.file_ends_inside(file, delimiter, 2 * _BLOCK_BYTES)
            if last is None or not _has_break(last):
                return False
            with self._stream() as stream:
                return open_quotes.stream_ends_inside(stream.read, delimiter)
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(error) from None

    def _check_text(self, batch: pa.RecordBatch) -> None:
        """Raise DataError for text that is not UTF-8: words of a dictionary once, while the parser would check every row."""
        try:
            for column in batch.columns:
                (column.dictionary if pa.types.is_dictionary(column.type) else column).validate(full=True)
        except pa.ArrowInvalid:
            raise errors.not_utf8(self.path, self._find_row()) from None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_break(text: pa.Array) -> bool:
    """Return whether one text, which may not be UTF-8, holds a line break: what a quote swallows does."""
    plain = text.dictionary_decode() if pa.types.is_dictionary(text.type) else text
    found = plain.cast(pa.binary())[0].as_py()
    return found is not None and (b"\n" in found or b"\r" in found)
