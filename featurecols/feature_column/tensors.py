"""Features as they are fed: dense or sparse, of any library, brought to one form. Positions are kept, values untouched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array
from featurecols.data import arrow_buffers
from featurecols.feature_column import dtypes, errors
from featurecols.feature_column.dtypes import DType

SparseTodo = "give an array [batch] or [batch, n], or SparseTensor(indices, values, dense_shape)"


class SparseTensor:
    """Values at positions of a larger tensor, as tf.SparseTensor.

    Args:
        indices: int64 [m, rank], the position of every value; sorted as reading the tensor row by row.
        values: [m], numbers, strings or bytes.
        dense_shape: [rank], the size of the whole tensor.

    >>> tags = SparseTensor([[0, 0], [0, 1], [2, 0]], ["a", "b", "a"], [3, 2])
    >>> tags.shape, tags.dtype
    ((3, 2), feature_column.dtypes.string)
    """

    __slots__ = ("dense_shape", "indices", "values")

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        self.dense_shape = tuple(int(size) for size in np.asarray(numpy_of(dense_shape)).ravel())
        self.indices = np.asarray(numpy_of(indices), dtype=np.int64).reshape(-1, max(len(self.dense_shape), 1))
        self.values = values if isinstance(values, np.ndarray) else array_of("SparseTensor", numpy_of(values))
        if self.values.ndim != 1 or len(self.values) != len(self.indices):
            what = f"needs one value for each of {len(self.indices)} indices"
            raise errors.bad_input("SparseTensor", "values", what, self.values.shape, "give as many values as indices")

    @property
    def shape(self) -> tuple[int, ...]:
        return self.dense_shape

    @property
    def dtype(self) -> DType:
        return dtypes.as_dtype(self.values.dtype)

    def __repr__(self) -> str:
        return f"SparseTensor(indices={self.indices.tolist()}, values={self.values.tolist()}, dense_shape={self.dense_shape})"


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A feature in one form: values [m] (numpy, or Arrow bytes for strings) at positions of `shape`.

    indices: int64 [m, rank], or None for a dense tensor, whose values are all cells in C order.
    """

    key: str
    dtype: DType
    shape: tuple[int, ...]
    values: Any
    indices: Array | None = None

    @property
    def is_sparse(self) -> bool:
        return self.indices is not None

    def positions(self) -> Array:
        """int64 [m, rank]: where every value is."""
        if self.indices is not None:
            return self.indices
        return np.indices(self.shape, dtype=np.int64).reshape(len(self.shape), -1).T

    def kept(self, mask: Array) -> Tensor:
        """A sparse tensor of the values where mask is true."""
        values = self.values.filter(pa.array(mask)) if isinstance(self.values, pa.Array) else self.values[mask]
        return Tensor(self.key, self.dtype, self.shape, values, self.positions()[mask])

    def cast(self, dtype: DType) -> Tensor:
        """The same tensor with values of another number type; integers wrap, fractions are cut off, as in TensorFlow."""
        with np.errstate(invalid="ignore", over="ignore"):
            real = self.values.real if self.dtype.is_complex else self.values
            values = real.astype(dtype.as_numpy_dtype)
        return Tensor(self.key, dtype, self.shape, values, self.indices)

    def array(self) -> Array:
        """Values as numpy, in the tensor's own shape where it is dense; strings are objects of bytes."""
        values = self.values
        if isinstance(values, pa.Array):
            held = np.empty(len(values), dtype=object)
            held[:] = values.to_pylist()
            values = held
        return values if self.is_sparse else values.reshape(self.shape)


def tensor_of(key: str, value: Any) -> Tensor:
    """One feature of the features dict; rank 1 becomes [batch, 1].

    Raises:
        DataError: (a ValueError) rank 0, a ragged tensor, a None, or values that are neither numbers nor strings.
    """
    if hasattr(value, "row_splits"):
        raise errors.bad_input(key, key, "a ragged tensor is not taken", type(value).__name__, "call its to_sparse()")
    if all(hasattr(value, part) for part in ("indices", "values", "dense_shape")):
        found = _sparse(key, value)
    elif (arrow := _arrow(value)) is not None:
        found = _from_arrow(key, arrow)
    else:
        found = dense(key, array_of(key, numpy_of(value)))
    if not found.shape:
        raise errors.bad_input(key, key, "a feature needs a batch dimension", value, SparseTodo)
    if len(found.shape) > 1:
        return found
    indices = found.indices
    if indices is not None:
        indices = np.concatenate([indices, np.zeros_like(indices)], axis=1)
    return Tensor(key, found.dtype, (*found.shape, 1), found.values, indices)


def dense(key: str, array: Array) -> Tensor:
    values = _flat(key, array)
    return Tensor(key, dtypes.as_dtype(array.dtype), array.shape, values)


def numpy_of(value: Any) -> Any:
    """An eager tensor of another library as a numpy array; anything else as it is."""
    return value.numpy() if callable(getattr(value, "numpy", None)) and not isinstance(value, np.ndarray) else value


