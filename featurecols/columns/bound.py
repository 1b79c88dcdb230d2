"""What a bound column is: final, shared by threads, with both ways to run, over arrays and over one Python value.

Both ways give the same bits. The engine asks a Bound by the methods below, and never which kind it is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids
from featurecols._core.buckets import Bucket
from featurecols._core.elements import Elements
from featurecols._core.expressions import Expression, InexpressibleError
from featurecols._core.fused_layout import Chain, FusedLayout
from featurecols._core.numbers import Numbers
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols._core.term_figures import TermFigures
from featurecols.data.fields.base import FieldView

# One row of ids: an int (negative is none), a list of ints, or (ids, weights) of a weighted column.
RowIds = int | list[int] | tuple[list[int], list[float]]


class RowCode(NamedTuple):
    """How an output writes its features of one row: lines of source, and the function that they call."""

    lines: list[str]
    function: Callable[..., object]


class Declared(Protocol):
    """What a Bound tells of the Column that it is bound from."""

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> Literal["category", "number", "time", "presence"]: ...


class Bound(ABC):
    """A column with its tables: final, shared by threads, holding nothing of a run.

    Functions such as `ids`, `write` and `row` take what the inputs of the column give, one argument each, in the order of
    inputs(): a FieldView for a field, Ids or Numbers for a column; in the row path a Python value (None is missing, a list
    is a list) for a field, what `row` gives for a column.

    Attributes:
        column: the Column that it is bound from.
        categorical: it gives ids, which are below num_buckets unless it keeps what is out of range.
        num_buckets: how many ids there are; 0 of a dense column.
        num_seen: ids of values that it knows are below it; None of a dense column, and where ids do not tell.
        unseen_id: which of the ids of known values unseen ones have, too; -1 for none.
        missing_id: the id of a missing value; -1 for none.
        shape, width: of its features in one row; (), 0 of a categorical column.
        values_are_features: what other columns read of it are its features.
    """

    column: Declared
    categorical: ClassVar[bool] = False
    num_buckets: int = 0
    num_seen: int | None = None
    unseen_id: int = -1
    missing_id: int = -1
    shape: tuple[int, ...] = ()
    values_are_features: ClassVar[bool] = True

    @property
    def width(self) -> int:
        """The number of its features in one row."""
        return 0

    @abstractmethod
    def slot(self, at: int) -> Slot:
        """Return what encode gives for it; `at` is where its features would begin in the dense block."""

    @property
    @abstractmethod
    def evaluate(self) -> Callable[..., Ids | Numbers]:
        """The function that gives what other columns read."""

    @property
    @abstractmethod
    def row(self) -> Callable[..., Any]:
        """The function that gives the same for one row: RowIds, or a float, or a list of floats."""

    def expression(self, *inputs: Expression) -> Expression:
        """Return what it computes for rows without lists, for other systems (ONNX, SQL): featurecols/_core/expressions.py.

        inputs: a RawField for a field, the expression of a column. Raises InexpressibleError, with the reason.
        """
        raise InexpressibleError("its kind does not define `expression`")

    def in_training(self) -> Bound:
        """Return what computes the training rows from the values of Column.training_inputs(); itself where that is the same."""
        return self

    def term_figures(self) -> TermFigures | None:
        """Return what it learned of each term, for a picture; None where it learned nothing of terms but their ids."""
        return None

    # A column over a field, as Plan.check asks ------------------------------------------------------------------------

    def unseen(self, view: FieldView) -> Array | None:
        """Return which values of its field it does not know, bool by element, any for missing ones; None where it knows all."""
        return None

    def out_of_range(self, view: FieldView) -> Array | None:
        """Return which values of its field lie outside what it covers, bool by element; None where it covers all."""
        return None

    # A categorical column --------------------------------------------------------------------------------------------

    def meaning(self, bucket: int) -> Bucket:
        """Return what an id stands for, unique within the column."""
        raise TypeError(f"{type(self).__name__} has no ids")

    def elements(self, ids: Ids, inputs: Callable[[int], Elements]) -> Elements:
        """Return what its ids are made of: the ids themselves where they are known, else elements of inputs.

        inputs(k) gives the elements of input k; a column that hashes returns those of what it hashes.
        """
        raise TypeError(f"{type(self).__name__} has no ids")

    # A dense column --------------------------------------------------------------------------------------------------

    @property
    def write(self) -> Callable[..., None]:
        """The function that fills its features, called with its inputs and `out`.

        out: float32 [n, width], zeroed by the caller; a view into the whole matrix.
        """
        raise TypeError(f"{type(self).__name__} writes no features")

    @property
    def id_source(self) -> Callable[..., Ids]:
        """The function that gives the ids behind the features, where the slot is an IdSlot."""
        raise TypeError(f"{type(self).__name__} has no ids")

    def row_code(self, function: str, start: int, inputs: Sequence[str], value: str | None) -> RowCode:
        """Return how one row is written at out[start:start + width], which holds zeros; `out` is an array of typecode "f".

        function: the name under which the lines find RowCode.function. inputs: the names of the inputs' values. value: the
        name of what `row` gave for this very column, where others read it too.
        """
        return RowCode([], lambda: None)

    def fused(self) -> FusedLayout | None:
        """Return how it may be written in one pass with others; None where it writes its features by itself."""
        return None

    @property
    def flat(self) -> Callable[..., Array]:
        """The function that reads the numbers of a field, NaN where missing, for a column that is written through a chain.

        It takes a FieldView and gives [n * width], contiguous; float64, or float32, int32 or int64 where they lie so in memory.
        """
        raise TypeError(f"{type(self).__name__} is not a number")

    def refusal(self, view: FieldView, *, start: int) -> errors.DataError | None:
        """Return what to raise for the first number that is missing without a default, or not let through; None for none.

        start: the numbers before it, whole rows, are let through.
        """
        raise TypeError(f"{type(self).__name__} is not a number")

    def lengths(self, *inputs: Any) -> Array:
        """Return int64 [n], the steps of each row; of a column whose slot has max_length."""
        raise TypeError(f"{type(self).__name__} has no steps")

    def label(self, i: int) -> str:
        """Return what sets feature i apart within the column, "" when it is the only one."""
        return ""

    def feature_name(self, i: int) -> str:
        """Return the name of feature i, made of the column's name and the label."""
        label = self.label(i)
        return f"{self.column.name}[{label}]" if label else self.column.name

    @property
    def fills(self) -> str:
        """What missing or unseen values count as, in words; "" where nothing takes their place."""
        return ""

    def filled(self, *values: object) -> str:
        """Return `fills` where a value of one row was replaced so, else ""; what `row` takes for each input."""
        return ""

    @property
    def separate(self) -> bool:
        """Whether its features are facts of their own, rather than one vector."""
        return False


