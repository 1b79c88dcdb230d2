"""Batches, and the sources that give them.

A Batch holds consecutive rows. A field of it is converted when it is asked for, once for all columns that read it; a field
that is not asked for is not touched. A Source gives rows in batches, and can be read again: it knows which fields are read
and how, and reads no others. Reading it twice gives the same rows in the same order; one that cannot do so says `once`.
"""

from __future__ import annotations

import os
import threading
import weakref
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.fork_safe import cached_property
from featurecols.data import arrow_buffers
from featurecols.data.field_types import SPELLED, UNREAD, FieldType, of_arrow
from featurecols.data.fields import convert
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.dictionary import KnownDictionaries
from featurecols.data.fields.lists import in_lists
from featurecols.data.missing import Marker, Markers

CONVERTED = SPELLED | UNREAD  # types that change what text is
Needs = Sequence[tuple[str, str]]  # (key, "number" | "category")


class _Columns:
    """The columns behind a Batch and all its slices, converted on demand."""

    def __init__(
        self,
        names: Iterable[str] | Callable[[], Iterable[str]],
        num_rows: int,
        load: Callable[[str], object],
        parse: bool = False,
        known: KnownDictionaries | None = None,
        present: Collection[str] = (),
    ) -> None:
        """present: names that are known to be there, each once; a function then need not be asked for all of them."""
        self._names, self._present = names, present
        self.num_rows, self.parse = num_rows, parse
        self._load, self._known = load, known
        self.table: pa.RecordBatch | pa.Table | None = None  # what they are, if they are one
        if not callable(names):
            self.names = names if isinstance(names, tuple) else tuple(names)
        self._found: tuple[Collection[str], set[str]] | None = None
        self._locks: dict[str, threading.RLock] = {}  # by field, so that threads convert different fields in parallel
        _LIVE.add(self)
        self._views: dict[str, FieldView] = {}
        self._marked: dict[tuple[str, Markers], FieldView] = {}
        self._typed: dict[tuple[str, Markers, FieldType], FieldView] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of all fields."""
        return tuple(self._names() if callable(self._names) else self._names)

    def _looked_at(self) -> tuple[Collection[str], set[str]]:
        """Return the names that are there, and those that are there twice; found when first asked for."""
        if self._found is None:
            names = self.names
            self._found = names if isinstance(names, _EveryName) else frozenset(names), find_repeated(names)
        return self._found

    def view(self, key: str) -> FieldView:
        """Return all rows of a field, without markers."""
        view = self._views.get(key)
        if view is not None:
            return view
        with self._locks.setdefault(key, threading.RLock()):
            if key not in self._views:
                self._views[key] = self._convert(key)
            return self._views[key]

    def marked(self, key: str, markers: Markers) -> FieldView:
        """Return all rows of a field, with the markers of its Field."""
        with self._locks.setdefault(key, threading.RLock()):
            if (key, markers) not in self._marked:
                self._marked[key, markers] = self.view(key).with_markers(markers)
            return self._marked[key, markers]

    def typed(self, key: str, markers: Markers, of: FieldType) -> FieldView:
        """Return all rows of a field as values of its type."""
        with self._locks.setdefault(key, threading.RLock()):
            if (key, markers, of) not in self._typed:
                self._typed[key, markers, of] = _as_values(self.marked(key, markers) if markers else self.view(key), of)
            return self._typed[key, markers, of]

    def check(self, keys: Iterable[str]) -> None:
        """Raise DataError where a field is not there, or twice."""
        for key in keys:
            if key in self._present:
                continue
            there, twice = self._looked_at()
            if key not in there:
                raise errors.missing_field(key, map(str, self.names))
            if key in twice:
                raise errors.field_twice(key)

    def _convert(self, key: str) -> FieldView:
        self.check((key,))
        view = self._load(key)
        if not isinstance(view, FieldView):
            view = convert.view_of(key, view, self.parse, self._known)
        if len(view) != self.num_rows:
            want = f"{self.num_rows} values, as other fields have"
            raise errors.wrong_type(key, key, len(view), want, "give every field one value per row")
        return view


_LIVE: weakref.WeakSet[_Columns] = weakref.WeakSet()


def _free_locks() -> None:
    """Forget the locks of all batches in a forked child, where they would never be released."""
    for columns in list(_LIVE):
        columns._locks = {}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_locks)


class Batch:
    """Rows [0, num_rows) of some fields.

    Attributes:
        num_rows: how many rows.

    >>> from featurecols.data.tables import as_batch
    >>> batch = as_batch({"age": [31, None], "city": ["Paris", "?"]})
    >>> batch.field("age").numbers().values
    array([31., nan])
    >>> batch.field("city", missing=("?",)).to_pylist()
    ['Paris', None]
    """

    __slots__ = ("_columns", "_start", "num_rows")

    def __init__(self, columns: _Columns, start: int = 0, stop: int | None = None) -> None:
        self._columns, self._start = columns, start
        self.num_rows = (columns.num_rows if stop is None else stop) - start

    @staticmethod
    def arrow(data: pa.RecordBatch | pa.Table, parse: bool = False, known: KnownDictionaries | None = None) -> Batch:
        """Return a RecordBatch or a Table as one batch.

        `parse`: its text comes from a CSV file. `known`: dictionaries of the batches before, which this one may share.
        """
        columns = _Columns(data.schema.names, data.num_rows, data.column, parse, known)
        columns.table = data
        return Batch(columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are there."""
        return self._columns.names

    @staticmethod
    def lazy(
        names: Iterable[str] | Callable[[], Iterable[str]],
        num_rows: int,
        load: Callable[[str], object],
        parse: bool = False,
        present: Collection[str] = (),
    ) -> Batch:
        """Return rows whose fields are made by load(key), each when it is first asked for, in the thread that asks.

        `parse`: text comes from a CSV file. names: of all fields, or a function that finds them; it is not asked for those of
        `present`, which are there once.
        """
        return Batch(_Columns(names, num_rows, load, parse, present=present))

    @staticmethod
    def concatenate(parts: Sequence[Batch]) -> Batch:
        """Return the rows of all batches in order; a field is put together when it is asked for."""
        filled = [batch for batch in parts if batch.num_rows]
        names = (filled or parts)[0].names if parts else ()
        parse = any(batch.parse for batch in parts)

        def load(key: str) -> FieldView:
            return convert.concatenate(key, [batch._as_given(key) for batch in filled], parse)

        return Batch(_Columns(names, sum(batch.num_rows for batch in parts), load, parse))

    def check(self, keys: Iterable[str]) -> None:
        """Raise DataError where a field is not in the data, or twice; nothing is converted."""
        self._columns.check(keys)

    def field(self, key: str, missing: Iterable[Marker] = (), of: FieldType | None = None) -> FieldView:
        """Return one field, with the markers of its Field and as values of its type; DataError where it is not in the data."""
        view = self._columns.marked(key, Markers.of(missing)) if missing else self._columns.view(key)
        if of is not None and _needs_type(view, of):
            view = self._columns.typed(key, Markers.of(missing), of)
        if view.loose is not None:
            raise view.loose.shifted(0)
        return view.slice(self._start, self._start + self.num_rows)

    def _as_given(self, key: str) -> FieldView:
        """Return one field without markers, before anything is known of its type."""
        return self._columns.view(key).slice(self._start, self._start + self.num_rows)

    def column(self, key: str) -> pa.Array:
        """Return one field as a pyarrow Array, as it came: for what is carried along unread."""
        return self.field(key).to_arrow()

    def schema(self) -> pa.Schema:
        """Return names and types of the fields."""
        return pa.schema([(name, self.slice(0, min(self.num_rows, 1000)).column(name).type) for name in self.names])

    @property
    def parse(self) -> bool:
        """Whether numbers may be text, as in a CSV file: the row path cannot read them."""
        return self._columns.parse

    def lies_ready(self, keys: Iterable[str]) -> bool:
        """Return whether these fields are known to be read where they lie, so that converting them costs nothing.

        >>> import pyarrow as pa
        >>> batch = Batch.arrow(pa.table({"age": [31, 25], "day": pa.chunked_array([["mon"], ["tue"]])}))
        >>> batch.lies_ready(["age"]), batch.lies_ready(["age", "day"]), batch.lies_ready(["height"])
        (True, False, False)
        """
        table = self._columns.table
        if table is None:
            return False
        places = [table.schema.get_field_index(key) for key in keys]  # -1 where it is not there, or twice
        return all(at >= 0 and arrow_buffers.lies_ready(table.column(at)) for at in places)

    def slice(self, start: int, stop: int) -> Batch:
        """Return rows start:stop, without copying; conversions and dictionaries stay shared."""
        return Batch(self._columns, self._start + start, self._start + stop)

    def add(self, fields: Mapping[str, pa.Array], parse: bool = True) -> Batch:
        """Return the same rows with more fields; `parse`: text is parsed as that of a CSV file."""

        def load(key: str) -> FieldView | pa.Array:
            return fields[key] if key in fields else self._as_given(key)

        return Batch(_Columns((*self.names, *fields), self.num_rows, load, parse=parse))

    def take(self, rows: Array) -> Batch:
        """Return these rows, int64 [k], in this order, copied field by field when they are asked for."""
        return Batch(_Columns(self.names, len(rows), lambda key: self._as_given(key).take(rows), self.parse))


