"""Cross: products of inputs with each other, learned: the cross network of DCN-v2."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Scope, zeros
from featurecols.models.layers.base import Layer, matrix, require_positive
from featurecols.models.layers.dense import affine
from featurecols.models.layers.member_dense import member_affine
from featurecols.models.layers.member_inputs import MemberRows
from featurecols.models.layers.mixed import Mixed
from featurecols.models.layers.regularizers import L1L2, penalize

CROSS = "dnn/cross/"  # what names of parameters of cross layers begin with in estimators
WIDEST = 8192  # inputs of a kernel that is square: 256 MiB in float32


@frozen
class Cross(Layer):
    """Cross layers: x_0 -> x_n with x_(l+1) = x_0 * (x_l @ kernel_l + bias_l) + x_l (Wang et al., DCN V2, 2020, equation 1).

    Each layer raises the degree of the products of inputs by one. Inputs that are 0 stay 0. Kernels and biases begin at 0, so
    that the network begins as the one without these layers.

    Mixed or [n, width] -> [n, width]; of several networks MemberRows or [n, members * width] -> [n, members * width].

    Args:
        layers: how many; their parameters are kernel_0 [width, members * width] and bias_0 [members * width], kernel_1, ...
        members: how many networks there are.
        kernel_regularizer: as of Dense, for each kernel.
    """

    takes_mixed: ClassVar[bool] = True

    layers: int
    members: int = 1
    kernel_regularizer: L1L2 | None = field(default=None, kw_only=True)

    def check(self) -> None:
        super().check()
        require_positive("Cross", "layers", self.layers)
        require_positive("Cross", "members", self.members)

    def forward(self, scope: Scope, x: Value | Mixed | MemberRows) -> Value:
        if isinstance(x, (Mixed, MemberRows)):
            require_width(x.width)
            first = x.value(scope.variables)
        else:
            first = matrix("Cross", x, scope.variables.dtype)
        width = first.shape[1] // self.members
        require_width(width)
        found = first
        for i in range(self.layers):
            kernel = scope.parameter(f"kernel_{i}", (width, self.members * width), zeros)
            penalize(scope, self.kernel_regularizer, kernel, self.members)
            bias = scope.parameter(f"bias_{i}", (self.members * width,), zeros)
            one = self.members == 1
            products = affine(found, kernel, bias) if one else member_affine(found, kernel, bias, self.members)
            found = _crossed(first, products, found)
        return found


def require_width(width: int) -> None:
    """Raise ModelError for so many inputs that their kernel would not fit."""
    if width > WIDEST:
        hint = "embed columns of many terms, read fewer, or leave cross_layers out"
        raise errors.model("cross_layers", f"need at most {WIDEST:,} inputs, each of which has a weight for all", width, hint)


def crossed(first: Array, products: Array, x: Array) -> Array:
    """Return first * products + x."""
    found: Array = np.multiply(first, products)
    found += x
    return found


def _crossed(first: Value, products: Value, x: Value) -> Value:
    """Return `crossed` as a Value."""

    def backward(d: Array) -> tuple[Array | None, ...]:
        return d * products.array if first.live else None, d * first.array, d if x.live else None

    return Value(crossed(first.array, products.array, x.array), (first, products, x), backward)
