"""The Parquet file of bad rows: one for each source file while a job runs, all in one when it is complete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from featurecols.jobs.bad_rows import BadRow
from featurecols.jobs.inputs import Input
from featurecols.jobs.staging import BAD_ROWS
from featurecols.jobs.targets import TableTarget, Target

NAME = "_quarantine.parquet"  # in a folder of output, whose readers leave out names that begin with "_"
SCHEMA = pa.schema(
    [
        pa.field("reason", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("field", pa.string()),
        pa.field("value", pa.string()),
    ]
)


class BadRowFile:
    """The bad rows of one source file, in order; there is a file once there is a row."""

    def __init__(self, path: Path) -> None:
        self.path, self.rows = path, 0
        self.first: BadRow | None = None
        self._file: pq.ParquetWriter | None = None

    def add(self, rows: Sequence[BadRow]) -> None:
        """Append rows."""
        if not rows:
            return
        if self._file is None:
            self.first = rows[0]
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.unlink(missing_ok=True)
            self._file = pq.ParquetWriter(self.path, SCHEMA)
        arrays = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)]
        self._file.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))
        self.rows += len(rows)

    def close(self) -> None:
        """Write the footer, where there is a file."""
        if self._file is not None:
            self._file.close()


def merge(paths: Iterable[Path], out: Path, earlier: Path | None = None, redone: Sequence[str] = ()) -> int:
    """Write the rows of all files into one, in order, and return how many they are.

    `earlier`: a file of other runs that comes first, without the rows of the source files that are `redone`.
    """
    rows = 0
    out.unlink(missing_ok=True)
    with pq.ParquetWriter(out, SCHEMA) as file:
        for path in [*([] if earlier is None else [earlier]), *paths]:
            with pq.ParquetFile(path) as part:
                for batch in part.iter_batches():
                    if path == earlier:
                        batch = batch.filter(pc.invert(pc.is_in(batch["file"], pa.array(redone, pa.string()))))
                    file.write_batch(batch)
                    rows += batch.num_rows
    return rows


def first_of(folder: Path, files: Iterable[Input]) -> BadRow | None:
    """Return the first bad row of finished files, which is the first of the first file that has some; None without one."""
    path = next((path for file in files if (path := folder / aside_of(file)).exists()), None)
    if path is None:
        return None
    with pq.ParquetFile(path) as file:
        first = next(file.iter_batches(1)).to_pylist()[0]
    return BadRow(**first)


def aside_of(file: Input) -> str:
    """Return where the bad rows of one source file are while a job runs, in its staging folder."""
    return f"{BAD_ROWS}/{file.relative}"


def path_of(target: Target, single: bool) -> Target:
    """Return where the bad rows of a target are: in a folder, or beside a file."""
    if isinstance(target, TableTarget):
        return target
    return target.with_name(f"{target.stem}.quarantine.parquet") if single else target / NAME
