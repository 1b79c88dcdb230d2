"""CSV text in blocks that are parsed side by side: whole rows, in which marks stand where most programs write them.

A block is cut after a line break before which the number of quotes is even. Its parser then checks that every quote stands
where one may, so that the cut was right; from the first block on where that is not so, another parser has to read the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

from featurecols import kernels
from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols._core.fork_safe import import_module
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.dictionary import DictionaryField
from featurecols.data.fields.text import TextField

_BOM = b"\xef\xbb\xbf"
_LF, _CR = 10, 13
_ROOM, _GROWTH = 1 << 10, 8  # texts that the table of a column has room for, and how many times as many when it is full
_MANY = 4  # rows for each distinct text: where there are fewer, numbers are better read text by text
_TEXTS, _CODES = 0, 1  # forms of kernels.csv_rows

T = TypeVar("T")


class Layout(NamedTuple):
    """How rows are written: one byte between values, one around them or None, how many values, and texts that mean missing."""

    delimiter: bytes
    quote: bytes | None
    width: int
    nulls: Sequence[str]


class Block(NamedTuple):
    """Whole rows, data[first:stop] with bytes after them that may be read, and how many line breaks they have at most."""

    data: Array
    first: int
    stop: int
    lines: int

    def rows(self) -> bytes:
        """Return the rows as they are written."""
        return self.data[self.first : self.stop].tobytes()


class Rows(NamedTuple):
    """The fields of so many rows."""

    fields: dict[str, FieldView]
    num_rows: int


class Rest(NamedTuple):
    """Text from the start of a row on of which no blocks are made; the stream has what follows it.

    head: whether it is the whole text, with what stands before the first row.
    """

    text: bytes
    head: bool


class Left(NamedTuple):
    """What no rows were made of: pieces of text, which the rest of the stream follows; `head` as of Rest."""

    head: bool
    texts: Iterator[bytes]


def is_ready(compile: bool) -> bool:
    """Return whether blocks can be parsed: by kernels that are compiled already, or that may be compiled now."""
    compiler = import_module("featurecols.kernels.compiler")
    names = ("measure", "parse", "take")
    return bool(compiler.JIT) and (compile or not any(kernels.lacking(f"csv_rows.{name}", [0]) for name in names))


def cut(readinto: Callable[[memoryview], int], layout: Layout, size: int, header: bool) -> Iterator[Block | Rest]:
    """Yield blocks, each of the rows that end in `size` further bytes of a stream; a Rest is the last that is yielded.

    Args:
        readinto: fills a buffer from the stream, and returns 0 at its end.
        layout: of the rows.
        size: in bytes.
        header: whether the first row is none of data.
    """
    spare, found, kept = kernels.csv_rows.SPARE, np.zeros(2, np.int64), np.zeros(0, np.uint8)
    _, quote, quotes = _marks(layout)
    head, ends = True, False
    while not ends:
        data = arrays.empty(len(kept) + size + 1 + spare, np.uint8)
        data[: len(kept)] = kept
        read = len(kept) + _fill(readinto, data[len(kept) : len(kept) + size].data)
        ends = read < len(kept) + size
        first = _start(data, read, layout, header) if head else 0
        if first is None:
            yield Rest(data[:read].tobytes(), head)
            return
        stop = read
        if ends:
            if first < stop and data[stop - 1] != _LF:
                data[stop] = _LF
                stop += 1
            stop = _without_blank_lines(data, first, stop)
        after = data[stop : stop + spare].copy()
        data[stop : stop + spare] = 0
        last = int(kernels.csv_rows.measure[0](data[first:], stop - first, quote, quotes, found)) + first
        if (ends and last != stop) or (not ends and last == first):
            data[stop : stop + spare] = after
            yield Rest(data[0 if head else first : read].tobytes(), head)
            return
        kept, head = data[last:stop].copy(), False
        if last > first:
            yield Block(data, first, last, int(found[0]))


def _fill(readinto: Callable[[memoryview], int], into: memoryview) -> int:
    """Return how many bytes were read: as many as there is room for, but at the end."""
    done = 0
    while done < len(into) and (count := readinto(into[done:])):
        done += count
    return done


def _start(data: Array, stop: int, layout: Layout, header: bool) -> int | None:
    """Return where the first row of data starts, after empty lines and the header; None where that is not plain to see."""
    text = data[: min(stop, 1 << 16)].tobytes()
    at = len(_BOM) if text.startswith(_BOM) else 0
    while text[at : at + 1] == b"\n" or text[at : at + 2] == b"\r\n":
        at += 1 + (text[at] == _CR)
    if not header:
        return at
    end = text.find(b"\n", at)
    while end >= 0 and layout.quote is not None and text.count(layout.quote, at, end) % 2:
        end = text.find(b"\n", end + 1)
    if end < 0:
        return None
    names = np.frombuffer(text[at : end + 1] + bytes(kernels.csv_rows.SPARE), np.uint8)
    return end + 1 if Parser(layout, []).parse(Block(names, 0, end + 1 - at, 1)) else None


def _without_blank_lines(data: Array, first: int, stop: int) -> int:
    """Return where rows end that end with a line break, and perhaps with empty lines."""
    while stop > first:
        size = 1 + (stop - 1 > first and data[stop - 2] == _CR)
        if stop - size > first and data[stop - size - 1] != _LF:
            break
        stop -= size
    return stop


def _marks(layout: Layout) -> tuple[int, int, int]:
    """Return the delimiter, the quote, and whether there is one."""
    return layout.delimiter[0], (layout.quote or b"\0")[0], int(layout.quote is not None)


class Parser:
    """What makes fields of blocks; threads share it.

    Args:
        layout: of the rows.
        fields: what is read: name, number in a row, and whether it is wanted as codes of texts; others have them where that is
            less to do.
    """

    def __init__(self, layout: Layout, fields: Sequence[tuple[str, int, bool]]) -> None:
        self._layout, self._fields = layout, fields
        self._forms = [_CODES] * len(fields)
        self._room = [_ROOM] * len(fields)
        nulls = [text.encode() for text in layout.nulls]
        self._null_offsets = np.cumsum([0, *map(len, nulls)], dtype=np.int64)
        self._nulls = np.frombuffer(b"".join(nulls), np.uint8)

    def parse(self, block: Block) -> Rows | bool | None:
        """Return the rows; False where the block is sound, but not as plain as this parser wants it, None where it may not be.

        Raises pyarrow.ArrowInvalid for text that is not UTF-8.
        """
        csv_rows = kernels.csv_rows
        while True:
            columns, texts, slots = self._columns(block.lines)
            edges, codes = np.empty((texts, 2), np.uint64), arrays.empty((len(columns), block.lines), np.int32)
            starts, sizes, numbers = np.empty((3, texts), np.int32)
            found, state = np.zeros((len(columns), 2), np.int64), np.zeros(2, np.int64)
            rows = csv_rows.parse[0](
                block.data, block.first, block.stop, *_marks(self._layout), self._layout.width, self._null_offsets, self._nulls,
                csv_rows.secret(), columns, np.zeros(slots, np.uint64), edges, starts, sizes, numbers, codes, found, state,
            )  # fmt: skip
            if rows >= 0:
                break
            if rows != csv_rows.FULL:
                return False if rows == csv_rows.NOT_PLAIN else None
            self._make_room(int(state[0]), int(state[1]), int(columns[state[0], 3]))
        fields: dict[str, FieldView] = {}
        for i, (name, _, _) in enumerate(self._fields):
            coded, at = columns[i, 1] == _CODES, int(columns[i, 2])
            part = slice(at, at + int(found[i, 0] if coded else rows))
            view = _text_field(name, block.data, starts[part], sizes[part], numbers[part], int(found[i, 1]) if coded else rows)
            fields[name] = DictionaryField(name, codes[i, :rows], view, checked=True) if coded else view
        return Rows(fields, rows)

    def _columns(self, lines: int) -> tuple[Array, int, int]:
        """Return the columns as the kernel takes them, with the numbers of texts and of slots for all of them."""
        columns, texts, slots = np.zeros((len(self._fields), 7), np.int64), 0, 0
        for i, (_, number, _) in enumerate(self._fields):
            form = self._forms[i]
            room = self._room[i] if form == _CODES else lines
            size = 2 * room if form == _CODES else 0
            columns[i] = number, form, texts, room, slots, size, 65 - size.bit_length()
            texts, slots = texts + room, slots + size
        return columns, texts, slots

    def _make_room(self, i: int, rows: int, room: int) -> None:
        """Give a column room for more texts than some rows needed; or have it as texts, if that is less to do."""
        if not self._fields[i][2] and rows < _MANY * room:
            self._forms[i] = _TEXTS
        self._room[i] = max(self._room[i], _GROWTH * room)


def _text_field(key: str, data: Array, starts: Array, sizes: Array, numbers: Array, count: int) -> TextField:
    """Return texts of a block as a field of so many: all of them, or those alone that are not missing."""
    offsets, texts = arrays.empty(count + 1, np.int32), arrays.empty(int(sizes.sum(dtype=np.int64)), np.uint8)
    end = kernels.csv_rows.take[0](data, starts, sizes, numbers, offsets, texts)
    bitmap = None
    if count == len(numbers) and len(numbers) and numbers.min() < 0:
        bitmap = pa.py_buffer(np.packbits(numbers >= 0, bitorder="little"))
    buffers = [bitmap, pa.py_buffer(offsets), pa.py_buffer(texts[:end])]
    array = pa.Array.from_buffers(pa.string(), count, buffers)
    array.validate(full=True)
    return TextField.of(key, array, parse=True)


def run(blocks: Iterator[Block | Rest], parse: Callable[[Block], T | None], threads: int) -> Iterator[T | Left]:
    """Yield what is made of blocks, in order; where nothing can be made of one, what is left from there on, and no more."""
    pool = ThreadPoolExecutor(threads, "featurecols-parse") if threads > 1 else None
    waiting: deque[tuple[Block, Future[T | None] | None]] = deque()
    left: list[Block | Rest] = []
    try:
        while True:
            while not left and len(waiting) <= (threads if pool else 0) and (block := next(blocks, None)) is not None:
                if isinstance(block, Rest):
                    left.append(block)
                else:
                    waiting.append((block, None if pool is None else pool.submit(parse, block)))
            if not waiting:
                break
            first, future = waiting.popleft()
            found = parse(first) if future is None else future.result()
            if found is None:
                left = [first, *(other for other, _ in waiting), *left]
                break
            del first, future
            yield found
        if left:
            head = isinstance(left[0], Rest) and left[0].head
            yield Left(head, (text.text if isinstance(text, Rest) else text.rows() for text in chain(left, blocks)))
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)
