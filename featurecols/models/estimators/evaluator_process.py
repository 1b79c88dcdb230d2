"""Evaluations in a process of their own, while another one trains."""

from __future__ import annotations

import pickle
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from featurecols._core.processes import Workers
from featurecols._core.thread_pool import result_of
from featurecols.models import errors
from featurecols.models.estimators.model_bytes import from_bytes
from featurecols.models.input.pipeline import Pipeline
from featurecols.models.types import Data, Label


class _Evaluation(NamedTuple):
    """What is evaluated on, as it is sent to the process once."""

    data: Data | Pipeline
    label: Label | None
    steps: int | None


def _evaluate(model: bytes, on: _Evaluation) -> dict[str, float]:
    return from_bytes(model).evaluate(on.data, on.label, steps=on.steps)


class EvaluatorProcess:
    """A fresh interpreter that evaluates models, one after another, ended with the block.

    Args:
        data: what to evaluate on; it is sent there once, so that it is a table, paths, or anything else that can be pickled.
        label: the field of labels, or the labels.
        steps: batches to evaluate; None for all.

    Raises:
        ModelError: for data that cannot be sent.
    """

    def __init__(self, data: Data | Pipeline | None, label: Label | None, steps: int | None) -> None:
        if data is None:
            raise errors.model("train_and_evaluate", "an evaluator needs data", None, "give EvalSpec data")
        self._on = _Evaluation(data, label, steps)
        try:
            pickle.dumps(self._on)
        except Exception as error:
            hint = "give EvalSpec a table or paths, or leave evaluator out"
            raise errors.model("train_and_evaluate", "the data cannot be sent to an evaluator", str(error), hint) from None
        self._workers, self._thread = Workers(1), ThreadPoolExecutor(1, thread_name_prefix="featurecols-evaluator")
        self._running: Future[dict[str, float]] | None = None

    def start(self, model: bytes) -> None:
        """Begin to evaluate a model."""
        self._running = self._thread.submit(self._run, model)

    def result(self) -> dict[str, float]:
        """Return the metrics of the model that was given last, or raise the error of its evaluation."""
        if self._running is None:
            raise RuntimeError("nothing is evaluated")
        return result_of(self._running)

    def _run(self, model: bytes) -> dict[str, float]:
        (found,) = self._workers.run([partial(_evaluate, model)], self._on)
        return found

    def __enter__(self) -> EvaluatorProcess:
        self._workers.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._workers.__exit__(*error)
        self._thread.shutdown()


__all__ = ["EvaluatorProcess"]
