"""The output bias after training: moved to where the mean prediction is the mean of the labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models.autodiff.tape import Value
from featurecols.models.input.examples import Examples
from featurecols.models.input.held_out import HeldOutStream
from featurecols.models.input.pipeline import BatchStream
from featurecols.models.objective.heads import Head
from featurecols.models.objective.mean_offsets import mean_offsets
from featurecols.models.optimization.optimizers import Groups, Optimizer
from featurecols.models.training.hooks import Hook
from featurecols.models.training.run import Run

BLOCK = 4096  # rows whose logits are computed at once


class CalibrateBias(Hook):
    """Move the output bias, after training, so that the mean prediction over all rows is the mean of their labels.

    Sample weights count. A bias for which no value does that (a class without a row) stays. The order of predictions of two
    classes does not change.

    Args:
        stream: the rows that are trained on, and those that are held out of them.
        head: gives what labels are; asked after training, when it knows them.
        logits: gives the logits of encoded rows, [n, units].
        bias: name of the output bias.
        optimizer: what goes on from the bias.
    """

    def __init__(
        self,
        stream: BatchStream,
        head: Callable[[], Head],
        logits: Callable[[Examples], Value],
        bias: str,
        optimizer: Optimizer | Groups,
    ) -> None:
        self.stream, self.head, self.logits = stream, head, logits
        self.bias, self.optimizer = bias, optimizer

    def end(self, run: Run) -> None:
        variables, head = run.variables, self.head()
        logits, weights, total, mass = list[Array](), list[Array](), np.zeros(head.units), 0.0
        for block in self._rows():
            with variables.scope():
                found = self.logits(block).array
            share = np.ones(len(block)) if block.weights is None else block.weights.astype(np.float64)
            if block.labels is not None:
                total = total + head.label_sums(block.labels, share)
            mass += float(share.sum())
            logits.append(found)
            weights.append(share)
        if not mass > 0:
            return
        offsets = mean_offsets(head.objective, np.concatenate(logits), total / mass, np.concatenate(weights))
        if offsets is None:
            return
        bias = variables.values[self.bias]
        bias += np.resize(offsets.astype(bias.dtype), bias.shape)  # that of each member
        self.optimizer.follow(variables, self.bias)
        run.bias_offset = float(offsets[np.abs(offsets).argmax()])

    def _rows(self) -> Iterator[Examples]:
        """Yield all rows in blocks, those that were held out last."""
        held = self.stream.held_out() if isinstance(self.stream, HeldOutStream) else None
        blocks = [] if held is None else [held.slice(at, min(at + BLOCK, len(held))) for at in range(0, len(held), BLOCK)]
        return chain(self.stream.in_order(BLOCK), blocks)
