"""Show how data fits a plan or a model: what is missing, unseen, out of range and converted, and what drifted.

Fields are compared with the training rows where the plan was fitted with --statistics. Exit status 1 where a share or a measure
is above the limit that an option sets, or where a value cannot be read at all.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from featurecols import errors
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

_DRIFT = {
    "psi": "population stability index of a field",
    "js": "Jensen-Shannon divergence of a field, in bits",
    "linf": "difference of shares of a bin of a field",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="the folder of a plan or a model")
    parser.add_argument("data", metavar="DATA", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    options.add_csv(parser)
    for name, meaning in _LIMITS.items():
        parser.add_argument(f"--max-{name}", metavar="SHARE", type=_share, help=f"the largest share, 0 to 1, {meaning}")
    for name, meaning in _DRIFT.items():
        help_text = f"the largest {meaning}, where it is above what chance gives"
        parser.add_argument(f"--max-{name}", metavar="LIMIT", type=_limit, help=help_text)
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a page with a picture of each field")
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the report of data, and what is above its limit."""
    from featurecols.cli.load_model import load_plan

    report = load_plan(arguments.plan, "check").check(options.read_data(arguments.data, arguments))
    above = list(_above(report, {name: getattr(arguments, f"max_{name.replace('-', '_')}") for name in _LIMITS}))
    limits = {name: getattr(arguments, f"max_{name}") for name in _DRIFT}
    if not report.drift and (arguments.html is not None or any(limit is not None for limit in limits.values())):
        hint = "give a plan that featurecols fit SPEC DATA --statistics wrote; models keep none"
        raise errors.plan("check", "the plan has no statistics of its training rows", str(arguments.plan), hint)
    above += [
        f"{key}: {name} {getattr(report.drift[key], name):.6g} is above {limit:g}"
        for name, limit in limits.items()
        for key in report.drifted(**{"psi": None, name: limit})
        if limit is not None
    ]
    if report.problem is not None:
        above.append(report.problem)
    text = "\n".join([repr(report), *(["", *above] if above else [])])
    output.print_result(arguments.json, {**report.to_dict(), "above": above}, text)
    if arguments.html is not None:  # after the text, which is not lost where the page cannot be written
        output.write_page(arguments.html, report.to_html(f"Drift from {arguments.plan}"))
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


def _limit(text: str) -> float:
    """Return a limit that an option gives."""
    try:
        limit = float(text)
    except ValueError:
        limit = -1.0
    if not 0 <= limit < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number, 0 or more, got {text!r}")
    return limit
