"""How far the fields of some rows are from those of the training rows: measures, and what chance alone would give.

The measures compare shares of bins. Those of numbers are 10 bins of about equal counts in the training rows (a value heavier
than a tenth is a bin of its own), one for values below all of them and one for values above; those of categories are the most
frequent terms of the training rows, at most 50, of which at least 5 values are expected in the smaller of both sets, then terms
that have become frequent, at most 10, one bin for the other terms that are known of the training rows (of which 1000 are kept),
and one for all that are not. Missing and infinite values are bins, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols.analyzers import base
from featurecols.analyzers.base import State
from featurecols.plan.execution.program import Program
from featurecols.plan.field_states import FieldStates, first_fields, heights_of
from featurecols.plan.one_pass import Key
from featurecols.plan.statistics import FieldStatistics, NumberStatistics, Statistics, TermStatistics, term_text

MAX_PSI = 0.1
CHANCE = 0.001  # of a false alarm in one report whose rows are drawn as the training rows were
_EXPECTED = 5  # values of a term, below which it is counted with the others
_MOST_BINS = 50  # of terms
_RISEN = 10  # values of a term that few or none of the training rows have, and values that they should have, for its own bin
_SHOWN = 12  # terms in a report, and a third of that of those that were not there before
_HALF = 0.5  # a value added to each bin, so that no share is 0


class Bin(NamedTuple):
    """Values of one kind on both sides.

    Attributes:
        label: what they are.
        training: how many of the training rows' values; None where that is not known.
        data: how many of the values that are checked.
    """

    label: str
    training: int | None
    data: int


@dataclass(frozen=True)
class FieldDrift:
    """How far one field is from its training rows.

    Let p and q be the shares of k bins among n values of the training rows and m values of the data, with half a value added to
    each bin. With no change at all, the sum of (q - p) ln(q / p) is about (1/n + 1/m) times a chi-square of k - 1 degrees of
    freedom (Yurdakul and Naranjo, "Statistical properties of the population stability index", Journal of Risk Model
    Validation 14 (4), 2020). So few rows give a large sum; psi and noise take account of it.

    Attributes:
        psi: population stability index: the sum of (q - p) ln(q / p), less what chance alone gives on average,
            (k - 1)(1/n + 1/m); 0 where that is more. By custom below 0.1 is no change, above 0.25 a large one (Siddiqi, "Credit
            Risk Scorecards", 2006).
        noise: what psi stays below by chance alone, in all fields of the report together 999 times of 1000.
        js: Jensen-Shannon divergence in bits, from 0 to 1: half the sum of p log2(p / r) + q log2(q / r), r = (p + q) / 2
            (Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37 (1), 1991).
        linf: the largest |q - p|.
        bins: the bins, with counts.
        bars: for numbers, the bars of a histogram, by their lower edges.
        terms: for categories, the most frequent terms of both sides.
        training, data: statistics of both.
    """

    psi: float
    noise: float
    js: float
    linf: float
    bins: tuple[Bin, ...]
    bars: tuple[Bin, ...]
    terms: tuple[Bin, ...]
    training: FieldStatistics
    data: FieldStatistics

    def exceeds(self, *, psi: float | None = MAX_PSI, js: float | None = None, linf: float | None = None) -> bool:
        """Return whether a measure is above its limit, and psi above what chance gives."""
        measures = ((self.psi, psi), (self.js, js), (self.linf, linf))
        return self.psi > self.noise and any(limit is not None and found > limit for found, limit in measures)

    def to_dict(self) -> dict[str, object]:
        """Return measures and bins as plain JSON data."""
        measures = {name: getattr(self, name) for name in ("psi", "noise", "js", "linf")}
        return {**measures, "bins": [list(b) for b in self.bins]}


def compare(program: Program, training: Statistics, states: Mapping[Key, State]) -> dict[str, FieldDrift]:
    """Return the drift of each field that both sides have, by key."""
    found: dict[str, tuple[FieldStatistics, FieldStates]] = {}
    for node, field in first_fields(program.fields):
        there = FieldStates(program, node, {key[0]: state for key, state in states.items() if key[1] == node})
        if there.known and field.key in training.fields:
            found[field.key] = training.fields[field.key], there
    return {key: drift_of(before, now, len(found)) for key, (before, now) in found.items()}


def drift_of(training: FieldStatistics, states: FieldStates, fields: int) -> FieldDrift:
    """Return the drift of one field of `fields` that are compared."""
    data = states.statistics()
    bins = [Bin("missing", training.missing, data.missing)]
    bars: list[Bin] = []
    terms: list[Bin] = []
    if training.numbers is not None and data.numbers is not None and states.bins is not None:
        bins += number_bins(training.numbers, states.bins)
        bins.append(Bin("infinite", training.numbers.infinite, data.numbers.infinite))
        bars = _bars(training.numbers, states.bins)
    elif training.terms is not None and data.terms is not None:
        counts = _counts_of(training.terms.terms, states)
        bins += term_bins(training, data, counts)
        terms = _shown(training.terms, counts, data.terms)
    used = [b for b in bins if b.training or b.data]
    p, q = _shares([b.training or 0 for b in used]), _shares([b.data for b in used])
    scale = (1 / training.values + 1 / data.values) if training.values and data.values else 0.0
    free = max(0, len(used) - 1)
    psi = max(0.0, float(((q - p) * np.log(q / p)).sum()) - free * scale) if scale else 0.0
    noise = max(0.0, _chi_square(free, CHANCE / max(1, fields)) - free) * scale
    middle = (p + q) / 2
    js = float((p * np.log2(p / middle) + q * np.log2(q / middle)).sum()) / 2 if scale else 0.0
    linf = float(np.abs(q - p).max()) if scale and len(used) else 0.0
    return FieldDrift(psi, noise, max(0.0, js), linf, tuple(used), tuple(bars), tuple(terms), training, data)


def number_bins(training: NumberStatistics, now: Mapping[str, Array]) -> list[Bin]:
    """Return the bins of numbers; `now` is what ValueBins has found.

    The edges lose the bits that the numbers of `now` lost, so that a value which both sides have is in one bin; bins whose
    edges are then the same are one.
    """
    keys, counts, drop = now["keys"], now["counts"], np.uint64(int(now["drop"]))
    if not training.counts or training.low is None or training.high is None:
        return [Bin("numbers", 0, int(counts.sum()))]
    edges, first = np.unique(base.sortable(np.array(training.edges)) >> drop, return_index=True)
    before = np.add.reduceat(np.array(training.counts, np.int64), first)
    low, high = base.sortable(np.array([training.low, training.high])) >> drop
    at = np.searchsorted(edges, keys, side="right") - 1
    below, above = keys < low, keys > high
    inside = ~(below | above)
    found = np.bincount(np.maximum(at[inside], 0), counts[inside], len(edges)).astype(np.int64)
    starts = [training.edges[i] for i in first.tolist()]
    labels = [f"{a:.6g} to {b:.6g}" for a, b in zip(starts, [*starts[1:], training.high], strict=True)]
    return [
        Bin(f"below {training.low:.6g}", 0, int(counts[below].sum())),
        *map(Bin, labels, before.tolist(), found.tolist()),
        Bin(f"above {training.high:.6g}", 0, int(counts[above].sum())),
    ]


def term_bins(training: FieldStatistics, data: FieldStatistics, counts: Sequence[int]) -> list[Bin]:
    """Return the bins of terms; counts: how often the terms that were kept of the training rows occur in the data."""
    if training.terms is None or data.terms is None:
        return []
    known, before = training.terms, dict(zip(training.terms.terms, training.terms.counts, strict=True))
    complete, enough = known.distinct == len(before), min(training.values, data.values)
    own = [t for t in known.terms[:_MOST_BINS] if before[t] * enough >= _EXPECTED * training.values]
    now, absent = dict(zip(known.terms, counts, strict=True)), 0 if complete else min(known.counts)
    found = [Bin(term_text(t), before[t], now[t]) for t in own]
    risen = [
        (t, n)
        for t, n in zip(data.terms.terms[:_MOST_BINS], data.terms.counts, strict=False)
        if t not in own and n >= _RISEN and n * training.values >= _RISEN * data.values
    ][:_RISEN]
    found += [Bin(term_text(t), before.get(t, absent), n) for t, n in risen]
    own += [t for t, _ in risen]
    others = sum(before.values()) - sum(before.get(t, 0) for t in own)
    new = data.values - data.missing - sum(counts) - sum(n for t, n in risen if t not in before)
    if complete:  # of values to come, as many are new as were the only one of their term (Good, 1953); fewer are no drift
        beyond, label = min(known.once, others, new * training.values // max(1, data.values)), "new terms"
        others -= beyond
    else:
        beyond, label = training.values - training.missing - sum(before.values()), "rarer and new terms"
    rest = sum(counts) - sum(now.get(t, 0) for t in own)
    return [*found, Bin("other terms", others, rest), Bin(label, beyond, new)]


def _bars(training: NumberStatistics, now: Mapping[str, Array]) -> list[Bin]:
    edges = base.unsortable(now["keys"] << np.uint64(int(now["drop"])))
    heights = heights_of(edges, now["counts"], np.array(training.bars)).tolist()
    labels = (f"{edge:.6g}" for edge in training.bars)
    return list(map(Bin, labels, training.heights, heights))


def _counts_of(terms: Sequence[bytes], states: FieldStates) -> list[int]:
    """Return how often terms occur in what was collected."""
    found = np.zeros(len(terms), np.int64)
    offsets = np.cumsum([0, *map(len, terms)], dtype=np.int64)
    table = kernels.lookup.build(offsets, np.frombuffer(b"".join(terms), np.uint8)) if terms else None
    for chunk in states.chunks() if table is not None else ():
        at = kernels.lookup.find(table, chunk.offsets[: len(chunk.counts) + 1], chunk.data)
        np.add.at(found, at[at >= 0], chunk.counts[at >= 0])
    return found.tolist()


def _shown(training: TermStatistics, counts: Sequence[int], data: TermStatistics) -> list[Bin]:
    """Return the most frequent terms of the training rows, and of the data those that are not among them."""
    known = dict(zip(training.terms, counts, strict=True))
    found = [Bin(term_text(t), n, known[t]) for t, n in zip(training.terms[:_SHOWN], training.counts, strict=False)]
    absent = 0 if training.distinct == len(training.terms) else None
    shown, before = set(training.terms[:_SHOWN]), dict(zip(training.terms, training.counts, strict=True))
    others = [(t, n) for t, n in zip(data.terms[: 2 * _SHOWN], data.counts, strict=False) if t not in shown]
    return found + [Bin(term_text(t), before.get(t, absent), n) for t, n in others[: _SHOWN // 3]]


def _shares(counts: Sequence[int]) -> Array:
    found = np.array(counts, np.float64) + _HALF
    return found / found.sum() if len(found) else found


def _chi_square(free: int, above: float) -> float:
    """Return the value that a chi-square exceeds with probability `above` (Wilson and Hilferty, 1931).

    >>> round(_chi_square(10, 0.001), 1), round(_chi_square(1, 0.01), 1)
    (29.8, 6.6)
    """
    if not free:
        return 0.0
    z, part = NormalDist().inv_cdf(1 - above), 2 / (9 * free)
    return float(free * max(0.0, 1 - part + z * math.sqrt(part)) ** 3)
