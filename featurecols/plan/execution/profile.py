"""Where the time of a transform goes, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class Part:
    """One part of the work: `kind` is "read", "field", "step", "matrix" or "column"; seconds over all rows."""

    kind: str
    name: str
    seconds: float


@dataclass(frozen=True)
class Profile:
    """What Plan.profile measured: rows, and every part of the work in the order in which it is done.

    Attributes:
        rows: how many rows were transformed.
        seconds: of all parts together, on one thread.
        parts: reading; fields as their columns read them; steps, which are values that other columns need; the pass that
            writes plain numbers and one-hots into the matrix; columns that write their features by themselves.
    """

    rows: int
    parts: tuple[Part, ...]

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts)

    def __repr__(self) -> str:
        total = self.seconds or 1.0
        width = max(len(part.name) for part in self.parts)
        lines = [f"{self.rows:,} rows in {self.seconds:.3g} s on one thread", f"{'part':7} {'name':{width}} share   ns/row"]
        for part in self.parts:
            each = 1e9 * part.seconds / max(self.rows, 1)
            lines.append(f"{part.kind:7} {part.name:{width}} {part.seconds / total:5.0%} {each:8,.1f}")
        return "\n".join(lines)


class Clock:
    """Seconds by part, added up over batches and blocks."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], float] = {}

    @contextmanager
    def part(self, kind: str, name: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self.add(kind, name, perf_counter() - start)

    def add(self, kind: str, name: str, seconds: float) -> None:
        self._seconds[kind, name] = self._seconds.get((kind, name), 0.0) + seconds

    def profile(self, rows: int) -> Profile:
        return Profile(rows, tuple(Part(kind, name, seconds) for (kind, name), seconds in self._seconds.items()))
