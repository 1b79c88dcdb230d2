"""Show how two plans differ: which ids and features mean something else, and which rows of tables can be carried over.

Exit status 1 where they differ. fc.carry_tables(old, new) in Python makes the new plan with those rows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from featurecols.cli import options, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("old", metavar="OLD", type=Path, help="the folder of a plan or a model")
    parser.add_argument("new", metavar="NEW", type=Path, help="another one")
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print how the new plan differs from the old one."""
    from featurecols.cli.load_model import load_plan
    from featurecols.plan.difference import diff

    found = diff(load_plan(arguments.old, "diff"), load_plan(arguments.new, "diff"))
    output.print_result(arguments.json, found.to_dict(), repr(found))
    return 1 if found else 0
