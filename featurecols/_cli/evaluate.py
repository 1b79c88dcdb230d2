"""Measure a model on files that hold its label: AUC, accuracy, loss and more, or the errors of a regressor."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from featurecols._cli import models, show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", type=Path, help="the folder that train wrote")
    parser.add_argument("data", metavar="DATA", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    parser.add_argument("--label", metavar="FIELD", action="append", help="what was to be predicted (default: as in training)")
    parser.add_argument("--threads", type=show.positive, metavar="N", help="how many compute; results never depend on it")
    show.add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    from featurecols.models import errors
    from featurecols.models.sequential import Sequential

    model = models.load(arguments.model, arguments.threads)
    label = models.one(arguments.label) if arguments.label else models.one(list(model.label)) if model.label else None
    if label is None:
        raise errors.model("evaluate", "the model has not been told its label", None, "give --label, the field that holds it")
    start, options = time.monotonic(), {"return_dict": True} if isinstance(model, Sequential) else {}
    found = model.evaluate(models.one(arguments.data), label=label, **options)
    seconds = time.monotonic() - start
    about = {
        "model": str(arguments.model),
        "kind": type(model).__name__,
        "fingerprint": model.fingerprint,
        "label": label,
        "metrics": found,
        "seconds": round(seconds, 3),
    }
    show.result(arguments.json, about, models.table(found))
