"""Columns over sequences: one value per step, for SequenceFeatures."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols.feature_column import base, categorical, dtypes, errors, numeric, vocabulary
from featurecols.feature_column.base import CategoricalColumn, SequenceDenseColumn, Shape
from featurecols.feature_column.dtypes import DType, DTypeLike
from featurecols.feature_column.specs import Spec, VarLenFeature
from featurecols.feature_column.tensors import SparseLike, SparseTensor
from featurecols.feature_column.vocabulary import Term

SequenceNormalizer = Callable[[SparseTensor], SparseLike | ArrayLike]


@dataclass(frozen=True)
class SequenceCategoricalColumn(CategoricalColumn):
    """Made by the sequence_categorical_column_with_* functions: the same ids, kept apart by step."""

    categorical_column: CategoricalColumn

    @property
    def name(self) -> str:
        return self.categorical_column.name

    @property
    def num_buckets(self) -> int:
        return self.categorical_column.num_buckets

    @property
    def parse_example_spec(self) -> Spec:
        return self.categorical_column.parse_example_spec


@dataclass(frozen=True)
class SequenceNumericColumn(SequenceDenseColumn):
    """Made by sequence_numeric_column."""

    key: str
    shape: tuple[int, ...]
    default_value: float | None
    dtype: DType
    normalizer_fn: SequenceNormalizer | None

    @property
    def name(self) -> str:
        return self.key

    @property
    def variable_shape(self) -> Shape:
        return Shape(self.shape)

    @property
    def parse_example_spec(self) -> Spec:
        return {self.key: VarLenFeature(self.dtype)}


def sequence_categorical_column_with_identity(
    key: str, num_buckets: int, default_value: int | None = None
) -> SequenceCategoricalColumn:
    """Declare categorical_column_with_identity over sequences; the same arguments and errors."""
    return SequenceCategoricalColumn(categorical.categorical_column_with_identity(key, num_buckets, default_value))


def sequence_categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: DTypeLike = dtypes.string
) -> SequenceCategoricalColumn:
    """Declare categorical_column_with_hash_bucket over sequences; the same arguments and errors."""
    return SequenceCategoricalColumn(categorical.categorical_column_with_hash_bucket(key, hash_bucket_size, dtype))


def sequence_categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: str | os.PathLike[str],
    vocabulary_size: int | None = None,
    num_oov_buckets: int | None = 0,
    default_value: int | None = None,
    dtype: DTypeLike = dtypes.string,
) -> SequenceCategoricalColumn:
    """Declare categorical_column_with_vocabulary_file over sequences, with the older order of its arguments."""
    inner = vocabulary.categorical_column_with_vocabulary_file(
        key, vocabulary_file, vocabulary_size, dtype, default_value, num_oov_buckets
    )
    return SequenceCategoricalColumn(inner)


def sequence_categorical_column_with_vocabulary_list(
    key: str,
    vocabulary_list: Sequence[Term] | Array,
    dtype: DTypeLike | None = None,
    default_value: int = -1,
    num_oov_buckets: int = 0,
) -> SequenceCategoricalColumn:
    """Declare categorical_column_with_vocabulary_list over sequences; the same arguments and errors."""
    inner = vocabulary.categorical_column_with_vocabulary_list(key, vocabulary_list, dtype, default_value, num_oov_buckets)
    return SequenceCategoricalColumn(inner)


def sequence_numeric_column(
    key: str,
    shape: int | Sequence[int] = (1,),
    default_value: float | None = 0.0,
    dtype: DTypeLike = dtypes.float32,
    normalizer_fn: SequenceNormalizer | None = None,
) -> SequenceNumericColumn:
    """Make a column of numbers, several a step where the shape says so, padded with default_value.

    Args:
        key: name of a sparse feature.
        shape: shape of one step's values.
        default_value: what missing steps hold; None is 0, and 0.0 does not fit an integer dtype.
        dtype: integer or floating type of the parsed feature.
        normalizer_fn: a function of the SparseTensor, called before padding.

    Raises:
        As numeric_column for shape, dtype and normalizer_fn; key and default_value are not checked, as in TensorFlow.

    >>> sequence_numeric_column("load", shape=2).variable_shape.num_elements()
    2
    """
    subject = f"sequence_numeric_column {key}"
    shape = base.check_shape(shape, subject)
    declared = numeric.check_number(dtype, subject)
    if normalizer_fn is not None and not callable(normalizer_fn):
        raise errors.wrong_type(subject, "normalizer_fn must be callable", normalizer_fn, "give a function of one SparseTensor")
    return SequenceNumericColumn(key, shape, base.plain(default_value), declared, normalizer_fn)
