"""Count: how many training rows have the same category."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableSequence
from typing import ClassVar

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids
from featurecols._core.expressions import Expression, NumberAt
from featurecols._core.numbers import Numbers
from featurecols._core.spec import Converted, frozen
from featurecols._core.term_figures import TermFigures
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.label_sums import LabelSums
from featurecols.columns._term_rows import TermRows, check_terms, take_rows, term_rows
from featurecols.columns.base import Column, Field, Learned, LearnedSlots
from featurecols.columns.bound import Bound, DenseBound
from featurecols.data.fields.base import FieldView


@frozen
class Count(Column):
    """How many of the training rows have the same category, or log(1 + count).

    Missing: a category like others.
    Unseen: 0.
    Learns: the counts.

    Args:
        source: a field, or a column of one id a row: Vocabulary, Hashed, Crossed, Bucketized, DatePart. Values without an id
            share one category.
        log: whether the feature is log(1 + count), in float64, rather than the count.

    Raises:
        ColumnError: for a wrong argument. DataError: in use, for lists.

    >>> import featurecols as fc
    >>> plan = fc.fit([fc.Count("city", log=False)], {"city": ["Rome", "Rome", "Oslo", None]})
    >>> plan.transform({"city": ["Rome", None, "Bern"]}).tolist()
    [[2.0], [1.0], [0.0]]
    """

    numeric: ClassVar[bool] = True

    source: Converted[str | Field | Column, Field | Column]
    log: bool = True

    def derived_name(self) -> str:
        return f"{self.source.name}_count"

    def check(self) -> None:
        check_terms(self.source, "Count")
        if type(self.log) is not bool:
            hint = "False gives the count itself"
            raise errors.argument(f"Count {self.source.name}", "log must be True or False", self.log, hint)

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        return {} if "counts" in learned else {"counts": LabelSums(labelled=False)}

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> CountBound:
        return CountBound(self, learned["counts"], inputs[0])


class CountBound(DenseBound):
    """A Count column with what it needs to run."""

    column: Count

    def __init__(self, column: Count, learned: Learned, source: Field | Bound) -> None:
        self.column = column
        self._rows: TermRows = term_rows(column, learned, source)
        self._counts = learned["label_counts"][1:, 0]
        counts = learned["label_counts"][:, 0].astype(np.float64)
        found = np.concatenate([counts[2:], counts[1:2], [0.0]])
        self._values = np.log1p(found) if column.log else found
        self._features = self._values.astype(np.float32)[:, None]
        self._row_values = self._values.tolist()

    @property
    def evaluate(self) -> Callable[..., Numbers]:
        return self.values

    def values(self, source: FieldView | Ids) -> Numbers:
        """Return float64 [n]."""
        return Numbers(self._values[self._rows.of(source)])

    @property
    def write(self) -> Callable[..., None]:
        return self._write

    def _write(self, source: FieldView | Ids, *, out: Array) -> None:
        take_rows(self._features, self._rows.of(source), out)

    @property
    def row(self) -> Callable[..., float]:
        return self._row

    def _row(self, value: object) -> float:
        return float(self._row_values[self._rows.of_one(value)])

    @property
    def write_row(self) -> Callable[..., None]:
        return self._write_row

    def _write_row(self, out: MutableSequence[float], at: int, value: object) -> None:
        out[at] = self._row(value)

    def term_figures(self) -> TermFigures:
        return TermFigures.of(self._rows.text, self._counts[1:], int(self._counts[0]), ordered=self._rows.ordered)

    def expression(self, *inputs: Expression) -> Expression:
        return NumberAt(self._rows.expression(inputs[0]), tuple(self._row_values))
