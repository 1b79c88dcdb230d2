"""One run over files: a maker's columns of every file, visible when all are complete, continued after a kill."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from featurecols import errors
from featurecols.data.files import discover
from featurecols.jobs import npy, staging
from featurecols.jobs.inputs import Input, Inputs
from featurecols.jobs.write_file import Progress, write
from featurecols.jobs.writer import Maker
from featurecols.version import __version__

_FILES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".npz", ".arrow", ".feather", ".pq", ".parq", ".gz")  # no names of folders


@dataclass(frozen=True)
class Written:
    """What a run did: files and rows of the whole target, of which `resumed` files were finished before; the fingerprint of
    the plan or model that made them."""

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
    maker: Maker,
    source: Any,
    target: str | os.PathLike[str],
    *,
    keep: Sequence[str],
    progress: Progress | None,
    overwrite: bool,
    row_group_rows: int | None,
) -> Written:
    """Everything that transform_parquet does but for the columns themselves, with its arguments and errors."""
    start = time.monotonic()
    _check_source(maker, source)
    place = Path(target)
    _check_target(maker, place, tuple(keep), row_group_rows)
    job = _Job(maker, Inputs(source, maker.needs, keep, row_group_rows, maker.row_bytes), place)
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
            hint = "make room and run again: finished files are kept"
            raise errors.output(place, f"cannot be written ({error.strerror or error})", hint) from error
    made = [place] if job.single else [p for p in place.rglob("*") if p.is_file()]
    rows = job.inputs.rows if job.inputs.rows is not None else sum(_rows(p) for p in made)
    size, seconds = sum(p.stat().st_size for p in made), time.monotonic() - start
    return Written(place, len(job.inputs.files), resumed, rows, size, seconds, maker.fingerprint)


@dataclass(frozen=True)
class _Job:
    """One call whose options are right."""

    maker: Maker
    inputs: Inputs
    target: Path

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
            made = [pa.field(name, array.type) for name, array in self.maker.columns(file.schema.empty_table())]
            _check_unique(self.target, [*self.inputs.keep, *(field.name for field in made)])
            if first is None:
                first = (file, made)
            elif made != first[1]:
                a, b = next((a, b) for a, b in zip(first[1], made, strict=True) if a != b)
                what = f"{first[0].relative} would give {a} and {file.relative} {b}"
                raise errors.output(self.target, what, "give the files one type, or transform them one by one")

    def manifest(self) -> dict[str, Any]:
        """All that the output depends on."""
        return {
            **self.maker.depends(),
            "version": __version__,
            "keep": list(self.inputs.keep),
            "row_group_rows": self.inputs.row_group_rows,
            "files": [[file.path, file.relative, file.size, file.modified] for file in self.inputs.files],
        }

    def run(self, stage: staging.Staging, report: Progress) -> int:
        """Write all files that are not there yet; how many were."""
        if self.target.suffix == ".npy":
            return npy.write(stage, self.maker, self.inputs, report)
        resumed = done = 0
        for file in self.inputs.files:
            name = self.target.name if self.single else file.relative
            if stage.has(name):
                resumed += 1
                done += _rows(stage.data / name)
                report(done, self.inputs.rows)
            else:
                with stage.writing(name) as path:
                    done += write(path, file, self.inputs, done, self.maker, report)
        return resumed


def _check_source(maker: Maker, source: Any) -> None:
    if not discover.is_path(source) and not (isinstance(source, (list, tuple)) and all(map(discover.is_path, source))):
        hint = f"write it to a file first, or use {maker.instead}"
        raise errors.plan(maker.subject, "reads files: paths, folders and globs", type(source).__name__, hint)


def _check_target(maker: Maker, target: Path, keep: tuple[str, ...], row_group_rows: int | None) -> None:
    if target.suffix.lower() in _FILES:
        hint = (
            "give a folder, a .parquet file or a .npy file" if maker.width is not None else "give a folder or a .parquet file"
        )
        raise errors.output(target, f"a {target.suffix} file cannot be written", hint)
    if row_group_rows is not None and (type(row_group_rows) is not int or row_group_rows < 1):
        what = "row_group_rows must be a positive integer"
        raise errors.argument(maker.subject, what, row_group_rows, "leave it out for the default")
    if target.suffix == ".npy" and (keep or maker.width is None):
        raise errors.output(target, "a .npy file holds one float32 matrix and nothing else", "write Parquet for this")


def _check_unique(target: Path, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            hint = "rename the output with name=, or do not keep the field"
            raise errors.output(target, f"would have two columns named {errors.show(name)}", hint)
        seen.add(name)


def _rows(path: Path) -> int:
    if path.suffix == ".npy":
        return int(np.load(path, mmap_mode="r").shape[0])
    return int(pq.read_metadata(path).num_rows)


def _quiet(done: int, total: int | None) -> None:
    """No progress wanted."""
