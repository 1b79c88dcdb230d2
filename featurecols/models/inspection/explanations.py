"""Explanations as tables: what each column adds to one prediction, and what each field is worth to a model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST, MOST_FIELDS = 20, 30  # bars of a picture


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one column adds to the output of a row, and the fields that it reads, in words."""

    column: str
    weight: float
    meaning: str

    def __str__(self) -> str:
        return f"{self.weight:+.4f}  {self.meaning}"


class Explanation(list[Contribution]):
    """What each column adds to the output of a row, the largest first; prints one a line, and plots itself.

    Attributes:
        output: what is explained: the class whose logit it is, or "prediction".
        base: the output of a row whose numbers are 0 (of a ZScore: the mean) and that has no ids.
        total: the output of the row.
        error: total - base - the sum of the contributions: 0 but for rounding where the model is linear.
    """

    def __init__(self, rows: Iterable[Contribution], output: str, base: float, total: float) -> None:
        super().__init__(sorted(rows, key=lambda row: -abs(row.weight)))
        self.output, self.base, self.total = output, base, total
        self.error = total - base - sum(row.weight for row in self)

    def __repr__(self) -> str:
        ends = (f"{self.base:+.4f}  base", f"{self.error:+.4f}  error of completeness", f"{self.total:+.4f}  {self.output}")
        return "\n".join([*map(str, self), *ends])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw bars (needs matplotlib) and return the axes: the 20 largest, and what all others add up to."""
        from featurecols.models.inspection import plots

        rest = self[MOST:]
        others = [Contribution("", sum(row.weight for row in rest), f"{len(rest)} other columns")] if rest else []
        ax = plots.weights([*self[:MOST], *others], ax=ax)
        ax.set_xlabel(f"contribution to {self.output}")
        ax.set_title(f"{self.output}: {self.total:.4g}, of which base {self.base:.4g}", fontsize="medium")
        return ax


@dataclass(frozen=True, slots=True)
class FieldImportance:
    """By how much a metric gets worse when the values of one field are shuffled among the rows: mean and deviation."""

    field: str
    weight: float
    deviation: float

    @property
    def meaning(self) -> str:
        """The field."""
        return self.field

    def __str__(self) -> str:
        return f"{self.weight:+.4f} ± {self.deviation:.4f}  {self.field}"


class Importance(list[FieldImportance]):
    """What each field is worth, the most important first; prints one a line, and plots itself.

    Attributes:
        metric: the metric. value: what it is without shuffling. rows: over how many rows.
    """

    def __init__(self, rows: Iterable[FieldImportance], metric: str, value: float, count: int) -> None:
        super().__init__(sorted(rows, key=lambda row: -row.weight))
        self.metric, self.value, self.rows = metric, value, count

    def __repr__(self) -> str:
        return "\n".join([*map(str, self), f"{self.metric} {self.value:.4f} over {self.rows:,} rows"])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw bars (needs matplotlib) and return the axes: the 30 most important fields, with deviations of the repeats."""
        from featurecols.models.inspection import plots

        shown = self[:MOST_FIELDS]
        ax = plots.weights(shown, deviations=[row.deviation for row in shown], ax=ax)
        ax.set_xlabel(f"{self.metric} is worse by")
        ax.set_title(f"{self.metric} {self.value:.4g} over {self.rows:,} rows", fontsize="medium")
        return ax
