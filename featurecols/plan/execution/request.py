"""One request against many items: what the row of the request gives alone is done once, for all its items."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, TypeVar

import numpy as np
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
from featurecols.data.sources import Data, as_source
from featurecols.plan.execution.coverage import Look
from featurecols.plan.execution.operations import Block, Output, Value
from featurecols.plan.execution.program import Limit, Program, Rows

T = TypeVar("T")
_FINISH = Limit("finish", "give fewer items at once")


class PartialProgram(Program):
    """The operations of a program over some of its nodes; what others give comes with each request.

    Its matrix holds the declared columns among its nodes side by side.

    Attributes:
        places: where they belong in the whole matrix: first and last + 1 there, and first here; neighbours are joined.
    """

    def __init__(self, whole: Program, nodes: Collection[int], taken: Collection[str] = ()) -> None:
        """taken: fields that no batch may have."""
        cached = {name for name, value in vars(Program).items() if isinstance(value, cached_property)}
        self.__dict__.update({name: value for name, value in vars(whole).items() if name not in cached})
        self.fields = [field for field in whole.fields if field[0] in nodes]
        keys = {field.key for _, field in self.fields}
        self.needs = [need for need in whole.needs if need[0] in keys]
        self._known: Callable[[int], Mapping[int, Value]] = _nothing
        self._taken = frozenset(taken)
        self.places: list[tuple[int, int, int]] = []
        self.width = 0
        self._arrange(
            [self._place(o) for o in whole.outputs if o.node in nodes], [e for e in whole._evaluations if e.node in nodes]
        )

    def _place(self, output: Output) -> Output:
        """Return a declared column with its slice of this matrix."""
        at, width = self.width, output.stop - output.start
        if self.places and self.places[-1][1] == output.start:
            self.places[-1] = self.places[-1][0], output.stop, self.places[-1][2]
        elif width:
            self.places.append((output.start, output.stop, at))
        self.width += width
        return output._replace(start=at, stop=self.width)

    def copy_into(self, out: Array, matrix: Array) -> None:
        """Write a matrix of this program, [n, width] or [1, width], into the whole one, [n, width of all]."""
        for start, stop, at in self.places:
            out[:, start:stop] = matrix[:, at : at + stop - start]

    def knowing(self, known: Callable[[int], Mapping[int, Value]]) -> PartialProgram:
        """Return the same program where known(rows) gives the values of other nodes that it reads."""
        found = copy(self)
        found._known = known
        return found

    def block(self, views: Sequence[FieldView], start: int, stop: int, out: Array | None = None) -> Block:
        block = super().block(views, start, stop, out)
        for node, value in self._known(stop - start).items():
            block.values[node] = value
        return block

    def views(self, batch: Batch, workers: int = 1) -> list[FieldView]:
        if batch.num_rows:
            check_not_taken(self._taken, batch.names)
        return super().views(batch, workers)

    def _fill_batch(self, rows: Rows, out: Array, look: Look | None) -> None:
        """Fill out without the row path, which needs all nodes."""
        try:
            self.fill(rows.batch, out, rows.workers, None if look is None else look.after(rows.first_row))
        except errors.DataError as e:
            raise e.shifted(rows.first_row) from None


class Split:
    """A program in two: what the fields of a request give alone, and all that reads fields of its items, too.

    Attributes:
        keys: the fields of the request.
        own, items: the operations over these fields alone, and all others.
        shared, between: the nodes of `own` that others read, and the operations that give them.
    """

    def __init__(self, whole: Program, keys: Collection[str]) -> None:
        self.whole, names = whole, dict.fromkeys(field.key for _, field in whole.fields)
        self.keys = tuple(key for key in names if key in keys)
        ready = {i for i, field in whole.fields if field.key in keys}
        for i in whole.bounds:  # in the order in which nodes read others
            if all(j in ready for j in whole.inputs[i]):
                ready.add(i)
        others = set(range(whole.size)) - ready
        self.own, self.items = PartialProgram(whole, ready), PartialProgram(whole, others, self.keys)
        self.shared = {j for i in others for j in whole.inputs[i] if j in ready}
        needed = set(self.shared)
        for i in sorted(ready, reverse=True):
            needed.update(whole.inputs[i] if i in needed else ())
        self.between = PartialProgram(whole, needed)


class Request:
    """The fields of one request, to be joined to those of its items: what Plan.begin gives.

    Columns that read fields of the request alone were computed when it was made; finish and encode repeat them for each item,
    and compute all others, crosses of both included. The bits are those of the whole rows.

    Attributes:
        fields: the fields that the row of the request gave, by key.
    """

    def __init__(self, split: Split, row: Mapping[str, object]) -> None:
        self.fields = split.keys
        self._split, self._given = split, {key: row[key] for key in split.keys}
        self._row = np.zeros((1, split.whole.width), np.float32)  # of the whole matrix
        split.own.copy_into(self._row, np.array(split.own.row(row), np.float32).reshape(1, -1))
        values = self._of_one_row(split.between, lambda views: split.between.evaluate(views, 0, 1)).values
        self._shared = {j: value for j in split.shared if (value := values[j]) is not None}
        self._repeated: dict[int, dict[int, Value]] = {}
        self._items = split.items.knowing(self._repeat)

    if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
        __getattr__ = attributes_of("Request")

    def __repr__(self) -> str:
        """Return the fields of both sides.

        >>> import featurecols as fc
        >>> fc.compile([fc.Numeric("age"), fc.Numeric("price")]).begin({"age": 31})
        Request of age; items give price
        """
        items = dict.fromkeys(field.key for _, field in self._items.fields)
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
        found = [self._complete(matrix) for matrix in self._items.transform_batches(source, None, workers, _FINISH)]
        return found[0] if len(found) == 1 else arrays.concatenate(found)

    def encode(self, items: Data, *, threads: int | None = None) -> Features:
        """Return Features of all items with the request: those of Plan.encode over whole rows.

        Args and errors as of finish.
        """
        source, workers = self._source(items), thread_pool.count(threads)
        found = [self._complete_features(features) for features in self._items.encode_batches(source, None, workers, _FINISH)]
        return found[0] if len(found) == 1 else Features.concatenate(found)

    @cached_property
    def _features(self) -> Features:
        """Return what the request gives alone as Features of one row."""
        return self._of_one_row(self._split.own, lambda views: self._split.own.encode(views, 0, 1))

    def _of_one_row(self, program: PartialProgram, run: Callable[[list[FieldView]], T]) -> T:
        """Return what a program over fields of the request gives for it."""
        try:
            fields = program.fields
            return run(program.views(next(as_source([self._given]).batches())) if fields else [])
        except errors.DataError as e:  # of the only row, which needs no number
            raise errors.DataError(e.subject, e.problem, field=e.field, got=e.got, hint=e.hint) from None

    def _source(self, items: Data) -> Source:
        source = as_source(items)
        if source.paths:  # of which no other fields are read
            check_not_taken(self.fields, source.schema().names)
        return source

    def _repeat(self, rows: int) -> dict[int, Value]:
        """Return what columns of both read of the request, for so many rows."""
        if rows not in self._repeated:
            self._repeated = {rows: {node: _repeat(value, rows) for node, value in self._shared.items()}}
        return self._repeated.get(rows) or {node: _repeat(value, rows) for node, value in self._shared.items()}

    def _complete(self, matrix: Array) -> Array:
        """Return the whole matrix of items, of which `matrix` is what they give."""
        if not self._split.own.width:
            return matrix
        out = arrays.empty((len(matrix), self._split.whole.width), np.float32)
        out[...] = self._row
        self._split.items.copy_into(out, matrix)
        return out

    def _complete_features(self, features: Features) -> Features:
        """Return Features of items with what the request alone gives."""
        own, rows = self._features, len(features)
        for output in self._split.own.outputs:
            if isinstance(output.slot, DenseSlot):
                start, stop = output.slot.start, output.slot.stop
                features.dense[:, start:stop] = own.dense[:, start:stop]
        ids = {**features.ids, **{name: repeat_ids(found, rows) for name, found in own.ids.items()}}
        lengths = {**features.lengths, **{name: np.repeat(found, rows) for name, found in own.lengths.items()}}
        names = [slot.name for slot in features.slots]
        in_order = {name: ids[name] for name in names if name in ids}
        return Features(features.dense, in_order, {name: lengths[name] for name in names if name in lengths}, features.slots)


def check_not_taken(taken: Collection[str], names: Iterable[str]) -> None:
    """Raise DataError for a field of items that the request has, too."""
    for name in names:
        if name in taken:
            hint = "leave it out of the items, or out of the row of the request"
            raise errors.DataError("request", "its items have values of their own", field=name, hint=hint)


def _nothing(rows: int) -> Mapping[int, Value]:
    return {}


def _repeat(value: Value, rows: int) -> Value:
    """Return the value of one row so many times."""
    if isinstance(value, Ids):
        return repeat_ids(value, rows)
    if isinstance(value, FieldView):
        return value.repeat(rows)
    if value.offsets is None:
        return Numbers(np.repeat(value.values, rows, axis=0))
    return Numbers(
        np.tile(value.values, rows), _offsets(len(value.values), rows), tuple(np.tile(n, rows) for n in value.nested)
    )


def repeat_ids(ids: Ids, rows: int) -> Ids:
    """Return the ids of one row so many times."""
    if ids.offsets is None:
        return Ids(np.repeat(ids.values, rows), None, None if ids.weights is None else np.repeat(ids.weights, rows))
    flat = ids.compact()
    weights = None if flat.weights is None else np.tile(flat.weights, rows)
    return Ids(np.tile(flat.values, rows), _offsets(len(flat.values), rows), weights)


def _offsets(size: int, rows: int) -> NDArray[np.int64]:
    return np.arange(rows + 1, dtype=np.int64) * size
