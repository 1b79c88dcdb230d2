"""Transform files with a plan: Parquet or CSV in, Parquet or one .npy matrix out, there when it is complete.

IN is files, folders or quoted globs. OUT is a folder with a file for each file, or a .parquet file for one file, or a
.npy file for everything. A run that was killed continues when it is started again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from featurecols.cli import output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="the folder that fit wrote")
    parser.add_argument("source", metavar="IN", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    parser.add_argument("target", metavar="OUT", type=Path, help="a folder, a .parquet file or a .npy file")
    kept = "fields that go through as they are; give it last, or before another option"
    parser.add_argument("--keep", metavar="FIELD", nargs="+", action="extend", default=[], help=kept)
    parser.add_argument(
        "--layout",
        choices=["features", "columns", "ids"],
        default="features",
        help="one list of float32, one column per output, or ids per slot (default: features)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what is at OUT, once the new output is complete")
    parser.add_argument("--row-group-rows", type=output.positive, metavar="N", help="rows of a row group in the output")
    output.add_common(parser)


def run(arguments: argparse.Namespace) -> None:
    """Transform the files."""
    import featurecols as fc

    plan = fc.load(arguments.plan)
    source = arguments.source[0] if len(arguments.source) == 1 else arguments.source
    with output.progress("transform", arguments.quiet) as bar:
        done = fc.transform_parquet(
            plan,
            source,
            arguments.target,
            keep=arguments.keep,
            layout=arguments.layout,
            threads=arguments.threads,
            progress=bar,
            overwrite=arguments.overwrite,
            row_group_rows=arguments.row_group_rows,
        )
    output.result(arguments.json, output.written(done), str(done))
