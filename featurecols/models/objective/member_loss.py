"""The loss of several networks that are trained together, each on its own."""

from __future__ import annotations

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models.autodiff.tape import Value
from featurecols.models.objective.heads import Head


def loss_of_members(head: Head, labels: Array | None, logits: Value, weights: Array | None, members: int) -> Value:
    """Return the mean of the losses of all members, of logits [n, members * units] side by side."""
    shape = logits.shape
    apart = Value(logits.array.reshape(shape[0] * members, -1), (logits,), lambda d: (d.reshape(shape),))
    labels = None if labels is None else np.repeat(labels, members, axis=0)
    weights = None if weights is None else np.repeat(weights, members, axis=0)
    loss = head.batch_loss(labels, apart, weights)
    return loss if head.objective.reduction == "mean" else loss * (1 / members)
