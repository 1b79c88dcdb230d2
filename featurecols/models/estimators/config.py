"""What an estimator is told beside its columns: how to run, what a model_fn answers, where to start from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.suggestions import explain_constructor
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.distributed.cluster import Cluster
from featurecols.models.optimization.optimizers import Step, TrainOp


class ModeKeys:
    """The purposes that a model_fn is called for."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"


@explain_constructor
@dataclass(frozen=True)
class RunConfig:
    """The settings of how an estimator runs.

    Args:
        model_dir: folder of checkpoints, plan and summaries; None keeps everything in memory.
        seed: of initial values, dropout and shuffling.
        save_summary_steps: steps between lines of summaries.jsonl; 0 for none.
        save_checkpoints_steps, save_checkpoints_secs: how often a checkpoint is written (600 seconds where neither is
            given); one is written at the end in any case.
        keep_checkpoint_max: how many are kept; 0 for all.
        log_step_count_steps: steps between lines on the terminal; 0 for none (a progress bar is shown where one fits).
        progress: whether it is shown.
        threads: for encoding; None is what the machine allows. Results do not depend on it.
        cluster: who trains together, for train_and_evaluate; None is this process alone.
    """

    model_dir: str | None = None
    seed: int = 0
    save_summary_steps: int = 100
    save_checkpoints_steps: int | None = None
    save_checkpoints_secs: float | None = None
    keep_checkpoint_max: int = 5
    log_step_count_steps: int = 0
    progress: bool = True
    threads: int | None = None
    cluster: Cluster | None = None

    @staticmethod
    def from_environment() -> RunConfig:
        """Return the defaults with the cluster that TF_CONFIG describes, if it does, as tf.estimator.RunConfig reads it.

        `replace` gives it others. train_and_evaluate then does what the role of this process is, in the same program on all
        machines. The secret by which they know each other is in FEATURECOLS_CLUSTER_KEY.

        Raises:
            ModelError: for a TF_CONFIG that does not describe a cluster, and for a secret of less than 16 characters.
        """
        return RunConfig(cluster=Cluster.from_environment())

    def __post_init__(self) -> None:
        if self.save_checkpoints_steps is not None and self.save_checkpoints_secs is not None:
            got = (self.save_checkpoints_steps, self.save_checkpoints_secs)
            what = "give one of save_checkpoints_steps and save_checkpoints_secs"
            raise errors.argument("RunConfig", what, got, "leave one out")
        for name in ("seed", "save_summary_steps", "keep_checkpoint_max", "log_step_count_steps"):
            value = getattr(self, name)
            if isinstance(value, np.integer):
                object.__setattr__(self, name, value := value.item())
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise errors.argument("RunConfig", f"{name} must be an integer of at least 0", value, "give 0 or more")
        for name in ("save_checkpoints_steps", "save_checkpoints_secs"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0):
                raise errors.argument("RunConfig", f"{name} must be above 0", value, "leave it out for every 600 seconds")

    def replace(self, **changes: Any) -> RunConfig:
        """Return a copy with some settings changed."""
        return dataclasses.replace(self, **changes)


Metric = tuple[Any, ...]  # (function, array, ...)


@explain_constructor
@dataclass(frozen=True)
class EstimatorSpec:
    """The answer of a model_fn.

    Args:
        mode: the mode that it was called with.
        predictions: arrays [n, ...] by name; needed to predict.
        loss: a Value of one number; needed to train and to evaluate.
        train_op: optimizer.minimize(loss), or a function of the Variables that takes a step; needed to train.
        eval_metric_ops: metrics by name, each (function, array, ...): {"accuracy": (metrics.accuracy, labels, classes)}.
            Functions of models.metrics are added up batch by batch. Of any other, which may give a dict, the arrays of all
            batches are put together, and it is called once.
        scalars: numbers to be seen in training, by name, as of tf.summary.scalar: they are written into summaries beside the
            loss, and hooks find them as run.scalars. Arrays or Values of one number.
    """

    mode: str
    predictions: Mapping[str, Array] | None = None
    loss: Value | None = None
    train_op: Step | None = None
    eval_metric_ops: Mapping[str, Metric] | None = None
    scalars: Mapping[str, Value | Array | float] | None = None

    def __post_init__(self) -> None:
        needs = {ModeKeys.TRAIN: ("loss", "train_op"), ModeKeys.EVAL: ("loss",), ModeKeys.PREDICT: ("predictions",)}
        if self.mode not in needs:
            raise errors.unknown("EstimatorSpec", "mode", self.mode, needs)
        for name in needs[self.mode]:
            if getattr(self, name) is None:
                raise errors.model("EstimatorSpec", f"mode {self.mode!r} needs {name}", None, f"give {name}=")
        if self.loss is not None and (not isinstance(self.loss, Value) or self.loss.array.size != 1):
            got = self.loss.shape if isinstance(self.loss, Value) else self.loss
            raise errors.model(
                "EstimatorSpec", "loss must be a Value of one number", got, "give losses.MeanSquaredError()(labels, outputs)"
            )
        for name, value in (self.scalars or {}).items():
            if name in ("step", "epoch", "loss", "seconds", "steps_per_second"):
                raise errors.model("EstimatorSpec", "a summary has this name already", name, "name the scalar otherwise")
            array = value.array if isinstance(value, Value) else np.asarray(value)
            if array.size != 1 or array.dtype.kind not in "biuf":
                raise errors.model("EstimatorSpec", f"scalar {name!r} must be one number", value, "give its mean, or its norm")
        if self.train_op is not None and not isinstance(self.train_op, TrainOp) and not callable(self.train_op):
            raise errors.model("EstimatorSpec", "train_op must be a step", self.train_op, "give optimizer.minimize(loss)")


@explain_constructor
@dataclass(frozen=True)
class WarmStartSettings:
    """The place that training starts from instead of initial values.

    Args:
        ckpt_to_initialize_from: a checkpoint, a model_dir, or an exported model.
        vars_to_warm_start: a regular expression that a parameter's name must match in full.
    """

    ckpt_to_initialize_from: str
    vars_to_warm_start: str = ".*"
