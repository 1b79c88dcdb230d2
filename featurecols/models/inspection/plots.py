"""Pictures of models; each function needs matplotlib (the `plot` extra) and returns the axes it drew on.

Without `ax` a figure of a fitting size is made, with a title; on axes that are given, curves of several models meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from featurecols.models import errors
from featurecols.models.objective import metrics

# The colours of Okabe and Ito (2008), which people who confuse red and green can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
GREY = "0.65"
_NO_METRIC = ("epoch", "step", "seconds", "steps_per_second")
_FEW = 40  # points that are marked one by one
Points = list[tuple[float, float]]
Rows = Sequence[Mapping[str, float]]


def history(rows: Iterable[Mapping[str, float]], names: Sequence[str] = (), ax: Any = None) -> Any:
    """Draw metrics by epoch (by step, where rows are of steps), each with its validation twin (val_...) dashed.

    The rows are a History, or dicts of numbers as a History has them. One metric is one picture; several are a row of them
    (an array of axes is returned), or share `ax`. Losses of single steps, which a Summaries hook writes between the epochs,
    are a faint line behind.
    """
    rows = list(rows)
    known = list(dict.fromkeys(n.removeprefix("val_") for row in rows for n in row if n not in _NO_METRIC))
    if not known:
        raise errors.model("history", "has no metrics", len(rows), "plot it after training")
    names = [name.removeprefix("val_") for name in names] or ["loss" if "loss" in known else known[0]]
    for name in names:
        if name not in known:
            raise errors.unknown("history", "metric", name, known)
    over = _over(rows)
    if ax is not None and len(names) > 1:
        for k, name in enumerate(names):
            colour = COLOURS[k % len(COLOURS)]
            _metric(ax, rows, name, over, (colour, colour), f"{name}, ")
        return _by(ax, over)
    axes = ax or _figure((5.6 if len(names) == 1 else 4.2 * len(names), 3.6), len(names))
    for one, name in zip(np.atleast_1d(axes), names, strict=True):
        _metric(one, rows, name, over, COLOURS[:2])
        one.set_ylabel(name)
        _by(one, over)
        if ax is None:
            one.set_title(f"{name} by {over}")
    return axes


def roc(labels: Any, scores: Any, weights: Any = None, *, name: str | None = None, ax: Any = None) -> Any:
    """True against false positive rate, with the exact area in the legend; the dashed line is guessing."""
    ax = ax or _square("ROC curve")
    curve = metrics.roc(labels, scores, weights)
    ax.plot(curve.x, curve.y, label=_label(name, "AUC", metrics.auc(labels, scores, weights)))
    _once(ax, [0, 1], [0, 1])
    ax.set_xlabel("false positive rate")
    ax.set_ylabel("true positive rate")
    return _unit(ax, "lower right")


def precision_recall(labels: Any, scores: Any, weights: Any = None, *, name: str | None = None, ax: Any = None) -> Any:
    """Precision against recall; the dashed line is what naming rows at random would give."""
    ax = ax or _square("Precision and recall")
    curve = metrics.precision_recall(labels, scores, weights)
    label = _label(name, "average precision", metrics.auc_precision_recall(labels, scores, weights))
    ax.step(curve.x, curve.y, where="pre", label=label)
    share = metrics.mean(labels, weights)
    _once(ax, [0, 1], [share, share])
    ax.set_xlabel("recall")
    ax.set_ylabel("precision")
    return _unit(ax, "lower left")


def calibration(
    labels: Any,
    probabilities: Any,
    weights: Any = None,
    *,
    bins: int = 10,
    by: str = "width",
    name: str | None = None,
    ax: Any = None,
) -> Any:
    """What happened against what was predicted, the area of a dot being the weight of its bin; dashed is perfect."""
    ax = ax or _square("Calibration")
    found = metrics.calibration(labels, probabilities, weights, bins=bins, by=by)
    line = ax.plot(found.predicted, found.observed, label=_label(name, "calibration error", found.error))[0]
    sizes = 10 + 300 * found.weight / found.weight.sum()
    ax.scatter(found.predicted, found.observed, s=sizes, color=line.get_color(), alpha=0.7, linewidths=0)
    _once(ax, [0, 1], [0, 1])
    ax.set_xlabel("predicted probability")
    ax.set_ylabel("share that was positive")
    return _unit(ax, "upper left")


def weights(rows: Sequence[Any], *, ax: Any = None) -> Any:
    """Top weights of a linear model (see looking.top_weights) as bars, the largest on top."""
    shown = list(reversed(list(rows)))
    if ax is None:
        longest = max((len(r.meaning) for r in shown), default=0)
        ax = _figure((3.6 + 0.075 * longest, 0.9 + 0.26 * len(shown)))
        ax.set_title("Largest weights")
    ax.barh(
        range(len(shown)), [r.weight for r in shown], 0.7, color=[COLOURS[0] if r.weight > 0 else COLOURS[1] for r in shown]
    )
    ax.set_yticks(range(len(shown)), [r.meaning for r in shown])
    ax.tick_params(axis="y", length=0)
    ax.margins(y=0.01)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.set_xlabel("weight")
    ax.spines["left"].set_visible(False)
    return _clean(ax)


def _over(rows: Rows) -> str:
    """What numbers the rows: epochs where every row is one and none comes twice (training that goes on counts anew)."""
    epochs = [row.get("epoch") for row in rows]
    steps = all("step" in row for row in rows)
    return "step" if steps and (None in epochs or len(set(epochs)) < len(epochs)) else "epoch"


def _metric(ax: Any, rows: Rows, name: str, over: str, colours: Sequence[str], of: str = "") -> None:
    """Lines of one metric: training, validation, and behind them the single steps of a history that has epochs too."""
    ends = [row for row in rows if "epoch" in row]
    if ends and (faint := _points([row for row in rows if "epoch" not in row], over, name)):
        ax.plot(*zip(*faint, strict=True), color=colours[0], alpha=0.3, linewidth=0.8, label=f"{of}single steps")
    kinds = ((name, "training", "-", "o"), (f"val_{name}", "validation", "--", "s"))
    for (full, what, style, marker), colour in zip(kinds, colours, strict=True):
        if points := _points(ends or rows, over, full):
            mark = marker if len(points) <= _FEW else None
            ax.plot(*zip(*points, strict=True), style, color=colour, marker=mark, markersize=4, label=of + what)


def _points(rows: Rows, over: str, name: str) -> Points:
    return [(row[over], row[name]) for row in rows if over in row and name in row]


def _by(ax: Any, over: str) -> Any:
    """Whole numbers below, and a legend where there is something to tell apart."""
    ax.set_xlabel(over)
    ax.xaxis.get_major_locator().set_params(nbins=8, integer=True)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    seen = {float(x) for line in ax.lines for x in line.get_xdata()}
    if len(seen) == 1:
        ax.set_xticks(list(seen))
    if any("training" not in str(line.get_label()) for line in ax.lines) or len(ax.lines) > 1:
        ax.legend(frameon=False)
    return _clean(ax)


def _label(name: str | None, what: str, value: float) -> str:
    return f"{name + ', ' if name else ''}{what} {value:.3f}"


def _once(ax: Any, x: Sequence[float], y: Sequence[float]) -> None:
    """The line to compare with, drawn for the first of several curves only."""
    if len(ax.lines) == 1:
        ax.plot(x, y, color=GREY, linestyle="--", linewidth=0.8, zorder=0)


def _unit(ax: Any, legend: str) -> Any:
    """Both axes from 0 to 1, equally long."""
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.legend(frameon=False, loc=legend, fontsize="small")
    return _clean(ax)


def _square(title: str) -> Any:
    ax = _figure((4.4, 4.4))
    ax.set_title(title)
    return ax


def _figure(size: tuple[float, float], columns: int = 1) -> Any:
    """New axes in our colours; an array of them where there are several columns."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise errors.missing("plot", "matplotlib", "featurecols[plot]") from None
    axes = plt.subplots(1, columns, figsize=size, layout="constrained")[1]
    for ax in np.atleast_1d(axes):
        ax.set_prop_cycle(color=COLOURS)
    return axes


def _clean(ax: Any) -> Any:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax
