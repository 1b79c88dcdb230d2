"""numeric_column, bucketized_column: numbers, and intervals of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols.feature_column import base, dtypes, errors
from featurecols.feature_column.base import CategoricalColumn, DenseColumn, Shape
from featurecols.feature_column.dtypes import DType, DTypeLike
from featurecols.feature_column.specs import Default, FixedLenFeature, Spec

Normalizer: TypeAlias = Callable[[Array], ArrayLike]  # of the whole feature
Nested: TypeAlias = "float | Sequence[Nested]"  # a number, or numbers in lists as deep as the shape


@dataclass(frozen=True)
class NumericColumn(DenseColumn):
    """Made by numeric_column."""

    key: str
    shape: tuple[int, ...]
    default_value: Default
    dtype: DType
    normalizer_fn: Normalizer | None

    @property
    def name(self) -> str:
        return self.key

    @property
    def variable_shape(self) -> Shape:
        return Shape(self.shape)

    @property
    def parse_example_spec(self) -> Spec:
        return {self.key: FixedLenFeature(self.shape, self.dtype, self.default_value)}


@dataclass(frozen=True)
class BucketizedColumn(DenseColumn, CategoricalColumn):
    """Made by bucketized_column: both dense (one-hot) and categorical."""

    source_column: NumericColumn
    boundaries: tuple[float, ...]

    @property
    def name(self) -> str:
        return f"{self.source_column.name}_bucketized"

    @property
    def variable_shape(self) -> Shape:
        return Shape((*self.source_column.shape, len(self.boundaries) + 1))

    @property
    def num_buckets(self) -> int:
        if not self.source_column.shape:
            what = "a source of shape () has no ids"
            raise errors.ArgumentIndexError(errors.text(self.name, what, self.source_column.shape, "give it shape (1,)"))
        return (len(self.boundaries) + 1) * self.source_column.shape[0]

    @property
    def parse_example_spec(self) -> Spec:
        return self.source_column.parse_example_spec


def numeric_column(
    key: str,
    shape: int | Sequence[int] = (1,),
    default_value: Nested | Array | None = None,
    dtype: DTypeLike = dtypes.float32,
    normalizer_fn: Normalizer | None = None,
) -> NumericColumn:
    """Make a column of numbers, as float32.

    Args:
        key: name of the feature.
        shape: shape of one row's values; an int is a vector of that length.
        default_value: what parse_example fills in for a missing feature. It never replaces a NaN.
        dtype: integer or floating type of the parsed feature.
        normalizer_fn: a function of the whole array, called before the cast to float32.

    Raises:
        AssertionError: shape is None. TypeError: a dimension is not an int, default_value does not fit dtype, or normalizer_fn
        is not callable. ValueError: a dimension below 1, a dtype that is not a number, a default of another shape, or a key
        that is not a string.

    >>> numeric_column("price", shape=2).variable_shape
    (2,)
    """
    subject = f"numeric_column {key}"
    shape = base.check_shape(shape, subject)
    dtype = check_number(dtype, subject)
    default = _check_default(shape, default_value, dtype, subject)
    if normalizer_fn is not None and not callable(normalizer_fn):
        raise errors.wrong_type(subject, "normalizer_fn must be callable", normalizer_fn, "give a function of one array")
    base.check_key(key, subject)
    return NumericColumn(key, shape, default, dtype, normalizer_fn)


def bucketized_column(source_column: NumericColumn, boundaries: Sequence[float]) -> BucketizedColumn:
    """Make intervals of a numeric column: boundaries (a, b) give (-inf, a) [a, b) [b, inf); NaN is in the last one.

    Values and boundaries are compared as float32.

    Raises:
        ValueError: source_column is not a numeric column of at most one dimension, or boundaries are not a non-empty list or
        tuple that strictly increases. TypeError: boundaries that do not compare.

    >>> bucketized_column(numeric_column("age"), [18, 65]).num_buckets
    3
    """
    subject = "bucketized_column"
    if not isinstance(source_column, NumericColumn):
        raise errors.argument(subject, "source_column must be a numeric column", source_column, "make it with numeric_column")
    subject = f"bucketized_column {source_column.key}"
    if len(source_column.shape) > 1:
        raise errors.argument(subject, "source_column must have one dimension", source_column.shape, "flatten its shape")
    listed = isinstance(boundaries, (list, tuple))
    if isinstance(boundaries, np.ndarray) or not boundaries or not listed:
        raise errors.argument(subject, "boundaries must be a non-empty list", boundaries, "give a sorted list of numbers")
    for left, right in itertools.pairwise(boundaries):
        if _not_less(left, right, subject):
            raise errors.argument(subject, "boundaries must increase", boundaries, "sort them and drop duplicates")
    return BucketizedColumn(source_column, tuple(boundaries))


def check_number(dtype: DTypeLike, subject: str) -> DType:
    """Return the dtype of a numeric column; raises ColumnError where it is neither integer nor floating."""
    dtype = dtypes.of_argument(dtype, subject)
    if not (dtype.is_integer or dtype.is_floating):
        raise errors.argument(subject, "dtype must be an integer or floating type", dtype, "use feature_column.dtypes.float32")
    return dtype


def _not_less(left: float, right: float, subject: str) -> bool:
    try:
        return bool(left >= right)
    except TypeError:
        raise errors.wrong_type(subject, "boundaries must be numbers", (left, right), "give numbers") from None


def _check_default(shape: tuple[int, ...], value: Nested | Array | None, dtype: DType, subject: str) -> Default:
    """Return default_value expanded to the shape, or checked against it; TensorFlow's rules, including bool as an int."""
    if value is None:
        return None
    if isinstance(value, int) or (isinstance(value, float) and dtype.is_floating):
        return _fill(shape, value.item() if isinstance(value, np.generic) else value)
    if isinstance(value, (np.ndarray, np.generic)):
        value = cast(Nested, value.tolist())
    if base.is_nested(value):
        if not _has_shape(value, shape):
            raise errors.argument(
                subject, f"default_value must have shape {shape}", value, "give one value, or one per element"
            )
        leaves = list(_leaves(value))
        whole = all(isinstance(leaf, int) for leaf in leaves)
        if whole or (dtype.is_floating and any(isinstance(leaf, float) for leaf in leaves)):
            return _make_tuples(value)
    raise errors.wrong_type(subject, f"default_value must fit {dtype.name}", value, "give a number of that type")


def _fill(shape: tuple[int, ...], value: float) -> Default:
    return tuple(_fill(shape[1:], value) for _ in range(shape[0])) if shape else value


def _has_shape(value: object, shape: tuple[int, ...]) -> bool:
    if not isinstance(value, (list, tuple, dict)):
        return not shape
    return bool(shape) and len(value) == shape[0] and all(_has_shape(v, shape[1:]) for v in value)


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, (list, tuple, dict)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _make_tuples(value: Nested) -> Default:
    return tuple(_make_tuples(v) for v in value) if isinstance(value, (list, tuple, dict)) else value  # type: ignore[return-value]
