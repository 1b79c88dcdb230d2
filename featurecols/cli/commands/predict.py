"""Predict files with a model: Parquet or CSV in, Parquet out, there when it is complete.

A classifier writes `class` and `probability_<class>` of each class (of two classes, of the second), a regressor
`prediction`. OUT is a folder with a file for each file, or a .parquet or .arrow file for one file. A run that was
killed continues when it is started again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from featurecols.cli import options, output
from featurecols.cli.load_model import load_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="the folder that train wrote")
    parser.add_argument("data", metavar="DATA", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    options.add_csv(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        required=True,
        help="a folder, a .parquet or .arrow file, or such a URL; or a table, delta:PLACE or iceberg:NAME",
    )
    options.add_keep(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace what is at OUT, once the new output is complete")
    options.add_on_error(parser)
    options.add_resume(parser)
    options.add_arrangement(parser)
    options.add_common(parser)


def run(arguments: argparse.Namespace) -> None:
    """Predict the files."""
    model = load_model(arguments.model, arguments.threads)
    with output.show_progress("predict", arguments.quiet) as bar:
        done = model.predict_files(
            options.read_data(arguments.data, arguments),
            arguments.output,
            keep=arguments.keep,
            progress=bar,
            overwrite=arguments.overwrite,
            on_error=arguments.on_error,
            max_errors=arguments.max_errors,
            resume=arguments.resume,
            new_only=arguments.new_only,
            partition_by=arguments.partition_by,
            rows_per_file=arguments.rows_per_file,
        )
    output.print_result(arguments.json, output.describe_job(done), str(done))
