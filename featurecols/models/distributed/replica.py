"""A worker of a training: a copy of the model that computes gradients of the rows it is sent, and takes every step."""

from __future__ import annotations

from collections.abc import Callable

from featurecols import errors as base_errors
from featurecols._core import processes
from featurecols._core.arrays import Array
from featurecols._core.blas import one_thread
from featurecols.models.distributed.gradients import of_rows
from featurecols.models.distributed.messages import About, gradients_of, pack, pack_gradients, rows_of, unpack
from featurecols.models.distributed.weights import digest
from featurecols.models.estimators.canned import Canned
from featurecols.models.estimators.model_bytes import from_bytes
from featurecols.models.input.examples import Layout


class Replica:
    """What one worker holds; `answer` takes the messages of the chief, in order."""

    def __init__(self) -> None:
        self._model: Canned | None = None
        self._layout = Layout(())
        self._failed: Exception | None = None  # of a message without an answer: answers are this until the next load

    def answer(self, message: bytes) -> bytes | None:
        """Return the answer to a message; None for those that have none. An error is an answer, and never raised."""
        try:
            about, arrays = unpack(message)
            kind = about["kind"]
            if kind == "load":
                self._failed = None
            if self._failed is not None:
                return None if kind == "apply" else _describe(self._failed)
            if kind == "load":
                self._load(about, arrays)
                return None
            model = self._model
            if model is None:
                raise RuntimeError("a worker was sent rows before its model")
            variables = model._variables()
            if kind == "apply":
                model._require_optimizer().apply(variables, gradients_of(about, arrays))
                variables.step += 1
                return None
            if kind == "digest":
                return pack({"kind": "digest", "text": digest(variables)}, {})
            x, reduction = rows_of(about, arrays, self._layout), model.head.objective.reduction
            start, stop, n = about["rows"]
            return pack_gradients("gradients", *of_rows(model._forward, x, (start, stop, n), variables, reduction))
        except Exception as error:
            if _has_answer(message):
                return _describe(error)
            self._failed = error
            return None

    def _load(self, about: About, arrays: dict[str, Array]) -> None:
        processes.import_kinds(about["modules"])
        model = from_bytes(arrays["model"].tobytes())
        variables = model._variables()
        variables.step, variables.start, variables.stop = about["progress"]
        variables.trained = set(about["trained"])
        plan = model._require_plan()
        self._model, self._layout = model, Layout(plan.encoded_slots, plan.tables)


def _has_answer(message: bytes) -> bool:
    try:
        return unpack(message)[0]["kind"] in ("step", "digest")
    except Exception:
        return True


def _describe(error: Exception) -> bytes:
    text = str(error) if isinstance(error, base_errors.FeatureColumnsError) else f"{type(error).__name__}: {error}"
    return pack({"kind": "error", "text": text}, {})


def serve_messages(receive: Callable[[], bytes | None], send: Callable[[bytes], object]) -> None:
    """Answer messages until there are no more."""
    replica = Replica()
    with one_thread:
        while (message := receive()) is not None:
            if (found := replica.answer(message)) is not None:
                send(found)


def serve() -> None:
    """Be a worker of the process that started this one, until it ends."""
    pipe, out = processes.open_pipes()
    serve_messages(lambda: processes.receive(pipe), lambda found: processes.send(out, found))
