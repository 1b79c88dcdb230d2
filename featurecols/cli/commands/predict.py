"""Predict files with a model: Parquet or CSV in, Parquet out, there when it is complete.

A classifier writes `class` and `probability` (of its second class, or with more than two `probability_<class>` of each), a
regressor `prediction`. OUT is a folder with a file for each file, or a .parquet file for one file. A run that was killed
continues when it is started again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from featurecols.cli import load_model, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="the folder that train wrote")
    parser.add_argument("data", metavar="DATA", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    parser.add_argument("-o", "--output", metavar="OUT", required=True, type=Path, help="a folder or a .parquet file")
    kept = "fields that go through as they are; give it last, or before another option"
    parser.add_argument("--keep", metavar="FIELD", nargs="+", action="extend", default=[], help=kept)
    parser.add_argument("--overwrite", action="store_true", help="replace what is at OUT, once the new output is complete")
    output.add_common(parser)


def run(arguments: argparse.Namespace) -> None:
    """Predict the files."""
    from featurecols.models.batch_predict import predict_parquet

    model = load_model.load(arguments.model, arguments.threads)
    with output.progress("predict", arguments.quiet) as bar:
        done = predict_parquet(
            model,
            load_model.one(arguments.data),
            arguments.output,
            keep=arguments.keep,
            progress=bar,
            overwrite=arguments.overwrite,
        )
    output.result(arguments.json, output.written(done), str(done))
