"""What fc.suggest gives: a list of columns, and why each is in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from featurecols import errors
from featurecols._core import html
from featurecols.columns.base import Column
from featurecols.columns.json import columns_to_json
from featurecols.columns.spec_files import write_data

Part = Literal["columns", "linear", "dnn"]
# Models by how their names begin, with the lists that they take.
PARTS: dict[str, tuple[Part, ...]] = {
    "Linear": ("linear",),
    "DNN": ("dnn",),
    "WideDeep": ("linear", "dnn"),
    "Baseline": ("linear",),
}
TASKS = ("Classifier", "Regressor")
UNITS = (64, 32)  # hidden layers of a network in a spec


@dataclass(frozen=True)
class Suggestion:
    """What is suggested for a field, or for several together.

    Attributes:
        field: the field, or the fields of a cross, joined by " x ".
        reason: what the data shows, and why `columns` are as they are, or why the field is left out.
        columns: for any model, and for the matrix of a plan; none where the field is left out.
        linear: for a linear model, and the linear part of a wide & deep model.
        dnn: for a network.
        warning: whether it is something to look at: a leak of the label, an id, a constant, a copy.
        linear_reason, dnn_reason: why these two are as they are; as `reason` where they are not given.
    """

    field: str
    reason: str
    columns: tuple[Column, ...] = ()
    linear: tuple[Column, ...] = ()
    dnn: tuple[Column, ...] = ()
    warning: bool = False
    linear_reason: str = ""
    dnn_reason: str = ""

    def of(self, part: Part) -> tuple[tuple[Column, ...], str]:
        """Return the columns of one of the lists, with their reason."""
        if part == "linear":
            return self.linear, self.linear_reason or self.reason
        return (self.dnn, self.dnn_reason or self.reason) if part == "dnn" else (self.columns, self.reason)

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

    def reasons(self, model: str | None = None) -> list[dict[str, object]]:
        """Return fields, names of columns and reasons as plain JSON data, as they stand in a spec.

        Args:
            model: the model whose columns they are, such as "DNNRegressor"; the list itself without one.

        Raises:
            ColumnError: for a model that there is not.
        """
        found: list[dict[str, object]] = []
        parts = _parts(model)
        for field in self.fields:
            for part, columns, reason in _groups(field, parts):
                where = {"part": part} if len(parts) > 1 and part else {}
                names = list(dict.fromkeys(column.name for column in columns))
                found.append({"field": field.field, **where, "columns": names, "reason": reason})
        return found

    def to_dict(self, model: str | None = None) -> dict[str, object]:
        """Return a spec as plain JSON data, with the reasons beside the columns.

        Args:
            model: a model, such as "DNNRegressor": its spec, with the columns that suit it, the label, and hidden layers of 64
                and 32 units for a network. The spec of the columns of the list without one.

        Raises:
            ColumnError: for a model that there is not.
        """
        parts = _parts(model)
        if model is None:
            return {"columns": columns_to_json(self), "reasons": self.reasons()}
        found: dict[str, object] = {"model": model}
        if self.label is not None:
            found["label"] = self.label
        if self.classes > 2 and model.endswith("Classifier"):
            found["n_classes"] = self.classes
        for part in parts:
            found[part if len(parts) > 1 else "columns"] = columns_to_json(self.linear if part == "linear" else self.dnn)
        if "dnn" in parts:
            found["hidden_units"] = list(UNITS)
        return {**found, "reasons": self.reasons(model)}

    def save(self, path: str | Path, model: str | None = None) -> None:
        """Write a spec: JSON, TOML or YAML, by the name of the file.

        Args:
            path: the file.
            model: a model, such as "DNNRegressor", for `featurecols train`; columns for read_columns, `featurecols fit` and
                `featurecols train` without one.

        Raises:
            ColumnError: for a model that there is not.
            OutputError: where the file cannot be written.
        """
        write_data(path, self.to_dict(model))

    def describe(self, model: str | None = None) -> str:
        """Return the columns of `to_dict(model)`, field by field with their reasons, as text; `print` shows those of the list.

        Raises:
            ColumnError: for a model that there is not.

        >>> import featurecols as fc
        >>> found = fc.suggest({"job": ["cook", "pilot", "cook", "nurse"] * 20})
        >>> print(found.describe("LinearClassifier"))
        1 column from 80 rows
        field  columns                         because
        job    Vocabulary('job', TopTerms(3))  3 different terms
        """
        parts = _parts(model)
        rows = self._table(parts)
        widths = [max(len(row[i]) for row in rows) for i in range(2)]
        lines = ["  ".join([row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2]]).rstrip() for row in rows]
        return "\n".join([self._caption(parts), *lines])

    def __repr__(self) -> str:
        return self.describe()

    def _repr_html_(self) -> str:
        return html.table(self._caption(("columns",)), self._table(("columns",)), [True] * 3)

    def _caption(self, parts: tuple[Part, ...]) -> str:
        label = "" if self.label is None else f", to predict {self.label}"
        counts = [sum(len(field.of(part)[0]) for field in self.fields) for part in parts]
        one = "1 column" if counts == [1] else f"{counts[0]} columns"
        columns = one if len(counts) == 1 else f"{counts[0]} linear and {counts[1]} dnn columns"
        return f"{columns} from {self.rows:,} rows{label}"

    def _table(self, parts: tuple[Part, ...]) -> list[tuple[str, str, str]]:
        found = [("field", "columns", "because")]
        for field in self.fields:
            name, said = field.field, ""
            for part, columns, reason in _groups(field, parts):
                because = reason if reason != said else ""
                said = reason
                texts = [f"{column!r} ({part})" if part and len(parts) > 1 else repr(column) for column in columns]
                elsewhere = part == "columns" and (field.linear or field.dnn)
                for text in texts or ["(only in linear and dnn)" if elsewhere else "(left out)"]:
                    found.append((name, text, because))
                    name = because = ""
        return found


def _groups(field: Suggestion, parts: tuple[Part, ...]) -> list[tuple[Part | None, tuple[Column, ...], str]]:
    """Return the columns of a field in each list, with their reason; once, with None, where two lists have the same."""
    if len(parts) > 1 and field.of(parts[0]) == field.of(parts[1]):
        return [(None, *field.of(parts[0]))]
    return [(part, *field.of(part)) for part in parts]


def _parts(model: str | None) -> tuple[Part, ...]:
    """Return the lists that a model takes."""
    if model is None:
        return ("columns",)
    for task in TASKS:
        if model.endswith(task) and model.removesuffix(task) in PARTS:
            return PARTS[model.removesuffix(task)]
    names = [kind + task for kind in PARTS for task in TASKS]
    raise errors.argument("suggest", f"model must be one of {', '.join(names)}", model, "or leave it out")
