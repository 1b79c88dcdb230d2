"""Columns of TensorFlow as columns of the dialect: from the JSON that TensorFlow writes, and from live objects.

import json
columns = columns_from_json(json.load(open("columns.json")))
columns = from_tensorflow([tf.feature_column.numeric_column("age")])    # TensorFlow is not imported here
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields, replace
from typing import cast, overload

from featurecols import errors
from featurecols.feature_column import categorical, dense, dtypes, initializers, numeric, sequence, vocabulary
from featurecols.feature_column.base import CategoricalColumn, FeatureColumn
from featurecols.feature_column.serialize import CLASSES, Objects, deserialize_feature_column, serialize_feature_column

_SHARED = "SharedEmbeddingColumn"  # TensorFlow has no JSON for it; this form is the package's own
_DEPTH = 64
Tables = dict[Hashable, dense.SharedTable]
_MAKERS: dict[type, Callable[..., FeatureColumn]] = {
    numeric.NumericColumn: numeric.numeric_column,
    numeric.BucketizedColumn: numeric.bucketized_column,
    categorical.IdentityCategoricalColumn: categorical.categorical_column_with_identity,
    categorical.HashedCategoricalColumn: categorical.categorical_column_with_hash_bucket,
    categorical.CrossedColumn: categorical.crossed_column,
    categorical.WeightedCategoricalColumn: categorical.weighted_categorical_column,
    vocabulary.VocabularyListCategoricalColumn: vocabulary.categorical_column_with_vocabulary_list,
    sequence.SequenceNumericColumn: sequence.sequence_numeric_column,
    dense.IndicatorColumn: dense.indicator_column,
    dense.EmbeddingColumn: dense.embedding_column,
}


def columns_from_json(data: object, custom_objects: Objects | None = None) -> list[FeatureColumn]:
    """Return columns from a list that tf.feature_column.serialize_feature_columns or `columns_to_json` wrote.

    The start values of an embedding table are left out (initializers, checkpoints to load from): imported models bring tables.

    Args:
        data: a list of {"class_name": ..., "config": ...}.
        custom_objects: name -> function, for every normalizer_fn: JSON holds their names only.

    Raises ColumnError for another form, an unknown class, or a name that is not in custom_objects.

    >>> columns_from_json([{"class_name": "IdentityCategoricalColumn",
    ...                     "config": {"key": "day", "number_buckets": 7, "default_value": None}}])[0].name
    'day'
    """
    if not isinstance(data, (list, tuple)):
        raise errors.argument("columns", "needs a list of columns", data, "give what serialize_feature_columns wrote")
    tables: Tables = {}
    return [_column(item, dict(custom_objects or {}), tables) for item in data]


def columns_to_json(columns: Iterable[FeatureColumn]) -> list[dict[str, object]]:
    """Return JSON data that columns_from_json gives back: TensorFlow's own form, and one more for shared embeddings.

    Vocabulary files are read and become lists, so that the data holds no path.
    """
    return [_to_data(map_columns(column, _without_path)) for column in columns]


def map_columns(column: FeatureColumn, change: Callable[[FeatureColumn], FeatureColumn]) -> FeatureColumn:
    """Return the column with `change` applied to it and to every column inside it, innermost first."""
    different: dict[str, object] = {}
    for f in fields(column):  # type: ignore[arg-type]
        value = getattr(column, f.name)
        if isinstance(value, FeatureColumn):
            if (new := map_columns(value, change)) is not value:
                different[f.name] = new
        elif f.name == "keys":
            keys = tuple(map_columns(key, change) if isinstance(key, FeatureColumn) else key for key in value)
            if any(new is not old for new, old in zip(keys, value, strict=True)):
                different[f.name] = keys
    return change(replace(column, **different) if different else column)  # type: ignore[type-var]


class _Apart(dict[str, FeatureColumn]):
    """TensorFlow merges columns of one class and name when it reads them, whatever their settings; a model must not."""

    def setdefault(self, key: str, default: FeatureColumn | None = None) -> FeatureColumn:  # type: ignore[override]
        return cast(FeatureColumn, default)


def _column(data: object, custom: Objects, tables: Tables) -> FeatureColumn:
    if not isinstance(data, Mapping) or not isinstance(data.get("config"), Mapping):
        raise errors.argument("columns", 'needs {"class_name": ..., "config": ...}', data, "use serialize_feature_columns")
    config = dict(data["config"])
    if data.get("class_name") == _SHARED:
        return _shared(config, custom, tables)
    if "initializer" in config:
        config |= {"initializer": "Zeros", "ckpt_to_load_from": None, "tensor_name_in_ckpt": None}
    try:
        column = deserialize_feature_column({**data, "config": config}, custom, _Apart())
        map_columns(column, _check)
    except errors.ColumnError:
        raise
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError, RecursionError) as error:
        raise errors.argument("columns", f"a column cannot be made ({error})", data, "use serialize_feature_columns") from None
    return column


def _check(column: FeatureColumn) -> FeatureColumn:
    """Return the column after the checks of the function that makes such columns: its fields are that function's arguments."""
    hash(column)  # a list or a dict where a value belongs
    hash_key = getattr(column, "hash_key", None)
    if not isinstance(hash_key, (int, type(None))):
        raise errors.argument("columns", "hash_key must be an int or null", hash_key, "use serialize_feature_columns")
    if type(column) in _MAKERS:
        _MAKERS[type(column)](*(getattr(column, f.name) for f in fields(column)))  # type: ignore[arg-type]
    elif not isinstance(column, FeatureColumn):
        raise errors.argument("columns", "not a feature column", column, "use serialize_feature_columns")
    return column


