"""An ONNX graph as it is written: nodes, constants, and names that no field has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from featurecols import errors
from featurecols._core.arrays import Array

ML, MICROSOFT = "ai.onnx.ml", "com.microsoft"
VERSIONS = {"": 18, ML: 3, MICROSOFT: 1}
IR_VERSION = 9
_MOST_BYTES = 2**31 - 2**20  # of a protobuf message

Attribute = int | float | str | Sequence[int] | Sequence[bytes] | Sequence[float]


class Builder:
    """The nodes and constants of one graph.

    Args:
        taken: names of fields, which no name within the graph may equal.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}
        self._taken = set(taken)
        self._by_content: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._bytes = 0
        self._prefix = "/"
        while any(name.startswith(self._prefix) for name in self._taken):
            self._prefix += "/"

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """Add a node with one output; returns the name of that."""
        name = f"{self._prefix}{kind}_{len(self.nodes)}"
        node = helper.make_node(kind, inputs, [name], name=name, domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return name

    def constant(self, value: Array | float | int | bool | Sequence[int], dtype: type[np.generic]) -> str:
        """Return the name of a constant; equal ones are one. Raises SizeError past what a file can hold."""
        array = np.ascontiguousarray(np.asarray(value, dtype)).reshape(np.shape(value))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._by_content:
            self._bytes += array.nbytes
            if self._bytes > _MOST_BYTES:
                hint = "hash into fewer ids, or give a smaller dimension"
                raise errors.SizeError(f"ONNX: an ONNX file holds at most 2 GB, and the tables are larger; {hint}")
            name = f"{self._prefix}constant_{len(self.constants)}"
            self.constants[name] = numpy_helper.from_array(array, name)
            self._by_content[key] = name
        return self._by_content[key]

    def output(self, value: str, name: str, element: int, shape: Sequence[str | int]) -> ValueInfoProto:
        """Name a value as an output of the graph; a name that is taken gets underscores."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        self.nodes.append(helper.make_node("Identity", [value], [name], name=name))
        return helper.make_tensor_value_info(name, element, shape)
