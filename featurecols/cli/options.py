"""Options that commands share, and how their values are read."""

from __future__ import annotations

import argparse
import csv as csv_text
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featurecols.data.sources import FileSource, Paths

BALANCED = "balanced"


def add_csv(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how CSV files are written."""
    group = parser.add_argument_group("CSV files", "how they are written; with one of these, files of all names are CSV")
    separator = "one character between values, or \\t (default: a tab in .tsv files, a comma in others)"
    group.add_argument("--separator", metavar="CHARACTER", type=parse_character, help=separator)
    header = "whether the first row holds the names of the fields (default: it does)"
    group.add_argument("--header", action=argparse.BooleanOptionalAction, help=header)
    named = "names of the fields, such as age,city, of files without a header or in place of it"
    group.add_argument("--names", metavar="NAMES", type=parse_names, action="extend", help=named)
    group.add_argument("--encoding", metavar="NAME", help="of the text, such as latin-1 or utf-16 (default: utf-8)")
    nulls = "texts that are missing values besides the empty one, such as NA,?"
    group.add_argument("--nulls", metavar="TEXTS", type=parse_names, action="extend", help=nulls)
    group.add_argument("--decimal", metavar="CHARACTER", help="the decimal mark of numbers (default: a point)")
    quote = 'what may stand around a value; an empty text for nothing (default: ")'
    group.add_argument("--quote", metavar="CHARACTER", help=quote)
    group.add_argument("--comment", metavar="TEXT", help="lines that begin with it are left out")
    group.add_argument("--skip-rows", metavar="N", type=parse_positive, help="lines to leave out before all others")


def read_data(paths: list[str], arguments: argparse.Namespace) -> Paths | FileSource:
    """Return the paths of a command, with the options of CSV files where some were given."""
    from featurecols.data.files.csv_options import parse_options
    from featurecols.data.sources import FileSource

    names = ("separator", "header", "names", "encoding", "nulls", "decimal", "quote", "comment", "skip_rows")
    given = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    return FileSource(single_or_list(paths), options=parse_options(**given)) if given else single_or_list(paths)


def parse_character(text: str) -> str:
    """Return the character of an argument; backslash and t are a tab."""
    return "\t" if text == "\\t" else text


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
        names = next(csv_text.reader([text], strict=True), [])
    except csv_text.Error:
        names = []
    if not names or "" in names:
        raise argparse.ArgumentTypeError(f"must be names such as id,date, got {text!r}")
    return names


def parse_class_weight(text: str) -> tuple[str, float] | str:
    """Return a class as text and its weight; "balanced" as it is."""
    if text == BALANCED:
        return text
    name, _, weight = text.rpartition("=")
    try:
        return name, float(weight)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be CLASS=WEIGHT, such as yes=20, or {BALANCED}, got {text!r}") from None


def join_class_weights(given: list[tuple[str, float] | str] | None) -> dict[str, float] | str | None:
    """Return the weights of classes that were given one by one; raise ModelError for a class that is there twice."""
    from featurecols.models import errors

    if not given:
        return None
    weights = dict(pair for pair in given if not isinstance(pair, str))
    if len(weights) == len(given):
        return weights
    if weights:
        raise errors.model("train", "--class-weight says one thing twice", given, f"give each class once, or {BALANCED} alone")
    return BALANCED


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
