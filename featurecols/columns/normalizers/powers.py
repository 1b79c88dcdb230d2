"""Normalizers by logarithms and powers: Log1p, SignedLog1p and Power."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.expressions import Number, computed
from featurecols._core.spec import frozen
from featurecols.analyzers.power import PowerExponent
from featurecols.columns.normalizers.base import LOG1P, POWER, SIGNED_LOG1P, Normalizer, as_number, known


@frozen
class SignedLog1p(Normalizer):
    """log(1 + x) of a positive number, -log(1 - x) of a negative one: for numbers of both signs with long tails.

    Learns nothing.

    >>> SignedLog1p().row(-1.0) == -Log1p().row(1.0)
    True
    """

    def op(self) -> tuple[int, float, float]:
        return SIGNED_LOG1P, 0.0, 0.0

    def row(self, x: float) -> float:
        return -math.log1p(-x) if x < 0.0 else math.log1p(x)

    def expression(self, x: Number) -> Number:
        positive = computed("log1p", computed("clip", x, 0.0, math.inf))
        return computed("subtract", positive, computed("log1p", computed("clip", computed("subtract", 0.0, x), 0.0, math.inf)))


@frozen
class Power(Normalizer):
    """The power of Yeo and Johnson (2000) that brings skewed numbers of any sign closest to a normal distribution.

    ((x + 1)^e - 1) / e for x >= 0 (log(1 + x) for e = 0), and -((1 - x)^(2 - e) - 1) / (2 - e) for x < 0 (-log(1 - x) for
    e = 2), where e is the exponent. It gives numbers without a scale: put ZScore() behind it.

    Learns the exponent of the greatest likelihood among the multiples of 1/1024 from -1024 to 1024, of the present values
    unless it is given; 1, which changes nothing, of values that are all equal. From more than 32,768 distinct values it is
    learned as they are rounded down in Quantiles. It depends on the scale of x, unlike the logarithm of Box and Cox.

    Args:
        exponent: a finite number, the lambda of other libraries.

    Raises:
        ColumnError: for a wrong argument.

    >>> round(Power(exponent=2).row(3.0), 6)
    7.5
    """

    exponent: float | None = field(default=None, kw_only=True)

    def check(self) -> None:
        if self.exponent is None:
            return
        exponent = as_number(self.exponent)
        if exponent is None or math.isinf(exponent):
            raise errors.argument("Power", "exponent must be a finite number", self.exponent, "leave it out to learn it")
        object.__setattr__(self, "exponent", exponent)

    def analyzer(
        self, before: tuple[Normalizer, ...] = (), dtype: str = "float64", leave_out: bool = False
    ) -> PowerExponent | None:
        return PowerExponent(dtype, before, leave_out) if self.exponent is None else None

    def given(self, learned: Mapping[str, Array]) -> Power:
        return Power(exponent=float(learned["exponent"])) if self.exponent is None else self

    def op(self) -> tuple[int, float, float]:
        return POWER, known(self, self.exponent), 0.0

    def row(self, x: float) -> float:
        exponent = known(self, self.exponent)
        return -_power(-x, 2.0 - exponent) if x < 0.0 else _power(x, exponent)

    def expression(self, x: Number) -> Number:
        exponent, opposite = known(self, self.exponent), computed("subtract", 0.0, x)
        above = _power_of(computed("clip", x, 0.0, math.inf), exponent)
        return computed("subtract", above, _power_of(computed("clip", opposite, 0.0, math.inf), 2.0 - exponent))


@frozen
class Log1p(Normalizer):
    """log(1 + x), natural, accurate near 0. Learns nothing.

    In a Numeric, a number of -1 or less is an error; where that lets NaN through, it is -inf at -1 and NaN below.

    >>> Log1p().row(0.0)
    0.0
    """

    kind: ClassVar[str] = "Log1p.v2"
    above: ClassVar[float] = -1.0

    def op(self) -> tuple[int, float, float]:
        return LOG1P, self.above, 0.0

    def expression(self, x: Number) -> Number:
        return computed("log1p", x)

    def row(self, x: float) -> float:
        if x > -1.0 or x != x:
            return math.log1p(x)
        return -math.inf if x == -1.0 else math.nan


@frozen
class Log1pV1(Log1p):
    """Log1p of plans saved before version 2 of it: -inf at -1 and NaN below it, in every Numeric."""

    kind: ClassVar[str] = "Log1p.v1"
    above: ClassVar[float] = -math.inf


def _power(x: float, exponent: float) -> float:
    """Return ((x + 1)^exponent - 1) / exponent for x >= 0."""
    if exponent == 0.0 or exponent == 1.0:
        return math.log1p(x) if exponent == 0.0 else x
    try:
        return math.expm1(exponent * math.log1p(x)) / exponent
    except OverflowError:
        return math.inf / exponent


def _power_of(x: Number, exponent: float) -> Number:
    """Return what _power makes of numbers, as an expression."""
    if exponent == 0.0 or exponent == 1.0:
        return x if exponent else computed("log1p", x)
    return computed("divide", computed("expm1", computed("multiply", computed("log1p", x), exponent)), exponent)
