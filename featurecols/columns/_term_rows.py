"""Terms that were learned, as rows of a table: which row a value has, over arrays and over one Python value."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from featurecols import errors, kernels
from featurecols._core import counters
from featurecols._core.arrays import Array, Ids, Texts
from featurecols._core.expressions import Expression, IdExpression, Lookup, PositionOf, as_ids, as_text
from featurecols._core.fork_safe import cached_property
from featurecols._core.values import canonical
from featurecols.analyzers.label_sums import ids_of_texts
from featurecols.columns._categorical import if_missing, with_missing
from featurecols.columns.base import Column, Field, Learned
from featurecols.columns.bound import Bound, CategoricalBound
from featurecols.data.fields.base import FieldView

_DENSE = 1 << 22  # ids up to this many have a table of rows


def check_terms(source: object, kind: str) -> None:
    """Raise ColumnError unless `source` is a field or a column that gives one id a row."""
    if not isinstance(source, Field) and not (isinstance(source, Column) and source.categorical):
        hint = "bucketize numbers first: Bucketized(field, Quantiles(50))"
        raise errors.argument(kind, "source must be a field or a categorical column", source, hint)
    if source.weight_field is not None or (isinstance(source, Column) and source.weighs):
        raise errors.argument(kind, "source must not be weighted", source, "give the column without weights")


class TermRows(Protocol):
    """What finds rows: k terms have rows 0 to k - 1, missing values row k, unseen ones row k + 1."""

    @property
    def ordered(self) -> bool:
        """Whether the terms are in an order that means something: intervals, parts of times, integers that are ids."""

    def of(self, values: FieldView | Ids) -> Array:
        """Return the row of each value, int32 [n]; one of -1 is k + 1."""

    def of_one(self, value: object) -> int:
        """Return the row of one value."""

    def text(self, term: int) -> str:
        """Return a term as text."""

    def expression(self, source: Expression) -> IdExpression:
        """Return the rows as ids."""


def term_rows(column: Column, learned: Learned, source: Field | Bound) -> TermRows:
    """Return what finds the rows of the terms that a column learned from its source."""
    terms = Texts(learned["term_offsets"], learned["term_data"])
    if isinstance(source, CategoricalBound):
        return _IdRows(column, ids_of_texts(terms), source)
    return _TextRows(column, terms)


def take_rows(table: Array, rows: Array, out: Array) -> None:
    """Write table[rows] into out, float32 [n, width]; a row of -1 is the last one."""
    if len(rows) != len(out):
        raise ValueError(f"{len(rows)} rows for {len(out)}")
    if table.shape[1] == 1:
        kernels.numeric.gather_features(table.ravel(), rows, out)
    else:
        out[...] = table[rows]


def _lists(column: Column, got: object) -> errors.DataError:
    key = column.term_fields()[0]
    hint = "a list has no single term: give a field of one value a row"
    return errors.bad_value(column.name, key, 0, "needs one value a row", got, hint)


class _TextRows:
    """Rows by the canonical bytes of a field."""

    ordered = False

    def __init__(self, column: Column, terms: Texts) -> None:
        self._column, self._terms, self._key = column, terms, column.inputs()[0].name
        self._missing = len(terms)

    def of(self, values: FieldView | Ids) -> Array:
        if isinstance(values, Ids):
            raise TypeError("a field is read")
        found = with_missing(values.map_texts(self, self._of_texts), values, self._missing)
        if found.offsets is not None and len(values):
            raise _lists(self._column, "a list")
        return found.values

    def _of_texts(self, texts: Texts) -> Array:
        table = self._terms.once("lookup", lambda terms: kernels.lookup.build(terms.offsets, terms.data))
        return kernels.lookup.find(table, texts.offsets, texts.data, texts.valid)

    @cached_property
    def _ids(self) -> dict[bytes, int]:
        counters.increment("terms")
        return {self._terms[i]: i for i in range(len(self._terms))}

    def of_one(self, value: object) -> int:
        if value is None:
            return self._missing
        if isinstance(value, (list, tuple)):
            raise _lists(self._column, value)
        return self._ids.get(canonical(value, self._column.name, self._key), self._missing + 1)

    def text(self, term: int) -> str:
        return self._terms[term].decode("utf-8", "backslashreplace")

    def expression(self, source: Expression) -> IdExpression:
        terms = tuple(self._terms[i] for i in range(len(self._terms)))
        return if_missing([source], self._missing, Lookup(as_text(source), terms, self._missing + 1))


class _IdRows:
    """Rows by the ids of a column; ids that are negative are missing."""

    def __init__(self, column: Column, ids: Array, source: CategoricalBound) -> None:
        self._column, self._known, self._source = column, ids, source
        self._table: Array | None = None
        if source.bounded and source.num_buckets <= _DENSE and (not len(ids) or ids[-1] < source.num_buckets):
            self._table = np.full(source.num_buckets + 1, -1, np.int32)
            self._table[ids] = np.arange(len(ids), dtype=np.int32)
            self._table[-1] = len(ids)  # that of id -1

    def of(self, values: FieldView | Ids) -> Array:
        if not isinstance(values, Ids):
            raise TypeError("ids are read")
        if values.offsets is not None and len(values):
            raise _lists(self._column, "a list")
        ids = values.values
        if self._table is not None:
            found: Array = self._table[ids]
            return found
        known = self._known
        at = np.searchsorted(known, ids)
        there = known[np.minimum(at, len(known) - 1)] == ids if len(known) else np.zeros(len(ids), np.bool_)
        return np.where(ids < 0, len(known), np.where(there, at, -1)).astype(np.int32)

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {int(i): k for k, i in enumerate(self._known)}

    @property
    def ordered(self) -> bool:
        kind = self._source.meaning(int(self._known[0])).kind if len(self._known) else ""
        column = self._source.column
        return (isinstance(column, Column) and column.counts) or kind in ("interval", "id")

    def of_one(self, value: object) -> int:
        if not isinstance(value, int):
            raise _lists(self._column, value)
        return len(self._known) if value < 0 else self._rows.get(value, len(self._known) + 1)

    def text(self, term: int) -> str:
        return str(self._source.meaning(int(self._known[term])))

    def expression(self, source: Expression) -> IdExpression:
        return PositionOf(as_ids(source), tuple(self._known.tolist()), len(self._known) + 1, len(self._known))
