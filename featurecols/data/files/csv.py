"""CSV files, read as text, so that `007` stays `007`; what is needed as a number is parsed by the field that is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pyarrow as pa

from featurecols import errors
from featurecols._core import thread_pool
from featurecols._core.fork_safe import import_module
from featurecols.data.batch import Batch, Fragment, Needs
from featurecols.data.files import csv_blocks, decimal_marks, open_quotes, separators, streams
from featurecols.data.files.base import File, State
from featurecols.data.files.csv_options import CsvOptions
from featurecols.data.files.left_out import LeftOut
from featurecols.data.files.whole_breaks import WholeBreaks
from featurecols.data.remote import urls

_HEAD = 1 << 18  # bytes
_WORTH_COMPILING = 8  # blocks: a smaller file is parsed before the kernels for it are compiled


class CsvFile(File):
    """One CSV file, which is read as text.

    Attributes:
        block_bytes: how much is parsed at once, and becomes a batch.
    """

    kind = "CSV"
    block_bytes = 1 << 23

    def __init__(self, path: str, state: State, options: CsvOptions | None = None) -> None:
        self.path, self.state, self.options = path, state, options
        self._as = options or CsvOptions()
        name = urls.name_of(path)
        ending = name[name.rfind(".") :].lower()
        self._codec = streams.codec_of(path)
        self._delimiter = self._as.separator or ("\t" if name.lower().endswith((".tsv", f".tsv{ending}")) else ",")
        self._quote = None if self._as.quote is None else self._as.quote.encode()
        self._changed = self._as.encoding != "utf-8" or self._as.comment is not None or self._as.skip_rows > 0
        self._alone = False  # whether there is one column: an empty line of it is a missing value then
        self._names: list[str] | None = None  # where they are not those of a header
        try:
            names = self._read_names()
        except UnicodeError:
            raise errors.not_utf8(path, None, self._as.encoding) from None
        self._alone = len(names) == 1
        if not self._as.header or self._as.names is not None:
            self._names = self._choose_names(len(names))
        self.schema = pa.schema([(name, pa.string()) for name in self._names or names])
        self.fragments = [Fragment(path, None, None)]

    def _read_names(self) -> list[str]:
        """Return the names of the fields as the parser finds them, mostly without the rest of a block."""
        if self.state[0] > _HEAD:
            with suppress(errors.DataError):
                return list(self._reader(None, block_bytes=_HEAD).schema.names)
        return list(self._reader(None).schema.names)

    def _choose_names(self, count: int) -> list[str]:
        """Return the names of so many fields that options say, or else f0, f1, ..."""
        if self._as.names is None:
            return [f"f{i}" for i in range(count)]
        if len(self._as.names) != count:
            problem = f"has {count} fields, and {len(self._as.names)} names were given"
            got = ", ".join(map(errors.show, self._as.names[:8]))
            hint = self._hint_at_separator() or "give a name for every field of the file"
            raise errors.DataError(self.path, problem, got=got, hint=hint)
        return list(self._as.names)

    def _raw_stream(self) -> pa.NativeFile:
        return streams.open_stream(self.path, self.state[0])

    def _stream(self) -> pa.NativeFile:
        stream = self._raw_stream()
        if self._as.encoding != "utf-8":
            stream = pa.transcoding_input_stream(stream, self._as.encoding, "utf-8")
        if self._as.comment is None and not self._as.skip_rows:
            return stream
        comment = None if self._as.comment is None else self._as.comment.encode()
        left = LeftOut(stream.read, self._as.skip_rows, comment, self._quote, self._delimiter.encode())
        return pa.PythonFile(left, mode="r")

    def _reader(
        self, needs: Needs | None, text: pa.NativeFile | None = None, block_bytes: int | None = None
    ) -> pa.csv.CSVStreamingReader:
        """Return what reads the file, or rows alone after an empty line: Arrow drops a byte order mark where text begins."""
        csv = import_module("pyarrow.csv")
        options: dict[str, object] = {}
        names: dict[str, object] = {"autogenerate_column_names": not self._as.header}
        if text is not None:
            names = {"column_names": self.schema.names}
        elif self._names is not None:
            names = {"column_names": self._names, "skip_rows_after_names": int(self._as.header)}
        if needs is not None:
            coded = pa.dictionary(pa.int32(), pa.string())
            types = {key: coded if use == "category" else pa.string() for key, use in reversed(list(needs))}
            types.update((key, coded) for key, use in needs if use == "category")
            options = {"include_columns": list(dict.fromkeys(key for key, _ in needs)), "column_types": types}
        stream = self._stream() if text is None else text
        if self._quote is not None and (self._is_large or self._codec is not None):
            stream = pa.PythonFile(WholeBreaks(stream.read), mode="r")
        try:
            return csv.open_csv(
                stream,
                read_options=csv.ReadOptions(
                    block_size=block_bytes or self.block_bytes,
                    skip_rows=self._count_leading() if text is None and (self._alone or "column_names" in names) else 0,
                    **names,
                ),
                parse_options=csv.ParseOptions(
                    delimiter=self._delimiter,
                    quote_char=self._as.quote or False,
                    newlines_in_values=True,
                    ignore_empty_lines=not self._alone,
                ),
                convert_options=csv.ConvertOptions(
                    null_values=["", *self._as.nulls], strings_can_be_null=True, check_utf8=False, **options
                ),
            )
        except (pa.ArrowException, OSError, *streams.DAMAGED) as error:
            raise self._unreadable(error) from None

    def _count_leading(self) -> int:
        """Return the number of empty lines before the header, or before the first row."""
        with self._stream() as stream:
            start = bytes(stream.read(1 << 16))
        lines = start.removeprefix(b"\xef\xbb\xbf").splitlines()
        return next((i for i, line in enumerate(lines) if line), 0)

    def _unreadable(self, error: Exception) -> errors.DataError:
        if "invalid UTF8" in str(error):
            return errors.not_utf8(self.path, self._find_row())
        found = errors.unreadable(self.path, "is not a readable CSV file", error)
        if "columns, got" in str(error):
            found.hint = self._hint_at_separator() or found.hint
        return found

    def _head(self) -> bytes:
        """Return the first lines."""
        try:
            with self._stream() as stream:
                return bytes(stream.read(1 << 16))
        except (pa.ArrowException, OSError, UnicodeError, *streams.DAMAGED):
            return b""

    @property
    def expected_rows(self) -> int | None:
        """As many as lines would be, as long as the first ones; None where the size of the file is not that of its text."""
        if self._codec is not None or self._changed or urls.is_url(self.path):
            return None
        head = self._head()
        return head.count(b"\n") * self.state[0] // len(head) if head else None

    def _hint_at_separator(self) -> str | None:
        """Return the way out where the first lines look as if something else separated the values."""
        mark = separators.find_other(self._head(), self._delimiter, self._as.quote)
        return None if mark is None else separators.describe(mark)

    def hint_at_names(self, key: str) -> str | None:
        names = self.schema.names
        if len(names) == 1 and (hint := self._hint_at_separator()) is not None:
            return hint
        if self._as.header and self._as.names is None and separators.are_values(names):
            return separators.NO_HEADER
        return None

    def _find_row(self) -> int | None:
        """Return the first row with text that is not UTF-8, the header not counted; line breaks in quotes count as none."""
        row, quoted, rest = -int(self._as.header), False, b""
        with self._stream() as stream:
            while block := bytes(stream.read(1 << 20)):
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    if not _is_utf8(line):
                        return max(row, 0)
                    quoted ^= self._quote is not None and line.count(self._quote) % 2 == 1
                    row += not quoted and (self._alone or bool(line.strip(b"\r")))
        return None if _is_utf8(rest) else max(row, 0)

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        needs = needs or [(self.schema.names[0], "number")]
        if self._is_cut():
            yield from self._read_blocks(needs)
        else:
            yield from self._read_whole(needs)

    def _read_whole(self, needs: Needs) -> Iterator[Batch]:
        """Yield the rows as one reader gives them."""
        keys, last = list(dict.fromkeys(key for key, _ in needs)), self.schema.names[-1]
        watched = (self._codec is not None or self._changed) and self._quote is not None and self.schema.names.count(last) == 1
        reader = self._reader([*needs, (last, "number")] if watched and last not in keys else needs)
        rows, ends = 0, None
        for batch in self._batches(reader):
            if batch.num_rows:
                before, rows, ends = rows, rows + batch.num_rows, batch.column(last)[-1:] if watched else None
                batch = batch.select(keys)
                self._check_text(batch)
                if self._as.decimal != ".":
                    batch = decimal_marks.replace(batch, self._as.decimal, needs, self.path, before)
                yield Batch.arrow(batch, parse=True)
        self._require_closed(rows, ends)

    def _require_closed(self, rows: int, ends: pa.Array | None) -> None:
        """Raise DataError where a quote is open at the end; `ends`: the last value, where it is watched."""
        if rows and self._quote is not None and self._ends_in_quotes(ends, self._quote):
            raise errors.open_quote(self.path, rows - 1)

    def _is_cut(self) -> bool:
        """Whether blocks of the file are parsed side by side, by a kernel of ours."""
        plain = self._codec is None and not self._changed and not self._alone and self._as.decimal == "."
        if not plain or not self._is_large or len(set(self.schema.names)) < len(self.schema.names):
            return False
        return csv_blocks.is_ready(self.state[0] > _WORTH_COMPILING * self.block_bytes)

    def _read_blocks(self, needs: Needs) -> Iterator[Batch]:
        """Yield the rows that blocks hold, and the rest as one reader gives them from the first block on that is not plain."""
        keys, names = list(dict.fromkeys(key for key, _ in needs)), self.schema.names
        coded = {key for key, use in needs if use == "category"}
        layout = csv_blocks.Layout(self._delimiter.encode(), self._quote, len(names), self._as.nulls)
        parser = csv_blocks.Parser(layout, [(key, names.index(key), key in coded) for key in keys])

        def parse(block: csv_blocks.Block) -> Batch | None:
            try:
                found = parser.parse(block)
            except pa.ArrowInvalid:
                raise errors.not_utf8(self.path, self._find_row()) from None
            if isinstance(found, csv_blocks.Rows):
                return Batch.lazy(keys, found.num_rows, found.fields.__getitem__, parse=True)
            return None if found is None else self._read_block(block.rows(), needs)

        rows = 0
        with self._raw_stream() as stream:
            blocks = csv_blocks.cut(stream.readinto, layout, self.block_bytes, self._as.header)
            for found in csv_blocks.run(blocks, parse, thread_pool.count()):
                if isinstance(found, Batch):
                    rows += found.num_rows
                    if found.num_rows:
                        yield found
                elif found.head:
                    yield from self._read_whole(needs)
                else:
                    yield from self._read_left(needs, rows, pa.PythonFile(_Texts(found.texts, stream.read), mode="r"))

    def _read_block(self, text: bytes, needs: Needs) -> Batch | None:
        """Return some rows as Arrow's parser reads them, None where it does not."""
        try:
            table = self._reader(needs, pa.BufferReader(b"\n" + text)).read_all().combine_chunks()
        except (pa.ArrowException, errors.DataError):
            return None
        for batch in table.to_batches():
            self._check_text(batch)
        return Batch.arrow(table, parse=True)

    def _read_left(self, needs: Needs, rows: int, text: pa.NativeFile) -> Iterator[Batch]:
        """Yield the rows of a text that others stand before."""
        try:
            for batch in self._batches(self._reader(needs, text)):
                if batch.num_rows:
                    rows += batch.num_rows
                    self._check_text(batch)
                    yield Batch.arrow(batch, parse=True)
        except errors.DataError:
            for _ in self._batches(self._reader(needs)):
                pass  # that raises the error with the number of the row in the whole file
            raise
        self._require_closed(rows, None)

    def _batches(self, reader: pa.csv.CSVStreamingReader) -> Iterator[pa.RecordBatch]:
        """Yield what a reader gives; of a large file, the next batch is parsed while one is worked on."""
        next_batch = reader.read_next_batch
        thread = ThreadPoolExecutor(1, "featurecols-read") if self._is_large and thread_pool.count() > 1 else None
        try:
            ahead = None
            while True:
                batch = next_batch() if ahead is None else ahead.result()
                ahead = None if thread is None else thread.submit(next_batch)
                yield batch
        except StopIteration:
            return
        except UnicodeError:
            raise errors.not_utf8(self.path, None, self._as.encoding) from None
        except (pa.ArrowException, OSError, *streams.DAMAGED) as error:
            raise self._unreadable(error) from None
        finally:
            if thread is not None:
                thread.shutdown()

    @property
    def _is_large(self) -> bool:
        """Whether there is more than one batch, as far as the size says."""
        return self.state[0] > self.block_bytes

    def _ends_in_quotes(self, last: pa.Array | None, quote: bytes) -> bool:
        """Return whether a quote in the last column swallowed what follows it; `last`: the last value, where it is watched."""
        delimiter = self._delimiter.encode()
        try:
            if self._codec is None and not self._changed:
                with streams.open_bytes(self.path, self.state[0]) as file:
                    return open_quotes.file_ends_inside(file, delimiter, 2 * self.block_bytes, quote)
            if last is None or not _has_break(last):
                return False
            with self._stream() as stream:
                return open_quotes.stream_ends_inside(stream.read, delimiter, quote)
        except (pa.ArrowException, OSError, *streams.DAMAGED) as error:
            raise self._unreadable(error) from None

    def _check_text(self, batch: pa.RecordBatch) -> None:
        """Raise DataError for text that is not UTF-8: words of a dictionary once, while the parser would check every row."""
        try:
            for column in batch.columns:
                (column.dictionary if pa.types.is_dictionary(column.type) else column).validate(full=True)
        except pa.ArrowInvalid:
            raise errors.not_utf8(self.path, self._find_row()) from None


class _Texts:
    """Pieces of text after an empty line, and what a stream gives after them, to be read like a file."""

    closed = False

    def __init__(self, texts: Iterator[bytes], read: Callable[[int], bytes]) -> None:
        self._texts, self._read, self._rest = texts, read, b"\n"

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer only at the end: a parser takes what it gets for a block."""
        found = []
        while size and (text := self._rest or next(self._texts, b"") or bytes(self._read(size))):
            found.append(text[:size])
            self._rest = text[size:]
            size -= len(found[-1])
        return b"".join(found)

    def close(self) -> None:
        """Note that nothing more is read."""
        self.closed = True


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeError:
        return False
    return True


def _has_break(text: pa.Array) -> bool:
    """Return whether one text, which may not be UTF-8, holds a line break: what a quote swallows does."""
    plain = text.dictionary_decode() if pa.types.is_dictionary(text.type) else text
    found = plain.cast(pa.binary())[0].as_py()
    return found is not None and (b"\n" in found or b"\r" in found)
