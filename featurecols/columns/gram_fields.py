"""NGrams and Prefix: fields of text that columns read as n-grams, and as the beginnings of texts."""

from __future__ import annotations

import builtins
import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from featurecols import errors
from featurecols._core.expressions import RawField
from featurecols._core.spec import Converted, frozen
from featurecols.columns.base import Field, MissingMarker
from featurecols.data.batch import Batch
from featurecols.data.field_types import FieldType, TypeName
from featurecols.data.fields import grams
from featurecols.data.fields.base import FieldView

_LONGEST = 1000  # tokens or characters of an n-gram


def _of_source(name: str) -> property:
    """Return a property: what the source declares."""
    return property(lambda self: getattr(self.source, name), doc=f"`{name}` of the source.")


@frozen
class NGrams(Field):
    """The n-grams of a list of tokens, or of the characters of a text, read as a list.

    It stands where a field of lists may stand: in Vocabulary, Hashed, Crossed and Weighted. Tokens that stand one after another
    are joined by one space, shortest n-grams first. A missing text and a list of fewer tokens than n give no n-grams.

    Args:
        source: Words, Split, or a field of lists of texts; with characters=True a field of texts too. Missing elements are left
            out, and integers are their digits.
        n: how many tokens an n-gram has: (shortest, longest), or one number.
        characters: whether n-grams are made of the characters (Unicode code points) of each text, spaces among them, and not of
            tokens.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not a list of texts.

    >>> import featurecols as fc
    >>> pairs = fc.Vocabulary(fc.NGrams(fc.Words("title"), (1, 2)), fc.TopTerms(4))
    >>> fc.fit([fc.Indicator(pairs)], {"title": ["Rome by rail", "by rail"]}).feature_names
    ('title_indicator=by', 'title_indicator=by rail', 'title_indicator=rail', 'title_indicator=rome')
    """

    # What a field declares is what the source declares: `_OF_SOURCE`.
    key: ClassVar[str]  # type: ignore[misc]
    missing: ClassVar[tuple[MissingMarker, ...]]  # type: ignore[misc]
    type: ClassVar[TypeName | None]  # type: ignore[misc]
    list: ClassVar[bool | None]  # type: ignore[misc]
    strip: ClassVar[bool]  # type: ignore[misc]
    lowercase: ClassVar[bool]  # type: ignore[misc]
    invalid: ClassVar[str]  # type: ignore[misc]

    source: Converted[str | Field, Field]  # type: ignore[misc]  # it takes the place of those with defaults
    n: Converted[int | tuple[int, int], tuple[int, int]] = (1, 3)  # type: ignore[assignment]
    characters: bool = False

    if TYPE_CHECKING:  # type checkers would put the arguments of Field first

        def __init__(
            self, source: str | Field, n: int | builtins.tuple[int, int] = (1, 3), characters: bool = False
        ) -> None: ...

    def __post_init__(self) -> None:
        if isinstance(self.source, str):
            object.__setattr__(self, "source", Field(self.source))
        super().__post_init__()

    def check(self) -> None:
        if not isinstance(self.source, Field) or isinstance(self.source, NGrams):
            hint = 'give Words("title"), or Split("tags", "|")'
            raise errors.argument("NGrams", "source must be a field of tokens or of text", self.source, hint)
        object.__setattr__(self, "n", _sizes(f"NGrams {self.source.key}", self.n))
        _check_texts(f"NGrams {self.source.key}", self, (None, "text"))
        if type(self.characters) is not bool:
            what, hint = "characters must be True or False", "leave it out for tokens"
            raise errors.argument(f"NGrams {self.source.key}", what, self.characters, hint)

    @property
    def prepares(self) -> str:
        return "it makes n-grams"

    def spells_values(self) -> bool:
        return False

    def read(self, batch: Batch, of: FieldType | None) -> FieldView:
        lists = FieldType(None, of.list_depth) if of is not None and of.list_depth else None
        view = self.source.read(batch, lists)
        return (grams.character_grams if self.characters else grams.token_grams)(view, self._row, *self.n)

    def row_preparer(self) -> Callable[[object], object]:
        prepare = self.source.row_preparer()
        return self._row if prepare is None else partial(_both, prepare, self._row)

    def _row(self, value: object) -> builtins.list[str]:
        low, high = self.n
        if self.characters:
            return grams.character_grams_of(grams.texts_of(self.source.key, value), low, high)
        return grams.grams_of(grams.tokens_of(self.source.key, value), low, high)


