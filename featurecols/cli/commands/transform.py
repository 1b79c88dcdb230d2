"""Transform files with a plan: Parquet or CSV in, Parquet or one .npy matrix out, there when it is complete.

IN is files, folders or quoted globs. OUT is a folder with a file for each file, or a .parquet or .arrow file for one file,
or a .npy file for everything. A run that was killed continues when it is started again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from featurecols.cli import options, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="the folder that fit wrote")
    parser.add_argument("source", metavar="IN", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    options.add_csv(parser)
    where = "a folder, a .parquet, .arrow or .npy file, or such a URL; or a table, delta:PLACE or iceberg:NAME"
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help=where)
    options.add_keep(parser)
    parser.add_argument(
        "--layout",
        choices=["features", "columns", "ids", "sparse"],
        default="features",
        help="one list of float32, one column per output, ids per slot, or indices and values (default: features)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what is at OUT, once the new output is complete")
    parser.add_argument("--row-group-rows", type=options.parse_positive, metavar="N", help="rows of a row group in the output")
    options.add_on_error(parser)
    options.add_resume(parser)
    options.add_arrangement(parser)
    options.add_processes(parser)
    options.add_common(parser)


def run(arguments: argparse.Namespace) -> None:
    """Transform the files."""
    import featurecols as fc

    plan = fc.load(arguments.plan)
    source = options.read_data(arguments.source, arguments)
    with output.show_progress("transform", arguments.quiet) as bar:
        done = plan.transform_files(
            source,
            arguments.output,
            keep=arguments.keep,
            layout=arguments.layout,
            threads=arguments.threads,
            processes=arguments.processes,
            progress=bar,
            overwrite=arguments.overwrite,
            on_error=arguments.on_error,
            max_errors=arguments.max_errors,
            resume=arguments.resume,
            new_only=arguments.new_only,
            partition_by=arguments.partition_by,
            rows_per_file=arguments.rows_per_file,
            row_group_rows=arguments.row_group_rows,
        )
    output.print_result(arguments.json, output.describe_job(done), str(done))
