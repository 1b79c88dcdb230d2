"""The files of a source as a job over files needs them: their rows in blocks that fit, and names for what comes out."""

from __future__ import annotations

import copy
import glob
import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from featurecols import errors
from featurecols.data.batch import Batch
from featurecols.data.files.paths import ARROW, JSON_LINES, PACKED, PARQUET, TEXT
from featurecols.data.remote import urls
from featurecols.data.sources import FileSource, changed, check_layout, find, open_file
from featurecols.data.sources import Paths as GivenPaths
from featurecols.jobs.targets import TableTarget, Target, UrlTarget

BLOCK_BYTES = 64 << 20  # of output in one block
Paths: TypeAlias = "GivenPaths | FileSource"


@dataclass(frozen=True)
class Input:
    """One file: its name in the output, what it holds, and what would show that it was changed (times in nanoseconds)."""

    path: str
    relative: str
    rows: int | None
    size: int
    modified: int
    schema: pa.Schema

    @property
    def source_name(self) -> str:
        """Its name in the source: of a CSV file another one than in the output."""
        return posixpath.join(posixpath.dirname(self.relative), os.path.basename(self.path))


class Inputs:
    """All files of a source, in the order of their names' bytes, and how they are read.

    Raises DataError where there is none, where one cannot be read, where one lacks a field or holds another type, and where
    a field that is kept has not one type in all files.
    """

    def __init__(
        self,
        source: Paths,
        needs: Sequence[tuple[str, str]],
        keep: Sequence[str],
        row_group_rows: int | None,
        row_bytes: int,
        leave: Callable[[str, str], bool] | None = None,
    ) -> None:
        """leave: says of a path, and the root of the source, whether that file is left out."""
        self.keep, self.row_group_rows, self.row_bytes = tuple(keep), row_group_rows, max(1, row_bytes)
        self.options = source.options if isinstance(source, FileSource) else None
        source = source.given if isinstance(source, FileSource) else source
        if isinstance(source, str | os.PathLike):
            source = urls.plain(os.fsdecode(source))
        self.folder = Path(source) if isinstance(source, str) and os.path.isdir(source) else None
        paths = find(source, self.options)
        self.several = len(paths) > 1  # also where all but one are left out
        self._url = f"{str(source).rstrip('/')}/" if urls.is_url(str(source)) else None  # where it is a URL
        root = _root_of(source, paths)
        if leave is not None:
            paths = [path for path in paths if not leave(path, root)]
        self._identities = {path: _identity_of(path) for path in paths}
        self._opened = {path: open_file(path, self.options) for path in paths}
        read = {key for key, _ in needs}
        self._needs = [*needs, *((key, "number") for key in self.keep if key not in read)]
        if paths:
            FileSource(paths, None, self._opened, self.options).check([key for key, _ in self._needs])
        self.files = tuple(self._describe(path, root) for path in paths)
        names = {file.relative for file in self.files}
        if len(names) < len(self.files):
            raise errors.unreadable(source, "two files would be written under one name")
        self.kept_schema = pa.schema([self._kept_field(name) for name in self.keep if paths])

    def _describe(self, path: str, root: str) -> Input:
        file = self._opened[path]
        name = urls.name_in(root, path) if urls.is_url(path) else Path(os.path.relpath(path, root)).as_posix()
        if file.kind != "Parquet":
            name = f"{stem(name)}.parquet"
        return Input(path, name, _sum([fragment.num_rows for fragment in file.fragments]), *file.state, file.schema)

    def _kept_field(self, name: str) -> pa.Field:
        """Return a kept field as all output files hold it; one that is null throughout a file takes the type of the others."""
        found = [(file, file.schema.field(name)) for file in self.files]
        known = [(file, field) for file, field in found if not pa.types.is_null(field.type)] or found
        first, field = known[0]
        for file, other in known:
            if not other.type.equals(field.type):
                raise errors.files_differ(name, first.path, field.type, file.path, other.type)
        return field.with_nullable(any(other.nullable for _, other in found))

    def alone(self, file: Input) -> Inputs:
        """Return what another process needs to read one of the files, to be pickled."""
        found = copy.copy(self)
        found.files, found._opened = (file,), {}
        return found

    @property
    def rows(self) -> int | None:
        """The rows of all files; None where they are not known before reading."""
        return _sum([file.rows for file in self.files])

    @property
    def block_rows(self) -> int:
        """How many rows a block has at most."""
        return self.row_group_rows or max(1024, BLOCK_BYTES // self.row_bytes)

    def distinct(self) -> Iterator[Input]:
        """Yield the first file of each schema."""
        seen: list[pa.Schema] = []
        for file in self.files:
            if not any(file.schema.equals(schema) for schema in seen):
                seen.append(file.schema)
                yield file

    def blocks(self, file: Input) -> Iterator[tuple[Batch, pa.Table]]:
        """Yield consecutive rows of a file as the transform reads them and, the same rows, the columns that are kept."""
        source = FileSource([file.path], None, self._opened, self.options)
        for batch in source.batches(self._needs, self.row_group_rows):
            for block in self._split(batch):
                yield block, self._kept_columns(block)

    def _kept_columns(self, block: Batch) -> pa.Table:
        arrays = [_cast(block.column(field.name), field.type, field.name) for field in self.kept_schema]
        return pa.Table.from_arrays(arrays, schema=self.kept_schema)

    def _split(self, batch: Batch) -> Iterator[Batch]:
        """Yield the rows in equal blocks whose output fits; where the caller said how many rows, as they are."""
        limit = self.block_rows
        count = -(-batch.num_rows // limit)
        for i in range(count):
            yield batch.slice(batch.num_rows * i // count, batch.num_rows * (i + 1) // count)

    def check_apart(self, target: Target) -> None:
        """Raise OutputError for a target that would replace what is read, or that the source would hold the next time."""
        if isinstance(target, TableTarget):
            return
        if isinstance(target, UrlTarget):
            if any(file.path == target.url or file.path.startswith(f"{target.url}/") for file in self.files):
                raise errors.output(target, "is or holds what would be read", "choose a target outside the source")
            if self._url is not None and target.url.startswith(self._url):
                raise errors.output(target, f"is inside the source {self._url}", "choose a target outside the source")
            return
        out = target.resolve()
        for file in self.files:
            path = Path(file.path).resolve()
            if not urls.is_url(file.path) and (path == out or out in path.parents):
                raise errors.output(target, "is or holds what would be read", "choose a target outside the source")
        if self.folder is not None and self.folder.resolve() in out.parents:
            raise errors.output(target, f"is inside the source {self.folder}", "choose a target outside the source")

    def check_unchanged(self) -> None:
        """Raise DataError where a file was written since it was opened: by its size, its time, its row groups.

        Or where another file has its name, though it were of the same size and time.
        """
        for path, file in self._opened.items():
            check_layout(file)
            if _identity_of(path) != self._identities[path]:
                raise changed(file)


def _identity_of(path: str) -> tuple[int, int] | None:
    """Return what the system knows a file by, whatever its name; None for a URL, whose state has its entity tag."""
    if urls.is_url(path):
        return None
    with suppress(OSError, ValueError):  # said with more words by what opens it
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None


def stem(name: str) -> str:
    """Return a data file's name without what says its kind: sales.2024.csv.gz is sales.2024.

    >>> stem("v1.0/sales.2024.csv.gz")
    'v1.0/sales.2024'
    """
    for endings in (PACKED, TEXT + PARQUET + JSON_LINES + ARROW):
        name = next((name[: -len(e)] for e in endings if name.lower().endswith(e)), name)
    return name


def _cast(array: pa.Array, kind: pa.DataType, key: str) -> pa.Array:
    try:
        return array if array.type.equals(kind) else array.cast(kind)
    except pa.ArrowException as error:
        hint = f"write the field as one type: the first rows hold {kind}"
        raise errors.DataError(key, "field cannot be kept as one type", field=key, got=str(error)[:200], hint=hint) from None


def _sum(rows: Sequence[int | None]) -> int | None:
    """Return the sum, or None where one is not known."""
    known = [number for number in rows if number is not None]
    return sum(known) if len(known) == len(rows) else None


def _root_of(source: GivenPaths, paths: list[str]) -> str:
    """Return the folder that the names in the output are relative to."""
    if any(map(urls.is_url, paths)):
        return _root_of_urls(source, paths)
    if not isinstance(source, str | os.PathLike):
        return os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    text = os.fsdecode(source)
    if os.path.isdir(text):
        return text
    if os.path.exists(text):
        return os.path.dirname(text) or "."
    parts = Path(text).parts
    return str(Path(*parts[: next(i for i, part in enumerate(parts) if glob.has_magic(part))]))


def _root_of_urls(source: GivenPaths, paths: list[str]) -> str:
    """Return the folder of URLs that the names in the output are relative to, with a slash at its end."""
    if isinstance(source, str | os.PathLike) and paths != [os.fsdecode(source)]:
        return urls.root_of(os.fsdecode(source))
    folders = [path[: path.rfind("/") + 1] for path in paths]
    first, last = min(folders), max(folders)
    equal = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[: first.rfind("/", 0, equal) + 1]
