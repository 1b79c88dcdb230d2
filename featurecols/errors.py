"""Every error of the package: one base class, one class for each remedy, and the functions that build messages.

A message reads "subject: problem, got value; hint". Values are shown bounded and escaped, so that a message
never carries ten kilobytes of data or a control character into a log.
"""

from __future__ import annotations

import difflib
import re
import sys
import warnings
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

__all__ = [
    "ArgumentError",
    "ColumnError",
    "CoverageWarning",
    "DataError",
    "FeatureColumnsError",
    "MissingDataError",
    "MissingPlanError",
    "MissingSpecError",
    "OutputError",
    "PlanError",
    "SavedPlanError",
    "SizeError",
]


def __dir__() -> list[str]:
    return sorted(__all__)


class FeatureColumnsError(Exception):
    """Base of all errors that featurecols raises on purpose."""


class ColumnError(FeatureColumnsError, ValueError):
    """A declaration is wrong: change the column."""


class ArgumentError(FeatureColumnsError, TypeError):
    """A call has an argument that does not exist, or lacks one that must be given: change the call."""


class PlanError(FeatureColumnsError, ValueError):
    """The plan cannot do what was asked: something is not learned, not wrapped, or asked of the wrong kind."""


class SavedPlanError(FeatureColumnsError, ValueError):
    """A file is not a plan, is damaged, or comes from an incompatible version."""


class OutputError(FeatureColumnsError, OSError):
    """A target cannot be written: it exists, is being written, or the disk refuses."""


class SizeError(FeatureColumnsError, MemoryError):
    """A dense result would not fit into memory."""


class CoverageWarning(UserWarning):
    """Every value of a field is unseen: the data spells them in another way than the data that was learned from."""


class DataError(FeatureColumnsError, ValueError):
    """The data does not fit the declaration: change the data, or declare what to do about it.

    Attributes:
        subject: name of the column that met the value (or of the field, where no column was involved).
        field: key of the raw field, or None.
        row: number of the first bad row, counted from the start of the data that was passed in, or None.
    """

    def __init__(
        self, subject: str, problem: str, *, field: str | None = None, row: int | None = None, got: str | None = None, hint: str
    ) -> None:
        self.subject, self.problem, self.field, self.row, self.got, self.hint = subject, problem, field, row, got, hint
        super().__init__(subject, problem)

    def __str__(self) -> str:
        where = "" if self.field is None else f" in field {show(self.field)}"
        where += "" if self.row is None else f" at row {self.row}"
        got = "" if self.got is None else f", got {self.got}"
        return f"{self.subject}: {self.problem}{where}{got}; {self.hint}"

    def __reduce__(self) -> tuple[Any, ...]:  # errors are sent between processes
        return _data_error, (type(self), self.subject, self.problem, self.field, self.row, self.got, self.hint)

    def shifted(self, rows: int) -> DataError:
        """Return the same error with its row counted from `rows` rows earlier: from the start of the data, not of a block."""
        row = None if self.row is None else self.row + rows
        return type(self)(self.subject, self.problem, field=self.field, row=row, got=self.got, hint=self.hint)

    def seen_by(self, subject: str) -> DataError:
        """Return the same error with the column that read the field as its subject, where the subject was the field."""
        named = subject if self.subject == self.field else self.subject
        return type(self)(named, self.problem, field=self.field, row=self.row, got=self.got, hint=self.hint)


class MissingDataError(DataError, FileNotFoundError):
    """A path that data were to be read from is not there."""


class MissingSpecError(ColumnError, FileNotFoundError):
    """The file of a spec is not there."""


class MissingPlanError(SavedPlanError, FileNotFoundError):
    """The folder of a saved plan, or a file in it, is not there."""


def warn(warning: Warning | str) -> None:
    """Tell the caller of the package's function about something that is not an error, at the line of the call."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("featurecols."):
        frame, level = frame.f_back, level + 1
    warnings.warn(warning, stacklevel=level)


def _data_error(
    kind: type[DataError], subject: str, problem: str, field: str | None, row: int | None, got: str | None, hint: str
) -> DataError:
    return kind(subject, problem, field=field, row=row, got=got, hint=hint)


def show(value: object, limit: int = 80) -> str:
    """Return `repr` of a value in at most `limit` characters (a path whole), with escapes for what a terminal would act on."""
    if isinstance(value, PurePath):
        return printable(repr(str(value)))  # whole: its end is the name of the file
    if isinstance(value, (str, bytes)) and len(value) > limit:
        head = repr(value[:limit])
        return f"{printable(head)[:limit]}... ({len(value)} {'characters' if isinstance(value, str) else 'bytes'})"
    try:
        text = printable(repr(value))
    except Exception:  # such as an integer past Python's limit of digits: the error itself matters more
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def printable(text: str) -> str:
    """Return a text with escapes for what a terminal would act on, or could not show."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def argument(subject: str, problem: str, got: object, hint: str) -> ColumnError:
    """Return the error of a constructor argument that can never work."""
    return ColumnError(f"{subject}: {problem}, got {show(got)}; {hint}")


