"""Slices: rows grouped by the values of one field, and what a model gets wrong in each group."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array
from featurecols._core.slots import IdSlot
from featurecols.analyzers.placeholders import Quantiles, TopTerms
from featurecols.columns.base import Column
from featurecols.columns.bucketized import Bucketized
from featurecols.columns.vocabulary import Vocabulary
from featurecols.data.batch import Batch, Source
from featurecols.models import errors
from featurecols.models.input.pipeline import needs_of
from featurecols.plan.fit import fit

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan

MOST_TERMS, INTERVALS = 30, 8  # slices of a field
SUMS = 7  # of each slice: rows, weight, loss, squared loss, score, label, prediction


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows with one value of a field, and what the model says of them: means over their weights.

    Attributes:
        field, meaning: the field, and which values: a term, an interval, other terms, or missing.
        rows: how many.
        loss: the mean loss; `excess` is by how much it is above that of all rows.
        noise: the standard error of the mean loss: an excess below twice as much may be chance.
        score: the accuracy of a classifier, the mean absolute error of a regressor.
        label, prediction: their means; of several classes NaN.
    """

    field: str
    meaning: str
    rows: int
    loss: float
    excess: float
    noise: float
    score: float
    label: float
    prediction: float

    def __str__(self) -> str:
        return f"{self.meaning}: loss {self.loss:.4g} ({self.excess:+.4g} ± {self.noise:.2g}) in {self.rows:,} rows"


class Slices:
    """Sums of the rows of each slice of some fields.

    Args:
        plan: a categorical column for each field; None for no fields.
        fields: the fields, in the order of the columns.
    """

    def __init__(self, plan: Plan | None, fields: Sequence[str]) -> None:
        self.plan, self.fields = plan, tuple(fields)
        self.needs = [] if plan is None else needs_of(plan)
        self._slots = [] if plan is None else [slot for slot in plan.encoded_slots if isinstance(slot, IdSlot)]
        self._sizes = [slot.num_buckets for slot in self._slots]
        self._sums = [np.zeros((size + 1, SUMS)) for size in self._sizes]  # the last row is of what has no id: missing

    @staticmethod
    def of(source: Source, uses: Mapping[str, Iterable[str]]) -> Slices:
        """Return slices of fields: quantiles of numbers, the most frequent terms of others, learned from the rows.

        Args:
            source: the rows; they are read once more for it.
            uses: how each field is read: as "number", "category" or both. Lists of numbers and times have no slices.
        """
        wanted: dict[str, Column] = {}
        for key, kinds in uses.items():
            if "number" in kinds:
                wanted[key] = Bucketized(key, Quantiles(INTERVALS))
            elif "category" in kinds:
                wanted[key] = Vocabulary(key, TopTerms(MOST_TERMS), num_oov_buckets=1)
        try:
            return Slices(fit(list(wanted.values()), source) if wanted else None, list(wanted))
        except errors.DataError:  # one of the fields cannot be read so
            fitted = {key: column for key, column in wanted.items() if _fits(column, source)}
            return Slices(fit(list(fitted.values()), source) if fitted else None, list(fitted))

    def ids(self, rows: Batch) -> list[tuple[Array, Array]]:
        """Return the rows that have a slice, and which, int64, of each field; a list has one for each element."""
        found = {} if self.plan is None else self.plan.encode(rows).ids
        out = []
        for slot, size in zip(self._slots, self._sizes, strict=True):
            ids = found[slot.name]
            numbers = np.arange(len(ids)) if ids.offsets is None else np.repeat(np.arange(len(ids)), np.diff(ids.offsets))
            values = ids.elements()[0].values.astype(np.int64)
            if ids.offsets is not None:  # a row counts once in each slice, and one without elements is missing
                empty = np.flatnonzero(np.diff(ids.offsets) == 0)
                pairs = np.unique(np.stack([np.append(numbers, empty), np.append(values, np.full(len(empty), -1))]), axis=1)
                numbers, values = pairs[0], pairs[1]
            out.append((numbers, np.where(values < 0, size, values)))
        return out

    def add(self, ids: Sequence[tuple[Array, Array]], columns: Array) -> None:
        """Add up what is known of rows.

        Args:
            ids: what `ids` gave of them.
            columns: float64 [n, 5]: weight, loss, score, label, prediction.
        """
        weight = columns[:, 0]
        numbers = np.empty((len(columns), SUMS))
        numbers[:, 0], numbers[:, 1] = 1, weight
        numbers[:, 2], numbers[:, 3] = weight * columns[:, 1], np.square(weight * columns[:, 1])
        numbers[:, 4:] = weight[:, None] * columns[:, 2:]
        for sums, (rows, which) in zip(self._sums, ids, strict=True):
            for j in range(SUMS):
                sums[:, j] = added(sums[:, j], which, numbers[rows, j])

    def found(self, loss: float) -> list[Slice]:
        """Return all slices that have rows of a weight, by field, as their ids are; `loss` is the mean over all rows."""
        out = []
        for key, slot, sums in zip(self.fields, self._slots, self._sums, strict=True):
            for i, (rows, weight, losses, squares, score, label, prediction) in enumerate(sums.tolist()):
                if weight <= 0:
                    continue
                mean = losses / weight
                spread = max(squares / rows - (losses / rows) ** 2, 0.0)
                noise = math.sqrt(spread / max(rows - 1, 1)) * rows / weight
                meaning = self._meaning(key, slot.name, i, len(sums) - 1)
                out.append(
                    Slice(
                        key, meaning, int(rows), mean, mean - loss, noise, score / weight, label / weight, prediction / weight
                    )
                )
        return out

    def _meaning(self, key: str, name: str, i: int, missing: int) -> str:
        """Return what an id of a field stands for, in words."""
        bucket = None if i == missing or self.plan is None else self.plan.describe_id(name, i).bucket
        if bucket is None:
            return f"{key} is missing"
        if bucket.kind == "interval":
            return interval_of(key, bucket.low, bucket.high)
        return f"other terms of {key}" if bucket.kind == "unseen" else bucket.said_of(key)


