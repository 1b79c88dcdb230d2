"""A plain CSV file read in blocks that are parsed side by side; what is not plain goes to Arrow's parser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from featurecols import errors
from featurecols._core import thread_pool
from featurecols.data.batch import Batch, Needs
from featurecols.data.files import csv_blocks
from featurecols.data.files.csv_stream import StreamReader
from featurecols.data.files.csv_text import CsvText

_WORTH_COMPILING = 8  # blocks: a smaller file is parsed before the kernels for it are compiled


def can_cut(file: CsvText) -> bool:
    """Whether blocks of the file are parsed side by side, by a kernel of ours."""
    plain = file.codec is None and not file.changed and not file.one_column and file.written.decimal == "."
    if not plain or not file.is_large or len(set(file.schema.names)) < len(file.schema.names):
        return False
    return csv_blocks.is_ready(file.state[0] > _WORTH_COMPILING * file.block_bytes)


def read_blocks(file: CsvText, needs: Needs) -> Iterator[Batch]:
    """Yield the rows that blocks hold, and the rest as one reader gives them from the first block on that is not plain."""
    reader = StreamReader(file)
    keys, names = list(dict.fromkeys(key for key, _ in needs)), file.schema.names
    coded = {key for key, use in needs if use == "category"}
    layout = csv_blocks.Layout(file.delimiter.encode(), file.quote, len(names), file.written.nulls)
    parser = csv_blocks.Parser(layout, [(key, names.index(key), key in coded) for key in keys])

    def parse(block: csv_blocks.Block) -> Batch | None:
        try:
            found = parser.parse(block)
        except pa.ArrowInvalid:
            raise errors.not_utf8(file.path, file.find_row()) from None
        if isinstance(found, csv_blocks.Rows):
            return Batch.lazy(keys, found.num_rows, found.fields.__getitem__, parse=True)
        return None if found is None else reader.read_block(block.rows(), needs)

    rows = 0
    with file.raw_stream() as stream:
        blocks = csv_blocks.cut(stream.readinto, layout, file.block_bytes, file.written.header)
        for found in csv_blocks.run(blocks, parse, thread_pool.count()):
            if isinstance(found, Batch):
                rows += found.num_rows
                if found.num_rows:
                    yield found
            elif found.head:
                yield from reader.read(needs)
            else:
                yield from reader.read_left(needs, rows, pa.PythonFile(_Texts(found.texts, stream.read), mode="r"))


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
