"""Bring a trained tf.estimator over, without TensorFlow: MODEL_DIR becomes a folder that predicts the same logits.

MODEL_DIR is the estimator's model folder, or one checkpoint in it: Linear*, DNN* or DNNLinearCombined*, Classifier or
Regressor. COLUMNS is the JSON of serialize_feature_columns over the columns that it was trained with: a list, or
{"linear": [...], "dnn": [...]} for a combined model.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from featurecols.cli import options, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("model_dir", metavar="MODEL_DIR", type=Path)
    parser.add_argument("--columns", metavar="COLUMNS", type=Path, required=True, help="JSON of the model's columns")
    parser.add_argument("-o", "--output", metavar="MODEL", type=Path, required=True, help="the folder to write")
    parser.add_argument("--overwrite", action="store_true", help="replace the model that is there")
    parser.add_argument("--kind", choices=["classifier", "regressor"], help="where MODEL_DIR has no graph.pbtxt")
    words = "the estimator's label_vocabulary, such as no,yes"
    parser.add_argument("--labels", metavar="WORDS", type=options.parse_names, action="extend", help=words)
    add_settings(parser)
    options.add_json(parser)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the settings that a checkpoint does not have; by default they come from the graph in the model folder."""
    from_graph = "(default: what graph.pbtxt in MODEL_DIR says)"
    parser.add_argument("--activation", metavar="NAME", help=f"of the hidden layers: relu, tanh, ... {from_graph}")
    parser.add_argument("--sparse-combiner", choices=["sum", "mean", "sqrtn"], help=f"of the linear part {from_graph}")


def run(arguments: argparse.Namespace) -> None:
    """Import the estimator, save it and print what it is."""
    from featurecols.tf.import_estimator import import_tf

    options.check_output(arguments.output, arguments.overwrite)
    model = import_tf(
        arguments.model_dir,
        arguments.columns,
        arguments.output,
        activation=arguments.activation,
        sparse_combiner=arguments.sparse_combiner,
        kind=arguments.kind,
        label_vocabulary=arguments.labels,
    )
    about = {
        "model": str(arguments.output),
        "kind": model.kind,
        "units": model.units,
        "hidden_units": list(model.hidden_units),
        "batch_norm": model.batch_norm,
        "activation": model.activation,
        "sparse_combiner": model.sparse_combiner,
        "linear": [column.name for column in model.linear],
        "dnn": [column.name for column in model.dnn],
        "features": list(model.keys),
        "weights": sum(weight.size for weight in model.weights.values()),
    }
    parts = [f"{len(columns)} {part} columns" for part, columns in (("linear", model.linear), ("dnn", model.dnn)) if columns]
    layers = f", layers {'-'.join(map(str, model.hidden_units))} {model.activation}" if model.hidden_units else ""
    text = f"{arguments.output}: {model.kind or 'model'}, {' and '.join(parts)}{layers}, {about['weights']:,} weights"
    output.print_result(arguments.json, about, f"{text}\nreads {', '.join(model.keys)}")
