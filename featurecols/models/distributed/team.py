"""The chief of a training: it reads the data, gives each worker its rows of a batch, adds up gradients, and keeps the model.

The chief is the process that calls train. It has the data, hooks, checkpoints and evaluations; workers have a copy of the
model, and are sent encoded rows. A batch is cut into as many runs of rows as there are processes, their gradients are added in
the order of the rows, and every process takes the step with this sum. So all copies have the same bits, which depend on how
many processes there are, not on where they run or which of them dies: who replaces it gets the chief's copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from featurecols._core.processes import TRIES, Child, WorkerDiedError, modules_of_kinds
from featurecols.models import errors
from featurecols.models.autodiff.tape import Gradient, Value
from featurecols.models.autodiff.variables import Variables
from featurecols.models.distributed.gradients import Rows, add_all, divide, of_rows
from featurecols.models.distributed.messages import gradients_of, pack, pack_gradients, pack_rows, unpack
from featurecols.models.distributed.weights import digest, own_states
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.optimization.optimizers import Groups, Optimizer, Step

REPLICA = "featurecols.models.distributed.replica"


class Link(Protocol):
    """The way to one worker; WorkerDiedError where it has ended."""

    def send(self, message: bytes) -> None:
        """Send a message."""

    def receive(self) -> bytes:
        """Return the answer to the first message that has one and was not answered yet."""

    def kill(self) -> None:
        """End the worker, whatever it is doing."""

    def close(self) -> None:
        """Free what the link holds, once the worker has ended."""


def start_process(number: int) -> Link:
    """Return a fresh interpreter on this machine as a worker."""
    return Child(REPLICA)


@dataclass(frozen=True)
class Trained:
    """What a team asks of its model.

    Attributes:
        forward: gives the loss of encoded rows, and the step that lowers it, in this process.
        to_bytes: gives the model with its weights.
        make_parameters: makes the parameters that the model does not have yet, from rows.
        variables: gives the variables that training moves now.
        optimizer: gives the optimizer.
        reduction: how losses of rows become that of a batch.
    """

    forward: Callable[[Examples], tuple[Value, Step]]
    to_bytes: Callable[[], bytes]
    make_parameters: Callable[[Examples], None]
    variables: Callable[[], Variables]
    optimizer: Callable[[], Optimizer | Groups]
    reduction: Callable[[], str]


class Team:
    """The workers of one call of train, ended with the block.

    Args:
        subject: the model, for messages.
        model: what is trained.
        processes: how many, the chief included.
        start: makes worker number 1, 2, ...
    """

    def __init__(self, subject: str, model: Trained, processes: int, start: Callable[[int], Link]) -> None:
        self._subject, self._model, self._start = subject, model, start
        self._links: list[Link | None] = [None] * (processes - 1)
        self._current = [False] * (processes - 1)  # whether a worker has what the chief has
        self._known: tuple[Variables, int, Optimizer | Groups] | None = None  # what those that are current have
        self._layout: tuple[Layout, Layout] | None = None
        self.replaced = 0  # workers that died

    def forward(self, examples: Examples) -> tuple[Value, Step]:
        """Return the loss of a batch and the step that lowers it, computed by all."""
        model, variables = self._model, self._model.variables()
        self._prepare(variables, examples)
        x = replace(examples, layout=self._layout_of(examples), memo={})
        spans = divide(len(x), len(self._links) + 1)
        waiting: list[tuple[int, bytes]] = []
        for i, (start, stop, n) in enumerate(spans[1:]):
            message = pack_rows(x.slice(start, stop), (start, stop, n))
            self._try_to_send(i, message)
            waiting.append((i, message))
        first = of_rows(model.forward, x.slice(*spans[0][:2]), spans[0], variables, model.reduction())
        found = [first, *(self._receive(i, message) for i, message in waiting)]
        loss = sum(share for share, _ in found)
        gradients = add_all([each for _, each in found], variables.scratch)
        return Value(np.asarray(loss, variables.dtype)), lambda variables: self._step(variables, gradients)

    def check(self) -> None:
        """Raise ModelError where a worker has other weights than the chief, as after a hook that changed them."""
        if self._known is None or not self._is_known(self._known[0]):
            return
        mine = digest(self._known[0])
        for i, link in enumerate(self._links):
            if link is None or not self._current[i]:
                continue
            try:
                link.send(pack({"kind": "digest"}, {}))
                theirs = unpack(link.receive())[0]["text"]
            except WorkerDiedError:
                continue  # it has nothing more to do
            if theirs != mine:
                what = f"the weights of worker {i + 1} are not those of the chief"
                raise errors.model(self._subject, what, theirs, "let no hook change weights while several processes train")

    def _prepare(self, variables: Variables, examples: Examples) -> None:
        """Have parameters, and see whether workers must be sent the model anew."""
        if not variables.step or not variables.values:
            self._model.make_parameters(examples)
        if not self._is_known(variables):
            if states := own_states(variables):
                what, hint = "layers that average over whole batches cannot be divided", "leave batch_norm out"
                raise errors.model(self._subject, what, states[0], f"{hint}, or train in one process")
            self._current = [False] * len(self._links)
            self._known = variables, variables.step, self._model.optimizer()

    def _is_known(self, variables: Variables) -> bool:
        known = self._known
        return known is not None and (
            known[0] is variables and known[1] == variables.step and known[2] is self._model.optimizer()
        )

    def _layout_of(self, examples: Examples) -> Layout:
        """Return a layout of its own for rows of a batch: what is prepared ahead is so for whole batches, which nobody uses."""
        if self._layout is None or self._layout[0] is not examples.layout:
            self._layout = examples.layout, Layout(examples.layout.slots, examples.layout.tables)
        return self._layout[1]

    def _step(self, variables: Variables, found: dict[str, Gradient]) -> None:
        message = pack_gradients("apply", 0.0, found)
        for i, current in enumerate(self._current):
            if current:
                self._try_to_send(i, message, load=False)
        optimizer = self._model.optimizer()
        optimizer.apply(variables, found)
        variables.step += 1
        self._known = variables, variables.step, optimizer

    def _try_to_send(self, i: int, message: bytes, *, load: bool = True) -> None:
        """Send a message, after the model where the worker does not have it; a worker that died is replaced later."""
        try:
            link = self._link(i)
            if load and not self._current[i]:
                link.send(self._pack_model())
            link.send(message)
            self._current[i] = self._current[i] or load
        except WorkerDiedError:
            self._drop(i)

    def _receive(self, i: int, message: bytes) -> tuple[float, dict[str, Gradient]]:
        """Return what a worker answers to the rows of a step; one that died is replaced, and sent them again."""
        last = ""
        for _ in range(TRIES):
            link = self._links[i]
            if link is None:
                self._try_to_send(i, message)
                link = self._links[i]
            if link is None:
                continue
            try:
                about, arrays = unpack(link.receive())
            except WorkerDiedError as died:
                last = str(died)
                self._drop(i)
                continue
            if about["kind"] == "error":
                raise errors.model(self._subject, f"worker {i + 1} failed", about["text"], "train in one process to see more")
            return about["loss"], gradients_of(about, arrays)
        hint = "give fewer processes, so that each has more memory, or look into the log of the system"
        raise errors.model(self._subject, f"worker {i + 1} died {TRIES} times over one step", last, hint)

    def _link(self, i: int) -> Link:
        found = self._links[i]
        if found is None:
            found = self._links[i] = self._start(i + 1)
        return found

    def _drop(self, i: int) -> None:
        link, self._links[i], self._current[i] = self._links[i], None, False
        if link is not None:
            self.replaced += 1
            link.kill()
            link.close()

    def _pack_model(self) -> bytes:
        variables = self._model.variables()
        data = np.frombuffer(self._model.to_bytes(), np.uint8)
        progress = variables.step, variables.start, variables.stop
        trained, modules = sorted(variables.trained), list(modules_of_kinds())
        return pack({"kind": "load", "modules": modules, "progress": progress, "trained": trained}, {"model": data})

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_: object) -> None:
        links: Sequence[Link] = [link for link in self._links if link is not None]
        for link in links:
            link.kill()
        for link in links:
            link.close()


__all__ = ["Link", "Rows", "Team", "Trained", "start_process"]
