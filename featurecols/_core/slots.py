"""Slots: where each declared column is in what a plan gives, and what a model needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class DenseSlot:
    """Features start:stop of a dense block, of the given shape; a Sequence of numbers adds max_length."""

    name: str
    start: int
    stop: int
    shape: tuple[int, ...] = ()
    max_length: int | None = None
    kind: Literal["dense"] = field(default="dense", init=False)

    @property
    def width(self) -> int:
        """How many features it has."""
        return self.stop - self.start

    @property
    def num_buckets(self) -> int:
        """0: a dense slot has no ids."""
        return 0

    @property
    def table(self) -> None:
        """None, as are dimension, combiner and max_norm: a dense slot has no embedding table."""
        return None

    dimension = combiner = max_norm = table


@dataclass(frozen=True, slots=True)
class IdSlot:
    """An entry of Features.ids with `num_buckets` ids.

    An Embedding adds table, dimension, combiner and max_norm, a Sequence max_length.

    cumulative: of an Embedding of a Piecewise: a row has no ids, or num_buckets - 1, then 0, 1, ... to one of them, then
    num_buckets - 2.
    """

    name: str
    num_buckets: int
    table: str | None = None
    dimension: int | None = None
    combiner: str | None = None
    max_norm: float | None = None
    max_length: int | None = None
    cumulative: bool = field(default=False, repr=False)
    kind: Literal["ids"] = field(default="ids", init=False)

    @property
    def start(self) -> int:
        """0, as are stop and width: ids take no features of the dense block."""
        return 0

    stop = width = start

    @property
    def shape(self) -> tuple[int, ...]:
        """(): ids have no shape."""
        return ()


Slot = DenseSlot | IdSlot
