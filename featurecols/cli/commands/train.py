"""Train a model on files: columns declared in SPEC, a JSON, TOML or YAML file, become a folder MODEL.

SPEC is an object, {"model": "LinearClassifier", "columns": [...], "optimizer": "Adam", ...}: a class of featurecols.models
and its arguments, by the names that they have in Python. A wide & deep model has "linear" and "dnn" in the place of
"columns". A list is the columns alone, as fit takes them. SPEC may also say "label", "weight", "seed", "epochs", "steps",
"batch_size", "validation", "validation_share" and "class_weight"; options go before what SPEC says. The model.json of a model
is such a SPEC. Without --epochs and --steps, training lasts until rows held out show no gain.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from featurecols.cli import options, output

if TYPE_CHECKING:
    from featurecols.models.estimators.base import Estimator
    from featurecols.models.estimators.config import RunConfig
    from featurecols.models.training.hooks import Hook

MODELS = [f"{kind}{task}" for kind in ("Linear", "DNN", "WideDeep", "Baseline") for task in ("Classifier", "Regressor")]
ARGUMENTS = (  # of the model, where they are given
    "model",
    "seed",
    "hidden_units",
    "members",
    "cross_layers",
    "n_classes",
    "multi_label",
    "weight_column",
    "standardize_label",
    "label_transform",
    "normalize",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("spec", metavar="SPEC", type=Path, help="a JSON, TOML or YAML file of a model, or of columns")
    parser.add_argument("data", metavar="DATA", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    options.add_csv(parser)
    parser.add_argument("-o", "--output", metavar="MODEL", required=True, type=Path, help="the folder to write")
    parser.add_argument("--label", metavar="FIELD", action="append", help="what to predict; again for several")
    parser.add_argument("--model", metavar="KIND", type=parse_model, help=f"{', '.join(MODELS[:-1])} or {MODELS[-1]}")
    parser.add_argument("--hidden-units", metavar="UNITS", type=options.parse_positives, help="hidden layers, such as 100,50")
    members = "networks that are trained together and averaged (default: 1)"
    parser.add_argument("--members", metavar="N", type=options.parse_positive, help=members)
    crosses = "layers of learned products of inputs, before the hidden ones (default: none)"
    parser.add_argument("--cross-layers", metavar="N", type=options.parse_positive, help=crosses)
    parser.add_argument("--n-classes", metavar="N", type=options.parse_positive, help="of a classifier (default: 2)")
    several_labels = "a row may have any number of labels: fields of 0 and 1, --label again for each, or one field of lists"
    parser.add_argument("--multi-label", action="store_const", const=True, help=several_labels)
    parser.add_argument("--weight", metavar="FIELD", dest="weight_column", help="the weights of rows")
    counts = "what a row of CLASS counts in training, again for others, or balanced: each class as much as any (default: 1)"
    parser.add_argument("--class-weight", metavar="CLASS=WEIGHT", type=options.parse_class_weight, action="append", help=counts)
    scaled = "numbers without a normalizer as they are (default: in deviations from their mean)"
    parser.add_argument("--no-normalize", dest="normalize", action="store_const", const=False, help=scaled)
    standardized = "train a regressor on labels in deviations from their mean, or as they are (default: in deviations)"
    parser.add_argument("--standardize-label", action=argparse.BooleanOptionalAction, help=standardized)
    parser.add_argument("--label-transform", metavar="NAME", choices=("log1p",), help="log1p to predict log(1 + label)")
    parser.add_argument(
        "--epochs", metavar="N", type=options.parse_positive, help="passes over DATA (default: while they help)"
    )
    parser.add_argument("--steps", metavar="N", type=options.parse_positive, help="steps to take, in the place of epochs")
    by_rows = "rows of a step (default: by the number of rows; 256 with --epochs or --steps)"
    parser.add_argument("--batch-size", metavar="N", type=options.parse_positive, help=by_rows)
    several = "how many processes compute the gradients of each batch (default: one)"
    parser.add_argument("--processes", metavar="N", type=options.parse_positive, help=several)
    parser.add_argument("--seed", metavar="N", type=int, help="of first weights and shuffling (default: 0)")
    parser.add_argument("--validation", metavar="DATA", action="append", help="data to evaluate on after each epoch")
    share = "the share of DATA to hold out and evaluate on instead (default: by the number of rows; 0 with --epochs or --steps)"
    parser.add_argument("--validation-share", metavar="SHARE", type=float, help=share)
    stops = "stop when METRIC, such as val_auc, has not improved"
    parser.add_argument("--early-stopping", metavar="METRIC", help=stops)
    parser.add_argument("--patience", metavar="N", type=int, help="epochs to wait for an improvement (default: 3)")
    parser.add_argument("--mode", choices=["auto", "min", "max"], help="which METRIC is better (default: auto, by its name)")
    parser.add_argument("--min-delta", metavar="X", type=float, help="the least change that is an improvement (default: 0)")
    kept = "whether the weights of the best epoch are kept, or those of the last one (default: of the best)"
    parser.add_argument("--restore-best-weights", action=argparse.BooleanOptionalAction, help=kept)
    resumes = "a folder of checkpoints: the same command goes on where it was killed"
    parser.add_argument("--model-dir", metavar="FOLDER", type=Path, help=resumes)
    often = "steps between checkpoints (default: one a minute)"
    parser.add_argument("--checkpoint-steps", metavar="N", type=options.parse_positive, help=often)
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the model that is there, once the new one is complete"
    )
    options.add_common(parser)


def parse_model(text: str) -> str:
    """Return the model of an argument."""
    if text not in MODELS:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(MODELS)}, got {text!r}")
    return text


def run(arguments: argparse.Namespace) -> None:
    """Train the model and save it."""
    from featurecols.jobs import staging
    from featurecols.models import errors
    from featurecols.models.estimators.base import Estimator
    from featurecols.models.estimators.from_json import model_from_json, read_spec

    where, _, said = read_spec(arguments.spec)
    if arguments.epochs is arguments.steps is None:
        arguments.epochs, arguments.steps = said.epochs, said.steps
    if arguments.validation is arguments.validation_share is None:
        arguments.validation, arguments.validation_share = said.validation, said.validation_share
    arguments.label, arguments.batch_size = arguments.label or said.label, arguments.batch_size or said.batch_size
    arguments.class_weight = options.join_class_weights(arguments.class_weight) or said.class_weight
    if arguments.label is None:
        raise errors.model(where, "has no label", None, 'give --label FIELD, or "label" in the spec')
    given = {name: value for name in ARGUMENTS if (value := getattr(arguments, name)) is not None}
    model = model_from_json(arguments.spec, **given, config=_config(arguments))
    if not isinstance(model, Estimator):
        hint = "train it in Python: fc.models.model_from_json(path).fit(data, label=...)"
        raise errors.model(where, "only estimators are trained by this command", type(model).__name__, hint)
    hooks = _early_stopping(arguments)
    _check_output(arguments)
    _check_data(model, arguments)
    start = time.monotonic()
    trained = _train(model, arguments, hooks)
    validation = arguments.validation and options.read_data(arguments.validation, arguments)
    metrics = None if validation is None else model.evaluate(validation, name="validation")
    with staging.write_folder(arguments.output, arguments.overwrite) as folder:
        model.export(folder)
    output.print_result(arguments.json, *_describe(model, arguments.output, metrics, time.monotonic() - start, trained))


def _config(arguments: argparse.Namespace) -> RunConfig:
    from featurecols.models.estimators.config import RunConfig

    return RunConfig(
        None if arguments.model_dir is None else str(arguments.model_dir),
        save_checkpoints_steps=arguments.checkpoint_steps,
        save_checkpoints_secs=None if arguments.checkpoint_steps else 60.0,
        progress=not arguments.quiet,
        threads=arguments.threads,
    )


def _check_output(arguments: argparse.Namespace) -> None:
    """Check the target before training."""
    from featurecols import errors

    path: Path = arguments.output
    options.check_output(path, arguments.overwrite)
    if path.exists() and not (path / "model.json").is_file():
        raise errors.output(path, "exists and is not a model", "choose another folder")
    checkpoints: Path | None = arguments.model_dir
    if checkpoints is not None and path.resolve() in (checkpoints.resolve(), *checkpoints.resolve().parents):
        raise errors.output(path, f"would hold the checkpoints of {checkpoints}", "choose another folder")


def _check_data(model: Estimator, arguments: argparse.Namespace) -> None:
    """Check that every field is in every file, also in those that are read after an epoch."""
    from featurecols.data.sources import as_source
    from featurecols.plan.graph import Graph

    fields = [field.key for field in Graph(model.columns).fields(training=True)]
    fields += [*arguments.label, *([model.weight_column] if model.weight_column else [])]
    for paths in filter(None, (arguments.data, arguments.validation)):
        as_source(options.read_data(paths, arguments)).check(fields)


def _train(model: Estimator, arguments: argparse.Namespace, hooks: Sequence[Hook]) -> bool:
    """Train, unless training was complete and only the model was not written: the same command gives the same model.

    Returns whether it was not complete.
    """
    from featurecols.models import errors
    from featurecols.models.input.labelled_rows import labelled_rows

    data, label = options.read_data(arguments.data, arguments), options.single_or_list(arguments.label)
    if model.model_dir is not None:
        length, size, share = (arguments.epochs, arguments.steps, None), arguments.batch_size, arguments.validation_share
        rows, validated = labelled_rows(data, label, model.weight_column), arguments.validation is not None
        expected = model._expect(rows, length, size, share, validated=validated)
        if model._finished(*expected):
            return False
        if other := model._other(*expected):
            hint = "give another --model-dir, or the command that began it"
            raise errors.checkpoint(arguments.model_dir, f"holds {other}", hint)
    model.train(
        data,
        label,
        epochs=arguments.epochs,
        steps=arguments.steps,
        batch_size=arguments.batch_size,
        validation=arguments.validation and options.read_data(arguments.validation, arguments),
        validation_share=arguments.validation_share,
        class_weight=arguments.class_weight,
        processes=arguments.processes,
        hooks=hooks,
    )
    return True


def _early_stopping(arguments: argparse.Namespace) -> list[Hook]:
    """Return the hook that was asked for; raise ModelError for its options without it."""
    from featurecols.models import errors
    from featurecols.models.training.hooks import EarlyStopping

    names = ("patience", "mode", "min_delta", "restore_best_weights")
    given = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    if arguments.early_stopping is not None:
        return [EarlyStopping(arguments.early_stopping, **given)]
    if given:
        option = f"--{next(iter(given)).replace('_', '-')}"
        raise errors.model("train", f"{option} needs --early-stopping", next(iter(given.values())), "give the metric to watch")
    return []


def _describe(
    model: Estimator, path: Path, metrics: Mapping[str, float] | None, seconds: float, trained: bool
) -> tuple[dict[str, object], str]:
    """Return what was done, as JSON data and as text."""
    variables, rows = model.variables, model.data.get("rows")
    weights, steps = (0, 0) if variables is None else (sum(v.size for v in variables.values.values()), variables.step)
    about = {
        "model": str(path),
        "kind": type(model).__name__,
        "fingerprint": model.fingerprint,
        "columns": len(model.columns),
        "weights": weights,
        "rows": rows,
        "steps": steps,
        "history": model.history.rows,
        "metrics": metrics,
        "seconds": round(seconds, 3),
    }
    last = model.history.rows[-1:] if trained else []
    parts = [f"{len(model.columns)} columns, {weights:,} weights", *([] if rows is None else [f"{rows:,} rows"])]
    parts += [f"epoch {row['epoch']}" for row in last] + [f"step {steps:,}"]
    parts += [f"loss {row['loss']:.4f}" for row in last] + [f"{seconds:.2f} s" if last else "trained before"]
    text = f"{path}: {type(model).__name__}, {', '.join(parts)}"
    return about, text if metrics is None else f"{output.format_metrics(metrics)}\n{text}"
