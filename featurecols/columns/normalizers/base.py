"""What a normalizer is: float64 to float64, one value at a time, with numbers that are given or learned.

Each is an operation of `kernels.numeric.normalize`, and `row` computes the same bits on one Python float. NaN stays
NaN. Everything is computed in float64; overflow is inf.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import ClassVar

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.expressions import InexpressibleError, Number, computed
from featurecols._core.spec import Spec, frozen, public_dir
from featurecols.analyzers.base import Analyzer

ZSCORE, MINMAX, LOG1P, CLIP, SIGNED_LOG1P, POWER, RANK, POINT = range(8)  # the operations of the kernel


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


def zero(x: Number) -> Number:
    """Return 0 for every number, NaN where it is NaN."""
    return computed("add", computed("clip", x, 0.0, 0.0), 0.0)


def as_number(value: object) -> float | None:
    """Return a number as a float; None for NaN, an integer beyond float64, or anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def require_both_or_none(normalizer: Normalizer, first: str, second: str) -> None:
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
        number = as_number(value)
        if number is None or math.isinf(number):
            raise errors.argument(
                subject, f"{name} must be a finite number", value, f"give neither {first} nor {second} to learn them"
            )
        object.__setattr__(normalizer, name, number)


def known(normalizer: Normalizer, value: float | None) -> float:
    """Return a number that is given or learned; raise PlanError while it is to be learned."""
    if value is None:
        raise errors.not_learned([repr(normalizer)])
    return value