def as_declared(view: FieldView, markers: Markers, of: FieldType | None) -> FieldView:
    """Return what Batch.field gives of a field without markers."""
    if markers:
        view = view.with_markers(markers)
    if of is not None and _needs_type(view, of):
        view = _as_values(view, of)
    if view.loose is not None:
        raise view.loose.shifted(0)
    return view


def _needs_type(view: FieldView, of: FieldType) -> bool:
    """Return whether a field has other values once its type is known."""
    return of.list_depth > view.depth or (view.textual and of.type in CONVERTED) or view.loose is not None


def _as_values(view: FieldView, of: FieldType) -> FieldView:
    """Return a field as values of its type."""
    if of.type is not None and of.type in CONVERTED and view.textual:
        view = view.as_type(of.type)
    return in_lists(view, of.list_depth) if of.list_depth else view


def no_rows() -> Batch:
    """Return a batch of no rows, in which every field is found, and empty."""
    return Batch(_Columns(_EveryName(), 0, lambda _: pa.nulls(0)))


class _EveryName(tuple[str, ...]):
    """The fields of no rows at all: whatever is asked for is there, and empty."""

    __slots__ = ()

    def __contains__(self, key: object) -> bool:
        return True


def find_repeated(names: Sequence[str]) -> set[str]:
    """Return the names that more than one field has."""
    if len(set(names)) == len(names):
        return set()
    return {name for name, count in Counter(names).items() if count > 1}


