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
MOST_ROWS = 10_000  # behind which no batch is looked at


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


def shows_known(watched: _Watched, block: Block) -> bool:
    """Return whether the ids of a block show that a column knows a value, without a look at its field."""
    found = block.values[watched.node]
    ids = found if found is not None or watched.output is None else block.ids.get(watched.output)
    return isinstance(ids, Ids) and len(ids.values) > 0 and _has_known(watched.num_seen, watched.bound.unseen_id, ids.values)


class Look:
    """What one call has seen of columns that have known no value so far: enough rows of it are a warning.

    Threads may share it: which of two batches comes first changes how many rows a warning counts, and nothing else.
    """

    def __init__(self, watched: Sequence[_Watched]) -> None:
        self._left = {column.node: column for column in watched}
        self._rows: dict[int, int] = {}  # with a value, by node

    def after(self, first_row: int) -> Look | None:
        """Return itself while there is something to look at in the rows from `first_row` on."""
        return self if self._left and first_row < MOST_ROWS else None

    def at(self, block: Block) -> None:
        """Look at a block; it costs one id of each column as long as they know the first."""
        for watched in list(self._left.values()):
            found = block.values[watched.node]
            ids = found if found is not None or watched.output is None else block.ids.get(watched.output)
            if not isinstance(ids, Ids) or len(ids.values) == 0:
                continue
            view = block.values[watched.field]
            if isinstance(view, FieldView) and not _knows_one(watched.bound, watched.num_seen, ids.values, view):
                self._count(watched, view)
            else:
                self._left.pop(watched.node, None)

    def at_rows(self, views: Sequence[FieldView]) -> None:
        """Look at a few rows that were computed one by one."""
        for watched in list(self._left.values()):
            view, row, of = views[watched.position], watched.bound.row, watched.bound.unseen_id
            seen = any(_is_seen(row(value), watched.num_seen, of) for value in view.to_pylist())
            if seen or (of >= 0 and _has_term(watched.bound, view)):
                self._left.pop(watched.node, None)
            else:
                self._count(watched, view)

    def _count(self, watched: _Watched, view: FieldView) -> None:
        """Count rows of which a column knows no value; warn when there are enough that have one."""
        rows = _rows_with_values(view)
        count = self._rows[watched.node] = self._rows.get(watched.node, 0) + len(rows)
        if count >= LEAST_ROWS and len(rows) and self._left.pop(watched.node, None) is not None:
            got = view.slice(int(rows[0]), int(rows[0]) + 1).to_pylist()[0]
            errors.warn(errors.all_unseen(watched.bound.column.name, watched.key, count, got))


def _rows_with_values(view: FieldView) -> Array:
    """Return the rows that have a value, or a list with one."""
    tokens = view.tokens()
    there = tokens.texts.valid if tokens.codes is None else tokens.codes >= 0
    if there is None:
        there = np.ones(len(tokens.texts), np.bool_)
    if tokens.offsets is None:
        return np.flatnonzero(there)
    return np.unique(np.searchsorted(tokens.offsets, np.flatnonzero(there), side="right") - 1)


def _knows_one(bound: Bound, num_seen: int, ids: Array, view: FieldView) -> bool:
    """Return whether a column knows one of the values of a field; it costs a look at the first id as long as it knows that."""
    return _has_known(num_seen, bound.unseen_id, ids) or (bound.unseen_id >= 0 and _has_term(bound, view))


def _has_known(num_seen: int, unseen_id: int, ids: Array) -> bool:
    """Return whether one of the ids is of a known value, and not that of unseen ones as well."""
    first = ids[0]
    if 0 <= first < num_seen and first != unseen_id:
        return True
    return bool(((ids >= 0) & (ids < num_seen) & (ids != unseen_id)).any())


def _has_term(bound: Bound, view: FieldView) -> bool:
    """Return whether a field has a term of a column that gives unseen values the id of one."""
    unseen, tokens = bound.unseen(view), view.tokens()
    there = tokens.texts.valid if tokens.codes is None else tokens.codes >= 0
    return unseen is not None and bool((~unseen if there is None else ~unseen & there).any())


def _is_seen(ids: object, num_seen: int, unseen_id: int) -> bool:
    found = ids if isinstance(ids, list) else [ids]
    return bool(np.any([0 <= i < num_seen and i != unseen_id for i in found]))  # type: ignore[operator]
