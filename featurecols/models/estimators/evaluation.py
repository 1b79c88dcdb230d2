"""What an evaluation adds up: losses and the arrays of metrics, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.estimators.config import EstimatorSpec, Metric


class Evaluation:
    """The losses of batches, and the arrays that each metric is called with in the end."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self._functions: dict[str, Callable[..., float | Mapping[str, float]]] = {}
        self._arrays: dict[str, list[tuple[Array | None, ...]]] = {}

    def add(self, spec: EstimatorSpec) -> None:
        """Take in what a model answers about a batch."""
        if spec.loss is None:
            raise errors.model("EstimatorSpec", "mode 'eval' needs loss", None, "give loss=")
        self.losses.append(float(spec.loss))
        metrics: Mapping[str, Metric] = spec.eval_metric_ops or {}
        for name, (function, *arrays) in metrics.items():
            self._functions[name] = function
            self._arrays.setdefault(name, []).append(tuple(None if a is None else np.asarray(a) for a in arrays))

    def compute(self) -> dict[str, float]:
        """Return every metric over all batches, and `loss`, the mean over batches of what training minimizes."""
        out: dict[str, float] = {}
        for name, batches in self._arrays.items():
            value = self._functions[name](*[_concatenate(arrays) for arrays in zip(*batches, strict=True)])
            out |= value if isinstance(value, Mapping) else {name: float(value)}
        return {**out, "loss": float(np.mean(self.losses))}


def _concatenate(arrays: tuple[Array | None, ...]) -> Array | None:
    """Return the arrays of all batches as one; None where there are none."""
    found = [a for a in arrays if a is not None]
    return np.concatenate(found) if found else None