def added(sums: Array, which: Array, values: Array) -> Array:
    """Return sums [k] with values [n] added one after another, each to its sum: the bits do not depend on batches.

    >>> added(np.array([1.0, 2.0]), np.array([1, 1]), np.array([3.0, 4.0])).tolist()
    [1.0, 9.0]
    """
    numbers = np.concatenate([np.arange(len(sums)), which])
    return np.asarray(np.bincount(numbers, np.concatenate([sums, values]), len(sums)))


def interval_of(key: str, low: float | None, high: float | None) -> str:
    """Return an interval in words; its ends, which are quantiles, have four digits.

    >>> interval_of("age", None, 17.123456), interval_of("age", 17.0, 30.0), interval_of("age", 30.0, None)
    ('age < 17.12', '17 <= age < 30', 'age >= 30')
    """
    if low is None:
        return key if high is None else f"{key} < {high:.4g}"
    return f"{key} >= {low:.4g}" if high is None else f"{low:.4g} <= {key} < {high:.4g}"


def uses_of(source: Source, known: Mapping[str, Iterable[str]], keys: Sequence[str] | None) -> dict[str, Iterable[str]]:
    """Return how fields are read: as a plan does, and those that it does not read by their types.

    Args:
        source: the rows.
        known: of the fields that the plan reads.
        keys: which fields; None for all that the plan reads.

    Raises ModelError for a field that is not in the rows.
    """
    if keys is None:
        return dict(known)
    schema = source.schema()
    uses: dict[str, Iterable[str]] = {}
    for key in keys:
        if key not in known and key not in schema.names:
            raise errors.unknown("report", "field", key, schema.names)
        numbers = key not in known and (
            pa.types.is_floating(schema.field(key).type) or pa.types.is_integer(schema.field(key).type)
        )
        uses[key] = known.get(key, ("number",) if numbers else ("category",))
    return uses


def _fits(column: Column, source: Source) -> bool:
    """Return whether a field can be read as a column does."""
    try:
        fit([column], source)
    except errors.DataError:
        return False
    return True
