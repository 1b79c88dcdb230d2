"""Normalizers: float64 to float64, one value at a time, with numbers that are given or learned.

Each is an operation of `kernels.numeric.normalize`, and `row` computes the same bits on one Python float. NaN stays
NaN. Everything is computed in float64; overflow is inf.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.expressions import InexpressibleError, Number, NumberAt, Search, computed
from featurecols._core.normal_scores import score, score_of
from featurecols._core.spec import Converted, Spec, frozen, public_dir
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.moments import Moments
from featurecols.analyzers.power import PowerExponent
from featurecols.analyzers.quartiles import EvenQuantiles, Quartiles

ZSCORE, MINMAX, LOG1P, CLIP, SIGNED_LOG1P, POWER, RANK, POINT = range(8)
_MOST_QUANTILES = 2**15


@frozen
class Normalizer(Spec):
    """Base of all normalizers."""

    abstract: ClassVar[bool] = True
    above: ClassVar[float] = -math.inf  # its domain: numbers above it

    def __dir__(self) -> list[str]:
        return public_dir(self, Normalizer)

    def analyzer(self, before: tuple[Normalizer, ...] = (), dtype: str = "float64", leave_out: bool = False) -> Analyzer | None:
        """Return what must be learned from the present values after the given normalizers `before`; None when nothing.

        leave_out: values that are infinite, or outside the domain of a normalizer, are left out; otherwise they are errors.
        """
        return None

    def given(self, learned: Mapping[str, Array]) -> Normalizer:
        """Return this normalizer with its numbers filled in from what its analyzer learned."""
        return self

    def op(self) -> tuple[int, float, float]:
        """Code and two numbers for the kernel; raises PlanError while something is to be learned."""
        raise NotImplementedError

    def ops(self) -> list[tuple[int, float, float]]:
        """Return what `op` gives, and the points of a table behind it."""
        return [self.op()]

    def row(self, x: float) -> float:
        """One value, in the bits of the kernel."""
        raise NotImplementedError

    def expression(self, x: Number) -> Number:
        """Return what it makes of numbers as an expression, for other systems; raises InexpressibleError."""
        raise InexpressibleError(f"{type(self).__name__} does not define `expression`")

    def of_row(self) -> Callable[[float], float]:
        """`row` for many calls: its numbers are looked up and checked once."""
        return self.row


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
        _both_or_none(self, "mean", "std")
        if self.std is not None and self.std < 0:
            raise errors.argument("ZScore", "std must not be negative", self.std, "leave mean and std out to learn them")

    def analyzer(self, before: tuple[Normalizer, ...] = (), dtype: str = "float64", leave_out: bool = False) -> Moments | None:
        return Moments(dtype, before, leave_out) if self.mean is None else None

    def given(self, learned: Mapping[str, Array]) -> ZScore:
        return ZScore(mean=float(learned["mean"]), std=float(learned["std"])) if self.mean is None else self

    def op(self) -> tuple[int, float, float]:
        return ZSCORE, _known(self, self.mean), _known(self, self.std)

    def row(self, x: float) -> float:
        if self.mean is None or self.std is None:
            raise errors.not_learned([repr(self)])
        if x != x:
            return x
        return (x - self.mean) / self.std if self.std else 0.0

    def expression(self, x: Number) -> Number:
        _, mean, std = self.op()
        return computed("divide", computed("subtract", x, mean), std) if std else _zero(x)

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
        _both_or_none(self, "min", "max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise errors.argument("MinMax", "min must not exceed max", (self.min, self.max), "swap them")

    def analyzer(self, before: tuple[Normalizer, ...] = (), dtype: str = "float64", leave_out: bool = False) -> Moments | None:
        return Moments(dtype, before, leave_out) if self.min is None else None

    def given(self, learned: Mapping[str, Array]) -> MinMax:
        return MinMax(min=float(learned["min"]), max=float(learned["max"])) if self.min is None else self

    def op(self) -> tuple[int, float, float]:
        return MINMAX, _known(self, self.min), _known(self, self.max)

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
        return computed("divide", computed("subtract", x, low), high - low) if high != low else _zero(x)

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
        _both_or_none(self, "center", "scale")
        if self.scale is not None and self.scale <= 0:
            raise errors.argument("Robust", "scale must be positive", self.scale, "leave center and scale out to learn them")

    def analyzer(
        self, before: tuple[Normalizer, ...] = (), dtype: str = "float64", leave_out: bool = False
    ) -> Quartiles | None:
        return Quartiles(dtype, before, leave_out) if self.center is None else None

    def given(self, learned: Mapping[str, Array]) -> Robust:
        return Robust(center=float(learned["center"]), scale=float(learned["scale"])) if self.center is None else self

    def op(self) -> tuple[int, float, float]:
        return ZSCORE, _known(self, self.center), _known(self, self.scale)

    def row(self, x: float) -> float:
        if self.center is None or self.scale is None:
            raise errors.not_learned([repr(self)])
        return (x - self.center) / self.scale

    def expression(self, x: Number) -> Number:
        _, center, scale = self.op()
        return computed("divide", computed("subtract", x, center), scale)


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
        exponent = _number(self.exponent)
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
        return POWER, _known(self, self.exponent), 0.0

    def row(self, x: float) -> float:
        exponent = _known(self, self.exponent)
        return -_power(-x, 2.0 - exponent) if x < 0.0 else _power(x, exponent)

    def expression(self, x: Number) -> Number:
        exponent, opposite = _known(self, self.exponent), computed("subtract", 0.0, x)
        above = _power_of(computed("clip", x, 0.0, math.inf), exponent)
        return computed("subtract", above, _power_of(computed("clip", opposite, 0.0, math.inf), 2.0 - exponent))


@frozen
class RankGauss(Normalizer):
    """The rank of a number among those that were learned, as a normal distribution has it: any shape becomes a bell.

    Of n quantiles, evenly spaced in rank: a number between two of them has the rank between theirs, in proportion; the score is
    the point below which a standard normal distribution has that share. Numbers that many rows have are in the middle of their
    ranks; those beyond the ends have the scores of the ends, which are those of 1e-7 and 1 - 1e-7, -5.2 and 5.2.

    Learns the quantiles of the present values, interpolated as numpy.percentile does, unless they are given: no more than
    there are values. From more than 32,768 distinct values they are those of values rounded down as Quantiles says.

    Args:
        n: how many quantiles to learn, from 2 to 32,768.
        quantiles: finite numbers in the units of x, not decreasing, two or more.

    Raises:
        ColumnError: for a wrong argument.

    >>> RankGauss(quantiles=[0, 10, 1000]).row(10.0)
    0.0
    """

    n: int = 1000
    quantiles: Converted[Sequence[float] | None, tuple[float, ...] | None] = field(default=None, kw_only=True)  # type: ignore[arg-type]

    def check(self) -> None:
        if type(self.n) is not int or not 2 <= self.n <= _MOST_QUANTILES:
            hint = "1000 gives the rank to a thousandth"
            raise errors.argument("RankGauss", f"n must be an integer from 2 to {_MOST_QUANTILES}", self.n, hint)
        if self.quantiles is None:
            return
        given = self.quantiles if isinstance(self.quantiles, tuple) else ()
        found = [x for v in given if (x := _number(v)) is not None and not math.isinf(x)]
        if len(found) < max(2, len(given)) or sorted(found) != found:
            problem = "quantiles must be two or more finite numbers in ascending order"
            raise errors.argument("RankGauss", problem, self.quantiles, "leave them out to learn them")
        object.__setattr__(self, "quantiles", tuple(found))

    def analyzer(
        self, before: tuple[Normalizer, ...] = (), dtype: str = "float64", leave_out: bool = False
    ) -> EvenQuantiles | None:
        return EvenQuantiles(dtype, before, leave_out, n=self.n) if self.quantiles is None else None

    def given(self, learned: Mapping[str, Array]) -> RankGauss:
        return RankGauss(self.n, quantiles=learned["quantiles"].tolist()) if self.quantiles is None else self

    def op(self) -> tuple[int, float, float]:
        return RANK, float(len(self._points())), 0.0

    def ops(self) -> list[tuple[int, float, float]]:
        return [self.op(), *((POINT, x, 0.0) for x in self._points())]

    def row(self, x: float) -> float:
        return _normal_score(x, self._points())

    def of_row(self) -> Callable[[float], float]:
        points = self._points()
        return lambda x: _normal_score(x, points)

    def expression(self, x: Number) -> Number:
        return score_of(_rank_of(x, self._points()))

    def _points(self) -> tuple[float, ...]:
        if self.quantiles is None:
            raise errors.not_learned([repr(self)])
        return self.quantiles


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


def _rank_of(x: Number, points: Sequence[float]) -> Number:
    """Return the rank of numbers among points, ascending, from 0 to 1.

    A number equal to a point, one between two of them and one beyond the ends each have a place of their own in tables of
    what the rank begins with, where, and over which distance it rises by one.
    """
    low, high, last = points[0], points[-1], len(points) - 1
    if math.isinf(high - low):
        raise InexpressibleError("its quantiles are further apart than float64 holds")
    distinct = sorted(set(points))
    begins, places, spans, boundaries = [0.0], [low], [1.0], list[float]()
    for point, after in zip(distinct, [*distinct[1:], math.inf], strict=True):
        first, behind = bisect.bisect_left(points, point), bisect.bisect_right(points, point)
        begins += [0.5 * float(first + behind - 1), float(behind - 1)]
        places += [point, point]
        spans += [1.0, 1.0 if math.isinf(after) else after - point]
        boundaries += [point, math.nextafter(point, math.inf)]
    at, held = Search(x, tuple(boundaries)), computed("clip", x, low, high)
    begin, place, span = (NumberAt(at, tuple(table)) for table in (begins, places, spans))
    return computed("divide", computed("add", begin, computed("divide", computed("subtract", held, place), span)), float(last))


def _normal_score(x: float, points: Sequence[float]) -> float:
    """Return the normal score of the rank of x among points, ascending."""
    if x != x:
        return x
    at, last = bisect.bisect_left(points, x), float(len(points) - 1)
    if at == len(points):
        return score(1.0)
    if points[at] == x:
        return score(0.5 * float(at + bisect.bisect_right(points, x, at) - 1) / last)
    if at == 0:
        return score(0.0)
    low, high = points[at - 1], points[at]
    t = (0.5 * x - 0.5 * low) / (0.5 * high - 0.5 * low) if math.isinf(high - low) else (x - low) / (high - low)
    return score((float(at - 1) + t) / last)


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
            number = _number(value)
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


def _zero(x: Number) -> Number:
    """Return 0 for every number, NaN where it is NaN."""
    return computed("add", computed("clip", x, 0.0, 0.0), 0.0)


def _number(value: object) -> float | None:
    """Return a number as a float; None for NaN, an integer beyond float64, or anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _both_or_none(normalizer: Normalizer, first: str, second: str) -> None:
    """Finite floats in both fields, or None in both."""
    subject = type(normalizer).__name__
    given = {name: getattr(normalizer, name) for name in (first, second)}
    if all(value is None for value in given.values()):
        return
    for name, value in given.items():
        if value is None:
            raise errors.argument(
                subject, f"{name} is missing", tuple(given.values()), f"give both {first} and {second}, or none"
            )
        number = _number(value)
        if number is None or math.isinf(number):
            raise errors.argument(
                subject, f"{name} must be a finite number", value, f"give neither {first} nor {second} to learn them"
            )
        object.__setattr__(normalizer, name, number)


def _known(normalizer: Normalizer, value: float | None) -> float:
    if value is None:
        raise errors.not_learned([repr(normalizer)])
    return value
