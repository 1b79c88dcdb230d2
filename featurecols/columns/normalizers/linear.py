"""Normalizers that move and stretch numbers, or hold them within limits: ZScore, MinMax, Robust and Clip."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.expressions import Number, computed
from featurecols._core.spec import frozen
from featurecols.analyzers.moments import Moments
from featurecols.analyzers.quartiles import Quartiles
from featurecols.columns.normalizers.base import CLIP, MINMAX, ZSCORE, Normalizer, as_number, known, require_both_or_none, zero


@frozen
class ZScore(Normalizer):
    """(x - mean) / std, in standard deviations from the mean; 0 where std is 0.

    Learns the mean and the population standard deviation, sqrt(sum((x - mean)^2) / N), of the present values unless both
    are given: exactly, then rounded once each.

    Args:
        mean, std: finite numbers in the units of x, std >= 0; give both or none.

    Raises:
        ColumnError: for a wrong argument.

    >>> ZScore(mean=40, std=10).row(50.0)
    1.0
    """

    mean: float | None = field(default=None, kw_only=True)
    std: float | None = field(default=None, kw_only=True)

    def check(self) -> None:
        require_both_or_none(self, "mean", "std")
        if self.std is not None and self.std < 0:
            raise errors.argument("ZScore", "std must not be negative", self.std, "leave mean and std out to learn them")

    def analyzer(self, before: tuple[Normalizer, ...] = (), dtype: str = "float64", leave_out: bool = False) -> Moments | None:
        return Moments(dtype, before, leave_out) if self.mean is None else None

    def given(self, learned: Mapping[str, Array]) -> ZScore:
        return ZScore(mean=float(learned["mean"]), std=float(learned["std"])) if self.mean is None else self

    def op(self) -> tuple[int, float, float]:
        return ZSCORE, known(self, self.mean), known(self, self.std)

    def row(self, x: float) -> float:
        if self.mean is None or self.std is None:
            raise errors.not_learned([repr(self)])
        if x != x:
            return x
        return (x - self.mean) / self.std if self.std else 0.0

    def expression(self, x: Number) -> Number:
        _, mean, std = self.op()
        return computed("divide", computed("subtract", x, mean), std) if std else zero(x)

    def of_row(self) -> Callable[[float], float]:
        mean, std = self.mean, self.std
        return (lambda x: (x - mean) / std) if mean is not None and std else self.row


@frozen
class MinMax(Normalizer):
    """(x - min) / (max - min): 0 at min, 1 at max, beyond them outside [0, 1]; 0 where max equals min.

    Learns the smallest and the largest present value unless both are given.

    Args:
        min, max: finite numbers in the units of x, min <= max; give both or none.

    Raises:
        ColumnError: for a wrong argument.

    >>> MinMax(min=0, max=200).row(50.0)
    0.25
    """

    min: float | None = field(default=None, kw_only=True)
    max: float | None = field(default=None, kw_only=True)

    def check(self) -> None:
        require_both_or_none(self, "min", "max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise errors.argument("MinMax", "min must not exceed max", (self.min, self.max), "swap them")

    def analyzer(self, before: tuple[Normalizer, ...] = (), dtype: str = "float64", leave_out: bool = False) -> Moments | None:
        return Moments(dtype, before, leave_out) if self.min is None else None

    def given(self, learned: Mapping[str, Array]) -> MinMax:
        return MinMax(min=float(learned["min"]), max=float(learned["max"])) if self.min is None else self

    def op(self) -> tuple[int, float, float]:
        return MINMAX, known(self, self.min), known(self, self.max)

    def row(self, x: float) -> float:
        if self.min is None or self.max is None:
            raise errors.not_learned([repr(self)])
        if x != x:
            return x
        if math.isinf(span := self.max - self.min):
            return (0.5 * x - 0.5 * self.min) / (0.5 * self.max - 0.5 * self.min)
        return (x - self.min) / span if span else 0.0

    def expression(self, x: Number) -> Number:
        _, low, high = self.op()
        if math.isinf(high - low):
            above = computed("subtract", computed("multiply", x, 0.5), 0.5 * low)
            return computed("divide", above, 0.5 * high - 0.5 * low)
        return computed("divide", computed("subtract", x, low), high - low) if high != low else zero(x)

    def of_row(self) -> Callable[[float], float]:
        if self.min is None or self.max is None or self.min == self.max or math.isinf(self.max - self.min):
            return self.row
        low, span = self.min, self.max - self.min
        return lambda x: (x - low) / span


@frozen
class Robust(Normalizer):
    """(x - center) / scale, which values far away do not move.

    Learns the median, and the distance between the quartiles (1 where they are equal), of the present values unless both are
    given: interpolated as numpy.percentile does, exact while there are at most 32,768 distinct values, then of values rounded
    down as Quantiles says.

    Args:
        center, scale: finite numbers in the units of x, scale > 0; give both or none.

    Raises:
        ColumnError: for a wrong argument.

    >>> Robust(center=40, scale=10).row(50.0)
    1.0
    """

    center: float | None = field(default=None, kw_only=True)
    scale: float | None = field(default=None, kw_only=True)

    def check(self) -> None:
        require_both_or_none(self, "center", "scale")
        if self.scale is not None and self.scale <= 0:
            raise errors.argument("Robust", "scale must be positive", self.scale, "leave center and scale out to learn them")

    def analyzer(
        self, before: tuple[Normalizer, ...] = (), dtype: str = "float64", leave_out: bool = False
    ) -> Quartiles | None:
        return Quartiles(dtype, before, leave_out) if self.center is None else None

    def given(self, learned: Mapping[str, Array]) -> Robust:
        return Robust(center=float(learned["center"]), scale=float(learned["scale"])) if self.center is None else self

    def op(self) -> tuple[int, float, float]:
        return ZSCORE, known(self, self.center), known(self, self.scale)

    def row(self, x: float) -> float:
        if self.center is None or self.scale is None:
            raise errors.not_learned([repr(self)])
        return (x - self.center) / self.scale

    def expression(self, x: Number) -> Number:
        _, center, scale = self.op()
        return computed("divide", computed("subtract", x, center), scale)


@frozen
class Clip(Normalizer):
    """x held within [min, max]. Learns nothing.

    Args:
        min, max: numbers in the units of x, min <= max; an infinite one leaves that side open.

    Raises:
        ColumnError: for a wrong argument.

    >>> Clip(0, float("inf")).row(-3.0)
    0.0
    """

    min: float
    max: float

    def check(self) -> None:
        for name in ("min", "max"):
            value = getattr(self, name)
            number = as_number(value)
            if number is None:
                raise errors.argument(
                    "Clip",
                    f"{name} must be a number",
                    value,
                    'give float("inf"), in JSON {"float": "inf"}, to leave a side open',
                )
            object.__setattr__(self, name, number)
        if self.min > self.max:
            raise errors.argument("Clip", "min must not exceed max", (self.min, self.max), "swap them")

    def op(self) -> tuple[int, float, float]:
        return CLIP, self.min, self.max

    def expression(self, x: Number) -> Number:
        return computed("clip", x, self.min, self.max)

    def row(self, x: float) -> float:
        if x < self.min:
            return self.min
        return self.max if x > self.max else x
