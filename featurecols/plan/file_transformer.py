"""A plan over files: the batch job, called from the plan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from featurecols._core.progress import Progress
from featurecols._core.suggestions import explain_arguments

if TYPE_CHECKING:
    from featurecols.jobs.bad_rows import MaxErrors
    from featurecols.jobs.inputs import Paths
    from featurecols.jobs.job_result import JobResult
    from featurecols.jobs.output_columns import AnyPlan


class FileTransformer:
    """A plan that transforms files into files."""

    __slots__ = ()

    @explain_arguments
    def transform_files(
        self: AnyPlan,
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
        """Transform Parquet or CSV files, row group by row group in bounded memory, into Parquet files of the same names.

        The target appears when everything is complete and flushed to the disk, and not before. A run that was killed
        continues when it is called again with the same plan, options and unchanged files; finished files are not done again.

        Args:
            source: a Parquet or CSV file, a folder (with folders inside), a glob, a URL of these, or a list of them.
            target: a folder; or a `.parquet` or `.arrow` file when the source is one file; or a `.npy` file for one float32
                matrix of all rows, files in order of their names. Any of these may be a URL in an object store, such as s3://bucket/out;
                or a table, delta:PLACE or iceberg:CATALOG/NAMESPACE.TABLE, to which the rows are added.
            keep: columns of the source, one name or several, that go through as they are, first in the output.
            layout: "features" is one fixed_size_list<float32> column `features`; "columns" is one float32 column per output
                name; "ids" is the numbers as `features`, then for every slot of ids an int32 or int64 column of its name (-1
                where there is none) or lists of them, `<slot>_weights` where ids have weights, `<slot>_length` for sequences;
                "sparse" is the rows of encode(data).to_csr() as lists, `indices` and `values` of features that are not zero.
            threads: how many compute and write; the output never depends on it. 1 still writes beside computing.
            processes: how many share the files and the threads; None is one. The output never depends on it.
            progress: True for a progress bar, or a function that is called with (rows done, rows in all or None) after
                every block.
            overwrite: replace an existing target, in one rename, once the new one is complete.
            row_group_rows: rows of a row group in the output; None cuts as the source is cut, or finer where rows are wide.
            on_error: what happens to bad rows, those with a value that the columns refuse. "fail": the first one is an error.
                "null": all columns of the plan are null there (NaN in a `.npy` file); kept columns stay. "quarantine": they are
                left out. Both list them in a Parquet file, `_quarantine.parquet` in the target, beside a target that is a file
                (`x.quarantine.parquet`): the `reason` as a code, `file`, `row` (from 0 in that file), `field`, `value`.
                Fields of a wrong type, missing fields and damaged files stay errors.
            max_errors: how many rows may be bad: a count (100), a share of all rows (0.01), or both; None for any number. With
                more nothing is written.
            resume: go on with an unfinished run also where files of the source were added, changed or removed since; the
                files that are the same are not done again. Without, such a run is an error. (An equal run goes on anyway.)
            new_only: the target is a folder that grows with its source: files that it holds already are left, by name, size
                and time of the last change of their sources; one that has changed is an error, one whose output was deleted
                is done again. All new files appear at once.
            partition_by: fields of the source, one name or several, whose values name folders of the output, such as
                `day=2024-01-31/part-00000.parquet`; which the files in them do not hold: text, integers, booleans, dates.
            rows_per_file: rows of each file but the last (of a folder), named `part-00000.parquet` and so on: small files are
                merged, large ones are split. None is a file for each source file, or for each folder with `partition_by`.

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
        >>> done = plan.transform_files(fc.datasets.flights_path(), target, keep=["late"], layout="columns")
        >>> done.rows, done.files
        (60000, 1)
        """
        from featurecols.jobs import job, transform_parquet

        transform = transform_parquet.PlanTransform(self, layout, threads)
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
