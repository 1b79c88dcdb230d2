"""The arrays that pass between columns: numbers, canonical texts, ids. Arrays and checks, without arithmetic or Arrow.

Every class here describes n rows. `offsets` is None where each row holds exactly one value, else int64 [n+1] with row i
owning values[offsets[i]:offsets[i+1]] (offsets[0] need not be 0: slicing rows never copies).
"""

from __future__ import annotations

import math
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from featurecols import errors
from featurecols._core import buffer_pool

Array = np.ndarray[Any, Any]
_DIGITS = 4300  # of an integer, at most: Python writes no more


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numeric values in full precision; NaN is missing.

    values: float64 [n], [n, w] (a shaped Numeric), or [m] with offsets. nested: for lists of lists, the inner
    lengths from the outside in (int64 arrays), so that a shape can be checked after flattening.
    """

    values: Array
    offsets: Array | None = None
    nested: tuple[Array, ...] = ()

    def __len__(self) -> int:
        return len(self.values) if self.offsets is None else len(self.offsets) - 1

    def numbers(self) -> Numbers:
        """Return itself: what gives numbers may be numbers already."""
        return self


@dataclass(frozen=True, slots=True)
class Integers:
    """Exact integers: values int64 or uint64 [m]; valid bool [m], or None where no value is missing."""

    values: Array
    valid: Array | None = None
    offsets: Array | None = None

    def __len__(self) -> int:
        return len(self.values) if self.offsets is None else len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class Texts:
    """k byte strings: text i is data[offsets[i]:offsets[i+1]].

    offsets int32 or int64 [k+1], data uint8, valid bool [k] or None. `integers` (int64 or uint64 [k]) is there when the
    raw field holds integers: the texts are then their decimal digits; where only some of its values are integers, `integral`
    (bool [k]) says which. `memo` keeps what was computed per text, once
    for all blocks and columns that share this dictionary.
    """

    offsets: Array
    data: Array
    valid: Array | None = None
    integers: Array | None = None
    memo: dict[Any, Any] = field(default_factory=dict, repr=False)
    lock: Any = field(default_factory=threading.RLock, repr=False)
    integral: Array | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def once(self, key: Any, make: Callable[[Texts], Any]) -> Any:
        """Return make(self), computed once for this key by all blocks, threads and columns that share the texts."""
        with self.lock:
            if key not in self.memo:
                self.memo[key] = make(self)
            return self.memo[key]

    def __getitem__(self, i: int) -> bytes:
        return self.data[self.offsets[i] : self.offsets[i + 1]].tobytes()


@dataclass(frozen=True, slots=True)
class Tokens:
    """Categorical values as canonical bytes, dictionary first.

    texts: the distinct texts with codes (int32 [m], -1 is missing), or one text per value and codes None.
    kind: "text", "integer" or "boolean", what the raw field holds.
    """

    texts: Texts
    codes: Array | None = None
    offsets: Array | None = None
    kind: str = "text"

    def __len__(self) -> int:
        if self.offsets is not None:
            return len(self.offsets) - 1
        return len(self.texts) if self.codes is None else len(self.codes)


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids of a categorical column: one for each value, negative where the value has none; consumers skip every negative id.

    values int32 (int64 where a bucket count passes 2^31-1 or ids are kept out of range) [m]; offsets int64 [n+1] or
    None (one id per row); weights float32 [m] or None.
    """

    values: Array
    offsets: Array | None = None
    weights: Array | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.dtype.kind != "i":
            raise errors.argument("Ids", "values must be a one-dimensional signed integer array", self.values.dtype, "cast it")
        if self.weights is not None and self.weights.shape != self.values.shape:
            raise errors.argument("Ids", "one weight per value", self.weights.shape, f"give {self.values.shape}")

    def __len__(self) -> int:
        return len(self.values) if self.offsets is None else len(self.offsets) - 1

    def slice(self, start: int, stop: int) -> Ids:
        """Return rows start:stop without copying them."""
        if self.offsets is None:
            weights = None if self.weights is None else self.weights[start:stop]
            return Ids(self.values[start:stop], None, weights)
        return Ids(self.values, self.offsets[start : stop + 1], self.weights)

    def elements(self) -> tuple[Ids, Array]:
        """Return each value as a row of its own, and the offsets (from 0) that group them back into rows."""
        if self.offsets is None:
            return self, np.arange(len(self) + 1, dtype=np.int64)
        a, b = int(self.offsets[0]), int(self.offsets[-1])
        weights = None if self.weights is None else self.weights[a:b]
        return Ids(self.values[a:b], None, weights), self.offsets - a

    def compact(self) -> Ids:
        """Return the same rows with offsets[0] == 0 and without values outside them."""
        if self.offsets is None:
            return self
        flat, offsets = self.elements()
        return Ids(flat.values, offsets, flat.weights)

    @staticmethod
    def concatenate(parts: list[Ids]) -> Ids:
        """Return the rows of all parts in order, with offsets unless every part has one id a row."""
        given = [p.weights for p in parts if p.weights is not None]
        if all(p.offsets is None for p in parts):
            return Ids(buffer_pool.concatenate([p.values for p in parts]), None, np.concatenate(given) if given else None)
        flats = [p.elements() for p in parts]
        values = buffer_pool.concatenate([flat.values for flat, _ in flats])
        given = [flat.weights for flat, _ in flats if flat.weights is not None]
        weights = np.concatenate(given) if given else None
        offsets, base = [np.zeros(1, np.int64)], 0
        for flat, starts in flats:
            offsets.append(starts[1:].astype(np.int64) + base)
            base += len(flat.values)
        return Ids(values, np.concatenate(offsets), weights)


