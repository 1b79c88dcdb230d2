"""Pictures of what a plan learned of one column; they need matplotlib (the `plot` extra)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core import figures
from featurecols._core.arrays import Array, Ids
from featurecols._core.buckets import Bucket
from featurecols._core.figures import COLOURS, GREY
from featurecols._core.numbers import Numbers
from featurecols.columns.base import Field
from featurecols.columns.bound import Bound
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.convert import view_of
from featurecols.data.sources import Data, as_source
from featurecols.plan.bucket_contents import bucket_contents
from featurecols.plan.check import collect_statistics
from featurecols.plan.execution.program import Program
from featurecols.plan.statistics import FieldStatistics, Statistics
from featurecols.plan.term_plots import draw_terms

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_EDGES = 400  # that are drawn
_MOST_CURVES = 60
_POINTS = 800  # of a curve
_SIZE = (5.6, 3.6)


def plot(program: Program, statistics: Statistics | None, name: str, data: Data | None, ax: Axes | None) -> Axes:
    """Draw one column; see Plan.plot."""
    node = _find(program, name)
    found = statistics if data is None else collect_statistics(program, as_source(data))
    bound = program.bounds[node]
    if (terms := bound.term_figures()) is not None:
        return draw_terms(terms, _axes(name, ax))
    if bound.categorical:
        first = bound.meaning(0).kind if bound.num_buckets else "unused"
        if first == "interval":
            return _draw_edges(program, node, found, _axes(name, ax))
        if first == "term":
            return _draw_coverage(program, node, found, name, ax)
        if first == "hash":
            return _draw_load(program, node, found, data, name, ax)
        what = "there is a picture of intervals, terms, hash buckets, means and counts of terms, and curves of one number"
        raise errors.plan("plot", f"{name}: {what}", type(bound.column).__name__, "look at plan.terms or plan.check(data)")
    return _draw_curves(program, node, found, name, ax)


def _find(program: Program, name: str) -> int:
    """Return the node of a column, declared or read by another.

    Of what shows ids as features, it is the node of the ids; of what scales numbers of terms, the node that learned them.
    """
    nodes = {bound.column.name: i for i, bound in program.bounds.items()}
    nodes |= {output.name: output.node for output in program.outputs}
    if name not in nodes:
        raise errors.plan("plot", "no column has that name", name, "give one of " + ", ".join(islice(nodes, 20)))
    node = nodes[name]
    while (below := _shown(program, node)) is not None:
        node = below
    return node


def _shown(program: Program, node: int) -> int | None:
    """Return the only column that a column reads, where that is what is to be drawn."""
    bound, below = program.bounds[node], program.inputs[node]
    if bound.categorical or bound.term_figures() is not None or len(below) != 1 or below[0] not in program.bounds:
        return None
    read = program.bounds[below[0]]
    return below[0] if read.categorical or read.term_figures() is not None else None


def _axes(title: str, ax: Axes | None) -> Axes:
    """Return the axes to draw on, those of a new figure with a title where none are given."""
    if ax is not None:
        return ax
    try:
        made = figures.new_axes(_SIZE)[0]
    except ImportError:
        raise errors.PlanError('plot: matplotlib is not installed; pip install "featurecols[plot]"') from None
    made.set_title(title)
    return made


def _field(program: Program, node: int, found: Statistics | None) -> tuple[str, FieldStatistics | None]:
    """Return the key of the only field that a column reads directly, "" for another column, and what is known of it."""
    fields = dict(program.fields)
    inputs = program.inputs[node]
    if len(inputs) != 1 or inputs[0] not in fields:
        return "", None
    key = fields[inputs[0]].key
    return key, None if found is None else found.fields.get(key)


def _meanings(bound: Bound) -> list[Bucket]:
    """Return the intervals of a column, of the first element where it has several."""
    every = (bound.meaning(i) for i in range(min(bound.num_buckets, _MOST_EDGES)))
    return [bucket for bucket in every if bucket.kind == "interval" and bucket.element in (None, 0)]


def _draw_edges(program: Program, node: int, found: Statistics | None, ax: Axes) -> Axes:
    """Draw the edges of buckets, over the histogram of the field where it is known."""
    key, known = _field(program, node, found)
    bound = program.bounds[node]
    edges = [bucket.high for bucket in _meanings(bound) if bucket.high is not None]
    if known is not None and known.numbers is not None and len(known.numbers.heights):
        ax.stairs(known.numbers.heights, known.numbers.bars, fill=True, color=COLOURS[0], alpha=0.5)
        ax.set_ylabel("values")
        ax.set_xlim(known.numbers.bars[0], known.numbers.bars[-1])
        low, high = known.numbers.bars[0], known.numbers.bars[-1]
        beyond = sum(not low <= edge <= high for edge in edges)
        if beyond:
            ax.annotate(f"{beyond} edges beyond", (0.99, 0.94), xycoords="axes fraction", ha="right", color=COLOURS[1])
    else:
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    for edge in edges:
        ax.axvline(edge, color=COLOURS[1], linewidth=1.0 if len(edges) < 40 else 0.4)
    ax.set_xlabel(key or program.bounds[node].column.name)
    return figures.remove_frame(ax)


def _draw_coverage(program: Program, node: int, found: Statistics | None, name: str, ax: Axes | None) -> Axes:
    """Draw the share of values that the most frequent terms cover, by how many terms, and the vocabulary as a point."""
    while len(program.inputs[node]) == 1 and program.inputs[node][0] in program.bounds:
        node = program.inputs[node][0]  # what weighs ids reads those of a vocabulary
    known, bound = _field(program, node, found)[1], program.bounds[node]
    if known is None or known.terms is None or known.values == known.missing:
        raise _needs_data(name, "how often the terms of its field occur")
    present = known.values - known.missing
    counts = np.array(known.terms.counts)
    size = bound.num_buckets if bound.num_seen is None else bound.num_seen
    if known.unseen is not None:
        covered = 1 - known.unseen / present
    else:
        terms = {bound.meaning(i).term for i in range(size)}
        covered = (
            sum(c for t, c in zip(known.terms.terms, counts, strict=True) if t.decode(errors="replace") in terms) / present
        )
    ax = _axes(name, ax)
    ax.plot(np.arange(1, len(counts) + 1), np.cumsum(counts) / present, color=COLOURS[0])
    ax.plot([size], [covered], "o", color=COLOURS[1])
    words = f"{size:,} terms, {covered:.1%} of the values"
    ax.annotate(words, (size, covered), (0.04, 0.9), "data", "axes fraction", color=COLOURS[1])
    if max(len(counts), size) > 50:
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set(xlabel=f"terms, most frequent first ({known.terms.distinct:,} in all)", ylabel="share of the values", ylim=(0, 1.02))
    return figures.remove_frame(ax)


def _draw_load(program: Program, node: int, found: Statistics | None, data: Data | None, name: str, ax: Axes | None) -> Axes:
    """Draw how many buckets hold no term, one, two ..., and how many would by chance."""
    bound = program.bounds[node]
    ids, total = _ids_of_terms(program, node, found) if data is None else (None, 0)
    if data is not None:
        contents = bucket_contents(program, {name: node}, as_source(data), {name: None})[name]
        ids = np.repeat(np.fromiter(contents, np.int64, len(contents)), [len(terms) for terms in contents.values()])
        total = len(ids)
    if ids is None or not len(ids):
        raise _needs_data(name, "its terms")
    buckets = bound.num_buckets
    per_bucket = np.bincount(np.unique(ids, return_counts=True)[1])
    per_bucket[0] = buckets - per_bucket.sum()
    mean, k = len(ids) / buckets, np.arange(len(per_bucket))
    logs = np.cumsum(np.log(np.maximum(k, 1)))
    expected = buckets * np.exp(k * np.log(mean) - mean - logs)
    ax = _axes(name, ax)
    ax.bar(k, per_bucket, color=COLOURS[0], alpha=0.6, label="buckets")
    ax.plot(k, expected, "o", color=COLOURS[1], label="by chance")
    of = f"{len(ids):,} terms" if len(ids) >= total else f"the {len(ids):,} most frequent of {total:,} terms"
    ax.set(xlabel=f"terms in a bucket: {of} in {buckets:,}", ylabel="buckets")
    if len(k) <= 20:
        ax.set_xticks(k)
    ax.legend(frameon=False)
    return figures.remove_frame(ax)


def _ids_of_terms(program: Program, node: int, found: Statistics | None) -> tuple[Array | None, int]:
    """Return the id of each term that statistics hold of the only field of a column, and how many terms there were."""
    key, known = _field(program, node, found)
    if known is None or known.terms is None:
        return None, 0
    terms = view_of(key, pa.array(known.terms.terms, pa.large_binary()))
    ids = program.bounds[node].evaluate(terms)
    return (ids.values if isinstance(ids, Ids) else None), known.terms.distinct


def _draw_curves(program: Program, node: int, found: Statistics | None, name: str, ax: Axes | None) -> Axes:
    """Draw the features of a column by the number that it reads."""
    bound, fields = program.bounds[node], dict(program.fields)
    keys = _keys_below(program, node)
    if len(keys) != 1 or bound.width > _MOST_CURVES:
        what = f"a curve is drawn of at most {_MOST_CURVES} features of one number"
        raise errors.plan("plot", f"{name}: {what}", f"{bound.width} features of {len(keys)} fields", "plot what it reads")
    (key,) = keys
    low, high = _range(bound, key, found, name)
    x = np.linspace(low, high, _POINTS)
    view = view_of(key, x)

    def value(i: int) -> FieldView | Numbers | Ids:
        return view if i in fields else program.bounds[i].evaluate(*map(value, program.inputs[i]))

    y = np.zeros((len(x), bound.width), np.float32)
    bound.write(*map(value, program.inputs[node]), out=y)
    ax = _axes(name, ax)
    for i in range(bound.width):
        ax.plot(x, y[:, i], label=bound.label(i) or name, color=COLOURS[i % len(COLOURS)])
    ax.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    ax.set(xlabel=key, ylabel="feature" if bound.width == 1 else "features")
    if 1 < bound.width <= 8:
        ax.legend(frameon=False, fontsize="small")
    return figures.remove_frame(ax)


def _keys_below(program: Program, node: int) -> set[str]:
    """Return the keys of the fields that a column reads, through others too."""
    fields, found = dict(program.fields), set()
    for i in program.inputs[node]:
        found |= {_key(fields[i])} if i in fields else _keys_below(program, i)
    return found


def _key(field: Field) -> str:
    return field.key


def _range(bound: Bound, key: str, found: Statistics | None, name: str) -> tuple[float, float]:
    """Return where the numbers of a field lie: by statistics, or by the intervals of the column."""
    known = None if found is None else found.fields.get(key)
    if known is not None and known.numbers is not None and known.numbers.low is not None and known.numbers.high is not None:
        return known.numbers.low, known.numbers.high
    try:
        ends = [end for i in range(bound.width) for end in (bound.meaning(i).low, bound.meaning(i).high) if end is not None]
    except TypeError:  # its features are not of intervals
        ends = []
    if len(ends) < 2:
        raise _needs_data(name, "where the numbers of its field lie")
    return min(ends), max(ends)


def _needs_data(name: str, what: str) -> errors.PlanError:
    return errors.PlanError(f"plot: {name}: the picture shows {what}; give data, or fit(..., statistics=True)")
