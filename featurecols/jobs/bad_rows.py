"""Rows that a transform refuses: which they are, exactly, and what the output holds in their place.

The output of a block is computed as if there were no bad rows; only where it raises are they looked for, by computing parts
of the block. The rows that are left are then computed in the places that they have among all rows, each bad one replaced by a
copy of a good one, so that not even a product of matrices depends on which rows were bad.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.data.batch import Batch
from featurecols.jobs.batch_transform import Columns
from featurecols.jobs.reasons import is_bad_row

ON_ERROR = ("fail", "null", "quarantine")
MaxErrors: TypeAlias = "int | float | Sequence[int | float] | None"
T = TypeVar("T")


class BadRow(NamedTuple):
    """One row of a file that a transform refuses, by the first problem that it has.

    Attributes:
        reason: a code of jobs/reasons.py.
        file: its path.
        row: its number in the file, from 0.
        field: the field that holds the value; None where several are at fault.
        value: what the field holds, as Python writes it, in at most about 100 characters; None where nothing is shown.
    """

    reason: str
    file: str
    row: int
    field: str | None
    value: str | None


@dataclass(frozen=True)
class Policy:
    """What a job does about bad rows.

    Attributes:
        on_error: "fail", "null" or "quarantine".
        count: how many of them it takes at most; None for any number.
        share: which part of all rows they may be at most; None for any.
    """

    on_error: str = "fail"
    count: int | None = None
    share: float | None = None

    @staticmethod
    def of(subject: str, on_error: str, max_errors: MaxErrors) -> Policy:
        """Return the policy of these arguments of a job. Raises ColumnError for what they cannot be."""
        if on_error not in ON_ERROR:
            hint = f"choose one of {', '.join(ON_ERROR)}"
            raise errors.argument(subject, "unknown on_error", on_error, hint)
        given = max_errors if isinstance(max_errors, (list, tuple)) else () if max_errors is None else (max_errors,)
        if given and on_error == "fail":
            hint = 'give on_error="null" or "quarantine" too: without, the first bad row is an error'
            raise errors.argument(subject, "max_errors has no effect", max_errors, hint)
        count: int | None = None
        share: float | None = None
        for limit in given:
            if isinstance(limit, (int, np.integer)) and not isinstance(limit, bool) and limit >= 0 and count is None:
                count = int(limit)
            elif isinstance(limit, (float, np.floating)) and 0 <= limit <= 1 and share is None:
                share = float(limit)
            else:
                hint = "give a number of rows such as 100, a share of all rows such as 0.01, or both: (100, 0.01)"
                raise errors.argument(subject, "max_errors must be a count or a share", max_errors, hint)
        return Policy(on_error, count, share)

    def allowed(self, rows: int | None) -> int | None:
        """Return how many of so many rows may be bad; None for any number. Rows None: how many is not known yet."""
        limits = [] if self.count is None else [self.count]
        if self.share is not None and rows is not None:
            limits.append(math.floor(Fraction(repr(self.share)) * rows))
        return min(limits, default=None)

    def describe(self) -> str:
        """Return the limits as messages name them."""
        share = "" if self.share is None else f"{self.share:.6%}".rstrip("%").rstrip("0").rstrip(".") + "% of the rows"
        return " and ".join(text for text in ("" if self.count is None else f"{self.count:,} rows", share) if text)

    def attempt(self, compute: Callable[[Batch], T], block: Batch, limit: int | None) -> Attempt[T]:
        """Return compute(block) as `attempt` does, unless the first bad row is an error."""
        return Attempt(compute(block), {}) if self.on_error == "fail" else attempt(compute, block, limit)

    def kept(self, rows: int, bad: int) -> int:
        """Return how many of so many rows, so many of them bad, the output has."""
        return rows - bad if self.on_error == "quarantine" else rows

    def replace_rows(self, matrix: Array, good: Array) -> Array:
        """Return a matrix without its bad rows, or with NaN there; no rows where none is good."""
        if self.on_error == "quarantine":
            return matrix[good] if len(matrix) else matrix
        found = np.full((len(good), matrix.shape[1]), np.nan, matrix.dtype)
        if len(matrix):
            found[good] = matrix[good]
        return found

    def replace(self, columns: Columns, good: Array) -> Columns:
        """Return output columns without their bad rows, or with nulls there; columns of no rows where none is good."""
        if self.on_error == "quarantine":
            return [(name, array.filter(pa.array(good)) if len(array) else array) for name, array in columns]
        rows = pa.array(np.arange(len(good)), mask=~good)
        return [(name, array.take(rows) if len(array) else pa.nulls(len(good), array.type)) for name, array in columns]

    def dependencies(self) -> dict[str, object]:
        """Return what the output depends on."""
        return {"on_error": self.on_error, "max_errors": [self.count, self.share]}


class Written(NamedTuple):
    """What was read of a file.

    Attributes:
        rows: how many, of the source.
        bad: how many of them the transform refuses.
        first: the first of these.
    """

    rows: int
    bad: int = 0
    first: BadRow | None = None


class Tally:
    """What was read so far, file by file in order, and whether too much of it is bad.

    Attributes:
        rows: of the source.
        bad: how many of them are bad.
        policy: what is done about these.
        files: what was read of each file.
    """

    def __init__(self, subject: str, policy: Policy, total: int | None) -> None:
        """total: the rows of all files, where they are known."""
        self.rows = self.bad = 0
        self.policy = policy
        self.files: list[Written] = []
        self._subject, self._allowed = subject, policy.allowed(total)
        self._first: tuple[int | None, BadRow] | None = None

    @property
    def left(self) -> int | None:
        """How many more rows may be bad; None for any number."""
        return None if self._allowed is None else self._allowed - self.bad

    def add(self, found: Written) -> None:
        """Count what was read of the next file. Raises DataError where too many rows are bad."""
        if self._first is None and found.first is not None:
            self._first = self.rows + found.first.row, found.first
        self.rows, self.bad = self.rows + found.rows, self.bad + found.bad
        self.files.append(found)
        self._check(self._allowed)

    def resume(self, rows: int, bad: int, first: BadRow | None) -> None:
        """Count what an earlier run read of all files before the next one."""
        self.rows, self.bad = rows, bad
        self._first = None if first is None else (None, first)
        self._check(self._allowed)

    def finish(self) -> None:
        """Raise DataError where a larger share of all rows is bad than may be."""
        self._check(self.policy.allowed(self.rows))

    def _check(self, allowed: int | None) -> None:
        if allowed is None or self.bad <= allowed or self._first is None:
            return
        row, first = self._first
        problem = f"more rows are bad than max_errors ({self.policy.describe()}) allows, the first ({first.reason})"
        hint = f"mend the data (row {first.row} of {first.file}), or raise max_errors"
        raise errors.DataError(self._subject, problem, field=first.field, row=row, got=first.value, hint=hint)


class Attempt(NamedTuple, Generic[T]):
    """What a computation gives for a block of rows.

    Attributes:
        value: its result; where some rows are bad, with results of no meaning in their places; where all are, that of no rows.
        bad: the error of each bad row by its number in the block, in order; empty where all are good.
    """

    value: T
    bad: dict[int, errors.DataError]


def mask_of(bad: Mapping[int, object], rows: int) -> Array:
    """Return whether each of so many rows is good: bool [rows]."""
    good = np.ones(rows, np.bool_)
    good[list(bad)] = False
    return good


def attempt(compute: Callable[[Batch], T], block: Batch, limit: int | None) -> Attempt[T]:
    """Return compute(block), or that of its good rows where some are bad.

    Where more than `limit` rows are bad, not all of them are looked for. Raises DataError for what is not about one row.
    """
    try:
        return Attempt(compute(block), {})
    except errors.DataError as error:
        bad = _find(compute, block, _row_of(error), limit)
    while len(bad) < block.num_rows and (limit is None or len(bad) <= limit):
        places = _fill_places(block.num_rows, bad)
        try:
            return Attempt(compute(block.take(places)), dict(sorted(bad.items())))
        except errors.DataError as error:  # about a row that is good alone
            row = int(places[_row_of(error)])
            bad[row] = _at(error, row)
    return Attempt(compute(block.slice(0, 0)), dict(sorted(bad.items())))


def _find(compute: Callable[[Batch], T], block: Batch, suspect: int, limit: int | None) -> dict[int, errors.DataError]:
    """Return the errors of the rows that are bad alone, by row; `suspect`: the row of the error of the whole block.

    Rows are computed in ranges, which grow by two while they are good; a range that is not is computed again up to the row
    of its error, then that row alone. So each bad row costs a few calls, and all rows together about three times their price.
    """
    found: dict[int, errors.DataError] = {}
    start, size, last = 0, 1, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.CoverageWarning)  # the values of a few rows say nothing
        while start < block.num_rows and (limit is None or len(found) <= limit):
            stop = max(suspect, start + 1) if suspect >= start else min(start + size, block.num_rows)
            try:
                compute(block.slice(start, stop))
            except errors.DataError as error:
                try:
                    row = start + _row_of(error)
                except errors.DataError:
                    raise error.shifted(start) from None
                if stop - start > 1:
                    suspect = row
                    continue
                found[row] = _at(error, row)
                size, last = max(1, start - last), start
            else:
                size = size if start <= suspect else 2 * size
            start = stop
    return found


def _row_of(error: errors.DataError) -> int:
    """Return the row of an error about the value of a row. Raises other errors again."""
    if error.row is None or not is_bad_row(error):
        raise error
    return error.row


def _at(error: errors.DataError, row: int) -> errors.DataError:
    return error.shifted(row - (error.row or 0))


def _fill_places(rows: int, bad: Mapping[int, object]) -> Array:
    """Return the numbers of rows 0 ... rows - 1, each bad one replaced by the good one before it, or the first good one."""
    places = np.arange(rows)
    places[list(bad)] = 0
    places = np.maximum.accumulate(places)
    if 0 in bad:
        first = next(row for row in range(rows) if row not in bad)
        places[:first] = first
    return places
