"""Where a number that is not finite comes from: a feature of a row, a parameter, or numbers that grew too large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.slots import DenseSlot
from featurecols.columns.base import Column
from featurecols.models import errors
from featurecols.models.autodiff.variables import Variables
from featurecols.models.input.examples import Examples
from featurecols.plan.graph import Graph

SMALLER = "lower the learning rate, clip gradients, or scale large numbers with ZScore"
FILL = "give its Numeric a default, or fill what is missing in arrays"


class Feature(NamedTuple):
    """A number of a row: the slot that it is in, which of its features, the row, and the number."""

    slot: str
    which: int | None
    row: int
    value: float

    @property
    def name(self) -> str:
        """The slot, with the number of the feature where it has several."""
        return self.slot if self.which is None else f"{self.slot}[{self.which}]"


def bad_feature(x: Examples) -> Feature | None:
    """Return the first feature or weight of an id that is not finite; None where all are."""
    for slot, values in _numbers(x):
        if not np.isfinite(values).all():
            row, i = np.argwhere(~np.isfinite(values))[0].tolist()
            return Feature(slot, i if values.shape[1] > 1 else None, row, float(values[row, i]))
    return None


def bad_parameter(variables: Variables) -> str | None:
    """Return the name of the first parameter or moving average that is not finite; None where all are."""
    every = {**variables.values, **variables.states}
    return next((name for name, a in every.items() if a.dtype.kind == "f" and not np.isfinite(a).all()), None)


def require_finite(subject: str, outputs: Array, x: Examples, variables: Variables, columns: Iterable[Column]) -> None:
    """Raise an error where a prediction is not finite: ModelError for weights that are not, DataError with the row otherwise.

    Args:
        subject: the model.
        outputs: what it says about rows [n, ...].
        x: the rows.
        variables: its parameters.
        columns: what the rows were encoded with; none for a model over arrays.
    """
    fine = np.isfinite(outputs)
    if fine.all():
        return
    if (name := bad_parameter(variables)) is not None:
        what = f"parameter {name} is not finite, so that nothing can be predicted"
        raise errors.model(subject, what, "a training that diverged", f"train it again: {SMALLER}")
    row = int((~fine.reshape(len(fine), -1)).any(axis=1).argmax())
    one = x.slice(row, row + 1)
    found, what, hint = bad_feature(one), "a number that is not finite gives no prediction", FILL
    if found is None:
        found, what = _largest(one), "the prediction is beyond the range of its type (3.4e38 of float32)"
        hint = f"clip the column or scale it with ZScore, and train again: {SMALLER}"
    if found is None:
        raise errors.model(subject, f"{what} at row {row}", outputs[row].tolist(), f"train it again: {SMALLER}")
    raise errors.bad_value(found.name, _field(found.slot, columns), row, what, found.value, hint)


def _numbers(x: Examples) -> Iterator[tuple[str, Array]]:
    """Yield the features [n, width] and the weights of ids [n, 1] of each slot that has some."""
    for slot in x.layout.slots:
        if isinstance(slot, DenseSlot):
            yield slot.name, x.dense[:, slot.start : slot.stop]
        elif (found := x.lists.get(slot.name)) is not None and found.weights is not None:
            yield slot.name, found.weights[:, None]


def _largest(one: Examples) -> Feature | None:
    """Return the largest feature of a row by magnitude; None where it has no features."""
    found = [Feature(slot, i, 0, v) for slot, values in _numbers(one) for i, v in enumerate(values.reshape(-1).tolist())]
    largest = max(found, key=lambda feature: abs(feature.value), default=None)
    width = 0 if largest is None else sum(feature.slot == largest.slot for feature in found)
    return largest if largest is None or width > 1 else largest._replace(which=None)


def _field(slot: str, columns: Iterable[Column]) -> str | None:
    """Return the only field that a column reads; None where there are several, or no column has the name."""
    keys = [field.key for column in columns if column.name == slot for field in Graph([column]).fields()]
    return keys[0] if len(keys) == 1 else None
