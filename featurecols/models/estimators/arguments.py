"""What a call of an estimator asks for, checked: its data, its length, its configuration."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from featurecols.columns.base import Column
from featurecols.models import errors
from featurecols.models.estimators.config import EstimatorSpec, RunConfig
from featurecols.models.estimators.resume import TrainingLength
from featurecols.models.export import SPEC
from featurecols.models.input.pipeline import Pipeline
from featurecols.models.training import checkpoints
from featurecols.models.types import Data, Label


def choose_data(data: Data | Pipeline | None, input_fn: Callable[..., Any] | None) -> Data | Pipeline:
    """Return data under one of its two names; raise ModelError for none or both."""
    if data is not None and input_fn is not None:
        got = (type(data).__name__, type(input_fn).__name__)
        raise errors.model("Estimator", "data and input_fn are one thing under two names", got, "give one of them")
    found = input_fn if data is None else data
    if found is None:
        raise errors.model("Estimator", "needs data", None, "give a table, a path, or a function that gives one")
    return found


def merge_config(
    config: RunConfig | None, model_dir: str | Path | None, seed: int | None = None, threads: int | None = None
) -> RunConfig:
    """Return the configuration with the model_dir, the seed and the threads that were given."""
    config = RunConfig() if config is None else config
    if not isinstance(config, RunConfig):
        raise errors.model("Estimator", "config must be a RunConfig", config, "give RunConfig(seed=1, ...)")
    if threads is not None:
        threads = require_count("Estimator", "threads", threads)
    config = config.replace(**{name: value for name, value in (("seed", seed), ("threads", threads)) if value is not None})
    folder = config.model_dir if model_dir is None else model_dir
    if folder is not None and Path(folder).exists() and not Path(folder).is_dir():
        raise errors.model("Estimator", "model_dir is not a folder", str(folder), "name a folder, or one that is not there yet")
    if folder is not None and (Path(folder) / SPEC).is_file() and checkpoints.latest(Path(folder)) is None:
        hint = "give another model_dir; fc.models.load(path) trains on, and warm_start_from= takes its weights over"
        raise errors.checkpoint(folder, "is the folder of a saved model, and no checkpoints go there", hint)
    if model_dir is None:
        return config
    if config.model_dir is not None and Path(config.model_dir) != Path(model_dir):
        raise errors.model("Estimator", "model_dir is given twice", (str(model_dir), config.model_dir), "give it once")
    return config.replace(model_dir=str(model_dir))


def join_weights(subject: str, data: Data | Pipeline, label: Label | None, weight: Label) -> Data:
    """Return (features, labels, weights); raise ModelError where weights are arrays and labels are not."""
    hint = 'give weight="...", the field that holds weights, or labels and weights as arrays'
    if isinstance(data, tuple) and len(data) == 2 and label is None and not isinstance(data[0], (str, Path)):
        return (*data, weight)
    if isinstance(data, Pipeline) or label is None or isinstance(label, str):
        raise errors.model(subject, "weights apart from the data need labels apart from it", type(weight).__name__, hint)
    return (data, label, weight)


def require_count(subject: str, name: str, value: object) -> int:
    """Return an int of at least 1 (numpy's integers too); raise ColumnError for anything else."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 1:
        return int(value)
    raise errors.argument(subject, f"{name} must be an integer of at least 1", value, "leave it out, or give 1 or more")


def weight_field(subject: str, column: Any) -> str | None:
    """Return the field that a weight column names: a string, or a plain numeric column as in tf.estimator."""
    if column is None or isinstance(column, str):
        return column
    ours = isinstance(column, Column)
    if not (column.numeric if ours else hasattr(column, "normalizer_fn")):
        raise errors.model(subject, "weight_column names a field", column, 'give weight_column="weight"')
    if column.normalizer_names() if ours else column.normalizer_fn:
        raise errors.model(subject, "a weight is read as it is, without normalizer", column, "write the weights into a field")
    return str(column.term_fields()[0] if ours else column.key)


def training_length(
    subject: str, steps: int | None, max_steps: int | None, epochs: int | None, pipeline: Pipeline
) -> TrainingLength:
    """Return how long to train: one pass, unless something else is asked for."""
    named = {"steps": steps, "max_steps": max_steps, "epochs": epochs}
    found = {name: None if value is None else require_count(subject, name, value) for name, value in named.items()}
    steps, max_steps, epochs = found["steps"], found["max_steps"], found["epochs"]
    if steps is not None and max_steps is not None:
        raise errors.argument(subject, "give one of steps and max_steps", (steps, max_steps), "steps are counted from now")
    if epochs is None:
        epochs = pipeline.epochs
    if epochs is None and steps is None and max_steps is None:
        epochs = 1
    return (None if epochs == -1 else epochs), steps, max_steps


def held_share(subject: str, share: float | None, validation: object) -> float | None:
    """Return a share of rows to hold out as a float, None where it is left open; raise ColumnError for anything else."""
    if share is None:
        return None
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share < 1:
        raise errors.argument(subject, "validation_share must be at least 0 and below 1", share, "give 0.1, or 0 for none")
    if share and validation is not None:
        raise errors.argument(subject, "give one of validation and validation_share", share, "validation is data of its own")
    return float(share)


def names_of(model_fn: Callable[..., EstimatorSpec]) -> set[str]:
    """Return the names of a model_fn's arguments; raise ModelError where one is needed that nobody gives."""
    parameters = inspect.signature(model_fn).parameters
    given = ("features", "labels", "mode", "params", "config")
    needed = [p.name for p in list(parameters.values())[1:] if p.default is p.empty and p.kind not in (2, 4)]
    if not parameters or (unknown := [name for name in needed if name not in given]):
        got = unknown[0] if parameters else "no argument"
        raise errors.model("model_fn", f"is called with {', '.join(given)}", got, "name its arguments so; all but one may go")
    return set(parameters)