_OF_SOURCE = ("key", "missing", "type", "list", "strip", "lowercase", "invalid")
for _name in _OF_SOURCE:
    setattr(NGrams, _name, _of_source(_name))


@frozen
class Prefix(Field):
    """The first n characters of a text or a code, read as a text: "75" of the postal code "75011".

    It stands where a field may stand, in columns of categories. A shorter text stays whole; an integer is its digits, and the
    elements of a list are cut one by one.

    Args:
        key: name of the field in the data; missing, type, list, strip and lowercase as in Field: what is cut is the text that
            was trimmed and lower-cased.
        n: how many characters (Unicode code points).

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is neither text nor an integer.

    >>> import featurecols as fc
    >>> area = fc.Vocabulary(fc.Prefix("zip", 2), ["20", "75"])
    >>> fc.compile([area]).encode({"zip": ["75011", "20095", "7", None]}).ids["zip"].values
    array([ 1,  0, -1, -1], dtype=int32)
    """

    missing: Converted[MissingMarker | Iterable[MissingMarker], tuple[MissingMarker, ...]] = field(default=(), kw_only=True)  # type: ignore[arg-type]
    n: int

    def check(self) -> None:
        super().check()
        _check_length(f"Prefix {self.key}", self.n)
        _check_texts(f"Prefix {self.key}", self, (None, "text", "integer"))

    @property
    def prepares(self) -> str:
        return "it cuts text"

    def spells_values(self) -> bool:
        return False

    def prepare(self, view: FieldView) -> FieldView:
        changed = view.clean(self._cleaning()) if self.strip or self.lowercase else view
        return grams.prefixes(changed, self._cut, self.n)

    def row_preparer(self) -> Callable[[object], object]:
        return partial(_both, self._cleaning().value, self._cut)

    def expression(self) -> RawField:
        return dataclasses.replace(
            Field(self.key, self.missing, strip=self.strip, lowercase=self.lowercase).expression(), characters=self.n
        )

    def _cut(self, value: object) -> object:
        if isinstance(value, list):
            return [self._cut(element) for element in value]
        return None if value is None else grams.as_text(self.key, value)[: self.n]


def _both(first: Callable[[object], object], second: Callable[[object], object], value: object) -> object:
    return second(first(value))


def _sizes(subject: str, n: object) -> tuple[int, int]:
    """Return how many tokens n-grams have; raise ColumnError for an n that does not say it."""
    found = (n, n) if type(n) is int else n
    if isinstance(found, tuple) and len(found) == 2 and all(type(size) is int for size in found):
        low, high = found
        if 1 <= low <= high <= _LONGEST:
            return low, high
    what = f"n must be two numbers from 1 to {_LONGEST}, the lesser first"
    raise errors.argument(subject, what, n, "(1, 2) gives single tokens and pairs")


def _check_length(subject: str, n: object) -> None:
    """Raise ColumnError unless n is a number of characters."""
    if type(n) is not int or not 1 <= n < 2**31:
        raise errors.argument(subject, "n must be a positive number of characters", n, "2 keeps the first two")


def _check_texts(subject: str, of: Field, types: tuple[TypeName | None, ...]) -> None:
    """Raise ColumnError where a field is declared to hold values of other types, or numbers in text."""
    if of.type not in types:
        raise errors.argument(subject, "it reads text", of.type, "leave out type")
    if of.invalid != "error":
        raise errors.argument(subject, "it reads text, and invalid is for numbers", of.invalid, "leave it out")
