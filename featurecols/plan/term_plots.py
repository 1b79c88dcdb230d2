"""Pictures of what a column learned of terms: how many rows have each, and the mean of a label in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from featurecols._core import figures
from featurecols._core.arrays import Array
from featurecols._core.figures import COLOURS, GREY
from featurecols._core.term_figures import TermFigures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

_MOST_LINES = 20  # terms that have a line with their name each
_MOST_POINTS = 20_000
_LONGEST = 24  # characters of a name


def draw_terms(found: TermFigures, ax: Axes) -> Axes:
    """Draw terms: with means, these and the rows they are of; else the rows of each, the most frequent first."""
    order = np.argsort(-found.counts, kind="stable")
    if found.means is None:
        return _draw_counts(found, order, ax)
    return _draw_lines(found, ax) if len(order) <= _MOST_LINES else _draw_funnel(found, order, ax)


def _name(found: TermFigures, i: int) -> str:
    text = found.text(i)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _with_rows(found: TermFigures, i: int) -> str:
    return f"{_name(found, i)}  {found.counts[i]:,}"


def _draw_counts(found: TermFigures, order: Array, ax: Axes) -> Axes:
    """Draw rows by the rank of the term, both as powers of 10 where there are many terms; a bar for each of a few."""
    counts = found.counts[order]
    if len(order) <= _MOST_LINES:
        order = np.arange(len(order)) if found.ordered else order
        counts, names = found.counts[order], [_with_rows(found, int(i)) for i in order]
        ax.barh(np.arange(len(order)), counts, color=COLOURS[0], alpha=0.6)
        ax.set_yticks(np.arange(len(order)), names)
        ax.invert_yaxis()
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.set_xlabel("training rows")
        return figures.remove_frame(ax)
    ranks = np.arange(1, len(order) + 1)
    kept = np.unique(np.geomspace(1, len(order), _MOST_POINTS).astype(np.int64)) - 1 if len(order) > _MOST_POINTS else ranks - 1
    ax.plot(ranks[kept], counts[kept], color=COLOURS[0])
    ax.set(xscale="log", yscale="log", xlabel=f"terms, most frequent first ({len(order):,} in all)", ylabel="training rows")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.yaxis.set_major_formatter("{x:,.0f}")
    first = _with_rows(found, int(order[0]))
    ax.annotate(first, (1, counts[0]), (8, 0), textcoords="offset points", va="center", fontsize="small")
    return figures.remove_frame(ax)


def _draw_lines(found: TermFigures, ax: Axes) -> Axes:
    """Draw a line for each term: its means as points, its name with its rows beside it."""
    means = _means(found)
    order = np.arange(len(means))[::-1] if found.ordered else np.argsort(means[:, 0], kind="stable")
    at = np.arange(len(order))
    for k in range(means.shape[1]):
        ax.plot(means[order, k], at, "o", color=COLOURS[k % len(COLOURS)], label=found.targets[k])
    ax.set_yticks(at, [_with_rows(found, int(i)) for i in order])
    ax.hlines(at, means[order].min(axis=1), means[order].max(axis=1), color=GREY, linewidth=0.6, zorder=0)
    _draw_unseen(found, ax.axvline)
    ax.set(xlabel=_axis(found), ylabel="term, and its training rows")
    return _finish(found, ax)


def _draw_funnel(found: TermFigures, order: Array, ax: Axes) -> Axes:
    """Draw the means of terms by how many rows they are of: where these are few, they are drawn to that of all rows."""
    means, shown = _means(found), order[:_MOST_POINTS]
    for k in range(means.shape[1]):
        size = 9.0 if len(shown) < 1000 else 3.0
        colour = COLOURS[k % len(COLOURS)]
        ax.scatter(found.counts[shown], means[shown, k], s=size, alpha=0.5, color=colour, linewidths=0, label=found.targets[k])
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    for i in order[:1].tolist() if len(found.targets) == 1 else ():  # the most frequent term is named
        place = (found.counts[i], means[i, 0])
        ax.annotate(_name(found, i), place, (-4, 4), textcoords="offset points", ha="right", fontsize="small")
    _draw_unseen(found, ax.axhline)
    of = f"{len(order):,} terms" if len(shown) == len(order) else f"the {len(shown):,} most frequent of {len(order):,} terms"
    ax.set(xlabel=f"training rows of a term: {of}", ylabel=_axis(found))
    return _finish(found, ax)


def _means(found: TermFigures) -> Array:
    """Return the means of the targets that are drawn, float64 [k, targets]."""
    if found.means is None:
        raise TypeError("only counts were learned")
    return found.means[:, : len(COLOURS)]


def _axis(found: TermFigures) -> str:
    return f"mean of {found.targets[0]}, smoothed" if len(found.targets) == 1 else "share of a class, smoothed"


def _draw_unseen(found: TermFigures, line: Callable[..., Line2D]) -> None:
    """Draw what an unseen term gets as a line across, with its value in the legend where there is one."""
    for k, value in enumerate([] if found.unseen is None else found.unseen[: len(COLOURS)].tolist()):
        alone = len(found.targets) == 1
        style = {"linewidth": 1.0, "linestyle": "--", "zorder": 0}
        line(value, color=COLOURS[1] if alone else COLOURS[k], label=f"unseen terms: {value:.3g}" if alone else None, **style)


def _finish(found: TermFigures, ax: Axes) -> Axes:
    handles, labels = ax.get_legend_handles_labels()
    kept = [i for i, label in enumerate(labels) if len(found.targets) > 1 or label.startswith("unseen")]
    ax.legend([handles[i] for i in kept], [labels[i] for i in kept], frameon=False, fontsize="small")
    return figures.remove_frame(ax)
