"""Pictures of models; each function needs matplotlib (the `plot` extra) and returns the axes it drew on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from featurecols.models import errors, metrics

if TYPE_CHECKING:
    from featurecols.models.history import History


def history(rows: History, names: Sequence[str] = (), ax: Any = None) -> Any:
    """Metrics by step; a metric and its validation twin (val_...) share a colour, the twin dashed."""
    ax = _axes(ax)
    found = rows.history
    over = "step" if "step" in found else "epoch"
    plain = [n for n in found if n not in ("epoch", "step", "seconds", "steps_per_second") and not n.startswith("val_")]
    twins = [n.removeprefix("val_") for n in found if n.startswith("val_")]
    names = list(names) or (["loss"] if "loss" in found else plain or twins[:1])
    for i, name in enumerate(names):
        for full, style in ((name, "-"), (f"val_{name}", "--")):
            points = [(row[over], row[full]) for row in rows.rows if full in row and over in row]
            if points:
                ax.plot(*zip(*points, strict=True), style, color=f"C{i}", marker="." if len(points) < 40 else None, label=full)
        if name not in found and f"val_{name}" not in found:
            raise errors.unknown("history", "metric", name, found)
    ax.set_xlabel(over)
    ax.legend(frameon=False)
    return _clean(ax)


def roc(labels: Any, scores: Any, weights: Any = None, *, name: str | None = None, ax: Any = None) -> Any:
    """True against false positive rate, with the exact area in the legend."""
    ax = _axes(ax)
    curve = metrics.roc(labels, scores, weights)
    area = metrics.auc(labels, scores, weights)
    ax.plot(curve.x, curve.y, label=f"{name + ', ' if name else ''}AUC {area:.4f}")
    _once(ax, [0, 1], [0, 1])
    ax.set_xlabel("false positive rate")
    ax.set_ylabel("true positive rate")
    ax.set_aspect("equal")
    ax.legend(frameon=False, loc="lower right")
    return _clean(ax)


def precision_recall(labels: Any, scores: Any, weights: Any = None, *, name: str | None = None, ax: Any = None) -> Any:
    """Precision against recall; the dashed line is what naming rows at random would give."""
    ax = _axes(ax)
    curve = metrics.precision_recall(labels, scores, weights)
    area = metrics.auc_precision_recall(labels, scores, weights)
    ax.step(curve.x, curve.y, where="pre", label=f"{name + ', ' if name else ''}average precision {area:.4f}")
    share = metrics.mean(labels, weights)
    _once(ax, [0, 1], [share, share])
    ax.set_xlabel("recall")
    ax.set_ylabel("precision")
    ax.set_ylim(0, 1.02)
    ax.legend(frameon=False, loc="lower left")
    return _clean(ax)


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
    """What happened against what was predicted, the area of a dot being the weight of its bin."""
    ax = _axes(ax)
    found = metrics.calibration(labels, probabilities, weights, bins=bins, by=by)
    label = f"{name + ', ' if name else ''}calibration error {found.error:.4f}"
    line = ax.plot(found.predicted, found.observed, label=label)[0]
    ax.scatter(found.predicted, found.observed, s=10 + 300 * found.weight / found.weight.sum(), color=line.get_color())
    _once(ax, [0, 1], [0, 1])
    ax.set_xlabel("predicted probability")
    ax.set_ylabel("share that was positive")
    ax.set_aspect("equal")
    ax.legend(frameon=False, loc="upper left")
    return _clean(ax)


def weights(rows: Sequence[Any], *, ax: Any = None) -> Any:
    """Top weights of a linear model (see looking.top_weights) as bars, the largest on top."""
    ax = _axes(ax)
    shown = list(reversed(list(rows)))
    ax.barh(range(len(shown)), [r.weight for r in shown], color=["C0" if r.weight >= 0 else "C3" for r in shown])
    ax.set_yticks(range(len(shown)), [r.meaning for r in shown])
    ax.axvline(0, color="0.5", linewidth=0.8)
    ax.set_xlabel("weight")
    return _clean(ax)


def _once(ax: Any, x: Sequence[float], y: Sequence[float]) -> None:
    """The line to compare with, drawn for the first of several curves only."""
    if len(ax.lines) == 1:
        ax.plot(x, y, color="0.7", linestyle="--", linewidth=0.8, zorder=0)


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise errors.model("plot", "matplotlib is not installed", None, 'pip install "featurecols[plot]"') from None
    return plt.subplots()[1]


def _clean(ax: Any) -> Any:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax
