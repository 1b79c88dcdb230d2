"""SparseLinear: the sum of the weights that ids name, one-hots times a matrix without the one-hots."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from featurecols._core.arrays import Ids
from featurecols._core.spec import frozen
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Scope, zeros
from featurecols.models.layers.base import Layer, require_positive
from featurecols.models.layers.embedding_bag import bag, check_combiner


@frozen
class SparseLinear(Layer):
    """Ids -> [n, units]: weights of the row's ids summed (or averaged), plus a bias. Weights start at zero.

    Args:
        num_buckets: how many ids there are.
        units: outputs.
        combiner: how several ids of a row are put together: "sum", "mean" or "sqrtn".
        use_bias: whether a bias is added.
    """

    reads: ClassVar[type | None] = Ids

    num_buckets: int
    units: int = 1
    combiner: str = field(default="sum", kw_only=True)
    use_bias: bool = field(default=True, kw_only=True)

    def check(self) -> None:
        super().check()
        require_positive("SparseLinear", "num_buckets", self.num_buckets)
        require_positive("SparseLinear", "units", self.units)
        check_combiner("SparseLinear", self.combiner)

    def forward(self, scope: Scope, x: Ids) -> Value:
        weights = scope.parameter("weights", (self.num_buckets, self.units), zeros)
        y = bag(scope.variables, x, weights, self.combiner)
        return y + scope.parameter("bias", (self.units,), zeros) if self.use_bias else y
