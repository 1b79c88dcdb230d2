"""Column chunks of Parquet as fields, straight from their pages.

A text that stands a thousand times in a row group stands once in its dictionary, and the file holds codes: those are
what columns want. Only flat columns of numbers and texts in common encodings are read here. Anything else, and bytes
that are not as the format says, are left to pyarrow, which reads the column or says what is wrong with it. How often
that happens, and why, is counted ("pyarrow: ..." in featurecols._core.counters).
"""

from __future__ import annotations

import io
import zlib
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from featurecols import kernels
from featurecols._core import arrays, counters
from featurecols._core.arrays import Array
from featurecols.data.arrow_buffers import Valid
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.dictionary import DictionaryField
from featurecols.data.fields.numeric import NumericField
from featurecols.data.fields.text import TextField

# By the numbers of the format.
_CODECS = {0: None, 1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd"}
_STORED: dict[int, np.dtype[np.generic]] = {kind: np.dtype(code) for kind, code in ((1, "i4"), (2, "i8"), (4, "f4"), (5, "f8"))}
_BYTE_ARRAY = 6
_TEXTS = (pa.string(), pa.binary(), pa.large_string(), pa.large_binary())
_NUMBERS = {
    **dict.fromkeys((pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32()), (1, 2)),
    **dict.fromkeys((pa.int64(), pa.uint64()), (2,)),
    pa.float32(): (4,),
    pa.float64(): (5,),
}
_PHYSICAL = {1: "INT32", 2: "INT64", 4: "FLOAT", 5: "DOUBLE", 6: "BYTE_ARRAY"}
_PLAIN, _PLAIN_DICTIONARY, _RLE, _BIT_PACKED, _RLE_DICTIONARY = 0, 2, 3, 4, 8  # of levels, the third and the fourth
_ENCODINGS = sum(1 << n for n in (_PLAIN, _PLAIN_DICTIONARY, _RLE, _BIT_PACKED, _RLE_DICTIONARY))


class Chunk(NamedTuple):
    """The position and the encoding of a column in a file.

    Attributes:
        key: name of the field.
        start: the byte of the file at which its pages start.
        size: their number of bytes.
        values: its number of values, nulls included.
        codec: how pages are compressed, by pyarrow's name; None for not at all.
        stored: the type of numbers on disk; None for texts.
        optional: whether it may hold nulls.
        type: of the values, Arrow's.
    """

    key: str
    start: int
    size: int
    values: int
    codec: str | None
    stored: np.dtype[np.generic] | None
    optional: bool
    type: pa.DataType


class _Pages(NamedTuple):
    """Unpacked pages: their bytes, and where each starts and stops, int64 [k]."""

    flat: Array
    starts: Array
    stops: Array


class _Unsupported(Exception):
    """What this module leaves to pyarrow, with the reason."""


def chunk(field: pa.Field, leaf: pa.ColumnSchema, about: np.void, rows: int, end: int) -> Chunk | None:
    """Return the position of the flat column of a field, or None for one that is left to pyarrow.

    Args:
        field: the field, as in the Arrow schema.
        leaf: its column in the schema of the file.
        about: the chunk of it, as kernels.parquet reads it.
        rows: of the row group.
        end: bytes of the file.
    """
    try:
        return _locate(field, leaf, about, rows, end)
    except _Unsupported as reason:
        counters.increment(f"pyarrow: {reason}")
        return None


def _locate(field: pa.Field, leaf: pa.ColumnSchema, about: np.void, rows: int, end: int) -> Chunk:
    kind, codec, values = int(about["kind"]), int(about["codec"]), field.type
    if pa.types.is_dictionary(values) and values.index_type == pa.int32() and not values.ordered and kind == _BYTE_ARRAY:
        values = values.value_type  # what pyarrow writes of a dictionary is the column of its values
    if leaf.max_repetition_level or leaf.max_definition_level > 1:
        raise _Unsupported("a nested column")
    if kind != _BYTE_ARRAY if values in _TEXTS else kind not in _NUMBERS.get(values, ()):
        raise _Unsupported(f"{field.type}")
    if about["encrypted"]:
        raise _Unsupported("an encrypted column")
    if about["elsewhere"]:
        raise _Unsupported("a column in another file")
    if codec not in _CODECS:
        raise _Unsupported(f"compression {codec}")
    if about["encodings"] & ~_ENCODINGS:
        raise _Unsupported("an encoding")
    start, size = int(about["data"]), int(about["packed"])
    if about["dictionary"] > 0:
        if about["dictionary"] >= start:
            raise _Unsupported("damage")
        start = int(about["dictionary"])
    optional = leaf.max_definition_level == 1
    sound = 0 <= start <= start + size <= end and about["values"] == rows and leaf.physical_type == _PHYSICAL[kind]
    levels = about["repeats"] in (-1, 0, 1) and about["defines"] in (-1, 0, 1 + optional)
    if not sound or not levels or (about["sized"] and kind != _BYTE_ARRAY):
        raise _Unsupported("damage")
    return Chunk(field.name, start, size, rows, _CODECS[codec], _STORED.get(kind), optional, values)


def read(file: io.RawIOBase, wanted: Chunk) -> Array:
    """Return the bytes of a chunk, uint8; fewer where the file ends early."""
    data = arrays.empty(wanted.size, np.uint8)
    file.seek(wanted.start)
    got, view = 0, memoryview(data.data)
    while got < wanted.size and (more := file.readinto(view[got:])):
        got += more
    return data[:got]


def decode(wanted: Chunk, data: Array, verify: bool = False) -> FieldView | None:
    """Return the column as a field, or None for what is left to pyarrow. `verify`: checksums of pages are compared."""
    try:
        return _Decoder(wanted, data, verify).column()
    except _Unsupported as reason:
        counters.increment(f"pyarrow: {reason}")
        return None


class _Decoder:
    """One chunk: its pages are unpacked into one stretch of memory, which one call of a kernel then reads."""

    def __init__(self, wanted: Chunk, data: Array, verify: bool = False) -> None:
        self.chunk, self.data, self.kernels, self.verify = wanted, data, kernels.parquet, verify
        self.codec = None if wanted.codec is None else pa.Codec(wanted.codec)

    def column(self) -> FieldView:
        pages = self._headers()
        coded = pages["kind"] == self.kernels.DICTIONARY
        rest = pages[1:] if coded[0] else pages
        if not len(rest) or coded[1:].any():
            raise _Unsupported("damage")
        self._check(rest)
        encodings = rest["encoding"]
        if coded[0]:
            if ((encodings != _PLAIN_DICTIONARY) & (encodings != _RLE_DICTIONARY)).any():
                raise _Unsupported("a dictionary that was given up")
            unpacked = self._unpack(pages)
            distinct = self._dictionary(pages[0], unpacked.flat[unpacked.starts[0] : unpacked.stops[0]])
            return self._codes(unpacked.flat, self._spans(rest, unpacked.starts[1:], unpacked.stops[1:]), distinct)
        if self.chunk.stored is None or (encodings != _PLAIN).any():
            raise _Unsupported("text without a dictionary" if self.chunk.stored is None else "damage")
        unpacked = self._unpack(rest)
        return self._numbers(unpacked.flat, self._spans(rest, unpacked.starts, unpacked.stops))

    def _headers(self) -> Array:
        most = 16
        while True:
            found = np.empty(most, self.kernels.PAGE)
            count = self.kernels.headers[0](self.data, self.chunk.values, found)
            if count != self.kernels.FULL:
                break
            most *= 8
        if count < 1:
            raise _Unsupported("damage")
        if self.verify:
            self._check_sums(found[:count])
        return found[:count]

    def _check_sums(self, pages: Array) -> None:
        """Raise _Unsupported where the bytes of a page are not those that its writer saw, if it says which."""
        for page in pages[pages["crc"] >= 0]:
            if zlib.crc32(self.data[page["start"] : page["stop"]].data) != page["crc"]:
                raise _Unsupported("a checksum")

    def _check(self, pages: Array) -> None:
        """Raise _Unsupported unless levels are where, and as, they can be."""
        new, levels = pages["kind"] == self.kernels.DATA_V2, pages["level_bytes"]
        most = np.minimum(pages["stop"] - pages["start"], pages["size"])
        sound = (levels >= 0) & (levels <= most) & (pages["repeat_bytes"] == 0)
        if not self.chunk.optional:
            sound &= levels == 0
        if not (sound | ~new).all() or (self.chunk.optional and (pages["levels"] != _RLE).any()):
            raise _Unsupported("damage")

    def _unpack(self, pages: Array) -> _Pages:
        if self.codec is None:  # where they lie
            if (pages["stop"] - pages["start"] != pages["size"]).any():
                raise _Unsupported("damage")
            return _Pages(self.data, pages["start"], pages["stop"])
        if self._are_frames(pages):  # what follows one another is unpacked in one call
            stops = np.cumsum(pages["size"])
            packed = [self.data[page["start"] : page["stop"]] for page in pages]
            flat = self._decompress(arrays.concatenate(packed), int(stops[-1]))
        else:
            whole = self._blocks(pages) if self._are_blocks(pages) else [self._page(page) for page in pages]
            stops, flat = np.cumsum([len(page) for page in whole]), arrays.concatenate(whole)
        return _Pages(flat, np.append(0, stops[:-1]), stops)

    def _are_frames(self, pages: Array) -> bool:
        """Return whether each page is one frame of Zstandard, which declares its size."""
        alone = (pages["frame"] == pages["size"]) & (pages["kind"] != self.kernels.DATA_V2)
        return self.chunk.codec == "zstd" and bool(alone.all())

    def _are_blocks(self, pages: Array) -> bool:
        """Return whether each page is one block of Snappy, which declares its size, and none is empty."""
        alone = (pages["block"] == pages["size"]) & (pages["size"] > 0) & (pages["kind"] != self.kernels.DATA_V2)
        return self.chunk.codec == "snappy" and bool(alone.all())

    def _blocks(self, pages: Array) -> list[Array]:
        """Return pages that are blocks, unpacked one by one with little else to do for each."""
        assert self.codec is not None
        data, unpack = pa.py_buffer(self.data), self.codec.decompress
        starts, sizes = pages["start"], (pages["stop"] - pages["start"]).tolist()
        places = zip(starts.tolist(), sizes, pages["size"].tolist(), strict=True)
        try:
            return [np.frombuffer(unpack(data.slice(start, packed), size), np.uint8) for start, packed, size in places]
        except (pa.ArrowException, OSError):
            raise _Unsupported("damage") from None

    def _page(self, page: np.void) -> Array:
        whole, size = self.data[page["start"] : page["stop"]], int(page["size"])
        if page["kind"] != self.kernels.DATA_V2:
            return self._inflate(whole, size)
        levels = int(page["level_bytes"])
        if not page["packed"]:
            if len(whole) != size:
                raise _Unsupported("damage")
            return whole
        return np.concatenate([whole[:levels], self._inflate(whole[levels:], size - levels)])

    def _inflate(self, data: Array, size: int) -> Array:
        """Return the `size` bytes that data unpacks to; fewer or more are damage."""
        if size == 0 and len(data) <= 1:  # no values, or nulls alone: nothing, or the length 0
            return np.empty(0, np.uint8)
        if self.chunk.codec == "gzip":
            return self._gunzip(data, size)
        if self.chunk.codec == "brotli" or not self._says(data, size):
            return self._stream(data, size)
        return self._decompress(data, size)

    def _says(self, data: Array, size: int) -> bool:
        """Return whether compressed data begins with its unpacked size, so that a decompressor checks it."""
        if self.chunk.codec == "snappy":
            found = 0
            for i, byte in enumerate(data[:5].tolist()):
                found |= (byte & 127) << 7 * i
                if byte < 128:
                    if found == size:
                        return True
                    break
            raise _Unsupported("damage")
        return bool(self.kernels.frame_size[0](data) == size)

    def _decompress(self, data: Array, size: int) -> Array:
        if self.codec is None:
            raise _Unsupported("damage")
        try:
            return np.frombuffer(self.codec.decompress(pa.py_buffer(data), size), np.uint8)
        except (pa.ArrowException, OSError):
            raise _Unsupported("damage") from None

    def _stream(self, data: Array, size: int) -> Array:
        """Unpack pages that do not declare their size; a decompressor of whole buffers would not report fewer bytes."""
        try:
            with pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(data)), self.chunk.codec) as stream:
                found = stream.read(size + 1)
        except (pa.ArrowException, OSError):
            raise _Unsupported("damage") from None
        if len(found) != size:
            raise _Unsupported("damage")
        return np.frombuffer(found, np.uint8)

    def _gunzip(self, data: Array, size: int) -> Array:
        stream = zlib.decompressobj(31)
        try:
            found = stream.decompress(data.data, size + 1)
        except zlib.error:
            raise _Unsupported("damage") from None
        if len(found) != size or not stream.eof or stream.unused_data:
            raise _Unsupported("damage")
        return np.frombuffer(found, np.uint8)

    def _spans(self, pages: Array, starts: Array, stops: Array) -> Array:
        """Return data pages as kernels want them, SPAN [k]."""
        spans = np.empty(len(pages), self.kernels.SPAN)
        spans["start"], spans["stop"], spans["count"], spans["level_bytes"] = (
            starts,
            stops,
            pages["count"],
            pages["level_bytes"],
        )
        return spans

    def _codes(self, flat: Array, spans: Array, distinct: FieldView) -> FieldView:
        out = arrays.empty(self.chunk.values, np.int32)
        longest = int(spans["count"].max()) if self.chunk.optional else 0
        memory = arrays.empty(longest, np.bool_), arrays.empty(longest, np.int32)
        if self.kernels.coded[0](flat, spans, self.chunk.optional, len(distinct), *memory, out) < 0:
            raise _Unsupported("damage")
        out.setflags(write=False)
        return DictionaryField(self.chunk.key, out, distinct, checked=True)

    def _numbers(self, flat: Array, spans: Array) -> FieldView:
        if self.chunk.stored is None:
            raise _Unsupported("damage")
        count, width = self.chunk.values, self.chunk.stored.itemsize
        out, valid = arrays.empty(count, self.chunk.stored), np.empty(count if self.chunk.optional else 0, np.bool_)
        there = self.kernels.plain[width](flat, spans, self.chunk.optional, valid, out.view(f"i{width}"))
        if there < 0:
            raise _Unsupported("damage")
        return NumericField(self.chunk.key, self._cast(out), None if there == count else Valid.of(valid))

    def _cast(self, values: Array) -> Array:
        return np.ascontiguousarray(values.astype(self.chunk.type.to_pandas_dtype(), copy=False))

    def _dictionary(self, page: np.void, data: Array) -> FieldView:
        """Return the distinct values."""
        stored, count = self.chunk.stored, int(page["count"])
        width = 4 if stored is None else stored.itemsize  # of a value, or of the length before a text
        if page["encoding"] not in (_PLAIN, _PLAIN_DICTIONARY) or len(data) < width * count:
            raise _Unsupported("damage")
        if stored is not None:
            return NumericField(self.chunk.key, self._cast(np.frombuffer(data, stored, count).copy()))
        offsets, out = np.zeros(count + 1, np.int32), arrays.empty(len(data) - 4 * count, np.uint8)
        if self.kernels.texts[0](data, 0, len(data), offsets, out) < 0:
            raise _Unsupported("damage")
        return TextField(self.chunk.key, offsets, out, None, self.chunk.type)


__all__ = ["Chunk", "chunk", "decode", "read"]
