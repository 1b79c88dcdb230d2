"""Measure a model on files that hold its label: AUC, accuracy, loss and more, or the errors of a regressor."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from featurecols.cli import options, output
from featurecols.cli.load_model import load_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="the folder that train wrote")
    parser.add_argument("data", metavar="DATA", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    options.add_csv(parser)
    parser.add_argument("--label", metavar="FIELD", action="append", help="what was to be predicted (default: as in training)")
    page = "write a page: metrics, curves, calibration, confusion or residuals, importance of fields, worst slices"
    parser.add_argument("--html", metavar="FILE", type=Path, help=page)
    sliced = "with --html, the fields by whose values rows are grouped, such as age,region (default: all that the model reads)"
    parser.add_argument("--slices", metavar="FIELDS", type=options.parse_names, action="extend", help=sliced)
    options.add_threads(parser)
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure the model and print its metrics."""
    from featurecols.models import errors
    from featurecols.models.estimators.reported import Reported
    from featurecols.models.sequential import Sequential

    model = load_model(arguments.model, arguments.threads)
    labels = arguments.label or list(model.label)
    if not labels:
        raise errors.model("evaluate", "the model does not know its label", None, "give --label, the field that holds it")
    start, data, label = time.monotonic(), options.read_data(arguments.data, arguments), options.single_or_list(labels)
    if arguments.slices is not None and arguments.html is None:
        raise errors.model("evaluate", "--slices are those of the page", arguments.slices, "give --html FILE too")
    if arguments.html is not None:
        if not isinstance(model, Reported):
            hint = "leave --html out, or train a linear, deep or wide & deep model"
            raise errors.model("evaluate", "--html is of classifiers and regressors", type(model).__name__, hint)
        report = model.report(data, label, slices=arguments.slices, title=str(arguments.model))
        found = dict(report.metrics)
    elif isinstance(model, Sequential):
        found = model.evaluate(data, label=label, return_dict=True)
    else:
        found = model.evaluate(data, label=label)
    seconds = time.monotonic() - start
    about = {
        "model": str(arguments.model),
        "kind": type(model).__name__,
        "fingerprint": model.fingerprint,
        "label": label,
        "metrics": found,
        "seconds": round(seconds, 3),
    }
    output.print_result(arguments.json, about, output.format_metrics(found))
    if arguments.html is not None:  # after the text, which is not lost where the page cannot be written
        output.write_page(arguments.html, report.to_html())
