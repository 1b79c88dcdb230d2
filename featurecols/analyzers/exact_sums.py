"""Exact sums of float64 for each of many groups: limbs of 32 bits in int64, which kernels/label_sums.py adds to."""

from __future__ import annotations

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array

_BITS, _LOW = 32, np.int64(2**32 - 1)
_EXACT = 2**53
_UNIT = 1088  # limb j counts units of 2^(32 j - 1088)


def limbs_of(labels: Array) -> tuple[int, int]:
    """Return the first limb, and the one after the last, that digits of finite numbers touch; float64 [n], NaN is left out."""
    x = labels[labels == labels]
    units = kernels.label_sums.UNITS
    if not len(x):
        return units, units + 1
    size = np.abs(x)
    largest = float(size.max())
    if largest < 2.0**32 and (x == np.trunc(x)).all():
        return units, units + 1
    if np.isinf(largest):  # which the kernel stops at
        return 0, kernels.label_sums.LIMBS
    return _first_limb(float(size[size > 0].min())), _first_limb(largest) + 3


def _first_limb(x: float) -> int:
    """Return the limb of the last bit of the fraction of a positive number."""
    exponent = int(np.float64(x).view(np.uint64)) >> 52 & 2047
    return (max(exponent, 1) + 13) // _BITS


class ExactSums:
    """Sums by group: limbs int64 [groups, last - first], of which all but the last are in [0, 2^32) once they are carried."""

    def __init__(self, groups: int) -> None:
        self.first = kernels.label_sums.UNITS
        self.limbs = np.zeros((groups, 2), np.int64)
        self._waiting = 0  # numbers that were added since the limbs were carried

    @property
    def last(self) -> int:
        """The limb after the last one."""
        return self.first + self.limbs.shape[1]

    def make_room(self, groups: int, first: int, last: int, more: int) -> None:
        """Grow to so many groups and to these limbs, and one beyond; `more` numbers are to be added."""
        if self._waiting + more > 2**28:
            self.carry()
        self._waiting += more
        first, last = min(first, self.first), max(last + 1, self.last)
        have, width = self.limbs.shape
        if groups > have or last - first > width:
            larger = np.zeros((max(groups, have), last - first), np.int64)
            larger[:have, self.first - first : self.first - first + width] = self.limbs
            self.first, self.limbs = first, larger

    def carry(self) -> None:
        """Take what is beyond 32 bits of a limb to the next one."""
        kernels.label_sums.carry[0](self.limbs)
        self._waiting = 1

    def add(self, groups: Array, other: ExactSums) -> None:
        """Add the sums of another, whose group i is groups[i] here, where there is room for it.

        It may have room for more groups, or for fewer, of which nothing was added to the last ones.
        """
        other.carry()
        at, n = other.first - self.first, min(len(groups), len(other.limbs))
        self.limbs[groups[:n], at : at + other.limbs.shape[1]] += other.limbs[:n]

    def filled(self, groups: int) -> tuple[int, Array]:
        """Return the first limb, and the limbs of so many groups, carried, without those that are 0 in all before and after."""
        self.carry()
        limbs = self.limbs[:groups]
        filled = [j for j in range(limbs.shape[1]) if limbs[:, j].any()] or [0]
        return self.first + filled[0], limbs[:, filled[0] : filled[-1] + 1]

    def compact(self, groups: Array) -> tuple[int, Array]:
        """Return the first limb and the limbs of groups, carried: as few as hold the sums, whatever there was room for."""
        self.carry()
        found = self.limbs[groups]
        over = found[:, -1] >> _BITS
        if not _is_sign(over):
            found[:, -1] &= _LOW
            found = np.concatenate([found, over[:, None]], axis=1)
        while found.shape[1] > 1 and _is_sign(found[:, -1]):
            found[:, -2] += found[:, -1] << _BITS
            found = found[:, :-1]
        filled = next((j for j in range(found.shape[1]) if found[:, j].any()), None)
        if filled is None:
            return kernels.label_sums.UNITS, np.zeros((len(found), 1), np.int64)
        return self.first + filled, np.ascontiguousarray(found[:, filled:])


def _is_sign(limbs: Array) -> bool:
    """Return whether limbs say no more than which sums are negative."""
    return not len(limbs) or bool(limbs.min() >= -1 and limbs.max() <= 0)


def to_float(first: int, limbs: Array) -> Array:
    """Return sums as the nearest float64 [groups], ties to even; limbs int64 [groups, k] of any sign and size."""
    limbs = np.ascontiguousarray(limbs)
    if limbs.shape[1] == 1 and len(limbs) and max(-int(limbs.min()), int(limbs.max())) <= _EXACT:
        return np.ldexp(limbs[:, 0].astype(np.float64), _BITS * first - _UNIT)
    words, exponents = np.empty(len(limbs), np.uint64), np.empty(len(limbs), np.int32)
    negative = np.empty(len(limbs), np.bool_)
    kernels.label_sums.leading[0](limbs, words, exponents, negative)
    with np.errstate(over="ignore"):  # a sum past float64 is infinite: who asked says so
        found = np.ldexp(words.astype(np.float64), exponents + np.int32(_BITS * first - _UNIT))
    return np.where(negative, -found, found) + 0.0
