"""What Plan.check found, as shares, as a table and as JSON data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from featurecols import errors
from featurecols._core import html
from featurecols.plan.drift import MAX_PSI, FieldDrift
from featurecols.plan.drift_page import page
from featurecols.plan.statistics import percent

_HEADERS = ("missing", "unseen", "out of range", "converted")


@dataclass(frozen=True)
class FieldReport:
    """Shares of the values of one field; None where the question does not arise, or the field cannot be read.

    Attributes:
        missing: null, NaN or a marker; a list without elements counts as one missing value.
        unseen: known to no column that has terms.
        out_of_range: outside the ids of an Identity, the ends of a MinMax or a Clip, or the domain of Log1p; infinite.
        converted: text that is read as a value and not written as such values are: `1.0` in a field of integers, `+5` or `007`
            as a number; where the data is not a CSV file, any text that is read as a boolean or a number.
    """

    missing: float | None
    unseen: float | None
    out_of_range: float | None
    converted: float | None


@dataclass(frozen=True)
class ColumnReport:
    """Shares of one declared column; None where the question does not arise.

    Attributes:
        unseen: of the values behind its ids, those that it does not know; of a cross, those of the part with most of them.
        constant: of its features, those with one value in all rows; None where a row cannot be transformed.
    """

    unseen: float | None
    constant: float | None


@dataclass(frozen=True)
class Report:
    """How data fits a plan, as Plan.check found it.

    Attributes:
        rows: how many rows were read.
        fields: a FieldReport by key.
        columns: a ColumnReport by name of the declared column.
        problem: the first value that cannot be read at all, as the error that transform raises; None without one.
        drift: a FieldDrift by key, where the plan has statistics of its training rows.
        training_rows: how many these were.
    """

    rows: int
    fields: Mapping[str, FieldReport]
    columns: Mapping[str, ColumnReport]
    problem: str | None = None
    drift: Mapping[str, FieldDrift] = field(default_factory=dict)
    training_rows: int = 0

    def drifted(self, *, psi: float | None = MAX_PSI, js: float | None = None, linf: float | None = None) -> list[str]:
        """Return the fields of which a measure is above its limit, and psi above what chance alone gives; worst first.

        Args:
            psi, js, linf: the limits; None for none. See FieldDrift.
        """
        found = [key for key, drift in self.drift.items() if drift.exceeds(psi=psi, js=js, linf=linf)]
        return sorted(found, key=lambda key: -self.drift[key].psi)

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain JSON data; shares are from 0 to 1, or None."""
        return {
            "rows": self.rows,
            "fields": {key: asdict(found) for key, found in self.fields.items()},
            "columns": {name: asdict(found) for name, found in self.columns.items()},
            "problem": self.problem,
            **({"drift": {key: found.to_dict() for key, found in self.drift.items()}} if self.drift else {}),
        }

    def to_html(self, title: str = "Drift") -> str:
        """Return a page for a browser that needs no other file: measures and pictures of each field, worst first.

        Raises:
            PlanError: where the plan has no statistics to compare with.
        """
        if not self.drift:
            hint = "fit with statistics=True, or give the plan some: plan.with_statistics(rows)"
            raise errors.plan("to_html", "there is no drift to show", "a plan without statistics of its training rows", hint)
        fields = html.table("fields", self._fields(), [True] + [False] * 4)
        columns = html.table("columns", self._columns(), [True, False, False]) if self.columns else ""
        tables = "".join(f"<div class='card'>{table}</div>" for table in (fields, columns) if table)
        return page(title, (self.training_rows, self.rows), self.drift, tables, self.problem)

    def __repr__(self) -> str:
        tables = [table for table in (self._fields(), self._drift(), self._columns()) if len(table) > 1]
        lines = [self._caption(), *(line for i, table in enumerate(tables) for line in ([""] * bool(i) + aligned(table)))]
        return "\n".join([*lines, "", self.problem] if self.problem else lines)

    def _repr_html_(self) -> str:
        fields, columns = self._fields(), self._columns()
        drift = html.table("", self._drift(), [True] + [False] * 5) if self.drift else ""
        return html.table(self._caption(), fields, [True] + [False] * 4) + drift + html.table("", columns, [True, False, False])

    def _caption(self) -> str:
        return f"{self.rows:,} rows"

    def _fields(self) -> list[tuple[str, ...]]:
        rows = [(key, f.missing, f.unseen, f.out_of_range, f.converted) for key, f in self.fields.items()]
        return [("field", *_HEADERS), *((key, *map(percent, shares)) for key, *shares in rows)]

    def _drift(self) -> list[tuple[str, ...]]:
        """Return the measures of fields, those that are furthest from the training rows first."""
        ordered = sorted(self.drift.items(), key=lambda item: -item[1].psi)
        rows = [
            (key, *(f"{v:.3f}" for v in (d.psi, d.noise, d.js, d.linf)), "drifted" if d.exceeds() else "") for key, d in ordered
        ]
        return [("field", "psi", "noise", "js", "linf", ""), *rows]

    def _columns(self) -> list[tuple[str, ...]]:
        rows = [(name, percent(c.unseen), percent(c.constant)) for name, c in self.columns.items()]
        return [("column", "unseen", "constant"), *rows]


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows of texts as lines, the first column aligned left, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    ]
