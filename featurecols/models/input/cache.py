"""Where encoded rows are kept, so that later epochs neither read nor encode: nowhere, in memory, or in a folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from featurecols._core import regular_files
from featurecols._core.arrays import Array, Ids
from featurecols.models import errors
from featurecols.models.input.examples import Examples, Layout

Read = Callable[[int], Iterator[Examples]]
Identity = Callable[[], object]  # what tells the data apart, as JSON
_LARGEST = 1 << 26  # bytes of cache.json


class NoCache:
    """Every epoch reads and encodes anew."""

    def blocks(self, fragment: int, fragments: int, read: Read) -> Iterator[Examples]:
        """Return the blocks of one fragment of rows, out of `fragments`."""
        return read(fragment)

    def whole(self, fragments: Iterable[int], read: Read) -> Examples:
        """Return all rows in their own order."""
        blocks = [block for fragment in fragments for block in read(fragment)]
        if not blocks:
            raise errors.labels("data", "has no rows", 0, None, "check the path or the filter")
        return Examples.concatenate(blocks)


class MemoryCache(NoCache):
    """Kept in memory while they take at most `limit` bytes; past that, every epoch reads anew."""

    def __init__(self, limit: float = float("inf")) -> None:
        self.limit, self.used = limit, 0
        self.kept: dict[int, list[Examples]] = {}
        self.all: Examples | None = None

    def blocks(self, fragment: int, fragments: int, read: Read) -> Iterator[Examples]:
        if fragment in self.kept:
            yield from self.kept[fragment]
            return
        blocks: list[Examples] = []
        for block in read(fragment):
            self.used += size(block)
            if self.used <= self.limit:
                blocks.append(block)
            else:
                blocks.clear()
                self.kept.clear()
            yield block
        if self.used <= self.limit:
            self.kept[fragment] = blocks

    def whole(self, fragments: Iterable[int], read: Read) -> Examples:
        if self.all is None:
            found = super().whole(fragments, read)
            if size(found) > self.limit:
                return found
            self.all = found
        return self.all


class FileCache(NoCache):
    """Kept in a folder, written in one reading before the first epoch and mapped into memory after that.

    The folder appears when it is complete. One that is damaged, or holds other columns or data, is refused.
    """

    def __init__(self, folder: Path, key: str, layout: Layout, identity: Identity) -> None:
        self.folder, self.key, self.layout, self.identity = folder, key, layout, identity
        self.all: Examples | None = None
        self.ends: list[int] = []

    def blocks(self, fragment: int, fragments: int, read: Read) -> Iterator[Examples]:
        everything = self.whole(range(fragments), read)
        yield everything.slice(self.ends[fragment - 1] if fragment else 0, self.ends[fragment])

    def whole(self, fragments: Iterable[int], read: Read) -> Examples:
        if self.all is None:
            if not self.folder.exists():
                self._write(fragments, read)
            self.all = self._open()
        return self.all

    def _write(self, fragments: Iterable[int], read: Read) -> None:
        identity = self.identity()  # before a row is read: files that change meanwhile are others
        with errors.writing(self.folder):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=f".{self.folder.name}.", dir=self.folder.parent))
        try:
            writer = _Writer(folder)
            for fragment in fragments:
                for block in read(fragment):
                    with errors.writing(self.folder):
                        writer.add(block)
                writer.ends.append(writer.rows)
            with errors.writing(self.folder):
                writer.finish(self.key, identity)
                os.rename(folder, self.folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _open(self) -> Examples:
        try:
            about = json.loads(regular_files.read_regular(self.folder / "cache.json", _LARGEST) or b"")
            if about.pop("crc") != _sum(about):
                raise ValueError("checksum")
            key, data, ends = about["key"], about["data"], [int(end) for end in about["ends"]]
            found = {name: _map(self.folder / f"{name}.bin", *form) for name, form in about["arrays"].items()}
            lists, single = list(about["lists"]), tuple(about["single"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            raise errors.checkpoint(self.folder, f"not a complete cache ({type(e).__name__})", "delete the folder") from None
        if key != self.key:
            what = f"holds rows that {key} encoded, and this model has {self.key}"
            raise errors.checkpoint(self.folder, what, "delete the folder, or cache elsewhere")
        if data != (now := self.identity()):
            what = f"holds other data: rows of {errors.show(data)}, and these are of {errors.show(now)}"
            raise errors.checkpoint(self.folder, what, "delete the folder, or cache elsewhere")
        self.ends = ends
        return _assemble(found, self.layout, single, lists)


class _Writer:
    """Appends arrays to files, one file an array."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rows = folder, 0
        self.ends: list[int] = []
        self.dtypes: dict[str, str] = {}
        self.shapes: dict[str, list[int]] = {}
        self.sums: dict[str, int] = {}  # CRC-32
        self.single: tuple[str, ...] | None = None
        self.lists: list[str] = []

    def add(self, block: Examples) -> None:
        if self.single is None:
            self.single, self.lists = block.single, list(block.lists)
        if block.single != self.single:
            raise errors.model("cache", "a slot is plain in some rows and lists in others", block.single, "cache in memory")
        for name, array in arrays(block, self.lists):
            dtype = self.dtypes.setdefault(name, array.dtype.str)
            if dtype != array.dtype.str:
                raise errors.model("cache", f"{name} changes its type", (dtype, array.dtype.str), "cache in memory")
            self.shapes.setdefault(name, [0, *array.shape[1:]])[0] += len(array)
            data = np.ascontiguousarray(array).tobytes()
            self.sums[name] = zlib.crc32(data, self.sums.get(name, 0))
            with open(self.folder / f"{name}.bin", "ab") as f:
                f.write(data)
        self.rows += len(block)

    def finish(self, key: str, identity: object) -> None:
        arrays = {name: (dtype, self.shapes[name], self.sums[name]) for name, dtype in self.dtypes.items()}
        about = {
            "key": key,
            "data": identity,
            "ends": self.ends,
            "single": self.single or (),
            "lists": self.lists,
            "arrays": arrays,
        }
        (self.folder / "cache.json").write_text(json.dumps({**about, "crc": _sum(about)}))


