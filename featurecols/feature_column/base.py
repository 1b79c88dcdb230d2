"""What every declaration has: the fields that were given, a name, and the features it reads."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import SupportsIndex, TypeVar, overload

import numpy as np

from featurecols.feature_column import errors
from featurecols.feature_column.specs import Spec

T = TypeVar("T")


class Shape(tuple[int, ...]):
    """A static shape: a tuple with the methods of tf.TensorShape, equal to a list of the same sizes as well.

    >>> Shape((1, 4)) == [1, 4], Shape((1, 4)) == (1, 4), Shape((1, 4)).num_elements()
    (True, True, 4)
    """

    __slots__ = ()

    def num_elements(self) -> int:
        """Return the product of the sizes."""
        return math.prod(self)

    def as_list(self) -> list[int]:
        """Return the sizes as a list."""
        return list(self)

    def concatenate(self, other: Sequence[int]) -> Shape:
        """Return the sizes of both, as `+` does."""
        return self + other

    def is_fully_defined(self) -> bool:
        """Return True: every size is known."""
        return True

    @property
    def ndims(self) -> int:
        return len(self)

    @property
    def rank(self) -> int:
        return len(self)

    @property
    def dims(self) -> list[int]:
        return list(self)

    def __eq__(self, other: object) -> bool:
        return super().__eq__(tuple(other) if isinstance(other, list) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    @overload
    def __getitem__(self, item: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, item: slice) -> Shape: ...
    def __getitem__(self, item: SupportsIndex | slice) -> int | Shape:
        return Shape(super().__getitem__(item)) if isinstance(item, slice) else super().__getitem__(item)

    def __add__(self, other: Sequence[int]) -> Shape:  # type: ignore[override]
        return Shape((*self, *other))

    def __radd__(self, other: Sequence[int]) -> Shape:
        return Shape((*other, *self))


class FeatureColumn(ABC):
    """A declaration. Subclasses are frozen dataclasses: equal and hashable by the values of their fields."""

    __slots__ = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the column, derived as TensorFlow derives it; layers sort by it."""

    @property
    @abstractmethod
    def parse_example_spec(self) -> Spec:
        """Feature key -> FixedLenFeature or VarLenFeature, for make_parse_example_spec."""

    @property
    def parents(self) -> list[FeatureColumn | str]:
        """What the column reads: feature keys and other columns."""
        return list(_find_parents(self))

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "_lowered"}

    def __lt__(self, other: object) -> bool:
        return str(self) < str(other)

    def __gt__(self, other: object) -> bool:
        return str(self) > str(other)


class DenseColumn(FeatureColumn):
    """A column that DenseFeatures takes."""

    __slots__ = ()

    @property
    @abstractmethod
    def variable_shape(self) -> Shape:
        """Shape of one row's values."""


class CategoricalColumn(FeatureColumn):
    """A column whose values are ids."""

    __slots__ = ()

    @property
    @abstractmethod
    def num_buckets(self) -> int:
        """Ids are in [0, num_buckets)."""


class SequenceDenseColumn(FeatureColumn):
    """A column that SequenceFeatures takes."""

    __slots__ = ()

    @property
    @abstractmethod
    def variable_shape(self) -> Shape:
        """Shape of the values of one step."""


def _find_parents(column: FeatureColumn) -> Iterator[FeatureColumn | str]:
    for field in ("categorical_column", "source_column", "keys", "key", "weight_feature_key"):
        value = getattr(column, field, None)
        if isinstance(value, tuple) and field == "keys":
            yield from value
        elif isinstance(value, (FeatureColumn, str)):
            yield value
        elif field == "weight_feature_key" and hasattr(column, field):
            hint = "name the feature that holds the weights"
            raise errors.wrong_type(column.name, "weight_feature_key must be a string", value, hint)


def is_nested(value: object) -> bool:
    """Return whether TensorFlow's nest would look inside."""
    return isinstance(value, (list, tuple, dict))


def check_key(key: object, subject: str) -> None:
    """Raise ColumnError (a ValueError) for a key that is not a string."""
    if not isinstance(key, str):
        raise errors.argument(subject, "key must be a string", key, "name a feature")


def check_shape(shape: int | Sequence[int], subject: str) -> tuple[int, ...]:
    """Return a shape argument as a tuple of positive ints; a scalar becomes a 1-tuple, None is refused."""
    if shape is None:
        raise errors.no_shape(subject)
    dimensions = tuple(shape) if isinstance(shape, (list, tuple, dict)) else (shape,)
    for dimension in dimensions:
        if not isinstance(dimension, int):
            raise errors.wrong_type(subject, "shape dimensions must be ints", shape, "give ints such as (2, 3)")
        if dimension < 1:
            raise errors.argument(subject, "shape dimensions must be at least 1", shape, "give positive ints")
    return dimensions


def is_below(value: float, bound: int, subject: str, what: str) -> bool:
    """Return value < bound; raises a TypeError that names `what` where the two do not compare (None, a string)."""
    try:
        return bool(value < bound)
    except TypeError:
        raise errors.wrong_type(subject, f"{what} must be an int", value, "give an int") from None


def plain(value: T) -> T:
    """Return an integer or boolean of numpy as the Python number that it holds; anything else as it is.

    >>> plain(np.int64(3)), plain(2.5)
    (3, 2.5)
    """
    return value.item() if isinstance(value, (np.integer, np.bool_)) else value  # type: ignore[return-value]


def whole(value: object, subject: str, what: str) -> int:
    """Return the size of a table or of a matrix; raises a TypeError that names `what` for anything but an int."""
    if not isinstance(value, (int, np.integer)):
        raise errors.wrong_type(subject, f"{what} must be an int", value, "give a whole number")
    return int(value)


def num_buckets_of(column: CategoricalColumn) -> int:
    """Return how many rows a table of the column's ids has; raises TypeError where it is declared as a fraction."""
    return whole(column.num_buckets, column.name, "the number of buckets")
