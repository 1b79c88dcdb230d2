"""How data fits a plan: what is missing, unseen, out of range and converted, counted batch by batch in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array, Ids, Texts
from featurecols.analyzers.base import State
from featurecols.columns.base import Field
from featurecols.data import arrow_buffers
from featurecols.data.batch import Source
from featurecols.data.field_types import SPELLED
from featurecols.data.fields import spelled
from featurecols.data.fields.base import FieldView
from featurecols.plan.drift import compare
from featurecols.plan.execution.operations import Block, Output
from featurecols.plan.execution.program import Program, batches
from featurecols.plan.field_states import FieldCollector, statistics_of
from featurecols.plan.one_pass import Key
from featurecols.plan.report import ColumnReport, FieldReport, Report
from featurecols.plan.statistics import FieldStatistics, Statistics

_ROWS, _FEATURES = 1 << 16, 1 << 22  # of the matrix that is looked at, at most
_MOST_BUCKETS = 1 << 24  # of a column whose features are counted


def check(program: Program, source: Source, training: Statistics | None = None) -> Report:
    """Return the report of the rows of a source; training: what each field is compared with."""
    collector = None if training is None else FieldCollector(program)
    fields = [_FieldCounts(program, k, i, f) for k, (i, f) in enumerate(program.fields)]
    columns = [_FeatureCounts(program, output) for output in program.outputs]
    widest = max([1, *(counts.width for counts in columns)])
    step, num_rows = max(1, min(_ROWS, _FEATURES // widest)), 0
    for rows in batches(source, program.needs):
        views = program.views(rows.batch)
        if collector is not None:
            collector.add(views, rows.first_row)
        for start in range(0, rows.batch.num_rows, step):
            stop = min(start + step, rows.batch.num_rows)
            block = program.block(views, start, stop)
            for counts in fields:
                counts.add(views[counts.position].slice(start, stop), rows.first_row + start)
            program.attempt(block)
            for column in columns:
                column.add(block)
        num_rows += rows.batch.num_rows
    by_node = {counts.node: counts for counts in fields}
    return Report(
        rows=num_rows,
        fields=dict(_merged(fields)),
        columns={
            counts.output.name: ColumnReport(_unseen(program, counts.output.node, by_node), counts.constant())
            for counts in columns
        },
        problem=next((counts.problem for counts in fields if counts.problem), None),
        drift={} if training is None or collector is None else compare(program, training, collector.states),
        training_rows=0 if training is None else training.rows,
    )


def check_states(program: Program, states: Mapping[Key, State], rows: int, training: Statistics | None) -> Report:
    """Return the report of rows whose statistics were collected; of their fields alone."""
    found = statistics_of(program, states, rows)
    drift = {} if training is None else compare(program, training, states)
    return Report(
        rows, {key: _field_report(f) for key, f in found.fields.items()}, {}, None, drift, training.rows if training else 0
    )


def collect_statistics(program: Program, source: Source) -> Statistics:
    """Return the statistics of the rows of a source. Raises DataError for a value that cannot be read."""
    collector = FieldCollector(program)
    for rows in batches(source, program.needs):
        collector.add(program.views(rows.batch), rows.first_row, strict=True)
    return collector.statistics()


def _field_report(found: FieldStatistics) -> FieldReport:
    values = max(1, found.values)
    shares = (None if n is None else n / values for n in (found.missing, found.unseen, found.out_of_range))
    missing, unseen, outside = shares
    return FieldReport(missing, unseen, outside, None)


@dataclass
class _FieldCounts:
    """What is counted of one field, in the values of its rows; a list without elements is one missing value."""

    program: Program
    position: int
    node: int
    source: Field
    values: int = 0
    missing: int = 0
    unseen: int | None = None
    out_of_range: int | None = None
    converted: int = 0
    problem: str | None = None
    by_column: dict[int, int] = field(default_factory=dict)  # how many values are unseen by each column

    def add(self, view: FieldView, first_row: int) -> None:
        """Count the values of one block; a value that cannot be read at all is kept as the problem."""
        if self.problem is not None:
            return
        readers = [(i, b) for i, b in self.program.bounds.items() if self.node in self.program.inputs[i]]
        try:
            missing, lists, converted = _read(view, {b.column.needs for _, b in readers})
            unseen = [(i, b.unseen(view)) for i, b in readers]
            outside = [found for _, b in readers if (found := b.out_of_range(view)) is not None]
        except errors.DataError as e:
            self.problem = str(e.shifted(first_row))
            return
        self.values += len(missing) + lists
        self.missing += int(missing.sum()) + lists
        self.converted += converted
        by_all: Array | None = None
        for i, found in unseen:
            if found is not None:
                self.by_column[i] = self.by_column.get(i, 0) + int((found & ~missing).sum())
                by_all = found if by_all is None else by_all & found
        if by_all is not None:
            self.unseen = (self.unseen or 0) + int((by_all & ~missing).sum())
        if outside:
            self.out_of_range = (self.out_of_range or 0) + int((np.logical_or.reduce(outside) & ~missing).sum())

    def share(self, count: int | None) -> float | None:
        """Return a count as a share of the values; None where nothing was counted."""
        if count is None or self.problem is not None:
            return None
        return count / self.values if self.values else 0.0


def _read(view: FieldView, needs: set[str]) -> tuple[Array, int, int]:
    """Return which elements are missing, how many lists have none, and how many elements are read as another type."""
    elements, offsets = view.elements() if view.depth else (view, None)
    while elements.depth:
        elements, _ = elements.elements()
    lists = 0 if offsets is None else int((np.diff(offsets) == 0).sum())
    is_text = elements.value_type().type == "text"
    if "time" in needs:
        valid = elements.times().valid
        return np.zeros(len(elements), np.bool_) if valid is None else ~valid, lists, 0
    if needs == {"presence"}:
        return elements.missing(), lists, 0
    if "number" in needs:
        missing = np.isnan(elements.numbers().values)
        return missing, lists, _converted(elements, ~missing) if is_text else 0
    tokens = elements.tokens()
    texts = tokens.texts
    there = np.ones(len(texts), np.bool_) if texts.valid is None else texts.valid
    changed = np.zeros(len(texts), np.bool_)
    if is_text and elements.type_name in SPELLED and texts.integral is not None:
        changed = texts.integral & there
    if tokens.codes is not None:
        there, changed = np.append(there, False)[tokens.codes], np.append(changed, False)[tokens.codes]
    return ~there, lists, _converted(elements, changed)


def _converted(elements: FieldView, read: Array) -> int:
    """Return how many of the texts that are read as another value are not written as the text of a CSV file writes one."""
    if elements.words() is None or not read.any():
        return int(read.sum())
    found = spelled.scan(Texts(*arrow_buffers.texts(elements.to_arrow().cast(pa.large_binary()))))
    plain = found.is_integer | found.is_float
    if elements.type_name in ("boolean", "integer"):
        plain = found.is_boolean if elements.type_name == "boolean" else found.is_integer
    return int((read & ~plain).sum())


def _merged(fields: list[_FieldCounts]) -> Iterator[tuple[str, FieldReport]]:
    """Yield the report of each key once: Fields of one key that differ in markers are reported as the first of them."""
    done: set[str] = set()
    for counts in fields:
        if counts.source.key not in done:
            done.add(counts.source.key)
            yield (
                counts.source.key,
                FieldReport(
                    counts.share(counts.missing),
                    counts.share(counts.unseen),
                    counts.share(counts.out_of_range),
                    counts.share(counts.converted),
                ),
            )


def _unseen(program: Program, node: int, fields: dict[int, _FieldCounts]) -> float | None:
    """Return the share of unseen ids of a column: of a cross, that of the part with most of them."""
    shares: list[float] = []
    for j in program.inputs[node]:
        if j in fields:
            share = fields[j].share(fields[j].by_column.get(node))
        else:
            share = _unseen(program, j, fields)
        shares += [] if share is None else [share]
    return max(shares, default=None)


class _FeatureCounts:
    """Which features of one declared column have the same value in all rows."""

    def __init__(self, program: Program, output: Output) -> None:
        self.program, self.output, self.failed, self.rows = program, output, False, 0
        slot, buckets = output.slot, output.slot.num_buckets
        self.of_ids = bool(buckets) and output.bound.width == buckets and slot.table is None and slot.max_length is None
        self.width = 0 if self.of_ids else output.bound.width
        self.failed = output.bound.width == 0 or self.width > _FEATURES or buckets > _MOST_BUCKETS
        size = 0 if self.failed else output.bound.width
        self.total, self.in_rows = np.zeros(size * self.of_ids, np.int64), np.zeros(size * self.of_ids, np.int64)
        self.first: Array | None = None
        self.same = np.ones(size, np.bool_)

    def add(self, block: Block) -> None:
        """Look at one block; a row that cannot be transformed makes the answer unknown."""
        if self.failed or block.rows == 0:
            return
        before = len(block.problems)
        if self.of_ids:
            ids = block.attempt(self.output, self.output.bound.id_source)
            if isinstance(ids, Ids):
                self._count(ids)
        else:
            matrix = np.zeros((block.rows, self.width), np.float32)
            self.output.write(block, matrix)
            bits = matrix.view(np.uint32)
            self.first = bits[0].copy() if self.first is None else self.first
            self.same &= (bits == self.first).all(axis=0)
        self.rows += block.rows
        self.failed = len(block.problems) > before or any(block.values[j] is None for j in self.output.inputs)

    def _count(self, ids: Ids) -> None:
        found, offsets = ids.elements()
        rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        inside = (found.values >= 0) & (found.values < len(self.total))
        values, rows = found.values[inside].astype(np.int64), rows[inside]
        self.total += np.bincount(values, minlength=len(self.total))
        pairs = values if ids.offsets is None else np.unique(rows * len(self.total) + values) % len(self.total)
        self.in_rows += np.bincount(pairs, minlength=len(self.total))

    def constant(self) -> float | None:
        """Return the share of features that are constant; None where that is not known."""
        if self.failed:
            return None
        if self.of_ids:
            self.same = (self.total == 0) | ((self.in_rows == self.rows) & (self.total == self.rows))
        return float(self.same.mean()) if len(self.same) else 0.0
