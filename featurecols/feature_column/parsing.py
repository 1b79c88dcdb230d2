"""Parse specs: which features the columns read, how wide and of what type; and parsing of examples by them."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols.errors import show
from featurecols.feature_column import dtypes, errors
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.dtypes import DType
from featurecols.feature_column.examples import read_example
from featurecols.feature_column.specs import FixedLenFeature, Spec, VarLenFeature
from featurecols.feature_column.tensors import EagerTensor, SparseTensor, numpy_of

_PARSED = (dtypes.float32, dtypes.int64, dtypes.string)  # what an Example can hold


class Message(Protocol):
    """A tf.train.Example, or any message of protobuf."""

    def SerializeToString(self) -> bytes: ...


Example: TypeAlias = bytes | Message | Mapping[str, ArrayLike]
Examples: TypeAlias = Example | Sequence[Example] | Array | EagerTensor
Parsed: TypeAlias = dict[str, Array | SparseTensor]


def make_parse_example_spec(feature_columns: Iterable[FeatureColumn]) -> Spec:
    """Return what parse_example needs to read the features of these columns.

    In a program that has imported TensorFlow the spec consists of its classes, so that tf.io.parse_example takes it too.

    Raises:
        ColumnError: (a ValueError) an item is not a feature column, or two columns read one key in different ways.

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
    return _to_tensorflow(spec)


def _to_tensorflow(spec: Spec) -> Spec:
    """Return the spec in TensorFlow's own classes where the program has TensorFlow: those are tuples of the same fields."""
    tensorflow = sys.modules.get("tensorflow")
    io = getattr(tensorflow, "io", None)
    if tensorflow is None or io is None:
        return spec
    found: Spec = {}
    for key, feature in spec.items():
        dtype = tensorflow.as_dtype(feature.dtype.name)
        if isinstance(feature, FixedLenFeature):
            found[key] = io.FixedLenFeature(feature.shape, dtype, feature.default_value)
        else:
            found[key] = io.VarLenFeature(dtype)
    return found


def parse_example(serialized: Examples, features: Mapping[str, FixedLenFeature | VarLenFeature]) -> Parsed:
    """Return examples as the tensors that layers take.

    A FixedLenFeature gives an array [n, *shape], a VarLenFeature a SparseTensor [n, longest]. A missing VarLen feature
    is an empty row. One example that is not in a list gives tensors without the first axis.

    Args:
        serialized: a list or an array of examples, or one: a serialized tf.train.Example (bytes), such a message itself, or a
            dict from feature key to a list of values.
        features: key -> FixedLenFeature or VarLenFeature, of this module or of tf.io.

    Raises:
        InvalidArgumentError: bytes that are not an Example, a FixedLen feature that is missing and has no default, has another
            number of values than its shape, or holds values of another type. ColumnError: no features, or a feature
            of another kind.

    >>> from featurecols import feature_column as fc
    >>> spec = fc.make_parse_example_spec([fc.numeric_column("n", default_value=2.5)])
    >>> fc.parse_example([{"n": [1.0]}, {}], spec)["n"].tolist()
    [[1.0], [2.5]]
    """
    if not features:
        raise errors.argument("parse_example", "needs a spec", features, "make one with make_parse_example_spec(columns)")
    for key, feature in features.items():
        if type(feature).__name__ not in ("FixedLenFeature", "VarLenFeature"):
            what = f"feature {show(key)} must be a FixedLenFeature or a VarLenFeature"
            raise errors.argument("parse_example", what, feature, "make the spec with make_parse_example_spec(columns)")
        if dtypes.as_dtype(feature.dtype) not in _PARSED:
            what = f"feature {show(key)} can hold float32, int64 or string"
            raise errors.invalid("parse_example", what, feature.dtype, "declare the column with one of these types")
    listed, single = _list_examples(serialized)
    examples = [read_example(item, row) if isinstance(item, bytes) else item for row, item in enumerate(listed)]
    parsed: Parsed = {}
    for key, feature in features.items():
        dtype = dtypes.as_dtype(feature.dtype)
        rows = [_check_values(_find(example, key), key, dtype, row) for row, example in enumerate(examples)]
        # TensorFlow's classes have the same fields, so the class is recognized by its name
        fixed = type(feature).__name__ == "FixedLenFeature"
        parsed[key] = _fixed(key, feature, rows, dtype) if fixed else _ragged(rows, dtype)  # type: ignore[arg-type]
    return {key: _first_row(value) for key, value in parsed.items()} if single else parsed