class CategoricalBound(Bound):
    """Gives ids.

    Attributes:
        bounded: ids are below num_buckets; False where ids out of range are kept.
    """

    categorical: ClassVar[bool] = True
    bounded: bool = True

    @property
    @abstractmethod
    def ids(self) -> Callable[..., Ids]:
        """The function that gives the ids of n rows, called with its inputs."""

    @property
    def evaluate(self) -> Callable[..., Ids]:
        return self.ids

    @property
    def id_source(self) -> Callable[..., Ids]:
        return self.ids

    @abstractmethod
    def meaning(self, bucket: int) -> Bucket: ...

    def elements(self, ids: Ids, inputs: Callable[[int], Elements]) -> Elements:
        return Elements.of_ids(ids, self.meaning)

    def slot(self, at: int) -> Slot:
        return IdSlot(self.column.name, self.num_buckets)


class DenseBound(Bound):
    """Writes `width` float32 features a row into its slice of the matrix. A subclass sets `shape` when it is made."""

    ids_from: CategoricalBound | None = None  # the column whose ids its features are made of

    @property
    def width(self) -> int:
        shape = self.shape
        return shape[0] if len(shape) == 1 else math.prod(shape)

    @property
    def evaluate(self) -> Callable[..., Ids | Numbers]:
        raise TypeError(f"{type(self).__name__} gives no numbers that others read")

    @property
    def row(self) -> Callable[..., Any]:
        raise TypeError(f"{type(self).__name__} gives no numbers that others read")

    @property
    @abstractmethod
    def write(self) -> Callable[..., None]: ...

    @property
    @abstractmethod
    def write_row(self) -> Callable[..., None]:
        """The function that writes one row, called with `out`, `at` and its inputs.

        It fills out[at:at + width], which holds zeros; `out` is an array of typecode "f".
        """

    def row_code(self, function: str, start: int, inputs: Sequence[str], value: str | None) -> RowCode:
        return RowCode([f"{function}(out, {start}, {', '.join(inputs)})"], self.write_row)

    def label(self, i: int) -> str:
        if not self.shape:
            return ""
        return ",".join(str(int(k)) for k in np.unravel_index(i, self.shape))

    def slot(self, at: int) -> Slot:
        return DenseSlot(self.column.name, at, at + self.width, self.shape)


class NumberBound(DenseBound):
    """A dense column whose full-precision values other columns may read.

    Its features are `flat` through `chain`, which many such columns can share one pass over the matrix for.
    """

    chain: Chain

    @property
    @abstractmethod
    def flat(self) -> Callable[..., Array]: ...

    @abstractmethod
    def refusal(self, view: FieldView, *, start: int) -> errors.DataError | None: ...

    @property
    @abstractmethod
    def values(self) -> Callable[..., Numbers]:
        """The function that gives float64 [n] or [n, width], NaN where a missing value is let through."""

    @property
    def evaluate(self) -> Callable[..., Numbers]:
        return self.values

    @property
    @abstractmethod
    def row(self) -> Callable[..., Any]: ...

    def fused(self) -> FusedLayout | None:
        return FusedLayout(self.chain) if self.width == 1 else None

    def row_code(self, function: str, start: int, inputs: Sequence[str], value: str | None) -> RowCode:
        if self.shape:
            return super().row_code(function, start, inputs, value)
        return RowCode([f"out[{start}] = {value or f'{function}({inputs[0]})'}"], self.row)


def id_dtype(largest: int) -> type[np.int32] | type[np.int64]:
    """Return int32 while every id fits, else int64."""
    return np.int32 if largest <= 2**31 - 1 else np.int64
