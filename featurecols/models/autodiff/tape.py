"""Values that remember how they were made, so that whatever is built from them differentiates.

Every call of a layer, a loss or an operator returns a Value: an array with the closure that takes a gradient back to
its inputs. `gradients(loss)` runs the closures from the loss to the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols._core.blas import matmul
from featurecols.models import errors


@dataclass(frozen=True, slots=True)
class IndexedSlices:
    """A gradient that is zero outside some rows: rows [k, dimension] belong to the distinct ids int64 [k]."""

    ids: Array
    rows: Array
    shape: tuple[int, ...]

    def dense(self) -> Array:
        """Return the same gradient with its zeros, for tests and for small parameters."""
        out = np.zeros(self.shape, self.rows.dtype)
        out[self.ids] = self.rows
        return out


Gradient = Array | IndexedSlices
Backward = Callable[..., tuple[Gradient | None, ...]]  # of the gradient, an array


class Value:
    """An array and how a gradient flows back through what made it.

    Attributes:
        array: the value, float32 (float64 where a gradient is checked).
        inputs: the Values it was made of.
        backward: takes d(loss)/d(array) to one gradient for each input, None where none flows.
        name: the parameter it stands for, or None.
        live: whether a parameter is behind it; a closure need not compute gradients for inputs that are not live.

    >>> x = Value(np.array([[1.0, 2.0]]), name="x")
    >>> loss = (x * x).sum()
    >>> loss.array, gradients(loss)["x"]
    (array(5.), array([[2., 4.]]))
    """

    __slots__ = ("array", "backward", "inputs", "live", "logits", "name")

    def __init__(
        self, array: Array, inputs: tuple[Value, ...] = (), backward: Backward | None = None, name: str | None = None
    ) -> None:
        self.array, self.inputs, self.backward, self.name = array, inputs, backward, name
        self.live = name is not None
        for value in inputs:
            if value.live:
                self.live = True
                break
        self.logits: Value | None = None  # what a softmax or sigmoid was made of: a loss on logits is the exact one

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return tuple(self.array.shape)

    def __repr__(self) -> str:
        return f"Value({self.array!r})"

    def __float__(self) -> float:
        return float(self.array)

    def __add__(self, other: Value | ArrayLike) -> Value:
        a, b = self, as_value(other, self)
        return Value(a.array + b.array, (a, b), lambda d: (_fold(d, a.shape), _fold(d, b.shape)))

    def __sub__(self, other: Value | ArrayLike) -> Value:
        a, b = self, as_value(other, self)
        return Value(a.array - b.array, (a, b), lambda d: (_fold(d, a.shape), _fold(-d, b.shape)))

    def __mul__(self, other: Value | ArrayLike) -> Value:
        a, b = self, as_value(other, self)
        return Value(a.array * b.array, (a, b), lambda d: (_fold(d * b.array, a.shape), _fold(d * a.array, b.shape)))

    def __truediv__(self, other: Value | ArrayLike) -> Value:
        a, b = self, as_value(other, self)
        y = a.array / b.array
        return Value(y, (a, b), lambda d: (_fold(d / b.array, a.shape), _fold(-d * y / b.array, b.shape)))

    def __matmul__(self, other: Value | ArrayLike) -> Value:
        a, b = self, as_value(other, self)
        if a.array.ndim != 2 or b.array.ndim != 2:
            raise errors.model("Value", "@ takes two matrices", (a.shape, b.shape), "reshape the array first")
        return Value(
            matmul(a.array, b.array),
            (a, b),
            lambda d: (matmul(d, b.array.T) if a.live else None, matmul(a.array.T, d) if b.live else None),
        )

    def __neg__(self) -> Value:
        return Value(-self.array, (self,), lambda d: (-d,))

    def __radd__(self, other: Value | ArrayLike) -> Value:
        return self + other

    def __rmul__(self, other: Value | ArrayLike) -> Value:
        return self * other

    def __rsub__(self, other: Value | ArrayLike) -> Value:
        out: Value = as_value(other, self) - self
        return out

    def __rtruediv__(self, other: Value | ArrayLike) -> Value:
        out: Value = as_value(other, self) / self
        return out

    def exp(self) -> Value:
        """Return e to the power of each element."""
        y = np.exp(self.array)
        return Value(y, (self,), lambda d: (d * y,))

    def log(self) -> Value:
        """Return the natural logarithm of each element."""
        return Value(np.log(self.array), (self,), lambda d: (d / self.array,))

    def sum(self, axis: int | None = None) -> Value:
        """Return the sum of all elements, or along an axis."""
        return Value(np.asarray(self.array.sum(axis=axis)), (self,), lambda d: (self._spread(d, axis),))

    def mean(self, axis: int | None = None) -> Value:
        """Return the mean of all elements, or along an axis."""
        count = self.array.size if axis is None else self.array.shape[axis]
        return self.sum(axis) * (1.0 / max(count, 1))

    def _spread(self, d: Array, axis: int | None) -> Array:
        return np.broadcast_to(d if axis is None else np.expand_dims(d, axis), self.shape)


def as_value(x: Value | ArrayLike | None, like: Value | None = None) -> Value:
    """Return x itself when it is a Value, else a constant; Python numbers take the dtype of `like`."""
    if isinstance(x, Value):
        return x
    if like is not None and isinstance(x, (int, float)):
        return Value(np.asarray(x, like.array.dtype))
    return Value(np.asarray(x))


def concat(values: Sequence[Value]) -> Value:
    """Return matrices [n, a], [n, b], ... side by side: [n, a + b + ...]."""
    ends = np.cumsum([v.shape[1] for v in values])[:-1]
    y = np.concatenate([v.array for v in values], axis=1)
    return Value(y, tuple(values), lambda d: tuple(np.split(d, ends, axis=1)))


def gradients(loss: Value) -> dict[str, Gradient]:
    """Return d(loss)/d(parameter) by name of parameter, for a loss of one number; each closure runs once.

    Raises ModelError where the loss is not one number.
    """
    if loss.array.size != 1:
        raise errors.model("gradients", "the loss must be one number", loss.shape, "take its mean() or sum()")
    found: dict[str, Gradient] = {}
    flow: dict[int, Gradient] = {id(loss): np.ones_like(loss.array)}
    for value in reversed(_order(loss)):
        d = flow.pop(id(value), None)
        if d is None:
            continue
        if value.name is not None:
            found[value.name] = add(found[value.name], d) if value.name in found else d
        if value.backward is None:
            continue
        for source, flowing in zip(value.inputs, value.backward(d), strict=True):
            if flowing is not None and source.live:
                flow[id(source)] = add(flow[id(source)], flowing) if id(source) in flow else flowing
    return found


def _order(loss: Value) -> list[Value]:
    """Return all live Values behind the loss, inputs before what is made of them.

    A stack of its own, because nets may be deeper than Python's.
    """
    done: set[Value] = set()
    order: list[Value] = []
    stack: list[Value | None] = [loss]  # None comes before a value whose inputs are in the order by now
    while stack:
        value = stack.pop()
        if value is None:
            order.append(stack.pop())  # type: ignore[arg-type]
        elif value not in done:
            done.add(value)
            if value.inputs:
                stack += (value, None)
                for source in value.inputs:
                    if source.live:
                        stack.append(source)
            else:
                order.append(value)
    return order


def add(a: Gradient, b: Gradient) -> Gradient:
    """Return the sum of two gradients of one value."""
    if isinstance(a, IndexedSlices) and isinstance(b, IndexedSlices):
        ids, where = np.unique(np.concatenate([a.ids, b.ids]), return_inverse=True)
        rows = np.zeros((len(ids), *a.rows.shape[1:]), a.rows.dtype)
        np.add.at(rows, where[: len(a.ids)], a.rows)
        np.add.at(rows, where[len(a.ids) :], b.rows)
        return IndexedSlices(ids, rows, a.shape)
    if isinstance(a, IndexedSlices):
        return add(b, a)
    out = np.array(a)
    if isinstance(b, IndexedSlices):
        out[b.ids] += b.rows
    else:
        out += b
    return out


def _fold(d: Array, shape: tuple[int, ...]) -> Array:
    """Return a gradient summed back over what broadcasting repeated."""
    if d.shape == shape:
        return d
    d = d.sum(axis=tuple(range(d.ndim - len(shape)))) if d.ndim > len(shape) else d
    repeated = tuple(i for i, n in enumerate(shape) if n == 1 and d.shape[i] != 1)
    return np.asarray(d.sum(axis=repeated, keepdims=True) if repeated else d)
