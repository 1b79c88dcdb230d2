"""Columns as the JSON data that TensorFlow writes: {"class_name": ..., "config": {field: value}}."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import TypeAlias, cast, overload

from featurecols.feature_column import categorical, dense, dtypes, errors, initializers, numeric, sequence, vocabulary
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.dtypes import DType

Objects: TypeAlias = Mapping[str, Callable[..., object]]  # functions and classes, by the names that data has for them
Named = dict[str, FeatureColumn]  # columns made so far, by "class:name"
CLASSES: dict[str, type[FeatureColumn]] = {
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
_SUBJECT = "deserialize_feature_column"
_DEPTH = 64


@overload
def serialize_feature_column(fc: str) -> str: ...
@overload
def serialize_feature_column(fc: FeatureColumn) -> dict[str, object]: ...
def serialize_feature_column(fc: FeatureColumn | str) -> dict[str, object] | str:
    """Return one column as data; a string (a key of a cross) stands for itself.

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
    names = [f.name for f in fields(fc)]  # type: ignore[arg-type]
    config = {name: getattr(fc, name) if raw and name == "normalizer_fn" else _encode(fc, name) for name in names}
    return {"class_name": type(fc).__name__, "config": config}


def serialize_feature_columns(feature_columns: Iterable[FeatureColumn]) -> list[dict[str, object]]:
    """Return a list of columns as data; deserialize_feature_columns gives them back."""
    return [serialize_feature_column(column) for column in feature_columns]


@overload
def deserialize_feature_column(
    config: str, custom_objects: Objects | None = None, columns_by_name: Named | None = None
) -> str: ...
@overload
def deserialize_feature_column(
    config: Mapping[str, object], custom_objects: Objects | None = None, columns_by_name: Named | None = None
) -> FeatureColumn: ...
def deserialize_feature_column(
    config: Mapping[str, object] | str, custom_objects: Objects | None = None, columns_by_name: Named | None = None
) -> FeatureColumn | str:
    """Return the column that serialize_feature_column wrote.

    Args:
        config: the data; a string stands for itself.
        custom_objects: name -> function or class, for normalizer_fn and initializers that are not the package's own.
        columns_by_name: columns made so far by "class:name"; a second one of that name is taken from here, whatever its
            settings, as in TensorFlow.

    Raises:
        ColumnError: (a ValueError) not in the form that is written, an unknown class, or other fields than the class has.
        AttributeError: normalizer_fn without custom_objects.
    """
    return _decode(config, dict(custom_objects or {}), {} if columns_by_name is None else columns_by_name, 0)


def deserialize_feature_columns(
    configs: Iterable[Mapping[str, object]], custom_objects: Objects | None = None
) -> list[FeatureColumn]:
    """Return a list of columns from a list of data; columns of one class and name become one object."""
    by_name: Named = {}
    return [deserialize_feature_column(config, custom_objects, by_name) for config in configs]


def _encode(column: FeatureColumn, field: str) -> object:
    value = getattr(column, field)
    if isinstance(value, FeatureColumn):
        return serialize_feature_column(value)
    if isinstance(value, DType):
        return value.name
    if field == "keys":
        return tuple(serialize_feature_column(key) for key in value)
    if field in ("normalizer_fn", "initializer"):
        return _encode_object(value)
    return value


def _encode_object(value: object) -> object:
    """Return a function as its name, an object with a config as class and config."""
    if value is None:
        return None
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    if hasattr(value, "__name__"):
        return value.__name__
    raise errors.argument("serialize_feature_column", "cannot be written", value, "use a named function, or give it get_config")


def _decode(data: object, custom: Objects, by_name: Named, depth: int) -> FeatureColumn | str:
    if isinstance(data, str):
        return data
    if depth > _DEPTH:
        raise errors.argument(_SUBJECT, "nested too deep", depth, f"at most {_DEPTH} levels")
    cls, config = _class_and_config(data, CLASSES, custom)
    if not (isinstance(cls, type) and issubclass(cls, FeatureColumn)):
        raise errors.argument(_SUBJECT, "not the class of a feature column", cls, "check custom_objects")
    if cls.__name__ not in CLASSES:  # a class of the user's own has its own from_config
        made = cls.from_config(config, custom_objects=custom, columns_by_name=by_name)  # type: ignore[attr-defined]
    else:
        made = cls(**_arguments(cls, config, custom, by_name, depth))
    return by_name.setdefault(f"{type(made).__name__}:{made.name}", made)


def _arguments(
    cls: type[FeatureColumn], config: dict[str, object], custom: Objects, by_name: Named, depth: int
) -> dict[str, object]:
    """Return the fields of a column from its config, nested columns first in the order of the fields."""
    names = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    if cls is dense.EmbeddingColumn:
        config.setdefault("use_safe_embedding_lookup", True)  # absent in files of older versions
    if set(config) != names:
        raise errors.argument(cls.__name__, f"config must have exactly {sorted(names)}", sorted(config), "write it again")
    given = {name: _make_tuples(value) for name, value in config.items()}
    for name in ("categorical_column", "source_column"):
        if name in given:
            given[name] = _decode(given[name], custom, by_name, depth + 1)
    if "keys" in given:
        given["keys"] = tuple(_decode(key, custom, by_name, depth + 1) for key in cast(tuple[object, ...], given["keys"]))
    if "dtype" in given:
        given["dtype"] = dtypes.as_dtype(cast(str, given["dtype"]))
    if "initializer" in given:
        given["initializer"] = _decode_object(given["initializer"], initializers.CLASSES, custom)
    if "normalizer_fn" in given and cls is numeric.NumericColumn:
        given["normalizer_fn"] = _decode_object(given["normalizer_fn"], None, custom)
    return given


def _make_tuples(value: object) -> object:
    """Return lists as tuples at every depth, so that columns stay hashable."""
    return tuple(_make_tuples(v) for v in value) if isinstance(value, (list, tuple)) else value


def _decode_object(data: object, known: Objects | None, custom: Objects) -> object:
    """Return a function or an object by its name in custom_objects, else among `known`."""
    if data is None or inspect.isfunction(data):
        return data
    if isinstance(data, Mapping):
        cls, config = _class_and_config(data, known or {}, custom)
        from_config = getattr(cls, "from_config", None)
        return cls(**config) if from_config is None else from_config(config)
    if not isinstance(data, str):
        raise errors.argument(_SUBJECT, "not a function's name", data, "write it again")
    if data in custom:
        found = custom[data]
    elif known is None:
        hint = f"give custom_objects={{{data!r}: the function}}"
        raise errors.no_attribute(_SUBJECT, "normalizer_fn is known by its name only", data, hint)
    elif data in known:
        found = known[data]
    else:
        raise errors.argument(_SUBJECT, "unknown object", data, "give it in custom_objects")
    return found() if isinstance(found, type) else found


def _class_and_config(data: object, known: Objects, custom: Objects) -> tuple[Callable[..., object], dict[str, object]]:
    if not isinstance(data, Mapping) or "class_name" not in data or "config" not in data:
        hint = "use what serialize_feature_column wrote"
        raise errors.argument(_SUBJECT, 'needs {"class_name": ..., "config": ...}', data, hint)
    name = data["class_name"]
    cls = custom.get(name) or known.get(name)
    if cls is None:
        raise errors.argument(
            _SUBJECT, "unknown class", name, f"known are {', '.join(sorted(known))}; others go to custom_objects"
        )
    return cls, dict(data["config"])