def _shared(config: dict[str, object], custom: Objects, tables: Tables) -> dense.SharedEmbeddingColumn:
    names = ("categorical_column", "table", "dimension", "combiner", "max_norm", "use_safe_embedding_lookup")
    if set(config) != set(names) or not isinstance(config["table"], str) or not isinstance(config["dimension"], int):
        raise errors.argument(_SHARED, f"config must have exactly {sorted(names)}", sorted(config), "write it again")
    source = _column(config["categorical_column"], custom, tables)
    (made,) = dense.shared_embeddings(
        [cast(CategoricalColumn, source)], config["dimension"], cast(str, config["combiner"]), initializers.Zeros(),
        config["table"], None, None, cast(float | None, config["max_norm"]), True, bool(config["use_safe_embedding_lookup"]),
    )  # fmt: skip
    own = made.shared_embedding_column_creator
    table = tables.setdefault(own.name, own)
    if (table.num_buckets, table.dimension) != (own.num_buckets, own.dimension):
        raise errors.argument(_SHARED, f"columns of table {own.name} differ in size", config, "write the columns again")
    return replace(made, shared_embedding_column_creator=table)


def _to_data(column: FeatureColumn) -> dict[str, object]:
    if not isinstance(column, dense.SharedEmbeddingColumn):
        if isinstance(column, dense.EmbeddingColumn):
            column = replace(column, initializer=initializers.Zeros(), ckpt_to_load_from=None, tensor_name_in_ckpt=None)
        return serialize_feature_column(column)
    return {
        "class_name": _SHARED,
        "config": {
            "categorical_column": serialize_feature_column(column.categorical_column),
            "table": column.shared_embedding_column_creator.name,
            "dimension": column.dimension,
            "combiner": column.combiner,
            "max_norm": column.max_norm,
            "use_safe_embedding_lookup": column.use_safe_embedding_lookup,
        },
    }


def _without_path(column: FeatureColumn) -> FeatureColumn:
    if not isinstance(column, vocabulary.VocabularyFileCategoricalColumn):
        return column
    try:
        terms = tuple(term.decode() if isinstance(term, bytes) else term for term in vocabulary.terms(column))
    except UnicodeDecodeError:
        raise errors.argument(column.name, "its vocabulary file is not UTF-8", column.vocabulary_file, "convert it") from None
    return vocabulary.VocabularyListCategoricalColumn(
        column.key, terms, column.dtype, column.default_value, column.num_oov_buckets
    )


# Live objects -------------------------------------------------------------------------------------------------------


