"""A reader of TensorFlow checkpoints without TensorFlow: the pair of `.index` and `.data-00000-of-00001` files.

    checkpoint = Checkpoint.open("model_dir")
    checkpoint.names()                     ['dnn/logits/bias', 'global_step', ...]
    checkpoint.read("dnn/logits/bias")     float32 array

Every checksum is verified, of the index and of each tensor that is read. Memory is bounded by what is really on disk:
an index of at most 32 MiB and, while reading, one tensor and its largest slice. Nothing is executed.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.tf.checkpoint.bundle import Entry, boxes, read_entry, read_header, slice_key
from featurecols.tf.checkpoint.crc32c import crc32c, unmask
from featurecols.tf.checkpoint.files import find_prefix, open_regular
from featurecols.tf.checkpoint.protobuf import Reader, WireError
from featurecols.tf.checkpoint.sstable import MAX_BYTES, damaged, read_table

MAX_TENSOR = 4 << 30
_MAX_TEXTS = 1 << 20  # a list of strings takes far more memory than its bytes on disk
_BLOCK = 1 << 20


class Checkpoint:
    """The tensors of one checkpoint, by name. Made by `Checkpoint.open`."""

    def __init__(self, prefix: Path, shards: int, entries: dict[bytes, bytes], max_tensor: int) -> None:
        self.prefix, self.max_tensor = prefix, max_tensor
        self._shards, self._entries = shards, entries

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, max_tensor: int = MAX_TENSOR) -> Checkpoint:
        """Read the index of a checkpoint and check that its data files are complete.

        Args:
            path: a checkpoint's prefix (`model.ckpt-100`) or one of its files, a model folder (its latest checkpoint:
                only a name inside the folder is followed), or a SavedModel.
            max_tensor: bytes that one tensor may have; a larger one is refused when it is read.

        Raises SavedPlanError for files that are missing, links, damaged, or not a checkpoint.
        """
        prefix = find_prefix(path)
        index = Path(f"{prefix}.index")
        with open_regular(index) as file:
            data = file.read(MAX_BYTES + 1)
        table = read_table(data, index)
        try:
            key, header = next(table, (None, b""))
            if key != b"":
                raise WireError("no header entry")
            checkpoint = cls(prefix, read_header(header), dict(table), max_tensor)
            checkpoint._check_positions()
        except WireError as error:
            raise damaged(index, str(error)) from None
        return checkpoint

    def names(self) -> list[str]:
        """Return the names of all tensors, sorted; a partitioned one is one tensor."""
        return sorted(_text(key) for key in self._entries if not key.startswith(b"\0"))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _bytes(name) in self._entries

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the whole tensor's shape, partitioned or not."""
        return self._entry(name).shape

    def dtype(self, name: str) -> np.dtype[np.generic]:
        """Return the dtype that `read` gives: object (of bytes) for strings, float32 for bfloat16, else the tensor's own."""
        return self._entry(name).dtype

    def read(self, name: str) -> Array:
        """Return a tensor after verifying its checksum; a partitioned one is joined. Strings are an object array of bytes.

        Raises SavedPlanError for an unknown name (near ones are offered), a damaged or missing data file, a wrong
        checksum, and a tensor of more than `max_tensor` bytes.
        """
        entry = self._entry(name)
        try:
            return self._read_slices(name, entry) if entry.slices else self._read(name, entry)
        except WireError as error:
            raise damaged(self.prefix, f"tensor {errors.show(name)}: {error}") from None

    def _entry(self, name: str) -> Entry:
        value = self._entries.get(_bytes(name))
        if value is None:
            names = [n for n in self.names()[:2000] if len(n) < 200]
            near = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or names[:6]
            listed = ", ".join(errors.show(n) for n in near) or "nothing"
            raise errors.saved_plan(self.prefix, f"no tensor {errors.show(name)}", f"it has {listed}")
        return read_entry(value, self._shards)

    def _check_positions(self) -> None:
        """Check that data files hold what entries point at, and that two tensors do not share bytes."""
        found = [
            (e.shard, e.offset, e.size) for e in (read_entry(v, self._shards) for v in self._entries.values()) if e.has_bytes
        ]
        before, end = -1, 0
        for shard, offset, size in [*sorted(found), (self._shards, 0, 0)]:
            if shard == before and offset < end:
                raise WireError(f"two tensors share the bytes at {offset} of data file {shard}")
            if shard != before and before >= 0:
                with open_regular(self._data_file(before)) as file:
                    have = os.fstat(file.fileno()).st_size
                if have < end:
                    raise damaged(self._data_file(before), f"{have} bytes where the index declares {end}")
            before, end = shard, offset + size

    def _data_file(self, shard: int) -> Path:
        return Path(f"{self.prefix}.data-{shard:05d}-of-{self._shards:05d}")

    def _read_slices(self, name: str, entry: Entry) -> Array:
        tiles, parts = boxes(entry), []
        for box, extents in zip(tiles, entry.slices, strict=True):
            value = self._entries.get(slice_key(_bytes(name), extents))
            part = None if value is None else read_entry(value, self._shards)
            if part is None or part.slices or part.kind != entry.kind or part.shape != tuple(s.stop - s.start for s in box):
                raise WireError("a slice is missing, or not of the declared shape and type")
            self._check_size(name, part)
            parts.append(part)
        if sum(part.size for part in parts) > self.max_tensor:
            raise self._too_big(name, sum(part.size for part in parts))
        whole = np.empty(entry.shape, entry.dtype)
        for box, part in zip(tiles, parts, strict=True):
            whole[box] = self._read(name, part)
        return whole

    def _read(self, name: str, entry: Entry) -> Array:
        self._check_size(name, entry)
        if entry.is_text:
            return self._read_texts(entry)
        values = self._read_bytes(entry, verify=True).view(entry.stored)
        if entry.dtype != entry.stored:  # bfloat16 is the upper half of a float32
            values = (values.astype("<u4") << 16).view("<f4")
        return values.reshape(entry.shape)

    def _check_size(self, name: str, entry: Entry) -> None:
        """Check the size before memory is allocated, so that a shape alone cannot ask for memory."""
        if entry.is_text:
            wrong = entry.count > min(entry.size, _MAX_TEXTS)
        else:
            wrong = entry.count * entry.stored.itemsize != entry.size
        if wrong:
            raise WireError(f"{entry.size} bytes cannot hold shape {entry.shape}")
        if entry.size > self.max_tensor:
            raise self._too_big(name, entry.size)

    def _too_big(self, name: str, size: int) -> errors.SavedPlanError:
        what = f"tensor {errors.show(name)} has {size} bytes (at most {self.max_tensor})"
        return errors.saved_plan(self.prefix, what, "raise max_tensor to read it")

    def _read_bytes(self, entry: Entry, verify: bool) -> Array:
        with open_regular(self._data_file(entry.shard)) as file:
            if entry.offset + entry.size > os.fstat(file.fileno()).st_size:
                raise WireError(f"data file {entry.shard} is too short")
            data, crc = np.empty(entry.size, np.uint8), 0
            file.seek(entry.offset)
            for start in range(0, entry.size, _BLOCK):
                block = data[start : start + _BLOCK]
                if file.readinto(block.data) != len(block):
                    raise WireError(f"data file {entry.shard} is too short")
                crc = crc32c(block, crc) if verify else 0
        if verify and crc != unmask(entry.crc):
            raise WireError("wrong checksum")
        return data

    def _read_texts(self, entry: Entry) -> Array:
        """Read lengths as varints, the checksum of the lengths, the strings; checksums are of the lengths in fixed width."""
        reader = Reader(self._read_bytes(entry, verify=False).tobytes())
        lengths = [reader.varint() for _ in range(entry.count)]
        crc = crc32c(b"".join(n.to_bytes(4 if n < 1 << 32 else 8, "little") for n in lengths))
        stored = reader.take(4)
        texts = [reader.take(n) for n in lengths]
        if crc != unmask(int.from_bytes(stored, "little")) or not reader.done():
            raise WireError("wrong checksum of the lengths of strings")
        if crc32c(b"".join(texts), crc32c(stored, crc)) != unmask(entry.crc):
            raise WireError("wrong checksum")
        result = np.empty(entry.count, object)
        result[:] = texts
        return result.reshape(entry.shape)


def _text(key: bytes) -> str:
    return key.decode("utf-8", "surrogateescape")


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
