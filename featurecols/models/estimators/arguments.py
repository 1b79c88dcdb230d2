"""What a call of an estimator asks for, checked: its data, its length, its configuration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from featurecols.columns.base import Column
from featurecols.models import errors
from featurecols.models.estimators.config import RunConfig
from featurecols.models.estimators.state import Asked
from featurecols.models.input.pipeline import Pipeline
from featurecols.models.training.hooks import Hook


def choose_data(data: Any, input_fn: Any) -> Any:
    """Data under one of its two names."""
    if data is None and input_fn is None:
        raise errors.model("Estimator", "needs data", None, "give a table, a path, or a function that gives one")
    if data is not None and input_fn is not None:
        got = (type(data).__name__, type(input_fn).__name__)
        raise errors.model("Estimator", "data and input_fn are one thing under two names", got, "give one of them")
    return data if input_fn is None else input_fn


def merge_config(config: RunConfig | None, model_dir: str | Path | None) -> RunConfig:
    """The configuration with the model_dir that was given."""
    config = RunConfig() if config is None else config
    if not isinstance(config, RunConfig):
        raise errors.model("Estimator", "config must be a RunConfig", config, "give RunConfig(seed=1, ...)")
    folder = config.model_dir if model_dir is None else model_dir
    if folder is not None and Path(folder).exists() and not Path(folder).is_dir():
        raise errors.model("Estimator", "model_dir is no folder", str(folder), "name a folder, or one that is not there yet")
    if model_dir is None:
        return config
    if config.model_dir is not None and Path(config.model_dir) != Path(model_dir):
        raise errors.model("Estimator", "model_dir is given twice", (str(model_dir), config.model_dir), "give it once")
    return config.replace(model_dir=str(model_dir))


def require_count(subject: str, name: str, value: Any) -> int:
    """value as an int of at least 1 (numpy's integers too); raises ColumnError for anything else."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 1:
        return int(value)
    raise errors.argument(subject, f"{name} must be an integer of at least 1", value, "leave it out, or give 1 or more")


def check_hooks(subject: str, hooks: Any) -> list[Hook]:
    """Hooks as a list; raises ModelError for what is none."""
    found = list(hooks) if isinstance(hooks, Iterable) else [hooks]
    for hook in found:
        if not isinstance(hook, Hook):
            hint = "give instances of subclasses of hooks.Hook, such as hooks.TimeLimit(60)"
            raise errors.model(subject, "this is no hook", hook, hint)
    return found


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


def training_length(subject: str, steps: int | None, max_steps: int | None, epochs: int | None, pipeline: Pipeline) -> Asked:
    """How long to train: one pass, unless something else is asked for."""
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


def concatenate(arrays: Sequence[Any]) -> Any:
    """What batches gave, put together; None stays None."""
    return None if arrays[0] is None else np.concatenate([np.asarray(a) for a in arrays])
