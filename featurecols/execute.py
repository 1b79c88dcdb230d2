"""Running a bound plan: blocks of rows, each step writing its own slice; threads that share nothing they write.

A Program is the plan's steps in topological order. It knows Bounds and blocks, no files and no tables.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from featurecols import errors, kernels, threads
from featurecols.columns.base import Bound, CategoricalBound, DenseBound, Field, NumberBound
from featurecols.columns.indicator import IndicatorBound
from featurecols.columns.sequence import SequenceBound
from featurecols.features import Features, Slot
from featurecols.rows import Lines
from featurecols.values import Array, Ids

_BLOCK_BYTES = 1 << 20  # about the L2 cache of one core: a block is written while its rows are still there
_BLOCK_ROWS = (512, 65536)
_PLAIN_ROWS = 32768


class Step(NamedTuple):
    """One value that others read: values[node] = run(*values of inputs)."""

    node: int
    inputs: tuple[int, ...]
    run: Callable[..., Any]
    bound: CategoricalBound | NumberBound
    name: str


class Output(NamedTuple):
    """One declared column. start:stop is its slice of the matrix (dense), and its slot says what encode gives for it."""

    node: int
    inputs: tuple[int, ...]
    bound: Bound
    start: int
    stop: int
    slot: Slot
    shared: bool  # its value is computed for other columns too


class Program:
    """Steps and outputs of one plan, ready to run; final."""

    def __init__(
        self, nodes: Sequence[Field | Bound], inputs: Sequence[tuple[int, ...]], outputs: Sequence[int], slots: Sequence[Slot]
    ) -> None:
        self.size = len(nodes)
        named = [(j, node.column.name) for i, node in enumerate(nodes) if not isinstance(node, Field) for j in inputs[i]]
        self._readers = dict(reversed(named))
        self.fields = [(i, node) for i, node in enumerate(nodes) if isinstance(node, Field)]
        read = {j for i, node in enumerate(nodes) if not isinstance(node, Field) for j in inputs[i]}
        self.steps = [_step(i, inputs[i], node) for i, node in enumerate(nodes) if not isinstance(node, Field) and i in read]
        self.outputs: list[Output] = []
        at = 0
        for i, slot in zip(outputs, slots, strict=True):
            bound = nodes[i]
            assert isinstance(bound, Bound)
            width = bound.width if isinstance(bound, DenseBound) else 0
            self.outputs.append(Output(i, inputs[i], bound, at, at + width, slot, i in read))
            at += width
        self.width = at
        bare = (o.slot.name for o in self.outputs if isinstance(o.bound, CategoricalBound))
        self.bare = next(bare, None)  # the first output that gives ids, so that there is no matrix
        self._numbers = [o for o in self.outputs if isinstance(o.bound, NumberBound) and o.bound.width == 1]
        self._number_cells = np.array([o.start for o in self._numbers], np.int64)
        self._indicators = [o for o in self.outputs if isinstance(o.bound, IndicatorBound)]
        self._others = [o for o in self.outputs if o not in self._numbers and o not in self._indicators]
        self._numeric = {j for j, _ in self.fields} - {
            j
            for i, node in enumerate(nodes)
            if not isinstance(node, Field) and node.column.needs != "number"
            for j in inputs[i]
        }

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.fields, self.steps, self.outputs, self.width, self._numeric)

    # One block of rows ----------------------------------------------------------------------------------------------

    def values(self, cells: Sequence[Any], start: int, stop: int, problems: list[errors.DataError]) -> list[Any]:
        """Every value that outputs read, for rows start:stop; a step that fails leaves None and adds to problems."""
        values: list[Any] = [None] * self.size
        for (i, _), cell in zip(self.fields, cells, strict=True):
            values[i] = cell.slice(start, stop)
        for step in self.steps:
            values[step.node] = _attempt(step.name, problems, values, step.inputs, step.run)
        return values

    def write(self, cells: Sequence[Any], start: int, stop: int, out: Array) -> None:
        """Fill out, float32 [stop - start, width]: plain numbers and one-hots in one pass over it, then all others."""
        problems: list[errors.DataError] = []
        values = self.values(cells, start, stop, problems)
        numbers = np.empty((len(self._numbers), stop - start), np.float32)
        for j, output in enumerate(self._numbers):
            self._number(output, values, problems, numbers[j][:, None])
        hot = [o for o in self._indicators if _is_plain(values[o.inputs[0]])]
        ids = np.empty((len(hot), stop - start), np.int32)
        for k, output in enumerate(hot):
            ids[k] = values[output.inputs[0]].values
        starts, stops = (np.array([o[at] for o in hot], np.int64) for at in (3, 4))
        kernels.assemble.assemble(numbers, self._number_cells, ids, starts, stops - starts, out)
        rest = self._others if len(hot) == len(self._indicators) else [o for o in self.outputs if o not in hot]
        for output in rest:
            if output not in self._numbers:
                self._number(output, values, problems, out[:, output.start : output.stop])
        _raise_first(problems, start)

    def _number(self, output: Output, values: list[Any], problems: list[errors.DataError], target: Array) -> None:
        """Fill target with the cells of one output."""
        if not output.shared:
            _attempt(output.slot.name, problems, values, output.inputs, _writer(output.bound, target))
        elif values[output.node] is not None:
            _store(values[output.node].values, target)

    def encode(self, cells: Sequence[Any], start: int, stop: int) -> Features:
        """Features of rows start:stop."""
        problems: list[errors.DataError] = []
        values = self.values(cells, start, stop, problems)
        slots = tuple(output.slot for output in self.outputs)
        dense = np.zeros((stop - start, sum(s.width for s in slots)), np.float32)
        ids: dict[str, Ids] = {}
        lengths: dict[str, Array] = {}
        for output in self.outputs:
            slot = output.slot
            run = _encoder(output, values, dense[:, slot.start : slot.stop])
            found = _attempt(slot.name, problems, values, output.inputs, run)
            if slot.kind == "ids" and found is not None:
                ids[slot.name] = found
            if isinstance(output.bound, SequenceBound):
                lengths[slot.name] = _attempt(slot.name, problems, values, output.inputs, output.bound.lengths)
        _raise_first(problems, start)
        return Features(dense, ids, lengths, slots)

    # A batch, block by block ----------------------------------------------------------------------------------------

    def _cells(self, batch: Any) -> list[Any]:
        """Every field of a batch; what cannot be read at all is told by the first column that would have read it."""
        found = []
        for i, field in self.fields:
            try:
                found.append(batch.cells(field.key, field.missing))
            except errors.DataError as e:
                raise e.seen_by(self._readers[i]) from None
        return found

    def fill(self, batch: Any, out: Array, workers: int) -> None:
        """Fill out, float32 [rows of the batch, width], with blocks on `workers` threads."""
        cells = self._cells(batch)
        # rows that are written in one pass need no cache for the matrix, only for what is gathered into it
        rows = _BLOCK_BYTES // (4 * max(self.width, 1)) if self._others else _PLAIN_ROWS
        blocks = _blocks(batch.num_rows, min(max(rows, _BLOCK_ROWS[0]), _BLOCK_ROWS[1]))

        def task(block: tuple[int, int]) -> None:
            self.write(cells, *block, out[block[0] : block[1]])

        for _ in threads.run(task, blocks, workers):
            pass

    def encode_batch(self, batch: Any, workers: int) -> Features:
        cells = self._cells(batch)
        blocks = _blocks(batch.num_rows, 4 * _BLOCK_ROWS[1])  # they are put together afterwards: few of them
        return Features.concatenate(list(threads.run(lambda b: self.encode(cells, *b), blocks, workers)))

    # One row --------------------------------------------------------------------------------------------------------

    def row(self, row: Mapping[str, Any]) -> array[float]:
        """The matrix row of one dict, as an array of typecode "f"."""
        try:
            return self._lines.of_mapping(row)
        except KeyError as e:
            key = next((field.key for _, field in self.fields if field.key not in row), None)
            if key is None:
                raise
            raise errors.missing_field(key, map(str, row)) from e

    def fill_rows(self, batch: Any, out: Array) -> None:
        """`fill` by the row path: what a handful of rows costs least, and nothing is compiled."""
        columns = [cells.to_pylist() for cells in self._cells(batch)]
        for r, raw in enumerate(zip(*columns, strict=True) if columns else ()):
            try:
                out[r] = self._lines.of_values(*raw)
            except errors.DataError as e:
                raise e.shifted(0) if e.row is not None else _at_row(e, r) from None


def _step(node: int, inputs: tuple[int, ...], bound: Any) -> Step:
    if isinstance(bound, CategoricalBound):
        return Step(node, inputs, bound.ids, bound, bound.column.name)
    assert isinstance(bound, NumberBound)
    return Step(node, inputs, bound.values, bound, bound.column.name)


def _attempt(
    who: str, problems: list[errors.DataError], values: list[Any], inputs: tuple[int, ...], run: Callable[..., Any]
) -> Any:
    """run over its inputs; a DataError is kept, so that the first bad row of all columns is the one reported."""
    arguments = [values[j] for j in inputs]
    if any(a is None for a in arguments):
        return None
    try:
        return run(*arguments)
    except errors.DataError as e:
        problems.append(e.seen_by(who))
        return None


def _raise_first(problems: list[errors.DataError], start: int) -> None:
    if problems:
        raise min(problems, key=lambda e: -1 if e.row is None else e.row).shifted(start)


def _is_plain(ids: Ids | None) -> bool:
    """One unweighted int32 id a row."""
    return ids is not None and ids.offsets is None and ids.weights is None and ids.values.dtype == np.int32


def _writer(bound: Any, out: Array) -> Callable[..., None]:
    return lambda *inputs: bound.write(*inputs, out=out)


def _store(values: Array, out: Array) -> None:
    with np.errstate(over="ignore"):
        out[...] = values.reshape(out.shape)


def _encoder(output: Output, values: list[Any], out: Array) -> Callable[..., Any]:
    bound = output.bound
    if isinstance(bound, CategoricalBound):
        return bound.ids if not output.shared else lambda *_: values[output.node]
    assert isinstance(bound, DenseBound)
    if output.slot.kind == "ids":
        return bound.id_source
    return _writer(bound, out)


def _blocks(rows: int, size: int) -> Iterable[tuple[int, int]]:
    return [(start, min(start + size, rows)) for start in range(0, rows, size)] or [(0, 0)]


def _at_row(error: errors.DataError, row: int) -> errors.DataError:
    return errors.DataError(error.who, error.what, field=error.field, row=row, got=error.got, todo=error.todo)
