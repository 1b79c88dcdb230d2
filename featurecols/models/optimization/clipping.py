"""Gradient clipping: declared values that bound all gradients of a step."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols.models.autodiff.tape import Gradient, IndexedSlices
from featurecols.models.component import Component
from featurecols.models.optimization.schedules import require_rate


@frozen
class Clip(Component):
    """Base of clippers: gradients by name of parameter in, the same bounded out."""

    abstract: ClassVar[bool] = True

    @abstractmethod
    def __call__(self, found: Mapping[str, Gradient]) -> Mapping[str, Gradient]: ...


@frozen
class ClipNorm(Clip):
    """All gradients scaled down together to this global norm (Pascanu et al., 2013); a smaller norm is left alone."""

    norm: float

    def check(self) -> None:
        require_rate("ClipNorm", "norm", self.norm)

    def __call__(self, found: Mapping[str, Gradient]) -> Mapping[str, Gradient]:
        found_rows = (g.rows if isinstance(g, IndexedSlices) else g for g in found.values())
        total = math.sqrt(sum(float(np.square(c, dtype=np.float64).sum()) for c in found_rows))
        if total <= self.norm:
            return found
        scale = self.norm / total
        return {name: _each(g, lambda a: a * a.dtype.type(scale)) for name, g in found.items()}


@frozen
class ClipValue(Clip):
    """Each number of each gradient kept within [-value, value]."""

    value: float

    def check(self) -> None:
        require_rate("ClipValue", "value", self.value)

    def __call__(self, found: Mapping[str, Gradient]) -> Mapping[str, Gradient]:
        return {name: _each(g, lambda a: a.clip(-self.value, self.value)) for name, g in found.items()}


def _each(gradient: Gradient, change: Callable[[Array], Array]) -> Gradient:
    if isinstance(gradient, IndexedSlices):
        return IndexedSlices(gradient.ids, change(gradient.rows), gradient.shape)
    return change(gradient)
