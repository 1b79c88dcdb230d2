"""What a call of an estimator asks for, checked: its data, its length, its configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from featurecols.models import errors
from featurecols.models.keeping import Asked
from featurecols.models.pipeline import Pipeline
from featurecols.models.settings import RunConfig


def given(data: Any, input_fn: Any) -> Any:
    """Data under one of its two names."""
    if (data is None) == (input_fn is None):
        raise errors.model("Estimator", "needs data, once", (data is not None, input_fn is not None), "give data or input_fn")
    return data if input_fn is None else input_fn


def config(config: RunConfig | None, model_dir: str | Path | None) -> RunConfig:
    """The configuration with the model_dir that was given."""
    config = config or RunConfig()
    if model_dir is None:
        return config
    if config.model_dir is not None and Path(config.model_dir) != Path(model_dir):
        raise errors.model("Estimator", "model_dir is given twice", (str(model_dir), config.model_dir), "give it once")
    return config.replace(model_dir=str(model_dir))


def length(who: str, steps: int | None, max_steps: int | None, epochs: int | None, pipeline: Pipeline) -> Asked:
    """How long to train: one pass, unless something else is asked for."""
    for name, value in (("steps", steps), ("max_steps", max_steps), ("epochs", epochs)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise errors.argument(who, f"{name} must be an integer of at least 1", value, "leave it out")
    if steps is not None and max_steps is not None:
        raise errors.argument(who, "give one of steps and max_steps", (steps, max_steps), "steps are counted from now")
    if epochs is None:
        epochs = pipeline.epochs
    if epochs is None and steps is None and max_steps is None:
        epochs = 1
    return (None if epochs == -1 else epochs), steps, max_steps


def joined(arrays: Sequence[Any]) -> Any:
    """What batches gave, put together; None stays None."""
    return None if arrays[0] is None else np.concatenate([np.asarray(a) for a in arrays])
