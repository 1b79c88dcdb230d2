"""Measure a model on files that hold its label: AUC, accuracy, loss and more, or the errors of a regressor."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from featurecols.cli import load_model, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="the folder that train wrote")
    parser.add_argument("data", metavar="DATA", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    parser.add_argument("--label", metavar="FIELD", action="append", help="what was to be predicted (default: as in training)")
    parser.add_argument("--threads", type=output.positive, metavar="N", help="how many compute; results never depend on it")
    output.add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure the model and print its metrics."""
    from featurecols.models import errors
    from featurecols.models.sequential import Sequential

    model = load_model.load(arguments.model, arguments.threads)
    label = load_model.one(arguments.label) if arguments.label else load_model.one(list(model.label)) if model.label else None
    if label is None:
        raise errors.model("evaluate", "the model does not know its label", None, "give --label, the field that holds it")
    start, options = time.monotonic(), {"return_dict": True} if isinstance(model, Sequential) else {}
    found = model.evaluate(load_model.one(arguments.data), label=label, **options)
    seconds = time.monotonic() - start
    about = {
        "model": str(arguments.model),
        "kind": type(model).__name__,
        "fingerprint": model.fingerprint,
        "label": label,
        "metrics": found,
        "seconds": round(seconds, 3),
    }
    output.result(arguments.json, about, load_model.table(found))
