"""One job over files: the output of a transform for every file, visible when all are complete, continued after a kill."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from featurecols import errors
from featurecols._core.names import names_of
from featurecols._core.processes import Workers
from featurecols._core.processes import count as count_processes
from featurecols._core.progress import Progress, reporter
from featurecols._core.version import __version__
from featurecols.data.batch import Batch
from featurecols.data.sources import is_path
from featurecols.jobs import npy, staging
from featurecols.jobs.batch_transform import BatchTransform
from featurecols.jobs.inputs import Input, Inputs, Paths
from featurecols.jobs.write_file import write

_FILES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".npz", ".arrow", ".feather", ".pq", ".parq", ".gz")  # no names of folders

_SAMPLE = 2000  # rows that compile what the workers of a job then find compiled


@dataclass(frozen=True)
class JobResult:
    """What a job did.

    Attributes:
        target: where the output is.
        files: how many files it holds.
        resumed: how many of them an earlier run had finished.
        rows: of the whole target.
        bytes: of the whole target.
        seconds: that this run took.
        fingerprint: of the plan or model that made them.
    """

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


def run(
    transform: BatchTransform,
    source: Paths,
    target: str | os.PathLike[str],
    *,
    keep: str | Sequence[str],
    processes: int | None = None,
    progress: Progress | bool | None,
    overwrite: bool,
    row_group_rows: int | None,
) -> JobResult:
    """Do all that Plan.transform_files does but for the columns themselves, with its arguments and errors."""
    start = time.monotonic()
    _check_source(transform, source)
    path, kept = Path(target), names_of(keep)
    _check_target(transform, path, kept, row_group_rows)
    inputs = Inputs(source, transform.needs, kept, row_group_rows, transform.row_bytes)
    job = _Job(transform, inputs, path, count_processes(processes))
    job.check()
    with reporter(progress, transform.subject) as report, staging.open_staging(path, single=job.single) as stage:
        try:
            if stage.resume(job.manifest(), overwrite):
                resumed = len(job.inputs.files)
            else:
                resumed = job.run(stage, report or _ignore_progress)
                job.inputs.check_unchanged()
                stage.publish()
        except errors.OutputError:
            raise
        except errors.FeatureColumnsError:  # other data or another plan must come: nothing staged can be of use
            stage.discard()
            job.inputs.check_unchanged()
            raise
        except OSError as error:
            hint = "free space and run again: finished files are kept"
            raise errors.output(path, f"cannot be written ({error.strerror or error})", hint) from error
    written = [path] if job.single else [p for p in path.rglob("*") if p.is_file()]
    rows = job.inputs.rows if job.inputs.rows is not None else sum(_count_rows(p) for p in written)
    size, seconds = sum(p.stat().st_size for p in written), time.monotonic() - start
    return JobResult(path, len(job.inputs.files), resumed, rows, size, seconds, transform.fingerprint)


@dataclass(frozen=True)
class _Job:
    """One call whose options are right."""

    transform: BatchTransform
    inputs: Inputs
    target: Path
    processes: int

    @property
    def single(self) -> bool:
        """Whether the target is a file."""
        return self.kind in (".npy", ".parquet")

    @property
    def kind(self) -> str:
        """The ending of the target's name, in small letters."""
        return self.target.suffix.lower()

    def check(self) -> None:
        """Raise for everything about source and target that can be known to be wrong before a byte is written."""
        if self.kind == ".parquet" and len(self.inputs.files) > 1:
            problem = f"is one file, and the source is {len(self.inputs.files)} files"
            raise errors.output(self.target, problem, "give a folder as the target")
        self.inputs.check_apart(self.target)
        first: tuple[Input, list[pa.Field]] | None = None
        for file in self.inputs.distinct():
            columns = self.transform.columns(Batch.arrow(file.schema.empty_table()))
            fields = [pa.field(name, array.type) for name, array in columns]
            _check_unique(self.target, [*self.inputs.keep, *(field.name for field in fields)])
            if first is None:
                first = (file, fields)
            elif fields != first[1]:
                a, b = next((a, b) for a, b in zip(first[1], fields, strict=True) if a != b)
                problem = f"{first[0].relative} would give {a} and {file.relative} {b}"
                raise errors.output(self.target, problem, "give the files one type, or transform them one by one")

    def manifest(self) -> dict[str, object]:
        """Return all that the output depends on."""
        return {
            **self.transform.dependencies(),
            "version": __version__,
            "keep": list(self.inputs.keep),
            "row_group_rows": self.inputs.row_group_rows,
            "files": [[file.path, file.relative, file.size, file.modified] for file in self.inputs.files],
        }

    def run(self, stage: staging.Staging, report: Progress) -> int:
        """Write all files that are not there yet; return how many were."""
        if self.kind == ".npy" and self.transform.width is not None:
            return npy.write(stage, self.transform, self.transform.width, self.inputs, report)
        if self.processes > 1 and len(self.inputs.files) > 1:
            return self._run_in_processes(stage, report)
        resumed = done = 0
        for file in self.inputs.files:
            name = self.target.name if self.single else file.relative
            rows = stage.finished_rows(name)
            if rows is not None:
                resumed += 1
                report(done + rows, self.inputs.rows)
            else:
                with stage.write_file(name) as partial:
                    rows = partial.rows = write(partial.path, file, self.inputs, done, self.transform, report)
            done += rows
        return resumed

    def _run_in_processes(self, stage: staging.Staging, report: Progress) -> int:
        """Do the same, each file in one of several processes; this one gives the files their names, in order."""
        finished = [stage.finished_rows(file.relative) for file in self.inputs.files]
        left = [file for file, rows in zip(self.inputs.files, finished, strict=True) if rows is None]
        tasks = [_FileTask(stage.data / f"{file.relative}{staging.PARTIAL}", file, self.inputs.alone(file)) for file in left]
        done = 0
        if left:
            self._compile(left[0])
        with Workers(min(self.processes, max(1, len(left)))) as workers:
            written = workers.run(tasks, self.transform.share(self.processes))
            for file, rows in zip(self.inputs.files, finished, strict=True):
                if rows is None:
                    with stage.write_file(file.relative) as partial:
                        found = next(written)
                        if isinstance(found, errors.DataError):  # of a row that is counted from the start of the file
                            raise found.shifted(done)
                        rows = partial.rows = found
                done += rows
                report(done, self.inputs.rows)
        return len(finished) - len(left)

    def _compile(self, file: Input) -> None:
        """Transform some rows, so that what must be compiled is compiled once, and is in the cache when the workers ask."""
        for batch, _ in self.inputs.blocks(file):
            with suppress(errors.DataError):  # a worker says it, with the row
                self.transform.columns(batch.slice(0, min(batch.num_rows, _SAMPLE)))
            return


