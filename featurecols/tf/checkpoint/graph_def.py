"""Settings that are in the graph beside a checkpoint: activation, combiner of the linear part, kind of head.

A tf.estimator leaves `graph.pbtxt` in its model folder. Only the names, kinds and inputs of its nodes are looked at,
line by line; a model folder without it needs these settings from the user, or has the defaults.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from featurecols import errors
from featurecols.tf.checkpoint.files import open_regular

_MAX_BYTES = 1 << 29
_MAX_LINE = 1 << 12
_FIELDS_READ = (b"  name: ", b"  op: ", b"  input: ")  # few of the lines; asked before the pattern, for speed
_FIELD = re.compile(rb'  (name|op|input): "([^"\n]*)"')
_LAYER = "dnn/hiddenlayer_0/"
_ACTIVATIONS = {
    "Relu": "relu", "Relu6": "relu6", "Elu": "elu", "Selu": "selu", "Tanh": "tanh", "Sigmoid": "sigmoid",
    "Softplus": "softplus", "Softsign": "softsign", "BiasAdd": "linear",
}  # fmt: skip
_BIASES = ("linear/linear_model/bias_weights", "dnn/logits/bias")  # a graph with one of them is that of an estimator
_COMBINERS = {"SparseSegmentSum": "sum", "SparseSegmentMean": "mean", "SparseSegmentSqrtN": "sqrtn"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in a graph; None where it does not have one, "unknown" for an activation that is not known here."""

    activation: str | None = None
    sparse_combiner: str | None = None
    kind: str | None = None


def read_settings(folder: Path) -> Settings:
    """Return the settings of the model whose graph.pbtxt is in `folder`; all None without that file."""
    path = folder / "graph.pbtxt"
    if not path.exists():
        return Settings()
    nodes = _nodes(path)
    combiners = {_COMBINERS[op] for name, (op, _) in nodes.items() if op in _COMBINERS and "linear/linear_model/" in name}
    predictions = [name for name in nodes if "head/predictions/probabilities" in name]
    kind = "classifier" if predictions else "regressor" if nodes else None
    return Settings(_activation(nodes), combiners.pop() if len(combiners) == 1 else None, kind)


def _activation(nodes: dict[str, tuple[str, list[str]]]) -> str | None:
    """Return the activation in the summary of the first layer; if that is not a node of the layer, its only known one."""
    inside = {name.removeprefix(_LAYER): op for name, (op, _) in nodes.items() if name.startswith(_LAYER)}
    inside = {name: op for name, op in inside.items() if "/" not in name}
    if not inside:
        return None
    for summary in (f"{_LAYER}activation", f"dnn/{_LAYER}activation"):  # TensorFlow 2 and 1
        _, inputs = nodes.get(summary, ("", []))
        if inputs and (shown := inside.get(inputs[-1].removeprefix(_LAYER))):
            return _ACTIVATIONS.get(shown, "unknown")
    known = set(inside.values()) & (set(_ACTIVATIONS) - {"BiasAdd"})
    return _ACTIVATIONS[known.pop()] if len(known) == 1 and "Mul" not in inside.values() else "unknown"


def _nodes(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Return the nodes of the layers, the linear model and the head: name -> kind and inputs."""
    found: dict[str, tuple[str, list[str]]] = {}
    name, op, inputs = "", "", []  # type: str, str, list[str]
    with open_regular(path) as file:
        read = 0
        while line := file.readline(_MAX_LINE):
            read += len(line)
            if read > _MAX_BYTES:
                raise errors.saved_plan(path, f"larger than {_MAX_BYTES >> 20} MiB", "move it away and give the settings")
            if line.startswith(b"node {"):
                name, op, inputs = "", "", []
            elif line.startswith(_FIELDS_READ) and (match := _FIELD.match(line)):
                text = match[2].decode("utf-8", "replace")
                if match[1] == b"input":
                    inputs.append(text)
                elif match[1] == b"name":
                    name = text
                else:
                    op = text
            elif line.startswith(b"}") and _is_relevant(name):
                found[name] = (op, inputs)
    return found


def _is_relevant(name: str) -> bool:
    if "gradients/" in name:
        return False
    own = name.startswith((_LAYER, f"dnn/{_LAYER}", *_BIASES))
    return own or "head/predictions" in name or name.endswith("weighted_sum/embedding_lookup_sparse")