@overload
def from_tensorflow(columns: list[object]) -> list[FeatureColumn]: ...
@overload
def from_tensorflow(columns: object) -> FeatureColumn | list[FeatureColumn]: ...
def from_tensorflow(columns: object) -> FeatureColumn | list[FeatureColumn]:
    """Return live tf.feature_column objects (a list, or one) as columns of the dialect, without importing TensorFlow.

    They are recognized by their class names and read by their fields. normalizer_fn and initializers are kept as they are and
    called as TensorFlow calls them; shared embedding columns share a table again.

    Raises ColumnError for an object that is not a feature column of TensorFlow.
    """
    tables: Tables = {}
    if isinstance(columns, (list, tuple)) and not hasattr(columns, "_fields"):
        return [_read_live(column, tables, 0) for column in columns]
    return _read_live(columns, tables, 0)


def _read_live(column: object, tables: Tables, depth: int) -> FeatureColumn:
    if isinstance(column, FeatureColumn):
        return column
    name, names = type(column).__name__.removeprefix("_"), getattr(column, "_fields", None)
    if names is None or (name not in CLASSES and name != _SHARED) or depth > _DEPTH:
        raise errors.argument("from_tensorflow", "not a feature column of TensorFlow", column, "give tf.feature_column objects")
    given = {field: _read_value(getattr(column, field), tables, depth) for field in names}
    if name == _SHARED:
        return _read_shared(given, tables)
    cls = CLASSES[name]
    known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    # Classes of TensorFlow 1 lack what came later, and one field has another name.
    defaults: dict[str, object] = {
        "file_format": None,
        "use_safe_embedding_lookup": True,
        "number_buckets": given.get("num_buckets"),
    }
    if "dimension" in given:
        defaults["initializer"] = initializers.TruncatedNormal(stddev=cast(int, given["dimension"]) ** -0.5)
    return cls(**{field: value for field, value in (defaults | given).items() if field in known})


def _read_value(value: object, tables: Tables, depth: int) -> object:
    if hasattr(value, "_fields") or isinstance(value, FeatureColumn):
        return _read_live(value, tables, depth + 1)
    if isinstance(value, tuple):
        return tuple(_read_value(v, tables, depth + 1) for v in value)
    if hasattr(value, "as_numpy_dtype"):
        return dtypes.as_dtype(cast(dtypes.NamedType, value))
    if hasattr(value, "get_config") and type(value).__name__ in initializers.CLASSES:
        known = initializers.CLASSES[type(value).__name__]
        config = {k: v for k, v in value.get_config().items() if k in ("mean", "stddev", "seed", "value")}
        return known(**config)
    return value


def _read_shared(given: dict[str, object], tables: Tables) -> dense.SharedEmbeddingColumn:
    """Return a member of shared_embeddings (TensorFlow 2, with a creator), or of shared_embedding_columns (its v1 form)."""
    source, creator = cast(CategoricalColumn, given["categorical_column"]), given.get("shared_embedding_column_creator")
    names = ("name", "dimension", "initializer", "trainable", "ckpt_to_load_from", "tensor_name_in_ckpt")
    found = given if creator is None else {name: getattr(creator, f"_{name}", None) for name in names}
    key = given["shared_embedding_collection_name"] if creator is None else id(creator)
    if key not in tables:
        name = key if creator is None else found["name"]
        initializer = cast(initializers.InitializerFunction, _read_value(found["initializer"], tables, 0))
        size, trainable = cast(int, found["dimension"]), bool(found["trainable"])
        table = tables[key] = dense.SharedTable(cast(str, name), source.num_buckets, size, initializer, trainable)
        table.v1 = creator is None
        table.ckpt_to_load_from = cast(str | None, found.get("ckpt_to_load_from"))
        table.tensor_name_in_ckpt = cast(str | None, found.get("tensor_name_in_ckpt"))
    combiner, norm = cast(str, given["combiner"]), cast(float | None, given["max_norm"])
    safe = bool(given.get("use_safe_embedding_lookup", True))
    return dense.SharedEmbeddingColumn(source, tables[key], combiner, norm, safe)