def arrays(block: Examples, lists: list[str]) -> Iterator[tuple[str, Array]]:
    """Yield the arrays behind some rows, by name."""
    yield "dense", block.dense
    yield "singles", block.singles
    for name, array in (("labels", block.labels), ("weights", block.weights)):
        if array is not None:
            yield name, array
    for j, name in enumerate(lists):
        flat, offsets = block.lists[name].elements()
        yield f"list{j}.values", flat.values
        yield f"list{j}.sizes", np.diff(offsets)
        if flat.weights is not None:
            yield f"list{j}.weights", flat.weights
    for j, name in enumerate(sorted(block.lengths)):
        yield f"length{j}", block.lengths[name]


def _assemble(arrays: dict[str, Array], layout: Layout, single: tuple[str, ...], lists: list[str]) -> Examples:
    """Return the examples of such arrays."""
    ids = {}
    for j, name in enumerate(lists):
        offsets = np.concatenate([[0], np.cumsum(arrays[f"list{j}.sizes"])])
        ids[name] = Ids(arrays[f"list{j}.values"], offsets, arrays.get(f"list{j}.weights"))
    sequences = sorted(s.name for s in layout.slots if s.max_length is not None)
    lengths = {name: arrays[f"length{j}"] for j, name in enumerate(sequences)}
    labels, weights = arrays.get("labels"), arrays.get("weights")
    return Examples(layout, arrays["dense"], single, arrays["singles"], ids, lengths, labels, weights)


def _sum(about: dict[str, object]) -> int:
    """Return the CRC-32 of what a cache says of itself."""
    return zlib.crc32(json.dumps(about).encode())


def _map(path: Path, dtype: str, shape: list[int], crc: int) -> Array:
    """Return the array of a file, mapped into memory. Raises ValueError where it is not as it was written."""
    if 0 in shape:
        return np.zeros(shape, dtype)
    regular_files.status(path)
    found = np.memmap(path, dtype, "r", shape=tuple(shape))
    if zlib.crc32(found.data) != crc:
        raise ValueError("checksum")
    return found


def size(block: Examples) -> int:
    """Return the bytes of the arrays."""
    return sum(array.nbytes for _, array in arrays(block, list(block.lists)))


def of(kept: str | Path | float | None, key: str, layout: Layout, identity: Identity) -> NoCache:
    """Return the cache that a pipeline asks for: None, bytes of memory, or a folder."""
    if kept is None:
        return NoCache()
    if isinstance(kept, float):
        return MemoryCache(kept)
    return FileCache(Path(kept), key, layout, identity)
