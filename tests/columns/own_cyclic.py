"""A kind from outside the package. Workers of calls with `processes` import its module, so nothing else is in it."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

import numpy as np

from featurecols._core.spec import Converted, frozen
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound
from featurecols.columns.elementwise import ElementwiseBound


@frozen
class Cyclic(Column):
    """Sine and cosine of a number on a circle."""

    reads: ClassVar[tuple[str, ...]] = ("key",)
    needs: ClassVar[str] = "number"  # type: ignore[assignment]

    key: Converted[str | Field, Field]
    period: float
    default: float | None = field(default=None, kw_only=True)

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> CyclicBound:
        return CyclicBound(self, self.key, (2,), self.default)


class CyclicBound(ElementwiseBound):
    column: Cyclic

    def compute(self, x: np.ndarray) -> np.ndarray:
        angle = x * (2 * np.pi / self.column.period)
        return np.stack([np.sin(angle), np.cos(angle)], axis=1)

    def label(self, i: int) -> str:
        return ("sin", "cos")[i]
