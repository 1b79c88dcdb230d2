"""Columns of the TensorFlow dialect as columns of the language, so that models take either.

The ids are TensorFlow's: farmhash64 with its own cross, "" and -1 missing, buckets over float32.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import singledispatch
from typing import Any, cast

from featurecols.columns.base import Column, Field
from featurecols.columns.bucketized import Bucketized
from featurecols.columns.crossed import Crossed
from featurecols.columns.embedding import Combiner, Embedding
from featurecols.columns.hashed import Hashed
from featurecols.columns.identity import Identity
from featurecols.columns.indicator import Indicator
from featurecols.columns.numeric import Numeric
from featurecols.columns.vocabulary import Vocabulary
from featurecols.columns.weighted import Weighted
from featurecols.feature_column import categorical, dense, numeric, vocabulary
from featurecols.feature_column.base import FeatureColumn
from featurecols.models import errors

AnyColumn = Column | FeatureColumn


def translate_all(columns: Iterable[AnyColumn]) -> list[Column]:
    """Return columns as they are, those of the dialect translated; raise ModelError for what has no translation."""
    if isinstance(columns, (str, Column)):
        raise errors.model("columns", "must be a list of columns", columns, "wrap it in [ ]")
    if hasattr(columns, "__arrow_c_stream__") or isinstance(columns, Mapping):
        hint = "give columns first, and data to train: LinearClassifier(columns).train(data, label=...)"
        raise errors.model("columns", "must be a list of columns", type(columns).__name__, hint)
    return [column if isinstance(column, Column) else translate(column) for column in columns]


@singledispatch
def translate(column: AnyColumn) -> Column:
    """Return one column of the dialect as a column of the language, with the same ids and the same name."""
    hint = "give a column of featurecols, or of featurecols.feature_column"
    if isinstance(column, (str, Field)):
        hint = "wrap the field: fc.Numeric, fc.Hashed, fc.Vocabulary, ..."
    raise errors.model("columns", "not a column that a model reads", column, hint)


@translate.register
def _numeric(column: numeric.NumericColumn) -> Numeric:
    if column.normalizer_fn is not None:
        hint = "use fc.Numeric with normalizer=ZScore(...), MinMax(...), Log1p() or Clip(...)"
        raise errors.model(column.name, "a normalizer_fn is code, and a plan holds none", column.normalizer_fn, hint)
    shape = () if column.shape == (1,) else column.shape
    default = column.default_value
    if isinstance(default, (tuple, list)) and len(default) == 1:
        default = default[0]
    return Numeric(Field(column.key), shape=shape, dtype="float32", default=default)


@translate.register
def _bucketized(column: numeric.BucketizedColumn) -> Bucketized:
    return Bucketized(translate(column.source_column), column.boundaries, name=column.name)


@translate.register
def _identity(column: categorical.IdentityCategoricalColumn) -> Identity:
    outside: Any = "error" if column.default_value is None else int(column.default_value)
    return Identity(_field(column.key, -1), column.num_buckets, out_of_range=outside)


@translate.register
def _hashed(column: categorical.HashedCategoricalColumn) -> Hashed:
    return Hashed(_field(column.key, "" if not column.dtype.is_integer else -1), column.hash_bucket_size, hash="farmhash64")


@translate.register(vocabulary.VocabularyListCategoricalColumn)
@translate.register(vocabulary.VocabularyFileCategoricalColumn)
def _vocabulary(
    column: vocabulary.VocabularyListCategoricalColumn | vocabulary.VocabularyFileCategoricalColumn,
) -> Vocabulary:
    field = _field(column.key, "" if not column.dtype.is_integer else -1)
    more: dict[str, Any] = {}
    if column.num_oov_buckets:
        more = {"num_oov_buckets": column.num_oov_buckets, "hash": "farmhash64"}
    elif column.default_value is not None and column.default_value >= 0:
        more = {"unseen": int(column.default_value)}
    return Vocabulary(field, vocabulary.terms(column), **more)


@translate.register
def _crossed(column: categorical.CrossedColumn) -> Crossed:
    leaves = list(column.leaves())
    # TensorFlow crosses sparse features before dense ones, and a table's raw fields are dense to it
    sources: list[Field | Column] = [translate(leaf) for leaf in leaves if not isinstance(leaf, str)]
    sources += [Field(leaf) for leaf in leaves if isinstance(leaf, str)]
    seed = int(column.hash_key or 0) % 2**64
    return Crossed(tuple(sources), column.hash_bucket_size, hash="farmhash64", seed=seed, keep_unseen=True, name=column.name)


@translate.register
def _weighted(column: categorical.WeightedCategoricalColumn) -> Weighted:
    return Weighted(translate(column.categorical_column), Field(column.weight_feature_key), name=column.name)


@translate.register
def _indicator(column: dense.IndicatorColumn) -> Indicator:
    return Indicator(translate(column.categorical_column), name=column.name)


@translate.register
def _embedding(column: dense.EmbeddingColumn) -> Embedding:
    source = translate(column.categorical_column)
    return Embedding(
        source, column.dimension, combiner=cast(Combiner, column.combiner), max_norm=column.max_norm, name=column.name
    )


@translate.register
def _shared(column: dense.SharedEmbeddingColumn) -> Embedding:
    source, table = translate(column.categorical_column), column.shared_embedding_column_creator.name
    return Embedding(
        source,
        column.dimension,
        combiner=cast(Combiner, column.combiner),
        max_norm=column.max_norm,
        table=table,
        name=column.name,
    )


def _field(key: str, missing: str | int) -> Field:
    """Return the field of a column with its marker of missing values."""
    return Field(key, missing=(missing,))
