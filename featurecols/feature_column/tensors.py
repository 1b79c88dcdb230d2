"""Features as they are fed: dense or sparse, of any library, brought to one form. Positions are kept, values untouched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeGuard, cast

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols.data import arrow_buffers
from featurecols.feature_column import dtypes, errors
from featurecols.feature_column.dtypes import DType
from featurecols.feature_column.raw_inputs import Values

_HINT = "give an array [batch] or [batch, n], or SparseTensor(indices, values, dense_shape)"


class EagerTensor(Protocol):
    """A tensor of another library that holds its values: numpy() gives them."""

    def numpy(self) -> Array: ...


class SparseLike(Protocol):
    """A sparse tensor of this package or of another library."""

    @property
    def indices(self) -> ArrayLike | EagerTensor: ...
    @property
    def values(self) -> ArrayLike | EagerTensor: ...
    @property
    def dense_shape(self) -> ArrayLike | EagerTensor: ...


Dense: TypeAlias = "ArrayLike | EagerTensor | pa.Array | pa.ChunkedArray"
Feature: TypeAlias = "Dense | SparseLike"  # what a features dict holds, by key
Features: TypeAlias = Mapping[str, Feature]


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

    def __init__(self, indices: Dense, values: Dense, dense_shape: Dense) -> None:
        self.dense_shape = tuple(int(size) for size in np.asarray(numpy_of(dense_shape)).ravel())
        self.indices = np.asarray(numpy_of(indices), dtype=np.int64).reshape(-1, max(len(self.dense_shape), 1))
        self.values = array_of("SparseTensor", numpy_of(values))
        if self.values.ndim != 1 or len(self.values) != len(self.indices):
            what = f"needs one value for each of {len(self.indices)} indices"
            raise errors.bad_input("SparseTensor", "values", what, self.values.shape, "give as many values as indices")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the dense tensor."""
        return self.dense_shape

    @property
    def dtype(self) -> DType:
        """The type of its values."""
        return dtypes.as_dtype(self.values.dtype)

    def __repr__(self) -> str:
        return f"SparseTensor(indices={self.indices.tolist()}, values={self.values.tolist()}, dense_shape={self.dense_shape})"


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A feature in one form: values [m] (numpy, or Arrow bytes for strings) at positions of `shape`.

    indices: int64 [m, rank], or None for a dense tensor, which has a value at each position, in C order.
    """

    key: str
    dtype: DType
    shape: tuple[int, ...]
    values: Values
    indices: Array | None = None

    @property
    def is_sparse(self) -> bool:
        return self.indices is not None

    def positions(self) -> Array:
        """Return int64 [m, rank]: where every value is."""
        if self.indices is not None:
            return self.indices
        return np.indices(self.shape, dtype=np.int64).reshape(len(self.shape), -1).T

    def keep(self, mask: Array) -> Tensor:
        """Return a sparse tensor of the values where mask is true."""
        values = self.values.filter(pa.array(mask)) if isinstance(self.values, pa.Array) else self.values[mask]
        return Tensor(self.key, self.dtype, self.shape, values, self.positions()[mask])

    def cast(self, dtype: DType) -> Tensor:
        """Return the tensor with values of another number type; integers wrap, fractions are cut off, as in TensorFlow."""
        with np.errstate(invalid="ignore", over="ignore"):
            real = self.values.real if self.dtype.is_complex else self.values
            values = real.astype(dtype.as_numpy_dtype)
        return Tensor(self.key, dtype, self.shape, values, self.indices)

    def array(self) -> Array:
        """Return the values as numpy, in the tensor's own shape where it is dense; strings are objects of bytes."""
        values = self.values
        if isinstance(values, pa.Array):
            held = np.empty(len(values), dtype=object)
            held[:] = values.to_pylist()
            values = held
        return values if self.is_sparse else values.reshape(self.shape)


def tensor_of(key: str, value: Feature) -> Tensor:
    """Return one feature of the features dict as a tensor; rank 1 becomes [batch, 1].

    Raises:
        DataError: (a ValueError) rank 0, a ragged tensor, a None, or values that are neither numbers nor strings.
    """
    if hasattr(value, "row_splits"):
        raise errors.bad_input(key, key, "a ragged tensor is not taken", type(value).__name__, "call its to_sparse()")
    if is_sparse(value):
        found = _from_sparse(key, value)
    elif (arrow := _find_arrow(value)) is not None:
        found = _from_arrow(key, arrow)
    else:
        found = dense(key, array_of(key, numpy_of(cast(Dense, value))))
    if not found.shape:
        raise errors.bad_input(key, key, "a feature needs a batch dimension", value, _HINT)
    if len(found.shape) > 1:
        return found
    indices = found.indices
    if indices is not None:
        indices = np.concatenate([indices, np.zeros_like(indices)], axis=1)
    return Tensor(key, found.dtype, (*found.shape, 1), found.values, indices)


def is_sparse(value: object) -> TypeGuard[SparseLike]:
    """Return whether a value is a sparse tensor, of this package or of another library."""
    return all(hasattr(value, part) for part in ("indices", "values", "dense_shape"))


