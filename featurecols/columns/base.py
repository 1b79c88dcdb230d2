"""What a column is: declare, learn, bind. Adding a kind touches one file beside this one, one export and one test.

A column declares (a frozen value), says what must be learned (analyzers), and binds to what was learned. A Bound is
final: its tables are built once, it holds no state of a run, and it has both ways to run: over arrays (`ids`, `write`)
and over one Python value (`row`), with the same bits. The engine asks columns and Bounds by the methods below, and
never which kind they are.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids, Numbers
from featurecols._core.buckets import Bucket
from featurecols._core.elements import Elements
from featurecols._core.fused_layout import Chain, FusedLayout
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols._core.spec import Converted, Spec, frozen
from featurecols.analyzers.base import Analyzer
from featurecols.columns._embedding_tables import Tables

Learned = Mapping[str, Array]
MissingMarker = str | bytes | int | float | np.generic
_LONGEST = 10_000  # characters of a name: names of crosses are made of names


class LearnedSlots(dict[str, Learned]):
    """What one column learned, by slot, and the embedding tables of its plan."""

    def __init__(self, learned: Mapping[str, Learned] | None = None, tables: Tables | None = None) -> None:
        super().__init__(learned or {})
        self.tables = Tables() if tables is None else tables


@frozen
class Field(Spec):
    """A raw input. A plain string where a column reads a field is shorthand for Field(string).

    Args:
        key: name of the field in the data.
        missing: values that mean "missing" beside null, None and NaN; compared by canonical value (-999 is -999.0).

    >>> Field("age", missing=("?", -999))
    Field('age', missing=('?', -999))
    """

    categorical: ClassVar[bool] = False
    numeric: ClassVar[bool] = False
    weight_field: ClassVar[Field | None] = None

    key: str
    missing: Converted[MissingMarker | Iterable[MissingMarker], tuple[MissingMarker, ...]] = ()  # type: ignore[assignment]

    def check(self) -> None:
        if not isinstance(self.key, str) or not self.key:
            raise errors.argument("Field", "key must be a non-empty string", self.key, "name a field of the data")
        if len(self.key) > _LONGEST:
            raise errors.argument("Field", f"key must have at most {_LONGEST} characters", self.key, "rename the field")
        if not isinstance(self.missing, tuple):
            object.__setattr__(self, "missing", (self.missing,))
        for marker in self.missing:
            fits = isinstance(marker, (str, bytes, float)) or (isinstance(marker, int) and -(2**63) <= marker < 2**64)
            if not fits:
                raise errors.argument(
                    f"Field {self.key}", "a missing marker is a string, or a number of 64 bits", marker, "null needs no marker"
                )

    @property
    def name(self) -> str:
        """The key of the field, of which names of columns are made."""
        return self.key

    def inputs(self) -> tuple[Field | Column, ...]:
        """Return nothing: a field reads no other node."""
        return ()

    def num_passes(self) -> int:
        """Return 0: a field learns nothing."""
        return 0

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        """Return nothing: a field learns nothing."""
        return {}

    def term_fields(self) -> list[str]:
        """Return its key: a value of a field is one word."""
        return [self.key]

    def to_json(self) -> Any:
        """Return the key of a field without markers, else the object of every Spec."""
        return super().to_json() if self.missing else self.key

    def source_text(self) -> str:
        return repr(self) if self.missing else repr(self.key)


@frozen
class Column(Spec):
    """Base of all columns: the fields of a subclass are what is declared.

    `reads` names the fields of the dataclass that are inputs (a Field, a Column, or a tuple of them; a string there
    is shorthand for a Field). `name` is derived from the inputs, as TensorFlow does, unless it is given.
    """

    abstract: ClassVar[bool] = True
    categorical: ClassVar[bool] = False  # gives ids, which another column must turn into features
    numeric: ClassVar[bool] = False  # gives numbers in full precision that other columns may read
    reads: ClassVar[tuple[str, ...]] = ("source",)
    needs: ClassVar[Literal["category", "number"]] = "category"  # how it reads raw fields

    name: str = field(default=None, kw_only=True)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        for attribute in self.reads:
            object.__setattr__(self, attribute, _field_or_column(getattr(self, attribute)))
        super().__post_init__()
        if self.name is None:
            object.__setattr__(self, "name", self.derived_name())
            self._seal()
        if not isinstance(self.name, str) or not self.name:
            raise errors.argument(
                type(self).__name__, "name must be a non-empty string", self.name, "leave it out to derive it"
            )
        if len(self.name) > _LONGEST:
            subject, what = type(self).__name__, f"name must have at most {_LONGEST} characters"
            raise errors.argument(subject, what, self.name, "give a shorter one: name=...")

    def inputs(self) -> tuple[Field | Column, ...]:
        """Return what this column reads, in the order in which bind, ids, values, write and row take it."""
        found: list[Field | Column] = []
        for attribute in self.reads:
            value = getattr(self, attribute)
            found.extend(value if isinstance(value, tuple) else (value,))
        return tuple(found)

    def derived_name(self) -> str:
        """Return the name that the column has when none is given."""
        return self.inputs()[0].name

    def default_of(self, name: str) -> Any:
        return self.derived_name() if name == "name" else super().default_of(name)

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        """Return what can be learned next from inputs()[0], by slot, given the slots learned so far; empty when all is.

        Slots asked for together are learned in one pass; a slot that depends on another is asked for one pass later.
        """
        return {}

    def num_passes(self) -> int:
        """Return how many passes over the data its own learning takes, once its inputs are learned."""
        return 1 if self.analyzers({}) else 0

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> Bound:
        """Return this column over its inputs (a Field stands for itself, a column for its Bound). Pure: builds tables only."""
        raise TypeError(f"{type(self).__name__} does not bind")

    # What those who describe a plan ask ------------------------------------------------------------------------------

    @property
    def weight_field(self) -> Field | None:
        """The field that weighs its ids, None without one."""
        return self.inputs()[0].weight_field

    def term_fields(self) -> list[str]:
        """Return the keys of the fields behind its ids, one for each word of the terms of a bucket."""
        return self.inputs()[0].term_fields()

    def normalizer_names(self) -> list[str]:
        """Return the names of what is done to its numbers, in order; nothing for a column of ids."""
        return []


def field_keys(column: Column) -> tuple[str, ...]:
    """Return the keys of the raw fields behind a column, in order, each once."""
    found: dict[str, None] = {}
    for source in column.inputs():
        for key in field_keys(source) if isinstance(source, Column) else (source.key,):
            found[key] = None
    return tuple(found)


def as_columns(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Return declared columns as a tuple; raises ColumnError for anything else, and where two have one name."""
    if isinstance(columns, (Column, Field, str)) or not isinstance(columns, Iterable):
        raise errors.argument("columns", "must be a list of columns", columns, "wrap it in [ ]")
    listed = tuple(columns)
    if not listed:
        raise errors.argument("columns", "must not be empty", listed, "declare at least one column")
    seen: dict[str, Column] = {}
    for column in listed:
        if not isinstance(column, Column):
            raise errors.argument("columns", "must all be columns", column, "wrap a field in Numeric, Vocabulary, Hashed, ...")
        if column.name in seen:
            raise errors.argument("columns", f"two outputs are named {column.name!r}", column, "give one of them name=...")
        seen[column.name] = column
    return listed


