"""The scale of numbers: columns as a model reads them, and a warning where a scale makes training slow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from featurecols._core.slots import DenseSlot
from featurecols.analyzers.placeholders import Quantiles
from featurecols.columns.base import Column
from featurecols.columns.bucketized import Bucketized
from featurecols.columns.indicator import Indicator
from featurecols.data.batch import Batch, Needs, Source
from featurecols.models import errors
from featurecols.models.estimators.tf_columns import AnyColumn, translate_all
from featurecols.models.input.examples import Examples
from featurecols.models.training.hooks import Hook
from featurecols.models.training.run import Run

Normalize = Literal["auto", False]
LARGE, SMALL = 10.0, 0.01  # root mean square of a feature; beyond them training is slow or does not get anywhere
ROWS = 10_000  # that are looked at, and that statistics come from where data may have no end
SHOWN = 5  # columns that a warning names
BUCKETS = 10, 32  # intervals of a number, from SOME_ROWS and from MANY_ROWS on
SOME_ROWS, MANY_ROWS = 1_000, 2_000
SCALES = frozenset(("ZScore", "MinMax", "Robust", "RankGauss"))  # normalizers after which numbers have a scale


@dataclass(frozen=True)
class Declared:
    """Columns in two forms: as they were given, and with a normalizer for numbers that have none.

    Columns of the TensorFlow dialect are the same in both.
    """

    given: tuple[Column, ...]
    scaled: tuple[Column, ...]

    @staticmethod
    def of(columns: Iterable[AnyColumn]) -> Declared:
        """Return columns in both forms; raise ModelError for what is not a list of columns."""
        listed = columns if isinstance(columns, (str, Column)) or not isinstance(columns, Iterator) else list(columns)
        given = translate_all(listed)
        ours = [isinstance(column, Column) for column in listed]
        scaled = [column.with_default_normalizer() if own else column for column, own in zip(given, ours, strict=True)]
        return Declared(tuple(given), tuple(scaled))


def buckets_beside(columns: Iterable[Column], n: int, taken: Iterable[Column]) -> tuple[Column, ...]:
    """Return columns of n intervals for numbers without a scale, without those whose name is taken."""
    names = {column.name for column in taken}
    found = [Indicator(Bucketized(column, Quantiles(n))) for column in columns if column.wants_buckets()]
    return tuple(column for column in found if column.name not in names)


def choose_buckets(rows: int) -> int:
    """Return how many intervals of a number a network that tells classes apart gets beside it; 0 for none.

    >>> choose_buckets(999), choose_buckets(1000), choose_buckets(2000)
    (0, 10, 32)
    """
    return 0 if rows < SOME_ROWS else BUCKETS[rows >= MANY_ROWS]


def explain_scale(
    error: errors.DataError, subject: str, given: Iterable[Column], read: Iterable[Column]
) -> errors.DataError:  # fmt: skip
    """Return the error to raise where a normalizer that nobody declared finds no value to learn from.

    Args:
        error: what the fit of the columns raised.
        subject: the model.
        given: columns as they were declared.
        read: columns as the model reads them.
    """
    declared = {column.name: column for column in given}
    added = any(declared.get(column.name, column) != column for column in read if column.name == error.subject)
    if not added or not error.problem.startswith("no value to learn from"):
        return error
    learns = f"{subject} scales it by a ZScore that learns: with a number as default, normalizer=ZScore(mean=0, std=1) does not"
    hint = f"give data with values, or leave the column out; {learns}"
    return errors.DataError(error.subject, error.problem, field=error.field, row=error.row, got=error.got, hint=hint)


def check_normalize(subject: str, value: object) -> Normalize:
    """Return "auto" or False; raise ColumnError for anything else."""
    if value is False:
        return False
    if value == "auto":
        return "auto"
    raise errors.argument(
        subject, 'normalize must be "auto" or False', value, "declare other normalizers: Numeric(normalizer=)"
    )


class FirstRows(Source):
    """The batches that hold the first 10,000 rows of data that may have no end.

    Args:
        source: the data.
    """

    num_rows = None

    def __init__(self, source: Source) -> None:
        self.source = source

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        seen = 0
        for batch in self.source.read_batches(needs):
            yield batch
            seen += batch.num_rows
            if seen >= ROWS:
                return


class ScaleWarning(Hook):
    """A warning, at the first step, of columns of numbers whose scale is far from one.

    Args:
        subject: who warns.
        columns: the columns of the model; those with a scale of their own are not looked at.

    Attributes:
        wanted: whether there is anything to look at.
    """

    def __init__(self, subject: str, columns: Iterable[Column]) -> None:
        self.subject = subject
        self._names = {c.name for c in columns if c.numeric and not SCALES.intersection(c.normalizer_names())}
        self._found: list[str] = []
        self.wanted = bool(self._names)

    def look(self, examples: Examples) -> None:
        """Look at the first rows that are encoded, and at no others."""
        if not self.wanted:
            return
        self.wanted = False
        for slot in examples.layout.slots:
            if isinstance(slot, DenseSlot) and slot.name in self._names:
                values = examples.dense[:ROWS, slot.start : slot.stop].astype(np.float64)
                size = np.sqrt(np.mean(np.square(values), axis=0))
                least, most = float(size.min()), float(size.max())
                if most > LARGE or 0 < least < SMALL:
                    self._found.append(f"{slot.name} ({most if most > LARGE else least:.3g})")

    def before_step(self, run: Run) -> None:
        if not self._found:
            return
        names, more = self._found[:SHOWN], len(self._found) - SHOWN
        shown = ", ".join(names) + (f" and {more} more" if more > 0 else "")
        self._found = []
        what = f"columns whose numbers are far from one (root mean square) make training slow or useless: {shown}"
        errors.warn(self.subject, what, "scale them: Numeric(..., normalizer=ZScore())")
