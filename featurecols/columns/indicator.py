"""Indicator: ids as one-hot or multi-hot features."""

from __future__ import annotations

from collections.abc import Callable, MutableSequence, Sequence
from typing import Any

from featurecols import kernels
from featurecols._core.arrays import Array, Ids
from featurecols._core.expressions import Expression, OneHot, as_ids
from featurecols._core.fused_layout import FusedLayout
from featurecols._core.slots import IdSlot, Slot
from featurecols._core.spec import frozen
from featurecols.columns._categorical import categorical_bound, check_categorical
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, DenseBound, RowCode


@frozen
class Indicator(Column):
    """One feature for each id of `source`: how often it occurs in the row, or the sum of its weights.

    Missing: adds nothing.
    Unseen: as the source says; an id outside 0 ... num_buckets - 1 adds nothing.
    Learns: nothing of its own.

    Args:
        source: a categorical column. The width is its num_buckets.

    Raises:
        ColumnError: when source gives no ids. SizeError: in use, when the dense result would not fit into memory.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Indicator(fc.Vocabulary("tag", ["a", "b"]))])
    >>> plan.transform({"tag": [["b", "a", "b"], [], ["c"]]})
    array([[1., 2.],
           [0., 0.],
           [0., 0.]], dtype=float32)
    """

    source: Column

    def derived_name(self) -> str:
        return f"{self.source.name}_indicator"

    def check(self) -> None:
        check_categorical(self.source, "Indicator")

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> IndicatorBound:
        return IndicatorBound(self, categorical_bound(inputs[0]))


class IndicatorBound(DenseBound):
    """An Indicator column with what it needs to run."""

    column: Indicator

    def __init__(self, column: Indicator, source: CategoricalBound) -> None:
        self.column, self.ids_from = column, source
        self._source, self.shape = source, (source.num_buckets,)

    def write(self, ids: Ids, *, out: Array) -> None:
        if ids.offsets is None:
            kernels.scatter.onehot(ids.values, ids.weights, out)
        else:
            kernels.scatter.multihot(ids.values, ids.offsets, ids.weights, out)

    def write_row(self, out: MutableSequence[float], at: int, ids: Any) -> None:
        width = self.shape[0]
        if type(ids) is int:
            if 0 <= ids < width:
                out[at + ids] += 1.0
            return
        found, weights = ids if isinstance(ids, tuple) else (ids, None)
        for k, i in enumerate(found):
            if 0 <= i < width:
                out[at + i] += 1.0 if weights is None else weights[k]

    def row_code(self, function: str, start: int, inputs: Sequence[str], value: str | None) -> RowCode:
        v, width = inputs[0], self.shape[0]
        lines = [
            f"if type({v}) is int:",
            f"    if 0 <= {v} < {width}: out[{start} + {v}] = 1.0",
            f"else: {function}(out, {start}, {v})",
        ]
        return RowCode(lines, self.write_row)

    @property
    def id_source(self) -> Callable[..., Ids]:
        return _same

    def slot(self, at: int) -> Slot:
        return IdSlot(self.column.name, self.shape[0])

    def fused(self) -> FusedLayout | None:
        return FusedLayout(None)

    def expression(self, *inputs: Expression) -> Expression:
        return OneHot(as_ids(inputs[0]), self.width)

    def label(self, i: int) -> str:
        return str(self._source.meaning(i))

    def feature_name(self, i: int) -> str:
        return f"{self.column.name}={self.label(i)}"

    @property
    def separate(self) -> bool:
        return True


def _same(ids: Ids) -> Ids:
    return ids
