"""The arguments of a job that can be known to be wrong before a file is opened."""

from __future__ import annotations

from pathlib import Path

from featurecols import errors
from featurecols.data.sources import FileSource, is_path
from featurecols.jobs import staging
from featurecols.jobs.batch_transform import BatchTransform
from featurecols.jobs.targets import Target

FILES = (".npy", ".parquet", ".arrow")  # endings of targets that are one file
_FILES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".npz", ".feather", ".pq", ".parq", ".gz")  # no names of folders


def check_source(transform: BatchTransform, source: object) -> None:
    """Raise PlanError for a source that is not a path, a list of paths, or files with options."""
    if isinstance(source, FileSource) and source.whole:
        return
    if not is_path(source) and not (isinstance(source, (list, tuple)) and all(map(is_path, source))):
        hint = f"write it to a file first, or use {transform.alternative}"
        raise errors.plan(transform.subject, "reads files: paths, folders and globs", type(source).__name__, hint)


def check_target(transform: BatchTransform, target: Target, keep: tuple[str, ...], row_group_rows: int | None) -> None:
    """Raise OutputError for a target at which no job can write, and for options that do not go with it."""
    if isinstance(target, Path):
        staging.check_target(target)
    if target.suffix.lower() in _FILES:
        names = ["a folder", "a .parquet file", "a .arrow file", *(["a .npy file"] if transform.width is not None else [])]
        hint = f"give {', '.join(names[:-1])} or {names[-1]}"
        raise errors.output(target, f"a {target.suffix} file cannot be written", hint)
    if row_group_rows is not None and (type(row_group_rows) is not int or row_group_rows < 1):
        problem = "row_group_rows must be a positive integer"
        raise errors.argument(transform.subject, problem, row_group_rows, "leave it out for the default")
    if target.suffix.lower() == ".npy" and (keep or transform.width is None):
        raise errors.output(target, "a .npy file holds one float32 matrix and nothing else", "write Parquet for this")


def check_arranged(transform: BatchTransform, target: Target, new_only: bool) -> None:
    """Raise errors for what partition_by and rows_per_file cannot go with."""
    if target.suffix.lower() in FILES:
        raise errors.output(target, "is one file", "give a folder as the target, or leave out partition_by and rows_per_file")
    if not isinstance(target, Path):
        raise errors.output(target, "is not a folder on a disk, as partition_by and rows_per_file need", "give a folder")
    if new_only:
        hint = "leave out partition_by and rows_per_file"
        raise errors.argument(transform.subject, "new_only has a file for each source file", new_only, hint)


def check_unique(target: Target, names: list[str]) -> None:
    """Raise OutputError where two columns of the output would have one name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            hint = "rename the output with name=, or do not keep the field"
            raise errors.output(target, f"would have two columns named {errors.show(name)}", hint)
        seen.add(name)
