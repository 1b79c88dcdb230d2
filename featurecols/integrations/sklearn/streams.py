"""What becomes of one field on its way through fitted transformers, as a column in the making."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.columns.base import Column, Field
from featurecols.columns.bucketized import Bucketized
from featurecols.columns.embedding import Embedding
from featurecols.columns.indicator import Indicator
from featurecols.columns.normalizers import Normalizer
from featurecols.columns.numeric import Numeric
from featurecols.columns.vocabulary import Vocabulary

Term = str | bytes | int | bool


def refuse(transformer: object, what: str, hint: str) -> errors.ColumnError:
    """Return the error of a transformer, or an argument of one, that no column computes."""
    return errors.ColumnError(f"from_sklearn: {type(transformer).__name__} {what}; {hint}")


@dataclass(frozen=True)
class Stream:
    """One field, and what was done to it so far.

    Attributes:
        key: the field.
        name: of the column.
        missing: markers of the field.
        default: what missing numbers are, NaN to let them through.
        normalizers: what is done to numbers, in order.
        column: the column that ends the stream, where there is one already; `table` is that of its Embedding.
    """

    key: str
    name: str
    missing: tuple[str | int | float, ...] = ()
    default: float = math.nan
    normalizers: tuple[Normalizer, ...] = ()
    column: Column | None = None
    table: Array | None = None

    @property
    def field(self) -> Field:
        return Field(self.key, missing=self.missing)

    @property
    def untouched(self) -> bool:
        """Whether nothing was done to it."""
        return self.column is None and not self.normalizers and not self.missing and math.isnan(self.default)

    def require_numbers(self, transformer: object) -> None:
        """Raise ColumnError where it has ended in a column whose features no other column reads."""
        if self.column is not None:
            raise refuse(
                transformer, f"reads features of {self.key!r}, and columns read fields and numbers alone", "drop the step"
            )

    def normalized(self, *normalizers: Normalizer) -> Self:
        """Return the stream with normalizers added."""
        return replace(self, normalizers=(*self.normalizers, *normalizers))

    def one_hot(self, source: Column) -> Self:
        """Return the stream that ends in the indicator of a categorical column."""
        return replace(self, column=Indicator(source, name=self.name))

    def as_numbers(self, source: Column, numbers: list[float]) -> Self:
        """Return the stream that ends in a number for each id of a categorical column."""
        table = np.array(numbers, np.float32).reshape(-1, 1)
        return replace(self, column=Embedding(source, 1, combiner="sum", name=self.name), table=table)

    def buckets(self, boundaries: list[float]) -> Bucketized:
        """Return its numbers in intervals."""
        plain = not self.normalizers and math.isnan(self.default)
        return Bucketized(self.field if plain else self.numeric(), boundaries, name=f"{self.name}_bucketized")

    def terms(self, terms: list[Term], unseen: int | None = None) -> Vocabulary:
        """Return its values among terms."""
        return Vocabulary(self.field, terms, unseen=unseen, name=f"{self.name}_terms")

    def numeric(self) -> Numeric:
        """Return its numbers."""
        return Numeric(self.field, default=self.default, normalizer=self.normalizers, name=self.name)

    def end(self) -> Column:
        """Return the column that it ends in: numbers where nothing else was made of it."""
        return self.numeric() if self.column is None else self.column
