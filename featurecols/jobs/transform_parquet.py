"""Parquet (or CSV) in, Parquet out: one file for each file, visible when all are complete, continued after a kill."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from featurecols import errors
from featurecols._core import thread_pool
from featurecols._core.arrays import Array
from featurecols._core.progress import Progress
from featurecols._core.suggestions import explain_arguments
from featurecols.jobs import job
from featurecols.jobs import output_columns as layouts
from featurecols.jobs.bad_rows import MaxErrors
from featurecols.jobs.batch_transform import BatchTransform, Columns, Rows
from featurecols.jobs.inputs import Paths
from featurecols.jobs.job_result import JobResult as JobResult


@explain_arguments
def transform_parquet(
    plan: layouts.AnyPlan,
    source: Paths,
    target: str | os.PathLike[str],
    *,
    keep: str | Sequence[str] = (),
    layout: str = "features",
    threads: int | None = None,
    processes: int | None = None,
    progress: Progress | bool | None = None,
    overwrite: bool = False,
    row_group_rows: int | None = None,
    on_error: str = "fail",
    max_errors: MaxErrors = None,
    resume: bool = False,
    new_only: bool = False,
    partition_by: str | Sequence[str] = (),
    rows_per_file: int | None = None,
) -> JobResult:
    """Return plan.transform_files(source, target, ...); an alias, as fc.models.predict_parquet is."""
    if not hasattr(plan, "encoded_slots"):
        hint = "make one with fc.fit(columns, data), or fc.load(folder)"
        raise errors.plan("transform_parquet", "needs a plan first", plan, hint)
    transform = PlanTransform(plan, layout, threads)
    return job.run(
        transform,
        source,
        target,
        keep=keep,
        processes=processes,
        progress=progress,
        overwrite=overwrite,
        row_group_rows=row_group_rows,
        on_error=on_error,
        max_errors=max_errors,
        resume=resume,
        new_only=new_only,
        partition_by=partition_by,
        rows_per_file=rows_per_file,
    )


class PlanTransform(BatchTransform):
    """A plan's output in a layout."""

    subject: ClassVar[str] = "transform_files"
    alternative: ClassVar[str] = "plan.transform(data)"

    def __init__(self, plan: layouts.AnyPlan, layout: str, threads: int | None) -> None:
        if layout not in layouts.LAYOUTS:
            raise errors.argument(self.subject, "unknown layout", layout, f"choose one of {', '.join(layouts.LAYOUTS)}")
        encoded = layout in ("ids", "sparse")
        if not encoded:
            plan._require_matrix(self.subject)
        self.plan, self.layout, self._all = plan, layout, thread_pool.count(threads)
        # A block is computed while the one before it is written. All threads for both would wait for the interpreter, and for
        # each other's memory: a fifth more processor time, and no less time.
        self.threads = max(1, self._all // 2)
        kinds = plan.input_uses.items()
        self.needs = [(key, "category" if "category" in uses else "number") for key, uses in kinds]
        self.width = plan.width if layout == "features" else None
        self.row_bytes = 4 * (sum(slot.width or 4 for slot in plan.encoded_slots) if encoded else plan.width)

    def columns(self, data: Rows) -> Columns:
        return layouts.LAYOUTS[self.layout](self.plan, data, self.threads)

    def write_matrix(self, data: Rows, out: Array) -> None:
        self.plan.transform(data, out=out, threads=self._all)

    def share(self, processes: int) -> PlanTransform:
        return PlanTransform(self.plan, self.layout, max(1, self._all // processes))

    @property
    def fingerprint(self) -> str:
        return self.plan.fingerprint

    def dependencies(self) -> dict[str, str]:
        return {"plan": self.plan.fingerprint, "tables": self.plan.tables_digest, "layout": self.layout}

    def metadata(self) -> dict[bytes, bytes]:
        return layouts.metadata(self.plan, self.layout)