def exact(value: object) -> object:
    """Return a value of a subclass of str, bytes, int or float as Python's own; anything else as it is.

    Subclasses may print as they like (`class Color(str, Enum)`): what counts is the text, the bytes or the number.

    >>> from enum import Enum
    >>> exact(Enum("Color", {"RED": "red"}, type=str).RED)
    'red'
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return bytes.__getitem__(value, slice(None))
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__int__(value)
    return float.__float__(value) if isinstance(value, float) else value


def undecimal(value: Decimal) -> int | float:
    """Return a decimal as the integer that it is, or else as the nearest float; NaN and infinities as floats.

    >>> undecimal(Decimal("12.00")), undecimal(Decimal("0.1"))
    (12, 0.1)
    """
    if value.is_finite() and -_DIGITS < value.adjusted() < _DIGITS and value == value.to_integral_value():
        return int(value)
    return math.nan if value.is_nan() else float(value)


def canonical(value: Any, subject: str, key: str) -> bytes:
    """Return the canonical bytes of one Python value of a categorical field (docs/ids.md); the value is not missing.

    Raises DataError for a lone surrogate, a float that is not an integer below 2^53, and any other type.
    """
    kind = type(value)
    if kind is str:
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise lone_surrogate(subject, key, None, value) from None
    if kind is bytes:
        return value
    if kind is bool:
        return b"1" if value else b"0"
    if kind is int:
        try:
            return b"%d" % value
        except ValueError:  # Python's limit of digits
            raise errors.bad_value(
                subject, key, None, "an integer this long is not a category", value, "make it a string"
            ) from None
    if kind is float:
        if value.is_integer() and abs(value) < 2.0**53:
            return b"%d" % int(value)
        raise errors.bad_value(
            subject, key, None, "a float that is not a whole number below 2^53 is not a category", value, FLOAT_HINT
        )
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64)):
        return canonical(value.item(), subject, key)
    if isinstance(value, Decimal):
        return canonical(undecimal(value), subject, key)
    plain = exact(value)
    if plain is not value:  # numpy.str_ and other subclasses
        return canonical(plain, subject, key)
    raise errors.bad_value(
        subject, key, None, f"{kind.__name__} is not a category", value, "convert it to a string or an integer"
    )


FLOAT_HINT = "bucketize it with Bucketized, or cast it to a string or an integer"


def lone_surrogate(subject: str, key: str, row: int | None, value: object) -> errors.DataError:
    """Return the error of a text that has no UTF-8 bytes."""
    return errors.bad_value(
        subject, key, row, "text with a lone surrogate has no UTF-8 bytes", value, 'encode it first, with errors="replace"'
    )


def number(value: object) -> float | None:
    """Return an argument that is a number as a float; None for a boolean, an integer beyond float64, and anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def float32(x: float) -> float:
    """Round x to the nearest float32 (overflow is inf), as a Python float."""
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return float("inf") if x > 0 else float("-inf")


def rounded_to_float32(x: Array) -> Array:
    """Round float64 arrays to the nearest float32; the result is float64."""
    with np.errstate(over="ignore"):
        return x.astype(np.float32).astype(np.float64)
