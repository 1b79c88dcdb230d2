"""The normalizer by ranks: RankGauss."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.expressions import InexpressibleError, Number, NumberAt, Search, computed
from featurecols._core.normal_scores import score, score_of
from featurecols._core.spec import Converted, frozen
from featurecols.analyzers.quartiles import EvenQuantiles
from featurecols.columns.normalizers.base import POINT, RANK, Normalizer, as_number

_MOST_QUANTILES = 2**15


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
        found = [x for v in given if (x := as_number(v)) is not None and not math.isinf(x)]
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
