"""ModelReport: what rows that were not trained on say of a model, as text and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from featurecols.models.inspection.explanations import Importance
from featurecols.models.inspection.measured import Confusion, Errors
from featurecols.models.inspection.report_page import page
from featurecols.models.inspection.slices import Slice
from featurecols.models.objective.metrics import Calibration, Curve

_SHOWN = 5  # slices in text


@dataclass(frozen=True)
class ModelReport:
    """What `report` found.

    Attributes:
        title: the heading of the page.
        rows: how many rows were evaluated.
        label: the field of the label.
        metrics: what `evaluate` gives.
        slices: of each field, its slices in the order of their values.
        score: what the score of a slice is: "accuracy" or "mean absolute error".
        importance: what each field is worth; None where it was left out.
        calibration, confusion: of a classifier; of more than two classes, the calibration of the largest probability.
        roc, precision_recall: of two classes, at most 400 points.
        errors: of a regressor, labels and predictions of up to 20,000 rows.
    """

    title: str
    rows: int
    label: str
    metrics: Mapping[str, float]
    slices: Sequence[Slice]
    score: str
    importance: Importance | None = None
    calibration: Calibration | None = None
    confusion: Confusion | None = None
    roc: Curve | None = None
    precision_recall: Curve | None = None
    errors: Errors | None = None

    def worst(self, n: int = 15) -> list[Slice]:
        """Return the slices whose loss is the most above that of all rows, by more than twice its standard error."""
        found = [one for one in self.slices if one.excess > 2 * one.noise and one.excess > 0 and one.rows < self.rows]
        return sorted(found, key=lambda one: 2 * one.noise - one.excess)[:n]

    def to_html(self) -> str:
        """Return the page: it needs no other file and no network."""
        return page(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page into a file."""
        Path(path).write_text(self.to_html(), encoding="utf-8", errors="backslashreplace")

    def __repr__(self) -> str:
        width = max(map(len, self.metrics), default=0)
        lines = [f"{self.title}: {self.label} of {self.rows:,} rows"]
        lines += [f"{name.ljust(width)}  {value:.6g}" for name, value in self.metrics.items()]
        worst = self.worst(_SHOWN)
        return "\n".join([*lines, *(["worst slices:"] if worst else []), *(f"  {one}" for one in worst)])

    def _repr_html_(self) -> str:
        return f"<iframe srcdoc='{_quoted(self.to_html())}' style='width: 100%; height: 900px; border: 0'></iframe>"


def _quoted(html: str) -> str:
    """Return HTML as the value of an attribute in single quotes."""
    return html.replace("&", "&amp;").replace("'", "&#39;")
