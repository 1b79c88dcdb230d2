"""How embedding tables begin: named values, the same numbers on every platform and in every language.

Everything random comes from one counter-based generator, so any number can be computed alone. All integers are modulo
2^64, all reals are IEEE float64, and every operation is one of + - * / sqrt, which IEEE rounds in a single way:

    key     = combine(seed, fingerprint64(name in UTF-8))                      (featurecols._core.farmhash)
    word(i) = mix(key + (i + 1) * 0x9E3779B97F4A7C15)                          (SplitMix64 that starts at key)
    mix(z)  : z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9; z = (z ^ z >> 27) * 0x94D049BB133111EB; z ^ z >> 31
    u(i)    = ((word(i) >> 12) + 0.5) / 2^52                                   in (0, 1), symmetric around 1/2

with i = row * dimension + column. `Uniform` and `TruncatedNormal` say what they make of u; each value is rounded to
float32 once, at the end.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.farmhash import combine, fingerprint64
from featurecols._core.spec import Spec, frozen, public_dir

_FLOAT32_MAX = 3.4028234663852886e38
_CHUNK = 1 << 15  # numbers at a time: the float64 between stays in the cache

# Quantile function of the standard normal around its middle: z = q * P(q^2) / Q(q^2) where q = p - 1/2. Fitted to
# |q| <= 0.47725 (two standard deviations) in 50 digits; relative error below 1.6e-9, float32 rounds at 6e-8.
_P = (
    2.5066282782268434,
    -30.828977230320366,
    139.97736635912165,
    -281.32342386046736,
    227.5739384101152,
    -41.58400451134285,
)
_Q = (
    1.0,
    -13.34617944920762,
    67.51602624312031,
    -158.44865071613205,
    165.87030292996502,
    -56.60455513838525,
)
_WITHIN_TWO = 0.9544997361036416  # fraction of the normal distribution within two standard deviations


@frozen
class Initializer(Spec):
    """Base of all initializers."""

    abstract: ClassVar[bool] = True

    def __dir__(self) -> list[str]:
        return public_dir(self, Initializer)

    @abstractmethod
    def make(self, rows: int, dimension: int, seed: int, name: str) -> Array:
        """Return the table `name`: float32 [rows, dimension], a pure function of the arguments (0 <= seed < 2^64)."""


@frozen
class Zeros(Initializer):
    """All zeros.

    >>> Zeros().make(1, 2, seed=0, name="city")
    array([[0., 0.]], dtype=float32)
    """

    def make(self, rows: int, dimension: int, seed: int, name: str) -> Array:
        return np.zeros((rows, dimension), np.float32)


@frozen
class Constant(Initializer):
    """One number everywhere.

    Args:
        value: a finite number; rounded to float32.

    Raises:
        ColumnError: for a value that is not a number or beyond float32.

    >>> Constant(0.5).make(1, 2, seed=0, name="city")
    array([[0.5, 0.5]], dtype=float32)
    """

    value: float

    def check(self) -> None:
        object.__setattr__(self, "value", _number("Constant", "value", self.value))

    def make(self, rows: int, dimension: int, seed: int, name: str) -> Array:
        return np.full((rows, dimension), self.value, np.float32)


@frozen
class Uniform(Initializer):
    """Evenly spread over [low, high]: low + (high - low) * u.

    Args:
        low, high: finite numbers, low <= high.

    Raises:
        ColumnError: for a wrong argument.

    >>> Uniform(-1, 1).make(1, 2, seed=0, name="city")
    array([[-0.18441963,  0.26879406]], dtype=float32)
    """

    low: float
    high: float

    def check(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, _number("Uniform", name, getattr(self, name)))
        if self.low > self.high:
            raise errors.argument("Uniform", "low must not exceed high", (self.low, self.high), "swap them")

    def make(self, rows: int, dimension: int, seed: int, name: str) -> Array:
        out = np.empty(rows * dimension, np.float32)
        for start in range(0, len(out), _CHUNK):
            u = _uniform(seed, name, start, min(start + _CHUNK, len(out)))
            out[start : start + len(u)] = self.low + (self.high - self.low) * u
        return out.reshape(rows, dimension)


@frozen
class TruncatedNormal(Initializer):
    """Normal, nothing beyond two standard deviations: mean + std * z, as TensorFlow's initializer of that name.

    z is the quantile at p = 1/2 + q with q = (u - 1/2) * 0.9544997361036416, computed as q * P(q * q) / Q(q * q) with the
    two polynomials above by Horner's rule. As in TensorFlow, std is that of the normal before truncation; the numbers
    themselves have 0.8796 of it.

    Args:
        mean: a finite number.
        std: a positive number; None is 1 / sqrt(dimension).

    Raises:
        ColumnError: for a wrong argument.

    >>> TruncatedNormal().make(1, 2, seed=0, name="city")
    array([[-0.15728872,  0.23144057]], dtype=float32)
    """

    old_names: ClassVar[Mapping[str, str]] = {"std": "stddev"}

    mean: float = 0.0
    std: float | None = None

    def check(self) -> None:
        object.__setattr__(self, "mean", _number("TruncatedNormal", "mean", self.mean))
        if self.std is not None:
            object.__setattr__(self, "std", _number("TruncatedNormal", "std", self.std))
            if self.std <= 0:
                hint = "None is 1 / sqrt(dimension)"
                raise errors.argument("TruncatedNormal", "std must be positive", self.std, hint)

    def make(self, rows: int, dimension: int, seed: int, name: str) -> Array:
        std = 1.0 / math.sqrt(dimension) if self.std is None else self.std
        out = np.empty(rows * dimension, np.float32)
        for start in range(0, len(out), _CHUNK):
            q = (_uniform(seed, name, start, min(start + _CHUNK, len(out))) - 0.5) * _WITHIN_TWO
            t = q * q
            out[start : start + len(q)] = self.mean + std * (q * _horner(_P, t) / _horner(_Q, t))
        return out.reshape(rows, dimension)


def _uniform(seed: int, name: str, start: int, stop: int) -> Array:
    """u(start) to u(stop - 1), float64."""
    key = combine(seed, fingerprint64(name.encode()))
    i = np.arange(start + 1, stop + 1, dtype=np.uint64)
    z = i * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return ((z >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def _horner(coefficients: tuple[float, ...], t: Array) -> Array:
    value = np.full_like(t, coefficients[-1])
    for c in coefficients[-2::-1]:
        value *= t
        value += c
    return value


def _number(subject: str, name: str, value: object) -> float:
    """Return a finite number within float32, as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _FLOAT32_MAX:
        raise errors.argument(subject, f"{name} must be a finite number", value, "give a number that float32 can hold")
    return float(value)
