"""Parse specs: which features the columns read, how wide and of what type; and parsing of examples given as dicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from featurecols.errors import show
from featurecols.feature_column import dtypes, errors
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.dtypes import DType
from featurecols.feature_column.tensors import SparseTensor


class FixedLenFeature(NamedTuple):
    """A feature with the same number of values in every example; `default_value` stands in where it is missing."""

    shape: tuple[int, ...]
    dtype: DType
    default_value: Any = None


class VarLenFeature(NamedTuple):
    """A feature with any number of values; parsing gives a SparseTensor."""

    dtype: DType


Spec = dict[str, FixedLenFeature | VarLenFeature]
PARSED = (dtypes.float32, dtypes.int64, dtypes.string)  # what an Example can hold


def make_parse_example_spec(feature_columns: Iterable[FeatureColumn]) -> Spec:
    """What parse_example needs to read the features of these columns.

    Raises:
        ColumnError: (a ValueError) an item is no feature column, or two columns read one key in different ways.

    >>> from featurecols import feature_column as fc
    >>> fc.make_parse_example_spec([fc.numeric_column("age"), fc.categorical_column_with_hash_bucket("job", 10)])["job"]
    VarLenFeature(dtype=feature_column.dtypes.string)
    """
    subject = "make_parse_example_spec"
    if isinstance(feature_columns, FeatureColumn):
        raise errors.argument(subject, "needs a list of feature columns", feature_columns, "put the column into a list")
    spec: Spec = {}
    for column in feature_columns:
        if not isinstance(column, FeatureColumn):
            raise errors.argument(
                subject, "every item must be a feature column", column, "make it with numeric_column and the like"
            )
        for key, feature in column.parse_example_spec.items():
            if key in spec and spec[key] != feature:
                what = f"columns disagree on feature {show(key)}: {spec[key]}"
                raise errors.argument(subject, what, feature, "read one feature in one way")
            spec[key] = feature
    return spec


def parse_example(serialized: Sequence[Mapping[str, Any]], features: Mapping[str, Any]) -> dict[str, Any]:
    """Examples, each a dict from feature key to a list of values, as the tensors that layers take.

    A FixedLenFeature gives an array [n, *shape], a VarLenFeature a SparseTensor [n, longest]. A missing VarLen feature
    is an empty row.

    Raises:
        InvalidArgumentError: a FixedLen feature is missing and has no default, has another number of values than its
            shape, or holds values of another type.

    >>> from featurecols import feature_column as fc
    >>> spec = fc.make_parse_example_spec([fc.numeric_column("n", default_value=2.5)])
    >>> fc.parse_example([{"n": [1.0]}, {}], spec)["n"].tolist()
    [[1.0], [2.5]]
    """
    if not features:
        raise errors.argument("parse_example", "needs a spec", features, "make one with make_parse_example_spec(columns)")
    for key, feature in features.items():
        if dtypes.as_dtype(feature.dtype) not in PARSED:
            what = f"feature {show(key)} can hold float32, int64 or string"
            raise errors.invalid("parse_example", what, feature.dtype, "declare the column with one of these types")
    parsed: dict[str, Any] = {}
    for key, feature in features.items():
        dtype = dtypes.as_dtype(feature.dtype)
        rows = [_values(example.get(key), key, dtype, row) for row, example in enumerate(serialized)]
        parsed[key] = _fixed(key, feature, rows, dtype) if hasattr(feature, "shape") else _ragged(rows, dtype)
    return parsed


def _values(given: Any, key: str, dtype: DType, row: int) -> list[Any] | None:
    """The values of one feature of one example, None where it is missing; refuses values of another type."""
    if given is None:
        return None
    what = f"feature {show(key)} of example {row} must hold {dtype.name}"
    hint = "convert the values, or declare the column with their type"
    if isinstance(given, np.ndarray):
        if given.dtype.kind not in {"float32": "f", "int64": "iu", "string": "OSUT"}[dtype.name]:
            raise errors.invalid("parse_example", what, given.dtype, hint)
        given = given.tolist()
    listed = list(given) if isinstance(given, (list, tuple)) else [given]
    kinds = {"float32": (float, np.floating), "int64": (int, np.integer), "string": (str, bytes)}[dtype.name]
    for value in listed:
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise errors.invalid("parse_example", what, value, hint)
    return listed


def _fixed(key: str, feature: Any, rows: list[list[Any] | None], dtype: DType) -> Any:
    shape = tuple(feature.shape)
    default = feature.default_value
    if default is not None:
        default = np.broadcast_to(np.asarray(default, dtype=dtype.as_numpy_dtype), shape).ravel().tolist()
    size = math.prod(shape)
    flat: list[Any] = []
    for row, values in enumerate(rows):
        values = default if values is None else values
        if values is None:
            what = f"feature {show(key)} is required and missing in example {row}"
            raise errors.invalid("parse_example", what, None, "give it, or declare a default_value")
        if len(values) != size:
            what = f"feature {show(key)} needs {size} values in example {row}"
            raise errors.invalid("parse_example", what, len(values), "give as many values as the shape has")
        flat.extend(values)
    return np.array(_encoded(flat, dtype), dtype=dtype.as_numpy_dtype).reshape(len(rows), *shape)


def _ragged(rows: list[list[Any] | None], dtype: DType) -> SparseTensor:
    indices = [(i, j) for i, row in enumerate(rows) for j in range(len(row or ()))]
    flat = _encoded([value for row in rows for value in row or ()], dtype)
    width = max((len(row or ()) for row in rows), default=0)
    values = np.array(flat, dtype=dtype.as_numpy_dtype)
    return SparseTensor(np.array(indices, np.int64).reshape(-1, 2), values, (len(rows), width))


def _encoded(values: list[Any], dtype: DType) -> list[Any]:
    return [v.encode() if isinstance(v, str) else v for v in values] if dtype == dtypes.string else values
