"""What commands print: results as text or JSON on standard output, and a progress bar where somebody looks at one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from featurecols._core.progress import Progress, bar

if TYPE_CHECKING:
    from featurecols.jobs.job_result import JobResult


@contextmanager
def show_progress(label: str, quiet: bool) -> Iterator[Progress | None]:
    """Give a progress bar on a terminal, else None."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    with bar(label) as report:
        yield report


def print_result(as_json: bool, data: Mapping[str, object], text: str) -> None:
    """Print the result as JSON or as text."""
    print(json.dumps(data, indent=2, ensure_ascii=False) if as_json else text)


def write_page(path: Path, page: str) -> None:
    """Write HTML into a file; raise OutputError where that cannot be."""
    from featurecols import errors

    try:
        path.write_text(page, encoding="utf-8", errors="backslashreplace")
    except (OSError, ValueError) as error:  # ValueError: a name that no system knows
        raise errors.output(path, f"cannot be written ({error})", "choose another path") from None


def describe_job(done: JobResult) -> dict[str, object]:
    """Return what transform and predict wrote, as JSON data."""
    return {
        "target": str(done.target),
        "fingerprint": done.fingerprint,
        "files": done.files,
        "resumed": done.resumed,
        "left": done.left,
        "rows": done.rows,
        "bytes": done.bytes,
        "seconds": round(done.seconds, 3),
        "bad_rows": done.bad_rows,
        "quarantine": None if done.quarantine is None else str(done.quarantine),
    }


def format_rate(rows: int, seconds: float) -> str:
    """Return rows per second with three significant digits.

    >>> format_rate(60_000, 1.15), format_rate(60_000, 0.0071), format_rate(3, 0.7)
    ('52,200 rows/s', '8,450,000 rows/s', '4 rows/s')
    """
    return f"{float(f'{rows / max(seconds, 1e-9):.3g}'):,.0f} rows/s"


def format_metrics(found: Mapping[str, float]) -> str:
    """Return metrics as text, one a line.

    >>> print(format_metrics({"auc": 0.91, "loss": 0.25}))
    auc   0.91
    loss  0.25
    """
    width = max(map(len, found), default=0)
    return "\n".join(f"{name.ljust(width)}  {value:.6g}" for name, value in found.items())
