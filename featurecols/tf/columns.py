"""Columns of TensorFlow as columns of the dialect: from the JSON that TensorFlow writes, and from live objects.

import json
columns = columns_from_json(json.load(open("columns.json")))
columns = from_tensorflow([tf.feature_column.numeric_column("age")])    # TensorFlow is not imported here
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from featurecols import errors
from featurecols.feature_column import categorical, dense, dtypes, initializers, numeric, sequence, vocabulary
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.serialize import CLASSES, deserialize_feature_column, serialize_feature_column

_SHARED = "SharedEmbeddingColumn"  # TensorFlow has no JSON for it; this form is the package's own
_DEPTH = 64
_MAKERS: dict[type, Callable[..., Any]] = {
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


def columns_from_json(data: Any, custom_objects: Mapping[str, Any] | None = None) -> list[Any]:
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
    tables: dict[str, dense.SharedTable] = {}
    return [_column(item, dict(custom_objects or {}), tables) for item in data]


def columns_to_json(columns: Iterable[Any]) -> list[Any]:
    """Return JSON data that columns_from_json reads: TensorFlow's own form, and one more for shared embeddings.

    Vocabulary files are read and become lists, so that the data holds no path.
    """
    return [_data(mapped(column, _without_path)) for column in columns]


def mapped(column: Any, change: Callable[[Any], Any]) -> Any:
    """Return the column with `change` applied to it and to every column inside it, innermost first."""
    if not isinstance(column, FeatureColumn):
        return column
    different: dict[str, Any] = {}
    for f in fields(column):  # type: ignore[arg-type]
        value = getattr(column, f.name)
        if isinstance(value, FeatureColumn):
            if (new := mapped(value, change)) is not value:
                different[f.name] = new
        elif f.name == "keys":
            keys = tuple(mapped(key, change) for key in value)
            if any(new is not old for new, old in zip(keys, value, strict=True)):
                different[f.name] = keys
    return change(replace(column, **different) if different else column)  # type: ignore[type-var]


class _Apart(dict[str, Any]):
    """TensorFlow merges columns of one class and name when it reads them, whatever their settings; a model must not."""

    def setdefault(self, key: str, default: Any = None) -> Any:
        return default


def _column(data: Any, custom: dict[str, Any], tables: dict[str, dense.SharedTable]) -> Any:
    if not isinstance(data, Mapping) or not isinstance(data.get("config"), Mapping):
        raise errors.argument("columns", 'needs {"class_name": ..., "config": ...}', data, "use serialize_feature_columns")
    config = dict(data["config"])
    if data.get("class_name") == _SHARED:
        return _shared(config, custom, tables)
    if "initializer" in config:
        config |= {"initializer": "Zeros", "ckpt_to_load_from": None, "tensor_name_in_ckpt": None}
    try:
        column = deserialize_feature_column({**data, "config": config}, custom, _Apart())
        mapped(column, _checked)
    except errors.ColumnError:
        raise
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError, RecursionError) as error:
        raise errors.argument("columns", f"a column cannot be made ({error})", data, "use serialize_feature_columns") from None
    return column


def _checked(column: Any) -> Any:
    """Return the column after the checks of the function that makes such columns: its fields are that function's arguments."""
    hash(column)  # a list or a dict where a value belongs
    if not isinstance(getattr(column, "hash_key", None), (int, type(None))):
        raise errors.argument("columns", "hash_key must be an int or null", column.hash_key, "use serialize_feature_columns")
    if type(column) in _MAKERS:
        _MAKERS[type(column)](*(getattr(column, f.name) for f in fields(column)))
    elif not isinstance(column, FeatureColumn):
        raise errors.argument("columns", "not a feature column", column, "use serialize_feature_columns")
    return column


