"""Which pairs of fields are worth a cross: those that explain of a label what the fields one by one do not."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from featurecols._core.arrays import Array
from featurecols.analyzers.placeholders import Quantiles
from featurecols.columns.base import Column, Field
from featurecols.columns.bucketized import Bucketized
from featurecols.columns.crossed import Crossed
from featurecols.columns.embedding import Embedding
from featurecols.columns.indicator import Indicator
from featurecols.data.fields.base import FieldView
from featurecols.plan.suggestions.additive_fit import AdditiveFit
from featurecols.plan.suggestions.cell_effects import CellEffect, Remainder
from featurecols.plan.suggestions.field_profile import FieldProfile
from featurecols.plan.suggestions.label_relation import binned, codes_of
from featurecols.plan.suggestions.number_rules import FEW
from featurecols.plan.suggestions.suggestions import Suggestion

MOST = 6  # crosses
FIELDS = 32  # that are crossed with each other: those that explain most by themselves
TERMS = 1_000  # of a field that is crossed
INTERVALS = (10, 20, 40, 60)  # of numbers that are crossed
_FIRST, _PAIRS = (10, 40), 16  # intervals that all pairs are tried with, and pairs that are tried with all
COARSER = 3  # times fewer intervals of the second grid of two numbers
DEVIATIONS = 5.0  # from chance, from which on a pair is no chance among some thousand
GAIN = 0.002  # share of what is left of the label, from which on a cross is worth its weights
NETWORKS = 0.03  # from which on networks get it too; smaller ones they find, and their embeddings are not worth their weights
_LEAST_BUCKETS, _MOST_BUCKETS = 64, 1 << 16
_DENSE = 512  # cells, up to which a matrix has a feature for each
_DIMENSION = 8


@dataclass(frozen=True)
class Axis:
    """A field as one side of a cross.

    Attributes:
        source: the field.
        codes: codes of sampled rows, int64 [m], by the number of intervals; by 0 where each value is a cell.
        sizes: how many codes there are, in the same way.
    """

    source: Field
    codes: Mapping[int, Array]
    sizes: Mapping[int, int] = field(default_factory=dict)

    def at(self, intervals: int) -> int:
        """Return the key of codes with so many intervals."""
        return 0 if 0 in self.codes else intervals

    def column(self, intervals: int) -> Field | Column:
        """Return what is crossed."""
        return self.source if 0 in self.codes else Bucketized(self.source, Quantiles(intervals))


@dataclass(frozen=True)
class _Cross:
    """Two fields, crossed with so many intervals, and what that explains."""

    keys: tuple[str, str]
    intervals: int
    effect: CellEffect


def axis_of(profile: FieldProfile, view: FieldView, rows: Array) -> Axis | None:
    """Return a field as one side of a cross; None for lists, times, text of many values and what cannot be read.

    Args:
        profile: the field.
        view: its values in a sample.
        rows: int64 [m], the rows of the sample that have a label.
    """
    if profile.type.list_depth or profile.times is not None:
        return None
    codes: dict[int, Array]
    numbers = profile.numbers
    if numbers is not None and (len(numbers.values) > FEW or not numbers.whole):
        x = view.numbers().values[rows]
        codes = {n: binned(x, n) for n in INTERVALS}
    elif (found := codes_of(profile, view)) is not None and profile.distinct is not None and profile.distinct <= TERMS:
        codes = {0: found[rows]}
    else:
        return None
    return Axis(profile.source, codes, {n: int(of.max(initial=0)) + 1 for n, of in codes.items()})


def suggest_crosses(fit: AdditiveFit, axes: Mapping[str, Axis], label: str, *, times: float) -> list[Suggestion]:
    """Return the crosses that explain most of what the fields one by one leave of a label; each is found beside those before.

    Args:
        fit: of the label to all fields.
        axes: the fields, by key.
        label: the name of the label.
        times: rows of the data for each of the sample.
    """
    alone = {
        key: fit.without(key).effect(axis.codes[n], axis.sizes[n]).gain for key, axis in axes.items() for n in [axis.at(40)]
    }
    keys = sorted(sorted(axes, key=lambda key: (-alone[key], key))[:FIELDS], key=list(axes).index)
    left = fit.remainder()
    tried = [_best(left, axes, pair, _FIRST, times) for pair in itertools.combinations(keys, 2)]
    near = sorted((cross for cross in tried if cross.effect.deviations > 0), key=lambda cross: -cross.effect.gain)[:_PAIRS]
    pairs = [cross.keys for cross in near]
    found: list[Suggestion] = []
    while pairs and len(found) < MOST:
        best = _most(left, axes, [_best(left, axes, pair, INTERVALS, times) for pair in pairs], times)
        if best.effect.gain < GAIN:
            break
        found.append(_suggest(best, axes, label))
        pairs.remove(best.keys)
        fit.add(" x ".join(best.keys), _cells(axes, best.keys, best.intervals)[0])
        left = fit.remainder()
    return found


def _most(left: Remainder, axes: Mapping[str, Axis], crosses: list[_Cross], times: float) -> _Cross:
    """Return the cross that explains most beside the best sum of its two fields, of which only some are looked at."""
    best: _Cross | None = None
    for cross in sorted(crosses, key=lambda cross: -cross.effect.gain):
        if best is not None and best.effect.gain >= cross.effect.gain:
            break
        a, b = (axes[key] for key in cross.keys)
        i, j = a.at(cross.intervals), b.at(cross.intervals)
        alone = left.without_sides(a.codes[i], b.codes[j], (a.sizes[i], b.sizes[j]))
        effect = alone.effect(*_cells(axes, cross.keys, cross.intervals), times=times)
        sure = effect if effect.deviations >= DEVIATIONS else CellEffect()
        if best is None or sure.gain > best.effect.gain:
            best = _Cross(cross.keys, cross.intervals, sure)
    return best or crosses[0]


def _best(left: Remainder, axes: Mapping[str, Axis], keys: tuple[str, str], tried: Sequence[int], times: float) -> _Cross:
    """Return the cross of a pair with the intervals that explain most, none where all may be chance."""
    if all(0 in axes[key].codes for key in keys):
        tried = tried[:1]
    crosses = [_Cross(keys, n, left.effect(*_cells(axes, keys, n), times=times)) for n in tried]
    sure = [cross for cross in crosses if cross.effect.deviations >= DEVIATIONS]
    return max(sure, key=lambda cross: cross.effect.gain) if sure else _Cross(keys, tried[0], CellEffect())


def _cells(axes: Mapping[str, Axis], keys: tuple[str, str], intervals: int) -> tuple[Array, int]:
    """Return the cell of each row, int64 [m], and how many cells there are."""
    a, b = (axes[key] for key in keys)
    i, j = a.at(intervals), b.at(intervals)
    return a.codes[i] * b.sizes[j] + b.codes[j], a.sizes[i] * b.sizes[j]


def _suggest(cross: _Cross, axes: Mapping[str, Axis], label: str) -> Suggestion:
    sides = [axes[key] for key in cross.keys]
    numbers = sum(0 not in side.codes for side in sides)
    grids = [cross.intervals] if numbers else [0]
    if numbers == 2 and cross.intervals > min(INTERVALS):
        grids.append(cross.intervals // COARSER)
    _, cells = _cells(axes, cross.keys, cross.intervals)
    crosses = [_crossed(sides, n, cells if i == 0 else n * n, second=i > 0) for i, n in enumerate(grids)]
    said = f"together they explain {percent_of(cross.effect.share)} of what the fields one by one leave of {label}"
    said += f" (chance: 0 ± {percent_of(cross.effect.chance)})"
    if numbers:
        said += f"; {' and '.join(str(n) for n in grids)} intervals of {'each' if numbers == 2 else 'the number'}"
    hot = tuple(Indicator(one) for one in crosses[:1]) if cells <= _DENSE else ()
    if cross.effect.gain < NETWORKS:
        return Suggestion(
            " x ".join(cross.keys), said, hot, tuple(crosses), dnn_reason=f"{said}; networks find it by themselves"
        )
    dnn = tuple(Embedding(one, _DIMENSION) for one in crosses)
    embedded = f"{said}; embeddings of {_DIMENSION} dimensions"
    return Suggestion(" x ".join(cross.keys), said, hot, tuple(crosses), dnn, dnn_reason=embedded)


def percent_of(share: float) -> str:
    """Return a share with two digits.

    >>> percent_of(0.1957), percent_of(0.00034)
    ('20 %', '0.034 %')
    """
    return f"{100 * share:.2g} %"


def _crossed(sides: Sequence[Axis], intervals: int, cells: int, *, second: bool) -> Crossed:
    """Return a cross with a bucket for each cell and as many again, so that few share one."""
    buckets = int(np.clip(1 << (2 * cells - 1).bit_length(), _LEAST_BUCKETS, _MOST_BUCKETS))
    sources = [side.column(intervals) for side in sides]
    if not second:
        return Crossed(sources, buckets)
    return Crossed(sources, buckets, name="_X_".join([*(side.source.key for side in sides), str(intervals)]))
