"""Column chunks of numbers that are never null: bits for zeros and ones, codes for distinct values, or the values."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols.jobs.parquet.thrift import BINARY, integer, varint

CODEC = "snappy"  # of all chunks: the fastest to write and to read
_PAGE = 1 << 20  # bytes of values in a page
_PLAIN, _RLE, _CODES = 0, 3, 8  # encodings
# Parts of a ColumnChunk in thrift: a file_offset of 0 and a type; the encodings; the codec SNAPPY.
_FLOAT, _INT32, _INT64 = (b"\x26\x00\x1c\x15" + integer(number) for number in (4, 1, 2))
_UNCODED, _CODED = b"\x19\x25\x00\x06", b"\x19\x35\x00\x06\x10"
_CODEC_NUMBER = b"\x15\x02"
_SAMPLE, _FEW = 1024, 128  # values that are looked at, and how many different ones make codes worth a try
_CODED_ROWS = 1 << 18  # of integers, in a page of their codes
_SPAN = 1 << 20  # integers from the least to the largest: so many are counted in a table, more are hashed
_ONE = np.uint32(0x3F800000).view(np.int32)


class Chunk(NamedTuple):
    """A column chunk, and what a footer says of it beside its place and the column's name.

    Attributes:
        buffers: its bytes, in order.
        size: how many they are.
        raw: how many they would be without compression.
        values: how many, the missing ones with them.
        coded: how many bytes the page of the dictionary has; 0 without one.
        kind: its type, as the beginning of a ColumnChunk.
        statistics: of its values, as the end of a ColumnMetaData; nothing of floats.
    """

    buffers: list[bytes | pa.Buffer]
    size: int
    raw: int
    values: int
    coded: int
    kind: bytes = _FLOAT
    statistics: bytes = b""

    def describe(self, path: bytes, start: int) -> bytes:
        """Return the ColumnChunk of a chunk that begins at byte `start` of its file; path: what `path_of` gives."""
        sizes = b"".join([b"\x16", integer(self.values), b"\x16", integer(self.raw), b"\x16", integer(self.size)])
        if not self.coded:
            after = b"\x3c" if self.statistics else b""
            return b"".join([self.kind, _UNCODED, path, sizes, b"\x26", integer(start), after, self.statistics, b"\x00\x00"])
        after = b"\x1c" if self.statistics else b""
        places = [b"\x26", integer(start + self.coded), b"\x26", integer(start)]
        return b"".join([self.kind, _CODED, path, sizes, *places, after, self.statistics, b"\x00\x00"])


def path_of(*names: bytes) -> bytes:
    """Return the names that lead to a column, and the codec, as a ColumnMetaData has them."""
    return b"\x19" + bytes([len(names) << 4 | BINARY]) + b"".join(varint(len(name)) + name for name in names) + _CODEC_NUMBER


class _Pages:
    """Pages that follow each other."""

    def __init__(self) -> None:
        self.buffers: list[bytes | pa.Buffer] = []
        self.size = self.raw = 0

    def add(self, head: bytes, tail: bytes, body: bytes | memoryview | Array) -> None:
        """Append a page with the start and the end of its header, between which its sizes stand."""
        packed = _codec().compress(body)
        count = body.nbytes if isinstance(body, (memoryview, np.ndarray)) else len(body)
        header = b"".join([b"\x15", head, b"\x15", integer(count), b"\x15", integer(packed.size), tail])
        self.buffers += header, packed
        self.size += len(header) + packed.size
        self.raw += len(header) + count

    def add_terms(self, terms: Array) -> int:
        """Append the page of a dictionary, which is the first; return how many bytes it has."""
        self.add(b"\x04", b"\x4c\x15" + integer(len(terms)) + b"\x15\x00\x00\x00", terms)
        return self.size

    def chunk(self, values: int, coded: int = 0, kind: bytes = _FLOAT, statistics: bytes = b"") -> Chunk:
        """Return the chunk of all pages."""
        return Chunk(self.buffers, self.size, self.raw, values, coded, kind, statistics)


@cache
def _codec() -> pa.Codec:
    return pa.Codec(CODEC)


def ones(bits: Array, rows: int) -> Chunk:
    """Encode a column of 0.0 and 1.0; bits, uint8 [ceil(rows / 8)], say where the ones are, and are 0 after the last row."""
    return _codes(np.array([0, 0x3F800000], np.uint32), b"\x01" + varint(len(bits) << 1 | 1) + bits.tobytes(), rows)


def numbers(values: Array) -> Chunk:
    """Encode a column of any float32 values [n], bit for bit."""
    whole = np.ascontiguousarray(values).view(np.int32)
    if len(np.unique(whole[:: max(1, len(whole) // _SAMPLE)])) <= _FEW:
        found = pc.dictionary_encode(pa.array(whole))
        terms, codes = found.dictionary.to_numpy(), found.indices.to_numpy()
        if len(terms) == 2 and set(terms.tolist()) == {0, int(_ONE)}:
            return ones(np.packbits(whole != 0, bitorder="little"), len(whole))
        if 0 < len(terms) <= 256:
            padded = np.zeros(-(-len(codes) // 8) * 8, np.uint8)
            padded[: len(codes)] = codes
            return _codes(terms, b"\x08" + varint(len(padded) >> 3 << 1 | 1) + padded.tobytes(), len(codes))
    return _plain(whole)


def integers(values: Array) -> Chunk:
    """Encode a column of int32 or int64 values [n], n > 0; it says which is the least and the largest."""
    values = np.ascontiguousarray(values)
    least, largest = values.min(), values.max()
    about = _INT32 if values.itemsize == 4 else _INT64, _statistics(least, largest)
    span = int(largest) - int(least) + 1
    if span <= _SPAN:
        found = kernels.pack_codes.pack_codes((values - least).astype(np.int32, copy=False), span)
        terms = found.terms + least
    else:
        hashed = pc.dictionary_encode(pa.array(values))
        terms = hashed.dictionary.to_numpy()
        found = kernels.pack_codes.pack_codes(hashed.indices.to_numpy(), len(terms))
    if terms.nbytes + found.packed.nbytes >= values.nbytes:
        return _plain(values, *about)
    pages, rows, width = _Pages(), len(values), found.width
    coded = pages.add_terms(terms)
    for start in range(0, rows, _CODED_ROWS):
        some = min(_CODED_ROWS, rows - start)
        part = found.packed[start // 8 * width : -(-(start + some) // 8) * width]
        head = np.frombuffer(bytes([width]) + varint(-(-some // 8) << 1 | 1), np.uint8)
        pages.add(b"\x00", _data_tail(some, _CODES), np.concatenate([head, part]))
    return pages.chunk(rows, coded, *about)


def _statistics(least: np.integer[Any], largest: np.integer[Any]) -> bytes:
    """Return the Statistics of integers, none of which is null, as a field of a struct."""
    size = bytes([least.itemsize])
    return b"".join([b"\x36\x00\x28", size, largest.tobytes(), b"\x18", size, least.tobytes(), b"\x00"])


def _plain(values: Array, kind: bytes = _FLOAT, statistics: bytes = b"") -> Chunk:
    pages = _Pages()
    step = _PAGE // values.itemsize
    for start in range(0, max(1, len(values)), step):
        part = values[start : start + step]
        pages.add(b"\x00", _data_tail(len(part), _PLAIN), part)
    return pages.chunk(len(values), 0, kind, statistics)


def _codes(terms: Array, codes: bytes, rows: int) -> Chunk:
    pages = _Pages()
    coded = pages.add_terms(terms)
    pages.add(b"\x00", _data_tail(rows, _CODES), codes)
    return pages.chunk(rows, coded)


@lru_cache(64)
def _data_tail(values: int, encoding: int) -> bytes:
    """Return the end of the header of a data page: DataPageHeader."""
    return b"".join([b"\x2c\x15", integer(values), b"\x15", integer(encoding), b"\x15\x06\x15\x06\x00\x00"])


def page_rows(width: int) -> int:
    """Return how many rows of a matrix of so many columns a page has: a multiple of 8."""
    return max(8, _PAGE // (4 * width) & -8)


def list_page(matrix: Array) -> Chunk:
    """Encode rows of a float32 matrix [n, w], C-ordered, as lists of w numbers, in one page: `page_rows(w)` of them at most."""
    rows, width = matrix.shape
    pages = _Pages()
    levels = _levels(rows, width)
    body = np.empty(len(levels) + matrix.nbytes, np.uint8)
    body[: len(levels)] = np.frombuffer(levels, np.uint8)
    body[len(levels) :] = matrix.reshape(-1).view(np.uint8)
    pages.add(b"\x00", _data_tail(rows * width, _PLAIN), body)
    return pages.chunk(rows * width)


def join(parts: list[Chunk]) -> Chunk:
    """Return the pages of several chunks of floats without dictionaries as one chunk; of one chunk, this."""
    if len(parts) == 1:
        return parts[0]
    buffers = [buffer for part in parts for buffer in part.buffers]
    return Chunk(buffers, sum(p.size for p in parts), sum(p.raw for p in parts), sum(p.values for p in parts), 0)


@lru_cache(8)
def _levels(rows: int, width: int) -> bytes:
    """Return the levels of rows that are lists of `width` numbers: 0 where a row begins, else 1; then 2, a number, for all."""
    count = rows * width
    pattern = np.ones(-(-count // 8) * 8, np.bool_)
    pattern[0:count:width] = False
    pattern[count:] = False
    repeated = varint(len(pattern) >> 3 << 1 | 1) + np.packbits(pattern, bitorder="little").tobytes()
    defined = varint(count << 1) + b"\x02"
    return b"".join(len(part).to_bytes(4, "little") + part for part in (repeated, defined))