def unknown_type(where: str, name: object, known: Iterable[str]) -> ColumnError:
    """Return the error of a spec that names an unknown type; the hint has the nearest name."""
    names = sorted(known)
    lower = {n.lower(): n for n in names}
    near = [] if "." in str(name) else difflib.get_close_matches(str(name).lower(), lower, n=1, cutoff=0.7)
    hint = f"did you mean {lower[near[0]]!r}?" if near else f"known are {', '.join(names)}"
    return argument(where, "unknown type", name, hint)


def missing_field(key: str, present: Iterable[str], where: str = "the data") -> DataError:
    """Return the error of data without a field that the plan reads; the hint has the nearest names."""
    names = list(dict.fromkeys(present))
    near = difflib.get_close_matches(key, names, n=3, cutoff=0.6)
    lower = {name.lower(): name for name in names}
    if not near and key.lower() in lower:
        near = [lower[key.lower()]]
    listed = ", ".join(show(n, 40) for n in (near or names[:12]))
    more = "" if near or len(names) <= 12 else f" and {len(names) - 12} more"
    hint = f"did you mean {listed}?" if near else f"the data has {listed or 'no fields'}{more}"
    if _TIME.match(key):
        hint += f"; a fixed time is written Timestamp({show(key)})"
    if key in names:
        hint = "a name looks like it and is not text: rename the columns, frame.columns = frame.columns.astype(str)"
    elif (mark := _mark_in(key, names)) is not None:
        way = f"fc.csv(path, separator={show(mark)}) (--separator {show(mark)})"
        hint = f"{'the only' if len(names) == 1 else 'a'} name has {show(mark)} in it: read the file with {way}"
    return DataError(key, f"field is not in {where}", hint=hint)


_TIME = re.compile(r"\d{4}-\d\d-\d\d")  # what a name of a field seldom begins with


def _mark_in(key: str, names: list[str]) -> str | None:
    """Return the mark of a CSV file that separates a key from others in a name; None where there is none."""
    marks = ";\t|: " if len(names) == 1 else ";\t|"  # people name fields of several words
    return next((mark for mark in marks for name in names if mark in name and key in name.split(mark)), None)


def missing_in_row(key: str, present: Iterable[str]) -> DataError:
    """Return the error of a row without a field that the plan reads."""
    error = missing_field(key, present)
    given = f"{key}=None" if key.isidentifier() else f"{show(key)}: None"
    return DataError(key, error.problem, hint=f"{error.hint}; give {given} where it is missing".replace("?;", "? Otherwise"))


def all_unseen(column: str, field: str, rows: int, got: object) -> CoverageWarning:
    """Return the warning about a field of which no row holds a value that the column knows."""
    problem = f"every value is unseen in field {show(field)}, in all of {rows} rows"
    blanks = f": {trim_hint(field)}" if isinstance(got, str) and got.strip(" \t\n\r\x0b\x0c") != got else ""
    return CoverageWarning(f"{column}: {problem}, such as {show(got)}{blanks}; plan.check(data) counts such values")


def field_twice(key: str, where: str = "the data") -> DataError:
    """Return the error of two fields with one name."""
    return DataError(key, f"field is in {where} twice", hint="rename or drop one of them")


def unreadable(path: object, problem: str, cause: object = None) -> DataError:
    """Return the error of a path that cannot be read; `cause` is the error of the reader."""
    got = None if cause is None else printable(" ".join(str(cause).split()))[:200]
    return DataError(str(path), problem, got=got, hint="check the path and what is there")


def missing_data(path: object, problem: str) -> MissingDataError:
    """Return the error of a path that is not there."""
    return MissingDataError(str(path), problem, hint="check the path and what is there")


TEXT = (  # where a number is needed
    "cast it to a number (only the text of CSV files is parsed), read the numbers out of it with "
    'Field(key, invalid="missing"), or read it with Vocabulary or Hashed'
)


