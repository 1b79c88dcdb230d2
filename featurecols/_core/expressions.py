"""What a column computes, as an expression of few operations that other systems have too: ONNX, SQL.

A Bound says it in `Bound.expression`, made of what its inputs say: a RawField for a field, the expression of a column. There
are four sorts of expression, each over n rows of which every one holds one value:

    number    float64, NaN where missing
    text      the canonical text of a category (docs/ids.md, section 2), or missing
    ids       int64, negative where there is none
    features  float32 [n, width]

Where a column raises an error for a value, its expression gives NaN as a number and -1 as an id. Lists have no expression.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal

from featurecols._core.arrays import Array

Function = Literal[
    "add",
    "subtract",
    "multiply",
    "divide",
    "clip",
    "choose",
    "nonzero",
    "log1p",
    "expm1",
    "log",
    "float32",
    "sin",
    "cos",
    "sqrt",
    "abs",
    "floor",
]


class InexpressibleError(Exception):
    """Something has no expression, or a system has no operation for one; the text is the reason."""


LISTS = "it reads lists"


@dataclass(frozen=True, slots=True)
class Expression:
    """Base of all expressions; equal ones are computed once."""

    gives: ClassVar[Literal["field", "number", "text", "ids", "features"]]


@dataclass(frozen=True, slots=True)
class RawField(Expression):
    """A field of the data.

    Args:
        key: its name.
        texts, numbers: what counts as missing beside null and NaN, as canonical bytes and as numbers.
        characters: its texts are cut to so many, None for all.
    """

    gives: ClassVar[Literal["field"]] = "field"

    key: str
    texts: tuple[bytes, ...] = ()
    numbers: tuple[int | float, ...] = ()
    characters: int | None = None


# Numbers ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """Base of expressions that give numbers: float64 [n], NaN where missing."""

    gives: ClassVar[Literal["number"]] = "number"


@dataclass(frozen=True, slots=True)
class NumberOf(Number):
    """The numbers of a field."""

    field: RawField


@dataclass(frozen=True, slots=True)
class IsMissing(Number):
    """1 where a field has no value, else 0."""

    field: RawField


@dataclass(frozen=True, slots=True)
class Filled(Number):
    """Numbers, with `value` in place of NaN."""

    source: Number
    value: float


@dataclass(frozen=True, slots=True)
class Computed(Number):
    """A function of each number, in float64; NaN gives NaN.

    Args:
        function: "add", "subtract", "multiply", "divide" of two; "clip" of three: (x, lowest, highest), where a number that is
            equal to a limit stays as it is; "choose" of three: the second where the first is 0 or less, else the third; the
            others of one. "nonzero" makes 0 NaN, "float32" rounds to float32.
        arguments: numbers, or constants, at least one of the former.
    """

    function: Function
    arguments: tuple[Number | float, ...]


def computed(function: Function, *arguments: Number | float) -> Number:
    """Return a function of numbers as an expression.

    >>> computed("clip", NumberOf(RawField("age")), 0.0, 99.0).function
    'clip'
    """
    return Computed(function, arguments)


@dataclass(frozen=True, slots=True)
class Polynomial(Number):
    """A polynomial of finite numbers in float64, by Horner's rule.

    Args:
        source: the numbers.
        coefficients: two or more, that of the highest power first.
    """

    source: Number
    coefficients: tuple[float, ...]


# Categories and ids ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextOf(Expression):
    """The canonical texts of a field."""

    gives: ClassVar[Literal["text"]] = "text"

    field: RawField


@dataclass(frozen=True, slots=True)
class IdExpression(Expression):
    """Base of expressions that give ids: int64 [n], negative where there is none."""

    gives: ClassVar[Literal["ids"]] = "ids"


@dataclass(frozen=True, slots=True)
class HashOf(IdExpression):
    """first + hash of a text mod num_buckets; -1 where it is missing."""

    text: TextOf
    hash: Literal["murmur3", "farmhash64"]
    seed: int
    num_buckets: int
    first: int = 0


@dataclass(frozen=True, slots=True)
class Lookup(IdExpression):
    """The position of a text in `terms`; of one that is not among them what `unseen` gives; -1 where it is missing."""

    text: TextOf
    terms: tuple[bytes, ...]
    unseen: IdExpression | int = -1


@dataclass(frozen=True, slots=True)
class IntegerOf(IdExpression):
    """The integers of a field where 0 <= integer < num_buckets, else `otherwise` (None: the integer); -1 where missing."""

    field: RawField
    num_buckets: int
    otherwise: int | None = -1


@dataclass(frozen=True, slots=True)
class Search(IdExpression):
    """How many of the increasing `boundaries` are <= a number; `missing` where it is NaN."""

    source: Number
    boundaries: tuple[float, ...]
    missing: int = -1


@dataclass(frozen=True, slots=True)
class CrossOf(IdExpression):
    """The hash of a combination mod num_buckets (docs/ids.md, section 9).

    Args:
        parts: texts, which enter by their hash, and ids. Without keep_unseen, a part that is missing or negative makes it -1.
        hash, seed: how parts and their combination are hashed.
        num_buckets: how many ids.
        keep_unseen: a part that is missing or negative enters as all ones.
    """

    parts: tuple[TextOf | IdExpression, ...]
    hash: Literal["murmur3", "farmhash64"]
    seed: int
    num_buckets: int
    keep_unseen: bool = False


@dataclass(frozen=True, slots=True)
class DatePartOf(IdExpression):
    """A part of the times of a field, as DatePart counts them; -1 where it is missing.

    Args:
        part: the name of the part.
        timezone: to whose clocks instants are taken; None reads times without a zone, and those alone.
        first, num_buckets: of "year", from which one they count, and how many have an id.
    """

    field: RawField
    part: str
    timezone: str | None
    first: int
    num_buckets: int


@dataclass(frozen=True, slots=True)
class IdIfMissing(IdExpression):
    """`value` where one of some fields has no value, else what `otherwise` gives."""

    fields: tuple[RawField, ...]
    value: int
    otherwise: IdExpression


@dataclass(frozen=True, slots=True)
class PositionOf(IdExpression):
    """The position of an id among the increasing ones of `known`; `unseen` for others, `missing` for a negative id."""

    ids: IdExpression
    known: tuple[int, ...]
    unseen: int
    missing: int


@dataclass(frozen=True, slots=True)
class NumberAt(Number):
    """The number of a table at an id; `missing` for a negative id, NaN for one past the table."""

    ids: IdExpression
    table: tuple[float, ...]
    missing: float = math.nan


@dataclass(frozen=True, slots=True)
class WeightedIds(IdExpression):
    """Ids with a weight each, rounded to float32; those that read `ids` alone see the ids."""

    ids: IdExpression
    weight: Number


# Features ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FeatureExpression(Expression):
    """Base of expressions that give features: float32 [n, width]."""

    gives: ClassVar[Literal["features"]] = "features"

    @property
    def width(self) -> int:
        """The number of features in one row."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Rounded(FeatureExpression):
    """Numbers as features, each rounded to float32 once."""

    numbers: tuple[Number, ...]

    @property
    def width(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class Intervals(Rounded):
    """How far a number has come through each of some intervals; those that read it see `whole`, too.

    Args:
        whole: how far it has come through all of them, NaN where it is missing.
    """

    whole: Number


@dataclass(frozen=True, slots=True)
class OneHot(FeatureExpression):
    """1 at the id (its weight, where it has one) and 0 elsewhere; nothing for an id outside 0 ... num_buckets - 1."""

    ids: IdExpression
    num_buckets: int

    @property
    def width(self) -> int:
        return self.num_buckets


@dataclass(frozen=True, slots=True)
class TableRow(FeatureExpression):
    """The row of a table at an id, zeros for an id outside it (docs/ids.md, section 12).

    Args:
        ids: of the rows, weighted or not.
        name: of the table.
        table: float32 [num_buckets, width].
        combiner: "sum", "mean", "sqrtn", "mean_all" or "sqrtn_all"; they differ where there are weights.
        max_norm: rows with a larger L2 norm are scaled down to it; 0 for none.
    """

    ids: IdExpression
    name: str
    table: Array = field(compare=False, repr=False)
    combiner: str = "sum"
    max_norm: float = 0.0

    @property
    def width(self) -> int:
        return int(self.table.shape[1])

    def scaled(self) -> Array:
        """Return the rows as max_norm has them, float64."""
        rows = self.table.astype("float64")
        if not self.max_norm:
            return rows
        norms = (rows * rows).cumsum(axis=1)[:, -1:] ** 0.5  # added in order
        scale = norms.copy()
        scale[...] = 1.0
        long = norms > self.max_norm
        scale[long] = self.max_norm / norms[long]
        return rows * scale


def as_number(expression: Expression) -> Number:
    """Return what a column reads as numbers: a field's numbers, or what another column gives."""
    if isinstance(expression, RawField):
        return NumberOf(as_field(expression))
    if isinstance(expression, Number):
        return expression
    raise InexpressibleError(f"it needs numbers, not {expression.gives}")


def as_ids(expression: Expression) -> IdExpression:
    """Return the ids that a column reads."""
    if isinstance(expression, IdExpression):
        return expression
    raise InexpressibleError(f"it needs ids, not {expression.gives}")


def as_text(expression: Expression) -> TextOf:
    """Return the canonical texts of the field that a column reads."""
    if isinstance(expression, RawField):
        return TextOf(expression)
    raise InexpressibleError(f"it needs a field, not {expression.gives}")


def as_field(expression: Expression) -> RawField:
    """Return the field that a column reads as it is."""
    if not isinstance(expression, RawField):
        raise InexpressibleError(f"it needs a field, not {expression.gives}")
    if expression.characters is not None:
        raise InexpressibleError("it needs a field as it is, not the beginnings of its texts")
    return expression


def as_features(expression: Expression) -> FeatureExpression:
    """Return an expression as features of the matrix."""
    if isinstance(expression, FeatureExpression):
        return expression
    return Rounded((as_number(expression),))


def walk(expressions: Iterable[Expression]) -> Iterator[Expression]:
    """Yield every expression that these are made of, and themselves, each once."""
    seen: set[int] = set()
    stack = [*expressions]
    while stack:
        expression = stack.pop()
        if id(expression) in seen:
            continue
        seen.add(id(expression))
        yield expression
        for attribute in fields(expression):
            value = getattr(expression, attribute.name)
            stack.extend(v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, Expression))
