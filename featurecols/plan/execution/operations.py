"""What a plan does with one block of rows: values that others read, and declared columns, each one operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Ids
from featurecols._core.fused_layout import AS_IT_IS, Chain, FusedNumbers
from featurecols._core.numbers import Numbers
from featurecols._core.slots import DenseSlot, Slot
from featurecols.columns.bound import Bound
from featurecols.data.fields.base import FieldView

Value = FieldView | Ids | Numbers  # what a node gives for a block
NO_ARRAY = np.empty((0, 0), np.float32)


class Problem(NamedTuple):
    """What went wrong in a block: at which row, in which of the operations, and what to raise."""

    row: int
    order: int
    error: errors.DataError


class Block:
    """The values of one block of rows by node, and what went wrong so far: one bad value hides none in an earlier row.

    out: float32 [rows, width], the matrix or the dense part, for operations that write. shared: float32 [width], what each row
    of the matrix holds where no operation writes; None for zeros. ids, lengths: of operations that
    encode, by output.
    """

    __slots__ = ("ids", "lengths", "out", "problems", "rows", "shared", "values")

    def __init__(self, size: int, rows: int, out: Array = NO_ARRAY) -> None:
        self.values: list[Value | None] = [None] * size
        self.rows, self.out = rows, out
        self.shared: Array | None = None
        self.problems: list[Problem] = []
        self.ids: dict[int, Ids] = {}
        self.lengths: dict[int, Array] = {}

    def attempt(self, of: Evaluate | Output, function: Callable[..., Any], **arguments: Any) -> Any:
        """Return function over the inputs of an operation; None where it fails, or where an input did."""
        values = self.values
        inputs = [values[j] for j in of.inputs]
        for value in inputs:
            if value is None:
                return None
        try:
            return function(*inputs, **arguments)
        except errors.DataError as e:
            self.fail(of, e)
            return None

    def evaluated(self, node: int) -> Ids | Numbers | None:
        """Return the value of a column; None where it failed."""
        found = self.values[node]
        return None if isinstance(found, FieldView) else found

    def fail(self, of: Evaluate | Output, error: errors.DataError) -> None:
        """Keep an error with the column that met it as its subject."""
        self.problems.append(Problem(-1 if error.row is None else error.row, of.order, error.seen_by(of.name)))

    def finish(self, start: int) -> None:
        """Raise the error of the first bad row, of two in one row that of the first operation; the block begins at `start`."""
        if self.problems:
            raise min(self.problems, key=lambda p: p[:2]).error.shifted(start)


class Operation(Protocol):
    """One thing to do with a block.

    kind is "step", "matrix" or "column", as profiles show it.
    """

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    def run(self, block: Block) -> Sequence[Operation]:
        """Do it, and return operations that are left to do for this block."""


class Evaluate(NamedTuple):
    """values[node] = function(values of inputs), for what other columns read."""

    node: int
    inputs: tuple[int, ...]
    bound: Bound
    function: Callable[..., Ids | Numbers]
    name: str
    order: int = 0
    kind: str = "step"

    def run(self, block: Block) -> Sequence[Operation]:
        block.values[self.node] = block.attempt(self, self.function)
        return ()


class Output(NamedTuple):
    """One declared column, written into the matrix.

    start:stop is its slice of the matrix, and its slot says what encode gives for it. shared: its value is evaluated for
    other columns too.
    """

    position: int
    node: int
    inputs: tuple[int, ...]
    bound: Bound
    start: int
    stop: int
    slot: Slot
    shared: bool
    name: str
    order: int
    kind: str = "column"

    def run(self, block: Block) -> Sequence[Operation]:
        self.write(block, block.out[:, self.start : self.stop])
        return ()

    def write(self, block: Block, target: Array) -> None:
        """Fill its features, zeroed before."""
        if not self.shared or not self.bound.values_are_features:
            block.attempt(self, self.bound.write, out=target)
            return
        value = block.evaluated(self.node)
        if value is not None:
            with np.errstate(over="ignore"):
                target[...] = value.values.reshape(target.shape)


class Encode(NamedTuple):
    """One declared column, as encode gives it: features of the dense part, or ids, and the lengths of a sequence."""

    output: Output
    name: str
    id_source: Callable[..., Ids] | None  # gives its ids; None where it is dense
    kind: str = "column"

    @classmethod
    def of(cls, output: Output) -> Encode:
        """Return the operation of a declared column."""
        return cls(output, output.name, None if isinstance(output.slot, DenseSlot) else output.bound.id_source)

    def run(self, block: Block) -> Sequence[Operation]:
        output, slot = self.output, self.output.slot
        if self.id_source is None:
            output.write(block, block.out[:, slot.start : slot.stop])
        else:
            if output.shared and output.bound.categorical:
                ids = block.evaluated(output.node)
            else:
                ids = block.attempt(output, self.id_source)
            if isinstance(ids, Ids):
                block.ids[output.position] = ids
        if slot.max_length is not None:
            block.lengths[output.position] = block.attempt(output, output.bound.lengths)
        return ()


def evaluations(bounds: Mapping[int, Bound], inputs: Sequence[tuple[int, ...]], nodes: Iterable[int]) -> list[Evaluate]:
    """Return the operations that give the values of some nodes, in their order."""
    return [Evaluate(i, inputs[i], bounds[i], bounds[i].evaluate, bounds[i].column.name, k) for k, i in enumerate(nodes)]


def outputs_of(
    nodes: Iterable[int], bounds: Mapping[int, Bound], inputs: Sequence[tuple[int, ...]], slots: Iterable[Slot], read: set[int]
) -> list[Output]:
    """Return the declared columns side by side; `read` are the nodes that others read."""
    found: list[Output] = []
    at = 0
    for k, (i, slot) in enumerate(zip(nodes, slots, strict=True)):
        stop = at + bounds[i].width
        found.append(Output(k, i, inputs[i], bounds[i], at, stop, slot, i in read, slot.name, len(bounds) + k))
        at = stop
    return found


class FusedWriter:
    """Plain numbers and one-hots, which are most of most matrices: one pass writes them, over all rows."""

    kind, name = "matrix", "numbers and one-hots"

    def __init__(self, outputs: Sequence[Output]) -> None:
        layouts = [(o, layout) for o in outputs if (layout := o.bound.fused()) is not None]
        numbers = [(o, layout.chain) for o, layout in layouts if layout.chain is not None]
        self.numbers = [o for o, _ in numbers]
        self.onehots = [o for o, layout in layouts if layout.chain is None]
        self._chains = [AS_IT_IS if o.shared else chain for o, chain in numbers]
        self._all = _describe(self.numbers, self._chains)
        self._starts, self._widths = _slices(self.onehots)

    def run(self, block: Block) -> Sequence[Operation]:
        """Fill block.out, zeros or what rows share included; return the one-hots that are not plain and have to be added."""
        found = [_gather(block, o) for o in self.numbers]
        hot = [(o, ids.values) for o in self.onehots if (ids := _plain(block.values[o.inputs[0]])) is not None]
        starts, widths = self._starts, self._widths
        if len(hot) < len(self.onehots):
            starts, widths = _slices([o for o, _ in hot])
        there = [j for j, x in enumerate(found) if x is not None]
        described, chains = self._all, self._chains
        if len(there) < len(found):
            chains = [self._chains[j] for j in there]
            described = _describe([self.numbers[j] for j in there], chains)
        xs = [x for x in found if x is not None]
        suspect = kernels.write_matrix.assemble(
            xs, *described, [ids for _, ids in hot], starts, widths, block.out, block.shared
        )
        if len(suspect) and suspect.max() >= 0:
            for j in np.flatnonzero(suspect >= 0):
                if chains[j].allow_nan:
                    continue
                output = self.numbers[there[j]]
                error = block.attempt(output, output.bound.refusal, start=int(suspect[j]))
                if error is not None:
                    block.fail(output, error)
        if len(hot) == len(self.onehots):
            return ()
        plain = {o.node for o, _ in hot}
        return [o for o in self.onehots if o.node not in plain]


def _describe(numbers: Sequence[Output], chains: Sequence[Chain]) -> FusedNumbers:
    first = np.cumsum([0, *(len(c.ops) for c in chains)])
    ops, a, b = (np.concatenate([c[k] for c in chains]) if chains else np.empty(0) for k in (1, 2, 3))  # type: ignore[misc]
    return FusedNumbers(
        features=np.array([o.start for o in numbers], np.int64),
        defaults=np.array([c.defaults[0] for c in chains], np.float64),
        first=first.astype(np.int64),
        ops=ops.astype(np.int64),
        a=a,
        b=b,
    )


def _slices(outputs: Sequence[Output]) -> tuple[Array, Array]:
    """Return int64 [k] twice: where each output begins, and how many features it has."""
    return np.array([o.start for o in outputs], np.int64), np.array([o.stop - o.start for o in outputs], np.int64)


def _gather(block: Block, output: Output) -> Array | None:
    """Return [rows] of one number: as it was read, or float64 as it was computed for others; None where that failed."""
    if not output.shared:
        return block.attempt(output, output.bound.flat)
    value = block.evaluated(output.node)
    return None if value is None else value.values.reshape(-1)


def _plain(ids: object) -> Ids | None:
    """Return ids of which each row has one, unweighted and int32; None for others."""
    if not isinstance(ids, Ids) or ids.offsets is not None or ids.weights is not None or ids.values.dtype != np.int32:
        return None
    return ids