@dataclass(frozen=True)
class _FileTask:
    """One file, to be written by a worker."""

    path: Path
    file: Input
    inputs: Inputs

    def __call__(self, transform: BatchTransform) -> int | errors.DataError:
        """Write the file and return its rows, or the error of a row."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return write(self.path, self.file, self.inputs, 0, transform, _ignore_progress)
        except errors.DataError as error:
            return error


def _check_source(transform: BatchTransform, source: object) -> None:
    if not is_path(source) and not (isinstance(source, (list, tuple)) and all(map(is_path, source))):
        hint = f"write it to a file first, or use {transform.alternative}"
        raise errors.plan(transform.subject, "reads files: paths, folders and globs", type(source).__name__, hint)


def _check_target(transform: BatchTransform, target: Path, keep: tuple[str, ...], row_group_rows: int | None) -> None:
    staging.check_target(target)
    if target.suffix.lower() in _FILES:
        npy_too = "a folder, a .parquet file or a .npy file"
        hint = f"give {npy_too if transform.width is not None else 'a folder or a .parquet file'}"
        raise errors.output(target, f"a {target.suffix} file cannot be written", hint)
    if row_group_rows is not None and (type(row_group_rows) is not int or row_group_rows < 1):
        problem = "row_group_rows must be a positive integer"
        raise errors.argument(transform.subject, problem, row_group_rows, "leave it out for the default")
    if target.suffix.lower() == ".npy" and (keep or transform.width is None):
        raise errors.output(target, "a .npy file holds one float32 matrix and nothing else", "write Parquet for this")


def _check_unique(target: Path, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            hint = "rename the output with name=, or do not keep the field"
            raise errors.output(target, f"would have two columns named {errors.show(name)}", hint)
        seen.add(name)


def _count_rows(path: Path) -> int:
    if path.suffix.lower() == ".npy":
        return int(np.load(path, mmap_mode="r").shape[0])
    return int(pq.read_metadata(path).num_rows)


def _ignore_progress(done: int, total: int | None) -> None:
    """Do nothing: no progress is wanted."""
