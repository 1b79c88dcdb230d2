"""Column chunks of Parquet as codes and distinct values, straight from their pages.

A text that stands a thousand times in a row group stands once in its dictionary, and the file holds codes: those are
what columns want. Only flat columns of numbers and texts in common encodings are read here. For anything else, and for
bytes that are not as the format says, the answer is None: pyarrow then reads the column, or says what is wrong with it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from featurecols import buffers, kernels
from featurecols.cells.dictionaries import Coded
from featurecols.values import Array

_CODECS = {"UNCOMPRESSED": None, "SNAPPY": "snappy", "ZSTD": "zstd", "GZIP": "gzip", "BROTLI": "brotli"}
_STORED = {"INT32": np.int32, "INT64": np.int64, "FLOAT": np.float32, "DOUBLE": np.float64}
_TEXTS = (pa.string(), pa.binary(), pa.large_string(), pa.large_binary())
_NUMBERS = {
    **dict.fromkeys((pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32()), ("INT32", "INT64")),
    **dict.fromkeys((pa.int64(), pa.uint64()), ("INT64",)),
    pa.float32(): ("FLOAT",),
    pa.float64(): ("DOUBLE",),
}
_ENCODINGS = {"PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE", "BIT_PACKED"}  # of levels, the last two
_PLAIN, _RLE, _CODED = 0, 3, (2, 8)


class Chunk(NamedTuple):
    """Where a column lies in a file, and how."""

    start: int
    size: int
    values: int
    codec: str | None
    stored: Any  # numpy's type of the values, None for texts
    optional: bool
    type: Any  # of the values, Arrow's


def chunk(field: Any, leaf: Any, about: Any) -> Chunk | None:
    """The chunk of one flat column, from its Arrow field and pyarrow's ColumnSchema and ColumnChunkMetaData; None for
    one that is left to pyarrow."""
    kind = about.physical_type
    fits = kind == "BYTE_ARRAY" if field.type in _TEXTS else kind in _NUMBERS.get(field.type, ())
    if not fits or leaf.max_repetition_level or leaf.max_definition_level > 1 or about.compression not in _CODECS:
        return None
    if about.file_path or not _ENCODINGS.issuperset(about.encodings):
        return None
    start = about.data_page_offset
    if about.has_dictionary_page and about.dictionary_page_offset:
        start = min(start, about.dictionary_page_offset)
    optional, codec = leaf.max_definition_level == 1, _CODECS[about.compression]
    return Chunk(start, about.total_compressed_size, about.num_values, codec, _STORED.get(kind), optional, field.type)


def read(file: Any, wanted: Chunk) -> Array:
    """The bytes of a chunk, uint8; fewer where the file ends early."""
    data = buffers.empty(wanted.size, np.uint8)
    file.seek(wanted.start)
    got, view = 0, memoryview(data.data)
    while got < wanted.size and (more := file.readinto(view[got:])):
        got += more
    return data[:got]


def decode(wanted: Chunk, data: Array) -> Any:
    """The column as Coded, or an Arrow array where values are not coded; None for what is left to pyarrow."""
    try:
        return _Decoder(wanted, data).column()
    except (_Left, pa.ArrowException, OSError, ValueError, OverflowError):
        return None


class _Left(Exception):
    """Not for this reader."""


class _Decoder:
    def __init__(self, wanted: Chunk, data: Array) -> None:
        self.chunk, self.data, self.k = wanted, data, kernels.pages
        self.codec = None if wanted.codec is None else pa.Codec(wanted.codec)
        self.distinct: Any = None

    def column(self) -> Any:
        pages = self._headers()
        kinds = {bool(page[self.k.ENCODING] in _CODED) for page in pages if page[self.k.KIND] != self.k.DICTIONARY}
        if kinds == {True}:
            return self._coded(pages)
        if kinds != {False} or self.chunk.stored is None:
            raise _Left
        return self._plain(pages)

    def _headers(self) -> list[list[int]]:
        room = 16
        while True:
            found = np.empty((room, 10), np.int64)
            count = self.k.headers[0](self.data, self.chunk.values, found)
            if count != self.k.FULL:
                break
            room *= 8
        if count < 1:
            raise _Left
        return found[:count].tolist()  # type: ignore[no-any-return]

    def _coded(self, pages: list[list[int]]) -> Coded:
        k, out, row = self.k, buffers.empty(self.chunk.values, np.int32), 0
        for page in pages:
            if page[k.KIND] == k.DICTIONARY:
                self._dictionary(page)
                continue
            if self.distinct is None:
                raise _Left
            rows = out[row : row + page[k.COUNT]]
            data, at, valid, present = self._levels(page)
            some = rows if valid is None else buffers.empty(present, np.int32)
            if k.codes[0](data, at, len(data), len(self.distinct), some) < 0:
                raise _Left
            if valid is not None:
                k.spread[4](valid, some, -1, rows)
            row += page[k.COUNT]
        out.setflags(write=False)
        return Coded(out, self.distinct, None, checked=True)

    def _plain(self, pages: list[list[int]]) -> Any:
        k, stored = self.k, np.dtype(self.chunk.stored)
        out, row = buffers.empty(self.chunk.values, stored), 0
        there: Array | None = None
        for page in pages:
            if page[k.KIND] == k.DICTIONARY:
                continue
            rows = out[row : row + page[k.COUNT]]
            data, at, valid, present = self._levels(page)
            some = np.frombuffer(data, stored, present, at)  # ValueError where there are fewer
            if valid is None:
                rows[:] = some
            else:
                bits = f"i{stored.itemsize}"
                k.spread[stored.itemsize](valid, some.copy().view(bits), 0, rows.view(bits))
                if there is None:
                    there = np.ones(self.chunk.values, np.bool_)
                there[row : row + page[k.COUNT]] = valid
            row += page[k.COUNT]
        return self._numbers(out, there)

    def _numbers(self, values: Array, valid: Array | None = None) -> Any:
        cast = np.ascontiguousarray(values.astype(self.chunk.type.to_pandas_dtype(), copy=False))
        bitmap = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
        return pa.Array.from_buffers(self.chunk.type, len(cast), [bitmap, pa.py_buffer(cast)])

    def _dictionary(self, page: list[int]) -> None:
        k, stored, count = self.k, self.chunk.stored, page[self.k.COUNT]
        if self.distinct is not None or page[k.ENCODING] not in (_PLAIN, 2):
            raise _Left
        data = self._unpacked(self.data[page[k.START] : page[k.STOP]], page[k.SIZE])
        if stored is not None:
            self.distinct = self._numbers(np.frombuffer(data, stored, count).copy())
            return
        if len(data) < 4 * count:
            raise _Left
        offsets, out = np.zeros(count + 1, np.int32), buffers.empty(len(data) - 4 * count, np.uint8)
        end = k.texts[0](data, 0, len(data), offsets, out)
        if end < 0:
            raise _Left
        wide = pa.types.is_large_string(self.chunk.type) or pa.types.is_large_binary(self.chunk.type)
        parts = offsets.astype(np.int64) if wide else offsets
        self.distinct = pa.Array.from_buffers(self.chunk.type, count, [None, pa.py_buffer(parts), pa.py_buffer(out)])

    def _levels(self, page: list[int]) -> tuple[Array, int, Array | None, int]:
        """A data page opened: (its bytes, where values start in them, which rows are valid or None, how many are)."""
        k, count, levels = self.k, page[self.k.COUNT], page[self.k.LEVEL_BYTES]
        start, size = page[k.START], page[k.SIZE]
        whole = self.data[start : page[k.STOP]]
        if page[k.KIND] == k.DATA:
            data = self._unpacked(whole, size)
            if not self.chunk.optional:
                return data, 0, None, count
            if page[k.LEVELS] != _RLE or len(data) < 4:
                raise _Left
            stop = 4 + int.from_bytes(data[:4].tobytes(), "little")
            return data, stop, *self._valid(data, 4, stop, count)
        if page[k.KIND] != k.DATA_V2 or page[k.REPEAT_BYTES] > 0 or not 0 <= levels <= min(len(whole), size):
            raise _Left
        values, packed = whole[levels:], bool(page[k.PACKED]) and size > levels
        data = self._unpacked(values, size - levels) if packed else values
        if not self.chunk.optional:
            return data, 0, None, count
        return data, 0, *self._valid(whole, 0, levels, count)

    def _valid(self, data: Array, at: int, stop: int, count: int) -> tuple[Array | None, int]:
        if stop > len(data):
            raise _Left
        valid = buffers.empty(count, np.bool_)
        present = int(self.k.levels[0](data, at, stop, valid))
        if present < 0:
            raise _Left
        return (None if present == count else valid), present

    def _unpacked(self, data: Array, size: int) -> Array:
        if self.codec is None:
            if len(data) != size:
                raise _Left
            return data
        if size == 0:
            return np.empty(0, np.uint8)
        return np.frombuffer(self.codec.decompress(pa.py_buffer(data), size), np.uint8)


__all__ = ["Chunk", "chunk", "decode", "read"]
