"""Options that commands share, and how their values are read."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path


def add_processes(parser: argparse.ArgumentParser) -> None:
    """Add --processes."""
    parser.add_argument(
        "--processes",
        type=parse_positive,
        metavar="N",
        help="how many processes share the files and the threads (default: one)",
    )


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options that most commands have."""
    add_threads(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar (there is none in a pipe anyway)")
    add_json(parser)


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add the option --threads."""
    parser.add_argument("--threads", type=parse_positive, metavar="N", help="how many compute; results never depend on it")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option --json."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def add_keep(parser: argparse.ArgumentParser) -> None:
    """Add the option --keep."""
    kept = "fields that go through as they are, such as id,date; may be given again"
    parser.add_argument("--keep", metavar="FIELDS", type=parse_names, action="extend", default=[], help=kept)


def add_on_error(parser: argparse.ArgumentParser) -> None:
    """Add --on-error and --max-errors."""
    parser.add_argument(
        "--on-error",
        choices=["fail", "null", "quarantine"],
        default="fail",
        help="rows with a value that is refused: the first is an error, they are null in OUT, or they are left out; "
        "the last two list them in OUT/_quarantine.parquet, or beside a file (default: fail)",
    )
    parser.add_argument(
        "--max-errors",
        type=parse_max_errors,
        metavar="N",
        help="how many such rows there may be: 100, a share such as 0.01, or both: 100,0.01 (default: any number)",
    )


def add_resume(parser: argparse.ArgumentParser) -> None:
    """Add --resume and --new-only."""
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with an unfinished run also where files of IN were added, changed or removed since (an equal run goes on "
        "anyway)",
    )
    parser.add_argument(
        "--new-only", action="store_true", help="leave files that OUT holds already; one that has changed since is an error"
    )


def add_arrangement(parser: argparse.ArgumentParser) -> None:
    """Add --partition-by and --rows-per-file."""
    parser.add_argument(
        "--partition-by",
        metavar="FIELDS",
        type=parse_names,
        action="extend",
        default=[],
        help="fields whose values name folders of OUT, such as day=2024-01-31/",
    )
    parser.add_argument(
        "--rows-per-file", type=parse_positive, metavar="N", help="merge small files and split large ones into files of N rows"
    )


def parse_max_errors(text: str) -> tuple[int | float, ...]:
    """Return the limits of an argument such as 100, 0.01 or 100,0.01; one with a point is a share.

    >>> parse_max_errors("100,0.01")
    (100, 0.01)
    """
    try:
        return tuple(float(part) if "." in part or "e" in part else int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a count such as 100, a share such as 0.01, or both, got {text!r}") from None


def parse_positive(text: str) -> int:
    """Return the integer of an argument that must be 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a positive integer, got {text!r}")
    return int(text)


def parse_positives(text: str) -> list[int]:
    """Return the integers of an argument such as 100,50."""
    try:
        return [parse_positive(part) for part in text.split(",")]
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"must be positive integers such as 100,50, got {text!r}") from None


def parse_names(text: str) -> list[str]:
    """Return the names of an argument such as id,date; one with a comma stands in double quotes.

    >>> parse_names('id,"a, b",date')
    ['id', 'a, b', 'date']
    """
    try:
        names = next(csv.reader([text], strict=True), [])
    except csv.Error:
        names = []
    if not names or "" in names:
        raise argparse.ArgumentTypeError(f"must be names such as id,date, got {text!r}")
    return names


def single_or_list(values: list[str]) -> str | list[str]:
    """Return a single value as itself and several as a list, as paths and labels are given in Python."""
    return values[0] if len(values) == 1 else values


def check_output(path: Path, overwrite: bool) -> None:
    """Raise OutputError for a folder that is there and may not be replaced, and for one that cannot be written."""
    from featurecols import errors
    from featurecols.data.files.paths import require_not_collapsed
    from featurecols.jobs import staging

    require_not_collapsed(path)
    staging.check_target(path)
    if path.exists() and not overwrite:
        raise errors.output(path, "exists already", "choose another folder, or pass --overwrite")
