"""First values of embedding tables: objects that are called with a shape, as in TensorFlow."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols.columns import initializers
from featurecols.feature_column import dtypes
from featurecols.feature_column.dtypes import DTypeLike

InitializerFunction = Callable[..., ArrayLike]  # of (shape, dtype), and of partition_info where it has that argument


class Initializer:
    """Base. Equal only to itself, so two embedding columns made apart are unequal, as in TensorFlow."""

    def __call__(self, shape: Sequence[int], dtype: object = None, *, name: str = "", **_: object) -> Array:
        """Return a table float32 of `shape`; `name` is that of the column."""
        raise NotImplementedError

    def get_config(self) -> dict[str, object]:
        """Return the arguments that make an equal initializer."""
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Initializer:
        """Return the initializer of what get_config gave."""
        return cls(**config)


class Constant(Initializer):
    """A given table, or one value everywhere.

    >>> Constant([[1.0, 2.0]])((1, 2)).tolist()
    [[1.0, 2.0]]
    """

    def __init__(self, value: ArrayLike = 0, dtype: DTypeLike | str = dtypes.float32) -> None:
        self.value, self.dtype = value, dtypes.as_dtype(dtype)

    def __call__(self, shape: Sequence[int], dtype: object = None, *, name: str = "", **_: object) -> Array:
        return np.broadcast_to(np.asarray(self.value, np.float32), tuple(shape)).copy()

    def get_config(self) -> dict[str, object]:
        value = self.value.tolist() if isinstance(self.value, np.ndarray) else self.value
        return {"value": value, "dtype": self.dtype.name}


class Zeros(Initializer):
    """Zeros, the start of linear weights."""

    def __init__(self, dtype: DTypeLike | str = dtypes.float32) -> None:
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Sequence[int], dtype: object = None, *, name: str = "", **_: object) -> Array:
        return np.zeros(tuple(shape), np.float32)

    def get_config(self) -> dict[str, object]:
        return {"dtype": self.dtype.name}


class TruncatedNormal(Initializer):
    """Normal values, drawn again beyond two standard deviations. The same table for the same seed, on every platform.

    TensorFlow's generator is another one: the distribution is the same, the numbers are not.
    """

    def __init__(
        self, mean: float = 0.0, stddev: float = 1.0, seed: int | None = None, dtype: DTypeLike | str = dtypes.float32
    ) -> None:
        self.mean, self.stddev, self.seed, self.dtype = mean, stddev, seed, dtypes.as_dtype(dtype)

    def __call__(self, shape: Sequence[int], dtype: object = None, *, name: str = "", **_: object) -> Array:
        rows, dimension = shape
        return initializers.TruncatedNormal(mean=self.mean, std=self.stddev).make(rows, dimension, self.seed or 0, name)

    def get_config(self) -> dict[str, object]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed, "dtype": self.dtype.name}


CLASSES: dict[str, type[Initializer]] = {cls.__name__: cls for cls in (Constant, Zeros, TruncatedNormal)}


def call_initializer(initializer: InitializerFunction, shape: tuple[int, int], name: str) -> ArrayLike:
    """Return what an initializer makes of a shape.

    It is called as TensorFlow calls it: a class is made an object first; dtype is given by name, and partition_info, which
    is None, to those that have such an argument. dtype is numpy's float32, which every library knows.
    """
    if isinstance(initializer, type):
        initializer = initializer()
    if isinstance(initializer, Initializer):
        return initializer(shape, np.float32, name=name)
    try:
        takes_partition = "partition_info" in inspect.signature(initializer).parameters
    except (TypeError, ValueError):  # a function without a signature, of an extension module
        takes_partition = False
    more = {"partition_info": None} if takes_partition else {}
    return initializer(shape, dtype=np.float32, **more)
