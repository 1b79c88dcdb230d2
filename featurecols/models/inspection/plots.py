"""Pictures of models; each function needs matplotlib (the `plot` extra) and returns the axes it drew on.

Without `ax` a figure of a fitting size is made, with a title; on axes that are given, curves of several models meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from featurecols._core import figures
from featurecols._core.arrays import Array
from featurecols._core.figures import COLOURS, GREY
from featurecols._core.names import names_of
from featurecols._core.suggestions import module_names
from featurecols.models import errors
from featurecols.models.objective import metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

_NO_METRIC = ("epoch", "step", "seconds", "steps_per_second")
_LONGEST = 60  # letters of what a bar stands for
_FEW = 40  # points that are marked one by one
Points = list[tuple[float, float]]
Rows = Sequence[Mapping[str, float]]
Corner = Literal["lower left", "lower right", "upper left"]


class NamedWeight(Protocol):
    """A weight and what it is multiplied with, in words."""

    @property
    def weight(self) -> float:
        """The weight of the feature."""

    @property
    def meaning(self) -> str:
        """What the feature stands for."""


def history(rows: Iterable[Mapping[str, float]], names: str | Sequence[str] = (), ax: Axes | None = None) -> Axes | Array:
    """Draw metrics by epoch (by step, where rows are of steps), each with its validation twin (val_...) dashed.

    The rows are a History, or dicts of numbers as a History has them. One metric is one picture; several are a row of them
    (an array of axes is returned), or share `ax`. Losses of single steps, which a Summaries hook writes between the epochs,
    are a faint line behind.

    Raises ModelError where there are no metrics, or not one of that name.
    """
    rows = list(rows)
    known = list(dict.fromkeys(n.removeprefix("val_") for row in rows for n in row if n not in _NO_METRIC))
    if not known:
        raise errors.model("history", "has no metrics", len(rows), "plot it after training")
    names = [name.removeprefix("val_") for name in names_of(names)] or ["loss" if "loss" in known else known[0]]
    for name in names:
        if name not in known:
            raise errors.unknown("history", "metric", name, known)
    over = _axis_of(rows)
    if ax is not None and len(names) > 1:
        for k, name in enumerate(names):
            colour = COLOURS[k % len(COLOURS)]
            _draw_metric(ax, rows, name, over, (colour, colour), f"{name}, ")
        return _label_axis(ax, over)
    axes = [ax] if ax is not None else _figure((5.6 if len(names) == 1 else 4.2 * len(names), 3.6), len(names))
    for one, name in zip(axes, names, strict=True):
        _draw_metric(one, rows, name, over, COLOURS[:2])
        one.set_ylabel(name)
        _label_axis(one, over)
        if ax is None:
            one.set_title(f"{name} by {over}")
    return axes[0] if len(axes) == 1 else np.array(axes)


def roc(
    labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None, *, name: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the true against the false positive rate, with the exact area in the legend; the dashed line is guessing."""
    ax = ax or _square_figure("ROC curve")
    curve = metrics.roc(labels, scores, sample_weight=weights)
    ax.plot(curve.x, curve.y, label=_label(name, "AUC", metrics.auc(labels, scores, sample_weight=weights)))
    _draw_reference(ax, [0, 1], [0, 1])
    ax.set_xlabel("false positive rate")
    ax.set_ylabel("true positive rate")
    return _finish_square(ax, "lower right")


