"""Running a bound plan: blocks of rows, each step writing its own slice; threads that share nothing they write.

A Program is the plan's steps in topological order. It knows Bounds and blocks, no files and no tables.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from featurecols import errors
from featurecols._core import buffer_pool, thread_pool
from featurecols._core.arrays import Array, Ids
from featurecols._core.fork_safe import cached_property
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols.columns.base import Bound, Field
from featurecols.data.fields.base import FieldView
from featurecols.plan.execution.fused import FusedWriter
from featurecols.plan.execution.operations import Block, Output, step
from featurecols.plan.execution.operations import outputs as side_by_side
from featurecols.plan.execution.profile import Clock
from featurecols.plan.execution.row_compiler import RowCompiler
from featurecols.plan.features import Features

_BLOCK_BYTES = 1 << 20  # about the L2 cache of one core: a block is written while its rows are still there
_BLOCK_ROWS = (512, 65536)
_MANY_ROWS = 4096
_PLAIN_ROWS = (16384, 131072)
_PART_ROWS = (1 << 18, 1 << 20)  # of what is encoded at once and put together afterwards: few parts
_FEW_CELLS = 1 << 20  # fields of fewer are converted in less time than threads need to meet
_LIGHT = 1 << 23  # codes read and cells written: threads take longer to meet than these take


class Program:
    """Steps and outputs of one plan, ready to run; final."""

    def __init__(
        self, nodes: Sequence[Field | Bound], inputs: Sequence[tuple[int, ...]], outputs: Sequence[int], slots: Sequence[Slot]
    ) -> None:
        self.nodes, self.inputs, self.size = nodes, inputs, len(nodes)
        bounds = [(i, node) for i, node in enumerate(nodes) if not isinstance(node, Field)]
        self.bounds = dict(bounds)
        self.fields = [(i, node) for i, node in enumerate(nodes) if isinstance(node, Field)]
        self._readers = dict(reversed([(j, bound.column.name) for i, bound in bounds for j in inputs[i]]))
        self._categories = {j for i, bound in bounds if bound.column.needs != "number" for j in inputs[i]}
        self.steps = [step(i, inputs[i], bound) for i, bound in bounds if i in self._readers]
        self.outputs = side_by_side(outputs, nodes, inputs, slots, set(self._readers))
        self.width = self.outputs[-1].stop
        first_non_dense_output = (o.slot.name for o in self.outputs if o.bound.categorical)
        self.first_non_dense_output = next(
            first_non_dense_output, None
        )  # the first output that gives ids, so that there is no matrix
        self._fused = FusedWriter(self.outputs)
        together = {o.node for o in (*self._fused.numbers, *self._fused.onehots)}
        self._others = [o for o in self.outputs if o.node not in together]

    @cached_property
    def _row_compiler(self) -> RowCompiler:
        numeric = {i for i, _ in self.fields} - self._categories
        return RowCompiler(self.fields, self.steps, self.outputs, self.width, numeric)

    # One block of rows ----------------------------------------------------------------------------------------------

    def block(self, cells: Sequence[Any], start: int, stop: int) -> Block:
        """Every value that outputs read, for rows start:stop; a step that fails leaves None and its problem."""
        block = Block(self.size, stop - start)
        for (i, _), cell in zip(self.fields, cells, strict=True):
            block.values[i] = cell.slice(start, stop)
        for s in self.steps:
            block.values[s.node] = block.attempt(s, s.name, s.run)
        return block

    def write(self, cells: Sequence[Any], start: int, stop: int, out: Array) -> None:
        """Fill out, float32 [stop - start, width]: plain numbers and one-hots in one pass over it, then all others."""
        block = self.block(cells, start, stop)
        for output in (*self._fused.write(block, out), *self._others):
            _write(block, output, out[:, output.start : output.stop])
        block.finish(start)

    def encode(self, cells: Sequence[Any], start: int, stop: int, workers: int = 1) -> Features:
        """Features of rows start:stop, with outputs on `workers` threads."""
        block = self.block(cells, start, stop)
        slots = tuple(output.slot for output in self.outputs)
        width = sum(s.width for s in slots)
        dense = buffer_pool.empty((stop - start, width), np.float32)
        dense.fill(0)
        ids: dict[str, Ids] = {}
        lengths: dict[str, Array] = {}

        def task(output: Output) -> tuple[Any, Any, list[errors.DataError]]:
            mine: list[errors.DataError] = []
            run = _encoder(output, block.values, dense[:, output.slot.start : output.slot.stop])
            found = block.attempt(output, output.slot.name, run, mine)
            if output.slot.max_length is None:
                return found, None, mine
            return found, block.attempt(output, output.slot.name, output.bound.lengths, mine), mine

        for output, (found, steps, mine) in zip(self.outputs, thread_pool.run(task, self.outputs, workers), strict=True):
            block.problems += mine
            if isinstance(output.slot, IdSlot) and found is not None:
                ids[output.slot.name] = found
            if output.slot.max_length is not None:
                lengths[output.slot.name] = steps
        block.finish(start)
        return Features(dense, ids, lengths, slots)

    # A batch, block by block ----------------------------------------------------------------------------------------

    def _fields(self, batch: Any, workers: int = 1) -> list[FieldView]:
        """Every field of a batch; what cannot be read at all is told by the first column that would have read it."""

        def read(field: tuple[int, Field]) -> FieldView:
            try:
                return batch.field(field[1].key, field[1].missing)
            except errors.DataError as e:
                raise e.seen_by(self._readers[field[0]]) from None

        return list(thread_pool.run(read, self.fields, workers if batch.num_rows * len(self.fields) >= _FEW_CELLS else 1))

    def fill(self, batch: Any, out: Array, workers: int) -> None:
        """Fill out, float32 [rows of the batch, width], with blocks on `workers` threads."""
        cells, blocks = self._fields(batch, workers), self._cut(batch.num_rows, workers)

        def task(block: tuple[int, int]) -> None:
            self.write(cells, *block, out[block[0] : block[1]])

        for _ in thread_pool.run(task, blocks, workers):
            pass

    def _cut(self, rows: int, workers: int = 1) -> list[tuple[int, int]]:
        if self._others:
            size, (least, most) = _BLOCK_BYTES // (4 * max(self.width, 1)), _BLOCK_ROWS
            least = min(max(least, 2 * len(self.outputs)), _MANY_ROWS)  # each block asks each of many columns once
        else:  # what is written in one pass needs no cache for the matrix: two blocks a thread, so that they end together
            size, (least, most) = -(-rows // (2 * workers)), _PLAIN_ROWS
        return _blocks(rows, min(max(size, least), most))

    def timed(self, batch: Any, clock: Clock) -> None:
        """What `fill` does on one thread, with a clock around every part and a matrix of one block that is thrown away."""
        cells = []
        for _, field in self.fields:
            with clock.part("field", field.key):
                cells.append(batch.field(field.key, field.missing))
        for start, stop in self._cut(batch.num_rows):
            block, out = Block(self.size, stop - start), np.empty((stop - start, self.width), np.float32)
            for (i, field), cell in zip(self.fields, cells, strict=True):
                with clock.part("field", field.key):
                    block.values[i] = cell.slice(start, stop)
            for s in self.steps:
                with clock.part("step", s.name):
                    block.values[s.node] = block.attempt(s, s.name, s.run)
            with clock.part("matrix", "numbers and one-hots"):
                rest = self._fused.write(block, out)
            for output in (*rest, *self._others):
                with clock.part("column", output.slot.name):
                    _write(block, output, out[:, output.start : output.stop])
            block.finish(start)

    def encode_batch(self, batch: Any, workers: int) -> Features:
        cells = self._fields(batch, workers)
        if self._is_light(cells, batch.num_rows):
            workers = 1
        share = -(-batch.num_rows // workers)
        blocks = _blocks(batch.num_rows, min(max(share, _PART_ROWS[0]), _PART_ROWS[1]))
        if len(blocks) == 1:
            return self.encode(cells, *blocks[0], workers if batch.num_rows >= _BLOCK_ROWS[0] else 1)
        return Features.concatenate(list(thread_pool.run(lambda b: self.encode(cells, *b), blocks, workers)))

    def _is_light(self, cells: Sequence[Any], rows: int) -> bool:
        touched = len(self.fields) + sum(max(output.slot.width, 1) for output in self.outputs)
        return rows * touched <= _LIGHT and all(cell.light for cell in cells)

    # One row --------------------------------------------------------------------------------------------------------

    def row(self, row: Mapping[str, Any]) -> array[float]:
        """The matrix row of one dict, as an array of typecode "f"."""
        try:
            return self._row_compiler.of_mapping(row)
        except KeyError as e:
            key = next((field.key for _, field in self.fields if field.key not in row), None)
            if key is None:
                raise
            raise errors.missing_field(key, map(str, row)) from e

    def fill_rows(self, batch: Any, out: Array) -> None:
        """`fill` by the row path: what a handful of rows costs least, and nothing is compiled."""
        columns = [cells.to_pylist() for cells in self._fields(batch)]
        for r, raw in enumerate(zip(*columns, strict=True) if columns else ()):
            try:
                out[r] = self._row_compiler.of_values(*raw)
            except errors.DataError as e:
                raise e.shifted(0) if e.row is not None else _at_row(e, r) from None


def _write(block: Block, output: Output, target: Array) -> None:
    """Fill the cells of one output."""
    if not output.shared:
        block.attempt(output, output.slot.name, _writer(output.bound, target))
    elif block.values[output.node] is not None:
        _store(block.values[output.node].values, target)


def _writer(bound: Any, out: Array) -> Callable[..., None]:
    return lambda *inputs: bound.write(*inputs, out=out)


def _store(values: Array, out: Array) -> None:
    with np.errstate(over="ignore"):
        out[...] = values.reshape(out.shape)


def _encoder(output: Output, values: list[Any], out: Array) -> Callable[..., Any]:
    bound = output.bound
    if isinstance(output.slot, DenseSlot):
        return _writer(bound, out)
    return (lambda *_: values[output.node]) if output.shared and bound.categorical else bound.id_source


def _blocks(rows: int, size: int) -> list[tuple[int, int]]:
    return [(start, min(start + size, rows)) for start in range(0, rows, size)] or [(0, 0)]


def _at_row(error: errors.DataError, row: int) -> errors.DataError:
    return errors.DataError(error.subject, error.problem, field=error.field, row=row, got=error.got, hint=error.hint)
