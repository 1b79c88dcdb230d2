"""Rows in memory: pandas, Arrow, Polars, DuckDB, dicts and rows come in as Batches.

A Batch holds consecutive rows. A field of it is converted when it is asked for, once for all columns that read it; a field
that is not asked for is not touched.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from featurecols import errors
from featurecols.data.fields import convert
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.dictionary import KnownDictionaries
from featurecols.data.missing import Marker, Markers

_SMALL = 1 << 16  # rows: Arrow batches smaller than this are put together, so that each is worth its overhead


class _Columns:
    """The columns behind a Batch and all its slices, converted on demand."""

    def __init__(
        self,
        names: Iterable[str],
        num_rows: int,
        load: Callable[[str], object],
        parse: bool = False,
        known: KnownDictionaries | None = None,
    ) -> None:
        self.names = names if isinstance(names, tuple) else tuple(names)
        self.num_rows, self.parse = num_rows, parse
        self._load, self._known = load, known
        self._there: Collection[str] = self.names if isinstance(self.names, _EveryName) else frozenset(self.names)
        self._twice = _find_repeated(self.names)
        self._locks: dict[str, threading.RLock] = {}  # by field, so that threads convert different fields in parallel
        _LIVE.add(self)
        self._views: dict[str, FieldView] = {}
        self._marked: dict[tuple[str, Markers], FieldView] = {}

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

    def _convert(self, key: str) -> FieldView:
        if key not in self._there:
            raise errors.missing_field(key, map(str, self.names))
        if key in self._twice:
            raise errors.field_twice(key)
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
        names: the fields that are there.

    >>> batch = Batch.of({"age": [31, None], "city": ["Paris", "?"]})
    >>> batch.field("age").numbers().values
    array([31., nan])
    >>> batch.field("city", missing=("?",)).to_pylist()
    ['Paris', None]
    """

    __slots__ = ("_columns", "_start", "names", "num_rows")

    def __init__(self, columns: _Columns, start: int = 0, stop: int | None = None) -> None:
        self._columns, self._start = columns, start
        self.names = columns.names
        self.num_rows = (columns.num_rows if stop is None else stop) - start

    @staticmethod
    def of(data: object, keys: Sequence[str] | None = None) -> Batch:
        """Return data in memory as one batch; `keys` are the fields that will be read (default: all)."""
        found = list(batches(data, keys))
        return found[0] if len(found) == 1 else Batch.concatenate(found)

    @staticmethod
    def arrow(data: pa.RecordBatch | pa.Table, parse: bool = False, known: KnownDictionaries | None = None) -> Batch:
        """Return a RecordBatch or a Table as one batch.

        `parse`: its text comes from a CSV file. `known`: dictionaries of the batches before, which this one may share.
        """
        return Batch(_Columns(data.schema.names, data.num_rows, data.column, parse, known))

    @staticmethod
    def lazy(names: Iterable[str], num_rows: int, load: Callable[[str], object]) -> Batch:
        """Return rows whose fields are made by load(key), each when it is first asked for, in the thread that asks."""
        return Batch(_Columns(names, num_rows, load))

    @staticmethod
    def concatenate(parts: Sequence[Batch]) -> Batch:
        """Return the rows of all batches in order; a field is put together when it is asked for."""
        filled = [batch for batch in parts if batch.num_rows]
        names = (filled or parts)[0].names if parts else ()
        parse = any(batch.parse for batch in parts)

        def load(key: str) -> FieldView:
            return convert.concatenate(key, [batch.field(key) for batch in filled], parse)

        return Batch(_Columns(names, sum(batch.num_rows for batch in parts), load, parse))

    def field(self, key: str, missing: Iterable[Marker] = ()) -> FieldView:
        """Return one field, with the markers of its Field; DataError where it is not in the data."""
        view = self._columns.marked(key, Markers.of(missing)) if missing else self._columns.view(key)
        return view.slice(self._start, self._start + self.num_rows)

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

    def slice(self, start: int, stop: int) -> Batch:
        """Return rows start:stop, without copying; conversions and dictionaries stay shared."""
        return Batch(self._columns, self._start + start, self._start + stop)


