"""What the columns over times share: the kinds of times that they take, in a table and in one row."""

from __future__ import annotations

from collections.abc import Callable

from featurecols import errors
from featurecols._core.times import KINDS, Moment, Times, moment_of
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.times import MONTHS_HINT, NUMBER_HINT, TEXT_HINT

Hint = Callable[[int], str]


def require_kind(subject: str, view: FieldView, found: Times, allowed: tuple[int, ...], hint: Hint) -> None:
    """Raise DataError at the first time that is not of an allowed kind."""
    at = found.first_other(*allowed)
    if at is not None:
        elements, row = view.to_pylist(), at
        if found.offsets is not None:
            row = int(found.offsets.searchsorted(at, side="right")) - 1
        raise _wrong_kind(subject, view.key, row, found.kind(at), elements[row], allowed, hint)


def of_kind(subject: str, key: str, found: Moment, allowed: tuple[int, ...], hint: Hint, value: object) -> None:
    """Raise DataError where one time is not of an allowed kind."""
    if found.kind not in allowed:
        raise _wrong_kind(subject, key, None, found.kind, value, allowed, hint)


def _wrong_kind(
    subject: str, key: str, row: int | None, kind: int, got: object, allowed: tuple[int, ...], hint: Hint
) -> errors.DataError:
    wanted = " or ".join(KINDS[k] for k in allowed)
    return errors.bad_value(subject, key, row, f"needs {wanted}, and the value is {KINDS[kind]}", got, hint(kind))


def moment(subject: str, key: str, value: object) -> Moment:
    """Return one value of a row as a time; DataError where it is not one."""
    found = moment_of(value)
    if found is None:
        if type(value).__name__ == "MonthDayNano":
            problem, hint = "needs a time", MONTHS_HINT
        elif isinstance(value, str):
            problem, hint = "needs a time, and the text does not write one", TEXT_HINT
        elif isinstance(value, (list, tuple)):
            problem, hint = "needs one time a row", "flatten the field"
        else:
            problem, hint = "needs a time", NUMBER_HINT
        raise errors.bad_value(subject, key, None, problem, value, hint)
    return found
