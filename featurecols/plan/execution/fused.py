"""Plain numbers and one-hots, which are most of most matrices: written together, so that the matrix crosses the bus once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array, Ids
from featurecols._core.fused_layout import AS_IT_IS, Chain, FusedNumbers
from featurecols.plan.execution.operations import Block, Operation, Output


class FusedWriter:
    """The operation that writes the outputs that can be written in one pass; final."""

    kind, name = "matrix", "numbers and one-hots"

    def __init__(self, outputs: Sequence[Output]) -> None:
        layouts = [(o, layout) for o in outputs if (layout := o.bound.fused()) is not None]
        numbers = [(o, layout.chain) for o, layout in layouts if layout.chain is not None]
        self.numbers = [o for o, _ in numbers]
        self.onehots = [o for o, layout in layouts if layout.chain is None]
        self._chains = [AS_IT_IS if o.shared else chain for o, chain in numbers]
        self._all = _describe(self.numbers, self._chains)

    def run(self, block: Block) -> Sequence[Operation]:
        """Fill block.out, zeros included; return the one-hots that are not plain and have to be added."""
        found = [_gather(block, o) for o in self.numbers]
        hot = [(o, ids.values) for o in self.onehots if (ids := _plain(block.values[o.inputs[0]])) is not None]
        starts = np.array([o.start for o, _ in hot], np.int64)
        widths = np.array([o.stop - o.start for o, _ in hot], np.int64)
        there = [j for j, x in enumerate(found) if x is not None]
        described = self._all
        if len(there) < len(found):
            described = _describe([self.numbers[j] for j in there], [self._chains[j] for j in there])
        xs = [x for x in found if x is not None]
        bad = kernels.write_matrix.assemble(xs, *described, [ids for _, ids in hot], starts, widths, block.out)
        if len(bad) and bad.max() >= 0:
            for j in np.flatnonzero(bad >= 0):
                output = self.numbers[there[j]]
                block.fail(output, output.bound.missing(int(bad[j])))
        if len(hot) == len(self.onehots):
            return ()
        plain = {o.node for o, _ in hot}
        return [o for o in self.onehots if o.node not in plain]


def _describe(numbers: Sequence[Output], chains: Sequence[Chain]) -> FusedNumbers:
    first = np.cumsum([0, *(len(c.ops) for c in chains)])
    ops, a, b = (np.concatenate([c[k] for c in chains]) if chains else np.empty(0) for k in (1, 2, 3))  # type: ignore[misc]
    return FusedNumbers(
        features=np.array([o.start for o in numbers], np.int64),
        defaults=np.array([c.defaults[0] for c in chains], np.float64),
        refuses=np.array([not c.allow_nan for c in chains], np.bool_),
        first=first.astype(np.int64),
        ops=ops.astype(np.int64),
        a=a,
        b=b,
    )


def _gather(block: Block, output: Output) -> Array | None:
    """Return [rows] of one number: as it was read, or float64 as it was computed for others; None where that failed."""
    if not output.shared:
        return block.attempt(output, output.bound.flat)
    value = block.evaluated(output.node)
    return None if value is None else value.values.reshape(-1)


def _plain(ids: object) -> Ids | None:
    """Return ids of which each row has one, unweighted and int32; None for others."""
    if not isinstance(ids, Ids) or ids.offsets is not None or ids.weights is not None or ids.values.dtype != np.int32:
        return None
    return ids
