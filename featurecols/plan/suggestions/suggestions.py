"""What fc.suggest gives: a list of columns, and why each is in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from featurecols._core import html
from featurecols.columns.base import Column
from featurecols.columns.json import columns_to_json
from featurecols.columns.spec_files import write_data


@dataclass(frozen=True)
class Suggestion:
    """What is suggested for a field, or for several together.

    Attributes:
        field: the field, or the fields of a cross, joined by " x ".
        reason: what the data shows, and why these columns.
        columns: for any model, and for the matrix of a plan; none where the field is left out.
        linear: for a linear model, and the linear part of a wide & deep model.
        dnn: for a network.
        warning: whether it is something to look at: a leak of the label, an id, a constant, a copy.
    """

    field: str
    reason: str
    columns: tuple[Column, ...] = ()
    linear: tuple[Column, ...] = ()
    dnn: tuple[Column, ...] = ()
    warning: bool = False

    @staticmethod
    def for_all(field: str, reason: str, *columns: Column) -> Suggestion:
        """Return columns that suit all models."""
        return Suggestion(field, reason, columns, columns, columns)


class Suggestions(list[Column]):
    """Suggested columns: a list that is accepted wherever columns are, with a reason for each.

    The list itself suits any model. `linear` and `dnn` suit these models better: categories stay sparse in one, and become
    embeddings in the other. `WideDeepClassifier(found.linear, found.dnn, [64, 32])` takes both.

    Args:
        fields: what is suggested, field by field.
        rows: how many rows were read.
        label: the field to predict.
        classes: how many classes the label has.

    Attributes:
        fields: a Suggestion for each field, in order.
        rows: how many rows were read.
        label: the field to predict, None without one.
        classes: how many classes it has, 0 where it is a number, and without one.
    """

    def __init__(self, fields: Iterable[Suggestion], rows: int = 0, label: str | None = None, classes: int = 0) -> None:
        self.fields = tuple(fields)
        super().__init__(column for field in self.fields for column in field.columns)
        self.rows, self.label, self.classes = rows, label, classes

    @property
    def linear(self) -> list[Column]:
        """Columns for a linear model, and for the linear part of a wide & deep model."""
        return [column for field in self.fields for column in field.linear]

    @property
    def dnn(self) -> list[Column]:
        """Columns for a network, and for the deep part of a wide & deep model."""
        return [column for field in self.fields for column in field.dnn]

    @property
    def left_out(self) -> dict[str, str]:
        """The fields of which no column is suggested, and why."""
        return {field.field: field.reason for field in self.fields if not (field.columns or field.linear or field.dnn)}

    @property
    def warnings(self) -> dict[str, str]:
        """What to look at in the data, by field: leaks of the label, ids, constants, copies."""
        return {field.field: field.reason for field in self.fields if field.warning}

    def reasons(self) -> list[dict[str, object]]:
        """Return fields, names of columns and reasons as plain JSON data, as they stand in a spec."""
        return [
            {
                "field": field.field,
                "columns": list(dict.fromkeys(c.name for c in (*field.columns, *field.linear, *field.dnn))),
                "reason": field.reason,
            }
            for field in self.fields
        ]

    def to_dict(self) -> dict[str, object]:
        """Return a spec of the columns as plain JSON data, with the reasons beside them."""
        return {"columns": columns_to_json(self), "reasons": self.reasons()}

    def save(self, path: str | Path) -> None:
        """Write a spec that read_columns, `featurecols fit` and `featurecols train` take: JSON, TOML or YAML, by the name.

        Raises:
            OutputError: where the file cannot be written.
        """
        write_data(path, self.to_dict())

    def __repr__(self) -> str:
        rows = self._table()
        widths = [max(len(row[i]) for row in rows) for i in range(2)]
        lines = ["  ".join([row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2]]).rstrip() for row in rows]
        return "\n".join([self._caption(), *lines])

    def _repr_html_(self) -> str:
        return html.table(self._caption(), self._table(), [True] * 3)

    def _caption(self) -> str:
        label = "" if self.label is None else f", to predict {self.label}"
        return f"{len(self)} columns from {self.rows:,} rows{label}"

    def _table(self) -> list[tuple[str, str, str]]:
        found = [("field", "columns", "because")]
        for field in self.fields:
            shown = field.columns or field.linear or field.dnn
            for i, column in enumerate(shown or (None,)):
                text = "(left out)" if column is None else repr(column) if field.columns else f"{column!r} (linear, dnn)"
                found.append((field.field if i == 0 else "", text, field.reason if i == 0 else ""))
        return found
