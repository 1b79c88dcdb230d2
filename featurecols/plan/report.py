"""What Plan.check found, as shares, as a table and as JSON data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from featurecols._core import html

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
    """

    rows: int
    fields: Mapping[str, FieldReport]
    columns: Mapping[str, ColumnReport]
    problem: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain JSON data; shares are from 0 to 1, or None."""
        return {
            "rows": self.rows,
            "fields": {key: asdict(found) for key, found in self.fields.items()},
            "columns": {name: asdict(found) for name, found in self.columns.items()},
            "problem": self.problem,
        }

    def __repr__(self) -> str:
        lines = [self._caption(), *_aligned(self._fields()), "", *_aligned(self._columns())]
        return "\n".join([*lines, "", self.problem] if self.problem else lines)

    def _repr_html_(self) -> str:
        fields, columns = self._fields(), self._columns()
        return html.table(self._caption(), fields, [True] + [False] * 4) + html.table("", columns, [True, False, False])

    def _caption(self) -> str:
        return f"{self.rows:,} rows"

    def _fields(self) -> list[tuple[str, ...]]:
        rows = [(key, f.missing, f.unseen, f.out_of_range, f.converted) for key, f in self.fields.items()]
        return [("field", *_HEADERS), *((key, *map(_percent, shares)) for key, *shares in rows)]

    def _columns(self) -> list[tuple[str, ...]]:
        rows = [(name, _percent(c.unseen), _percent(c.constant)) for name, c in self.columns.items()]
        return [("column", "unseen", "constant"), *rows]


def _percent(share: float | None) -> str:
    """Return a share in percent: 0 % and 100 % are exact.

    >>> [_percent(s) for s in (None, 0.0, 0.00004, 0.5, 0.99999, 1.0)]
    ['', '0 %', '<0.1 %', '50.0 %', '>99.9 %', '100 %']
    """
    if share is None:
        return ""
    if share in (0.0, 1.0):
        return f"{share:.0%}".replace("%", " %")
    return "<0.1 %" if share < 0.001 else ">99.9 %" if share > 0.999 else f"{100 * share:.1f} %"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows of texts as lines, the first column aligned left, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    ]