def _list_examples(serialized: Examples) -> tuple[list[bytes | Mapping[str, ArrayLike]], bool]:
    """Return the examples, messages as their bytes, and whether it is one that is not in a list."""
    given = numpy_of(serialized)  # type: ignore[arg-type]
    if isinstance(given, np.ndarray):
        if given.ndim > 1:
            what, hint = "serialized examples must be a list", "flatten the array"
            raise errors.invalid("parse_example", what, given.shape, hint)
        given = given.tolist()
    single = isinstance(given, (bytes, str, Mapping)) or hasattr(given, "SerializeToString")
    found: list[bytes | Mapping[str, ArrayLike]] = []
    for row, item in enumerate([given] if single else given):  # type: ignore[arg-type]
        message = item.SerializeToString() if hasattr(item, "SerializeToString") else item
        message = message.encode() if isinstance(message, str) else message
        if not isinstance(message, (bytes, Mapping)):
            hint = "give the bytes of tf.train.Examples, or dicts from feature key to a list of values"
            raise errors.wrong_type("parse_example", f"example {row} must be bytes or a dict", message, hint)
        found.append(message)
    return found, single


def _find(example: Mapping[str, ArrayLike] | Mapping[bytes, Array], key: str) -> ArrayLike | None:
    found: Mapping[object, ArrayLike] = example  # type: ignore[assignment]
    return found[key] if key in found else found.get(key.encode())


def _first_row(value: Array | SparseTensor) -> Array | SparseTensor:
    if isinstance(value, SparseTensor):
        return SparseTensor(value.indices[:, 1:], value.values, value.dense_shape[1:])
    return value[0]  # type: ignore[no-any-return]


def _check_values(given: ArrayLike | None, key: str, dtype: DType, row: int) -> list[object] | None:
    """Return the values of one feature of one example, None where it is missing; refuses values of another type."""
    if given is None:
        return None
    what = f"feature {show(key)} of example {row} must hold {dtype.name}"
    hint = "convert the values, or declare the column with their type"
    if isinstance(given, np.ndarray):
        if given.dtype.kind not in {"float32": "f", "int64": "iu", "string": "OSUT"}[dtype.name]:
            raise errors.invalid("parse_example", what, given.dtype, hint)
        return given.ravel().tolist()  # type: ignore[no-any-return]
    listed: list[object] = list(given) if isinstance(given, (list, tuple)) else [given]
    kinds: tuple[type, ...] = {"float32": (float, np.floating), "int64": (int, np.integer), "string": (str, bytes)}[dtype.name]
    for value in listed:
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise errors.invalid("parse_example", what, value, hint)
    return listed


def _fixed(key: str, feature: FixedLenFeature, rows: list[list[object] | None], dtype: DType) -> Array:
    shape = tuple(feature.shape)
    default: list[object] | None = None
    if feature.default_value is not None:
        filled = np.broadcast_to(np.asarray(feature.default_value, dtype=dtype.as_numpy_dtype), shape)
        default = filled.ravel().tolist()
    size = math.prod(shape)
    flat: list[object] = []
    for row, values in enumerate(rows):
        values = default if values is None else values
        if values is None:
            what = f"feature {show(key)} is required and missing in example {row}"
            raise errors.invalid("parse_example", what, None, "give it, or declare a default_value")
        if len(values) != size:
            what = f"feature {show(key)} needs {size} values in example {row}"
            raise errors.invalid("parse_example", what, len(values), "give as many values as the shape has")
        flat.extend(values)
    return np.array(_encode(flat, dtype), dtype=dtype.as_numpy_dtype).reshape(len(rows), *shape)


def _ragged(rows: list[list[object] | None], dtype: DType) -> SparseTensor:
    indices = [(i, j) for i, row in enumerate(rows) for j in range(len(row or ()))]
    flat = _encode([value for row in rows for value in row or ()], dtype)
    width = max((len(row or ()) for row in rows), default=0)
    values = np.array(flat, dtype=dtype.as_numpy_dtype)
    return SparseTensor(np.array(indices, np.int64).reshape(-1, 2), values, (len(rows), width))


def _encode(values: list[object], dtype: DType) -> list[object]:
    return [v.encode() if isinstance(v, str) else v for v in values] if dtype == dtypes.string else values
