"""The door for data in memory: pandas, Arrow, Polars, DuckDB, dicts and rows come in as Batches.

A Batch is one contiguous piece of rows. A column of it is converted when a field is asked for, once for everybody who
reads it; what nobody asks for is never touched.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from featurecols import errors
from featurecols._core.fork_safe import ProcessLock
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.convert import Physical, as_arrow, joined, physical, storage_of, window
from featurecols.data.fields.dictionary import Known
from featurecols.data.missing import Markers

_SMALL = 1 << 16  # rows: chunks smaller than this are put together, so that each batch is worth its overhead


class _Root:
    """The columns behind a Batch and all its slices, converted on demand."""

    def __init__(
        self,
        names: Iterable[str],
        num_rows: int,
        load: Callable[[str], Any],
        parse: bool = False,
        known: Known | None = None,
    ) -> None:
        self.names = names if isinstance(names, tuple) else tuple(names)
        self.num_rows, self.load, self.parse, self.known = num_rows, load, parse, known
        self.locks: dict[Any, Any] = {}  # by field, so that threads convert different fields at once
        self.there = self.names if isinstance(self.names, _Any) else frozenset(self.names)
        self.twice = _twice(self.names)
        self.forms: dict[str, Physical] = {}
        self.cells: dict[tuple[str, Markers], FieldView] = {}

    def form(self, key: str) -> Physical:
        with self.locks.setdefault(key, ProcessLock()):
            if key not in self.forms:
                if key not in self.there:
                    raise errors.missing_field(key, map(str, self.names))
                if key in self.twice:
                    raise errors.field_twice(key)
                form = physical(key, self.load(key))
                if len(form) != self.num_rows:
                    want = f"{self.num_rows} values, as other fields have"
                    raise errors.wrong_type(key, key, len(form), want, "give every field one value per row")
                self.forms[key] = form
            return self.forms[key]

    def whole(self, key: str, markers: Markers) -> FieldView:
        with self.locks.setdefault(key, ProcessLock()):
            if (key, markers) not in self.cells:
                self.cells[key, markers] = FieldView(storage_of(key, self.form(key), markers, self.parse, self.known))
            return self.cells[key, markers]


class Batch:
    """Rows [0, num_rows) of some fields.

    Args:
        num_rows: how many rows.
        names: the fields that are there.

    >>> batch = Batch.of({"age": [31, None], "city": ["Paris", "?"]})
    >>> batch.cells("age").numbers().values
    array([31., nan])
    >>> batch.cells("city", missing=("?",)).to_pylist()
    ['Paris', None]
    """

    __slots__ = ("_root", "_start", "names", "num_rows")

    def __init__(self, root: _Root, start: int = 0, stop: int | None = None) -> None:
        self._root, self._start = root, start
        self.names = root.names
        self.num_rows = (root.num_rows if stop is None else stop) - start

    @staticmethod
    def of(data: Any, keys: Sequence[str] | None = None) -> Batch:
        """Data in memory as one batch; `keys` are the fields that will be read (default: all)."""
        pieces = list(batches(data, keys))
        return pieces[0] if len(pieces) == 1 else Batch.concatenate(pieces)

    @staticmethod
    def arrow(data: Any, parse: bool = False, known: Known | None = None) -> Batch:
        """A RecordBatch, or a Table as one piece. `parse`: its text comes from a CSV file. `known`: dictionaries of
        the pieces before, which this one may share."""
        return Batch(_Root(data.schema.names, data.num_rows, data.column, parse, known))

    @staticmethod
    def lazy(names: Iterable[str], num_rows: int, load: Callable[[str], Any]) -> Batch:
        """Rows whose fields are made by load(key), each when it is first asked for, in the thread that asks."""
        return Batch(_Root(tuple(names), num_rows, load))

    @staticmethod
    def concatenate(pieces: Sequence[Batch]) -> Batch:
        """The rows of all pieces in order; a field is put together when it is asked for."""
        names = next((p.names for p in pieces if p.num_rows), pieces[0].names if pieces else ())
        parse = any(p._root.parse for p in pieces)

        def load(key: str) -> Physical:
            return joined(key, [window(p._root.form(key), p._start, p._start + p.num_rows) for p in pieces if p.num_rows])

        return Batch(_Root(names, sum(p.num_rows for p in pieces), load, parse))

    def cells(self, key: str, missing: Iterable[Any] = ()) -> FieldView:
        """One field, with the markers of its Field; DataError where it is not in the data."""
        return self._root.whole(key, Markers.of(missing)).slice(self._start, self._start + self.num_rows)

    def column(self, key: str) -> Any:
        """One field as a pyarrow Array, as it came: for what is carried along unread."""
        return as_arrow(key, window(self._root.form(key), self._start, self._start + self.num_rows))

    def schema(self) -> Any:
        """Names and types of the fields, as a pyarrow Schema."""
        return pa.schema([(name, self.slice(0, min(self.num_rows, 1000)).column(name).type) for name in self.names])

    @property
    def parse(self) -> bool:
        """Whether text may stand for numbers, as in a CSV file: the row path cannot read it."""
        return self._root.parse

    def slice(self, start: int, stop: int) -> Batch:
        """Rows start:stop, without copying; conversions and dictionaries stay shared."""
        return Batch(self._root, self._start + start, self._start + stop)


def batches(data: Any, keys: Sequence[str] | None = None) -> Iterator[Batch]:
    """Data in memory as batches, at least one; only the fields `keys` are converted.

    Takes a pandas DataFrame, a pyarrow Table, RecordBatch, RecordBatchReader or Dataset, anything that exports an Arrow
    stream (Polars, DuckDB), a dict of columns, a list of dicts, a numpy structured array, or a Batch.
    Raises DataError for anything else, and for fields that are not there.
    """
    if isinstance(data, Batch):
        return iter([data])
    if isinstance(data, Mapping):
        return iter([_columns(data, keys)])
    if isinstance(data, (list, tuple)):
        return iter([_rows(data)])
    if isinstance(data, pa.RecordBatch):
        return iter([Batch.arrow(data)])
    if isinstance(data, pa.Table):
        return _table(data, keys)
    if _is_pandas(data):
        return iter([_frame(data)])
    if getattr(getattr(data, "dtype", None), "names", None):
        return iter([_columns({name: data[name] for name in data.dtype.names}, keys)])
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
    dataset = sys.modules.get("pyarrow.dataset")
    return dataset is not None and isinstance(data, dataset.Dataset)


def _is_pandas(data: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def _columns(data: Mapping[str, Any], keys: Sequence[str] | None) -> Batch:
    """A dict of columns. One of them says how many rows there are; the others are looked at when they are read."""
    names = tuple(data)
    first = next((key for key in keys or () if key in data), names[0] if names else None)
    length = 0 if first is None else _length(str(first), data[first])
    return Batch(_Root(names, length, data.__getitem__))


def _length(key: str, column: Any) -> int:
    try:
        if not isinstance(column, (str, bytes)):
            return len(column)
    except TypeError:  # a scalar, or an array of no dimension
        pass
    hint = "a dict holds one list or array per field; for one row write [{...}], or use transform_row"
    raise errors.wrong_type(key, key, errors.show(column), "an array or a list", hint)


def _rows(rows: Sequence[Any]) -> Batch:
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

    return Batch(_Root(names, len(rows), load)) if rows else no_rows()


def no_rows() -> Batch:
    """A batch of no rows, in which every field is found, and empty."""
    return Batch(_Root(_Any(), 0, lambda _: pa.nulls(0)))


class _Any(tuple[str, ...]):
    """The fields of no rows at all: whatever is asked for is there, and empty."""

    __slots__ = ()

    def __contains__(self, key: object) -> bool:
        return True


def _frame(frame: Any) -> Batch:
    return Batch(_Root(frame.columns, len(frame), frame.__getitem__))


def _pieces(found: Iterable[Any], schema: Any) -> Iterator[Batch]:
    """RecordBatches as they are where they are long; short ones put together; an empty one where there is none."""
    known: Known = {}
    waiting: list[Any] = []
    rows, some = 0, False
    for piece in found:
        if piece.num_rows >= _SMALL and not waiting:
            some = True
            yield Batch.arrow(piece, known=known)
        elif piece.num_rows:
            waiting.append(piece)
            rows += piece.num_rows
            if rows >= _SMALL:
                some = True
                yield Batch.arrow(pa.Table.from_batches(waiting), known=known)
                waiting, rows = [], 0
    if waiting:
        yield Batch.arrow(pa.Table.from_batches(waiting), known=known)
    elif not some:
        yield Batch.arrow(schema.empty_table())


def _selected(names: Sequence[str], keys: Sequence[str] | None) -> list[str]:
    """Which of the names are read, each once."""
    there, twice = set(names), _twice(names)
    for key in keys or ():
        if key not in there:
            raise errors.missing_field(key, names)
        if key in twice:
            raise errors.field_twice(key)
    return list(dict.fromkeys(names if keys is None else keys))


def _twice(names: Sequence[str]) -> set[str]:
    """The names that stand for more than one field."""
    if len(set(names)) == len(names):
        return set()
    return {name for name, count in Counter(names).items() if count > 1}


def _table(table: Any, keys: Sequence[str] | None) -> Iterator[Batch]:
    if keys is not None:
        table = table.select(_selected(table.schema.names, keys))
    return _pieces(table.to_batches(), table.schema)


def _streamed(data: Any, keys: Sequence[str] | None) -> Iterator[Batch]:
    library = type(data).__module__.split(".")[0]
    try:
        if is_dataset(data):
            names = _selected(data.schema.names, keys)
            return _stream(data.scanner(columns=names).to_reader(), None)
        if library == "polars" and keys is not None:
            data = data.select(_selected(data.columns, keys))
        if library in ("duckdb", "_duckdb") and keys:
            quoted = ['"' + key.replace('"', '""') + '"' for key in _selected(data.columns, keys)]
            data = data.project(", ".join(quoted))
        if isinstance(data, pa.RecordBatchReader):
            return _stream(data, keys)
        if hasattr(data, "__arrow_c_stream__") and not hasattr(data, "to_frame"):
            return _stream(pa.RecordBatchReader.from_stream(data), keys)
        if hasattr(data, "__arrow_c_array__"):
            return _table(pa.Table.from_batches([pa.record_batch(data)]), keys)
    except (pa.ArrowException, TypeError) as error:
        raise errors.unreadable(type(data).__name__, "is no table", error) from None
    raise _no_table(data)


def _stream(reader: Any, keys: Sequence[str] | None) -> Iterator[Batch]:
    names = _selected(reader.schema.names, keys)
    if keys is None:
        return _pieces(reader, reader.schema)
    return _pieces((piece.select(names) for piece in reader), pa.schema([reader.schema.field(name) for name in names]))


def _no_table(data: Any) -> errors.DataError:
    hint = "give a DataFrame, an Arrow table, a dict of columns, a list of dicts or a path"
    if hasattr(data, "collect"):
        hint = "collect() it first"
    elif hasattr(data, "to_frame"):
        hint = "a single column is no table: use to_frame()"
    elif hasattr(data, "dtype"):
        hint = "an array has no field names: give {name: column, ...}"
    return errors.not_readable(type(data).__name__, hint)