def _shared(config: dict[str, Any], custom: dict[str, Any], tables: dict[str, dense.SharedTable]) -> Any:
    names = ("categorical_column", "table", "dimension", "combiner", "max_norm", "use_safe_embedding_lookup")
    if set(config) != set(names) or not isinstance(config["table"], str) or not isinstance(config["dimension"], int):
        raise errors.argument(_SHARED, f"config must have exactly {sorted(names)}", sorted(config), "write it again")
    source = _column(config["categorical_column"], custom, tables)
    (made,) = dense.shared_embeddings(
        [source], config["dimension"], config["combiner"], initializers.Zeros(), config["table"], None, None,
        config["max_norm"], True, config["use_safe_embedding_lookup"],
    )  # fmt: skip
    own = made.shared_embedding_column_creator
    table = tables.setdefault(own.name, own)
    if (table.num_buckets, table.dimension) != (own.num_buckets, own.dimension):
        raise errors.argument(_SHARED, f"columns of table {own.name} differ in size", config, "write the columns again")
    return replace(made, shared_embedding_column_creator=table)


def _data(column: Any) -> Any:
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


def _without_path(column: Any) -> Any:
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


def from_tensorflow(columns: Any) -> Any:
    """Return live tf.feature_column objects (a list, or one) as columns of the dialect, without importing TensorFlow.

    They are recognized by their class names and read by their fields. normalizer_fn and initializers are kept as they are and
    called as TensorFlow calls them; shared embedding columns share a table again.

    Raises ColumnError for an object that is not a feature column of TensorFlow.
    """
    tables: dict[int, dense.SharedTable] = {}
    if isinstance(columns, (list, tuple)) and not hasattr(columns, "_fields"):
        return [_live(column, tables, 0) for column in columns]
    return _live(columns, tables, 0)


def _live(column: Any, tables: dict[int, dense.SharedTable], depth: int) -> Any:
    if isinstance(column, (str, FeatureColumn)):
        return column
    name, names = type(column).__name__.removeprefix("_"), getattr(column, "_fields", None)
    if names is None or (name not in CLASSES and name != _SHARED) or depth > _DEPTH:
        raise errors.argument("from_tensorflow", "not a feature column of TensorFlow", column, "give tf.feature_column objects")
    given = {field: _value(getattr(column, field), tables, depth) for field in names}
    if name == _SHARED:
        return _live_shared(given, tables)
    cls = CLASSES[name]
    known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    # Classes of TensorFlow 1 lack what came later, and one field has another name.
    defaults = {"file_format": None, "use_safe_embedding_lookup": True, "number_buckets": given.get("num_buckets")}
    if "dimension" in given:
        defaults["initializer"] = initializers.TruncatedNormal(stddev=given["dimension"] ** -0.5)
    return cls(**{field: value for field, value in (defaults | given).items() if field in known})


def _value(value: Any, tables: dict[int, dense.SharedTable], depth: int) -> Any:
    if hasattr(value, "_fields") or isinstance(value, FeatureColumn):
        return _live(value, tables, depth + 1)
    if isinstance(value, tuple):
        return tuple(_value(v, tables, depth + 1) for v in value)
    if hasattr(value, "as_numpy_dtype"):
        return dtypes.as_dtype(value.name)
    if hasattr(value, "get_config") and type(value).__name__ in initializers.CLASSES:
        known = initializers.CLASSES[type(value).__name__]
        config = {k: v for k, v in value.get_config().items() if k in ("mean", "stddev", "seed", "value")}
        return known(**config)
    return value


def _live_shared(given: dict[str, Any], tables: dict[int, dense.SharedTable]) -> Any:
    """Return a member of shared_embeddings (TensorFlow 2, with a creator), or of shared_embedding_columns (its v1 form)."""
    source, creator = given["categorical_column"], given.get("shared_embedding_column_creator")
    if creator is None:
        key: Any = given["shared_embedding_collection_name"]
        made = (key, source.num_buckets, given["dimension"], given["initializer"], given["trainable"])
        safe = given.get("use_safe_embedding_lookup", True)
    else:
        key = id(creator)
        initializer = _value(creator._initializer, tables, 0)
        made = (creator._name, creator._num_buckets, creator._dimension, initializer, creator._trainable)
        safe = given["use_safe_embedding_lookup"]
    if key not in tables:
        table = tables[key] = dense.SharedTable(*made)
        table.v1 = creator is None
        for name in ("ckpt_to_load_from", "tensor_name_in_ckpt"):
            setattr(table, name, given.get(name) if creator is None else getattr(creator, f"_{name}", None))
    return dense.SharedEmbeddingColumn(source, tables[key], given["combiner"], given["max_norm"], safe)
