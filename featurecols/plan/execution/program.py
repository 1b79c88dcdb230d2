"""Running a bound plan: blocks of rows, each output writing its own slice; threads that share nothing they write.

A Program is the operations of a plan in topological order. It knows Bounds and blocks, no files and no tables.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from functools import partial
from typing import ClassVar, NamedTuple, TypeGuard, TypeVar

import numpy as np

from featurecols import errors, kernels
from featurecols._core import arrays, limits, memory_limit, thread_pool
from featurecols._core.arrays import Array, Features
from featurecols._core.fork_safe import cached_property
from featurecols._core.slots import Slot
from featurecols.columns.base import Field
from featurecols.columns.bound import Bound
from featurecols.data.batch import Batch, Needs, Source
from featurecols.data.field_types import FieldType
from featurecols.data.fields.base import FieldView
from featurecols.plan.execution.coverage import LEAST_ROWS, Coverage, Look, shows_known
from featurecols.plan.execution.operations import (
    Block,
    Encode,
    Evaluate,
    FusedWriter,
    Operation,
    Output,
    evaluations,
    outputs_of,
)
from featurecols.plan.execution.profile import Clock, Profile
from featurecols.plan.execution.row_compiler import RowCompiler, RowWithIds
from featurecols.plan.execution.small_calls import SmallCalls
from featurecols.plan.execution.tuning import Tuning

T = TypeVar("T")
_PLAIN = frozenset((str, int, float, bool, type(None)))
_SMALL_WIDTH = 1 << 12  # features: the matrix of a small table is small, whatever memory there is
_ROW_FOR_ROW = "give one row for each row of the data"


class Rows(NamedTuple):
    """One batch of a source to work on.

    Attributes:
        batch: the rows.
        first_row: how many rows of the source are before it.
        workers: how many threads work on it.
    """

    batch: Batch
    first_row: int
    workers: int


class Limit(NamedTuple):
    """The check that a result fits into memory.

    Attributes:
        subject: the method that is told to have too large a result.
        hint: the way out.
        total: whether the results of the batches before are kept, too.
    """

    subject: str
    hint: str = errors.DENSE_HINT
    total: bool = False

    def check(self, rows: Rows, width: int) -> None:
        """Raise SizeError where float32 [rows, width] is too large."""
        count = rows.batch.num_rows + (rows.first_row if self.total else 0)
        memory_limit.check(self.subject, count * width * 4, self.hint)
        limits.check_matrix(self.subject, count, width)


class Program:
    """The operations of one plan, ready to run; final.

    Attributes:
        needs: the raw fields that are read, by key, and how.
        fields: the same with their nodes.
        types: of the fields by key, where they are known.
        bounds: the columns by node.
        outputs: the declared columns.
        width: features of the matrix.
        first_non_dense_output: name of the first output that gives ids, so that there is no matrix; None without one.
        tuning: how work is cut.
        has_row_path: whether rows can be computed one by one, from all fields that it reads.
    """

    tuning = Tuning()
    has_row_path: ClassVar[bool] = True

    def __init__(
        self,
        nodes: Sequence[Field | Bound],
        inputs: Sequence[tuple[int, ...]],
        outputs: Sequence[int],
        slots: Sequence[Slot],
        needs: Needs,
        types: Mapping[str, FieldType] | None = None,
    ) -> None:
        """types: of the fields, by key, those that are known."""
        self.inputs, self.size, self.needs = inputs, len(nodes), needs
        self.fields = [(i, node) for i, node in enumerate(nodes) if isinstance(node, Field)]
        self._prepared = {i for i, field in self.fields if field.prepares}
        self.types = types or {}
        self.bounds = {i: node for i, node in enumerate(nodes) if not isinstance(node, Field)}
        self._readers = dict(reversed([(j, bound.column.name) for i, bound in self.bounds.items() for j in inputs[i]]))
        self._categories = {j for i, bound in self.bounds.items() if bound.column.needs != "number" for j in inputs[i]}
        self.slots, self.dense_width = tuple(slots), sum(slot.width for slot in slots)
        declared = outputs_of(outputs, self.bounds, inputs, slots, set(self._readers))
        self.width = declared[-1].stop
        self.first_non_dense_output = next((o.name for o in declared if o.bound.categorical), None)
        self._arrange(declared, evaluations(self.bounds, inputs, [i for i in self.bounds if i in self._readers]))

    def _arrange(self, outputs: Sequence[Output], evaluations: Sequence[Evaluate]) -> None:
        """Lay out what is done with a block: values that others read, then these declared columns."""
        self.outputs, self._evaluations = outputs, evaluations
        fused = FusedWriter(self.outputs)
        together = {o.node for o in (*fused.numbers, *fused.onehots)}
        others = [o for o in self.outputs if o.node not in together]
        self._written_after: list[Operation] = [fused, *others]
        self._writes: list[Operation] = [*self._evaluations, *self._written_after]
        self._is_fused = not others
        self._written = sum(o.stop - o.start for o in outputs)  # features of these columns, a row
        self._touched = len(self.fields) + sum(max(o.slot.width, 1) for o in outputs)  # codes read and features written, a row

    @cached_property
    def _encodes(self) -> list[Encode]:
        return [Encode.of(o) for o in self.outputs]

    @cached_property
    def _small_calls(self) -> SmallCalls:
        read = {j for output in self.outputs for j in output.inputs}
        return SmallCalls(self.size, self.fields, self.types, self._evaluations, read)

    @cached_property
    def _small_encoding(self) -> tuple[SmallCalls, list[Encode]]:
        """Return what encodes small tables: ids that are an output, and that nothing else reads, are looked up as well."""
        own = [o.bound.categorical and not o.shared and o.slot.max_length is None for o in self.outputs]
        given = evaluations(self.bounds, self.inputs, [o.node for o, is_own in zip(self.outputs, own, strict=True) if is_own])
        outputs = [o._replace(shared=o.shared or is_own) for o, is_own in zip(self.outputs, own, strict=True)]
        read = {j for o in outputs if not (o.shared and o.bound.categorical and o.slot.max_length is None) for j in o.inputs}
        calls = SmallCalls(self.size, self.fields, self.types, [*self._evaluations, *given], read)
        return calls, [Encode.of(o) for o in outputs]

    @cached_property
    def _coverage(self) -> Coverage:
        return Coverage(self.fields, self.bounds, self.inputs, self.outputs)

    def _new_look(self) -> Look | None:
        """Return what looks at the first rows of one call; None where no column may miss a value."""
        return Look(self._coverage.watched) if self._coverage.watched else None

    @cached_property
    def _row_compiler(self) -> RowCompiler:
        numeric = {i for i, _ in self.fields} - self._categories
        return RowCompiler(self.fields, self._evaluations, self.outputs, self.width, numeric, self.types)

    # One block of rows ----------------------------------------------------------------------------------------------

    def block(self, views: Sequence[FieldView], start: int, stop: int, out: Array | None = None) -> Block:
        """Return rows start:stop of the fields as a block to run operations over."""
        block = Block(self.size, stop - start) if out is None else Block(self.size, stop - start, out)
        for (i, _), view in zip(self.fields, views, strict=True):
            block.values[i] = view.slice(start, stop)
        return block

    def evaluate(self, views: Sequence[FieldView], start: int, stop: int) -> Block:
        """Return rows start:stop with the value of every node that others read; raises at the first bad row."""
        block = self.block(views, start, stop)
        run(self._evaluations, block)
        block.finish(start)
        return block

    def attempt(self, block: Block) -> None:
        """Evaluate every node that others read; what fails stays among the problems of the block."""
        run(self._evaluations, block)

    def write(self, views: Sequence[FieldView], start: int, stop: int, out: Array, look: Look | None = None) -> None:
        """Fill out, float32 [stop - start, width]: plain numbers and one-hots in one pass over it, then all others.

        look: warns where each value of a field is unseen.
        """
        block = self.block(views, start, stop, out)
        run(self._writes, block)
        block.finish(start)
        if look is not None:
            look.at(block)

    def encode(self, views: Sequence[FieldView], start: int, stop: int, workers: int = 1, look: Look | None = None) -> Features:
        """Return Features of rows start:stop, with outputs on `workers` threads; look as in `write`."""
        block = self.block(views, start, stop, self._dense(stop - start))
        run(self._evaluations, block)
        if workers == 1:
            run(self._encodes, block)
        else:
            for _ in thread_pool.run(lambda operation: operation.run(block), self._encodes, workers):
                pass
        block.finish(start)
        if look is not None:
            look.at(block)
        return self._features(block)

    def _features(self, block: Block) -> Features:
        """Return what was encoded into a block."""
        slots = self.slots
        ids = {slots[k].name: block.ids[k] for k in sorted(block.ids)}
        return Features(block.out, ids, {slots[k].name: block.lengths[k] for k in sorted(block.lengths)}, slots)

    def _dense(self, rows: int) -> Array:
        """Return the dense part of so many rows before its columns are written."""
        return _zeros(rows, self.dense_width)

    # A batch, block by block ----------------------------------------------------------------------------------------

    def views(self, batch: Batch, workers: int = 1) -> list[FieldView]:
        """Return every field of a batch; what cannot be read at all is an error of the first column that reads it."""
        types = self.types

        def read(field: tuple[int, Field]) -> FieldView:
            try:
                if field[0] in self._prepared:
                    return field[1].read(batch, types.get(field[1].key))
                return batch.field(field[1].key, field[1].missing, types.get(field[1].key))
            except errors.DataError as e:
                raise e.seen_by(self._readers[field[0]]) from None

        few = workers == 1 or batch.num_rows * len(self.fields) < self.tuning.inline_values
        if few or (not self._prepared and batch.lies_ready(field.key for _, field in self.fields)):
            return [read(field) for field in self.fields]
        return list(thread_pool.run(read, self.fields, workers))

    def fill(self, batch: Batch, out: Array, workers: int, look: Look | None = None) -> None:
        """Fill out, float32 [rows of the batch, width], with blocks on `workers` threads; look at the first, as in `write`."""
        views, blocks = self.views(batch, workers), self._blocks(batch.num_rows, workers)
        if workers == 1 or len(blocks) == 1:
            for start, stop in blocks:
                self.write(views, start, stop, out[start:stop], look if start == 0 else None)
            return
        for _ in thread_pool.run(
            lambda b: self.write(views, *b, out[b[0] : b[1]], look if b[0] == 0 else None), blocks, workers
        ):
            pass

    def _blocks(self, rows: int, workers: int = 1) -> list[tuple[int, int]]:
        if self._is_fused and rows <= self.tuning.fused_rows[0]:
            return [(0, rows)]
        return self.tuning.blocks(rows, self._written, len(self.outputs), self._is_fused, workers)

    def fill_timed(self, batch: Batch, clock: Clock) -> None:
        """Do what `fill` does on one thread, with a clock around every part; the matrix of a block is thrown away."""
        views = []
        for _, field in self.fields:
            with clock.part("field", field.key):
                views.append(field.read(batch, self.types.get(field.key)))
        for start, stop in self._blocks(batch.num_rows):
            block = Block(self.size, stop - start, np.empty((stop - start, self.width), np.float32))
            for (i, field), view in zip(self.fields, views, strict=True):
                with clock.part("field", field.key):
                    block.values[i] = view.slice(start, stop)
            run(self._writes, block, clock)
            block.finish(start)

    def encode_views(self, views: Sequence[FieldView], rows: int, workers: int, look: Look | None = None) -> Features:
        """Return Features of the fields of a batch, in blocks or outputs on `workers` threads; look as in `fill`."""
        if rows * self._touched <= self.tuning.inline_features and all(view.light for view in views):
            workers = 1
        if rows <= self.tuning.encode_rows[0]:  # a single block
            return self.encode(views, 0, rows, workers if rows >= self.tuning.block_rows[0] else 1, look)
        blocks = self.tuning.encode_blocks(rows, workers)
        if len(blocks) == 1:
            return self.encode(views, 0, rows, workers, look)
        found = thread_pool.run(lambda b: self.encode(views, *b, look=look if b[0] == 0 else None), blocks, workers)
        return Features.concatenate(list(found))

    # A small table -------------------------------------------------------------------------------------------------

    def transform_small(self, data: object) -> Array | None:
        """Return the matrix of a small table in memory, or of a few dicts; None where it is to be made in the ordinary way.

        So is what is refused: errors then say which row of which field they mean.
        """
        if type(data) is list:
            return self._of_dicts(data) if 0 < len(data) <= self.tuning.dict_rows else None
        try:
            if not self._is_small(data, self.width) or (found := self._small_calls.block(data)) is None:
                return None
            block, left = found
            block.out = arrays.empty((block.rows, self.width), np.float32)
            run(left, block)
            run(self._written_after, block)
        except errors.DataError:
            return None
        return None if block.problems or self._may_warn(block) else block.out

    def _of_dicts(self, rows: list[object]) -> Array | None:
        """Return the matrix of a few dicts of plain values, which mean the same in a row as in a table; else None."""
        found = []
        try:
            for row in rows:
                if type(row) is not dict or not _PLAIN.issuperset(map(type, row.values())):
                    return None
                found.append(self._row_compiler.of_mapping(row))
        except (KeyError, errors.DataError):
            return None
        return np.array(found, np.float32).reshape(len(rows), self.width)

    def encode_small(self, data: object, most: int | None = None) -> Features | None:
        """Return Features of a small table of at most `most` rows; None where it is to be encoded in the ordinary way."""
        try:
            if not self._is_small(data, self.dense_width) or (most is not None and len(data) > most):
                return None
            calls, encodes = self._small_encoding
            if (found := calls.block(data)) is None:
                return None
            block, left = found
            block.out = self._dense(block.rows)
            run(left, block)
            run(encodes, block)
        except errors.DataError:
            return None
        return None if block.problems or self._may_warn(block) else self._features(block)

    def _is_small(self, data: object, width: int) -> TypeGuard[Sized]:
        """Return whether data may be a table that is read column by column; width: features of its matrix."""
        library = type(data).__module__.partition(".")[0]
        if library not in ("pandas", "pyarrow") or not isinstance(data, Sized) or not 0 < len(data) <= self.tuning.small_rows:
            return False
        return not self._prepared and width <= _SMALL_WIDTH and kernels.loaded()

    def _may_warn(self, block: Block) -> bool:
        """Return whether the rows have to be looked at for a warning."""
        return block.rows >= LEAST_ROWS and not all(shows_known(watched, block) for watched in self._coverage.watched)

    # A source, batch by batch ---------------------------------------------------------------------------------------

    def transform_into(self, out: Array, source: Source, workers: int) -> None:
        """Fill out, float32 [n, width], with the n rows of a source. Raises PlanError where it has more or fewer rows."""
        *_, stop = run_batches(partial(self._fill_rows_of, out, self._new_look()), source, self.needs, None, workers)
        if stop != len(out):
            raise errors.plan("transform", f"out must have {stop} rows", len(out), _ROW_FOR_ROW)

    def transform_expected(self, out: Array, source: Source, workers: int, limit: Limit) -> Array:
        """Return the matrix of a source, float32 [n, width]: the first rows of `out`, unless it has too few."""
        look = self._new_look()

        def fill(rows: Rows) -> Array:
            limit.check(rows, self.width)
            stop = rows.first_row + rows.batch.num_rows
            part = out[rows.first_row : stop] if stop <= len(out) else self._new_matrix(rows)
            self._fill_batch(rows, part, look)
            return part

        stop, parts = 0, list(run_batches(fill, source, self.needs, None, workers))
        for i, part in enumerate(parts):
            if stop + len(part) > len(out):
                return arrays.concatenate([out[:stop], *parts[i:]])
            stop += len(part)
        return out[:stop]

    def transform_batches(self, source: Source, batch_size: int | None, workers: int, limit: Limit) -> Iterator[Array]:
        """Yield the matrix of each batch of a source, float32 [rows, width]."""
        return run_batches(partial(self._transform_batch, limit, self._new_look()), source, self.needs, batch_size, workers)

    def encode_batches(self, source: Source, batch_size: int | None, workers: int, limit: Limit) -> Iterator[Features]:
        """Yield Features of each batch of a source."""
        return run_batches(partial(self._encode_batch, limit, self._new_look()), source, self.needs, batch_size, workers)

    def _fill_rows_of(self, out: Array, look: Look | None, rows: Rows) -> int:
        """Fill the rows of one batch in the matrix of a whole source; return the row after the last."""
        stop = rows.first_row + rows.batch.num_rows
        if stop > len(out):
            raise errors.plan("transform", "out has too few rows", len(out), _ROW_FOR_ROW)
        self._fill_batch(rows, out[rows.first_row : stop], look)
        return stop

    def _transform_batch(self, limit: Limit, look: Look | None, rows: Rows) -> Array:
        limit.check(rows, self.width)
        out = self._new_matrix(rows)
        self._fill_batch(rows, out, look)
        return out

    def _new_matrix(self, rows: Rows) -> Array:
        return arrays.empty((rows.batch.num_rows, self.width), np.float32)

    def _fill_batch(self, rows: Rows, out: Array, look: Look | None) -> None:
        batch, look = rows.batch, None if look is None else look.after(rows.first_row)
        try:
            few = self.has_row_path and batch.num_rows < self.tuning.row_path_rows
            if few and not kernels.loaded() and not batch.parse:
                self.fill_rows(batch, out)
                if look is not None:
                    look.at_rows(self.views(batch))
            else:
                self.fill(batch, out, rows.workers, look)
        except errors.DataError as e:
            raise e.shifted(rows.first_row) from None

    def _encode_batch(self, limit: Limit, look: Look | None, rows: Rows) -> Features:
        if self.dense_width:
            limit.check(rows, self.dense_width)
        try:
            views = self.views(rows.batch, rows.workers)
            looks = None if look is None else look.after(rows.first_row)
            return self.encode_views(views, rows.batch.num_rows, rows.workers, looks)
        except errors.DataError as e:
            raise e.shifted(rows.first_row) from None

    def profile(self, source: Source) -> Profile:
        """Return where the time goes while a source is transformed on one thread."""
        clock, stop = Clock(), 0
        found = batches(source, self.needs)
        while True:
            with clock.part("read", "data"):
                rows = next(found, None)
            if rows is None:
                return clock.profile(stop)
            try:
                self.fill_timed(rows.batch, clock)
            except errors.DataError as e:
                raise e.shifted(rows.first_row) from None
            stop = rows.first_row + rows.batch.num_rows

    # One row --------------------------------------------------------------------------------------------------------

    def row(self, row: Mapping[str, object]) -> array[float]:
        """Return the matrix row of one dict, as an array of typecode "f"."""
        try:
            return self._row_compiler.of_mapping(row)
        except KeyError as e:
            raise self.missing_field(row) or e from e

    def missing_field(self, row: Mapping[str, object]) -> errors.DataError | None:
        """Return the error of a row without a field that is read; None where all are there."""
        key = next((field.key for _, field in self.fields if field.key not in row), None)
        return None if key is None else errors.missing_in_row(key, map(str, row))

    def row_function(self, outputs: Sequence[Output], width: int, nodes: Sequence[int]) -> RowWithIds:
        """Return a function that gives the features of some outputs for a dict, and the ids of some nodes."""
        wanted = {e.node for e in self._evaluations}.union(nodes)
        evaluated = evaluations(self.bounds, self.inputs, [i for i in self.bounds if i in wanted])
        numeric = {i for i, _ in self.fields} - self._categories
        written = [o._replace(shared=o.node in wanted) for o in outputs]
        return RowCompiler(self.fields, evaluated, written, width, numeric, self.types).of_mapping_with(nodes)

    def fill_rows(self, batch: Batch, out: Array) -> None:
        """Fill out by the row path: what a handful of rows costs least, and nothing is compiled."""
        columns = [view.to_pylist() for view in self.views(batch)]
        for r, raw in enumerate(zip(*columns, strict=True) if columns else ()):
            try:
                out[r] = self._row_compiler.of_values(*raw)
            except errors.DataError as e:
                raise e.shifted(0) if e.row is not None else _at_row(e, r) from None


def batches(source: Source, needs: Needs, batch_size: int | None = None, workers: int = 1) -> Iterator[Rows]:
    """Yield the batches of a source in order, each to be worked on by `workers` threads."""
    first_row = 0
    for batch in source.batches(needs, batch_size):
        yield Rows(batch, first_row, workers)
        first_row += batch.num_rows


def run_batches(task: Callable[[Rows], T], source: Source, needs: Needs, batch_size: int | None, workers: int) -> Iterator[T]:
    """Yield task(rows) of the batches of a source, in order.

    If a source has enough fragments, each thread takes a whole one: threads that share a batch wait for each other many
    times, those that share a source seldom. Otherwise a batch is worked on by all threads, one batch after another.
    """
    try:
        if workers > 1 and len(source.fragments()) >= 2 * workers:
            # in flight: memory for as few batches as keep the threads busy
            yield from thread_pool.run(task, batches(source, needs, batch_size, 1), workers, workers + 1)
        else:
            for rows in batches(source, needs, batch_size, workers):
                yield task(rows)
    except MemoryError as error:
        raise memory_limit.exhausted("a batch of the data", error) from None


def run(operations: Iterable[Operation], block: Block, clock: Clock | None = None) -> None:
    """Run operations over a block, in order, each followed by what it leaves to do; a clock adds up the time of each."""
    for operation in operations:
        if clock is None:
            left = operation.run(block)
        else:
            with clock.part(operation.kind, operation.name):
                left = operation.run(block)
        if left:
            run(left, block, clock)


def _zeros(rows: int, width: int) -> Array:
    if rows * width < 1 << 15:  # small arrays are not worth keeping
        return np.zeros((rows, width), np.float32)
    found = arrays.empty((rows, width), np.float32)
    found.fill(0)
    return found


def _at_row(error: errors.DataError, row: int) -> errors.DataError:
    return errors.DataError(error.subject, error.problem, field=error.field, row=row, got=error.got, hint=error.hint)
