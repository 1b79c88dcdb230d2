"""Rows in memory: pandas, Arrow, Polars, DuckDB, dicts and rows come in as batches."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from featurecols import errors
from featurecols.data.batch import Batch, Needs, Source, find_repeated, keys_of, no_rows, types_in
from featurecols.data.field_types import FieldType
from featurecols.data.fields import convert
from featurecols.data.fields.dictionary import KnownDictionaries

if TYPE_CHECKING:
    import pandas as pd

Row: TypeAlias = dict[str, Any]
Lists: TypeAlias = dict[str, list[Any]]  # the values of rows by key

_AT_ONCE = 256  # dicts: few enough for the cache
_SMALL = 1 << 16  # rows: Arrow batches smaller than this are put together, so that each is worth its overhead


class MemorySource(Source):
    """A table in memory, or a stream of one that can be opened again (a Dataset, a DuckDB relation)."""

    at_hand = True

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

    def field_types(self, keys: Sequence[str]) -> dict[str, FieldType] | None:
        return types_in(self.data.schema, keys) if isinstance(self.data, (pa.Table, pa.RecordBatch)) else None

    def known_names(self) -> Sequence[str]:
        if isinstance(schema := getattr(self.data, "schema", None), pa.Schema):
            return schema.names
        columns = () if is_converted(self.data) else getattr(self.data, "columns", ())  # of Polars and DuckDB
        return [name for name in columns if isinstance(name, str)]

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        if not is_converted(self.data):
            return batches(self.data, keys_of(needs))
        if self._kept is None:  # what is converted from Python's memory to Arrow's stays for the next reading
            self._kept = next(batches(self.data, keys_of(needs)))
        return iter([self._kept])


def as_batch(data: object, keys: Sequence[str] | None = None) -> Batch:
    """Return data in memory as one batch; `keys` are the fields that will be read (default: all)."""
    found = list(batches(data, keys))
    return found[0] if len(found) == 1 else Batch.concatenate(found)


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
        return iter([_of_rows(data, keys)])
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
    return Batch.lazy(names, length, data.__getitem__)


def _length(key: str, column: Any) -> int:
    try:
        if not isinstance(column, (str, bytes, bytearray)):
            return len(column)
    except TypeError:  # a scalar, or an array of no dimension
        pass
    hint = "a dict holds one list or array per field; for one row write [{...}] (plan.transform_row takes it as it is)"
    raise errors.wrong_type(key, key, errors.show(column), "an array or a list", hint)


def _of_rows(rows: Sequence[Any], keys: Sequence[str] | None) -> Batch:
    if not rows:
        return no_rows()
    plain = set(map(type, rows)) == {dict}  # others may make up a value for a key, or count as a mapping by registration
    if plain and keys:
        with suppress(KeyError):
            return Batch.lazy(lambda: _names_in(rows), len(rows), _take_apart(rows, keys).__getitem__, present=keys)
    names: dict[str, None] = {}
    if plain:
        names = _names_in(rows)
    else:
        _add_names(names, rows)

    def load(key: str) -> list[Any]:
        if plain:
            with suppress(KeyError):
                return list(map(itemgetter(key), rows))
        for i, row in enumerate(rows):
            if key not in row:
                hint = "give None where a value is missing"
                raise errors.DataError(key, "field is not in the row", field=key, row=i, got=errors.show(list(row)), hint=hint)
        return [row[key] for row in rows]

    return Batch.lazy(names, len(rows), load)


def _take_apart(rows: Sequence[Row], keys: Sequence[str]) -> Lists:
    """Return the values of rows by key. Raises KeyError where a row lacks one.

    Some rows at a time, for all keys: a dict is then fetched from memory once.
    """
    found: Lists = {key: [] for key in keys}
    get, columns = itemgetter(*keys, keys[0]), [values.extend for values in found.values()]  # of two keys at least, a tuple
    for start in range(0, len(rows), _AT_ONCE):
        for extend, values in zip(columns, zip(*map(get, rows[start : start + _AT_ONCE]), strict=True), strict=False):
            extend(values)
    return found


def _names_in(rows: Sequence[Row]) -> dict[str, None]:
    """Return the keys of rows, each where it is first there."""
    names: dict[str, None] = {}
    for keys in dict.fromkeys(map(tuple, rows)):
        names.update(dict.fromkeys(keys))
    return names


def _add_names(names: dict[str, None], rows: Sequence[object]) -> None:
    """Add the keys of rows, each when it is first there. Raises DataError for a row that is not a mapping."""
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise errors.bad_value("data", None, i, "a list of rows holds dicts", row, "give one dict per row")
        if row.keys() != names.keys():
            names.update(dict.fromkeys(row))


def _of_frame(frame: pd.DataFrame) -> Batch:
    return Batch.lazy(frame.columns, len(frame), frame.__getitem__)


def _in_batches(found: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[Batch]:
    """RecordBatches as they are where they are long; short ones put together; an empty one where there is none."""
    known: KnownDictionaries = {}
    waiting: list[pa.RecordBatch] = []
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
        yield Batch.arrow(waiting[0] if len(waiting) == 1 else pa.Table.from_batches(waiting), known=known)
    elif not some:
        yield Batch.arrow(pa.Table.from_batches([], schema))  # Arrow makes no empty arrays of some dictionaries


def _select(names: Sequence[str], keys: Sequence[str] | None) -> list[str]:
    """Which of the names are read, each once."""
    there, twice = set(names), find_repeated(names)
    for key in keys or ():
        if key not in there:
            raise errors.missing_field(key, names)
        if key in twice:
            raise errors.field_twice(key)
    return list(dict.fromkeys(names if keys is None else keys))


def _table(table: pa.Table, keys: Sequence[str] | None) -> Iterator[Batch]:
    if keys is not None:
        there = table.schema.names
        names = _select(there, keys)
        table = table if names == there else table.select(names)
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
        if library == "ibis" and keys:
            data = data.select(*_select(data.columns, keys))
        if isinstance(data, pa.RecordBatchReader):
            return _stream(data, keys)
        if hasattr(data, "__arrow_c_stream__"):
            return _stream(pa.RecordBatchReader.from_stream(data), keys)
        if hasattr(data, "__arrow_c_array__"):
            return _table(pa.Table.from_batches([pa.record_batch(data)]), keys)
    except (pa.ArrowException, TypeError) as error:
        if library in ("ibis", "duckdb", "_duckdb"):
            raise _not_computed(library, error) from None
        raise errors.unreadable(type(data).__name__, "is not a table", error) from None
    except Exception as error:
        if type(error).__name__ != "IbisError":  # of a table without a database
            raise
        raise _not_computed(library, error) from None
    raise _no_table(data)


def _not_computed(library: str, error: Exception) -> errors.DataError:
    """Return the error of a query that its library could not run, or could not give as Arrow."""
    hint = "run the query by itself"
    if library == "ibis":
        hint = 'see what table.to_pyarrow() says, and leave out the fields that it cannot give: table.drop("field")'
    got = errors.printable(str(error))[:200]
    return errors.DataError("data", f"{library.lstrip('_')} could not compute the table", got=got, hint=hint)


def _way_out(data: object) -> str | None:
    """Return what to do with data that is nearly a table; None for all else. Nothing is asked that would run a query."""
    kind, library = type(data).__name__, type(data).__module__.split(".")[0]
    if kind == "LazyFrame" and library in ("polars", "narwhals"):
        return "collect() it first"
    if kind == "DuckDBPyConnection":
        return "a connection is not a table: use connection.sql(query)"
    if library == "ibis" and "columns" not in dir(data):
        return "a single column is not a table: use as_table()"
    if library in ("pandas", "polars", "narwhals") and kind in ("Series", "Index"):
        return "a single column is not a table: use to_frame()"
    if library == "xarray":
        return "use to_dataframe()"
    return None


def _stream(reader: pa.RecordBatchReader, keys: Sequence[str] | None) -> Iterator[Batch]:
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
