"""Sources: rows that can be read again, in batches: from memory, from files, or from a function.

A source knows which fields are read and how, and reads no others. Reading it twice gives the same rows in the same
order; one that cannot do so says `once`.
"""

from __future__ import annotations

import io
import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from featurecols import errors
from featurecols.data.batch import Batch, batches, is_converted, is_data, is_dataset, no_rows
from featurecols.data.files import discover
from featurecols.data.files.base import File, Fragment, Needs

T = TypeVar("T")


class ArrowStream(Protocol):
    """A table that hands its rows over as an Arrow stream: of pyarrow, pandas, Polars, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


_ROWS = 1 << 14  # rows of an iterable that are put together


class Source(ABC):
    """Rows in batches.

    Attributes:
        once: the rows can be read a single time (an iterator, a RecordBatchReader).
        num_rows: how many, or None where it is not known before reading.

    >>> source = Source.of({"age": [31, 25, 40]})
    >>> [batch.num_rows for batch in source.batches([("age", "number")], batch_size=2)]
    [2, 1]
    """

    once: bool = False

    @staticmethod
    def of(data: Data) -> Source:
        """Return a source over data.

        Data is a table in memory, a path, folder, glob or list of paths, an iterator of tables, or a function without
        arguments that gives any of these.

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
        if is_data(data):
            return MemorySource(data)
        if isinstance(data, io.IOBase):
            raise errors.not_readable(type(data).__name__, "give the path of the file")
        if isinstance(data, Iterator):
            return OnceSource(data)
        if isinstance(data, Iterable) and not hasattr(data, "dtype") and not hasattr(data, "collect"):
            return ManySource(data)
        if callable(data):
            return CalledSource(data)
        return MemorySource(data)  # says what it is not

    @property
    @abstractmethod
    def num_rows(self) -> int | None: ...

    @abstractmethod
    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        """Yield batches as they are stored: row groups, chunks, tables."""

    def batches(self, needs: Needs | None = None, batch_size: int | None = None) -> Iterator[Batch]:
        """All rows in order, at least one batch.

        Args:
            needs: the fields to read and how, (key, "number" | "category") each; None for all fields.
            batch_size: rows in each batch but the last; None for batches as they are stored (row groups, chunks).
        """
        if batch_size is not None and batch_size < 1:
            raise errors.plan("batches", "batch_size must be 1 or more", batch_size, "leave it out for whole row groups")
        found = self.read_batches(needs) if batch_size is None else _sized(self.read_batches(needs), batch_size)
        return _at_least_one(found)

    def fragments(self) -> list[Fragment]:
        """Return the parts that `part` can read alone; empty where the source cannot be divided."""
        return []

    def part(self, fragments: Sequence[Fragment]) -> Source:
        """Only these fragments, in the order given."""
        raise errors.plan("part", "only files can be divided", type(self).__name__, "read it whole")

    @property
    def paths(self) -> tuple[str, ...]:
        """The files behind it, in reading order; empty without files."""
        return ()

    def schema(self) -> pa.Schema:
        """Names and types of all fields, as a pyarrow Schema; the text of a CSV file is string."""
        return next(iter(self.batches())).schema()


