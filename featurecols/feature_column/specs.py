"""What an Example holds for one feature: FixedLenFeature and VarLenFeature, as TensorFlow names them."""

from __future__ import annotations

from typing import NamedTuple

from featurecols.feature_column.dtypes import DType

Default = float | str | bytes | tuple["Default", ...] | None  # numbers or strings, nested as the shape is


class FixedLenFeature(NamedTuple):
    """A feature with the same number of values in every example; `default_value` stands in where it is missing."""

    shape: tuple[int, ...]
    dtype: DType
    default_value: Default = None


class VarLenFeature(NamedTuple):
    """A feature with any number of values; parsing gives a SparseTensor."""

    dtype: DType


Spec = dict[str, FixedLenFeature | VarLenFeature]
