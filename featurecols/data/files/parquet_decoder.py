"""Column chunks of Parquet as codes and distinct values, straight from their pages.

A text that stands a thousand times in a row group stands once in its dictionary, and the file holds codes: those are
what columns want. Only flat columns of numbers and texts in common encodings are read here. For anything else, and for
bytes that are not as the format says, the answer is None: pyarrow then reads the column, or says what is wrong with it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from featurecols import kernels
from featurecols._core import buffer_pool
from featurecols._core.arrays import Array
from featurecols.data.fields.dictionary import Coded

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
    data = buffer_pool.empty(wanted.size, np.uint8)
    file.seek(wanted.start)
    got, view = 0, memoryview(data.data)
    while got < wanted.size and (more := file.readinto(view[got:])):
        got += more
    return data[:got]


def decode(wanted: Chunk, data: Array) -> Any:
    """The column as Coded, or an Arrow array where values are not coded; None for what is left to pyarrow."""
    try:
        return _Decoder(wanted, data).column()
    except (_Left, pa.ArrowException, OSError, ValueError, OverflowError, MemoryError):
        return None


class _Left(Exception):
    """Not for this reader."""


class _Decoder:
    """One chunk: its pages are unpacked into one piece of memory, which kernels then read in one go."""

    def __init__(self, wanted: Chunk, data: Array) -> None:
        self.chunk, self.data, self.k = wanted, data, kernels.parquet_pages
        self.codec = None if wanted.codec is None else pa.Codec(wanted.codec)

    def column(self) -> Any:
        k, pages = self.k, self._headers()
        first = 1 if pages[0, k.KIND] == k.DICTIONARY else 0
        rest = pages[first:]
        coded = (rest[:, k.ENCODING] == _CODED[0]) | (rest[:, k.ENCODING] == _CODED[1])
        if not len(rest) or (rest[:, k.KIND] == k.DICTIONARY).any():
            raise _Left
        self._check(rest)
        if coded.all() and first:
            flat, starts, stops = self._unpacked(pages)
            distinct = self._dictionary(pages[0], flat[starts[0] : stops[0]])
            return self._coded(flat, self._places(rest, starts[1:], stops[1:]), distinct)
        if self.chunk.stored is None or (rest[:, k.ENCODING] != _PLAIN).any():
            raise _Left
        flat, starts, stops = self._unpacked(rest)
        return self._plain(flat, self._places(rest, starts, stops))

    def _headers(self) -> Array:
        room = 16
        while True:
            found = np.empty((room, 11), np.int64)
            count = self.k.headers[0](self.data, self.chunk.values, found)
            if count != self.k.FULL:
                break
            room *= 8
        if count < 1:
            raise _Left
        return found[:count]

    def _check(self, pages: Array) -> None:
        """Whether levels are where, and as, they can be."""
        k = self.k
        old, new, levels = pages[:, k.KIND] == k.DATA, pages[:, k.KIND] == k.DATA_V2, pages[:, k.LEVEL_BYTES]
        packed = pages[:, k.STOP] - pages[:, k.START]
        sound = (levels >= 0) & (levels <= packed) & (levels <= pages[:, k.SIZE]) & (pages[:, k.REPEAT_BYTES] <= 0)
        if not (old | (new & sound)).all() or (self.chunk.optional and (old & (pages[:, k.LEVELS] != _RLE)).any()):
            raise _Left

    def _unpacked(self, pages: Array) -> tuple[Array, Array, Array]:
        """Pages in one piece of memory, uint8, and where each starts and stops, int64 [k]."""
        k = self.k
        if self.codec is None:  # where they lie
            if (pages[:, k.STOP] - pages[:, k.START] != pages[:, k.SIZE]).any():
                raise _Left
            return self.data, pages[:, k.START], pages[:, k.STOP]
        if self._framed(pages):  # what follows one another is unpacked in one call
            stops = np.cumsum(pages[:, k.SIZE])
            flat = self._inflated(buffer_pool.concatenate(self._packed(pages)), int(stops[-1]))
        else:
            parts = [self._page(page) for page in pages.tolist()]
            stops, flat = np.cumsum([len(part) for part in parts]), buffer_pool.concatenate(parts)
        return flat, np.append(0, stops[:-1]), stops

    def _framed(self, pages: Array) -> bool:
        """Whether each page is one frame of Zstandard, which tells its size."""
        k = self.k
        alone = (pages[:, k.FRAME] == pages[:, k.SIZE]) & (pages[:, k.KIND] != k.DATA_V2)
        return self.chunk.codec == "zstd" and bool(alone.all())

    def _packed(self, pages: Array) -> list[Array]:
        return [self.data[start:stop] for start, stop in pages[:, self.k.START : self.k.STOP + 1].tolist()]

    def _page(self, page: list[int]) -> Array:
        k, whole, size = self.k, self.data[page[self.k.START] : page[self.k.STOP]], page[self.k.SIZE]
        if page[k.KIND] != k.DATA_V2:
            return self._inflated(whole, size)
        levels = page[k.LEVEL_BYTES]
        if not page[k.PACKED] or size == levels:
            if len(whole) != size:
                raise _Left
            return whole
        return np.concatenate([whole[:levels], self._inflated(whole[levels:], size - levels)])

    def _inflated(self, data: Array, size: int) -> Array:
        if size == 0:
            return np.empty(0, np.uint8)
        assert self.codec is not None
        return np.frombuffer(self.codec.decompress(pa.py_buffer(data), size), np.uint8)

    def _places(self, pages: Array, starts: Array, stops: Array) -> Array:
        """Data pages as kernels want them."""
        return np.stack([starts, stops, pages[:, self.k.COUNT], pages[:, self.k.LEVEL_BYTES]], axis=1)

    def _coded(self, flat: Array, places: Array, distinct: Any) -> Coded:
        out = buffer_pool.empty(self.chunk.values, np.int32)
        if self.k.coded[0](flat, places, self.chunk.optional, len(distinct), out) < 0:
            raise _Left
        out.setflags(write=False)
        return Coded(out, distinct, None, checked=True)

    def _plain(self, flat: Array, places: Array) -> Any:
        count, stored = self.chunk.values, np.dtype(self.chunk.stored)
        out, valid = buffer_pool.empty(count, stored), np.empty(count if self.chunk.optional else 0, np.bool_)
        of = self.k.plain[stored.itemsize]
        present = of(flat, places, self.chunk.optional, valid, out.view(f"i{stored.itemsize}"))
        if present < 0:
            raise _Left
        return self._numbers(out, None if present == count else valid)

    def _numbers(self, values: Array, valid: Array | None = None) -> Any:
        cast = np.ascontiguousarray(values.astype(self.chunk.type.to_pandas_dtype(), copy=False))
        bitmap = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
        return pa.Array.from_buffers(self.chunk.type, len(cast), [bitmap, pa.py_buffer(cast)])

    def _dictionary(self, page: Array, data: Array) -> Any:
        """The distinct values, as an Arrow array."""
        k, stored, count = self.k, self.chunk.stored, int(page[self.k.COUNT])
        if page[k.ENCODING] not in (_PLAIN, 2):
            raise _Left
        if stored is not None:
            return self._numbers(np.frombuffer(data, stored, count).copy())  # ValueError where there are fewer
        if len(data) < 4 * count:
            raise _Left
        offsets, out = np.zeros(count + 1, np.int32), buffer_pool.empty(len(data) - 4 * count, np.uint8)
        if k.texts[0](data, 0, len(data), offsets, out) < 0:
            raise _Left
        wide = pa.types.is_large_string(self.chunk.type) or pa.types.is_large_binary(self.chunk.type)
        parts = offsets.astype(np.int64) if wide else offsets
        return pa.Array.from_buffers(self.chunk.type, count, [None, pa.py_buffer(parts), pa.py_buffer(out)])


__all__ = ["Chunk", "chunk", "decode", "read"]
