"""Cyclic: a number that comes round again, such as the hour of a day, as a point on a circle."""

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
class Cyclic(Column):
    """Sine and cosine of a number: two features, equal again after each period.

    Missing: `default` takes its place; without one, an error names the first row.

    Args:
        source: the field.
        period: after how much the number comes round again.
        default: what a missing number counts as.
    """

    needs: ClassVar[Literal["category", "number"]] = "number"

    source: Converted[str | Field, Field]
    period: float
    default: float | None = field(default=None, kw_only=True)

    def check(self) -> None:
        check_field(self.source, "Cyclic")
        for name, value in (("period", self.period), ("default", self.default)):
            if type(value) not in (int, float) and not (name == "default" and value is None):
                raise argument_error(
                    f"Cyclic {self.source.key}", f"{name} must be a number", value, "give period=24, default=0"
                )
        if not 0 < self.period < math.inf:
            raise argument_error(
                f"Cyclic {self.source.key}", "period must be positive", self.period, "give 24 for hours of a day"
            )

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> CyclicBound:
        return CyclicBound(self, self.source, (2,), self.default)


class CyclicBound(ElementwiseBound):
    column: Cyclic

    def compute(self, x: Array) -> Array:
        angle = x * (2 * math.pi / self.column.period)
        return np.stack([np.sin(angle), np.cos(angle)], axis=1)

    def label(self, i: int) -> str:
        return ("sin", "cos")[i]
