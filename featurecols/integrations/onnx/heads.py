"""Heads of models as ONNX nodes: logits to what `predict` says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from featurecols._core.expressions import InexpressibleError
from featurecols.integrations.onnx.builder import Builder
from featurecols.models.objective.heads import ClassHead, Head, NumberHead
from featurecols.models.objective.losses import Poisson
from featurecols.models.objective.multi_label import MultiLabelHead


class Output(NamedTuple):
    """One output of a model: the name of its value in the graph, its own, its type and its columns (0 for [n])."""

    value: str
    name: str
    element: int
    columns: int = 0


def outputs_of(head: Head, b: Builder, logits: str) -> list[Output]:
    """Return what a head says of logits, float32 [n, units]; raises InexpressibleError."""
    if isinstance(head, ClassHead):
        return _classes(head, b, logits)
    if isinstance(head, MultiLabelHead):
        there = b.op("Cast", b.op("Greater", logits, b.constant(0.0, np.float32)), to=TensorProto.INT64)
        return [
            Output(b.op("Sigmoid", logits), "probabilities", TensorProto.FLOAT, head.units),
            Output(there, "multi_hot", TensorProto.INT64, head.units),
            Output(logits, "logits", TensorProto.FLOAT, head.units),
        ]
    if isinstance(head, NumberHead):
        return _numbers(head, b, logits)
    raise InexpressibleError("it does not say what its outputs are")


def _classes(head: ClassHead, b: Builder, logits: str) -> list[Output]:
    if head.n_classes == 2:
        mean = b.op("Sigmoid", logits)
        probabilities = b.op("Concat", b.op("Sub", b.constant(1.0, np.float32), mean), mean, axis=1)
        ids = b.op("Cast", b.op("Greater", squeezed(b, logits), b.constant(0.0, np.float32)), to=TensorProto.INT64)
    else:
        probabilities = b.op("Softmax", logits, axis=-1)
        ids = b.op("ArgMax", logits, axis=1, keepdims=0)
    kind, element = _CLASSES[head.classes.dtype.kind]
    words = b.constant(head.classes.astype(kind), kind)
    return [
        Output(probabilities, "probabilities", TensorProto.FLOAT, head.n_classes),
        Output(b.op("Gather", words, ids, axis=0), "classes", element),
        Output(ids, "class_ids", TensorProto.INT64),
        Output(squeezed(b, logits) if head.units == 1 else logits, "logits", TensorProto.FLOAT, _columns(head.units)),
    ]


_CLASSES: dict[str, tuple[type[np.generic], int]] = {
    "U": (np.object_, TensorProto.STRING),
    "b": (np.bool_, TensorProto.BOOL),
    "i": (np.int64, TensorProto.INT64),
    "f": (np.float64, TensorProto.DOUBLE),
}


def _numbers(head: NumberHead, b: Builder, logits: str) -> list[Output]:
    found, element = logits, TensorProto.FLOAT
    if head.scaling is None and head.transform is None:
        if isinstance(head.loss, Poisson):
            found = b.op("Exp", found)
        elif not head.loss.plain:
            raise InexpressibleError(f"it does not know what {type(head.loss).__name__} predicts")
    else:
        found = b.op("Cast", found, to=TensorProto.DOUBLE)
        if head.scaling is not None:
            deviation, mean = (b.constant(np.array(x), np.float64) for x in (head.scaling.deviation, head.scaling.mean))
            found = b.op("Add", b.op("Mul", found, deviation), mean)
        if head.transform is not None:
            found = _expm1(b, found)
        if head.scaling is not None and head.transform is None and head.scaling.dtype is np.float64:
            element = TensorProto.DOUBLE
        found = b.op("Cast", found, to=element)
    found = squeezed(b, found) if head.units == 1 else found
    return [Output(found, "predictions", element, _columns(head.units))]


def _expm1(b: Builder, x: str) -> str:
    """Return exp(x) - 1: (u - 1) * x / log(u) with u = exp(x), which is accurate near 0."""
    one = b.constant(1.0, np.float64)
    u = b.op("Exp", x)
    below = b.op("Sub", u, one)
    found = b.op("Div", b.op("Mul", below, x), b.op("Log", u))
    far = b.op("Greater", b.op("Abs", x), b.constant(1.0, np.float64))
    return b.op("Where", b.op("Equal", u, one), x, b.op("Where", far, below, found))


def squeezed(b: Builder, x: str) -> str:
    """Return [n, 1] as [n]."""
    return b.op("Squeeze", x, b.constant([1], np.int64))


def _columns(units: int) -> int:
    return 0 if units == 1 else units
