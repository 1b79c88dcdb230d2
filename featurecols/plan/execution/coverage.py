"""A look at the first rows of a call: where a column knows none of their values, something is spelled in another way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids
from featurecols.columns.base import Field
from featurecols.columns.bound import Bound
from featurecols.data.fields.base import FieldView
from featurecols.plan.execution.operations import Block, Output

LEAST_ROWS = 100  # with a value, of which none is known


class _Watched(NamedTuple):
    """A column whose ids tell whether it knows a value: node, position among the fields and node of its field."""

    node: int
    position: int
    field: int
    output: int | None
    num_seen: int
    bound: Bound
    key: str


class Coverage:
    """The columns of one program that may know none of the values of their field; final.

    Attributes:
        watched: these columns; there is nothing to look at without any.
    """

    def __init__(
        self,
        fields: Sequence[tuple[int, Field]],
        bounds: Mapping[int, Bound],
        inputs: Sequence[tuple[int, ...]],
        outputs: Sequence[Output],
    ) -> None:
        positions = {i: k for k, (i, _) in enumerate(fields)}
        declared = {output.node: output.position for output in outputs}
        self.watched = [
            _Watched(i, positions[j], j, declared.get(i), bound.num_seen, bound, fields[positions[j]][1].key)
            for i, bound in bounds.items()
            if len(inputs[i]) == 1 and (j := inputs[i][0]) in positions
            if bound.num_seen is not None
        ]

    def look(self, block: Block) -> None:
        """Warn of columns that know no value of a block; it costs one id of each column as long as they know the first."""
        for watched in self.watched:
            found = block.values[watched.node]
            ids = found if found is not None or watched.output is None else block.ids.get(watched.output)
            if not isinstance(ids, Ids) or len(ids.values) == 0 or 0 <= ids.values[0] < watched.num_seen:
                continue
            values = ids.values
            if bool(((values >= 0) & (values < watched.num_seen)).any()):
                continue
            view = block.values[watched.field]
            if isinstance(view, FieldView):
                self._warn(watched, view)

    def look_at_rows(self, views: Sequence[FieldView]) -> None:
        """Do the same over few rows that were computed one by one."""
        for watched in self.watched:
            view, row = views[watched.position], watched.bound.row
            if not any(_is_seen(row(value), watched.num_seen) for value in view.to_pylist()):
                self._warn(watched, view)

    def _warn(self, watched: _Watched, view: FieldView) -> None:
        """Warn of a column that knows no value, where enough rows have one."""
        rows = _rows_with_values(view)
        if len(rows) >= LEAST_ROWS:
            got = view.slice(int(rows[0]), int(rows[0]) + 1).to_pylist()[0]
            errors.warn(errors.all_unseen(watched.bound.column.name, watched.key, len(rows), got))


def _rows_with_values(view: FieldView) -> Array:
    """Return the rows that have a value, or a list with one."""
    tokens = view.tokens()
    there = tokens.texts.valid if tokens.codes is None else tokens.codes >= 0
    if there is None:
        there = np.ones(len(tokens.texts), np.bool_)
    if tokens.offsets is None:
        return np.flatnonzero(there)
    return np.unique(np.searchsorted(tokens.offsets, np.flatnonzero(there), side="right") - 1)


def _is_seen(ids: object, num_seen: int) -> bool:
    return bool(np.any([0 <= i < num_seen for i in (ids if isinstance(ids, list) else [ids])]))  # type: ignore[operator]
