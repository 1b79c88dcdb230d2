"""Parquet (or CSV) in, Parquet out: one file for each file, visible when all are complete, continued after a kill."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.progress import Progress
from featurecols._core.suggestions import explain_arguments
from featurecols.jobs import job
from featurecols.jobs import output_columns as layouts
from featurecols.jobs.batch_transform import BatchTransform, Columns, Rows
from featurecols.jobs.inputs import Paths
from featurecols.jobs.job import JobResult as JobResult


@explain_arguments
def transform_parquet(
    plan: layouts.AnyPlan,
    source: Paths,
    target: str | os.PathLike[str],
    *,
    keep: str | Sequence[str] = (),
    layout: str = "features",
    threads: int | None = None,
    progress: Progress | bool | None = None,
    overwrite: bool = False,
    row_group_rows: int | None = None,
) -> JobResult:
    """Transform Parquet or CSV files, row group by row group in bounded memory, into Parquet files of the same names.

    The same as plan.transform_files(source, target, ...).

    The target appears when everything is complete and flushed to the disk, and not before. A run that was killed
    continues when it is called again with the same plan, options and unchanged files; finished files are not done again.

    Args:
        plan: what to do with each row.
        source: a Parquet or CSV file, a folder (with folders inside), a glob, or a list of these.
        target: a folder; or a `.parquet` file when the source is one file; or a `.npy` file for one float32 matrix of all
            rows, files in order of their names.
        keep: columns of the source, one name or several, that go through as they are, first in the output.
        layout: "features" is one fixed_size_list<float32> column `features`; "columns" is one float32 column per output
            name; "ids" is the numbers as `features`, then for every slot of ids an int32 or int64 column of its name (-1
            where there is none) or lists of them, `<slot>_weights` where ids have weights, `<slot>_length` for sequences.
        threads: how many compute; the output never depends on it.
        progress: True for a progress bar, or a function that is called with (rows done, rows in all or None) after every block.
        overwrite: replace an existing target, in one rename, once the new one is complete.
        row_group_rows: rows of a row group in the output; None cuts as the source is cut, or finer where rows are wide.

    Returns:
        JobResult: counts and seconds. The files' schema metadata holds `featurecols`: the plan's fingerprint, the digest of
        its tables, version, layout, and the names of outputs and slots, as JSON.

    Raises:
        OutputError: the target exists, is being written by another run, or cannot be written; a kept name is an output's
            name; an unfinished run with other options exists. All before anything is written, a full disk aside.
        DataError: the source is not there or cannot be read, a kept field has two types, or data does not fit the columns
            (with the row counted over all files in order), or a file changed meanwhile; nothing stays on the disk then.
        PlanError: the layout needs a matrix and an output is a bare categorical column.

    >>> import tempfile, featurecols as fc
    >>> from pathlib import Path
    >>> plan = fc.compile([fc.Numeric("distance"), fc.Indicator(fc.Vocabulary("origin", ["EWR", "JFK", "LGA"]))])
    >>> target = Path(tempfile.mkdtemp()) / "flights.parquet"
    >>> done = fc.transform_parquet(plan, fc.datasets.flights_path(), target, keep=["late"], layout="columns")
    >>> done.rows, done.files
    (60000, 1)
    """
    if not hasattr(plan, "encoded_slots"):
        hint = "make one with fc.fit(columns, data), or fc.load(folder)"
        raise errors.plan(PlanTransform.subject, "needs a plan first", plan, hint)
    if layout not in layouts.LAYOUTS:
        raise errors.argument(PlanTransform.subject, "unknown layout", layout, f"choose one of {', '.join(layouts.LAYOUTS)}")
    transform = PlanTransform(plan, layout, threads)
    return job.run(transform, source, target, keep=keep, progress=progress, overwrite=overwrite, row_group_rows=row_group_rows)


class PlanTransform(BatchTransform):
    """A plan's output in a layout."""

    subject: ClassVar[str] = "transform_parquet"
    alternative: ClassVar[str] = "plan.transform(data)"

    def __init__(self, plan: layouts.AnyPlan, layout: str, threads: int | None) -> None:
        if layout != "ids":
            plan.require_matrix(self.subject)
        self.plan, self.layout, self.threads = plan, layout, threads
        kinds = plan.input_uses.items()
        self.needs = [(key, "category" if "category" in uses else "number") for key, uses in kinds]
        self.width = plan.width if layout == "features" else None
        self.row_bytes = 4 * (sum(slot.width or 4 for slot in plan.encoded_slots) if layout == "ids" else plan.width)

    def columns(self, data: Rows) -> Columns:
        return layouts.LAYOUTS[self.layout](self.plan, data, self.threads)

    def write_matrix(self, data: Rows, out: Array) -> None:
        self.plan.transform(data, out=out, threads=self.threads)

    @property
    def fingerprint(self) -> str:
        return self.plan.fingerprint

    def dependencies(self) -> dict[str, str]:
        return {"plan": self.plan.fingerprint, "tables": self.plan.tables_digest, "layout": self.layout}

    def metadata(self) -> dict[bytes, bytes]:
        return layouts.metadata(self.plan, self.layout)
