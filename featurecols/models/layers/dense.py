"""Dense: activation(x @ kernel + bias)."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols._core.blas import matmul
from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Scope, glorot, zeros
from featurecols.models.layers.activation import activate, check_activation
from featurecols.models.layers.base import Layer, matrix, require_positive
from featurecols.models.layers.mixed import Mixed, mixed_affine


@frozen
class Dense(Layer):
    """A full layer: [n, width] -> [n, units]; kernel starts Glorot uniform, bias at zero.

    Args:
        units: outputs.
        activation: a name that Activation knows, or None.
        use_bias: whether a bias is added.
        input_dim: the width of the input where the layer is the first; checked, never needed.

    >>> Dense(64, "relu")
    Dense(64, activation='relu')
    """

    takes_mixed: ClassVar[bool] = True

    units: int
    activation: str | None = None
    use_bias: bool = field(default=True, kw_only=True)
    input_dim: int | None = field(default=None, kw_only=True)

    def check(self) -> None:
        super().check()
        require_positive("Dense", "units", self.units)
        check_activation("Dense", self.activation)
        if self.input_dim is not None:
            require_positive("Dense", "input_dim", self.input_dim)

    def forward(self, scope: Scope, x: Value | ArrayLike | Mixed) -> Value:
        x = x if isinstance(x, Mixed) else matrix("Dense", x, scope.variables.dtype)
        width = x.width if isinstance(x, Mixed) else x.shape[1]
        if self.input_dim not in (None, width):
            raise errors.model("Dense", f"input_dim is {self.input_dim}", width, "give data of that width")
        kernel = scope.parameter("kernel", (width, self.units), glorot)
        bias = scope.parameter("bias", (self.units,), zeros) if self.use_bias else None
        y = mixed_affine(x, kernel, bias) if isinstance(x, Mixed) else affine(x, kernel, bias)
        return activate(self.activation, y)


def affine(x: Value, kernel: Value, bias: Value | None) -> Value:
    """Return x @ kernel + bias."""
    y = matmul(x.array, kernel.array)
    if bias is None:
        return Value(y, (x, kernel), lambda d: (matmul(d, kernel.array.T) if x.live else None, matmul(x.array.T, d)))
    y += bias.array

    def backward(d: Array) -> tuple[Array | None, ...]:
        return matmul(d, kernel.array.T) if x.live else None, matmul(x.array.T, d), d.sum(axis=0)

    return Value(y, (x, kernel, bias), backward)
