"""One job over files: the output of a transform for every file, visible when all are complete, continued after a kill."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
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
from featurecols.jobs import arrange, arrow_file, npy, quarantine, staging
from featurecols.jobs.any_staging import AnyStaging, open_any
from featurecols.jobs.arrange import Arrangement
from featurecols.jobs.bad_rows import MaxErrors, Policy, Tally, Written
from featurecols.jobs.batch_transform import BatchTransform
from featurecols.jobs.check_arguments import FILES, check_arranged, check_source, check_target, check_unique
from featurecols.jobs.inputs import Input, Inputs, Paths
from featurecols.jobs.job_result import JobResult
from featurecols.jobs.new_files import Record
from featurecols.jobs.object_staging import ObjectStaging
from featurecols.jobs.parquet.writer import WRITER
from featurecols.jobs.quarantine import aside_of
from featurecols.jobs.staging import ARRANGED
from featurecols.jobs.tables.staging import TableStaging
from featurecols.jobs.targets import TableTarget, Target, UrlTarget, parse_target, public
from featurecols.jobs.write_file import Task, write

_SAMPLE = 2000  # rows that compile what the workers of a job then find compiled


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
    on_error: str = "fail",
    max_errors: MaxErrors = None,
    resume: bool = False,
    new_only: bool = False,
    partition_by: str | Sequence[str] = (),
    rows_per_file: int | None = None,
) -> JobResult:
    """Do all that Plan.transform_files does but for the columns themselves, with its arguments and errors."""
    start = time.monotonic()
    policy = Policy.of(transform.subject, on_error, max_errors)
    arrangement = Arrangement.of(transform.subject, partition_by, rows_per_file)
    check_source(transform, source)
    path, kept = parse_target(target), names_of(keep)
    kept += tuple(name for name in arrangement.fields if name not in kept)
    check_target(transform, path, kept, row_group_rows)
    if (resume or new_only) and not isinstance(path, Path):
        raise errors.output(path, "cannot be continued with other files, as resume and new_only do", "give a folder on a disk")
    if arrangement:
        check_arranged(transform, path, new_only)
    record = Record(Path(str(path)), overwrite) if new_only else None
    leave = None if record is None else record.leave
    inputs = Inputs(source, transform.needs, kept, row_group_rows, transform.row_bytes, leave)
    job = _Job(transform, inputs, path, count_processes(processes), policy, record, arrangement)
    job.check()
    if record is not None and record.text is not None and not inputs.files:
        return job.describe(None, 0, time.monotonic() - start)
    with reporter(progress, transform.subject) as report, job.open() as stage:
        try:
            if job.resume(stage, overwrite, adopt=resume or new_only):
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
            if not isinstance(path, Path):
                raise  # which their staging explains
            hint = "free space and run again: finished files are kept"
            raise errors.output(path, f"cannot be written ({error.strerror or error})", hint) from error
    return job.describe(stage, resumed, time.monotonic() - start)


@dataclass(frozen=True)
class _Job:
    """One call whose options are right."""

    transform: BatchTransform
    inputs: Inputs
    target: Target
    processes: int
    policy: Policy
    record: Record | None
    arrangement: Arrangement

    @property
    def quarantine(self) -> Target | None:
        """Where bad rows are listed; None for a job that lists none."""
        return None if self.policy.on_error == "fail" else quarantine.path_of(self.target, self.single)

    @property
    def single(self) -> bool:
        """Whether the target is a file."""
        return self.kind in FILES

    @property
    def kind(self) -> str:
        """The ending of the target's name, in small letters."""
        return self.target.suffix.lower()

    def check(self) -> None:
        """Raise for everything about source and target that can be known to be wrong before a byte is written."""
        if self.record is not None:
            if self.single:
                raise errors.output(self.target, "is one file, which cannot grow with new_only", "give a folder as the target")
            self.record.check(self.settings())
        if self.kind in (".parquet", ".arrow") and len(self.inputs.files) > 1:
            problem = f"is one file, and the source is {len(self.inputs.files)} files"
            raise errors.output(self.target, problem, "give a folder as the target")
        self.inputs.check_apart(self.target)
        self.arrangement.check(self.target, self.inputs.kept_schema)
        if self.quarantine is not None:
            if isinstance(self.target, TableTarget):
                problem = "is a table, and bad rows are listed in a file"
                raise errors.output(self.target, problem, "give a folder as the target")
            if self.single and isinstance(self.target, UrlTarget):
                problem = "is one object, and bad rows are listed in another"
                raise errors.output(self.target, problem, "give a folder as the target")
            if self.single:
                self.inputs.check_apart(self.quarantine)
            elif any(file.relative == quarantine.NAME for file in self.inputs.files):
                raise errors.output(self.target, f"would have two files {quarantine.NAME}", "rename that of the source")
        first: tuple[Input, list[pa.Field]] | None = None
        for file in self.inputs.distinct():
            columns = self.transform.columns(Batch.arrow(file.schema.empty_table()))
            fields = [pa.field(name, array.type) for name, array in columns]
            check_unique(self.target, [*self.inputs.keep, *(field.name for field in fields)])
            if first is None:
                first = (file, fields)
            elif fields != first[1]:
                a, b = next((a, b) for a, b in zip(first[1], fields, strict=True) if a != b)
                problem = f"{first[0].relative} would give {a} and {file.relative} {b}"
                raise errors.output(self.target, problem, "give the files one type, or transform them one by one")

    def settings(self) -> dict[str, object]:
        """Return what makes files of one folder fit together."""
        kept = [f"{field.name}: {field.type}" for field in self.inputs.kept_schema] if self.inputs.files else None
        options = {} if self.inputs.options is None else self.inputs.options.identity
        csv = {"csv": options} if options else {}  # jobs of files without options keep their identity
        return {**self.transform.dependencies(), **csv, "keep": kept, "on_error": self.policy.on_error}

    def open(self) -> AbstractContextManager[AnyStaging]:
        """Give the staging of the target."""
        fingerprint = self.transform.fingerprint
        return open_any(self.target, single=self.single, manifest=self.manifest(), fingerprint=fingerprint)

    def manifest(self) -> dict[str, object]:
        """Return all that the output depends on."""
        return {
            **self.settings(),
            **self.policy.dependencies(),
            "version": __version__,
            "writer": WRITER,
            "row_group_rows": self.inputs.row_group_rows,
            "before": None if self.record is None else self.record.digest,
            "arrangement": [list(self.arrangement.fields), self.arrangement.rows],
            "files": [[file.path, file.relative, file.size, file.modified] for file in self.inputs.files],
        }

    def resume(self, stage: AnyStaging, overwrite: bool, adopt: bool) -> bool:
        """Start from nothing or continue; return True when all is done already. `adopt`: also with other source files."""
        beside = self.quarantine if self.single else None
        if not isinstance(stage, staging.Staging):
            return stage.resume(self.manifest(), overwrite, beside)
        grow = self.record is not None and not overwrite
        return stage.resume(self.manifest(), overwrite, beside, adopt=adopt, grow=grow)

    def describe(self, stage: AnyStaging | None, resumed: int, seconds: float) -> JobResult:
        """Return what is at the target now."""
        if isinstance(stage, TableStaging):
            rows, bad, size = stage.rows, 0, stage.bytes
        else:
            rows, bad, size = self._measure_objects(stage) if isinstance(stage, ObjectStaging) else self._measure_files()
        count, left = len(self.inputs.files), 0
        if self.record is not None:
            count, left = len(self.record.files), len(self.record.files) - count
        if self.arrangement:
            count = len(list(Path(str(self.target)).rglob("part-*.parquet")))
        listed, fingerprint = None if self.quarantine is None else public(self.quarantine), self.transform.fingerprint
        return JobResult(public(self.target), count, resumed, rows, size, seconds, fingerprint, bad, listed, left)

    def _measure_files(self) -> tuple[int, int, int]:
        """Return the rows, the bad rows and the bytes of a target on a disk."""
        target, listed = Path(str(self.target)), None if self.quarantine is None else Path(str(self.quarantine))
        written = [target] if self.single else [p for p in target.rglob("*") if p.is_file()]
        rows = self.inputs.rows
        if self.record is not None:
            rows = sum(self.policy.kept(rows, bad) for _, _, rows, bad in self.record.files.values())
        elif rows is None or self.policy.on_error == "quarantine":
            rows = sum(_count_rows(p) for p in written if p != listed)
        return rows, 0 if listed is None else _count_rows(listed), sum(p.stat().st_size for p in written)

    def _measure_objects(self, stage: ObjectStaging) -> tuple[int, int, int]:
        """Return the same of a target in an object store."""
        entries = dict(stage.entries)
        size = sum(entry.bytes for entry in entries.values())
        listed = None if self.quarantine is None else entries.pop(self.quarantine.name, None)
        rows = sum(self.policy.kept(entry.rows, entry.bad) for entry in entries.values())
        return rows, 0 if listed is None else listed.rows, size

    def run(self, stage: AnyStaging, report: Progress) -> int:
        """Write all files that are not there yet; return how many were."""
        tally = Tally(self.transform.subject, self.policy, self.inputs.rows)
        if self.kind == ".npy" and self.transform.width is not None:
            resumed = npy.write(stage, self.transform, self.transform.width, self.inputs, report, tally)
        else:
            finished = [self._finished(stage, file) for file in self.inputs.files]
            resumed = len(finished) - finished.count(None)
            if self.processes > 1 and len(finished) > 1:
                self._write_in_processes(stage, finished, report, tally)
            else:
                self._write(stage, finished, report, tally)
        tally.finish()
        if self.quarantine is not None:
            asides = [path for file in self.inputs.files if (path := stage.folder / aside_of(file)).exists()]
            grown = self.record is not None and self.record.text is not None
            earlier = Path(str(self.quarantine)) if grown else None
            with stage.write_file(f"data/{self.quarantine.name}") as partial:
                redone = [file.path for file in self.inputs.files]
                partial.rows = quarantine.merge(asides, partial.path, earlier, redone)
        if self.arrangement:
            paths = [stage.folder / self._name(file) for file in self.inputs.files]
            arrange.write(stage, paths, self.arrangement, self.inputs.block_rows)
        if self.record is not None:
            self.record.check_unchanged()
            self.record.add(stage.folder / "data", self.settings(), self.inputs.files, tally.files)
        return resumed

    def _name(self, file: Input) -> str:
        if self.arrangement:
            return f"{ARRANGED}/{file.relative}"
        return f"data/{self.target.name if self.single else file.relative}"

    def _finished(self, stage: AnyStaging, file: Input) -> Written | None:
        """Return what an earlier run found in a file that it finished; None where it did not, or lost its bad rows."""
        found, aside = stage.finished(self._name(file)), stage.finished(aside_of(file))
        if found is None or found.bad != (0 if aside is None else aside.rows):
            return None
        first = quarantine.first_of(stage.folder, [file]) if found.bad else None
        return Written(found.rows, found.bad, first)

    def _write(self, stage: AnyStaging, finished: Sequence[Written | None], report: Progress, tally: Tally) -> None:
        """Write the files that are not finished, one after another."""
        for file, found in zip(self.inputs.files, finished, strict=True):
            if found is None:
                with stage.write_file(self._name(file)) as partial:
                    task = self._task(stage, file)
                    found = write(task, file, self.inputs, tally.rows, self.transform, report, tally.left)
                    tally.add(found)
                    _finish(stage, file, partial, found)
            else:
                tally.add(found)
                report(tally.rows, self.inputs.rows)

    def _write_in_processes(
        self, stage: AnyStaging, finished: Sequence[Written | None], report: Progress, tally: Tally
    ) -> None:
        """Do the same, each file in one of several processes; this one gives the files their names, in order."""
        left = [file for file, found in zip(self.inputs.files, finished, strict=True) if found is None]
        tasks = [_FileTask(self._task(stage, file), file, self.inputs.alone(file), tally.left) for file in left]
        if left:
            self._compile(left[0])
        with Workers(min(self.processes, max(1, len(left)))) as workers:
            written = workers.run(tasks, self.transform.share(self.processes))
            for file, found in zip(self.inputs.files, finished, strict=True):
                if found is None:
                    with stage.write_file(self._name(file)) as partial:
                        answer = next(written)
                        if isinstance(answer, errors.DataError):  # of a row that is counted from the start of the file
                            raise answer.shifted(tally.rows)
                        tally.add(answer)
                        _finish(stage, file, partial, answer)
                else:
                    tally.add(found)
                report(tally.rows, self.inputs.rows)

    def _task(self, stage: AnyStaging, file: Input) -> Task:
        path, aside = (stage.folder / f"{name}{staging.PARTIAL}" for name in (self._name(file), aside_of(file)))
        return Task(self.kind, path, aside, self.policy)

    def _compile(self, file: Input) -> None:
        """Transform some rows, so that what must be compiled is compiled once, and is in the cache when the workers ask."""
        for batch, _ in self.inputs.blocks(file):
            with suppress(errors.DataError):  # a worker says it, with the row
                self.transform.columns(batch.slice(0, min(batch.num_rows, _SAMPLE)))
            return


@dataclass(frozen=True)
class _FileTask:
    """One file, to be written by a worker."""

    task: Task
    file: Input
    inputs: Inputs
    limit: int | None

    def __call__(self, transform: BatchTransform) -> Written | errors.DataError:
        """Write the file and return what was read, or the error of a row."""
        self.task.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return write(self.task, self.file, self.inputs, 0, transform, _ignore_progress, self.limit)
        except errors.DataError as error:
            return error


def _finish(stage: AnyStaging, file: Input, partial: staging.PartialFile, found: Written) -> None:
    """Note what a written file holds; its bad rows get their name first."""
    partial.rows, partial.bad = found.rows, found.bad
    if found.bad:
        with stage.write_file(aside_of(file)) as aside:
            aside.rows = found.bad


def _count_rows(path: Path) -> int:
    if path.suffix.lower() == ".npy":
        return int(np.load(path, mmap_mode="r").shape[0])
    if path.suffix.lower() == ".arrow":
        return arrow_file.count_rows(path)
    return int(pq.read_metadata(path).num_rows)


def _ignore_progress(done: int, total: int | None) -> None:
    """Do nothing: no progress is wanted."""