class Fragment(NamedTuple):
    """What can be read alone: one row group of a Parquet file, or one whole file.

    Attributes:
        path: of the file.
        row_group: its number, or None for a whole file.
        num_rows: how many, or None where it is not known before reading.
    """

    path: str
    row_group: int | None
    num_rows: int | None


class Source(ABC):
    """Rows in batches.

    Attributes:
        once: the rows can be read a single time (an iterator, a RecordBatchReader).
        num_rows: how many, or None where it is not known before reading.
        at_hand: it is data or files, which can be looked at whenever that is useful; no function or iterator of the caller.

    >>> from featurecols.data.sources import as_source
    >>> source = as_source({"age": [31, 25, 40]})
    >>> [batch.num_rows for batch in source.batches([("age", "number")], batch_size=2)]
    [2, 1]
    """

    once: bool = False
    at_hand: bool = False

    @property
    @abstractmethod
    def num_rows(self) -> int | None: ...

    @property
    def expected_rows(self) -> int | None:
        """About how many rows there are, which the first of them say; None where they do not."""
        return self.num_rows

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

    def check(self, keys: Sequence[str]) -> None:
        """Raise DataError where a field is known not to be in the data, before anything is read."""
        return

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

    def field_types(self, keys: Sequence[str]) -> dict[str, FieldType] | None:
        """Return the types of fields by key, where they are known before a row is read; None where they are not.

        Raises DataError for a field that is not there.
        """
        return None

    def known_names(self) -> Sequence[str]:
        """Return the names of all fields where a batch need not have all of them; empty where every batch has."""
        return self.schema().names if self.paths else ()

    def schema(self) -> pa.Schema:
        """Names and types of all fields, as a pyarrow Schema; the text of a CSV file is string."""
        return next(iter(self.batches())).schema()


def types_in(schema: pa.Schema, keys: Sequence[str]) -> dict[str, FieldType]:
    """Return the types of fields of a schema; DataError where one is not in it, or twice."""
    for key in keys:
        if (count := schema.names.count(key)) != 1:
            raise errors.field_twice(key) if count else errors.missing_field(key, schema.names)
    return {key: of_arrow(schema.field(key).type) for key in keys}


def keys_of(needs: Needs | None) -> list[str] | None:
    """Return the keys of the fields to read, each once; None for all."""
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
