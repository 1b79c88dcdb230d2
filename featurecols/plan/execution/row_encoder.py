"""One row of a dict as numbers and ids: what `encode` gives, by the row path, without tables of one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.slots import DenseSlot, IdSlot
from featurecols.columns.bound import RowIds
from featurecols.plan.execution.operations import Output
from featurecols.plan.execution.program import Program


class EncodedRow(NamedTuple):
    """One encoded row: dense float32 [1, width of the dense block], and what each slot of ids holds, in their order."""

    dense: Array
    ids: Sequence[RowIds]


class RowEncoder:
    """What encodes the rows of one program one at a time, to the values of `encode` for that row alone.

    Attributes:
        id_slots: the slots of EncodedRow.ids.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        dense: list[Output] = []
        nodes: list[int] = []
        self.id_slots: list[IdSlot] = []
        for output in program.outputs:
            slot = output.slot
            if isinstance(slot, DenseSlot):
                dense.append(output._replace(start=slot.start, stop=slot.stop))
            else:
                self.id_slots.append(slot)
                nodes.append(_ids_of(output))
        self._run = program.row_function(dense, program.dense_width, nodes)

    @staticmethod
    def fits(program: Program) -> bool:
        """Return whether each column has numbers or ids in a row: not steps, and ids that one categorical column gives."""
        for output in program.outputs:
            if output.slot.max_length is not None:
                return False
            if isinstance(output.slot, IdSlot) and not output.bound.categorical:
                source = program.bounds.get(output.inputs[0]) if len(output.inputs) == 1 else None
                if source is None or not source.categorical:
                    return False
        return True

    def encode(self, row: Mapping[str, object]) -> EncodedRow:
        """Return one row; raise DataError for a field that is not there, and for values that do not fit the columns."""
        try:
            found, ids = self._run(row)
        except KeyError as e:
            raise self._program.missing_field(row) or e from e
        return EncodedRow(np.frombuffer(found, np.float32)[None] if found else np.empty((1, 0), np.float32), ids)


def _ids_of(output: Output) -> int:
    """Return the node that gives the ids of an output."""
    return output.node if output.bound.categorical else output.inputs[0]
