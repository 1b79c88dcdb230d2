"""Split and Words: fields of text that columns read as lists of tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import field
from functools import partial

from featurecols import errors
from featurecols._core.spec import Converted, frozen
from featurecols.columns.base import Field, MissingMarker
from featurecols.data.fields import tokens
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.cleaning import SPACES

_WORD = re.compile(r"\w+")


@frozen
class Split(Field):
    """A field of text such as "Drama|Crime", read as the list of what stands between separators.

    It stands where a field of lists may stand: in Vocabulary, Hashed, Crossed and Weighted. Empty tokens are left out, and a
    missing text is an empty list.

    Args:
        key: name of the field in the data; missing and type as in Field.
        separator: the text between tokens.
        strip: whether spaces, tabs and line breaks around a token are removed.
        lowercase: whether tokens are lower-cased, as `str.lower` does.
        max_tokens: so many tokens of a row are kept, the first ones; None for all.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not text.

    >>> import featurecols as fc
    >>> genres = fc.Vocabulary(fc.Split("genres", "|"), ["Crime", "Drama"])
    >>> fc.compile([fc.Indicator(genres)]).transform({"genres": ["Drama | Crime", "Drama", None]}).tolist()
    [[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
    """

    missing: Converted[MissingMarker | Iterable[MissingMarker], tuple[MissingMarker, ...]] = field(default=(), kw_only=True)  # type: ignore[arg-type]
    separator: str = "|"
    strip: bool = field(default=True, kw_only=True)
    lowercase: bool = field(default=False, kw_only=True)
    max_tokens: int | None = field(default=None, kw_only=True)

    def check(self) -> None:
        super().check()
        subject = f"Split {self.key}"
        if not isinstance(self.separator, str) or not self.separator:
            raise errors.argument(subject, "separator must be a non-empty string", self.separator, '"|" is the default')
        _check_max_tokens(subject, self.max_tokens)
        _check_text(subject, self)

    @property
    def prepares(self) -> str:
        return "it splits text"

    def spells_values(self) -> bool:
        return False

    def prepare(self, view: FieldView) -> FieldView:
        cut = tokens.cut_at(self.separator, self.strip, self.lowercase)
        return tokens.take_apart(view, self.row_preparer(), cut, self.max_tokens)

    def row_preparer(self) -> Callable[[object], list[str]]:
        return partial(_split, self.key, self.separator, SPACES if self.strip else "", self.lowercase, self.max_tokens)


@frozen
class Words(Field):
    r"""A field of text, read as the list of its words: what `\w+` matches, lower-cased.

    It stands where a field of lists may stand: in Vocabulary, Hashed, Crossed and Weighted. A missing text is an empty list.

    Args:
        key: name of the field in the data; missing and type as in Field.
        max_tokens: so many words of a row are kept, the first ones; None for all.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for a value that is not text.

    >>> import featurecols as fc
    >>> plan = fc.fit([fc.Indicator(fc.Vocabulary(fc.Words("title"), fc.TopTerms(3)))], {"title": ["Rome, by Rail", "By bus"]})
    >>> plan.feature_names
    ('title_indicator=by', 'title_indicator=bus', 'title_indicator=rail')
    """

    missing: Converted[MissingMarker | Iterable[MissingMarker], tuple[MissingMarker, ...]] = field(default=(), kw_only=True)  # type: ignore[arg-type]
    max_tokens: int | None = field(default=None, kw_only=True)

    def check(self) -> None:
        super().check()
        subject = f"Words {self.key}"
        for name in ("strip", "lowercase"):
            if getattr(self, name):
                hint = "leave it out: words are lower-cased, and hold no blanks"
                raise errors.argument(subject, f"{name} changes nothing", True, hint)
        _check_max_tokens(subject, self.max_tokens)
        _check_text(subject, self)

    @property
    def prepares(self) -> str:
        return "it splits text"

    def spells_values(self) -> bool:
        return False

    def prepare(self, view: FieldView) -> FieldView:
        return tokens.take_apart(view, self.row_preparer(), tokens.cut_words, self.max_tokens)

    def row_preparer(self) -> Callable[[object], list[str]]:
        return partial(_words, self.key, self.max_tokens)


def _split(key: str, separator: str, spaces: str, lowercase: bool, max_tokens: int | None, value: object) -> list[str]:
    """Return the tokens of one value."""
    text = tokens.text_of(key, value)
    if text is None:
        return []
    found = text.split(separator)
    if lowercase:
        found = [token.lower() for token in found]
    if spaces:
        found = [token.strip(spaces) for token in found]
    return [token for token in found if token][:max_tokens]


def _words(key: str, max_tokens: int | None, value: object) -> list[str]:
    """Return the words of one value."""
    text = tokens.text_of(key, value)
    return [] if text is None else _WORD.findall(text.lower())[:max_tokens]


def _check_max_tokens(subject: str, value: object) -> None:
    """Raise ColumnError unless max_tokens is a number of tokens or None."""
    if value is not None and (type(value) is not int or not 1 <= value < 2**31):
        what, hint = "max_tokens must be a positive integer below 2^31", "leave it out to keep all tokens"
        raise errors.argument(subject, what, value, hint)


def _check_text(subject: str, of: Field) -> None:
    """Raise ColumnError where a field is declared to hold anything but one text a row."""
    if of.type not in (None, "text") or of.list:
        got = of.list if of.list else of.type
        raise errors.argument(subject, "it reads one text a row", got, "leave out type and list")
    if of.invalid != "error":
        raise errors.argument(subject, "it reads text, and invalid is for numbers", of.invalid, "leave it out")