def dense(key: str, array: Array) -> Tensor:
    """Return the dense tensor of an array, in the array's shape."""
    values = _flatten(key, array)
    return Tensor(key, dtypes.as_dtype(array.dtype), array.shape, values)


def numpy_of(value: ArrayLike | EagerTensor) -> ArrayLike:
    """Return an eager tensor of another library as a numpy array; anything else as it is."""
    numpy = getattr(value, "numpy", None)
    return cast(ArrayLike, numpy() if callable(numpy) and not isinstance(value, np.ndarray) else value)


def array_of(key: str, value: ArrayLike) -> Array:
    """Return numbers or strings as an array in the byte order of the machine.

    Python floats are float32 and small Python ints int32, as in TensorFlow. Raises DataError (a ValueError) for anything
    that has no regular shape.
    """
    if hasattr(value, "dtype"):  # arrays, and Series of pandas
        array = np.asarray(value)
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    try:
        objects = np.array(value, dtype=object)
        first = objects.ravel()[0] if objects.size else None
        if isinstance(first, (str, bytes)):
            return objects
        array = np.array(value)
    except (ValueError, OverflowError) as error:
        raise errors.bad_input(key, key, f"not a tensor ({error})", value, _HINT) from None
    if array.dtype == np.float64 and not isinstance(first, np.floating):
        return array.astype(np.float32)
    if array.dtype == np.int64 and not isinstance(first, np.integer) and _fits_int32(array):
        return array.astype(np.int32)
    return array


def _fits_int32(array: Array) -> bool:
    info = np.iinfo(np.int32)
    return array.size == 0 or bool(array.min() >= info.min and array.max() <= info.max)


def _flatten(key: str, array: Array) -> Values:
    """Return values [m] in C order: numbers as numpy, strings as Arrow bytes."""
    if array.dtype.kind in "biufc" or array.dtype.name == "bfloat16":
        return array.reshape(-1)
    if array.dtype.kind not in "OSUT":
        raise errors.bad_input(key, key, "needs numbers or strings", array.dtype, "convert the values")
    return _encode(key, array.reshape(-1).tolist())


def _encode(key: str, values: Sequence[object]) -> pa.Array:
    """Return strings as Arrow bytes; refuses None (missing is '' in a dense tensor) and everything else."""
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


def sparse_of(value: SparseLike) -> SparseTensor:
    """Return a sparse tensor of any library as one of this package."""
    return value if isinstance(value, SparseTensor) else SparseTensor(value.indices, value.values, value.dense_shape)


def _from_sparse(key: str, value: SparseLike) -> Tensor:
    given = sparse_of(value)
    return Tensor(key, given.dtype, given.dense_shape, _flatten(key, given.values), given.indices)


def _find_arrow(value: Feature) -> pa.Array | None:
    """Return the contiguous Arrow array of an Arrow-speaking library; None for anything else. pandas goes through numpy."""
    if isinstance(value, pa.ChunkedArray):
        return value.combine_chunks()
    if isinstance(value, pa.Array):
        return value
    if hasattr(value, "__arrow_c_stream__") and not hasattr(value, "iloc"):
        return pa.chunked_array(value).combine_chunks()
    return None


def _from_arrow(key: str, array: pa.Array) -> Tensor:
    """Return lists as sparse rows (a null element leaves its position empty); anything else is dense, and without nulls."""
    array = arrow_buffers.settled(array)
    if pa.types.is_fixed_size_list(array.type) and not array.null_count:
        inner = _from_arrow(key, array.flatten())
        return Tensor(key, inner.dtype, (len(array), array.type.list_size), inner.values)
    if arrow_buffers.is_list(array.type):
        return _from_lists(key, array)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.null_count:
        hint = "write '' or -1 for missing values, or give a list column, whose empty lists are missing"
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
    columns = np.arange(len(rows), dtype=np.int64) - np.repeat(offsets[:-1], lengths)
    valid = elements.is_valid().to_numpy(zero_copy_only=False)
    inner = _from_arrow(key, elements.filter(pa.array(valid)))
    if len(inner.shape) != 1:
        raise errors.bad_input(key, key, "lists of lists are not taken", str(array.type), _HINT)
    indices = np.stack([rows, columns], axis=1)[valid]
    width = int(lengths.max()) if len(lengths) else 0
    return Tensor(key, inner.dtype, (len(array), width), inner.values, indices)


def keras_cast(features: Mapping[str, Feature | Tensor], wanted: Sequence[str]) -> dict[str, Feature | Tensor]:
    """Return the wanted features as tensors, floating ones as float32: what Keras layers do to their inputs first."""
    found: dict[str, Feature | Tensor] = {}
    for key in wanted:
        if key in features:
            value = features[key]
            tensor = value if isinstance(value, Tensor) else tensor_of(key, value)
            found[key] = tensor.cast(dtypes.float32) if tensor.dtype.is_floating else tensor
    return found
