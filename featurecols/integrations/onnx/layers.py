"""Layers of models as ONNX nodes: float32 [n, width] in and out, one-hots as ids until a Dense layer multiplies them away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from featurecols._core.arrays import Array
from featurecols._core.expressions import InexpressibleError
from featurecols.integrations.onnx.builder import Builder
from featurecols.models.layers import BatchNormalization
from featurecols.models.layers.activation import LEAK
from featurecols.models.layers.cross import CROSS


class Hot(NamedTuple):
    """The one-hot of ids in a graph: int64 [n], each below num_buckets or none; weight float32 [n, 1], or None."""

    ids: str
    num_buckets: int
    weight: str | None = None


class Rows(NamedTuple):
    """The input of a layer: numbers float32 [n, numbers_width] (None for none), followed by one-hots."""

    numbers: str | None
    numbers_width: int
    hots: Sequence[Hot] = ()


class Layers:
    """Writes layers into a graph.

    Args:
        builder: the graph.
        arrays: the parameters and states of the model by name.
    """

    def __init__(self, builder: Builder, arrays: Mapping[str, Array]) -> None:
        self._b, self._arrays = builder, arrays

    def array(self, name: str) -> Array:
        """Return a parameter, float32."""
        return np.asarray(self._arrays[name], np.float32)

    def dense(self, rows: Rows, name: str, *, use_bias: bool = True) -> str:
        """Return rows @ name/kernel + name/bias."""
        bias = self.array(f"{name}/bias") if use_bias else None
        return self.product(rows, self.array(f"{name}/kernel"), bias)

    def product(self, rows: Rows, kernel: Array, bias: Array | None, combiner: str = "sum") -> str:
        """Return rows @ kernel + bias, float32 [n, units]; a one-hot costs one row of the kernel."""
        b, at = self._b, rows.numbers_width
        parts = [] if rows.numbers is None else [b.op("MatMul", rows.numbers, b.constant(kernel[:at], np.float32))]
        for hot in rows.hots:
            parts.append(self._gathered(hot, kernel[at : at + hot.num_buckets], combiner))
            at += hot.num_buckets
        if not parts:
            raise InexpressibleError("it reads no columns")
        if bias is not None:
            parts.append(b.constant(bias, np.float32))
        found = parts[0]
        for part in parts[1:]:
            found = b.op("Add", found, part)
        return found

    def _gathered(self, hot: Hot, kernel: Array, combiner: str) -> str:
        b, size = self._b, integer(self._b, hot.num_buckets)
        outside = b.op("Or", b.op("Less", hot.ids, integer(b, 0)), b.op("GreaterOrEqual", hot.ids, size))
        rows = np.concatenate([kernel, np.zeros((1, kernel.shape[1]), np.float32)])
        found = b.op("Gather", b.constant(rows, np.float32), b.op("Where", outside, size, hot.ids), axis=0)
        if hot.weight is None:
            return found
        weight = hot.weight
        if combiner != "sum":  # of one id a row, a weight above 0 is divided by itself
            weight = b.op("Cast", b.op("Greater", weight, b.constant(0.0, np.float32)), to=TensorProto.FLOAT)
        return b.op("Where", self.column(b.op("Not", outside)), b.op("Mul", found, weight), b.constant(0.0, np.float32))

    def added(self, x: str, y: str) -> str:
        """Return x + y."""
        return self._b.op("Add", x, y)

    def squeezed(self, x: str) -> str:
        """Return [n, 1] as [n]."""
        return self._b.op("Squeeze", x, self._b.constant([1], np.int64))

    def column(self, x: str) -> str:
        """Return [n] as [n, 1]."""
        return self._b.op("Unsqueeze", x, self._b.constant([1], np.int64))

    def written_out(self, rows: Rows) -> str:
        """Return the input with its one-hots, float32 [n, width]."""
        b = self._b
        parts = [] if rows.numbers is None else [rows.numbers]
        for hot in rows.hots:
            size, off_on = integer(b, hot.num_buckets), b.constant(np.array([0.0, 1.0]), np.float32)
            outside = b.op("Or", b.op("Less", hot.ids, integer(b, 0)), b.op("GreaterOrEqual", hot.ids, size))
            lit = b.op("OneHot", b.op("Where", outside, size, hot.ids), size, off_on, axis=1)
            parts.append(lit if hot.weight is None else b.op("Mul", lit, hot.weight))
        return parts[0] if len(parts) == 1 else b.op("Concat", *parts, axis=1)

    def normalized(self, x: str, name: str, epsilon: float) -> str:
        """Return x by the moving averages of BatchNormalization."""
        return self._scaled(x, *(self._b.constant(array, np.float32) for array in self._scales(name, epsilon)))

    def _scales(self, name: str, epsilon: float) -> tuple[Array, Array, Array, Array]:
        """Return mean, scale, gamma and beta of a BatchNormalization, each [width]."""
        mean, variance = self.array(f"{name}/moving_mean"), self.array(f"{name}/moving_variance")
        scale = (1 / np.sqrt(variance + np.float32(epsilon))).astype(np.float32)
        return mean, scale, self.array(f"{name}/gamma"), self.array(f"{name}/beta")

    def _scaled(self, x: str, mean: str, scale: str, gamma: str, beta: str) -> str:
        """Return (x - mean) * scale * gamma + beta."""
        b = self._b
        return b.op("Add", b.op("Mul", b.op("Mul", b.op("Sub", x, mean), scale), gamma), beta)

    def activated(self, function: str | None, x: str) -> str:
        """Return an activation of x."""
        b = self._b
        if function in (None, "linear"):
            return x
        if function == "gelu":
            root, half, one = (b.constant(c, np.float32) for c in (np.sqrt(0.5), 0.5, 1.0))
            return b.op("Mul", b.op("Mul", x, half), b.op("Add", b.op("Erf", b.op("Mul", x, root)), one))
        if function == "softmax":
            return b.op("Softmax", x, axis=-1)
        if function in ("silu", "swish"):
            return b.op("Mul", x, b.op("Sigmoid", x))
        if function == "leaky_relu":
            return b.op("LeakyRelu", x, alpha=LEAK)
        named = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "elu": "Elu", "selu": "Selu", "softplus": "Softplus"}
        if function not in named:
            raise InexpressibleError(f"it has no activation {function}")
        return b.op(named[function], x)

    def network(self, rows: Rows, hidden: int, activation: str | None, *, batch_norm: bool, cross_layers: int = 0) -> str:
        """Return the logits of the deep part of an estimator."""
        if cross_layers:
            first = self.written_out(rows)
            rows = Rows(self._crossed(first, cross_layers, 1), len(self.array(f"{CROSS}kernel_0")))
        for i in range(hidden):
            x = self.activated(activation, self.dense(rows, f"dnn/hidden_{i}"))
            x = self.normalized(x, f"dnn/batch_norm_{i}", BatchNormalization().epsilon) if batch_norm else x
            rows = Rows(x, len(self.array(f"dnn/hidden_{i}/bias")))
        return self.dense(rows, "dnn/logits")

    def members(
        self,
        rows: Rows,
        own: Sequence[str],
        members: int,
        hidden: int,
        activation: str | None,
        *,
        batch_norm: bool,
        cross_layers: int = 0,
    ) -> str:
        """Return the mean of the logits of several networks.

        They share rows; `own` has the embeddings of each, float32 [n, width], or nothing. What they compute is
        [members, n, units].
        """
        b, layers = self._b, [*(f"dnn/hidden_{i}" for i in range(hidden)), "dnn/logits"]
        if cross_layers:
            x = self._crossed(self._written_apart(rows, own, members), cross_layers, members)
        else:
            x = self._first(rows, own, members, layers[0])
        for i, name in enumerate(layers):
            if i or cross_layers:
                x = b.op("MatMul", x, self._apart(self.array(f"{name}/kernel"), members))
                x = b.op("Add", x, self._apart(self.array(f"{name}/bias")[None], members))
            if i < hidden:
                x = self.activated(activation, x)
                if batch_norm:
                    scales = self._scales(f"dnn/batch_norm_{i}", BatchNormalization().epsilon)
                    x = self._scaled(x, *(self._apart(array[None], members) for array in scales))
        return b.op("ReduceMean", x, b.constant([0], np.int64), keepdims=0)

    def _first(self, rows: Rows, own: Sequence[str], members: int, name: str) -> str:
        """Return the products of what each network reads with its first kernel, and the bias: [members, n, units]."""
        b, kernel, at = self._b, self.array(f"{name}/kernel"), rows.numbers_width
        hot = len(kernel) - sum(hot.num_buckets for hot in rows.hots)
        x = self._apart(self.array(f"{name}/bias")[None], members)
        if at or rows.hots:
            shared = self.product(rows, np.concatenate([kernel[:at], kernel[hot:]]), None)
            shared = b.op("Reshape", shared, b.constant(np.array([0, members, -1]), np.int64))
            x = b.op("Add", b.op("Transpose", shared, perm=[1, 0, 2]), x)
        if own:
            products = b.op("MatMul", self._stacked(own), self._apart(kernel[at:hot], members))
            x = b.op("Add", products, x)
        return x

    def _stacked(self, own: Sequence[str]) -> str:
        """Return the embeddings of each network as [members, n, width]."""
        b = self._b
        return b.op("Concat", *(b.op("Unsqueeze", matrix, b.constant([0], np.int64)) for matrix in own), axis=0)

    def _written_apart(self, rows: Rows, own: Sequence[str], members: int) -> str:
        """Return what each network reads, with its one-hots: numbers, embeddings, one-hots, [members, n, width]."""
        b, repeats = self._b, self._b.constant(np.array([members, 1, 1]), np.int64)
        shared = [
            self.written_out(part) for part in (Rows(rows.numbers, 0), Rows(None, 0, rows.hots)) if part.numbers or part.hots
        ]
        parts = [b.op("Tile", b.op("Unsqueeze", part, b.constant([0], np.int64)), repeats) for part in shared]
        if own:
            parts.insert(0 if rows.numbers is None else 1, self._stacked(own))
        return parts[0] if len(parts) == 1 else b.op("Concat", *parts, axis=2)

    def _crossed(self, first: str, layers: int, members: int) -> str:
        """Return what cross layers make of float32 [n, width], of several networks of [members, n, width]."""
        b, x = self._b, first
        for i in range(layers):
            arrays = self.array(f"{CROSS}kernel_{i}"), self.array(f"{CROSS}bias_{i}")[None]
            kernel, bias = (b.constant(a, np.float32) if members == 1 else self._apart(a, members) for a in arrays)
            x = b.op("Add", b.op("Mul", first, b.op("Add", b.op("MatMul", x, kernel), bias)), x)
        return x

    def _apart(self, array: Array, members: int) -> str:
        """Return [width, members * units] as a constant [members, width, units]."""
        apart = array.reshape(len(array), members, -1).transpose(1, 0, 2)
        return self._b.constant(np.ascontiguousarray(apart), np.float32)


def integer(builder: Builder, value: int) -> str:
    """Return an int64 constant."""
    return builder.constant(value, np.int64)
