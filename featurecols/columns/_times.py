"""What the columns over times share: the kinds of times that they take, in a table and in one row."""

from __future__ import annotations

from collections.abc import Callable

from featurecols import errors
from featurecols._core.times import KINDS, Moment, Times, moment_of
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.times import not_a_time

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
        if isinstance(value, (list, tuple)):
            raise errors.bad_value(subject, key, None, "needs one time a row", "a list", "flatten the field")
        raise not_a_time(key, None, value).seen_by(subject)
    return found
