"""The files of a source as a run over files needs them: their rows in pieces that fit, and names for what comes out."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from featurecols import errors
from featurecols.data.batch import Batch
from featurecols.data.files import discover
from featurecols.data.sources import FileSource

BLOCK_BYTES = 64 << 20  # of output in one piece


@dataclass(frozen=True)
class Input:
    """One file: its name in the output, what it holds, and what would show that it was changed (times in nanoseconds)."""

    path: str
    relative: str
    rows: int | None
    size: int
    modified: int
    schema: Any


class Inputs:
    """All files of a source, in the order of their names' bytes, and how they are read.

    Raises DataError where there is none, where one cannot be read, and where one lacks a field or holds another type.
    """

    def __init__(
        self,
        source: Any,
        needs: Sequence[tuple[str, str]],
        keep: Sequence[str],
        row_group_rows: int | None,
        row_bytes: int,
    ) -> None:
        self.keep, self.row_group_rows, self.row_bytes = tuple(keep), row_group_rows, max(1, row_bytes)
        self.folder = Path(source) if discover.is_path(source) and os.path.isdir(source) else None
        paths = discover.find(source)
        self._opened = {path: discover.open_file(path) for path in paths}
        read = {key for key, _ in needs}
        self._needs = [*needs, *((key, "number") for key in self.keep if key not in read)]
        FileSource(paths, None, self._opened).check([key for key, _ in self._needs])
        root = _root(source, paths)
        self.files = tuple(self._describe(path, root) for path in paths)
        twice = {file.relative for file in self.files}
        if len(twice) < len(self.files):
            raise errors.unreadable(source, "two files would be written under one name")

    def _describe(self, path: str, root: str) -> Input:
        file, about = self._opened[path], os.stat(path)
        name = Path(os.path.relpath(path, root)).as_posix()
        if file.kind != "Parquet":
            name = f"{discover.stem(name)}.parquet"
        counts = [fragment.num_rows for fragment in file.fragments]
        rows = None if None in counts else sum(counts)  # type: ignore[arg-type]
        return Input(path, name, rows, about.st_size, about.st_mtime_ns, file.schema)

    @property
    def rows(self) -> int | None:
        """Of all files; None where only reading would tell."""
        rows = [file.rows for file in self.files]
        return None if None in rows else sum(rows)  # type: ignore[arg-type]

    def distinct(self) -> Iterator[Input]:
        """The first file of each schema."""
        seen: list[Any] = []
        for file in self.files:
            if not any(file.schema.equals(schema) for schema in seen):
                seen.append(file.schema)
                yield file

    def pieces(self, file: Input) -> Iterator[tuple[Batch, pa.Table]]:
        """Consecutive rows of a file as the maker reads them and, the same rows, the columns that are kept."""
        source = FileSource([file.path], None, self._opened)
        for batch in source.batches(self._needs, self.row_group_rows):
            for piece in self._cut(batch):
                yield piece, self.kept(file, piece)

    def kept(self, file: Input, piece: Batch) -> pa.Table:
        """The kept columns with the types that they have in the file."""
        fields = [file.schema.field(name) for name in self.keep]
        arrays = [_typed(piece.column(field.name), field.type) for field in fields]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def _cut(self, batch: Batch) -> Iterator[Batch]:
        """The same rows in equal pieces whose output fits; where the caller said how many rows, as they are."""
        limit = self.row_group_rows or max(1024, BLOCK_BYTES // self.row_bytes)
        parts = -(-batch.num_rows // limit)
        for i in range(parts):
            yield batch.slice(batch.num_rows * i // parts, batch.num_rows * (i + 1) // parts)

    def check_apart(self, target: Path) -> None:
        """Refuse a target that would replace what is read, or that the source would hold the next time."""
        place = target.resolve()
        for file in self.files:
            here = Path(file.path).resolve()
            if here == place or place in here.parents:
                raise errors.output(target, "is or holds what would be read", "choose a target outside the source")
        if self.folder is not None and self.folder.resolve() in place.parents:
            raise errors.output(target, f"lies inside the source {self.folder}", "choose a target outside the source")


def _typed(array: Any, kind: Any) -> Any:
    return array if array.type.equals(kind) else array.cast(kind)


def _root(source: Any, paths: list[str]) -> str:
    """The folder that the names in the output are relative to."""
    if not discover.is_path(source):
        return os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    text = os.fsdecode(source)
    if os.path.isdir(text):
        return text
    if os.path.exists(text):
        return os.path.dirname(text) or "."
    parts = Path(text).parts
    return str(Path(*parts[: next(i for i, part in enumerate(parts) if glob.has_magic(part))]))
