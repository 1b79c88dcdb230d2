"""Prove on DATA that columns, and a model, compute here what TensorFlow computes: both run, the first difference is shown.

DATA is Parquet or CSV. COLUMNS is the JSON of serialize_feature_columns: a list, or {"linear": [...], "dnn": [...]}.
TensorFlow 2.15 needs numpy 1, so it runs in an interpreter of its own, PYTHON. Exit status 1: something differs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from featurecols.cli import options, output
from featurecols.cli.commands.import_tf import add_settings

DIFFERENT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("data", metavar="DATA", nargs="+")
    options.add_csv(parser)
    parser.add_argument("--columns", metavar="COLUMNS", type=Path, required=True, help="JSON of the columns")
    parser.add_argument("--tensorflow", metavar="PYTHON", required=True, help="a Python with tensorflow-cpu 2.15, numpy<2")
    parser.add_argument("--model", metavar="MODEL_DIR", type=Path, help="an estimator's folder: compare its logits, too")
    parser.add_argument("--rows", type=options.parse_positive, metavar="N", default=10_000, help="how many (default: 10000)")
    add_settings(parser)
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare both sides and print every check."""
    from featurecols.tf.verify.compare import verify_tf

    found = verify_tf(
        options.read_data(arguments.data, arguments),
        arguments.columns,
        arguments.tensorflow,
        model_dir=arguments.model,
        rows=arguments.rows,
        activation=arguments.activation,
        sparse_combiner=arguments.sparse_combiner,
    )
    checks = [{"name": c.name, "what": c.what, "equal": c.equal, "detail": c.detail} for c in found.checks]
    about = {"rows": found.rows, "tensorflow": found.tensorflow, "equal": found.equal, "checks": checks}
    output.print_result(arguments.json, about, str(found))
    return 0 if found.equal else DIFFERENT