def _field_or_column(value: object) -> object:
    if isinstance(value, str):
        return Field(value)
    if isinstance(value, (list, tuple)):
        return tuple(_field_or_column(v) for v in value)
    return value


# One row of ids: an int (negative is none), a list of ints, or (ids, weights) of a weighted column.
RowIds = int | list[int] | tuple[list[int], list[float]]


class RowCode(NamedTuple):
    """How an output writes its features of one row: lines of source, and the function that they call."""

    lines: list[str]
    function: Callable[..., object]


class Bound(ABC):
    """A column with its tables: final, shared by threads, holding nothing of a run.

    Functions such as `ids`, `write` and `row` take what the inputs of the column give, one argument each, in the order of
    inputs(): a FieldView for a field, Ids or Numbers for a column; in the row path a Python value (None is missing, a list
    is a list) for a field, what `row` gives for a column.

    Attributes:
        column: the Column that it is bound from.
        categorical: it gives ids, which are below num_buckets unless it keeps what is out of range.
        num_buckets: how many ids there are; 0 of a dense column.
        shape, width: of its features in one row; (), 0 of a categorical column.
    """

    column: Column
    categorical: ClassVar[bool] = False
    num_buckets: int = 0
    shape: tuple[int, ...] = ()

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

    def missing(self, row: int | None) -> errors.DataError:
        """Return what to raise for a number that is missing and has no default."""
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
    def separate(self) -> bool:
        """Whether its features are facts of their own, rather than one vector."""
        return False


class CategoricalBound(Bound):
    """Gives ids.

    Attributes:
        bounded: ids are below num_buckets; False where ids out of range are kept.
        missing_id: the id of a missing value.
    """

    categorical: ClassVar[bool] = True
    bounded: bool = True
    missing_id: int = -1

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
        return math.prod(self.shape)

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
    def missing(self, row: int | None) -> errors.DataError: ...

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


__all__ = [
    "Bound",
    "CategoricalBound",
    "Chain",
    "Column",
    "DenseBound",
    "Field",
    "Learned",
    "LearnedSlots",
    "NumberBound",
    "RowCode",
    "RowIds",
    "as_columns",
    "field_keys",
    "id_dtype",
]
