"""What a column is: declare, learn, bind. Adding a kind touches one file beside this one, one export and one test.

A column declares (a frozen value), says what must be learned (analyzers), and binds to what was learned. A Bound is
final: its tables are built once, it holds no state of a run, and it has both ways to run: over arrays (`ids`, `write`)
and over one Python value (`row`), with the same bits.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids, Integers, Numbers, Tokens
from featurecols._core.spec import Converted, Spec, frozen

if TYPE_CHECKING:
    from featurecols.analyzers.base import Analyzer

Learned = Mapping[str, Array]
_LONGEST = 10_000  # characters of a name: names of crosses are made of names


class Raw(Protocol):
    """One field over n rows, as batch.Cells gives it: each view is made when asked for."""

    @property
    def key(self) -> str: ...
    @property
    def depth(self) -> int: ...  # 0 for one value a row, 1 for lists, 2 for lists of lists
    def __len__(self) -> int: ...
    def numbers(self) -> Numbers: ...
    def plain(self) -> Array | None: ...
    def distinct(self) -> tuple[Array, Array] | None: ...
    def integers(self) -> Integers: ...
    def tokens(self) -> Tokens: ...
    def elements(self) -> tuple[Raw, Array]: ...


@frozen
class Field(Spec):
    """A raw input. A plain string where a column reads a field is shorthand for Field(string).

    Args:
        key: name of the field in the data.
        missing: values that mean "missing" beside null, None and NaN; compared by canonical value (-999 is -999.0).

    >>> Field("age", missing=("?", -999))
    Field('age', missing=('?', -999))
    """

    key: str
    missing: Converted[Any, tuple[Any, ...]] = ()  # type: ignore[assignment]

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
        return self.key

    def to_json(self) -> Any:
        """A field without markers is its key."""
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
    categorical: ClassVar[bool] = False  # gives ids, which another column must turn into cells
    reads: ClassVar[tuple[str, ...]] = ("source",)
    needs: ClassVar[str] = "category"  # how it reads raw fields: "category" or "number"

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
        """What this column reads, in the order in which bind, ids, values, write and row take it."""
        found: list[Field | Column] = []
        for attribute in self.reads:
            value = getattr(self, attribute)
            found.extend(value if isinstance(value, tuple) else (value,))
        return tuple(found)

    def derived_name(self) -> str:
        """The name that the column has when none is given."""
        return self.inputs()[0].name

    def default_of(self, name: str) -> Any:
        return self.derived_name() if name == "name" else super().default_of(name)

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        """What can be learned next from inputs()[0], by slot, given the slots learned so far; empty when all is.

        Slots asked for together are learned in one pass; a slot that depends on another is asked for one pass later.
        """
        return {}

    def num_passes(self) -> int:
        """How many passes over the data its own learning takes, once its inputs are learned."""
        return 1 if self.analyzers({}) else 0

    def bind(self, learned: Mapping[str, Learned], *inputs: Field | Bound) -> Bound:
        """This column over its inputs (a Field stands for itself, a column for its Bound). Pure: builds tables only."""
        raise TypeError(f"{type(self).__name__} does not bind")


def _field_or_column(value: Any) -> Any:
    if isinstance(value, str):
        return Field(value)
    if isinstance(value, (list, tuple)):
        return tuple(_field_or_column(v) for v in value)
    return value


class Bound(ABC):
    """A column with its tables: final, shared by threads, holding nothing of a run.

    The methods below take what the inputs of the column give, one argument each, in the order of inputs(). Each kind
    writes its own arguments; `*args, **kwargs` here only says that they differ.
    """

    column: Any  # the Column that it is bound from


class CategoricalBound(Bound):
    """Gives ids. `num_buckets` bounds them from above unless the column keeps ids that are out of range."""

    num_buckets: int

    @abstractmethod
    def ids(self, *args: Any, **kwargs: Any) -> Ids:
        """Ids of n rows; arguments are Raw for fields, Ids or Numbers for columns."""

    @abstractmethod
    def row(self, *args: Any, **kwargs: Any) -> RowIds:
        """The same for one row: arguments are Python values (None is missing, a list is a list), or rows of columns."""

    @abstractmethod
    def meaning(self, bucket: int) -> str:
        """What id `bucket` stands for, short and unique within the column: a term, an interval, a hash bucket."""


class DenseBound(Bound):
    """Writes `width` float32 cells a row into its slice of the matrix."""

    shape: tuple[int, ...]

    @property
    def width(self) -> int:
        return math.prod(self.shape)

    @abstractmethod
    def write(self, *args: Any, **kwargs: Any) -> None:
        """write(*inputs, out=out): fill out, float32 [n, width], zeroed by the caller; a view into the whole matrix."""

    @abstractmethod
    def write_row(self, *args: Any, **kwargs: Any) -> None:
        """write_row(out, at, *inputs): the same for one row.

        Fills out[at:at + width], which holds zeros; `out` is an array of typecode "f".
        """

    def label(self, cell: int) -> str:
        """What sets output `cell` apart within the column, "" when it is the only one."""
        if not self.shape:
            return ""
        return ",".join(str(int(i)) for i in np.unravel_index(cell, self.shape))

    def id_source(self, *args: Any, **kwargs: Any) -> Ids | None:
        """The ids behind the cells, which `encode` gives in place of the cells; None for a column of numbers."""
        return None


class Chain(NamedTuple):
    """What becomes of a number on its way into the matrix, in the arguments of kernels.numeric.normalize."""

    defaults: Array
    ops: Array
    a: Array
    b: Array
    allow_nan: bool


class NumberBound(DenseBound):
    """A dense column whose full-precision values other columns may read.

    Its cells are `flat` through `chain`, which many such columns can share one pass over the matrix for.
    """

    chain: Chain

    @abstractmethod
    def flat(self, *args: Any, **kwargs: Any) -> Array:
        """float64 [n * width], contiguous: the numbers as they were read, NaN where missing."""

    def plain(self, raw: Raw) -> Array | None:
        """The numbers of `flat` where they lie, float32, int32 or int64 and none missing, if they are so."""
        return None

    @abstractmethod
    def missing(self, row: int | None) -> errors.DataError:
        """What to raise for a number that is missing and has no default."""

    @abstractmethod
    def values(self, *args: Any, **kwargs: Any) -> Numbers:
        """float64 [n] or [n, width], NaN where a missing value is let through."""

    @abstractmethod
    def row(self, *args: Any, **kwargs: Any) -> float | list[float]:
        """The same for one row."""


# One row of ids: an int (negative is none), a list of ints, or (ids, weights) of a weighted column.
RowIds = int | list[int] | tuple[list[int], list[float]]


def id_dtype(largest: int) -> type[np.signedinteger[Any]]:
    """int32 while every id fits, else int64."""
    return np.int32 if largest <= 2**31 - 1 else np.int64