def array_of(key: str, value: Any) -> Array:
    """Numbers or strings as an array. Python floats are float32 and small Python ints int32, as in TensorFlow."""
    if hasattr(value, "dtype"):  # arrays, and Series of pandas
        return np.asarray(value)
    try:
        objects = np.array(value, dtype=object)
        first = objects.ravel()[0] if objects.size else None
        if isinstance(first, (str, bytes)):
            return objects
        array = np.array(value)
    except (ValueError, OverflowError) as error:
        raise errors.bad_input(key, key, f"is no tensor ({error})", value, SparseTodo) from None
    if array.dtype == np.float64 and not isinstance(first, np.floating):
        return array.astype(np.float32)
    if array.dtype == np.int64 and not isinstance(first, np.integer) and _fits_int32(array):
        return array.astype(np.int32)
    return array


def _fits_int32(array: Array) -> bool:
    info = np.iinfo(np.int32)
    return array.size == 0 or bool(array.min() >= info.min and array.max() <= info.max)


def _flat(key: str, array: Array) -> Any:
    """Values [m] in C order: numbers as numpy, strings as Arrow bytes."""
    if array.dtype.kind in "biufc" or array.dtype.name == "bfloat16":
        return array.reshape(-1)
    if array.dtype.kind not in "OSUT":
        raise errors.bad_input(key, key, "needs numbers or strings", array.dtype, "convert the values")
    return _bytes(key, array.reshape(-1).tolist())


def _bytes(key: str, values: Sequence[Any]) -> pa.Array:
    """Strings as Arrow bytes; refuses None (missing is '' in a dense tensor) and everything else."""
    for row, value in enumerate(values):
        if not isinstance(value, (str, bytes)):
            hint = "write '' for a missing string and -1 for a missing integer" if value is None else "convert the values"
            raise errors.bad_input(key, key, f"needs strings, value {row} is not", value, hint)
    try:
        return pa.array(values, type=pa.large_binary())
    except UnicodeEncodeError:
        raise errors.bad_input(
            key, key, "holds text that has no UTF-8 bytes", values, 'encode it with errors="replace"'
        ) from None


def _sparse(key: str, value: Any) -> Tensor:
    if not isinstance(value, SparseTensor):
        value = SparseTensor(value.indices, value.values, value.dense_shape)
    return Tensor(key, value.dtype, value.dense_shape, _flat(key, value.values), value.indices)


def _arrow(value: Any) -> pa.Array | None:
    """An Arrow array of an Arrow-speaking library, in one piece; None for anything else. pandas goes through numpy."""
    if isinstance(value, pa.ChunkedArray):
        return value.combine_chunks()
    if isinstance(value, pa.Array):
        return value
    if hasattr(value, "__arrow_c_stream__") and not hasattr(value, "iloc"):
        return pa.chunked_array(value).combine_chunks()
    return None


def _from_arrow(key: str, array: pa.Array) -> Tensor:
    """Lists are sparse rows (a null element leaves its place empty); anything else is dense, and must have no nulls."""
    array = arrow_buffers.settled(array)
    if pa.types.is_fixed_size_list(array.type) and not array.null_count:
        inner = _from_arrow(key, array.flatten())
        return Tensor(key, inner.dtype, (len(array), array.type.list_size), inner.values)
    if arrow_buffers.is_list(array.type):
        return _from_lists(key, array)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.null_count:
        hint = "write '' or -1 for missing cells, or give a list column, whose empty lists are missing"
        raise errors.bad_input(key, key, "a dense feature has no nulls", f"{array.null_count} nulls", hint)
    if pa.types.is_boolean(array.type) or pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        return dense(key, array.to_numpy(zero_copy_only=False))
    try:
        return Tensor(key, dtypes.string, (len(array),), array.cast(pa.large_binary()))
    except pa.ArrowException:
        raise errors.bad_input(key, key, "needs numbers or strings", str(array.type), "convert the values") from None


def _from_lists(key: str, array: pa.Array) -> Tensor:
    offsets, elements = arrow_buffers.list_parts(array)
    elements = arrow_buffers.settled(elements)
    lengths = np.diff(offsets)
    rows = np.repeat(np.arange(len(array), dtype=np.int64), lengths)
    places = np.arange(len(rows), dtype=np.int64) - np.repeat(offsets[:-1], lengths)
    valid = elements.is_valid().to_numpy(zero_copy_only=False)
    inner = _from_arrow(key, elements.filter(pa.array(valid)))
    if len(inner.shape) != 1:
        raise errors.bad_input(key, key, "lists of lists are not taken", str(array.type), SparseTodo)
    indices = np.stack([rows, places], axis=1)[valid]
    width = int(lengths.max()) if len(lengths) else 0
    return Tensor(key, inner.dtype, (len(array), width), inner.values, indices)


def keras_cast(features: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """The wanted features as tensors, floating ones as float32: what Keras layers do to their inputs first."""
    found = {}
    for key in wanted:
        if key in features:
            tensor = tensor_of(key, features[key])
            found[key] = tensor.cast(dtypes.float32) if tensor.dtype.is_floating else tensor
    return found
