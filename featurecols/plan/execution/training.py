"""A program over the rows that a plan was fitted on: what columns learned from a label leaves out the fold of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from featurecols._core.slots import Slot
from featurecols.columns.base import Field
from featurecols.columns.bound import Bound
from featurecols.data.batch import Needs
from featurecols.data.field_types import FieldType
from featurecols.plan.execution.program import Program


class TrainingProgram(Program):
    """The operations of a plan over its training rows. It has no row path, which reads no label."""

    has_row_path = False

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
