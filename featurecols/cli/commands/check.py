"""Show how data fits a plan or a model: what is missing, unseen, out of range and converted.

Exit status 1 where a share is above the limit that an option sets, or where a value cannot be read at all.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from featurecols.cli import options, output

if TYPE_CHECKING:
    from featurecols.plan.report import Report

_LIMITS = {
    "missing": "of the values of a field that are missing",
    "unseen": "of the values of a field that no column with terms knows",
    "out-of-range": "of the values of a field that are out of range",
    "converted": "of the values of a field that are text read as a value and not written as one",
    "constant": "of the features of a column that have one value in all rows",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="the folder of a plan or a model")
    parser.add_argument("data", metavar="DATA", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    for name, meaning in _LIMITS.items():
        parser.add_argument(f"--max-{name}", metavar="SHARE", type=_share, help=f"the largest share, 0 to 1, {meaning}")
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the report of data, and what is above its limit."""
    from featurecols.cli.load_model import load_plan

    report = load_plan(arguments.plan, "check").check(arguments.data)
    above = list(_above(report, {name: getattr(arguments, f"max_{name.replace('-', '_')}") for name in _LIMITS}))
    if report.problem is not None:
        above.append(report.problem)
    text = "\n".join([repr(report), *(["", *above] if above else [])])
    output.print_result(arguments.json, {**report.to_dict(), "above": above}, text)
    return 1 if above else 0


def _above(report: Report, limits: dict[str, float | None]) -> list[str]:
    """Return a line for each share that is above its limit."""
    found = []
    for name, limit in limits.items():
        attribute = name.replace("-", "_")
        of = report.columns if name == "constant" else report.fields
        for key, counts in of.items() if limit is not None else ():
            share = getattr(counts, attribute)
            if share is not None and limit is not None and share > limit:
                found.append(f"{key}: {name.replace('-', ' ')} {share:.6g} is above {limit:g}")
    return found


def _share(text: str) -> float:
    """Return a share that an option gives."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"must be a share from 0 to 1, got {text!r}")
    return share
