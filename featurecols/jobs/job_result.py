"""What a job tells its caller."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class JobResult:
    """What a job did.

    Attributes:
        target: where the output is: a path, or the text of a URL.
        files: how many files it holds.
        resumed: how many of them an earlier run had finished.
        rows: of the whole target.
        bytes: of the whole target.
        seconds: that this run took.
        fingerprint: of the plan or model that made them.
        bad_rows: how many rows of the source the plan or model refuses; more than 0 only with `on_error`.
        quarantine: the Parquet file that lists them, with their fields `reason`, `file`, `row`, `field`, `value`; None for
            a job without `on_error`.
        left: how many of the files were there before, and were left as they are, as `new_only` asks for.
    """

    target: Path | str
    files: int
    resumed: int
    rows: int
    bytes: int
    seconds: float
    fingerprint: str
    bad_rows: int = 0
    quarantine: Path | str | None = None
    left: int = 0

    def __str__(self) -> str:
        again = f", {self.resumed} of them finished before" if self.resumed else ""
        again += f", {self.left} of them left as they were" if self.left else ""
        count = f"{self.files:,} file{'' if self.files == 1 else 's'}"
        text = f"{self.target}: {self.rows:,} rows in {count}{again}, {self.bytes:,} bytes in {self.seconds:.2f} s"
        if not self.bad_rows:
            return text
        return f"{text}; {self.bad_rows:,} bad row{'' if self.bad_rows == 1 else 's'}, listed in {self.quarantine}"
