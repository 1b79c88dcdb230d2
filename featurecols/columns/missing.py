"""Missing: whether a field has a value, as a feature."""

from __future__ import annotations

from collections.abc import Callable, MutableSequence
from typing import ClassVar, Literal

from featurecols._core.arrays import Array
from featurecols._core.expressions import Expression, IsMissing, as_field
from featurecols._core.spec import Converted, frozen
from featurecols.columns._categorical import check_field
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, DenseBound
from featurecols.data.fields.base import FieldView


@frozen
class Missing(Column):
    """1 where a field has no value, else 0.

    Missing: 1. A list is missing where it is null, empty, or holds missing values alone.
    Unseen: does not arise.
    Learns: nothing.

    Args:
        source: a field of any type; its missing markers count.

    Raises:
        ColumnError: for a wrong argument.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Numeric("income", default=0), fc.Missing("income")])
    >>> plan.transform({"income": [3, None]}).tolist(), plan.feature_names
    ([[3.0, 0.0], [0.0, 1.0]], ('income', 'income_missing'))
    """

    needs: ClassVar[Literal["category", "number", "time", "presence"]] = "presence"

    source: Converted[str | Field, Field]

    def derived_name(self) -> str:
        return f"{self.source.name}_missing"

    def check(self) -> None:
        check_field(self.source, "Missing")

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> MissingBound:
        return MissingBound(self)


class MissingBound(DenseBound):
    """A Missing column with what it needs to run."""

    column: Missing

    def __init__(self, column: Missing) -> None:
        self.column = column

    @property
    def write(self) -> Callable[..., None]:
        return _write

    @property
    def write_row(self) -> Callable[..., None]:
        return _write_row

    def expression(self, *inputs: Expression) -> Expression:
        return IsMissing(as_field(inputs[0]))


def _write(view: FieldView, *, out: Array) -> None:
    out[...] = view.missing().reshape(out.shape)


def _write_row(out: MutableSequence[float], at: int, value: object) -> None:
    out[at] = float(_is_missing(value))


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(map(_is_missing, value)))
