"""How the text of CSV files is written: separator, header, encoding, and what else differs between programs."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, fields

from featurecols import errors

_SUBJECT = "csv"
_READ = "read it with pandas.read_csv and give the DataFrame"


@dataclass(frozen=True)
class CsvOptions:
    """Options of fc.csv, checked.

    Attributes:
        separator: one character; None for a tab in .tsv files and a comma in others.
        header: whether the first row holds the names of the fields.
        names: of the fields, in place of those of the header; None for these, or f0, f1, ... without a header.
        encoding: as Python calls it.
        nulls: texts that are missing values, besides the empty one.
        decimal: the decimal mark of numbers.
        quote: what stands around values; None where quotes are characters like others.
        comment: what lines begin with that are left out.
        skip_rows: lines to leave out before all others.
    """

    separator: str | None = None
    header: bool = True
    names: tuple[str, ...] | None = None
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ()
    decimal: str = "."
    quote: str | None = '"'
    comment: str | None = None
    skip_rows: int = 0

    @property
    def identity(self) -> dict[str, object]:
        """The options that are not the defaults: what says how the same bytes are read in another way."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) != f.default}


def parse_options(
    separator: str | None = None,
    header: object = "infer",
    names: Sequence[str] | None = None,
    encoding: str = "utf-8",
    nulls: str | Sequence[str] = (),
    decimal: str = ".",
    quote: str | None = '"',
    comment: str | None = None,
    skip_rows: int = 0,
) -> CsvOptions:
    """Return the arguments of fc.csv as options. Raises ArgumentError for what no CSV file can be read with.

    >>> parse_options(";", None, ["a", "b"], "latin1").identity
    {'separator': ';', 'header': False, 'names': ('a', 'b'), 'encoding': 'iso8859-1'}
    """
    _check_separator(separator)
    quote = quote or None
    for name, value in (("decimal", decimal), ("quote", quote)):
        if not (_is_mark(value) or (name == "quote" and value is None)):
            raise errors.argument(_SUBJECT, f"{name} must be one ASCII character", value, f'give {name}="{_EXAMPLE[name]}"')
    if comment is not None and (not isinstance(comment, str) or not comment or not comment.isascii() or "\n" in comment):
        raise errors.argument(_SUBJECT, "comment must be what lines begin with", comment, 'give comment="#"')
    if type(skip_rows) is not int or skip_rows < 0:
        raise errors.argument(_SUBJECT, "skip_rows must be a number of lines", skip_rows, "give skip_rows=3")
    if decimal.isalnum() or decimal in "+-":
        raise errors.argument(_SUBJECT, "decimal must be a mark that no number has otherwise", decimal, 'give decimal=","')
    mark = separator or ","
    if comment is not None and comment[0] in (mark, quote):
        what = "comment begins with the separator or the quote, as rows do"
        raise errors.argument(_SUBJECT, what, comment, 'give comment="#"')
    if decimal == separator or (decimal == "," and separator is None):
        hint = 'give separator=";"' if decimal == "," else "give another separator"
        raise errors.argument(_SUBJECT, "decimal and separator are one character", decimal, hint)
    if quote is not None and quote in (mark, decimal):
        raise errors.argument(_SUBJECT, "quote is the separator or the decimal mark", quote, "give another")
    found = None if names is None else _parse_names(names)
    return CsvOptions(
        separator,
        _parse_header(header, found),
        found,
        _parse_encoding(encoding),
        _parse_nulls(nulls),
        decimal,
        quote,
        comment,
        skip_rows,
    )


_EXAMPLE = {"decimal": ",", "quote": "'"}


def _is_mark(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1 and value.isascii() and value not in "\r\n\0"


def _check_separator(separator: object) -> None:
    if separator is not None and not _is_mark(separator):
        hint = f'give separator=";", "\\t" or another; for text that several characters separate, {_READ}'
        raise errors.argument(_SUBJECT, "separator must be one ASCII character", separator, hint)


def _parse_header(header: object, names: tuple[str, ...] | None) -> bool:
    if header is None or header is False:
        return False
    if header is True or (type(header) is int and header == 0):
        return True
    if not isinstance(header, str) or header != "infer":
        hint = "give header=0 where the first row holds them, or None; skip_rows= leaves lines out before it"
        raise errors.argument(_SUBJECT, "header says whether the first row holds the names", header, hint)
    if names is not None:
        hint = "give header=None (--no-header) for a file without a header, header=0 (--header) to replace its names"
        raise errors.argument(_SUBJECT, "names need to know whether there is a header", None, hint)
    return True


def _parse_names(names: object) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Sequence) or not names:
        raise errors.argument(_SUBJECT, "names must be a list of names", names, 'give names=["age", "city"]')
    for name in names:
        if not isinstance(name, str) or not name:
            raise errors.argument(_SUBJECT, "a name must be text", name, 'give names=["age", "city"]')
        if names.count(name) > 1:
            raise errors.argument(_SUBJECT, "two fields have one name", name, "give each a name of its own")
    return tuple(names)


def _parse_encoding(encoding: object) -> str:
    try:
        if not isinstance(encoding, str):
            raise LookupError
        b"x".decode(encoding, "replace")
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError, TypeError):
        hint = 'give one that Python knows, such as "utf-8", "latin-1", "cp1252" or "utf-16"'
        raise errors.argument(_SUBJECT, "unknown encoding", encoding, hint) from None
    return "utf-8" if name in ("utf-8-sig", "ascii") else name


def _parse_nulls(nulls: object) -> tuple[str, ...]:
    given = (nulls,) if isinstance(nulls, str) else nulls
    if not isinstance(given, Sequence) or not all(isinstance(text, str) for text in given):
        raise errors.argument(_SUBJECT, "nulls must be texts", nulls, 'give nulls=("NA", "?"), as they stand in the file')
    return tuple(sorted(set(given) - {""}))
