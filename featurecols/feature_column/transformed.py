"""The features of one call, and what columns made of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from featurecols.feature_column import errors
from featurecols.feature_column.tensors import Feature, Features, Tensor, tensor_of

T = TypeVar("T")


class Transformed:
    """The features of one call, and what columns made of them; each column is transformed once.

    v1: the call is one of version 1's functions, which differ in their errors (see graph_mode.py).
    """

    def __init__(self, features: Features, v1: bool = False) -> None:
        self.features, self.v1 = features, v1
        self._made: dict[Hashable, object] = {}

    def raw(self, key: str, subject: str) -> Tensor:
        """Return the feature as a tensor of rank 2 or more; raises DataError (a ValueError) where it is absent."""
        return self.once(key, lambda: self._read(key, subject))

    def _read(self, key: str, subject: str) -> Tensor:
        if key not in self.features:
            listed = ", ".join(map(repr, self.features)) or "no features"
            raise errors.bad_input(subject, key, "feature is not in the features dict", key, f"the dict has {listed}")
        value: Feature | Tensor = self.features[key]
        return value if isinstance(value, Tensor) else tensor_of(key, value)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return make(), kept under key for the rest of the call."""
        if key not in self._made:
            self._made[key] = make()
        return cast(T, self._made[key])
