"""Hinge: how far a number is below and above a point, so that a linear model may bend its line there."""

from __future__ import annotations

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
    check_field,
    check_number,
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
        check_number(f"Hinge {self.source.key}", "at", self.at)
        if self.default is not None and self.default == self.default:  # NaN lets a missing number through
            check_number(f"Hinge {self.source.key}", "default", self.default)

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> HingeBound:
        return HingeBound(self, self.source, (2,), self.default)


class HingeBound(ElementwiseBound):
    column: Hinge

    def compute(self, x: Array) -> Array:
        at = self.column.at
        return np.stack([np.maximum(at - x, 0), np.maximum(x - at, 0)], axis=1)

    def label(self, i: int) -> str:
        return ("below", "above")[i]
