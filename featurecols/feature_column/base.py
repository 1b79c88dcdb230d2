"""What every declaration has: the fields that were given, a name, and the raw features it reads."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from featurecols.feature_column import errors


class Shape(tuple[int, ...]):
    """A static shape: a tuple that also answers num_elements() and as_list(), as tf.TensorShape does."""

    __slots__ = ()

    def num_elements(self) -> int:
        return math.prod(self)

    def as_list(self) -> list[int]:
        return list(self)

    @property
    def ndims(self) -> int:
        return len(self)

    @property
    def rank(self) -> int:
        return len(self)


class FeatureColumn(ABC):
    """A declaration. Subclasses are frozen dataclasses: equal and hashable by the values of their fields."""

    __slots__ = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the column, derived as TensorFlow derives it; layers sort by it."""

    @property
    @abstractmethod
    def parse_example_spec(self) -> dict[str, Any]:
        """Feature key -> FixedLenFeature or VarLenFeature, for make_parse_example_spec."""

    @property
    def parents(self) -> list[FeatureColumn | str]:
        """What the column reads: feature keys and other columns."""
        return list(_parents(self))

    def __getstate__(self) -> dict[str, Any]:
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


def _parents(column: Any) -> Iterator[FeatureColumn | str]:
    for field in ("categorical_column", "source_column", "keys", "key", "weight_feature_key"):
        value = getattr(column, field, None)
        if isinstance(value, tuple):
            yield from value
        elif value is not None:
            yield value


def is_nested(value: object) -> bool:
    """Whether TensorFlow's nest would look inside."""
    return isinstance(value, (list, tuple, dict))


def check_key(key: object, subject: str) -> None:
    if not isinstance(key, str):
        raise errors.argument(subject, "key must be a string", key, "name a feature")


def check_shape(shape: Any, subject: str) -> tuple[int, ...]:
    """A shape argument as a tuple of positive ints; a scalar becomes a 1-tuple, None is refused."""
    if shape is None:
        raise errors.no_shape(subject)
    dimensions = tuple(shape) if is_nested(shape) else (shape,)
    for dimension in dimensions:
        if not isinstance(dimension, int):
            raise errors.wrong_type(subject, "shape dimensions must be ints", shape, "give ints such as (2, 3)")
        if dimension < 1:
            raise errors.argument(subject, "shape dimensions must be at least 1", shape, "give positive ints")
    return dimensions


def below(value: Any, bound: int, subject: str, what: str) -> bool:
    """value < bound, with a clear error where the two do not compare (None, a string)."""
    try:
        return bool(value < bound)
    except TypeError:
        raise errors.wrong_type(subject, f"{what} must be an int", value, "give an int") from None
