"""Suggest columns for DATA, with a reason beside each; -o writes them as a spec for `fit` and `train`.

The data is read once. Constants, ids, copies of other fields and fields that give the label away are left out, and it says so.
--model prints and writes the spec of a model, with the columns that suit it and the label: `featurecols train SPEC DATA` needs
no more.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from featurecols import errors
from featurecols.cli import options, output
from featurecols.cli.commands.train import MODELS, parse_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("data", metavar="DATA", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    options.add_csv(parser)
    parser.add_argument("-o", "--output", metavar="SPEC", type=Path, help="the JSON, TOML or YAML file to write")
    parser.add_argument("--label", metavar="FIELD", help="what to predict: it gets no column, and shows what gives it away")
    parser.add_argument(
        "--leave-out",
        metavar="FIELDS",
        type=options.parse_names,
        action="extend",
        default=[],
        help="fields that get no column, such as id,date; may be given again",
    )
    what = f"the spec of a model, with its columns: {', '.join(MODELS[:-1])} or {MODELS[-1]}"
    parser.add_argument("--model", metavar="KIND", type=parse_model, help=what)
    parser.add_argument("--overwrite", action="store_true", help="replace the file that is there")
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the columns and their reasons, and write them where it was asked for."""
    from featurecols.columns.spec_files import write_data
    from featurecols.plan.suggest import suggest

    path: Path | None = arguments.output
    if path is not None and path.exists() and not arguments.overwrite:
        raise errors.output(path, "exists already", "choose another file, or pass --overwrite")
    found = suggest(options.read_data(arguments.data, arguments), arguments.label, leave_out=arguments.leave_out)
    spec = found.to_dict(arguments.model)
    if path is not None:
        write_data(path, spec)
    written = "" if path is None else f"\n{path}: written"
    text = f"{found.describe(arguments.model)}{written}"
    output.print_result(arguments.json, {**spec, "warnings": found.warnings, "rows": found.rows}, text)
