"""Rows that other libraries hand over in a way of their own: datasets of Hugging Face, results of DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, cast

import pyarrow as pa

from featurecols import errors
from featurecols.data.batch import Batch, Needs, Source, keys_of
from featurecols.data.iterables import OnceSource
from featurecols.data.tables import MemorySource, batches

_ROWS = 1 << 16  # of a batch of a dataset


class HubDataset(Protocol):
    """A Dataset, or an IterableDataset, of Hugging Face's datasets."""

    @property
    def column_names(self) -> Sequence[str] | None: ...

    def select_columns(self, names: list[str]) -> HubDataset: ...

    def with_format(self, name: str) -> HubDataset: ...

    def iter(self, batch_size: int) -> Iterator[pa.Table]: ...


class _Result(Protocol):
    description: object

    def to_arrow_reader(self) -> pa.RecordBatchReader | None: ...

    def fetch_record_batch(self) -> pa.RecordBatchReader | None: ...


def source_of(data: object) -> Source | None:
    """Return a source over what a library hands over in a way of its own; None for all other data.

    Raises DataError where it is nearly that, with the way out.
    """
    kind, library = type(data).__name__, type(data).__module__.partition(".")[0]
    if library == "datasets":
        if kind in ("DatasetDict", "IterableDatasetDict"):
            raise errors.not_readable(kind, "give one split of it: data['train']")
        if not hasattr(data, "column_names"):
            raise errors.not_readable(kind, "a single column is not a table: give {name: list(column)}")
        given = cast(HubDataset, data)
        known = given.column_names is not None  # after a function of the caller, rows may not fit into batches
        made = kind in ("Dataset", "IterableDataset") and known and not _transforms(data)
        return HubSource(given) if made else None
    if kind == "DuckDBPyConnection" and cast(_Result, data).description is not None:
        result = cast(_Result, data)
        reader = result.to_arrow_reader() if hasattr(result, "to_arrow_reader") else result.fetch_record_batch()
        if reader is None:
            hint = "give connection.sql(query), which can be read again, or a function that executes the query"
            raise errors.DataError("data", "a result of a query can be read once, and it was", hint=hint)
        return OnceSource(iter([MemorySource(reader)]))
    return None


def _transforms(data: object) -> bool:
    """Return whether the rows of a dataset are what a function of the caller makes of them."""
    form = getattr(data, "format", None)
    return isinstance(form, dict) and form.get("type") == "custom"


class HubSource(Source):
    """A dataset of Hugging Face, read in batches of Arrow; the fields that are not needed are not."""

    def __init__(self, data: HubDataset) -> None:
        self.data = data

    @property
    def num_rows(self) -> int | None:
        rows = getattr(self.data, "num_rows", None)
        return rows if isinstance(rows, int) else None

    def known_names(self) -> Sequence[str]:
        return list(self.data.column_names or ())

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        data, keys = self.data, keys_of(needs)
        names = data.column_names
        if names is not None:
            for key in keys or ():
                if key not in names:
                    raise errors.missing_field(key, names)
            if keys:
                data = data.select_columns(keys)
        try:
            for table in data.with_format("arrow").iter(_ROWS):
                yield from batches(table, keys)
        except pa.ArrowException as error:
            hint = "give its rows, one by one: lambda: iter(data)"
            got = errors.printable(str(error))[:100]
            raise errors.DataError("data", "cannot be read in batches of Arrow", got=got, hint=hint) from None
