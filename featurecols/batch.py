"""The door for data in memory: pandas, Arrow, Polars, DuckDB, dicts and rows come in as Batches.

A Batch is one contiguous piece of rows. A column of it is converted when a field is asked for, once for everybody who
reads it; what nobody asks for is never touched.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from featurecols import errors
from featurecols.cells.base import Cells
from featurecols.cells.forms import Physical, as_arrow, joined, physical, store_of, window
from featurecols.present import Markers

SMALL = 1 << 16  # rows: tables cut into smaller chunks than this are put together first


class _Root:
    """The columns behind a Batch and all its slices, converted on demand."""

    def __init__(self, names: Iterable[str], num_rows: int, load: Callable[[str], Any], parse: bool = False) -> None:
        self.names = names if isinstance(names, tuple) else tuple(names)
        self.num_rows, self.load, self.parse = num_rows, load, parse
        self.lock = threading.RLock()
        self.forms: dict[str, Physical] = {}
        self.cells: dict[tuple[str, Markers], Cells] = {}

    def form(self, key: str) -> Physical:
        with self.lock:
            if key not in self.forms:
                if key not in self.names:
                    raise errors.missing_field(key, self.names)
                form = physical(key, self.load(key))
                if len(form) != self.num_rows:
                    todo = "give every field one value per row"
                    raise errors.DataError(
                        key, f"needs {self.num_rows} values, as the other fields", field=key, got=str(len(form)), todo=todo
                    )
                self.forms[key] = form
            return self.forms[key]

    def whole(self, key: str, markers: Markers) -> Cells:
        with self.lock:
            if (key, markers) not in self.cells:
                self.cells[key, markers] = Cells(store_of(key, self.form(key), markers, self.parse))
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
    def of(data: Any, keys: Sequence[str] | None = None, *, parse: bool = False) -> Batch:
        """Data in memory as one batch; `keys` are the fields that will be read (default: all)."""
        pieces = list(batches(data, keys))
        return pieces[0] if len(pieces) == 1 else Batch.concatenate(pieces)

    @staticmethod
    def arrow(data: Any, parse: bool = False) -> Batch:
        """A RecordBatch, or a Table read as one piece. `parse`: its text comes from a CSV file."""
        return Batch(_Root(_unique(data.schema.names), data.num_rows, data.column, parse))

    @staticmethod
    def concatenate(pieces: Sequence[Batch]) -> Batch:
        """The rows of all pieces in order; a field is put together when it is asked for."""
        names = next((p.names for p in pieces if p.num_rows), pieces[0].names if pieces else ())
        parse = any(p._root.parse for p in pieces)

        def load(key: str) -> Physical:
            return joined(key, [window(p._root.form(key), p._start, p._start + p.num_rows) for p in pieces if p.num_rows])

        return Batch(_Root(names, sum(p.num_rows for p in pieces), load, parse))

    def cells(self, key: str, missing: Iterable[Any] = ()) -> Cells:
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
        yield data
    elif isinstance(data, Mapping):
        yield _columns(data)
    elif isinstance(data, (list, tuple)):
        yield _rows(data)
    elif isinstance(data, pa.RecordBatch):
        yield Batch.arrow(data)
    elif isinstance(data, pa.Table):
        yield from _table(data, keys)
    elif _is_pandas(data):
        yield _frame(data)
    elif getattr(getattr(data, "dtype", None), "names", None):
        yield _columns({name: data[name] for name in data.dtype.names})
    else:
        yield from _streamed(data, keys)


def is_data(data: Any) -> bool:
    """Whether `batches` takes it: data in memory, or a stream of Arrow batches."""
    if isinstance(data, (Batch, Mapping, pa.RecordBatch, pa.Table, pa.RecordBatchReader)) or _is_pandas(data):
        return True
    if isinstance(data, (list, tuple)):
        return all(isinstance(row, Mapping) for row in data[:1])
    names = getattr(getattr(data, "dtype", None), "names", None)
    return bool(names) or hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__") or is_dataset(data)


def is_dataset(data: Any) -> bool:
    dataset = sys.modules.get("pyarrow.dataset")
    return dataset is not None and isinstance(data, dataset.Dataset)


def _is_pandas(data: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def _unique(names: Iterable[Any]) -> tuple[str, ...]:
    listed = tuple(names)
    if len(set(listed)) < len(listed):
        twice = next(n for i, n in enumerate(listed) if n in listed[:i])
        raise errors.field_twice(str(twice))
    return listed


def _columns(data: Mapping[str, Any]) -> Batch:
    length = 0
    for key, column in data.items():
        if isinstance(column, (str, bytes)) or not hasattr(column, "__len__"):
            todo = "a dict holds one list or array per field; for one row write [{...}], or use transform_row"
            raise errors.DataError(
                str(key), "a column is an array or a list", field=str(key), got=errors.show(column), todo=todo
            )
        length = len(column)
    return Batch(_Root(data, length, data.__getitem__))


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
                todo = "give None where a value is missing"
                raise errors.DataError(key, "field is not in the row", field=key, row=i, got=errors.show(list(row)), todo=todo)
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
    names = [name for name in frame.columns if isinstance(name, str)]
    return Batch(_Root(_unique(names), len(frame), frame.__getitem__))


def _table(table: Any, keys: Sequence[str] | None) -> Iterator[Batch]:
    """Chunks as they are where they are long; else everything in one piece. Neither copies a long chunk."""
    table = _selected(table, keys)
    chunks = table.to_batches()
    if len(chunks) <= 1 or table.num_rows < SMALL * len(chunks):
        yield Batch.arrow(table)
    else:
        yield from map(Batch.arrow, chunks)


def _selected(table: Any, keys: Sequence[str] | None) -> Any:
    names = _unique(table.schema.names)
    if keys is None:
        return table
    for key in keys:
        if key not in names:
            raise errors.missing_field(key, names)
    return table.select(list(dict.fromkeys(keys)))


def _streamed(data: Any, keys: Sequence[str] | None) -> Iterator[Batch]:
    if hasattr(data, "__arrow_c_array__"):
        yield Batch.arrow(_selected(pa.record_batch(data), keys))
        return
    reader = _reader(data, keys)
    empty = True
    for piece in reader:
        if piece.num_rows:
            empty = False
            yield Batch.arrow(_selected(piece, keys))
    if empty:
        yield Batch.arrow(_selected(reader.schema.empty_table(), keys))


def _reader(data: Any, keys: Sequence[str] | None) -> Any:
    """A RecordBatchReader over the fields that are read, where the producer can leave the others out."""
    if isinstance(data, pa.RecordBatchReader):
        return data
    if is_dataset(data):
        if keys is None:
            return data.scanner().to_reader()
        for key in keys:
            if key not in data.schema.names:
                raise errors.missing_field(key, data.schema.names)
        return data.scanner(columns=list(dict.fromkeys(keys))).to_reader()
    if not hasattr(data, "__arrow_c_stream__"):
        todo = "give a DataFrame, an Arrow table, a dict of columns, a list of dicts or a path"
        if hasattr(data, "collect"):
            todo = "collect() it first"
        elif hasattr(data, "to_frame"):
            todo = "a single column is no table: use to_frame()"
        raise errors.DataError("data", "cannot be read", got=type(data).__name__, todo=todo)
    library = type(data).__module__.split(".")[0]
    if keys is not None and library in ("polars", "duckdb", "_duckdb"):
        names = list(data.columns)
        for key in keys:
            if key not in names:
                raise errors.missing_field(key, names)
        wanted = list(dict.fromkeys(keys))
        if library == "polars":
            data = data.select(wanted)
        elif wanted:
            data = data.project(", ".join('"' + key.replace('"', '""') + '"' for key in wanted))
    return pa.RecordBatchReader.from_stream(data)