def batches(data: Any, keys: Sequence[str] | None = None) -> Iterator[Batch]:
    """Yield data in memory as batches, at least one; only the fields `keys` are converted.

    Takes a pandas DataFrame, a pyarrow Table, RecordBatch, RecordBatchReader or Dataset, anything that exports an Arrow
    stream (Polars, DuckDB), a dict of columns, a list of dicts, a numpy structured array, or a Batch.
    Raises DataError for anything else, and for fields that are not there.
    """
    if isinstance(data, Batch):
        return iter([data])
    if isinstance(data, Mapping):
        return iter([_of_mapping(data, keys)])
    if isinstance(data, (list, tuple)):
        return iter([_of_rows(data)])
    if isinstance(data, pa.RecordBatch):
        return iter([Batch.arrow(data)])
    if isinstance(data, pa.Table):
        return _table(data, keys)
    if _is_pandas(data):
        return iter([_of_frame(data)])
    if getattr(getattr(data, "dtype", None), "names", None):
        return iter([_of_mapping({name: data[name] for name in data.dtype.names}, keys)])
    return _streamed(data, keys)


def is_data(data: Any) -> bool:
    """Whether `batches` takes it: data in memory, or a stream of Arrow batches."""
    if isinstance(data, (Batch, Mapping, pa.RecordBatch, pa.Table, pa.RecordBatchReader)) or _is_pandas(data):
        return True
    if isinstance(data, (list, tuple)):
        return all(isinstance(row, Mapping) for row in data[:1])
    names = getattr(getattr(data, "dtype", None), "names", None)
    return bool(names) or hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__") or is_dataset(data)


def is_converted(data: Any) -> bool:
    """Whether reading it makes one batch, whose columns are converted rather than shared."""
    return isinstance(data, (Mapping, list, tuple)) or _is_pandas(data)


def is_dataset(data: Any) -> bool:
    """Return whether data is a pyarrow dataset."""
    dataset = sys.modules.get("pyarrow.dataset")
    return dataset is not None and isinstance(data, dataset.Dataset)


