"""What commands share: options, a progress bar where somebody looks at one, and results as text or JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from featurecols.jobs.job import JobResult

Progress = Callable[[int, "int | None"], None]


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options that most commands have."""
    parser.add_argument("--threads", type=positive, metavar="N", help="how many compute; results never depend on it")
    parser.add_argument("--quiet", action="store_true", help="no progress bar (there is none in a pipe anyway)")
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option --json."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def positive(text: str) -> int:
    """Return the integer of an argument that must be 1 or more."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a positive integer, got {text!r}")
    return int(text)


@contextmanager
def progress(label: str, quiet: bool) -> Iterator[Progress | None]:
    """Give a progress bar on a terminal where tqdm is installed, else None."""
    bar = None if quiet or not sys.stderr.isatty() else _bar(label)
    if bar is None:
        yield None
        return

    def report(done: int, total: int | None) -> None:
        bar.total = total
        bar.update(done - bar.n)

    with bar:
        yield report


def _bar(label: str) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(desc=label, unit=" rows", unit_scale=True, leave=False, file=sys.stderr)


def result(as_json: bool, data: dict[str, Any], text: str) -> None:
    """Print the result as JSON or as text."""
    print(json.dumps(data, indent=2, ensure_ascii=False) if as_json else text)


def written(done: JobResult) -> dict[str, Any]:
    """Return what transform and predict wrote, as JSON data."""
    return {
        "target": str(done.target),
        "fingerprint": done.fingerprint,
        "files": done.files,
        "resumed": done.resumed,
        "rows": done.rows,
        "bytes": done.bytes,
        "seconds": round(done.seconds, 3),
    }


def rate(rows: int, seconds: float) -> str:
    """Return rows per second with three significant digits.

    >>> rate(60_000, 1.15), rate(60_000, 0.0071), rate(3, 0.7)
    ('52,200 rows/s', '8,450,000 rows/s', '4 rows/s')
    """
    return f"{float(f'{rows / max(seconds, 1e-9):.3g}'):,.0f} rows/s"
