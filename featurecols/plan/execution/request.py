"""One request against many items: what the row of the request gives alone is done once, for all its items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from featurecols import errors
from featurecols._core import arrays, thread_pool
from featurecols._core.arrays import Array, Features, Floats, Ids
from featurecols._core.fork_safe import cached_property
from featurecols._core.numbers import Numbers
from featurecols._core.slots import DenseSlot
from featurecols._core.suggestions import attributes_of
from featurecols.data.batch import Batch, Source
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.text import TextField
from featurecols.data.sources import Data, as_source
from featurecols.plan.execution.operations import Value
from featurecols.plan.execution.program import Limit
from featurecols.plan.execution.split import PartialProgram, Split, check_not_taken

T = TypeVar("T")
_FINISH = Limit("finish", "give fewer items at once")


class RequestRow:
    """The row of a request, and what it gives alone.

    The row path computes most of it: features, and ids where a row has one. Ids in lists, numbers that others read, and fields
    are arrays of one row.

    Attributes:
        row: float32 [width of the matrix], zeros where items write.
    """

    def __init__(self, split: Split, row: Mapping[str, object]) -> None:
        self._split, self._given = split, {key: row[key] for key in split.keys}
        found, ids = split.row(row)
        self.row: Array = np.frombuffer(found, np.float32) if found else np.empty(0, np.float32)
        self._dtypes = split.types_of(lambda: self._of_arrays(split.own, lambda views: split.own.evaluate(views, 0, 1)))
        self._ids = {i: v for i, v in zip(split.ids, ids, strict=True) if type(v) is int and i in self._dtypes}
        left = [i for i in split.shared if i not in self._ids]
        program = split.between if any(i in split.whole.bounds for i in left) else split.fields
        values = self._of_arrays(program, lambda views: program.evaluate(views, 0, 1)).values if left else []
        self._shared = {i: v for i in split.shared if (v := self._one(i) if i in self._ids else values[i]) is not None}
        self._repeated: dict[int, dict[int, Value]] = {}

    def _one(self, node: int) -> Ids:
        """Return the only id of a node."""
        return Ids(np.array([self._ids[node]], self._dtypes[node]))

    @cached_property
    def features(self) -> Features:
        """Return what it gives alone, as Features of one row."""
        own, sources = self._split.own, self._split.sources
        if sources is None or not all(i in self._ids for read in sources.values() for i in read):
            return self._of_arrays(own, lambda views: own.encode(views, 0, 1))
        dense, ids = np.zeros((1, own.dense_width), np.float32), {}
        for output in own.outputs:
            slot, read = output.slot, sources.get(output.name)
            if isinstance(slot, DenseSlot):
                dense[0, slot.start : slot.stop] = self.row[output.start : output.stop]
            elif read is not None:
                found = [self._one(i) for i in read]
                ids[slot.name] = found[0] if output.bound.categorical else output.bound.id_source(*found)
        return Features(dense, ids, {}, own.slots)

    def values(self, rows: int) -> dict[int, Value]:
        """Return what columns of both sides read of it, by node, for so many rows."""
        if rows not in self._repeated:
            self._repeated = {rows: {node: _repeat(value, rows) for node, value in self._shared.items()}}
        return self._repeated.get(rows) or {node: _repeat(value, rows) for node, value in self._shared.items()}

    def _of_arrays(self, program: PartialProgram, run: Callable[[list[FieldView]], T]) -> T:
        """Return what a program over fields of the request gives for arrays of one row."""
        given = self._given
        try:
            return run(program.views(Batch.lazy(given, 1, lambda key: _as_column(key, given[key]))))
        except errors.DataError as e:  # of the only row, which needs no number
            raise errors.DataError(e.subject, e.problem, field=e.field, got=e.got, hint=e.hint) from None


class Request:
    """The fields of one request, to be joined to those of its items: what Plan.begin gives.

    Columns that read fields of the request alone were computed when it was made; finish and encode repeat them for each item,
    and compute all others, crosses of both included. The bits are those of the whole rows.

    Attributes:
        fields: the fields that the row of the request gave, by key.
    """

    def __init__(self, split: Split, row: Mapping[str, object]) -> None:
        self.fields = split.keys
        self._split, self._row = split, RequestRow(split, row)

    if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
        __getattr__ = attributes_of("Request")

    def __repr__(self) -> str:
        """Return the fields of both sides.

        >>> import featurecols as fc
        >>> fc.compile([fc.Numeric("age"), fc.Numeric("price")]).begin({"age": 31})
        Request of age; items give price
        """
        items = dict.fromkeys(field.key for _, field in self._split.items.fields)
        return f"Request of {', '.join(self.fields) or 'no field'}; items give {', '.join(items) or 'no field'}"

    def finish(self, items: Data, *, threads: int | None = None) -> Floats:
        """Return the matrix of all items with the request, float32 [n, width]: the bits of transform over whole rows.

        Args:
            items: rows with the other fields of the plan, as for transform; their number is that of the result.
            threads: how many; the result never depends on it.

        Raises:
            PlanError: when an output is a bare categorical column. DataError: for a field that the request gave too, and for
                what transform raises it for.
        """
        source, workers = self._source(items), thread_pool.count(threads)
        if (bare := self._split.whole.first_non_dense_output) is not None:
            raise errors.plan("finish", "a categorical column gives ids, not features", bare, "use encode(items)")
        joined = self._split.items.joined(self._row)
        found = list(joined.transform_batches(source, None, workers, _FINISH))
        return found[0] if len(found) == 1 else arrays.concatenate(found)

    def encode(self, items: Data, *, threads: int | None = None) -> Features:
        """Return Features of all items with the request: those of Plan.encode over whole rows.

        Args and errors as of finish.
        """
        source, workers = self._source(items), thread_pool.count(threads)
        joined = self._split.items.joined(self._row)
        found = [self._complete(features) for features in joined.encode_batches(source, None, workers, _FINISH)]
        return found[0] if len(found) == 1 else Features.concatenate(found)

    def _source(self, items: Data) -> Source:
        source = as_source(items)
        check_not_taken(self.fields, source.known_names())  # of which batches have those alone that are read
        return source

    def _complete(self, features: Features) -> Features:
        """Return Features of items with the ids and lengths that the request alone gives."""
        own, rows = self._row.features, len(features)
        ids = {**features.ids, **{name: _repeat_ids(found, rows) for name, found in own.ids.items()}}
        lengths = {**features.lengths, **{name: np.repeat(found, rows) for name, found in own.lengths.items()}}
        names = [slot.name for slot in features.slots]
        in_order = {name: ids[name] for name in names if name in ids}
        return Features(features.dense, in_order, {name: lengths[name] for name in names if name in lengths}, features.slots)


def _as_column(key: str, value: object) -> object:
    """Return one value as a column; a text, which most are, as what needs no look at its type."""
    if type(value) is str:
        try:
            text = value.encode()
        except UnicodeEncodeError:  # told with its field
            return [value]
        return TextField(key, np.array([0, len(text)], np.int32), np.frombuffer(text, np.uint8), None, pa.string())
    return [value]


def _repeat(value: Value, rows: int) -> Value:
    """Return the value of one row so many times."""
    if isinstance(value, Ids):
        return _repeat_ids(value, rows)
    if isinstance(value, FieldView):
        return value.repeat(rows)
    if value.offsets is None:
        return Numbers(np.repeat(value.values, rows, axis=0))
    return Numbers(
        np.tile(value.values, rows), _offsets(len(value.values), rows), tuple(np.tile(n, rows) for n in value.nested)
    )


def _repeat_ids(ids: Ids, rows: int) -> Ids:
    """Return the ids of one row so many times."""
    flat = ids.compact()
    weights = None if flat.weights is None else np.tile(flat.weights, rows)
    if flat.offsets is None:
        return Ids(np.full(rows, flat.values[0], flat.values.dtype), None, weights)
    return Ids(np.tile(flat.values, rows), _offsets(len(flat.values), rows), weights)


def _offsets(size: int, rows: int) -> NDArray[np.int64]:
    return np.arange(rows + 1, dtype=np.int64) * size