def _is_pandas(data: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def _of_mapping(data: Mapping[str, Any], keys: Sequence[str] | None) -> Batch:
    """Return a dict of columns. One of them says how many rows there are; the others are looked at when they are read."""
    names = tuple(data)
    first = next((key for key in keys or () if key in data), names[0] if names else None)
    length = 0 if first is None else _length(str(first), data[first])
    return Batch(_Columns(names, length, data.__getitem__))


def _length(key: str, column: Any) -> int:
    try:
        if not isinstance(column, (str, bytes)):
            return len(column)
    except TypeError:  # a scalar, or an array of no dimension
        pass
    hint = "a dict holds one list or array per field; for one row write [{...}], or use transform_row"
    raise errors.wrong_type(key, key, errors.show(column), "an array or a list", hint)


def _of_rows(rows: Sequence[Any]) -> Batch:
    names: dict[str, None] = {}
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise errors.bad_value("data", None, i, "a list of rows holds dicts", row, "give one dict per row")
        if row.keys() != names.keys():
            names.update(dict.fromkeys(row))

    def load(key: str) -> list[Any]:
        for i, row in enumerate(rows):
            if key not in row:
                hint = "give None where a value is missing"
                raise errors.DataError(key, "field is not in the row", field=key, row=i, got=errors.show(list(row)), hint=hint)
        return [row[key] for row in rows]

    return Batch(_Columns(names, len(rows), load)) if rows else no_rows()


def no_rows() -> Batch:
    """Return a batch of no rows, in which every field is found, and empty."""
    return Batch(_Columns(_EveryName(), 0, lambda _: pa.nulls(0)))


class _EveryName(tuple[str, ...]):
    """The fields of no rows at all: whatever is asked for is there, and empty."""

    __slots__ = ()

    def __contains__(self, key: object) -> bool:
        return True


def _of_frame(frame: Any) -> Batch:
    return Batch(_Columns(frame.columns, len(frame), frame.__getitem__))


def _in_batches(found: Iterable[Any], schema: Any) -> Iterator[Batch]:
    """RecordBatches as they are where they are long; short ones put together; an empty one where there is none."""
    known: KnownDictionaries = {}
    waiting: list[Any] = []
    rows, some = 0, False
    for batch in found:
        if batch.num_rows >= _SMALL and not waiting:
            some = True
            yield Batch.arrow(batch, known=known)
        elif batch.num_rows:
            waiting.append(batch)
            rows += batch.num_rows
            if rows >= _SMALL:
                some = True
                yield Batch.arrow(pa.Table.from_batches(waiting), known=known)
                waiting, rows = [], 0
    if waiting:
        yield Batch.arrow(pa.Table.from_batches(waiting), known=known)
    elif not some:
        yield Batch.arrow(schema.empty_table())


def _select(names: Sequence[str], keys: Sequence[str] | None) -> list[str]:
    """Which of the names are read, each once."""
    there, twice = set(names), _find_repeated(names)
    for key in keys or ():
        if key not in there:
            raise errors.missing_field(key, names)
        if key in twice:
            raise errors.field_twice(key)
    return list(dict.fromkeys(names if keys is None else keys))


def _find_repeated(names: Sequence[str]) -> set[str]:
    """Return the names that more than one field has."""
    if len(set(names)) == len(names):
        return set()
    return {name for name, count in Counter(names).items() if count > 1}


def _table(table: Any, keys: Sequence[str] | None) -> Iterator[Batch]:
    if keys is not None:
        table = table.select(_select(table.schema.names, keys))
    return _in_batches(table.to_batches(), table.schema)


def _streamed(data: Any, keys: Sequence[str] | None) -> Iterator[Batch]:
    if (hint := _way_out(data)) is not None:
        raise errors.not_readable(type(data).__name__, hint)
    library = type(data).__module__.split(".")[0]
    try:
        if is_dataset(data):
            names = _select(data.schema.names, keys)
            return _stream(data.scanner(columns=names).to_reader(), None)
        if library == "narwhals":
            return batches(data.to_native(), keys)
        if library == "polars":
            names = _select(data.columns, keys)
            if any(convert.is_python_only(data.schema[name]) for name in names):
                return iter([_of_mapping({name: data[name] for name in names}, keys)])
            data = data if keys is None else data.select(names)
        if library in ("duckdb", "_duckdb") and keys:
            quoted = ['"' + key.replace('"', '""') + '"' for key in _select(data.columns, keys)]
            data = data.project(", ".join(quoted))
        if isinstance(data, pa.RecordBatchReader):
            return _stream(data, keys)
        if hasattr(data, "__arrow_c_stream__"):
            return _stream(pa.RecordBatchReader.from_stream(data), keys)
        if hasattr(data, "__arrow_c_array__"):
            return _table(pa.Table.from_batches([pa.record_batch(data)]), keys)
    except (pa.ArrowException, TypeError) as error:
        raise errors.unreadable(type(data).__name__, "is not a table", error) from None
    raise _no_table(data)


def _way_out(data: object) -> str | None:
    """Return what to do with data that is nearly a table; None for all else. Nothing is asked that would run a query."""
    kind, library = type(data).__name__, type(data).__module__.split(".")[0]
    if kind == "LazyFrame" and library in ("polars", "narwhals"):
        return "collect() it first"
    if kind == "DuckDBPyConnection":
        return "a connection is not a table: use connection.sql(query)"
    if library in ("pandas", "polars", "narwhals") and kind in ("Series", "Index"):
        return "a single column is not a table: use to_frame()"
    if library == "xarray":
        return "use to_dataframe()"
    return None


def _stream(reader: Any, keys: Sequence[str] | None) -> Iterator[Batch]:
    names = _select(reader.schema.names, keys)
    if keys is None:
        return _in_batches(reader, reader.schema)
    return _in_batches((batch.select(names) for batch in reader), pa.schema([reader.schema.field(name) for name in names]))


def _no_table(data: Any) -> errors.DataError:
    hint = "give a DataFrame, an Arrow table, a dict of columns, a list of dicts or a path"
    if hasattr(data, "collect"):
        hint = "collect() it first"
    elif hasattr(data, "to_frame"):
        hint = "a single column is not a table: use to_frame()"
    elif hasattr(data, "dtype"):
        hint = "an array has no field names: give {name: column, ...}"
    return errors.not_readable(type(data).__name__, hint)
