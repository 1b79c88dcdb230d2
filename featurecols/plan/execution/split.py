"""A program in two: what the fields of a request give alone, and what reads fields of its items, too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from featurecols import errors
from featurecols._core import arrays
from featurecols._core.arrays import Array, Features, Ids
from featurecols._core.fork_safe import cached_property
from featurecols._core.slots import DenseSlot
from featurecols.data.batch import Batch
from featurecols.data.fields.base import FieldView
from featurecols.plan.execution.operations import Block, Value, evaluations
from featurecols.plan.execution.program import Program
from featurecols.plan.execution.row_compiler import RowWithIds


class Given(Protocol):
    """What a request gives for each of its items.

    Attributes:
        row: float32 [width of the matrix], zeros where items write.
        features: the same as encoded features of one row.
    """

    @property
    def row(self) -> Array: ...
    @property
    def features(self) -> Features: ...
    def values(self, rows: int) -> Mapping[int, Value]:
        """Return what columns of both sides read of the request, by node, for so many rows."""


class PartialProgram(Program):
    """The operations of a program over some of its nodes; the others are what a request gives, see `joined`."""

    has_row_path = False  # it needs all nodes

    def __init__(
        self, whole: Program, nodes: Collection[int], evaluated: Collection[int] = (), taken: Iterable[str] = ()
    ) -> None:
        """Take some of its nodes.

        evaluated: columns whose values are wanted even if no other reads them. taken: fields that no batch may have.
        """
        cached = {name for name, value in vars(Program).items() if isinstance(value, cached_property)}
        self.__dict__.update({name: value for name, value in vars(whole).items() if name not in cached})
        self.fields = [field for field in whole.fields if field[0] in nodes]
        keys = {field.key for _, field in self.fields}
        self.needs = [need for need in whole.needs if need[0] in keys]
        self._given: Given | None = None
        self._taken = frozenset(taken)
        wanted = {e.node for e in whole._evaluations if e.node in nodes}.union(evaluated)
        outputs = [o._replace(shared=o.node in wanted) for o in whole.outputs if o.node in nodes]
        self._arrange(outputs, evaluations(self.bounds, self.inputs, [i for i in self.bounds if i in wanted]))

    def joined(self, given: Given) -> PartialProgram:
        """Return the same program for the items of a request."""
        found = object.__new__(PartialProgram)
        found.__dict__.update(self.__dict__, _given=given)
        return found

    def prepare(self) -> None:
        """Make what all joined programs share."""
        _ = self._encodes, self._coverage

    def row_with(self, nodes: Iterable[int]) -> RowWithIds:
        """Return a function that gives the matrix row of a dict, and the ids of some nodes."""
        return self._row_compiler.of_mapping_with(nodes)

    def block(self, views: Sequence[FieldView], start: int, stop: int, out: Array | None = None) -> Block:
        block = super().block(views, start, stop, out)
        if self._given is not None:
            block.shared = self._given.row
            for node, value in self._given.values(stop - start).items():
                block.values[node] = value
        return block

    def _dense(self, rows: int) -> Array:
        if self._given is None:
            return super()._dense(rows)
        out = arrays.empty((rows, self.dense_width), np.float32)
        out[...] = self._given.features.dense
        return out

    def views(self, batch: Batch, workers: int = 1) -> list[FieldView]:
        if batch.num_rows:
            check_not_taken(self._taken, batch.names)
        return super().views(batch, workers)


class Split:
    """A program in two for requests that give the same fields.

    Attributes:
        keys: the fields of the request.
        own, items: the operations over these fields alone, and all others.
        shared: the nodes of `own` that others read.
        fields, between: the operations that give those of them that are fields, and all of them.
        ids: the nodes of `own` that give ids which others read, or encode returns.
        sources: for each output of `own` that gives ids, the nodes of which; None where one of them has steps.
        row: the row path of `own`: the matrix row of a dict, and these ids.
    """

    def __init__(self, whole: Program, keys: Collection[str]) -> None:
        self.whole, names = whole, dict.fromkeys(field.key for _, field in whole.fields)
        self.keys = tuple(key for key in names if key in keys)
        ready = {i for i, field in whole.fields if field.key in keys}
        for i in whole.bounds:  # in the order in which nodes read others
            if all(j in ready for j in whole.inputs[i]):
                ready.add(i)
        others = set(range(whole.size)) - ready
        self.shared = sorted({j for i in others for j in whole.inputs[i] if j in ready})
        needed = set(self.shared)
        for i in sorted(ready, reverse=True):
            needed.update(whole.inputs[i] if i in needed else ())
        outputs = [o for o in whole.outputs if o.node in ready]
        read = {*self.shared, *(j for o in outputs for j in (o.node, *o.inputs))}
        self.ids = [i for i, bound in whole.bounds.items() if i in read and bound.categorical]
        self.own, self.items = PartialProgram(whole, ready, self.ids), PartialProgram(whole, others, taken=self.keys)
        self.between, self.fields = PartialProgram(whole, needed), PartialProgram(whole, needed - whole.bounds.keys())
        self.items.prepare()
        found = [o for o in self.own.outputs if not isinstance(o.slot, DenseSlot)]
        self.sources: dict[str, tuple[int, ...]] | None = None
        if all(o.slot.max_length is None for o in self.own.outputs):
            self.sources = {o.name: (o.node,) if o.bound.categorical else o.inputs for o in found}
        self.row = self.own.row_with(self.ids)
        self._dtypes: dict[int, np.dtype[np.signedinteger]] | None = None

    def types_of(self, block: Callable[[], Block]) -> dict[int, np.dtype[np.signedinteger]]:
        """Return the types of the ids of a row, by node, of which there is one.

        block: evaluates `own` over arrays, which the first call asks for.
        """
        if self._dtypes is None:
            seen = block().values
            found = {i: ids for i in self.ids if isinstance(ids := seen[i], Ids)}
            self._dtypes = {i: x.values.dtype for i, x in found.items() if x.offsets is None and x.weights is None}
        return self._dtypes


def check_not_taken(taken: Collection[str], names: Iterable[str]) -> None:
    """Raise DataError for a field of items that the request has, too."""
    for name in names:
        if name in taken:
            hint = "leave it out of the items, or out of the row of the request"
            raise errors.DataError("request", "its items have values of their own", field=name, hint=hint)
