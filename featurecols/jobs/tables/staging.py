"""The staging of a job whose target is a table: files in a local folder, which one commit makes rows of the table.

The folder is known by the job, so that a job that was killed goes on on the same machine. The table says which jobs it has
rows of, so that a job that is run again commits nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from featurecols import errors
from featurecols._core.version import __version__
from featurecols.jobs.staging import Staging, open_staging
from featurecols.jobs.tables import rows
from featurecols.jobs.tables.delta import DeltaTarget
from featurecols.jobs.tables.iceberg import IcebergTarget
from featurecols.jobs.targets import TableTarget, Target


class Table(Protocol):
    """A table that rows are committed to."""

    def committed(self, job: str) -> Mapping[str, str] | None: ...
    def commit(self, rows: Iterable[pa.RecordBatch], schema: pa.Schema, about: Mapping[str, str], overwrite: bool) -> None: ...
    @property
    def errors(self) -> tuple[type[Exception], ...]: ...


_KINDS: dict[str, Callable[[str], Table]] = {"delta": DeltaTarget, "iceberg": IcebergTarget}


class TableStaging:
    """The unfinished rows of one job; answers as `Staging` does, which it keeps the files in."""

    def __init__(self, target: TableTarget, table: Table, files: Staging, job: str, fingerprint: str) -> None:
        self.target, self.table, self.files, self.job = target, table, files, job
        self.folder, self.finished, self.write_file = files.folder, files.finished, files.write_file
        self.position, self.keep_position = files.position, files.keep_position
        self._fingerprint, self._overwrite = fingerprint, False
        self.rows = self.bytes = 0

    def resume(self, manifest: Mapping[str, object], overwrite: bool, beside: Target | None = None) -> bool:
        """Start or continue; return True when this job has made its commit already."""
        with self._explain():
            about = self.table.committed(self.job)
        if about is not None:
            self.rows, self.bytes = (int(about.get(f"featurecols.{name}", 0)) for name in ("rows", "bytes"))
            self.files.discard()
            return True
        self._overwrite = overwrite
        self.files.resume(manifest, True)
        return False

    def publish(self) -> None:
        """Commit all rows at once. Raises OutputError where the table cannot take them."""
        paths = sorted(self.files.data.rglob("*.parquet"), key=os.fsencode)
        self.rows, self.bytes = sum(pq.read_metadata(path).num_rows for path in paths), sum(p.stat().st_size for p in paths)
        schema = rows.lake_schema(pq.read_schema(paths[0]))
        about = {
            "featurecols.job": self.job,
            "featurecols.fingerprint": self._fingerprint,
            "featurecols.version": __version__,
            "featurecols.rows": str(self.rows),
            "featurecols.bytes": str(self.bytes),
        }
        try:
            with self._explain():
                self.table.commit(rows.batches(paths, schema), schema, about, self._overwrite)
        except errors.OutputError:
            if self.table.committed(self.job) is None:  # another run of this job, elsewhere, was first otherwise
                raise
        self.files.discard()

    def discard(self) -> None:
        """Drop all that is staged."""
        self.files.discard()

    @contextmanager
    def _explain(self) -> Iterator[None]:
        """Raise what goes wrong with a table as OutputError."""
        try:
            yield
        except errors.FeatureColumnsError:
            raise
        except self.table.errors as error:
            problem = f"cannot be written ({errors.printable(' '.join(str(error).split()))[:300]})"
            raise errors.output(self.target, problem, "check the table, its schema and your rights") from error


@contextmanager
def open_table_staging(target: TableTarget, manifest: Mapping[str, object], fingerprint: str) -> Iterator[TableStaging]:
    """Give the staging of a table, for one job.

    Raises OutputError where the library is not installed and where another run of this job is alive.
    """
    try:
        table = _KINDS[target.kind](target.place)
    except errors.DataError as error:
        raise errors.output(target, error.problem, error.hint) from None
    job = hashlib.sha256(json.dumps([str(target), manifest], sort_keys=True).encode()).hexdigest()[:20]
    folder = _own_folder(target)
    with open_staging(folder / job, single=False) as files:
        yield TableStaging(target, table, files, job, fingerprint)
    with suppress(OSError):
        folder.rmdir()


def _own_folder(target: TableTarget) -> Path:
    """Return the folder of this user in the temporary folder. Raises OutputError where it is another user's, or a link."""
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    folder = Path(tempfile.gettempdir()) / f"featurecols-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise errors.output(target, f"cannot stage in {folder} ({error.strerror or error})", "set TMPDIR") from error
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != user):
        raise errors.output(target, f"its staging folder {folder} is another user's", "set TMPDIR")
    return folder
