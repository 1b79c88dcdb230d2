"""Element types with TensorFlow's names: `feature_column.dtypes.float32` stands where code says `tf.float32`."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from featurecols.feature_column import errors


class NamedType(Protocol):
    """An element type of another library, such as tf.DType: recognized by its name."""

    @property
    def name(self) -> str:
        """The name of the type, such as float32."""


@dataclass(frozen=True, slots=True)
class DType:
    """One element type. Equal by name, to the tf.DType, the numpy dtype and the name of that type too.

    >>> float32.is_floating, int64.is_integer, string.is_integer, float32 == "float32"
    (True, True, False, True)
    """

    name: str

    @property
    def is_integer(self) -> builtins.bool:
        """Whether it is a signed or unsigned integer."""
        return self.name.startswith(("int", "uint"))

    @property
    def is_unsigned(self) -> builtins.bool:
        """Whether it is an unsigned integer."""
        return self.name.startswith("uint")

    @property
    def is_floating(self) -> builtins.bool:
        """Whether it is a floating-point number."""
        return self.name in ("float16", "bfloat16", "float32", "float64")

    @property
    def is_bool(self) -> builtins.bool:
        """Whether it is a boolean."""
        return self.name == "bool"

    @property
    def is_complex(self) -> builtins.bool:
        """Whether it is a complex number."""
        return self.name in ("complex64", "complex128")

    @property
    def base_dtype(self) -> DType:
        """The type itself: there are no references to variables here."""
        return self

    @property
    def as_numpy_dtype(self) -> type[np.generic]:
        """The numpy scalar type; object for strings, as in TensorFlow."""
        return np.object_ if self.name == "string" else np.dtype(self.name).type

    @property
    def size(self) -> int:
        """Bytes of one value; 0 for strings."""
        return 0 if self.name == "string" else np.dtype(self.as_numpy_dtype).itemsize

    def __eq__(self, other: object) -> builtins.bool:
        if isinstance(other, DType):
            return self.name == other.name
        if isinstance(other, (np.dtype, type)) or (isinstance(other, str) and other in NAMES):
            try:
                return self.name == as_dtype(other).name
            except TypeError:
                return False
        name = getattr(other, "name", None)
        return name == self.name if name is not None else NotImplemented

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"feature_column.dtypes.{self.name}"


float16 = DType("float16")
bfloat16 = DType("bfloat16")
float32 = DType("float32")
float64 = DType("float64")
int8 = DType("int8")
int16 = DType("int16")
int32 = DType("int32")
int64 = DType("int64")
uint8 = DType("uint8")
uint16 = DType("uint16")
uint32 = DType("uint32")
uint64 = DType("uint64")
bool = DType("bool")  # TensorFlow's own name for it
string = DType("string")
complex64 = DType("complex64")
complex128 = DType("complex128")
half, double = float16, float64

_ALIASES = {"half": half, "float": float32, "double": double}
NAMES = {value.name: value for value in list(globals().values()) if isinstance(value, DType)} | _ALIASES
_PYTHON = {float: float32, builtins.bool: bool, object: string}


DTypeLike = DType | NamedType | np.dtype[np.generic] | type[np.generic]


def as_dtype(value: DTypeLike | str | type) -> DType:
    """Return a DType from a DType, a tf.DType, its name, or a numpy type; raises TypeError for anything else.

    >>> as_dtype("int64"), as_dtype(np.dtype("U3"))
    (feature_column.dtypes.int64, feature_column.dtypes.string)
    """
    if isinstance(value, DType):
        return value
    if isinstance(value, str) and value in NAMES:
        return NAMES[value]
    name = getattr(value, "name", None)
    if isinstance(name, str) and name in NAMES:
        return NAMES[name]
    if isinstance(value, type) and value in _PYTHON:
        return _PYTHON[value]
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        kind = np.dtype(value)
        if kind.kind in "SUOT":
            return string
        if kind.name in NAMES:
            return NAMES[kind.name]
    raise errors.wrong_type("as_dtype", "not an element type", value, f"use one of {', '.join(sorted(NAMES))}")


def of_argument(value: DTypeLike, subject: str) -> DType:
    """Return the `dtype` argument of a column. Names are refused, as in TensorFlow: 'float32' is not tf.float32."""
    if isinstance(value, DType):
        return value
    if not isinstance(value, str) and value is not None and not (isinstance(value, type) and value in _PYTHON):
        try:
            return as_dtype(value)
        except TypeError:
            pass
    raise errors.no_attribute(subject, "dtype must be an element type", value, "use feature_column.dtypes.float32 and the like")
