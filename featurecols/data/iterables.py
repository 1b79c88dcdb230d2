"""Iterables of tables or of rows: lists of tables, loaders that start anew, iterators that are read a single time."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols.data.batch import Batch, Needs, Source
from featurecols.data.tables import MemorySource, is_data

_ROWS = 1 << 14  # rows of an iterable that are put together
_VALUES = frozenset((str, int, float, bool, bytes, list, tuple, dict, type(None)))  # what most rows hold


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

    def known_names(self) -> Sequence[str]:
        if not isinstance(self.items, (list, tuple)):
            return ()
        found = _sources_of(self.items, type(self.items).__name__)
        return list(dict.fromkeys(name for source in found for name in source.known_names()))

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
    return bool(item) and all(map(_is_array, item.values()))


def _is_array(value: object) -> bool:
    """Return whether a value is a column rather than one value, or one list, of a row.

    Databases hand over bytes as memoryview or bytearray.
    """
    if type(value) in _VALUES or isinstance(value, (memoryview, np.generic)):
        return False
    dimensions = getattr(value, "ndim", None)
    if isinstance(dimensions, int):
        return dimensions > 0
    return isinstance(value, array) or hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")
