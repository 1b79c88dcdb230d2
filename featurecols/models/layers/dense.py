"""Dense: activation(x @ kernel + bias)."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols._core.blas import matmul
from featurecols._core.spec import Converted, frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Scope, zeros
from featurecols.models.layers.activation import activate, check_activation, relu
from featurecols.models.layers.base import Layer, matrix, require_positive
from featurecols.models.layers.first_kernels import GLOROT, check_initializer, first_kernel
from featurecols.models.layers.mixed import Mixed, mixed_affine
from featurecols.models.layers.regularizers import L1L2, RegularizerLike, as_regularizer, penalize


@frozen
class Dense(Layer):
    """A full layer: [n, width] -> [n, units]; the bias starts at zero.

    Args:
        units: outputs.
        activation: a name that Activation knows, or None.
        use_bias: whether a bias is added.
        input_dim: the width of the input where the layer is the first; checked, never needed.
        kernel_initializer: how the kernel starts, by its name in Keras: glorot_uniform, he_normal, zeros, ...
        kernel_regularizer: what the kernel adds to the loss of training: L1L2(l2=0.001), {"l2": 0.001}, or "l2" for 0.01.

    >>> Dense(64, "relu")
    Dense(64, activation='relu')
    """

    takes_mixed: ClassVar[bool] = True

    units: int
    activation: str | None = None
    use_bias: bool = field(default=True, kw_only=True)
    input_dim: int | None = field(default=None, kw_only=True)
    kernel_initializer: str = field(default=GLOROT, kw_only=True)
    kernel_regularizer: Converted[L1L2 | RegularizerLike, L1L2 | None] = field(default=None, kw_only=True)  # type: ignore[arg-type]

    def check(self) -> None:
        super().check()
        require_positive("Dense", "units", self.units)
        check_activation("Dense", self.activation)
        if self.input_dim is not None:
            require_positive("Dense", "input_dim", self.input_dim)
        check_initializer("Dense", self.kernel_initializer)
        object.__setattr__(self, "kernel_regularizer", as_regularizer("Dense", self.kernel_regularizer))

    def forward(self, scope: Scope, x: Value | ArrayLike | Mixed) -> Value:
        x = x if isinstance(x, Mixed) else matrix("Dense", x, scope.variables.dtype)
        width = x.width if isinstance(x, Mixed) else x.shape[1]
        if self.input_dim not in (None, width):
            raise errors.model("Dense", f"input_dim is {self.input_dim}", width, "give data of that width")
        kernel = scope.parameter("kernel", (width, self.units), first_kernel(self.kernel_initializer))
        penalize(scope, self.kernel_regularizer, kernel)
        bias = scope.parameter("bias", (self.units,), zeros) if self.use_bias else None
        y = mixed_affine(x, kernel, bias) if isinstance(x, Mixed) else affine(x, kernel, bias)
        return relu(y, y.array) if self.activation == "relu" else activate(self.activation, y)  # y is needed nowhere else


def affine(x: Value, kernel: Value, bias: Value | None) -> Value:
    """Return x @ kernel + bias."""
    y = matmul(x.array, kernel.array)
    if bias is None:
        return Value(y, (x, kernel), lambda d: (matmul(d, kernel.array.T) if x.live else None, matmul(x.array.T, d)))
    y += bias.array

    def backward(d: Array) -> tuple[Array | None, ...]:
        return matmul(d, kernel.array.T) if x.live else None, matmul(x.array.T, d), d.sum(axis=0)

    return Value(y, (x, kernel, bias), backward)
