"""Plain numbers and one-hots, which are most of most matrices: written together, so that the matrix crosses the bus once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array, Ids
from featurecols._core.fused_layout import AS_IT_IS, Chain
from featurecols.plan.execution.operations import Block, Output


class FusedWriter:
    """The outputs that can be written in one pass, and how; final."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        layouts = [(o, layout) for o in outputs if (layout := o.bound.fused()) is not None]
        numbers = [(o, layout.chain) for o, layout in layouts if layout.chain is not None]
        self.numbers = [o for o, _ in numbers]
        self.onehots = [o for o, layout in layouts if layout.chain is None]
        self._chains = [AS_IT_IS if o.shared else chain for o, chain in numbers]
        self._all = _described(self.numbers, self._chains)

    def write(self, block: Block, out: Array) -> list[Output]:
        """Fill out, float32 [rows, width], zeros included; returns the one-hots that are not plain and have to be added."""
        found = [_gathered(block, o) for o in self.numbers]
        hot = [o for o in self.onehots if _is_plain(block.values[o.inputs[0]])]
        ids = [block.values[o.inputs[0]].values for o in hot]
        starts, stops = (np.array([o[at] for o in hot], np.int64) for at in (3, 4))
        there = [j for j, x in enumerate(found) if x is not None]
        described = self._all
        if len(there) < len(found):
            described = _described([self.numbers[j] for j in there], [self._chains[j] for j in there])
        bad = kernels.write_matrix.assemble([found[j] for j in there], *described, ids, starts, stops - starts, out)
        for j in np.flatnonzero(bad >= 0):
            output = self.numbers[there[j]]
            block.problems.append(output.bound.missing(int(bad[j])).seen_by(output.slot.name))
        if len(hot) == len(self.onehots):
            return []
        plain = {o.node for o in hot}
        return [o for o in self.onehots if o.node not in plain]


def _described(numbers: Sequence[Output], chains: Sequence[Chain]) -> tuple[Array, ...]:
    """Cells, defaults, which refuse NaN, and all operations one after another: those of number j are first[j]:first[j + 1]."""
    first = np.cumsum([0, *(len(c.ops) for c in chains)])
    defaults = np.array([c.defaults[0] for c in chains], np.float64)
    refuses = np.array([not c.allow_nan for c in chains], np.bool_)
    flat = [np.concatenate([getattr(c, name) for c in chains]) if chains else np.empty(0) for name in ("ops", "a", "b")]
    cells = np.array([o.start for o in numbers], np.int64)
    return cells, defaults, refuses, first.astype(np.int64), flat[0].astype(np.int64), flat[1], flat[2]


def _gathered(block: Block, output: Output) -> Any:
    """[rows] of one number: as it was read, or float64 as it was computed for others; None where that failed."""
    if not output.shared:
        return block.attempt(output, output.slot.name, output.bound.flat)
    value = block.values[output.node]
    return None if value is None else value.values.reshape(-1)


def _is_plain(ids: Ids | None) -> bool:
    """One unweighted int32 id a row."""
    return ids is not None and ids.offsets is None and ids.weights is None and ids.values.dtype == np.int32
