"""The table file of a TensorFlow checkpoint index: LevelDB's sorted table, read whole, strictly and bounded.

    data block ... metaindex block, index block, footer (48 bytes)
    footer: metaindex handle, index handle (varints offset, size), zeros up to 40 bytes, magic number
    block on disk: contents, type byte (0 plain, 1 snappy), masked CRC-32C of contents and type
    contents: entries (shared, unshared, length of value: varints; key suffix; value), restart offsets, their count

Every checksum is verified. Blocks must follow one another and keys must ascend, as a writer makes them; so no handle
can make a cycle or read a block twice. Names and decompressed blocks have limits that no real index comes near.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from featurecols import errors
from featurecols.tf.checkpoint.crc32c import crc32c, unmask
from featurecols.tf.checkpoint.protobuf import Reader, WireError

MAX_BYTES = 32 << 20  # of an index file, of all its decompressed blocks, and of all its keys
MAX_ENTRIES = 1 << 18
MAX_KEY = 64 << 10
_FOOTER = 48
_MAGIC = 0xDB4775248B80FB57
_TRAILER = 5
_SNAPPY_RATIO = 24  # three bytes of snappy copy 64 at most


def damaged(path: object, what: str) -> errors.SavedPlanError:
    """Return the error of a damaged file of a checkpoint."""
    return errors.saved_plan(path, what, "copy the checkpoint again from where it was written")


def read_table(data: bytes, path: object = "table") -> Iterator[tuple[bytes, bytes]]:
    """Return keys and values of the table file whose bytes are `data`, keys ascending. Raises SavedPlanError."""
    try:
        yield from _entries_of_file(data)
    except WireError as error:
        raise damaged(path, str(error)) from None


def _entries_of_file(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(data) > MAX_BYTES:
        raise WireError(f"an index file of {len(data)} bytes (at most {MAX_BYTES})")
    if len(data) < _FOOTER:
        raise WireError(f"only {len(data)} bytes, too short for a table file")
    footer = Reader(data[-_FOOTER:])
    if int.from_bytes(data[-8:], "little") != _MAGIC:
        raise WireError("not a checkpoint index: the magic number is missing")
    budget = _Budget(MAX_BYTES)
    metaindex, index = _handle(footer), _handle(footer)
    _block(data, metaindex, budget)  # no entries in a checkpoint; read for its checksum
    end, last, count, spent = 0, None, 0, _Budget(MAX_BYTES)
    for _, value in _entries(_block(data, index, budget), spent):
        handle = _handle(Reader(value))
        if handle[0] < end:
            raise WireError(f"the block at {handle[0]} overlaps the one before it")
        end = handle[0] + handle[1] + _TRAILER
        for key, entry in _entries(_block(data, handle, budget), spent):
            if last is not None and key <= last:
                raise WireError(f"key {errors.show(key)} is not above the one before it")
            last, count = key, count + 1
            if count > MAX_ENTRIES:
                raise WireError(f"more than {MAX_ENTRIES} entries")
            yield key, entry


class _Budget:
    """The number of bytes that may still be decompressed."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise WireError("more decompressed data than an index can hold")


def _handle(reader: Reader) -> tuple[int, int]:
    return reader.varint(), reader.varint()


def _block(data: bytes, handle: tuple[int, int], budget: _Budget) -> bytes:
    offset, size = handle
    if offset + size + _TRAILER > len(data) - _FOOTER:
        raise WireError(f"a block of {size} bytes at {offset} reaches past the end of the file")
    stored = data[offset : offset + size + _TRAILER]
    if crc32c(stored[:-4]) != unmask(int.from_bytes(stored[-4:], "little")):
        raise WireError(f"wrong checksum of the block at {offset}")
    budget.spend(size)
    if stored[size] == 0:
        return stored[:size]
    if stored[size] == 1:
        return _snappy(stored[:size], budget)
    raise WireError(f"the block at {offset} has the unknown type {stored[size]}")


def _snappy(compressed: bytes, budget: _Budget) -> bytes:
    size = Reader(compressed).varint()
    if size > _SNAPPY_RATIO * len(compressed):
        raise WireError(f"{len(compressed)} bytes of snappy cannot hold the declared {size}")
    budget.spend(size)
    try:
        return pa.decompress(compressed, decompressed_size=size, codec="snappy", asbytes=True)  # type: ignore[no-any-return]
    except (pa.ArrowException, OSError):
        raise WireError("damaged snappy data") from None


def _entries(block: bytes, spent: _Budget) -> Iterator[tuple[bytes, bytes]]:
    if len(block) < 4:
        raise WireError("a block without a restart count")
    restarts = int.from_bytes(block[-4:], "little")
    if 4 * restarts + 4 > len(block):
        raise WireError(f"{restarts} restarts in a block of {len(block)} bytes")
    reader, key = Reader(block[: len(block) - 4 * restarts - 4]), b""
    while not reader.done():
        shared, unshared, length = reader.varint(), reader.varint(), reader.varint()
        if shared > len(key):
            raise WireError(f"a key shares {shared} bytes with one of {len(key)}")
        key = key[:shared] + reader.take(unshared)
        if len(key) > MAX_KEY:
            raise WireError(f"a key of {len(key)} bytes (at most {MAX_KEY})")
        spent.spend(len(key))
        yield key, reader.take(length)
