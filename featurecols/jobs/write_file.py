"""One file into another: the output of a block of rows is computed while the block before it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from featurecols import errors
from featurecols._core import thread_pool
from featurecols._core.progress import Progress
from featurecols.data.batch import Batch
from featurecols.jobs.arrow_file import ArrowWriter
from featurecols.jobs.bad_rows import BadRow, Policy, Written, mask_of
from featurecols.jobs.batch_transform import BatchTransform, Columns
from featurecols.jobs.inputs import Input, Inputs
from featurecols.jobs.output_columns import variable_lists
from featurecols.jobs.parquet.writer import ParquetWriter
from featurecols.jobs.quarantine import BadRowFile
from featurecols.jobs.reasons import reason_of

_SHOWN = 200  # characters of a bad value at most


@dataclass(frozen=True)
class Task:
    """What is written of one file, and where to.

    Attributes:
        kind: ".arrow" for an Arrow file; Parquet for anything else.
        path: a new file, for the rows.
        aside: a new file, for the bad rows; there is none where there are none.
        policy: what happens to these.
    """

    kind: str
    path: Path
    aside: Path
    policy: Policy


def write(
    task: Task, file: Input, inputs: Inputs, start: int, transform: BatchTransform, report: Progress, limit: int | None
) -> Written:
    """Write the rows of one file, which begins `start` rows into the source.

    The kept columns come first, those of the transform after them. Where more than `limit` rows are bad, it ends early.
    """
    kept, policy = inputs.kept_schema.empty_table(), task.policy
    nullable = policy.on_error == "null"

    def prepare(columns: Columns) -> Columns:
        return variable_lists(columns) if nullable else columns

    def compute(batch: Batch) -> Columns:
        return prepare(transform.columns(batch))

    columns = prepare(transform.columns_of(file.schema))
    fields = [*kept.schema, *(pa.field(name, array.type, nullable) for name, array in columns)]
    schema = pa.schema(fields, transform.metadata())
    done, bad = 0, BadRowFile(task.aside)
    with _open_writer(task, schema, transform.threads) as writer:
        for batch, kept in inputs.blocks(file):
            with locate_errors(file, inputs, start, done):
                columns, refused = policy.attempt(compute, batch, None if limit is None else limit - bad.rows)
            if refused:
                bad.add(describe(refused, file, done))
                if limit is not None and bad.rows > limit:
                    break
                good = mask_of(refused, batch.num_rows)
                columns = policy.replace(columns, good)
                kept = kept if nullable or not inputs.keep else kept.filter(pa.array(good))
            rows = batch.num_rows if nullable else batch.num_rows - len(refused)
            if rows or not refused:
                writer.write([*kept.columns, *(array for _, array in columns)], rows)
            done += batch.num_rows
            report(start + done, inputs.rows)
        writer.finish()
    bad.close()
    return Written(done, bad.rows, bad.first)


def describe(refused: Mapping[int, errors.DataError], file: Input, start: int) -> list[BadRow]:
    """Return bad rows of a block that begins at row `start` of a file, as they are recorded."""
    return [
        BadRow(reason_of(error), file.path, start + row, error.field, None if error.got is None else error.got[:_SHOWN])
        for row, error in refused.items()
    ]


class _Writer:
    """A file that one thread opens, writes and closes; no other thread touches it.

    An interrupt may end the block that uses a writer at any moment, while the thread writes too. The file is then closed
    by the last reference to it, which the thread holds until its write is done.
    """

    def __init__(self, task: Task, schema: pa.Schema, threads: int, thread: ThreadPoolExecutor) -> None:
        self._thread = thread
        self._file = thread.submit(_open_file, task, schema, threads).result()
        self._writing: Future[None] | None = None

    def write(self, columns: Sequence[pa.Array | pa.ChunkedArray], rows: int) -> None:
        """Begin to write a row group once the one before it is written."""
        self._wait()
        self._writing = self._thread.submit(self._file.write, columns, rows)

    def finish(self) -> None:
        """Write what is left, and the footer."""
        self._wait()
        self._thread.submit(self._file.close).result()

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()


def _open_file(task: Task, schema: pa.Schema, threads: int) -> ArrowWriter | ParquetWriter:
    return ArrowWriter(task.path, schema, threads) if task.kind == ".arrow" else ParquetWriter(task.path, schema, threads)


@contextmanager
def _open_writer(task: Task, schema: pa.Schema, threads: int | None) -> Iterator[_Writer]:
    with ThreadPoolExecutor(1, thread_name_prefix="featurecols-write") as thread:
        yield _Writer(task, schema, thread_pool.count(threads), thread)


@contextmanager
def locate_errors(file: Input, inputs: Inputs, start: int, row: int) -> Iterator[None]:
    """Make errors about rows of a block that begins at `row` of a file, `start` rows into the source, say where that is."""
    try:
        yield
    except errors.DataError as e:
        hint = e.hint if e.row is None or not inputs.several else f"{e.hint} (row {e.row + row} of {file.source_name})"
        raise errors.DataError(e.subject, e.problem, field=e.field, row=e.row, got=e.got, hint=hint).shifted(
            start + row
        ) from None
