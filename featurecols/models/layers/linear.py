"""Linear: a weight for every number and every id of encoded rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar

import numpy as np

from featurecols._core.spec import Converted, frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Scope, zeros
from featurecols.models.input.examples import Examples
from featurecols.models.layers.base import Layer, require_positive
from featurecols.models.layers.dense import affine
from featurecols.models.layers.embedding_bag import check_combiner
from featurecols.models.layers.inputs import choose, dense_values, mixed
from featurecols.models.layers.mixed import TouchedRows, hot_sum, touched_rows, touched_rows_of_batches


@frozen
class Linear(Layer):
    """Encoded rows -> [n, units]; all weights start at zero, and a step touches the weights of the ids it saw.

    weights [v, units] belong to ids, one slot after another; kernel [w, units] to numbers.

    Args:
        units: outputs.
        slots: the name, or names, of the slots to read; None for all.
        combiner: what several ids of one slot and row are: "sum", "mean" or "sqrtn".
    """

    reads: ClassVar[type | None] = Examples

    units: int = 1
    slots: Converted[str | Sequence[str] | None, tuple[str, ...] | None] = None  # type: ignore[assignment]
    combiner: str = field(default="sum", kw_only=True)

    def check(self) -> None:
        super().check()
        require_positive("Linear", "units", self.units)
        check_combiner("Linear", self.combiner)
        if isinstance(self.slots, str):
            object.__setattr__(self, "slots", (self.slots,))

    def _touched_rows(self, x: Examples) -> TouchedRows:
        return touched_rows(mixed(x, choose(x, self.slots), None, self.combiner), x.layout.scratch)

    def _split_touched_rows(self, x: Examples, size: int) -> list[TouchedRows] | None:
        return touched_rows_of_batches(mixed(x, choose(x, self.slots), None, self.combiner), x.layout.scratch, size)

    def forward(self, scope: Scope, x: Examples) -> Value:
        chosen = choose(x, self.slots)
        for slot in chosen.slots:
            if slot.dimension is not None:
                hint = "give a linear model the column itself, not its embedding"
                raise errors.model("Linear", "an embedding has no weights of its own", slot.name, hint)
        out = scope.parameter("bias", (self.units,), zeros)
        hot, key = mixed(x, chosen, None, self.combiner), ("touched rows", self.slots, self.combiner)
        if hot.hot:
            weights = scope.parameter("weights", (hot.hot, self.units), zeros, scattered=True)
            out = (
                hot_sum(
                    hot,
                    weights,
                    lambda: x.prepare(key, self._touched_rows, self._split_touched_rows),
                    training=scope.training,
                )
                + out
            )
        for numbers in dense_values(x, chosen, scope.variables.dtype):
            kernel = scope.parameter("kernel", (numbers.shape[1], self.units), zeros)
            out = affine(Value(numbers), kernel, None) + out
        return out if out.array.ndim == 2 else affine_bias(out, len(x))


def affine_bias(bias: Value, rows: int) -> Value:
    """Return a bias alone, for every row."""
    return bias + Value(np.zeros((rows, 1), bias.array.dtype))
