"""First values of embedding tables: objects that are called with a shape, as in TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols._core.arrays import Array
from featurecols.columns import initializers
from featurecols.feature_column import dtypes


class Initializer:
    """Base. Equal only to itself, so two embedding columns made apart are unequal, as in TensorFlow."""

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Array:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config)


class Constant(Initializer):
    """A given table, or one value everywhere.

    >>> Constant([[1.0, 2.0]])((1, 2)).tolist()
    [[1.0, 2.0]]
    """

    def __init__(self, value: Any = 0, dtype: Any = dtypes.float32) -> None:
        self.value, self.dtype = value, dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Array:
        return np.broadcast_to(np.asarray(self.value, np.float32), tuple(shape)).copy()

    def get_config(self) -> dict[str, Any]:
        value = self.value.tolist() if isinstance(self.value, np.ndarray) else self.value
        return {"value": value, "dtype": self.dtype.name}


class Zeros(Initializer):
    """Zeros, the start of linear weights."""

    def __init__(self, dtype: Any = dtypes.float32) -> None:
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Array:
        return np.zeros(tuple(shape), np.float32)

    def get_config(self) -> dict[str, Any]:
        return {"dtype": self.dtype.name}


class TruncatedNormal(Initializer):
    """Normal values, drawn again beyond two standard deviations. The same table for the same seed, on every platform.

    TensorFlow's generator is another one: the distribution is the same, the numbers are not.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        self.mean, self.stddev, self.seed, self.dtype = mean, stddev, seed, dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, *, name: str = "", **_: Any) -> Array:
        rows, dimension = shape
        return initializers.TruncatedNormal(mean=self.mean, stddev=self.stddev).make(rows, dimension, self.seed or 0, name)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed, "dtype": self.dtype.name}


CLASSES = {cls.__name__: cls for cls in (Constant, Zeros, TruncatedNormal)}
