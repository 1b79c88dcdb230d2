"""Columns as the JSON data that TensorFlow writes: {"class_name": ..., "config": {field: value}}."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from featurecols.feature_column import categorical, dense, dtypes, errors, initializers, numeric, sequence, vocabulary
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.dtypes import DType

CLASSES: dict[str, Any] = {
    cls.__name__: cls
    for cls in (
        numeric.NumericColumn,
        numeric.BucketizedColumn,
        categorical.IdentityCategoricalColumn,
        categorical.HashedCategoricalColumn,
        categorical.CrossedColumn,
        categorical.WeightedCategoricalColumn,
        vocabulary.VocabularyListCategoricalColumn,
        vocabulary.VocabularyFileCategoricalColumn,
        sequence.SequenceCategoricalColumn,
        sequence.SequenceNumericColumn,
        dense.IndicatorColumn,
        dense.EmbeddingColumn,
    )
}
_DEPTH = 64


def serialize_feature_column(fc: Any) -> Any:
    """One column as data; a string (a key of a cross) stands for itself.

    Raises:
        ColumnError: (a ValueError) not a column. NotImplementedError: a shared embedding column, as in TensorFlow.

    >>> serialize_feature_column(categorical.categorical_column_with_identity("day", 7))["config"]
    {'key': 'day', 'number_buckets': 7, 'default_value': None}
    """
    if isinstance(fc, str):
        return fc
    if isinstance(fc, dense.SharedEmbeddingColumn):
        raise errors.not_implemented(fc.name, "a shared embedding column has no config", fc.name, "save its parts")
    if not isinstance(fc, FeatureColumn):
        raise errors.argument("serialize_feature_column", "not a feature column", fc, "give columns or keys")
    raw = isinstance(fc, sequence.SequenceNumericColumn)  # TensorFlow keeps its normalizer_fn as it is
    config = {f.name: getattr(fc, f.name) if raw and f.name == "normalizer_fn" else _encoded(fc, f.name) for f in fields(fc)}  # type: ignore[arg-type]
    return {"class_name": type(fc).__name__, "config": config}


def serialize_feature_columns(feature_columns: Iterable[Any]) -> list[Any]:
    """A list of columns as data; deserialize_feature_columns gives them back."""
    return [serialize_feature_column(column) for column in feature_columns]


def deserialize_feature_column(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    columns_by_name: dict[str, FeatureColumn] | None = None,
) -> Any:
    """The column that serialize_feature_column wrote.

    Args:
        config: the data; a string stands for itself.
        custom_objects: name -> function or class, for normalizer_fn and initializers that are not the package's own.
        columns_by_name: columns made so far by "class:name"; a second one of that name is taken from here, whatever its
            settings, as in TensorFlow.

    Raises:
        ColumnError: (a ValueError) not in the form that is written, an unknown class, or other fields than the class has.
        AttributeError: normalizer_fn without custom_objects.
    """
    return _decoded(config, dict(custom_objects or {}), {} if columns_by_name is None else columns_by_name, 0)


def deserialize_feature_columns(configs: Iterable[Any], custom_objects: Mapping[str, Any] | None = None) -> list[Any]:
    """A list of columns from a list of data; columns of one class and name become one object."""
    by_name: dict[str, FeatureColumn] = {}
    return [deserialize_feature_column(config, custom_objects, by_name) for config in configs]


def _encoded(column: Any, field: str) -> Any:
    value = getattr(column, field)
    if isinstance(value, FeatureColumn):
        return serialize_feature_column(value)
    if isinstance(value, DType):
        return value.name
    if field == "keys":
        return tuple(serialize_feature_column(key) for key in value)
    if field in ("normalizer_fn", "initializer"):
        return _encoded_object(value)
    return value


def _encoded_object(value: Any) -> Any:
    """A function as its name, an object with a config as class and config."""
    if value is None:
        return None
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    if hasattr(value, "__name__"):
        return value.__name__
    raise errors.argument("serialize_feature_column", "cannot be written", value, "use a named function, or give it get_config")


def _decoded(data: Any, custom: dict[str, Any], by_name: dict[str, FeatureColumn], depth: int) -> Any:
    if isinstance(data, str):
        return data
    if depth > _DEPTH:
        raise errors.argument("deserialize_feature_column", "nested too deep", depth, f"at most {_DEPTH} levels")
    cls, config = _class_and_config(data, CLASSES, custom)
    if not (isinstance(cls, type) and issubclass(cls, FeatureColumn)):
        raise errors.argument("deserialize_feature_column", "not the class of a feature column", cls, "check custom_objects")
    if cls.__name__ not in CLASSES:  # a class of the user's own knows its way
        made = cls.from_config(config, custom_objects=custom, columns_by_name=by_name)  # type: ignore[attr-defined]
    else:
        made = cls(**_arguments(cls, config, custom, by_name, depth))
    return by_name.setdefault(f"{type(made).__name__}:{made.name}", made)


def _arguments(cls: Any, config: dict[str, Any], custom: dict[str, Any], by_name: Any, depth: int) -> dict[str, Any]:
    """The fields of a column from its config, nested columns first in the order of the fields."""
    names = {f.name for f in fields(cls)}
    if cls is dense.EmbeddingColumn:
        config.setdefault("use_safe_embedding_lookup", True)  # absent in files of older versions
    if set(config) != names:
        raise errors.argument(cls.__name__, f"config must have exactly {sorted(names)}", sorted(config), "write it again")
    given = {name: _tuples(value) for name, value in config.items()}
    for name in ("categorical_column", "source_column"):
        if name in given:
            given[name] = _decoded(given[name], custom, by_name, depth + 1)
    if "keys" in given:
        given["keys"] = tuple(_decoded(key, custom, by_name, depth + 1) for key in given["keys"])
    if "dtype" in given:
        given["dtype"] = dtypes.as_dtype(given["dtype"])
    if "initializer" in given:
        given["initializer"] = _decoded_object(given["initializer"], initializers.CLASSES, custom)
    if "normalizer_fn" in given and cls is numeric.NumericColumn:
        given["normalizer_fn"] = _decoded_object(given["normalizer_fn"], None, custom)
    return given


def _tuples(value: Any) -> Any:
    """Lists as tuples, all the way in, so that columns stay hashable."""
    return tuple(_tuples(v) for v in value) if isinstance(value, (list, tuple)) else value


def _decoded_object(data: Any, known: Mapping[str, Any] | None, custom: dict[str, Any]) -> Any:
    """A function or an object by its name in custom_objects, else among `known`."""
    if data is None or inspect.isfunction(data):
        return data
    if isinstance(data, Mapping):
        cls, config = _class_and_config(data, known or {}, custom)
        return cls.from_config(config) if hasattr(cls, "from_config") else cls(**config)
    if not isinstance(data, str):
        raise errors.argument("deserialize_feature_column", "not a function's name", data, "write it again")
    if data in custom:
        found = custom[data]
    elif known is None:
        hint = f"give custom_objects={{{data!r}: the function}}"
        raise errors.no_attribute("deserialize_feature_column", "normalizer_fn is known by its name only", data, hint)
    elif data in known:
        found = known[data]
    else:
        raise errors.argument("deserialize_feature_column", "unknown object", data, "give it in custom_objects")
    return found() if isinstance(found, type) else found


def _class_and_config(data: Any, known: Mapping[str, Any], custom: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    subject = "deserialize_feature_column"
    if not isinstance(data, Mapping) or "class_name" not in data or "config" not in data:
        raise errors.argument(
            subject, 'needs {"class_name": ..., "config": ...}', data, "use what serialize_feature_column wrote"
        )
    name = data["class_name"]
    cls = custom.get(name) or known.get(name)
    if cls is None:
        raise errors.argument(
            subject, "unknown class", name, f"known are {', '.join(sorted(known))}; others go to custom_objects"
        )
    return cls, dict(data["config"])
