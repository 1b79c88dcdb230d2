"""The entries of a TensorFlow checkpoint's index: the position of each tensor, and its slices (tensor_bundle.proto)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from featurecols import errors
from featurecols.tf.checkpoint.protobuf import WireError, fields, integer, message

Slice = tuple[tuple[int, int | None], ...]  # per axis: start, and length or None for the whole axis

_VERSION = 1
_MAX_SHARDS = 99_999  # file names have five digits
_MAX_RANK = 32
_MAX_SLICES = 4096
_MAX_COUNT = 1 << 48
_STRING, _BFLOAT16 = 7, 14
_DTYPES = {
    1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", _STRING: "O", 8: "<c8", 9: "<i8", 10: "?",
    _BFLOAT16: "<f4", 17: "<u2", 18: "<c16", 19: "<f2", 22: "<u4", 23: "<u8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor, or one slice of a partitioned tensor: bytes [offset, offset + size) of shard `shard`.

    `slices` is empty unless the tensor is partitioned; then the position is that of its slices' own entries.
    """

    kind: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int
    slices: tuple[Slice, ...]

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The dtype that reading gives: object (bytes) for strings, float32 for bfloat16."""
        return np.dtype(_DTYPES[self.kind])

    @property
    def has_bytes(self) -> bool:
        """Return whether the entry has bytes of its own in a data file."""
        return self.size > 0 and not self.slices

    @property
    def is_text(self) -> bool:
        return self.kind == _STRING

    @property
    def stored(self) -> np.dtype[np.generic]:
        """The dtype on disk."""
        return np.dtype("<u2") if self.kind == _BFLOAT16 else self.dtype

    @property
    def count(self) -> int:
        return math.prod(self.shape)


def read_header(value: bytes) -> int:
    """Return the number of data files, from the entry whose key is empty. Raises WireError."""
    shards = 0
    for number, field in fields(value):
        if number == 1:
            shards = integer(field)
        elif number == 2 and integer(field) != 0:
            raise WireError("tensors in big-endian byte order, which are not read")
        elif number == 3:
            needed = [integer(f) for n, f in fields(message(field)) if n == 2]
            if needed and needed[-1] > _VERSION:
                raise WireError(f"format version {needed[-1]}, newer than {_VERSION}")
    if not 1 <= shards <= _MAX_SHARDS:
        raise WireError(f"{shards} data files declared")
    return shards


def read_entry(value: bytes, shards: int) -> Entry:
    """Read a BundleEntryProto. Raises WireError for one that a writer does not make."""
    found = {1: 0, 3: 0, 4: 0, 5: 0, 6: 0}
    shape: tuple[int, ...] = ()
    slices: list[Slice] = []
    for number, field in fields(value):
        if number in found:
            found[number] = integer(field)
        elif number == 2:
            shape = _shape(message(field))
        elif number == 7:
            slices.append(_slice(message(field)))
            if len(slices) > _MAX_SLICES:
                raise WireError(f"more than {_MAX_SLICES} slices of one tensor")
    kind, shard, offset, size, crc = found.values()
    if kind not in _DTYPES:
        raise WireError(f"a tensor of the unknown type {kind}")
    if not 0 <= shard < shards or offset < 0 or size < 0:
        raise WireError(f"{size} bytes at {offset} in data file {shard} of {shards}")
    if any(len(s) != len(shape) for s in slices):
        raise WireError(f"slices that do not fit a tensor of shape {shape}")
    return Entry(kind, shape, shard, offset, size, crc, tuple(slices))


def _shape(value: bytes) -> tuple[int, ...]:
    shape = []
    for number, field in fields(value):
        if number == 2:
            sizes = [integer(f) for n, f in fields(message(field)) if n == 1]
            shape.append(sizes[-1] if sizes else 0)
            if len(shape) > _MAX_RANK:
                raise WireError(f"a tensor of more than {_MAX_RANK} axes")
        elif number == 3 and integer(field):
            raise WireError("a tensor of unknown rank")
    # Axes of size 0 count as 1: numpy multiplies the others even where the tensor is empty.
    if any(size < 0 for size in shape) or math.prod(max(size, 1) for size in shape) > _MAX_COUNT:
        raise WireError(f"a tensor of shape {errors.show(tuple(shape))}")
    return tuple(shape)


def _slice(value: bytes) -> Slice:
    extents: list[tuple[int, int | None]] = []
    for number, field in fields(value):
        if number == 1:
            found: dict[int, int] = {n: integer(f) for n, f in fields(message(field))}
            extents.append((found.get(1, 0), found.get(2)))
            if len(extents) > _MAX_RANK:
                raise WireError(f"a slice of more than {_MAX_RANK} axes")
    return tuple(extents)


def boxes(entry: Entry) -> list[tuple[slice, ...]]:
    """Return the box of each slice of a partitioned tensor. They must tile it: no overlap, no gap. Raises WireError."""
    found = []
    for extents in entry.slices:
        box = tuple(slice(a, a + (size - a if n is None else n)) for (a, n), size in zip(extents, entry.shape, strict=True))
        if any(not 0 <= s.start <= s.stop <= size for s, size in zip(box, entry.shape, strict=True)):
            raise WireError(f"a slice outside its tensor of shape {entry.shape}")
        found.append(box)
    volume = sum(math.prod(s.stop - s.start for s in box) for box in found)
    if volume != entry.count or _overlap(found):
        raise WireError(f"slices that do not tile their tensor of shape {entry.shape}")
    return found


def _overlap(found: list[tuple[slice, ...]]) -> bool:
    corners = np.array([[(s.start, s.stop) for s in box] for box in found], np.int64).reshape(len(found), -1, 2)
    for i, box in enumerate(corners[:-1]):
        rest = corners[i + 1 :]
        meets = np.minimum(rest[:, :, 1], box[:, 1]) > np.maximum(rest[:, :, 0], box[:, 0])
        if meets.all(axis=1).any():
            return True
    return False


def slice_key(name: bytes, extents: Slice) -> bytes:
    """Return the key of a slice's own entry: 0, name, rank and extents in TensorFlow's order-preserving code."""
    escaped = re.sub(rb"[\0\xff]", lambda m: b"\0\xff" if m[0] == b"\0" else b"\xff\0", name)
    key = b"\0" + escaped + b"\0\x01" + _unsigned(len(extents))
    return key + b"".join(_signed(a) + _signed(-1 if n is None else n) for a, n in extents)


def _unsigned(value: int) -> bytes:
    digits = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([len(digits)]) + digits


def _signed(value: int) -> bytes:
    magnitude, count = ~value if value < 0 else value, 1
    while magnitude >> (7 * count - 1):
        count += 1
    header = ((1 << count) - 1) << 7 * count
    return ((value ^ header) & ((1 << 8 * count) - 1)).to_bytes(count, "big")