class MemorySource(Source):
    """A table in memory, or a stream of one that can be opened again (a Dataset, a DuckDB relation)."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self._kept: Batch | None = None

    @property
    def num_rows(self) -> int | None:
        data = self.data
        if isinstance(data, Mapping):
            return next(batches(data)).num_rows
        for name in ("num_rows", "height"):
            if isinstance(size := getattr(data, name, None), int):
                return size
        if is_dataset(data) or hasattr(data, "project"):  # asking for its length would run the query
            return None
        try:
            return len(data) if hasattr(data, "__len__") else None
        except Exception:  # of libraries whose tables do not know their length
            return None

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        if not is_converted(self.data):
            return batches(self.data, _keys(needs))
        if self._kept is None:  # what is converted from Python's memory to Arrow's stays for the next reading
            self._kept = next(batches(self.data, _keys(needs)))
        return iter([self._kept])


class ManySource(Source):
    """An iterable of tables, one after another, or of rows: a list of tables, a loader that starts anew each time."""

    def __init__(self, items: Iterable[object]) -> None:
        self.items = items

    @property
    def num_rows(self) -> int | None:
        if not isinstance(self.items, (list, tuple)):
            return None
        rows = [source.num_rows for source in _sources_of(self.items, type(self.items).__name__)]
        return None if None in rows else sum(rows)  # type: ignore[arg-type]

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        for source in _sources_of(self.items, type(self.items).__name__):
            yield from source.read_batches(needs)


class OnceSource(Source):
    """An iterator of tables or rows. It is read a single time; asking again is an error, never an empty answer."""

    once = True
    num_rows = None

    def __init__(self, items: Iterator[object]) -> None:
        self.items: Iterator[object] | None = items

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        items, self.items = self.items, None
        if items is None:
            hint = "give a function that returns a fresh iterator, or a path"
            raise errors.plan("batches", "an iterator can be read once, and it was", "a second reading", hint)
        return (batch for source in _sources_of(items, type(items).__name__) for batch in source.read_batches(needs))

    def schema(self) -> pa.Schema:
        hint = "look at its first table, or give a function that returns a fresh iterator"
        raise errors.plan("schema", "looking would use up the iterator", "an iterator", hint)


def _sources_of(items: Iterable[object], kind: str) -> Iterator[Source]:
    """Return the tables that an iterable gives; dicts that do not hold arrays are rows, and are put together.

    Raises DataError for anything else, by the type of the iterable: its texts are values and never paths.
    """
    rows: list[object] = []
    for item in items:
        if isinstance(item, Mapping) and not _holds_arrays(item):
            rows.append(item)
            if len(rows) < _ROWS:
                continue
            item = rows
        elif rows:
            yield MemorySource(rows)
        rows = []
        if isinstance(item, Source):
            yield item
        elif is_data(item) and (not isinstance(item, tuple) or len(item) == 0):
            yield OnceSource(iter([MemorySource(item)])) if isinstance(item, pa.RecordBatchReader) else MemorySource(item)
        else:
            hint = "give dicts (rows), tables, or dicts of arrays"
            raise errors.not_readable(f"{kind} of {type(item).__name__}", hint)
    if rows:
        yield MemorySource(rows)


def _holds_arrays(item: Mapping[str, object]) -> bool:
    """Return whether a dict is a table: each value an array, or a column of pandas, Polars or Arrow."""
    return bool(item) and all(
        not isinstance(v, (str, bytes, list, tuple, Mapping)) and getattr(v, "ndim", 1) > 0 and hasattr(v, "__len__")
        for v in item.values()
    )


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
        return Source.of(data).read_batches(needs)


class FileSource(Source):
    """Parquet or CSV files. Footers are read once, fields are checked in all files before the first row is read."""

    def __init__(self, paths: Any, fragments: Sequence[Fragment] | None = None, opened: dict[str, File] | None = None) -> None:
        self._paths = tuple(discover.find(paths))
        self._chosen = fragments
        self._opened = {} if opened is None else opened
        self._files: list[File] | None = None
        self._checked: set[str] = set()

    @property
    def paths(self) -> tuple[str, ...]:
        return self._paths

    def _open(self) -> list[File]:
        """Return the files, opened the first time."""
        if self._files is not None:
            return self._files
        for path in self._paths:
            if path not in self._opened:
                self._opened[path] = discover.open_file(path)
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

    def fragments(self) -> list[Fragment]:
        return list(self._chosen) if self._chosen is not None else [f for file in self._open() for f in file.fragments]

    def part(self, fragments: Sequence[Fragment]) -> Source:
        paths = list(dict.fromkeys(fragment.path for fragment in fragments)) or list(self._paths)
        return FileSource(paths, fragments, self._opened)

    def schema(self) -> pa.Schema:
        return self._open()[0].schema

    def check(self, keys: Sequence[str]) -> None:
        """Raise DataError where a file lacks a field, or holds another type than the first file."""
        files, new = self._open(), [key for key in dict.fromkeys(keys) if key not in self._checked]
        first = files[0]
        for file in files:
            _check(file, new)
            for key in new if file is not first else ():
                mine, other = first.schema.field(key).type, file.schema.field(key).type
                if not discover.same_kind(mine, other):
                    raise errors.files_differ(key, first.path, mine, file.path, other)
        self._checked.update(new)

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        if needs is None:
            needs = [(name, "category") for name in self.schema().names]
        self.check([key for key, _ in needs])
        chosen = self.fragments()
        by_path = {file.path: file for file in self._open()}
        if not any(fragment.num_rows != 0 for fragment in chosen):
            yield Batch.arrow(self.schema().empty_table().select(_keys(needs)))
            return
        yield from _ahead(by_path[fragment.path].read(fragment, needs) for fragment in chosen)
        for path in dict.fromkeys(fragment.path for fragment in chosen):
            by_path[path].check_unchanged()


def _check(file: File, keys: Sequence[str]) -> None:
    """Raise DataError where a field is not in the file, or twice."""
    names = Counter(file.schema.names)
    for key in keys:
        if key not in names:
            raise errors.missing_field(key, names, file.path)
        if names[key] > 1:
            raise errors.field_twice(key, file.path)


def _keys(needs: Needs | None) -> list[str] | None:
    return None if needs is None else list(dict.fromkeys(key for key, _ in needs))


def _at_least_one(found: Iterator[Batch]) -> Iterator[Batch]:
    """Batches with rows; a single empty one where there is none."""
    empty: Batch | None = None
    some = False
    for batch in found:
        if batch.num_rows:
            some = True
            yield batch
        elif empty is None:
            empty = batch
    if not some:
        yield no_rows() if empty is None else empty


def _sized(found: Iterator[Batch], size: int) -> Iterator[Batch]:
    """Yield batches of exactly `size` rows, the last with the rest. Only rows at the edges of the given batches are copied."""
    waiting: list[Batch] = []
    rows = 0
    for batch in found:
        at = 0
        if rows:
            at = min(size - rows, batch.num_rows)
            waiting.append(batch.slice(0, at))
            rows += at
            if rows < size:
                continue
            yield Batch.concatenate(waiting)
        waiting, rows = [], 0
        while batch.num_rows - at >= size:
            yield batch.slice(at, at + size)
            at += size
        if at < batch.num_rows or batch.num_rows == 0:
            waiting, rows = [batch.slice(at, batch.num_rows)], batch.num_rows - at
    if waiting:
        yield Batch.concatenate(waiting) if len(waiting) > 1 else waiting[0]


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


# Rows in any form: tables, dicts of fields, rows, paths, iterables of tables or of pairs (features, labels), sources, and
# functions that give any of these.
Data = ArrowStream | Mapping[str, Any] | Iterable[Any] | os.PathLike[str] | Source | Batch | Callable[..., Any]
