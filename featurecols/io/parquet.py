"""Parquet (or CSV) in, Parquet out: one file for each file, visible when all are complete, continued after a kill."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from featurecols import errors, files
from featurecols.io import layout as layouts
from featurecols.io import matrix, staging
from featurecols.io.inputs import WHO, Input, Inputs
from featurecols.io.tables import Progress, write
from featurecols.version import __version__

if TYPE_CHECKING:
    from featurecols.plan import Plan

_FILES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".npz", ".arrow", ".feather", ".pq", ".parq", ".gz")  # no names of folders


@dataclass(frozen=True)
class Written:
    """What transform_parquet did: files and rows of the whole target, of which `resumed` files were finished before."""

    target: Path
    files: int
    resumed: int
    rows: int
    bytes: int
    seconds: float
    fingerprint: str

    def __str__(self) -> str:
        again = f", {self.resumed} of them finished before" if self.resumed else ""
        count = f"{self.files:,} file{'' if self.files == 1 else 's'}"
        return f"{self.target}: {self.rows:,} rows in {count}{again}, {self.bytes:,} bytes in {self.seconds:.2f} s"


def transform_parquet(
    plan: Plan,
    source: Any,
    target: str | os.PathLike[str],
    *,
    keep: Sequence[str] = (),
    layout: str = "features",
    threads: int | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
    row_group_rows: int | None = None,
) -> Written:
    """Transform Parquet or CSV files, row group by row group in bounded memory, into Parquet files of the same names.

    The target appears when everything is complete and flushed to the disk, and not before. A run that was killed
    continues when it is called again with the same plan, options and unchanged files; finished files are not done again.

    Args:
        plan: what to do with each row.
        source: a Parquet or CSV file, a folder (with folders inside), a glob, or a list of these.
        target: a folder; or a `.parquet` file when the source is one file; or a `.npy` file for one float32 matrix of all
            rows, files in order of their names.
        keep: columns of the source that go through as they are, first in the output.
        layout: "features" is one fixed_size_list<float32> column `features`; "columns" is one float32 column per output
            name; "ids" is the numbers as `features`, then for every slot of ids an int32 or int64 column of its name (-1
            where there is none) or lists of them, `<slot>_weights` where ids have weights, `<slot>_length` for sequences.
        threads: how many compute; the output never depends on it.
        progress: called with (rows done, rows in all or None) after every block.
        overwrite: replace an existing target, in one rename, once the new one is complete.
        row_group_rows: rows of a row group in the output; None cuts as the source is cut, or finer where rows are wide.

    Returns:
        Written: counts and seconds. The files' schema metadata holds `featurecols`: the plan's fingerprint, the digest of
        its tables, version, layout, and the names of outputs and slots, as JSON.

    Raises:
        OutputError: the target exists, is being written by another run, or cannot be written; a kept name is an output's
            name; an unfinished run with other options is in the way. All before anything is written, a full disk aside.
        DataError: the source is not there or cannot be read, or its data does not fit the columns (with the row counted over
            all files in order); nothing stays on the disk then.
        PlanError: the layout needs a matrix and an output is a bare categorical column.

    >>> import tempfile, featurecols as fc
    >>> from pathlib import Path
    >>> plan = fc.compile([fc.Numeric("distance"), fc.Indicator(fc.Vocabulary("origin", ["EWR", "JFK", "LGA"]))])
    >>> target = Path(tempfile.mkdtemp()) / "flights.parquet"
    >>> done = fc.transform_parquet(plan, fc.datasets.flights_path(), target, keep=["late"], layout="columns")
    >>> done.rows, done.files
    (60000, 1)
    """
    start = time.monotonic()
    _check_what(plan, source)
    place = Path(target)
    _check_options(place, tuple(keep), layout, row_group_rows)
    job = _Job(plan, Inputs(source, plan, keep, row_group_rows, _row_bytes(plan, layout)), place, layout, threads)
    job.check()
    with staging.opened(place, single=job.single) as stage:
        try:
            if stage.resume(job.manifest(), overwrite):
                resumed = len(job.inputs.files)
            else:
                resumed = job.run(stage, progress or _quiet)
                stage.publish()
        except errors.OutputError:
            raise
        except errors.FeatureColumnsError:  # other data or another plan must come: nothing staged can be of use
            stage.discard()
            raise
        except OSError as error:
            todo = "make room and run again: finished files are kept"
            raise errors.output(place, f"cannot be written ({error.strerror or error})", todo) from error
    made = [place] if job.single else [p for p in place.rglob("*") if p.is_file()]
    rows = job.inputs.rows if job.inputs.rows is not None else sum(_rows(p) for p in made)
    size, seconds = sum(p.stat().st_size for p in made), time.monotonic() - start
    return Written(place, len(job.inputs.files), resumed, rows, size, seconds, plan.fingerprint)


@dataclass(frozen=True)
class _Job:
    """One call whose options are right."""

    plan: Plan
    inputs: Inputs
    target: Path
    layout: str
    threads: int | None

    @property
    def single(self) -> bool:
        """Whether the target is a file."""
        return self.target.suffix in (".npy", ".parquet")

    def check(self) -> None:
        """Everything about source and target that can be known to be wrong before a byte is written."""
        if self.target.suffix == ".parquet" and len(self.inputs.files) > 1:
            what = f"is one file, and the source is {len(self.inputs.files)} files"
            raise errors.output(self.target, what, "give a folder as the target")
        self.inputs.check_apart(self.target)
        first: tuple[Input, list[pa.Field]] | None = None
        for file in self.inputs.distinct():
            made = [pa.field(name, array.type) for name, array in self.columns(file.schema.empty_table())]
            _check_unique(self.target, [*self.inputs.keep, *(field.name for field in made)])
            if first is None:
                first = (file, made)
            elif made != first[1]:
                a, b = next((a, b) for a, b in zip(first[1], made, strict=True) if a != b)
                what = f"{first[0].relative} would give {a} and {file.relative} {b}"
                raise errors.output(self.target, what, "give the files one type, or transform them one by one")

    def columns(self, data: Any) -> list[tuple[str, pa.Array]]:
        """What the plan makes of a table or batch, as columns."""
        return layouts.LAYOUTS[self.layout](self.plan, data, self.threads)

    def manifest(self) -> dict[str, Any]:
        """All that the output depends on."""
        return {
            "plan": self.plan.fingerprint,
            "tables": self.plan.tables_digest,
            "version": __version__,
            "layout": self.layout,
            "keep": list(self.inputs.keep),
            "row_group_rows": self.inputs.row_group_rows,
            "files": [[file.path, file.relative, file.size, file.modified] for file in self.inputs.files],
        }

    def run(self, stage: staging.Staging, report: Progress) -> int:
        """Write all files that are not there yet; how many were."""
        if self.target.suffix == ".npy":
            return matrix.write(stage, self.plan, self.inputs, self.threads, report)
        about = layouts.metadata(self.plan, self.layout)
        resumed = done = 0
        for file in self.inputs.files:
            name = self.target.name if self.single else file.relative
            if stage.has(name):
                resumed += 1
                done += _rows(stage.data / name)
                report(done, self.inputs.rows)
            else:
                with stage.writing(name) as path:
                    done += write(path, file, self.inputs, done, self.columns, about, report)
        return resumed


def _check_what(plan: Any, source: Any) -> None:
    if not hasattr(plan, "feature_slots"):
        raise errors.plan(WHO, "needs a plan first", plan, "make one with fc.fit(columns, data), or fc.load(folder)")
    if not files.is_path(source) and not (isinstance(source, (list, tuple)) and all(map(files.is_path, source))):
        todo = "write it to a file first, or use plan.transform(data)"
        raise errors.plan(WHO, "reads files: paths, folders and globs", type(source).__name__, todo)


def _check_options(target: Path, keep: tuple[str, ...], layout: str, row_group_rows: int | None) -> None:
    if target.suffix.lower() in _FILES:
        todo = "give a folder, a .parquet file or a .npy file"
        raise errors.output(target, f"a {target.suffix} file cannot be written", todo)
    if layout not in layouts.LAYOUTS:
        raise errors.argument(WHO, "unknown layout", layout, f"choose one of {', '.join(layouts.LAYOUTS)}")
    if row_group_rows is not None and (type(row_group_rows) is not int or row_group_rows < 1):
        raise errors.argument(WHO, "row_group_rows must be a positive integer", row_group_rows, "leave it out for the default")
    if target.suffix == ".npy" and (keep or layout != "features"):
        raise errors.output(target, "a .npy file holds one float32 matrix and nothing else", "write Parquet for this")


def _check_unique(target: Path, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            todo = "rename the output with name=, or do not keep the field"
            raise errors.output(target, f"would have two columns named {errors.show(name)}", todo)
        seen.add(name)


def _row_bytes(plan: Plan, layout: str) -> int:
    """Bytes of one row of output, at a guess where it holds lists."""
    return 4 * (sum(slot.width or 4 for slot in plan.feature_slots) if layout == "ids" else plan.width)


def _rows(path: Path) -> int:
    if path.suffix == ".npy":
        return int(np.load(path, mmap_mode="r").shape[0])
    return int(pq.read_metadata(path).num_rows)


def _quiet(done: int, total: int | None) -> None:
    """No progress wanted."""
