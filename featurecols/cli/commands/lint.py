"""Show what looks wrong in columns: widths, buckets for the number of terms, dimensions, constants and duplicates.

Exit status 1 where something does. With DATA, terms are counted, and columns that learn are fitted to it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from featurecols.cli import options, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("path", metavar="SPEC|PLAN", type=Path, help="a file of columns, or the folder of a plan or a model")
    parser.add_argument("data", metavar="DATA", nargs="*", help="Parquet or CSV: files, folders or quoted globs")
    options.add_csv(parser)
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what looks wrong."""
    from featurecols.cli.load_model import load_plan
    from featurecols.columns.json import read_columns
    from featurecols.plan.lint import lint

    path: Path = arguments.path
    data = options.read_data(arguments.data, arguments) if arguments.data else None
    found = lint(load_plan(path, "lint") if path.is_dir() else read_columns(path), data)
    output.print_result(arguments.json, found.to_dict(), repr(found))
    return 1 if found else 0
