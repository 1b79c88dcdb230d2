"""CSV files, read as text, so that `007` stays `007`; what is needed as a number is parsed by the field that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa

from featurecols import errors
from featurecols.data.batch import Batch, Fragment, Needs
from featurecols.data.files import csv_in_blocks, separators
from featurecols.data.files.base import State
from featurecols.data.files.csv_options import CsvOptions
from featurecols.data.files.csv_stream import StreamReader
from featurecols.data.files.csv_text import CsvText
from featurecols.data.remote import urls

_HEAD = 1 << 18  # bytes


class CsvFile(CsvText):
    """One CSV file: the names of its fields, and which reader gives its rows."""

    def __init__(self, path: str, state: State, options: CsvOptions | None = None) -> None:
        super().__init__(path, state, options)
        try:
            names = self._read_names()
        except UnicodeError:
            raise errors.not_utf8(path, None, self.written.encoding, self.likely_encoding()) from None
        self.one_column = len(names) == 1
        if not self.written.header or self.written.names is not None:
            self.names = self._choose_names(len(names))
        self.schema = pa.schema([(name, pa.string()) for name in self.names or names])
        self.fragments = [Fragment(path, None, None)]

    def _read_names(self) -> list[str]:
        """Return the names of the fields as the parser finds them, mostly without the rest of a block."""
        reader = StreamReader(self)
        if self.state[0] > _HEAD:
            with suppress(errors.DataError):
                return list(reader.reader(None, block_bytes=_HEAD).schema.names)
        return list(reader.reader(None).schema.names)

    def _choose_names(self, count: int) -> list[str]:
        """Return the names of so many fields that options say, or else f0, f1, ..."""
        if self.written.names is None:
            return [f"f{i}" for i in range(count)]
        if len(self.written.names) != count:
            problem = f"has {count} fields, and {len(self.written.names)} names were given"
            got = ", ".join(map(errors.show, self.written.names[:8]))
            hint = self.hint_at_separator() or "give a name for every field of the file"
            raise errors.DataError(self.path, problem, got=got, hint=hint)
        return list(self.written.names)

    @property
    def expected_rows(self) -> int | None:
        """As many as lines would be, as long as the first ones; None where the size of the file is not that of its text."""
        if self.codec is not None or self.changed or urls.is_url(self.path):
            return None
        head = self.head()
        return head.count(b"\n") * self.state[0] // len(head) if head else None

    def hint_at_names(self, key: str) -> str | None:
        names = self.schema.names
        if (encoding := self.likely_encoding()) is not None:
            return errors.encoding_hint(encoding)
        if len(names) == 1 and (hint := self.hint_at_separator()) is not None:
            return hint
        if self.written.header and self.written.names is None and separators.are_values(names):
            return separators.NO_HEADER
        return None

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        needs = needs or [(self.schema.names[0], "number")]
        yield from csv_in_blocks.read_blocks(self, needs) if csv_in_blocks.can_cut(self) else StreamReader(self).read(needs)
