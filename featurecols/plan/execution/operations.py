"""What a plan does, as a list: values that others read, and declared columns with their slices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from featurecols import errors
from featurecols._core.slots import Slot
from featurecols.columns.base import Bound


class Step(NamedTuple):
    """One value that others read: values[node] = run(*values of inputs)."""

    node: int
    inputs: tuple[int, ...]
    run: Callable[..., Any]
    bound: Bound
    name: str


class Output(NamedTuple):
    """One declared column. start:stop is its slice of the matrix (dense), and its slot says what encode gives for it."""

    node: int
    inputs: tuple[int, ...]
    bound: Bound
    start: int
    stop: int
    slot: Slot
    shared: bool  # its value is computed for other columns too


class Block:
    """The values of one block of rows by node, and what went wrong so far: one bad value hides none in an earlier row."""

    __slots__ = ("problems", "rows", "values")

    def __init__(self, size: int, rows: int) -> None:
        self.values: list[Any] = [None] * size
        self.rows = rows
        self.problems: list[errors.DataError] = []

    def attempt(
        self, of: Step | Output, subject: str, run: Callable[..., Any], problems: list[errors.DataError] | None = None
    ) -> Any:
        """run over the inputs of a step or an output; None where it fails, or where an input did.

        Where outputs run on several threads, each keeps its own `problems`: their order must not depend on time.
        """
        arguments = [self.values[j] for j in of.inputs]
        if any(a is None for a in arguments):
            return None
        try:
            return run(*arguments)
        except errors.DataError as e:
            (self.problems if problems is None else problems).append(e.seen_by(subject))
            return None

    def finish(self, start: int) -> None:
        """Raise the error of the first bad row; `start` is the row that the block begins with."""
        if self.problems:
            raise min(self.problems, key=lambda e: -1 if e.row is None else e.row).shifted(start)


def step(node: int, inputs: tuple[int, ...], bound: Bound) -> Step:
    """Return the step that makes what other columns read of one."""
    return Step(node, inputs, bound.evaluate, bound, bound.column.name)


def outputs(nodes: Iterable[int], bounds: Any, inputs: Any, slots: Iterable[Slot], read: set[int]) -> list[Output]:
    """The declared columns side by side."""
    found: list[Output] = []
    at = 0
    for i, slot in zip(nodes, slots, strict=True):
        width = bounds[i].width
        found.append(Output(i, inputs[i], bounds[i], at, at + width, slot, i in read))
        at += width
    return found
