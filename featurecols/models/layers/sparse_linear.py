"""SparseLinear: the sum of the weights that ids name, one-hots times a matrix without the one-hots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from featurecols.models import errors, kernels
from featurecols.models.layers.base import Layer, positive
from featurecols.models.layers.embedding_bag import bag, known_combiner
from featurecols.models.tape import Rows, Value
from featurecols.models.variables import Scope, Variables, zeros
from featurecols.values import Array, Ids


@dataclass(frozen=True, eq=False, repr=False)
class SparseLinear(Layer):
    """Ids -> [n, units]: weights of the row's ids summed (or averaged), plus a bias. Weights start at zero.

    Args:
        num_buckets: how many ids there are.
        units: outputs.
        combiner: how several ids of a row are put together: "sum", "mean" or "sqrtn".
        use_bias: whether a bias is added.
    """

    num_buckets: int
    units: int = 1
    combiner: str = field(default="sum", kw_only=True)
    use_bias: bool = field(default=True, kw_only=True)

    def check(self) -> None:
        super().check()
        positive("SparseLinear", "num_buckets", self.num_buckets)
        positive("SparseLinear", "units", self.units)
        known_combiner("SparseLinear", self.combiner)

    def forward(self, scope: Scope, x: Ids) -> Value:
        weights = scope.parameter("weights", (self.num_buckets, self.units), zeros)
        y = bag(scope.variables, x, weights, self.combiner)
        return y + scope.parameter("bias", (self.units,), zeros) if self.use_bias else y


@dataclass(frozen=True, slots=True)
class Hots:
    """k one-hots a row, side by side in one long row: ids int32 or int64 [n, k], negative where there is none.

    Hot j owns the `sizes[j]` places from `starts[j]` (int64 [k]).
    """

    ids: Array
    starts: Array
    sizes: Array
    names: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.ids)


def hots(variables: Variables, x: Hots, weights: Value, sparse: bool) -> Value:
    """x, as the one-hots that it stands for, times weights [v, u]; the gradient is Rows where `sparse`, else an array."""
    out = np.zeros((len(x), weights.shape[1]), weights.array.dtype)
    bad = kernels.bags.hot_forward(x.ids, x.starts, x.sizes, weights.array, out)
    if bad >= 0:
        row, j = divmod(int(bad), x.ids.shape[1])
        who = x.names[j] if x.names else f"one-hot {j}"
        raise errors.bad_value(who, None, row, f"an id must be below {x.sizes[j]}", int(x.ids[row, j]), "mend the ids")

    def backward(d: Any) -> tuple[Rows | Array]:
        d = np.ascontiguousarray(d)
        if not sparse:
            dense = np.zeros_like(weights.array)
            kernels.bags.hot_backward(x.ids, x.starts, d, dense)
            return (dense,)
        most = min(x.ids.size, weights.shape[0])
        touched, rows = np.empty(most, np.int64), np.empty((most, weights.shape[1]), weights.array.dtype)
        count = kernels.bags.hot_rows(x.ids, x.starts, d, variables.marks(weights.shape[0]), touched, rows)
        return (Rows(touched[:count], rows[:count], weights.shape),)

    return Value(out, (weights,), backward)
