"""Placeholders in a declaration for values that will be learned: TopTerms, Quantiles, EqualWidth, Mean, Median."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from featurecols import errors
from featurecols._core.spec import Spec, frozen, public_dir
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.extremes import EqualBoundaries
from featurecols.analyzers.moments import MeanValue
from featurecols.analyzers.quantiles import Boundaries, MedianValue
from featurecols.analyzers.top_terms import TermCounts


@frozen
class Marker(Spec):
    """Base of what can be learned in the place of an argument. `gives` names the array that a column looks for."""

    abstract: ClassVar[bool] = True
    gives: ClassVar[str]

    def __dir__(self) -> list[str]:
        return public_dir(self, Marker)

    @abstractmethod
    def analyzer(self, dtype: str = "float64") -> Analyzer:
        """Return what learns it, from values rounded to `dtype` first."""


@frozen
class TopTerms(Marker):
    """The n most frequent terms of a field, most frequent first; of equally frequent ones, the lesser bytes first.

    Missing values are not terms; data without any others is an error. Every element of a list counts. Counts are exact and
    nothing is pruned: what goes beyond 256 MiB (FEATURECOLS_TERM_MEMORY sets another number of MiB) is spilled to the folder
    for temporary files (TMPDIR).

    Args:
        n: how many terms at most; None takes all.
        min_count: a term seen less often is left out.

    Raises:
        ColumnError: for a wrong argument.

    >>> TopTerms(1000, min_count=5)
    TopTerms(1000, min_count=5)
    """

    gives: ClassVar[str] = "terms"

    n: int | None
    min_count: int = 1

    def check(self) -> None:
        if self.n is not None and (type(self.n) is not int or not 1 <= self.n < 2**31):
            raise errors.argument("TopTerms", "n must be a positive integer", self.n, "give None to keep every term")
        if type(self.min_count) is not int or not 1 <= self.min_count < 2**62:
            raise errors.argument("TopTerms", "min_count must be a positive integer", self.min_count, "1 keeps every term")

    def analyzer(self, dtype: str = "float64") -> TermCounts:
        return TermCounts(self.n, self.min_count)


@frozen
class Quantiles(Marker):
    """Boundaries that cut the present values into n buckets of about equal size.

    A value that is heavy, in more than N / n of the N present ones, gets a bucket of its own: heaviest first, of equally heavy
    ones the lesser, each adds a boundary at itself and one at the next larger value, until there are n - 1. With k of them, and
    the R values that are not heavy sorted as x[0] <= x[1] <= ..., the others are x[i * R // (n - k)] for i = 1 ... n - k - 1.
    Duplicates are dropped, and so is a boundary at the smallest value, which would split nothing: there are at most
    n - 1 boundaries, and none, with a warning, when all values are equal. Exact while there are at most 32,768 distinct values;
    beyond that each x[k] is rounded down by at most `rank_error`, which is learned beside the boundaries: the largest fraction
    of values that can no longer be distinguished.

    Args:
        n: how many buckets, from 2 to 1,000,000.

    Raises:
        ColumnError: for a wrong argument.

    >>> Quantiles(10)
    Quantiles(10)
    """

    gives: ClassVar[str] = "boundaries"

    n: int

    def check(self) -> None:
        if type(self.n) is not int or not 2 <= self.n <= 1_000_000:
            raise errors.argument("Quantiles", "n must be an integer from 2 to 1,000,000", self.n, "n counts the buckets")

    def analyzer(self, dtype: str = "float64") -> Boundaries:
        return Boundaries(dtype, n=self.n)


@frozen
class EqualWidth(Marker):
    """Boundaries that cut the range of the present values into n intervals of one width.

    They are i * ((max - min) / n) + min for i = 1 ... n - 1. Boundaries that float64 cannot tell apart, or from the smallest
    value, are dropped: there are none, with a warning, when all values are equal. One value far from all others leaves most
    intervals empty: use Quantiles(n), or a Numeric with Clip.

    Args:
        n: how many intervals, from 2 to 1,000,000.

    Raises:
        ColumnError: for a wrong argument.

    >>> EqualWidth(10)
    EqualWidth(10)
    """

    gives: ClassVar[str] = "boundaries"

    n: int

    def check(self) -> None:
        if type(self.n) is not int or not 2 <= self.n <= 1_000_000:
            raise errors.argument("EqualWidth", "n must be an integer from 2 to 1,000,000", self.n, "n counts the intervals")

    def analyzer(self, dtype: str = "float64") -> EqualBoundaries:
        return EqualBoundaries(dtype, n=self.n)


@frozen
class Mean(Marker):
    """The mean of the present values: their exact sum, divided and rounded once.

    >>> Mean()
    Mean()
    """

    gives: ClassVar[str] = "value"

    def analyzer(self, dtype: str = "float64") -> MeanValue:
        return MeanValue(dtype)


@frozen
class Median(Marker):
    """The median of the present values, the lower of the two middle ones when their number is even: x[(N - 1) // 2].

    Exact while there are at most 32,768 distinct values, then rounded down as Quantiles says.

    >>> Median()
    Median()
    """

    gives: ClassVar[str] = "value"

    def analyzer(self, dtype: str = "float64") -> MedianValue:
        return MedianValue(dtype)
