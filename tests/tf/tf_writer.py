"""A small writer of checkpoints for tests, from the format's description: what TensorFlow never writes can be written here."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

Pairs = Sequence[tuple[bytes, bytes]]
DTYPES = {"<f4": 1, "<f8": 2, "<i4": 3, "<i8": 9}


def crc32c(data: bytes) -> int:
    """The definition: a division by the polynomial, one bit at a time, eight of them remembered per byte."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _eight_bits((crc ^ byte) & 0xFF)
    return crc ^ 0xFFFFFFFF


@functools.cache
def _eight_bits(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc


def masked(data: bytes) -> int:
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value & (1 << 64) - 1)
    return varint(number << 3 | 2) + varint(len(value)) + value


def entry(
    dtype: int, shape: Sequence[int], shard: int = 0, offset: int = 0, size: int = 0, crc: int = 0, slices: Sequence[bytes] = ()
) -> bytes:
    """A BundleEntryProto."""
    dims = b"".join(field(2, field(1, n)) for n in shape)
    body = field(1, dtype) + field(2, dims) + field(3, shard) + field(4, offset) + field(5, size)
    return body + varint(6 << 3 | 5) + crc.to_bytes(4, "little") + b"".join(field(7, s) for s in slices)


def extents(*pairs: tuple[int, int] | None) -> bytes:
    """A TensorSliceProto; None is a whole axis."""
    return b"".join(field(1, b"" if p is None else field(1, p[0]) + field(2, p[1])) for p in pairs)


HEADER = field(1, 1)


def _shared(one: bytes, other: bytes) -> int:
    """Length of the common prefix, by halving: keys of tests may be long."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def contents(pairs: Pairs, interval: int = 16) -> bytes:
    """A block's contents, keys prefix-compressed between restarts."""
    out, restarts, last = bytearray(), [], b""
    for i, (key, value) in enumerate(pairs):
        shared = 0
        if i % interval == 0:
            restarts.append(len(out))
        else:
            shared = _shared(key, last)
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    restarts = restarts or [0]
    return bytes(out) + b"".join(r.to_bytes(4, "little") for r in [*restarts, len(restarts)])


def stored(block: bytes, kind: int = 0) -> bytes:
    body = block + bytes([kind])
    return body + masked(body).to_bytes(4, "little")


def table(blocks: Sequence[bytes], kinds: Sequence[int] = (), handles: Sequence[tuple[int, int]] | None = None) -> bytes:
    """A table file of blocks as they are to be stored; `handles` replaces the true places."""
    out, places = bytearray(), []
    for i, block in enumerate(blocks):
        places.append((len(out), len(block)))
        out += stored(block, kinds[i] if kinds else 0)
    places = list(handles or places)
    ends = []
    for block in (contents([]), contents([(b"%08d" % i, varint(a) + varint(n)) for i, (a, n) in enumerate(places)])):
        ends.append((len(out), len(block)))
        out += stored(block)
    footer = b"".join(varint(a) + varint(n) for a, n in ends)
    return bytes(out) + footer.ljust(40, b"\0") + (0xDB4775248B80FB57).to_bytes(8, "little")


def snappy(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="snappy", asbytes=True))


def write_index(folder: Path, pairs: Pairs, data: bytes = b"") -> Path:
    """A checkpoint `model` of one data file whose index holds the header and `pairs`."""
    (folder / "model.index").write_bytes(table([contents([(b"", HEADER), *pairs])]))
    (folder / "model.data-00000-of-00001").write_bytes(data)
    return folder / "model"


def write(folder: Path, tensors: Mapping[str, np.ndarray]) -> Path:
    """A checkpoint `model` of whole tensors, in one data file."""
    pairs, data = [], b""
    for name, value in sorted(tensors.items()):
        raw = value.tobytes()
        pairs.append((name.encode(), entry(DTYPES[value.dtype.str], value.shape, 0, len(data), len(raw), masked(raw))))
        data += raw
    return write_index(folder, pairs, data)
