"""MemberDense: the full layers of several networks side by side, so that they train and predict together."""

from __future__ import annotations

from dataclasses import field

import numpy as np

from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols._core.blas import matmul
from featurecols._core.spec import frozen
from featurecols.models.autodiff.tape import Gradient, Value
from featurecols.models.autodiff.variables import Initial, Scope, zeros
from featurecols.models.layers.activation import activate, check_activation
from featurecols.models.layers.base import Layer, require_positive
from featurecols.models.layers.first_kernels import GLOROT, first_kernel
from featurecols.models.layers.member_inputs import MemberRows
from featurecols.models.layers.mixed import add_hot, add_hot_gradient
from featurecols.models.layers.regularizers import L1L2, penalize


@frozen
class MemberDense(Layer):
    """One full layer for each of several networks, its members: member j has the columns from j * units on.

    MemberRows, or [n, members * width] where each member reads its own columns -> [n, members * units]. The kernel is
    [width, members * units].

    Args:
        members: how many networks there are.
        units: outputs of each.
        activation: a name that Activation knows, or None.
        kernel_initializer, kernel_regularizer: as of Dense, for each network.
    """

    members: int
    units: int
    activation: str | None = None
    kernel_initializer: str = field(default=GLOROT, kw_only=True)
    kernel_regularizer: L1L2 | None = field(default=None, kw_only=True)

    def check(self) -> None:
        super().check()
        require_positive("MemberDense", "members", self.members)
        require_positive("MemberDense", "units", self.units)
        check_activation("MemberDense", self.activation)

    def forward(self, scope: Scope, x: Value | MemberRows) -> Value:
        width = x.shared.width + x.own_width if isinstance(x, MemberRows) else x.shape[1] // self.members
        first = of_members(first_kernel(self.kernel_initializer), self.members)
        kernel = scope.parameter("kernel", (width, self.members * self.units), first)
        penalize(scope, self.kernel_regularizer, kernel, self.members)
        bias = scope.parameter("bias", (self.members * self.units,), zeros)
        y = first_affine(x, kernel, bias) if isinstance(x, MemberRows) else member_affine(x, kernel, bias, self.members)
        return activate_members(self.activation, y, self.members)


def of_members(initial: Initial, members: int) -> Initial:
    """Return what draws the kernels of all members, one after another, and puts them side by side."""

    def draw(shape: tuple[int, ...], random: np.random.Generator) -> Array:
        own = (*shape[:-1], shape[-1] // members)
        return np.concatenate([initial(own, random) for _ in range(members)], axis=-1)

    return draw


def scaled_gradient(x: Value, factor: float) -> Value:
    """Return x, whose gradient is multiplied by a factor."""
    return Value(x.array, (x,), lambda d: (d * d.dtype.type(factor),)) if x.live else x


def member_products(x: Array, kernel: Array, members: int, out: Array | None = None) -> Array:
    """Return the products [n, members * units] of each member's columns of x with its columns of the kernel."""
    width, units = kernel.shape[0], kernel.shape[1] // members
    y = arrays.empty((len(x), kernel.shape[1]), x.dtype) if out is None else out
    for j in range(members):
        mine = slice(j * units, (j + 1) * units)
        matmul(x[:, j * width : (j + 1) * width], kernel[:, mine], out=y[:, mine])
    return y


def _member_gradients(x: Value, kernel: Array, d: Array, members: int, to_kernel: Array) -> Array | None:
    """Write the gradient of `member_products` for the kernel, and return that for x where it is live."""
    width, units = kernel.shape[0], kernel.shape[1] // members
    to_x = arrays.empty(x.shape, x.array.dtype) if x.live else None
    for j in range(members):
        inputs, outputs = slice(j * width, (j + 1) * width), slice(j * units, (j + 1) * units)
        matmul(x.array[:, inputs].T, d[:, outputs], out=to_kernel[:, outputs])
        if to_x is not None:
            matmul(d[:, outputs], kernel[:, outputs].T, out=to_x[:, inputs])
    return to_x


def member_affine(x: Value, kernel: Value, bias: Value, members: int) -> Value:
    """Return `member_products` and a bias."""
    y = member_products(x.array, kernel.array, members)
    y += bias.array

    def backward(d: Array) -> tuple[Array | None, ...]:
        to_kernel = arrays.empty(kernel.shape, x.array.dtype)
        to_x = _member_gradients(x, kernel.array, d, members, to_kernel)
        return to_x, to_kernel, d.sum(axis=0)

    return Value(y, (x, kernel, bias), backward)


def first_products(numbers: Array | None, own: Array | None, kernel: Array, members: int, rows: int) -> Array:
    """Return the products of shared numbers [n, w] and of each member's embeddings with the first rows of a kernel."""
    out: Array | None = None
    at = 0
    if numbers is not None:
        at = numbers.shape[1]
        out = matmul(numbers, kernel[:at])
    if own is not None:
        found = member_products(own, kernel[at : at + own.shape[1] // members], members)
        out = found if out is None else np.add(out, found, out=out)
    return np.zeros((rows, kernel.shape[1]), kernel.dtype) if out is None else out


def first_affine(x: MemberRows, kernel: Value, bias: Value) -> Value:
    """Return the products of what each member reads with its columns of the kernel, and a bias."""
    shared, own, members, k = x.shared, x.own, x.members, kernel.array
    numbers = None if shared.numbers is None else shared.numbers.array
    at = 0 if numbers is None else numbers.shape[1]
    hot = at + x.own_width
    y = first_products(numbers, None if own is None else own.array, k, members, shared.rows)
    add_hot(shared, k[hot:], y)
    y += bias.array

    def backward(d: Array) -> tuple[Gradient | None, ...]:
        d = np.ascontiguousarray(d)
        to_kernel = np.zeros_like(k)
        if numbers is not None:
            matmul(numbers.T, d, out=to_kernel[:at])
        to_own = [] if own is None else [_member_gradients(own, k[at:hot], d, members, to_kernel[at:hot])]
        add_hot_gradient(shared, d, to_kernel[hot:])
        return *to_own, to_kernel, d.sum(axis=0)

    return Value(y, (*(() if own is None else (own,)), kernel, bias), backward)


def activate_members(function: str | None, x: Value, members: int) -> Value:
    """Return the function over x [n, members * units]; a softmax is of the columns of each member."""
    if function != "softmax" or members == 1:
        return activate(function, x)
    shape = x.shape
    apart = Value(x.array.reshape(shape[0] * members, -1), (x,), lambda d: (d.reshape(shape),))
    y = activate(function, apart)
    return Value(y.array.reshape(shape), (y,), lambda d: (d.reshape(apart.shape),))


def mean_of(x: Array, members: int) -> Array:
    """Return the mean [n, units] over the members of x [n, members * units], added in their order."""
    apart = x.reshape(len(x), members, -1)
    total = apart[:, 0].copy()
    for j in range(1, members):
        total += apart[:, j]
    total *= total.dtype.type(1 / members)
    return total


def mean_of_members(x: Value, members: int) -> Value:
    """Return `mean_of` as a Value."""
    share = x.array.dtype.type(1 / members)
    return Value(mean_of(x.array, members), (x,), lambda d: (np.tile(d * share, (1, members)),))


def for_members(x: Value, members: int) -> Value:
    """Return x [n, units] once for each member, side by side: [n, members * units]."""
    n, units = x.shape
    return Value(np.tile(x.array, (1, members)), (x,), lambda d: (d.reshape(n, members, units).sum(axis=1),))
