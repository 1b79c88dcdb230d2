"""Predictions: arrays by name over all rows, which also loop row by row as tf.estimator's did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from featurecols._core.arrays import Array, Floats
from featurecols.models import errors
from featurecols.models.types import ClassLabels, Numbers


class Predictions:
    """The predictions of a model for n rows, by name.

    Of a classifier `probabilities` [n, n_classes], `logits`, `class_ids` and `classes` [n]; of several labels `probabilities`,
    `logits` and `multi_hot` (1 where a probability is above 0.5) [n, labels]; of a regressor `predictions` [n]
    or [n, label_dimension]; of a model_fn whatever it says.

    >>> p = Predictions({"predictions": np.array([[1.5], [2.0]])})
    >>> p["predictions"].tolist(), [row["predictions"].tolist() for row in p]
    ([[1.5], [2.0]], [[1.5], [2.0]])
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.arrays = dict(arrays)
        self._next = 0

    @staticmethod
    def concatenate(batches: Sequence[Mapping[str, Array]]) -> Predictions:
        """Return the rows of all batches in order."""
        return Predictions({name: np.concatenate([np.asarray(b[name]) for b in batches]) for name in batches[0]})

    @overload
    def __getitem__(self, name: Literal["probabilities", "logits"]) -> Floats: ...

    @overload
    def __getitem__(self, name: Literal["predictions"]) -> Numbers: ...

    @overload
    def __getitem__(self, name: Literal["class_ids"]) -> NDArray[np.int64]: ...

    @overload
    def __getitem__(self, name: Literal["classes"]) -> ClassLabels: ...

    @overload
    def __getitem__(self, name: str) -> Array: ...

    def __getitem__(self, name: str) -> Array:
        if name not in self.arrays:
            raise errors.unknown("predictions", "key", name, self.arrays)
        return self.arrays[name]

    if not TYPE_CHECKING:  # a name that is not there is told with the right one; checkers report it themselves

        def __getattr__(self, name: str) -> Any:
            arrays = self.__dict__.get("arrays", {})
            hint = f"; it is predictions[{name!r}]" if name in arrays else f"; known keys are {', '.join(arrays)}"
            raise AttributeError(f"'Predictions' object has no attribute {name!r}{hint if not name.startswith('_') else ''}")

    def keys(self) -> list[str]:
        """Return the names of the arrays."""
        return list(self.arrays)

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for i in range(len(self)):
            yield {name: array[i] for name, array in self.arrays.items()}

    def __next__(self) -> dict[str, Any]:
        """Return the first row, then the second, ...: next(model.predict(...)) is what it was with tf.estimator's generator."""
        if self._next == len(self):
            raise StopIteration
        self._next += 1
        return {name: array[self._next - 1] for name, array in self.arrays.items()}

    def __repr__(self) -> str:
        return f"Predictions({len(self)} rows: {', '.join(f'{k} {list(v.shape)}' for k, v in self.arrays.items())})"
