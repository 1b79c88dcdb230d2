"""Hinge: how far a number is below and above a point, so that a linear model may bend its line there."""

from __future__ import annotations

import math
from dataclasses import field
from typing import ClassVar, Literal

import numpy as np

from featurecols.extend import (
    Array,
    Bound,
    Column,
    Converted,
    ElementwiseBound,
    Field,
    LearnedSlots,
    argument_error,
    check_field,
    frozen,
)


@frozen
class Hinge(Column):
    """How far a number is below a point, and how far above it: two features, of which one is 0.

    Missing: `default` takes its place; without one, an error names the first row.

    Args:
        source: the field.
        at: the point.
        default: what a missing number counts as.
    """

    needs: ClassVar[Literal["category", "number"]] = "number"

    source: Converted[str | Field, Field]
    at: float
    default: float | None = field(default=None, kw_only=True)

    def check(self) -> None:
        check_field(self.source, "Hinge")
        for name, value in (("at", self.at), ("default", self.default)):
            if type(value) not in (int, float) and not (name == "default" and value is None):
                raise argument_error(f"Hinge {self.source.key}", f"{name} must be a number", value, "give at=12, default=0")
        if not math.isfinite(self.at):
            raise argument_error(f"Hinge {self.source.key}", "at must be finite", self.at, "give 12 for the noon of a day")

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> HingeBound:
        return HingeBound(self, self.source, (2,), self.default)


class HingeBound(ElementwiseBound):
    column: Hinge

    def compute(self, x: Array) -> Array:
        at = self.column.at
        return np.stack([np.maximum(at - x, 0), np.maximum(x - at, 0)], axis=1)

    def label(self, i: int) -> str:
        return ("below", "above")[i]
