"""History: what training said of itself, step by step and epoch by epoch, as plain numbers that plot themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from featurecols.models import errors
from featurecols.models.training.monitor import Monitor

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from featurecols._core.arrays import Array


class History:
    """Rows of numbers: {"step": ..., "epoch": ..., "loss": ..., ...}, in the order in which they were made.

    >>> history = History()
    >>> history.add({"epoch": 1, "loss": 0.7}); history.add({"epoch": 2, "loss": 0.5, "val_auc": 0.9})
    >>> history.history
    {'epoch': [1, 2], 'loss': [0.7, 0.5], 'val_auc': [0.9]}
    """

    def __init__(self, rows: list[dict[str, float]] | None = None) -> None:
        self.rows: list[dict[str, float]] = rows or []

    def add(self, row: Mapping[str, float]) -> None:
        """Append the metrics of one epoch."""
        self.rows.append(dict(row))

    @property
    def history(self) -> dict[str, list[float]]:
        """The same by name, as Keras has it."""
        out: dict[str, list[float]] = {}
        for row in self.rows:
            for name, value in row.items():
                out.setdefault(name, []).append(value)
        return out

    def best(self, metric: str, *, mode: str = "auto") -> dict[str, float]:
        """Return the first row where a metric was best: highest or lowest as in EarlyStopping.

        Raises ModelError where no row has the metric as a number.
        """
        monitor = Monitor(metric, mode)
        best = monitor.best(row[metric] for row in self.rows if metric in row)
        if best is None:
            raise errors.unknown("History", "metric", metric, self.history)
        return next(row for row in self.rows if row.get(metric) == best)

    @staticmethod
    def read(path: str | Path) -> History:
        """Return the history that a Summaries hook wrote; a last line that a kill cut short is left out.

        Raises CheckpointError, which is a FileNotFoundError too where there is no such file, for one that cannot be read.
        """
        rows = []
        try:
            text = Path(path).read_text()
        except (OSError, ValueError) as e:
            missing, hint = isinstance(e, FileNotFoundError), "give the summaries.jsonl of a model_dir"
            problem = "no such file" if missing else f"cannot be read ({getattr(e, 'strerror', None) or 'not text'})"
            raise errors.checkpoint(path, problem, hint, missing=missing) from None
        for line in text.splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                break
        return History(rows)

    def plot(self, *metrics: str | Sequence[str], ax: Axes | None = None) -> Axes | Array:
        """Draw metrics, by name or as a list of names, against the step (or epoch); needs matplotlib.

        Each has its validation twin beside it. Returns the axes, or an array of them.
        """
        from featurecols.models.inspection.plots import history

        names = [name for given in metrics for name in ([given] if isinstance(given, str) else given)]
        return history(self.rows, names, ax)

    def __iter__(self) -> Iterator[dict[str, float]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def _repr_html_(self) -> str:
        from featurecols._core import html

        names = list(self.history) or ["step"]
        lines = [[f"{row[name]:.6g}" if name in row else "" for name in names] for row in self.rows]
        return html.table(f"History of {len(self)} rows", [names, *lines], [False] * len(names))

    def __repr__(self) -> str:
        last = ", ".join(f"{k}={v:.6g}" for k, v in (self.rows[-1] if self.rows else {}).items())
        return f"History({len(self.rows)} rows{': ' + last if last else ''})"
