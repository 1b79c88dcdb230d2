"""Training that goes on: how far a checkpoint is, and whether the call or model that finds it is the one that wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

import numpy as np

from featurecols.models import errors, export
from featurecols.models.input.pipeline import BatchStream
from featurecols.models.training.run import Run

TrainingLength = tuple[int | None, int | None, int | None]  # epochs, steps, max_steps


class TrainedOn(TypedDict, total=False):
    """What a model was trained on."""

    rows: int | None
    files: list[str]
    fingerprint: str | None
    automatic: dict[str, float]
    arguments: dict[str, float]


class Position(TypedDict, total=False):
    """How far a training has come, as a checkpoint says it.

    Checkpoints of version 0.1 end with `done`. The order of rows is decided by batch_size, buffer and shuffle_seed, and
    class_weight is what rows of each class count; loss_sum and loss_rows are of the epoch that is not over; digest is of the
    first rows.
    """

    asked: list[int | None]
    rows: int | None
    epoch: int
    batch: int
    done: bool
    batch_size: int
    buffer: int
    shuffle_seed: int | None
    loss_sum: float
    loss_rows: int
    seconds: float
    history: list[dict[str, float]]
    digest: str | None
    class_weight: list[float] | None


AT_FIRST = {"standardize_label": True, "initial_bias": True}  # arguments that are declared where they are not so
# What the declaration of a model means that does not say it.
UNSAID = {"members": 1, "cross_layers": 0, "kernel_initializer": "glorot_uniform", "kernel_regularizer": None}
ORDER = ("batch_size", "buffer", "shuffle_seed", "class_weight")


class Call(NamedTuple):
    """A call of train: for how long, and over which rows in which batches, of which each class counts how much."""

    asked: TrainingLength
    stream: BatchStream
    share: float | None = None  # of rows that are held out; None where nobody says it
    class_weight: list[float] | None = None

    def order(self) -> dict[str, Any]:
        """Return what decides which rows each step sees, and what they count, by the names of Position."""
        pipeline = self.stream.pipeline
        return {
            "batch_size": self.stream.batch_size,
            "buffer": pipeline.buffer,
            "shuffle_seed": pipeline.seed,
            "class_weight": self.class_weight,
        }

    def is_of(self, last: Position | None) -> bool:
        """Return whether a checkpoint is of a call for as long over as many rows."""
        return last is not None and last["asked"] == list(self.asked) and last["rows"] == self.stream.rows

    def repeats(self, last: Position | None) -> bool:
        """Return whether such a call, for some epochs over the same rows in the same batches, came to its end before."""
        if last is None or not last["done"] or self.asked[1:] != (None, None) or not self.is_of(last):
            return False
        if difference(last, self.order(), ORDER):
            return False
        before, now = last.get("digest"), self.stream.read_digest()
        return before is None or now is None or before == now

    def position(self, run: Run) -> Position:
        """Return how far a run of this call has come."""
        order = self.order()
        return {
            "asked": list(self.asked),
            "rows": self.stream.rows,
            "epoch": run.epoch,
            "batch": run.batch,
            "done": run.done,
            "batch_size": order["batch_size"],
            "buffer": order["buffer"],
            "shuffle_seed": order["shuffle_seed"],
            "loss_sum": run.loss_sum,
            "loss_rows": run.loss_rows,
            "seconds": run.seconds,
            "history": [{name: float(v) if isinstance(v, np.generic) else v for name, v in row.items()} for row in run.history],
            "digest": self.stream.digest,
            "class_weight": order["class_weight"],
        }


def take_up(run: Run, last: Position) -> None:
    """Put a run where a checkpoint is."""
    run.epoch, run.batch, run.taken_up = last["epoch"], last["batch"], True
    run.loss_sum, run.loss_rows = last.get("loss_sum", 0.0), last.get("loss_rows", 0)
    run.started -= last.get("seconds", 0.0)


def declared(arguments: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model was made with as JSON data, those params of a model_fn left out that JSON cannot hold."""
    found = dict(json.loads(json.dumps(arguments)))
    for name, value in params.items():
        try:
            found[f"params[{name!r}]"] = json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError):
            continue
    return found


def only_trains(name: str) -> bool:
    """Return whether an argument of a model matters in training alone, and not to predictions."""
    return name in ("dropout", "kernel_initializer", "kernel_regularizer") or name.endswith("optimizer")


def difference(theirs: Mapping[str, Any], ours: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Return how two declarations differ in these names, in words; None where they do not, or an older one does not say."""
    lines = [
        f"{name} {_in_words(theirs[name])} there and {_in_words(ours[name])} here"
        for name in names
        if name in theirs and name in ours and theirs[name] != ours[name]
    ]
    return ", ".join(lines) or None


def _in_words(value: Any) -> str:
    """Return a value of a declaration as a program would write it."""
    if isinstance(value, Mapping) and "type" in value:
        return repr(export.components([value])[0])
    return errors.show(value)
