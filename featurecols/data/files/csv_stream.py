"""A CSV file read from its beginning to its end, by Arrow's parser."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from featurecols import errors
from featurecols._core import thread_pool
from featurecols._core.fork_safe import import_module
from featurecols.data.batch import Batch, Needs
from featurecols.data.files import decimal_marks, open_quotes, streams
from featurecols.data.files.csv_text import CsvText
from featurecols.data.files.whole_breaks import WholeBreaks


class StreamReader:
    """Reads the text of a file in order."""

    def __init__(self, file: CsvText) -> None:
        self._file = file

    def read(self, needs: Needs) -> Iterator[Batch]:
        """Yield the rows as one reader gives them."""
        file, names = self._file, self._file.schema.names
        keys, last = list(dict.fromkeys(key for key, _ in needs)), names[-1]
        watched = (file.codec is not None or file.changed) and file.quote is not None and names.count(last) == 1
        reader = self.reader([*needs, (last, "number")] if watched and last not in keys else needs)
        rows, ends = 0, None
        for batch in self._batches(reader):
            if batch.num_rows:
                before, rows, ends = rows, rows + batch.num_rows, batch.column(last)[-1:] if watched else None
                batch = batch.select(keys)
                self._check_text(batch)
                if file.written.decimal != ".":
                    batch = decimal_marks.replace(batch, file.written.decimal, needs, file.path, before)
                yield Batch.arrow(batch, parse=True)
        self._require_closed(rows, ends)

    def reader(
        self, needs: Needs | None, text: pa.NativeFile | None = None, block_bytes: int | None = None
    ) -> pa.csv.CSVStreamingReader:
        """Return what reads the file, or rows alone after an empty line: Arrow drops a byte order mark where text begins."""
        file, csv = self._file, import_module("pyarrow.csv")
        options: dict[str, object] = {}
        names: dict[str, object] = {"autogenerate_column_names": not file.written.header}
        if text is not None:
            names = {"column_names": file.schema.names}
        elif file.names is not None:
            names = {"column_names": file.names, "skip_rows_after_names": int(file.written.header)}
        if needs is not None:
            coded = pa.dictionary(pa.int32(), pa.string())
            types = {key: coded if use == "category" else pa.string() for key, use in reversed(list(needs))}
            types.update((key, coded) for key, use in needs if use == "category")
            options = {"include_columns": list(dict.fromkeys(key for key, _ in needs)), "column_types": types}
        stream = file.stream() if text is None else text
        if file.quote is not None and (file.is_large or file.codec is not None):
            stream = pa.PythonFile(WholeBreaks(stream.read), mode="r")
        try:
            return csv.open_csv(
                stream,
                read_options=csv.ReadOptions(
                    block_size=block_bytes or file.block_bytes,
                    skip_rows=file.count_leading() if text is None and (file.one_column or "column_names" in names) else 0,
                    **names,
                ),
                parse_options=csv.ParseOptions(
                    delimiter=file.delimiter,
                    quote_char=file.written.quote or False,
                    newlines_in_values=True,
                    ignore_empty_lines=not file.one_column,
                ),
                convert_options=csv.ConvertOptions(
                    null_values=["", *file.written.nulls], strings_can_be_null=True, check_utf8=False, **options
                ),
            )
        except (pa.ArrowException, OSError, *streams.DAMAGED) as error:
            raise file.unreadable(error) from None

    def read_block(self, text: bytes, needs: Needs) -> Batch | None:
        """Return some rows as Arrow's parser reads them, None where it does not."""
        try:
            table = self.reader(needs, pa.BufferReader(b"\n" + text)).read_all().combine_chunks()
        except (pa.ArrowException, errors.DataError):
            return None
        for batch in table.to_batches():
            self._check_text(batch)
        return Batch.arrow(table, parse=True)

    def read_left(self, needs: Needs, rows: int, text: pa.NativeFile) -> Iterator[Batch]:
        """Yield the rows of a text that others stand before."""
        try:
            for batch in self._batches(self.reader(needs, text)):
                if batch.num_rows:
                    rows += batch.num_rows
                    self._check_text(batch)
                    yield Batch.arrow(batch, parse=True)
        except errors.DataError:
            for _ in self._batches(self.reader(needs)):
                pass  # that raises the error with the number of the row in the whole file
            raise
        self._require_closed(rows, None)

    def _batches(self, reader: pa.csv.CSVStreamingReader) -> Iterator[pa.RecordBatch]:
        """Yield what a reader gives; of a large file, the next batch is parsed while one is worked on."""
        next_batch = reader.read_next_batch
        thread = ThreadPoolExecutor(1, "featurecols-read") if self._file.is_large and thread_pool.count() > 1 else None
        try:
            ahead = None
            while True:
                batch = next_batch() if ahead is None else ahead.result()
                ahead = None if thread is None else thread.submit(next_batch)
                yield batch
        except StopIteration:
            return
        except UnicodeError:
            raise errors.not_utf8(self._file.path, None, self._file.written.encoding) from None
        except (pa.ArrowException, OSError, *streams.DAMAGED) as error:
            raise self._file.unreadable(error) from None
        finally:
            if thread is not None:
                thread.shutdown()

    def _require_closed(self, rows: int, ends: pa.Array | None) -> None:
        """Raise DataError where a quote is open at the end; `ends`: the last value, where it is watched."""
        if rows and self._file.quote is not None and self._ends_in_quotes(ends, self._file.quote):
            raise errors.open_quote(self._file.path, rows - 1)

    def _ends_in_quotes(self, last: pa.Array | None, quote: bytes) -> bool:
        """Return whether a quote in the last column swallowed what follows it; `last`: the last value, where it is watched."""
        file, delimiter = self._file, self._file.delimiter.encode()
        try:
            if file.codec is None and not file.changed:
                with streams.open_bytes(file.path, file.state[0]) as opened:
                    return open_quotes.file_ends_inside(opened, delimiter, 2 * file.block_bytes, quote)
            if last is None or not _has_break(last):
                return False
            with file.stream() as stream:
                return open_quotes.stream_ends_inside(stream.read, delimiter, quote)
        except (pa.ArrowException, OSError, *streams.DAMAGED) as error:
            raise file.unreadable(error) from None

    def _check_text(self, batch: pa.RecordBatch) -> None:
        """Raise DataError for text that is not UTF-8: words of a dictionary once, while the parser would check every row."""
        try:
            for column in batch.columns:
                (column.dictionary if pa.types.is_dictionary(column.type) else column).validate(full=True)
        except pa.ArrowInvalid:
            raise errors.not_utf8(self._file.path, self._file.find_row()) from None


def _has_break(text: pa.Array) -> bool:
    """Return whether one text, which may not be UTF-8, holds a line break: what a quote swallows does."""
    plain = text.dictionary_decode() if pa.types.is_dictionary(text.type) else text
    found = plain.cast(pa.binary())[0].as_py()
    return found is not None and (b"\n" in found or b"\r" in found)
