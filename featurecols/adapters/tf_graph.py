"""What a checkpoint does not say and the graph beside it does: activation, combiner of the linear part, kind of head.

A tf.estimator leaves `graph.pbtxt` in its model folder. Only the names, kinds and inputs of its nodes are looked at,
line by line; a model folder without it needs these settings from the user, or has the defaults.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from featurecols import errors
from featurecols.adapters.tf_files import open_regular

_MAX_BYTES = 1 << 29
_MAX_LINE = 1 << 12
_LAYER = "dnn/hiddenlayer_0/"
_ACTIVATIONS = {
    "Relu": "relu", "Relu6": "relu6", "Elu": "elu", "Selu": "selu", "Tanh": "tanh", "Sigmoid": "sigmoid",
    "Softplus": "softplus", "Softsign": "softsign", "BiasAdd": "linear",
}  # fmt: skip
_COMBINERS = {"SparseSegmentSum": "sum", "SparseSegmentMean": "mean", "SparseSegmentSqrtN": "sqrtn"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the graph says; None where it does not, "unknown" for an activation that is none of those known here."""

    activation: str | None = None
    sparse_combiner: str | None = None
    kind: str | None = None


def read_settings(folder: Path) -> Settings:
    """The settings of the model whose graph.pbtxt is in `folder`; all None where there is no such file."""
    path = folder / "graph.pbtxt"
    if not path.exists():
        return Settings()
    nodes = _nodes(path)
    combiners = {_COMBINERS[op] for name, (op, _) in nodes.items() if op in _COMBINERS and "linear/linear_model/" in name}
    predictions = [name for name in nodes if "head/predictions/probabilities" in name]
    kind = "classifier" if predictions else "regressor" if nodes else None
    return Settings(_activation(nodes), combiners.pop() if len(combiners) == 1 else None, kind)


def _activation(nodes: dict[str, tuple[str, list[str]]]) -> str | None:
    """The node that the summary of the first layer shows; under batch norm, the only known activation of the layer."""
    shown = nodes.get(f"{_LAYER}activation")
    if shown is None:
        return None
    source = nodes.get(shown[1][-1]) if shown[1] else None
    inside = {op for name, (op, _) in nodes.items() if name.startswith(_LAYER) and "/" not in name.removeprefix(_LAYER)}
    if source is not None and shown[1][-1].startswith(_LAYER) and "/" not in shown[1][-1].removeprefix(_LAYER):
        return _ACTIVATIONS.get(source[0], "unknown")
    known = inside & (set(_ACTIVATIONS) - {"BiasAdd"})
    return _ACTIVATIONS[known.pop()] if len(known) == 1 and "Mul" not in inside else "unknown"


def _nodes(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Nodes of the layers, the linear model and the head: name -> kind and inputs."""
    found: dict[str, tuple[str, list[str]]] = {}
    name, op, inputs = "", "", []  # type: str, str, list[str]
    with open_regular(path) as file:
        read = 0
        while line := file.readline(_MAX_LINE):
            read += len(line)
            if read > _MAX_BYTES:
                raise errors.saved_plan(
                    path, f"larger than {_MAX_BYTES >> 20} MiB", "give activation and combiner, and move it away"
                )
            if line.startswith(b"node {"):
                name, op, inputs = "", "", []
            elif match := re.match(rb'  (name|op|input): "([^"\n]*)"', line):
                text = match[2].decode("utf-8", "replace")
                if match[1] == b"input":
                    inputs.append(text)
                elif match[1] == b"name":
                    name = text
                else:
                    op = text
            elif line.startswith(b"}") and _tells(name):
                found[name] = (op, inputs)
    return found


def _tells(name: str) -> bool:
    if "gradients/" in name:
        return False
    return name.startswith(_LAYER) or "head/predictions" in name or name.endswith("weighted_sum/embedding_lookup_sparse")
