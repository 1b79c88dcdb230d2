"""A program over the rows that a plan was fitted on: what columns learned from a label leaves out the fold of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.slots import Slot
from featurecols.columns.base import Field
from featurecols.columns.bound import Bound
from featurecols.data.batch import Needs
from featurecols.data.field_types import FieldType
from featurecols.plan.execution.coverage import Look
from featurecols.plan.execution.program import Program, Rows


class TrainingProgram(Program):
    """The operations of a plan over its training rows. It has no row path, which reads no label."""

    def __init__(
        self,
        nodes: Sequence[Field | Bound],
        inputs: Sequence[tuple[int, ...]],
        outputs: Sequence[int],
        slots: Sequence[Slot],
        needs: Needs,
        types: Mapping[str, FieldType] | None = None,
    ) -> None:
        """nodes, inputs: with the fields that training alone reads. The others are those of the program of the plan."""
        found = [node if isinstance(node, Field) else node.in_training() for node in nodes]
        super().__init__(found, inputs, outputs, slots, needs, types)

    def _fill_batch(self, rows: Rows, out: Array, look: Look | None) -> None:
        try:
            self.fill(rows.batch, out, rows.workers, None if look is None else look.after(rows.first_row))
        except errors.DataError as e:
            raise e.shifted(rows.first_row) from None