def trim_hint(key: str) -> str:
    """Return the way out for text that would be a value without the blanks around it."""
    return f"it has blanks around it, which Field({show(key)}, strip=True) removes"


def not_readable(kind: str, hint: str) -> DataError:
    """Return the error of data that is not a table."""
    return DataError("data", "cannot be read", got=kind, hint=hint)


def encoding_hint(like: str | None) -> str:
    """Return the way out where the text of a CSV file is not UTF-8; `like`: what its encoding looks like."""
    name = like or "latin-1"
    start = "give its encoding, such as" if like is None else f"it looks like {like}: give"
    return f'{start} fc.csv(path, encoding="{name}") (--encoding {name}), or write it as UTF-8'


def not_utf8(path: str, row: int | None, encoding: str = "utf-8", like: str | None = None) -> DataError:
    """Return the error of a CSV file whose text is in another encoding; `row` None: its header, or a row that is not known."""
    hint = encoding_hint(like)
    if encoding != "utf-8":
        return DataError(path, f"text is not {encoding}", hint="give the encoding that it was written in")
    problem = "the header is not UTF-8" if row is None and like is None else "text is not UTF-8"
    return DataError(path, problem, row=row, hint=hint)


def open_quote(path: str, row: int) -> DataError:
    """Return the error of a CSV file whose last value begins with a quote and is not closed."""
    hint = "close it, or double it in a value that has quotes around it: all that follows would be one value"
    return DataError(path, "a quote in the last column is not closed", row=row, hint=hint)


def nested_too_deep(key: str | None = None) -> DataError:
    """Return the error of lists in lists in lists without end."""
    return DataError(key or "data", "lists are nested too deep", field=key, hint="flatten them: columns read lists of lists")


def files_differ(key: str, first: str, type_: object, path: str, other: object) -> DataError:
    """Return the error of a field with another type in another file, text and numbers for example."""
    hint = f"write both as one type: {first} holds {type_}"
    return DataError(key, f"field has another type in {path}", field=key, got=str(other), hint=hint)


def wrong_type(subject: str, field: str, got: object, want: str, hint: str) -> DataError:
    """Return the error of a field whose type the column cannot read."""
    return DataError(subject, f"needs {want}", field=field, got=str(got), hint=hint)


def bad_value(subject: str, field: str | None, row: int | None, problem: str, got: object, hint: str) -> DataError:
    """Return the error of one wrong value; `row` is the first row that has one."""
    return DataError(subject, problem, field=field, row=row, got=show(got), hint=hint)


def not_learned(names: Iterable[str]) -> PlanError:
    """Return the error of compiling columns that have to learn."""
    listed = ", ".join(names)
    return PlanError(f"compile: {listed} must be learned from data; use fc.fit(columns, data), or give the values")


def plan(subject: str, problem: str, got: object, hint: str) -> PlanError:
    """Return the error of a plan that cannot be made or cannot do what was asked."""
    return PlanError(f"{subject}: {problem}, got {show(got)}; {hint}")


DENSE_HINT = (
    "use encode(data) for ids, encode(data).to_csr() for a sparse matrix, an Embedding instead of an Indicator, "
    "or smaller batches"
)


def too_big(problem: str, size: int, have: int, hint: str) -> SizeError:
    """Return the error of a result of `size` bytes where `have` are free."""
    return SizeError(f"{problem}: a dense result needs {size / 2**30:.1f} GiB and {have / 2**30:.1f} GiB are free; {hint}")


SAVE_PLAN_HINT = "save the plan again with plan.save(path) (featurecols fit)"


def saved_plan(path: object, problem: str, hint: str = SAVE_PLAN_HINT, *, missing: bool = False) -> SavedPlanError:
    """Return the error of a saved plan that cannot be read; `missing`: because it is not there."""
    return (MissingPlanError if missing else SavedPlanError)(f"{path}: {problem}; {hint}")


OVERWRITE_HINT = "choose another path, or pass overwrite=True (--overwrite) to replace it"


def output(path: object, problem: str, hint: str) -> OutputError:
    """Return the error of a target that cannot be written."""
    return OutputError(f"{path}: {problem}; {hint}")


def not_a_folder(path: object, what: str) -> OutputError:
    """Return the error of a target that is there and is not a folder, where `what` is saved as one."""
    return output(path, f"is a file, and {what} is saved as a folder", "choose another path")
