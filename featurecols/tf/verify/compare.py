"""Comparison of columns, and of a model, with what TensorFlow computes from the same data: verify_tf."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.feature_column import SparseTensor
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.layers import keys_of
from featurecols.feature_column.serialize import Objects
from featurecols.tf.checkpoint.reader import Checkpoint
from featurecols.tf.import_estimator import Declared, import_tf, read_columns, read_json
from featurecols.tf.verify import exchange
from featurecols.tf.verify.cases import Data, Features, Question, column_question, feeds, model_question
from featurecols.tf.verify.exchange import Answer, Failure

ROWS = 10_000
TOLERANCE = 1e-5
Arrays = dict[str, Array]
_EPSILON, _ROUNDINGS = 2.0**-24, 4  # half a step of float32, and how many of them sums in another order may differ by


@dataclass(frozen=True, slots=True)
class Check:
    """One column, or the logits. `equal` is None where TensorFlow could not be asked; `detail` says what differs first."""

    name: str
    what: str
    equal: bool | None
    detail: str = ""

    def __str__(self) -> str:
        mark = {True: "same", False: "DIFFERENT", None: "not compared"}[self.equal]
        return f"{mark:12}  {self.name} ({self.what}){': ' if self.detail else ''}{self.detail}"


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of verify_tf. `equal` is true when something was compared and nothing differs."""

    rows: int
    tensorflow: str
    checks: tuple[Check, ...]

    @property
    def equal(self) -> bool:
        compared = [check.equal for check in self.checks if check.equal is not None]
        return bool(compared) and all(compared)

    def __str__(self) -> str:
        return "\n".join([f"{self.rows:,} rows, here and in TensorFlow {self.tensorflow}", *map(str, self.checks)])


def verify_tf(
    data: Data,
    columns: Declared,
    tensorflow: str | os.PathLike[str],
    *,
    model_dir: str | os.PathLike[str] | None = None,
    rows: int = ROWS,
    tolerance: float = TOLERANCE,
    custom_objects: Objects | None = None,
    activation: str | None = None,
    sparse_combiner: str | None = None,
) -> Verification:
    """Compute columns, and a model's logits, here and in TensorFlow, and compare.

    TensorFlow 2.15 needs numpy 1, so it runs in an interpreter of its own. Ids and matrices must be equal, for embeddings
    the ids that they look up; logits must be within tolerance * (1 + |logit|), and a few roundings of the largest number
    inside the network (ImportedEstimator.scale).

    Args:
        data: a table, or paths of Parquet or CSV files; `feeds` says how nulls and lists are fed, to both sides alike.
        columns: as import_tf takes them.
        tensorflow: path of a Python interpreter with tensorflow-cpu 2.15 and numpy below 2.
        model_dir: an estimator's model folder; its logits are then compared too.
        rows: how many rows to compare, from the first.
        tolerance: of logits.
        custom_objects: as import_tf takes them.
        activation: as import_tf takes it.
        sparse_combiner: as import_tf takes it.

    Raises ColumnError where the interpreter cannot be used, DataError for data without the features.
    """
    if isinstance(columns, (str, os.PathLike)):
        columns = cast(Declared, read_json(Path(columns)))
    if model_dir is None:
        parts = columns if isinstance(columns, Mapping) and "class_name" not in columns else {"columns": columns}
        declared = [column for part in parts.values() for column in read_columns(part, custom_objects)]
        questions = _distinct(declared)
    else:
        model = import_tf(
            model_dir, columns, custom_objects=custom_objects, activation=activation, sparse_combiner=sparse_combiner
        )
        declared = [*model.linear, *model.dnn]
        questions = [*_distinct(declared), model_question(model, Checkpoint.open(model_dir).prefix)]
    features = feeds(data, sorted(keys_of(declared)), rows)
    sent = [question for question in questions if question.request is not None]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        exchange.write_request(folder, features, [{"what": q.what, **(q.request or {})} for q in sent])
        exchange.ask(folder, os.fspath(tensorflow))
        version, answers = exchange.read_response(folder)
    theirs = iter(answers)
    checks = (compare(q, features, next(theirs) if q.request is not None else None, tolerance) for q in questions)
    return Verification(next(iter(features.values())).shape[0], version, tuple(checks))


def _distinct(columns: list[FeatureColumn]) -> list[Question]:
    """Return one question a column; the linear and the deep part may hold the same one."""
    return [column_question(column) for column in dict.fromkeys(columns)]


def compare(question: Question, features: Features, theirs: Answer | None, tolerance: float = TOLERANCE) -> Check:
    """Return the check of one question, given TensorFlow's answer (None where it was not asked)."""
    if theirs is None:
        return Check(question.name, question.what, None, question.reason)
    ours = question.here(features)
    if isinstance(ours, Failure) or isinstance(theirs, Failure):
        if isinstance(ours, Failure) and isinstance(theirs, Failure) and ours.error == theirs.error:
            return Check(question.name, question.what, True, f"both raise {ours.error}")
        texts = " but ".join(_describe(side, answer) for side, answer in (("here", ours), ("TensorFlow", theirs)))
        return Check(question.name, question.what, False, texts)
    allowed: float | Array = 0.0
    if question.what == "logits" and question.scale is not None:
        allowed = tolerance * (1 + np.abs(theirs["logits"])) + _ROUNDINGS * _EPSILON * question.scale(features)[:, None]
    detail = next(_differences(question, features, ours, theirs, allowed), "")
    if not detail and question.what == "logits":
        return Check(
            question.name, question.what, True, f"largest difference {np.abs(ours['logits'] - theirs['logits']).max():.2g}"
        )
    return Check(question.name, question.what, not detail, detail)


def _differences(question: Question, features: Features, ours: Arrays, theirs: Arrays, allowed: float | Array) -> Iterator[str]:
    """Yield what differs, in words, the first thing first."""
    for part in sorted(ours.keys() | theirs.keys(), key=lambda name: name != "shape"):
        if part not in ours or part not in theirs:
            yield f"{part} only {'here' if part in ours else 'in TensorFlow'}"
        elif ours[part].shape != theirs[part].shape:
            yield f"{part} of shape {ours[part].shape} here, {theirs[part].shape} in TensorFlow"
        elif (at := _first(ours[part], theirs[part], allowed)) is not None:
            row = int(ours["indices"][at[0]][0]) if part in ("values", "weights") else at[0]
            fed = ", ".join(f"{key}={_value(features, key, row)}" for key in question.keys[:6])
            yield f"row {row}, {part}{list(at)}: {ours[part][at]!s} here, {theirs[part][at]!s} in TensorFlow ({fed})"


def _describe(side: str, answer: Answer) -> str:
    if isinstance(answer, Failure):
        return f"{side} raises {answer.error} ({errors.show(answer.message)})"
    return f"{side} does not"


def _first(ours: Array, theirs: Array, allowed: float | Array) -> tuple[int, ...] | None:
    """Return the position of the first value that differs; NaN equals NaN."""
    with np.errstate(invalid="ignore"):
        same = (ours == theirs) | (np.abs(ours - theirs) <= allowed)
    if ours.dtype.kind == "f" and theirs.dtype.kind == "f":
        same |= np.isnan(ours) & np.isnan(theirs)
    return None if same.all() else tuple(int(i) for i in np.argwhere(~same)[0])


def _value(features: Features, key: str, row: int) -> str:
    """Return what a feature holds in a row, for people."""
    value = features[key]
    if isinstance(value, SparseTensor):
        return errors.show(value.values[value.indices[:, 0] == row].tolist(), 60)
    return errors.show(value[row].tolist(), 60)
