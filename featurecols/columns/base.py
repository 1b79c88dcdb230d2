"""What a column is: declare, learn, bind. Adding a kind touches one file beside this one, one export and one test.

A column declares (a frozen value), says what must be learned (analyzers), and binds to what was learned: a Bound
(`columns/bound.py`). The engine asks columns by the methods below, and never which kind they are.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, ClassVar, Literal

import numpy as np

from featurecols import errors
from featurecols._core import html
from featurecols._core.arrays import Array, Ids
from featurecols._core.expressions import InexpressibleError, RawField
from featurecols._core.numbers import Numbers
from featurecols._core.spec import Converted, Spec, frozen, public_dir
from featurecols.analyzers.base import Analyzer
from featurecols.columns._embedding_tables import Tables
from featurecols.columns.bound import Bound
from featurecols.data.batch import CONVERTED, Batch
from featurecols.data.field_types import TYPE_NAMES, FieldType, TypeName
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.cleaning import Cleaning
from featurecols.data.fields.spelled import other_value
from featurecols.data.missing import Markers

Learned = Mapping[str, Array]
MissingMarker = str | bytes | int | float | np.generic
_LONGEST = 10_000  # characters of a name: names of crosses are made of names


class LearnedSlots(dict[str, Learned]):
    """What one column learned, by slot, and the embedding tables and the types of fields of its plan."""

    __slots__ = ("tables", "types")

    def __init__(
        self,
        learned: Mapping[str, Learned] | None = None,
        tables: Tables | None = None,
        types: Mapping[str, FieldType] | None = None,
    ) -> None:
        if learned:
            self.update(learned)
        self.tables = Tables() if tables is None else tables
        self.types = {} if types is None else types


@frozen
class Field(Spec):
    """A raw input. A plain string where a column reads a field is shorthand for Field(string).

    Args:
        key: name of the field in the data.
        missing: values that mean "missing" beside null, None and NaN; compared by canonical value (-999 is -999.0).
        type: what its values are: "boolean", "integer", "float", "decimal", "text", "bytes", "timestamp", "date", "time" or
            "duration". None: what the data says, where `fit` sees it. All Fields of one key share one type.
        list: whether it holds a list in every row, so that a missing one is an empty list. None: what the data says.
        strip: whether spaces, tabs and line breaks at both ends of a text are removed before anything reads it.
        lowercase: whether texts are lower-cased, as `str.lower` does.
        invalid: "missing" for a field of numbers that may come as text: each text is the number that it spells, blanks around
            it left out, and missing where it spells none. "error" leaves texts to the columns that read them.

    A value is missing if it equals a marker as it stands in the data, or once it was trimmed, lower-cased, read as a number.

    >>> Field("age", missing=("?", -999))
    Field('age', missing=('?', -999))
    >>> Field("tags", type="text", list=True)
    Field('tags', type='text', list=True)
    >>> import featurecols as fc
    >>> size = fc.Numeric(fc.Field("size", invalid="missing"), default=0)
    >>> fc.compile([size]).transform({"size": ["12", " 7.5", "12 m", None]}).tolist()
    [[12.0], [7.5], [0.0], [0.0]]
    """

    categorical: ClassVar[bool] = False
    numeric: ClassVar[bool] = False
    weight_field: ClassVar[Field | None] = None
    json_names: ClassVar[Mapping[str, str]] = {"type": "value_type"}  # "type" is the kind of every value there

    key: str
    missing: Converted[MissingMarker | Iterable[MissingMarker], tuple[MissingMarker, ...]] = ()  # type: ignore[assignment]
    type: TypeName | None = field(default=None, kw_only=True)
    list: bool | None = field(default=None, kw_only=True)
    strip: bool = field(default=False, kw_only=True)
    lowercase: bool = field(default=False, kw_only=True)
    invalid: Literal["error", "missing"] = field(default="error", kw_only=True)

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
        if self.type is not None and self.type not in TYPE_NAMES:
            what = "type must be one of " + ", ".join(TYPE_NAMES)
            raise errors.argument(f"Field {self.key}", what, self.type, "leave it out to take it from the data")
        if self.type is not None and (other := other_value(self.missing, self.type)):
            what = f"a missing marker is text, and the field is of type {self.type}"
            raise errors.argument(f"Field {self.key}", what, other[0], f"declare it as the value: missing={other[1]!r}")
        if self.list is not None and not isinstance(self.list, bool):
            raise errors.argument(f"Field {self.key}", "list must be True or False", self.list, "True for lists of values")
        for name, value in (("strip", self.strip), ("lowercase", self.lowercase)):
            if type(value) is not bool:
                what, hint = f"{name} must be True or False", "leave it out for the default"
                raise errors.argument(f"{type(self).__name__} {self.key}", what, value, hint)
        if self.invalid not in ("error", "missing"):
            what = 'invalid must be "error" or "missing"'
            raise errors.argument(f"Field {self.key}", what, self.invalid, "leave it out to refuse text that is not a number")
        if self.invalid == "missing" and self.type not in (None, "integer", "float", "decimal", "text"):
            what = f'invalid="missing" is for numbers, and the field is of type {self.type}'
            raise errors.argument(f"Field {self.key}", what, self.invalid, "leave it out, or leave out type")

    @property
    def declared_type(self) -> FieldType:
        """What is declared of its values."""
        return FieldType(self.type, int(bool(self.list)))

    def __dir__(self) -> builtins.list[str]:
        return public_dir(self, Field)

    @property
    def name(self) -> str:
        """The key of the field, of which names of columns are made."""
        return self.key

    def whole(self) -> Field:
        """Return the field whose values tell rows apart best: itself, without what takes texts to pieces or cuts them."""
        if type(self) is Field:
            return self
        return Field(self.key, self.missing, type=self.type, list=self.list)

    def inputs(self) -> tuple[Field | Column, ...]:
        """Return nothing: a field reads no other node."""
        return ()

    @property
    def prepares(self) -> str:
        """What `prepare` makes of the values in the data, as a reason; "" where they stay as they are."""
        if self.invalid == "missing":
            return "it reads numbers out of text"
        return "it trims or lower-cases text" if self.strip or self.lowercase else ""

    def read(self, batch: Batch, of: FieldType | None) -> FieldView:
        """Return what columns read of a batch; of: the type of the field, where it is known."""
        if not self.prepares:
            return batch.field(self.key, self.missing, of)
        lists = FieldType(None, of.list_depth) if of is not None and of.list_depth else None
        view = self.prepare(batch.field(self.key, self.missing, lists))
        if of is None or of.type not in CONVERTED or not view.textual or not self.spells_values():
            return view
        return view.as_type(of.type)

    def prepare(self, view: FieldView) -> FieldView:
        """Return what columns read, of the values in the data."""
        return view.clean(self._cleaning())

    def row_preparer(self) -> Callable[[object], object] | None:
        """Return the function that does the same to one value, None where there is nothing to do."""
        return self._cleaning().value if self.prepares else None

    def spells_values(self) -> bool:
        """Return whether what `prepare` gives is text that may spell values, in a field of a type."""
        return self.invalid == "error"

    def expression(self) -> RawField:
        """Return what columns read of it, for systems that run them without this package; raises InexpressibleError."""
        if self.prepares:
            raise InexpressibleError(self.prepares)
        markers = Markers.of(self.missing)
        return RawField(self.key, markers.texts, (*markers.integers, *markers.floats))

    def _cleaning(self) -> Cleaning:
        return Cleaning(self.strip, self.lowercase, self.invalid == "missing", Markers.of(self.missing))

    def num_passes(self) -> int:
        """Return 0: a field learns nothing."""
        return 0

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        """Return nothing: a field learns nothing."""
        return {}

    def term_fields(self) -> builtins.list[str]:
        """Return its key: a value of a field is one word."""
        return [self.key]

    def _short_json(self) -> str | None:
        """Return the key of a field of which nothing else is declared."""
        return self.key if self._is_plain() else None

    def source_text(self) -> str:
        return repr(self.key) if self._is_plain() else repr(self)

    def _is_plain(self) -> bool:
        """Whether the key alone says all of it."""
        return not (self.missing or self.type is not None or self.list is not None or self.prepares)


@frozen
class Column(Spec):
    """Base of all columns: the fields of a subclass are what is declared.

    `reads` names the fields of the dataclass that are inputs (a Field, a Column, or a tuple of them; a string there
    is shorthand for a Field). `name` is derived from the inputs, as TensorFlow does, unless it is given.
    """

    abstract: ClassVar[bool] = True
    categorical: ClassVar[bool] = False  # gives ids, which another column must turn into features
    numeric: ClassVar[bool] = False  # gives numbers in full precision that other columns may read
    embeds: ClassVar[bool] = False  # dense, and an Embedding may read it: it says which rows of a table to add up
    counts: ClassVar[bool] = False  # its ids count something: the next is one more, and all lie below num_buckets
    weighs: ClassVar[bool] = False  # its ids have weights
    reads: ClassVar[tuple[str, ...]] = ("source",)
    needs: ClassVar[Literal["category", "number", "time", "presence"]] = "category"  # how it reads raw fields

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

    def __dir__(self) -> list[str]:
        return public_dir(self, Column)

    def _repr_html_(self) -> str:
        """Return a table of what is declared, for notebooks; arguments at their defaults are left out."""
        return html.table(f"{type(self).__name__} {self.name}", [("argument", "value"), *self._given_arguments()], [True, True])

    def inputs(self) -> tuple[Field | Column, ...]:
        """Return what this column reads, in the order in which bind, ids, values, write and row take it."""
        found: list[Field | Column] = []
        for attribute in self.reads:
            value = getattr(self, attribute)
            found.extend(value if isinstance(value, tuple) else (value,))
        return tuple(found)

    @property
    def undecided(self) -> bool:
        """Whether an argument is left to the columns of the same plan, which `decide` gives."""
        return False

    def decide(self, fields: tuple[Field, ...]) -> Column:
        """Return an undecided column with all its arguments; itself where they cannot be found.

        Args:
            fields: those that the columns of the plan read, one of each key in the order of the keys, without labels.
        """
        return self

    def check_training(self) -> None:
        """Raise ColumnError where there are no training rows of the column, and so nothing that others may learn from it."""

    @property
    def label_field(self) -> Field | None:
        """The field that it learns to predict, None without one."""
        return None

    def training_inputs(self) -> tuple[Field | Column, ...]:
        """Return what it reads while learning, and in the training rows: inputs() first, then fields such as a label."""
        return self.inputs()

    def learning_values(self, *values: FieldView | Ids | Numbers) -> object:
        """Return what its analyzers read, of the values of training_inputs(); asked where these are more than inputs()."""
        raise TypeError(f"{type(self).__name__} learns from what it reads")

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

    def with_default_normalizer(self) -> Column:
        """Return the column as a model reads it whose numbers have no scale yet; itself where it has one, or gives ids."""
        return self

    @property
    def steps(self) -> bool:
        """Whether a Sequence may read it for each element of a list: it is dense."""
        return not self.categorical

    def wants_buckets(self) -> bool:
        """Return whether networks profit from the interval that a number falls into beside it: it has no scale yet."""
        return False


def field_keys(column: Column) -> tuple[str, ...]:
    """Return the keys of the raw fields behind a column, in order, each once."""
    found: dict[str, None] = {}
    for source in column.inputs():
        for key in field_keys(source) if isinstance(source, Column) else (source.key,):
            found[key] = None
    return tuple(found)


def as_columns(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Return declared columns as a tuple; raises ColumnError for anything else, and where two have one name."""
    if hasattr(columns, "__arrow_c_stream__") or hasattr(columns, "__dataframe__"):
        hint = "columns come first: fc.fit(columns, data)"
        raise errors.argument("columns", "must be a list of columns", type(columns).__name__, hint)
    if hasattr(columns, "columns"):
        hint = "it is learned already; fc.fit(plan.columns, data) learns again"
        raise errors.argument("columns", "must be a list of columns", type(columns).__name__, hint)
    if isinstance(columns, Mapping):
        hint = "a column has its name itself: give list(columns.values())"
        raise errors.argument("columns", "must be a list of columns", type(columns).__name__, hint)
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
