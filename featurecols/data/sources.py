"""Any data as a source of batches: tables in memory, iterables, functions; and files, given by paths, folders or globs."""

from __future__ import annotations

import io
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, BinaryIO, Protocol, TypeAlias, TypeGuard, TypeVar, cast

import pyarrow as pa

from featurecols import errors
from featurecols._core import regular_files
from featurecols.data import libraries
from featurecols.data.batch import Batch, Fragment, Needs, Source, keys_of
from featurecols.data.field_types import FieldType, join_all, of_arrow
from featurecols.data.files import arrow, discover, partitions, paths, streams
from featurecols.data.files.base import File, State, same_kind
from featurecols.data.files.csv import CsvFile
from featurecols.data.files.csv_options import CsvOptions
from featurecols.data.files.json_lines import JsonLinesFile
from featurecols.data.files.parquet import ParquetFile
from featurecols.data.iterables import ManySource, OnceSource
from featurecols.data.open_files import OpenFileSource
from featurecols.data.remote import urls
from featurecols.data.tables import MemorySource, is_data

T = TypeVar("T")
Paths: TypeAlias = "str | os.PathLike[str] | Sequence[str | os.PathLike[str]]"


class ArrowStream(Protocol):
    """A table that hands its rows over as an Arrow stream: of pyarrow, pandas, Polars, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


# Rows in any form: tables, dicts of fields, rows, paths, iterables of tables or of pairs (features, labels), sources, and
# functions that give any of these.
Data = ArrowStream | Mapping[str, Any] | Iterable[Any] | os.PathLike[str] | Source | Batch | Callable[..., Any]


def as_source(data: Data) -> Source:
    """Return a source over data.

    Data is a table in memory, a path, folder, glob or list of paths, an open binary file, an iterator of tables, a dataset
    of Hugging Face, or a function without arguments that gives any of these.

    Raises DataError for anything else, and for paths without Parquet or CSV files.
    """
    if isinstance(data, Source):
        return data
    if isinstance(data, (str, os.PathLike)):
        return FileSource(data)
    if isinstance(data, (list, tuple)) and data and all(isinstance(path, (str, os.PathLike)) for path in data):
        return FileSource(data)
    if isinstance(data, pa.RecordBatchReader):
        return OnceSource(iter([MemorySource(data)]))
    if is_data(data) and not type(data).__module__.startswith("datasets."):  # whose dicts hold splits
        return MemorySource(data)
    if (found := libraries.source_of(data)) is not None:
        return found
    if isinstance(data, io.IOBase) or (hasattr(data, "read") and hasattr(data, "seek")):
        return OpenFileSource(cast(BinaryIO, data))
    if isinstance(data, Iterator):
        return OnceSource(data)
    if isinstance(data, Iterable) and not hasattr(data, "dtype") and not hasattr(data, "collect"):
        return ManySource(data)
    if callable(data):
        return CalledSource(data)
    return MemorySource(data)  # says what it is not


class CalledSource(Source):
    """A function without arguments: each reading calls it for a fresh iterator, table or path."""

    num_rows = None

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make
        self._last: Any = None

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        data = self.make()
        if isinstance(data, Iterator) and data is self._last:
            hint = "make the iterator inside the function"
            raise errors.plan("batches", "the function must give a fresh iterator", "the same iterator again", hint)
        self._last = data if isinstance(data, Iterator) else None
        return as_source(data).read_batches(needs)


class FileSource(Source):
    """Parquet or CSV files. Footers are read once, fields are checked in all files before the first row is read.

    Args:
        given: a path, URL, folder, glob or a list of these.
        fragments: which of their fragments; None for all.
        opened: files that are open already, by path.
        options: how CSV files are written, where that was said.
    """

    at_hand = True

    def __init__(
        self,
        given: Paths,
        fragments: Sequence[Fragment] | None = None,
        opened: dict[str, File] | None = None,
        options: CsvOptions | None = None,
    ) -> None:
        self.given, self.options = given, options
        self._paths = tuple(find(given, options))
        self._chosen = fragments
        self._opened = {} if opened is None else opened
        self._files: list[File] | None = None
        self._checked: set[str] = set()

    @property
    def paths(self) -> tuple[str, ...]:
        return self._paths

    def __reduce__(self) -> tuple[object, ...]:
        return FileSource, (list(self._paths), self._chosen, None, self.options)

    @property
    def whole(self) -> bool:
        """Whether it is all rows of its files."""
        return self._chosen is None

    def _open(self) -> list[File]:
        """Return the files, opened the first time."""
        if self._files is not None:
            return self._files
        for path in self._paths:
            if path not in self._opened:
                self._opened[path] = open_file(path, self.options)
        found = [self._opened[path] for path in self._paths]
        for file in found:
            if file.kind != found[0].kind:
                raise errors.unreadable(file.path, f"is {file.kind}, and {found[0].path} is {found[0].kind}", None)
        self._files = found
        return found

    @property
    def num_rows(self) -> int | None:
        rows = [fragment.num_rows for fragment in self.fragments()]
        return None if None in rows else sum(rows)  # type: ignore[arg-type]

    @property
    def expected_rows(self) -> int | None:
        by_path = {file.path: file for file in self._open()}
        rows = [by_path[f.path].expected_rows if f.num_rows is None else f.num_rows for f in self.fragments()]
        return None if None in rows else sum(rows)  # type: ignore[arg-type]

    def fragments(self) -> list[Fragment]:
        return list(self._chosen) if self._chosen is not None else [f for file in self._open() for f in file.fragments]

    def part(self, fragments: Sequence[Fragment]) -> Source:
        chosen = list(dict.fromkeys(fragment.path for fragment in fragments)) or list(self._paths)
        return FileSource(chosen, fragments, self._opened, self.options)

    def schema(self) -> pa.Schema:
        return self._open()[0].schema

    def field_types(self, keys: Sequence[str]) -> dict[str, FieldType] | None:
        self.check(keys)
        if any(file.kind in ("CSV", "JSON lines") or not file.keys.keys().isdisjoint(keys) for file in self._open()):
            return None  # of text that is parsed, or of lines that are typed as they are read
        return {key: join_all(of_arrow(file.schema.field(key).type) for file in self._open()) for key in keys}

    def check(self, keys: Sequence[str]) -> None:
        """Raise DataError where a file lacks a field, or holds another type than the first file."""
        files, new = self._open(), [key for key in dict.fromkeys(keys) if key not in self._checked]
        first = files[0]
        for file in files:
            _check(file, new)
            for key in new if file is not first else ():
                mine, other = first.schema.field(key).type, file.schema.field(key).type
                if not same_kind(mine, other):
                    raise errors.files_differ(key, first.path, mine, file.path, other)
        self._checked.update(new)

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        if needs is None:
            needs = [(name, "category") for name in self.schema().names]
        self.check([key for key, _ in needs])
        chosen = self.fragments()
        by_path = {file.path: file for file in self._open()}
        if not any(fragment.num_rows != 0 for fragment in chosen):
            yield Batch.arrow(self.schema().empty_table().select(keys_of(needs)))
            return
        readings = (by_path[fragment.path].read(fragment, needs) for fragment in chosen)
        alone = len(chosen) == 1 and by_path[chosen[0].path].state[0] <= _AT_ONCE
        yield from chain.from_iterable(readings) if alone else _ahead(readings)
        self.check_unchanged(dict.fromkeys(fragment.path for fragment in chosen))

    def check_unchanged(self, paths: Iterable[str] | None = None) -> None:
        """Raise DataError where a file, one of `paths` if they are given, is not the one that was opened."""
        for path in self._paths if paths is None else paths:
            check_unchanged(self._opened[path])


_AT_ONCE = 1 << 23  # bytes of a file of one fragment: it has no second batch that could be read ahead


def _check(file: File, keys: Sequence[str]) -> None:
    """Raise DataError where a field is not in the file, or twice."""
    names = Counter(file.schema.names)
    for key in keys:
        if key not in names:
            error = errors.missing_field(key, names, file.path)
            error.hint = file.hint_at_names(key) or error.hint
            raise error
        if names[key] > 1:
            raise errors.field_twice(key, file.path)


def _ahead(readings: Iterable[Iterator[T]]) -> Iterator[T]:
    """Return what all readings give, in order, the next item being read while the caller works on the last one."""
    with ThreadPoolExecutor(1, thread_name_prefix="featurecols-read") as reader:
        items = (item for reading in readings for item in reading)
        nothing = object()
        coming = reader.submit(next, items, nothing)
        try:
            while (item := coming.result()) is not nothing:
                coming = reader.submit(next, items, nothing)
                yield item  # type: ignore[misc]
        finally:
            coming.cancel()


def is_path(data: object) -> TypeGuard[str | os.PathLike[str]]:
    """Return whether data is a path, rather than rows."""
    return isinstance(data, (str, os.PathLike))


def find(data: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], options: CsvOptions | None = None) -> list[str]:
    """Return the files that a path, URL, folder, glob or a list of these means: folders to the bottom, sorted by bytes.

    Raises DataError where there is none.
    """
    given = [data] if isinstance(data, (str, os.PathLike)) else list(data)
    return [path for one in given for path in _expand(os.fsdecode(one), options)]


def _expand(path: str, options: CsvOptions | None) -> list[str]:
    path = paths.plain(path)
    return [path] if os.path.isfile(path) else discover.expand(path, options is not None)


def open_file(path: str, options: CsvOptions | None = None) -> File:
    """Return one file as what its name, or else its first bytes, say it is; with options as CSV, whatever its name.

    Raises DataError for all but regular files, which may be behind links.
    """
    kind, state = paths.kind_of(paths.name_of(path), options is not None), state_of(path)
    if kind != "CSV" and options is not None:
        if kind is not None or discover.read_head(path) == b"PAR1":
            raise errors.DataError(path, "is not a CSV file, whose options were given", got=kind or "Parquet", hint=_NO_OPTIONS)
        kind = "CSV"
    if kind is None:
        kind = _look_inside(path, state)
    if kind is None:
        raise errors.DataError(path, "is neither Parquet, CSV, JSON lines nor Arrow by its name", hint=_AS_CSV)
    file = _open_as(kind, path, state, options)
    names = set(file.schema.names)
    keys = {key: text for key, text in paths.keys_of(path).items() if key not in names}
    return partitions.PartitionedFile(file, keys) if keys else file


def _look_inside(path: str, state: State) -> str | None:
    """Return what the first bytes of a file, or the name of the file in an archive, say that it is."""
    if streams.codec_of(path) == "zip":
        return paths.kind_of(streams.member_of(path, state[0]))
    head = discover.read_head(path)
    return "Parquet" if head == b"PAR1" else "Arrow" if head in (arrow.MAGIC[:4], arrow.STREAM) else None


def _open_as(kind: str, path: str, state: State, options: CsvOptions | None) -> File:
    if kind == "Parquet":
        return ParquetFile(path, state)
    if kind == "Arrow":
        return arrow.ArrowFile(path, state)
    return JsonLinesFile(path, state) if kind == "JSON lines" else CsvFile(path, state, options)


_NO_OPTIONS = "give its path without options, or separate calls"
_AS_CSV = "check the path and what is there; a CSV file with another name is read with fc.csv(path), or --separator and others"


def state_of(path: str) -> State:
    """Return what would show that a file was changed. Raises DataError for all but regular files and objects behind URLs."""
    if urls.is_url(path):
        return urls.state_of(path)
    try:
        path.encode()  # which pyarrow wants
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise regular_files.NotRegularError(found)
    except (OSError, ValueError) as error:  # ValueError: a name with NUL, or with a surrogate
        raise errors.unreadable(path, "is not a readable file", getattr(error, "strerror", None) or error) from None
    return found.st_size, found.st_mtime_ns


def check_unchanged(file: File) -> None:
    """Raise DataError where a file is not the one that was opened: what was read of it may be of two versions."""
    if state_of(file.path) != file.state:
        raise changed(file)


def check_layout(file: File) -> None:
    """Raise DataError where a file has another state, schema, or other row groups than when it was opened."""
    check_unchanged(file)
    now = open_file(file.path, file.options)
    if now.fragments != file.fragments or not now.schema.equals(file.schema):
        raise changed(file)


def changed(file: File) -> errors.DataError:
    """Return the error of a file that is not the one that was opened."""
    return errors.DataError(file.path, "changed while it was read", hint="run again when nothing writes it")
