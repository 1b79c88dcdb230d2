"""CSV files, read as text, so that `007` stays `007`; what is needed as a number is parsed by the field that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from featurecols import errors
from featurecols._core import thread_pool
from featurecols._core.fork_safe import import_module
from featurecols.data.batch import Batch, Fragment, Needs
from featurecols.data.files import decimal_marks, open_quotes, separators, streams
from featurecols.data.files.base import File, State
from featurecols.data.files.csv_options import CsvOptions
from featurecols.data.files.left_out import LeftOut
from featurecols.data.remote import urls

_BLOCK_BYTES = 1 << 23


class CsvFile(File):
    """One CSV file, which is read as text."""

    kind = "CSV"

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
            names = self._reader(None).schema.names
        except UnicodeError:
            raise errors.not_utf8(path, None, self._as.encoding) from None
        self._alone = len(names) == 1
        if not self._as.header or self._as.names is not None:
            self._names = self._choose_names(len(names))
        self.schema = pa.schema([(name, pa.string()) for name in self._names or names])
        self.fragments = [Fragment(path, None, None)]

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

    def _reader(self, needs: Needs | None) -> pa.csv.CSVStreamingReader:
        csv = import_module("pyarrow.csv")
        options: dict[str, object] = {}
        names: dict[str, object] = {"autogenerate_column_names": not self._as.header}
        if self._names is not None:
            names = {"column_names": self._names, "skip_rows_after_names": int(self._as.header)}
        if needs is not None:
            coded = pa.dictionary(pa.int32(), pa.string())
            types = {key: coded if use == "category" else pa.string() for key, use in reversed(list(needs))}
            types.update((key, coded) for key, use in needs if use == "category")
            options = {"include_columns": list(dict.fromkeys(key for key, _ in needs)), "column_types": types}
        try:
            return csv.open_csv(
                self._stream(),
                read_options=csv.ReadOptions(
                    block_size=_BLOCK_BYTES,
                    skip_rows=self._count_leading() if self._alone or "column_names" in names else 0,
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
        if rows and self._quote is not None and self._ends_in_quotes(ends, self._quote):
            raise errors.open_quote(self.path, rows - 1)

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
        return self.state[0] > _BLOCK_BYTES

    def _ends_in_quotes(self, last: pa.Array | None, quote: bytes) -> bool:
        """Return whether a quote in the last column swallowed what follows it; `last`: the last value, where it is watched."""
        delimiter = self._delimiter.encode()
        try:
            if self._codec is None and not self._changed:
                with streams.open_bytes(self.path, self.state[0]) as file:
                    return open_quotes.file_ends_inside(file, delimiter, 2 * _BLOCK_BYTES, quote)
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