def precision_recall(
    labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None, *, name: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw precision against recall; the dashed line is what naming rows at random would give."""
    ax = ax or _square_figure("Precision and recall")
    curve = metrics.precision_recall(labels, scores, sample_weight=weights)
    label = _label(name, "average precision", metrics.auc_precision_recall(labels, scores, sample_weight=weights))
    ax.step(curve.x, curve.y, where="pre", label=label)
    positive = metrics.mean(labels, sample_weight=weights)
    _draw_reference(ax, [0, 1], [positive, positive])
    ax.set_xlabel("recall")
    ax.set_ylabel("precision")
    return _finish_square(ax, "lower left")


def calibration(
    labels: ArrayLike,
    probabilities: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    bins: int = 10,
    by: str = "width",
    name: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what happened against what was predicted, the area of a dot being the weight of its bin; dashed is perfect."""
    ax = ax or _square_figure("Calibration")
    found = metrics.calibration(labels, probabilities, sample_weight=weights, bins=bins, by=by)
    line = ax.plot(found.predicted, found.observed, label=_label(name, "calibration error", found.error))[0]
    sizes = 10 + 300 * found.weight / found.weight.sum()
    ax.scatter(found.predicted, found.observed, s=sizes, color=line.get_color(), alpha=0.7, linewidths=0)
    _draw_reference(ax, [0, 1], [0, 1])
    ax.set_xlabel("predicted probability")
    ax.set_ylabel("fraction that was positive")
    return _finish_square(ax, "upper left")


def weights(rows: Iterable[NamedWeight], *, deviations: Sequence[float] | None = None, ax: Axes | None = None) -> Axes:
    """Draw top weights of a linear model (see weights.top_weights) as bars, the largest on top.

    Args:
        rows: what is drawn; words longer than 60 letters are cut.
        deviations: of each, drawn as a line around its end.
        ax: where to draw.
    """
    shown = list(reversed(list(rows)))
    words = [r.meaning if len(r.meaning) <= _LONGEST else f"{r.meaning[: _LONGEST - 1]}…" for r in shown]
    if ax is None:
        longest = max(map(len, words), default=0)
        ax = _figure((3.6 + 0.075 * longest, 0.9 + 0.26 * len(shown)))[0]
        ax.set_title("Largest weights")
    colours = [COLOURS[0] if r.weight > 0 else COLOURS[1] for r in shown]
    ends = None if deviations is None else list(reversed(deviations))
    ax.barh(range(len(shown)), [r.weight for r in shown], 0.7, color=colours, xerr=ends, error_kw={"ecolor": "0.3"})
    ax.set_yticks(range(len(shown)), words)
    ax.tick_params(axis="y", length=0)
    ax.margins(y=0.01)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.set_xlabel("weight")
    ax.locator_params(axis="x", nbins=6)
    ax.spines["left"].set_visible(False)
    return figures.remove_frame(ax)


def _axis_of(rows: Rows) -> str:
    """Return what numbers the rows: epochs where every row is one and none comes twice (training that goes on counts anew)."""
    epochs = [row.get("epoch") for row in rows]
    steps = all("step" in row for row in rows)
    return "step" if steps and (None in epochs or len(set(epochs)) < len(epochs)) else "epoch"


def _draw_metric(ax: Axes, rows: Rows, name: str, over: str, colours: Sequence[str], of: str = "") -> None:
    """Draw the lines of one metric: training, validation, and behind them the single steps of a history that has epochs too."""
    ends = [row for row in rows if "epoch" in row]
    if ends and (faint := _points([row for row in rows if "epoch" not in row], over, name)):
        ax.plot(*zip(*faint, strict=True), color=colours[0], alpha=0.3, linewidth=0.8, label=f"{of}single steps")
    kinds = ((name, "training", "-", "o"), (f"val_{name}", "validation", "--", "s"))
    for (full, what, style, marker), colour in zip(kinds, colours, strict=True):
        if points := _points(ends or rows, over, full):
            mark = marker if len(points) <= _FEW else None
            ax.plot(*zip(*points, strict=True), style, color=colour, marker=mark, markersize=4, label=of + what)


def _points(rows: Rows, over: str, name: str) -> Points:
    """Return (x, y) of the rows that have both."""
    return [(row[over], row[name]) for row in rows if over in row and name in row]


def _label_axis(ax: Axes, over: str) -> Axes:
    """Put whole numbers below, and a legend where there is something to tell apart."""
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel(over)
    ax.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10], integer=True))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    seen = {float(x) for line in ax.lines for x in np.asarray(line.get_xdata())}
    if len(seen) == 1:
        ax.set_xticks(list(seen))
    if any("training" not in str(line.get_label()) for line in ax.lines) or len(ax.lines) > 1:
        ax.legend(frameon=False)
    return figures.remove_frame(ax)


def _label(name: str | None, what: str, value: float) -> str:
    """Return the text of a legend."""
    return f"{name + ', ' if name else ''}{what} {value:.3f}"


def _draw_reference(ax: Axes, x: Sequence[float], y: Sequence[float]) -> None:
    """Draw the line to compare with, for the first of several curves only."""
    if len(ax.lines) == 1:
        ax.plot(x, y, color=GREY, linestyle="--", linewidth=0.8, zorder=0)


def _finish_square(ax: Axes, legend: Corner) -> Axes:
    """Let both axes go from 0 to 1, equally long."""
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.legend(frameon=False, loc=legend, fontsize="small")
    return figures.remove_frame(ax)


def _square_figure(title: str) -> Axes:
    """Return the axes of a new square figure."""
    ax = _figure((4.4, 4.4))[0]
    ax.set_title(title)
    return ax


def _figure(size: tuple[float, float], columns: int = 1) -> list[Axes]:
    """Return the axes of a new figure, side by side, in our colours."""
    try:
        return figures.new_axes(size, columns)
    except ImportError:
        raise errors.missing("plot", "matplotlib", "featurecols[plot]") from None


__all__ = ["calibration", "history", "precision_recall", "roc", "weights"]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = module_names("featurecols.models.plots", __all__)
