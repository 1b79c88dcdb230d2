"""A CSV file as text: how it is written, its bytes without what is left out, and errors that say where they are."""

from __future__ import annotations

import csv
import io
import re

import pyarrow as pa

from featurecols import errors
from featurecols.data.files import separators, streams
from featurecols.data.files.base import File, State
from featurecols.data.files.csv_options import CsvOptions
from featurecols.data.files.left_out import LeftOut
from featurecols.data.remote import urls

_ROW = re.compile(r"Row #\d+: ")  # which Arrow counts from 1 and with the header, on one thread alone


class CsvText(File):
    """The text of one CSV file.

    Attributes:
        block_bytes: how much is parsed at once, and becomes a batch.
        written: the options, or their defaults.
        delimiter: what stands between values.
        quote: what stands around them; None where nothing does.
        codec: how the file is compressed; None where it is not.
        changed: whether the text differs from the bytes of the file, compression aside.
        one_column: whether there is one column: an empty line of it is a missing value then.
        names: of the fields, where they are not those of a header.
    """

    kind = "CSV"
    block_bytes = 1 << 23

    def __init__(self, path: str, state: State, options: CsvOptions | None = None) -> None:
        self.path, self.state, self.options = path, state, options
        self.written = options or CsvOptions()
        name = urls.name_of(path)
        ending = name[name.rfind(".") :].lower()
        self.codec = streams.codec_of(path)
        self.delimiter = self.written.separator or ("\t" if name.lower().endswith((".tsv", f".tsv{ending}")) else ",")
        self.quote = None if self.written.quote is None else self.written.quote.encode()
        self.changed = self.written.encoding != "utf-8" or self.written.comment is not None or self.written.skip_rows > 0
        self.one_column = False
        self.names: list[str] | None = None

    def raw_stream(self) -> pa.NativeFile:
        """Open the bytes of the file, uncompressed."""
        return streams.open_stream(self.path, self.state[0])

    def stream(self) -> pa.NativeFile:
        """Open the text, as UTF-8, without what options leave out."""
        stream = self.raw_stream()
        if self.written.encoding != "utf-8":
            stream = pa.transcoding_input_stream(stream, self.written.encoding, "utf-8")
        if self.written.comment is None and not self.written.skip_rows:
            return stream
        comment = None if self.written.comment is None else self.written.comment.encode()
        left = LeftOut(stream.read, self.written.skip_rows, comment, self.quote, self.delimiter.encode())
        return pa.PythonFile(left, mode="r")

    def count_leading(self) -> int:
        """Return the number of empty lines before the header, or before the first row."""
        with self.stream() as stream:
            start = bytes(stream.read(1 << 16))
        lines = start.removeprefix(b"\xef\xbb\xbf").splitlines()
        return next((i for i, line in enumerate(lines) if line), 0)

    def unreadable(self, error: Exception) -> errors.DataError:
        """Return the error of text that a parser refused."""
        if "invalid UTF8" in str(error):
            return errors.not_utf8(self.path, self.find_row(), like=self.likely_encoding())
        if (encoding := self.likely_encoding()) is not None:
            return errors.not_utf8(self.path, None, like=encoding)
        found = errors.unreadable(self.path, "is not a readable CSV file", _ROW.sub("", str(error)))
        if "Empty CSV file" in str(error) and (self.written.skip_rows or self.written.comment):
            found.hint = "skip_rows= and comment= leave nothing of it"
        if "columns, got" in str(error):
            other = "put quotes around values that hold the separator, and mend rows of too few values"
            if "Expected 1 columns" in str(error):
                other = (
                    "the first line has one value: leave it out, fc.csv(path, skip_rows=1) (--skip-rows 1), or mend the file"
                )
            found.row, found.hint = self.find_uneven(), self.hint_at_separator() or other
        return found

    def likely_encoding(self) -> str | None:
        """Return the encoding that the first bytes look like, where it is one of two or four bytes a character."""
        return None if self.written.encoding != "utf-8" else separators.find_encoding(self.head())

    def find_uneven(self) -> int | None:
        """Return the first row with another number of values than the rows before it, the header not counted."""
        width, row = 0, -int(self.written.header)
        try:
            with self.stream() as stream, io.TextIOWrapper(stream, "utf-8", "replace", newline="") as text:
                written = {"quoting": csv.QUOTE_NONE} if self.quote is None else {"quotechar": self.written.quote}
                for values in csv.reader(text, delimiter=self.delimiter, **written):  # type: ignore[arg-type]
                    width = width or len(values)
                    if values and len(values) != width:
                        return row
                    row += bool(values)
        except (csv.Error, pa.ArrowException, OSError, ValueError, *streams.DAMAGED):
            pass
        return None

    def head(self) -> bytes:
        """Return the first lines."""
        try:
            with self.stream() as stream:
                return bytes(stream.read(1 << 16))
        except (pa.ArrowException, OSError, UnicodeError, *streams.DAMAGED):
            return b""

    def hint_at_separator(self) -> str | None:
        """Return the way out where the first lines look as if something else separated the values."""
        mark = separators.find_other(self.head(), self.delimiter, self.written.quote)
        return None if mark is None else separators.describe(mark)

    def find_row(self) -> int | None:
        """Return the first row with text that is not UTF-8, the header not counted; line breaks in quotes count as none."""
        row, quoted, rest = -int(self.written.header), False, b""
        with self.stream() as stream:
            while block := bytes(stream.read(1 << 20)):
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    if not _is_utf8(line):
                        return max(row, 0)
                    quoted ^= self.quote is not None and line.count(self.quote) % 2 == 1
                    row += not quoted and (self.one_column or bool(line.strip(b"\r")))
        return None if _is_utf8(rest) else max(row, 0)

    @property
    def is_large(self) -> bool:
        """Whether there is more than one batch, as far as the size says."""
        return self.state[0] > self.block_bytes


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeError:
        return False
    return True
