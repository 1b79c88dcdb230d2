"""What is suggested from how all fields together say what a label is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from featurecols._core.arrays import Array
from featurecols.plan.suggestions.additive_fit import AdditiveFit
from featurecols.plan.suggestions.cross_rules import axis_of, suggest_crosses
from featurecols.plan.suggestions.field_profile import FieldProfile
from featurecols.plan.suggestions.label_mean_rules import suggest_means
from featurecols.plan.suggestions.label_relation import Target, codes_of
from featurecols.plan.suggestions.ratio_rules import suggest_ratios
from featurecols.plan.suggestions.row_sample import Sample
from featurecols.plan.suggestions.suggestions import Suggestion

LEAST_ROWS = 1_000  # with a label in the sample
_CLASSES = 4  # of a label with more than two, the most frequent ones
_RARE = 20  # rows of a class
_TAIL = 0.005  # share of the numbers at either end that count as the last one before them


def suggest_from_label(profiles: Iterable[FieldProfile], sample: Sample, target: Target) -> list[Suggestion]:
    """Return what is suggested for several fields together, of what a sample says of a label.

    Args:
        profiles: the fields of which columns are suggested.
        sample: sampled rows.
        target: the label in these.
    """
    rows = np.flatnonzero(target.weights > 0)
    weights = target.weights[rows]
    values = _values(target, rows) if len(rows) >= LEAST_ROWS else None
    if values is None:
        return []
    read = list(profiles)
    codes: dict[str, Array] = {}
    for profile in read:
        found = codes_of(profile, sample.fields[profile.key])
        if found is not None:
            codes[profile.key] = found[rows]
    fit = AdditiveFit(values, weights, codes, classes=target.classes > 0)
    axes = {profile.key: axis_of(profile, sample.fields[profile.key], rows) for profile in read}
    times = max(profile.rows for profile in read) / float(sample.counts.sum()) if read else 1.0
    views = {profile.key: sample.fields[profile.key].take(rows) for profile in read}
    means = suggest_means(fit, read, codes, views, target)
    ratios = suggest_ratios(fit, read, codes, views, target, times=times)
    crosses = suggest_crosses(fit, {key: axis for key, axis in axes.items() if axis is not None}, target.key, times=times)
    return [*means, *ratios, *crosses]


def _values(target: Target, rows: Array) -> Array | None:
    """Return the label of rows, float64 [m, k]; None where nothing can be learned of it."""
    values = target.values[rows]
    if target.classes:
        counts = (target.weights[rows][:, None] * values).sum(axis=0)
        order = np.argsort(-counts, kind="stable")[: 1 if len(counts) == 2 else _CLASSES]
        kept = [k for k in order if _RARE <= counts[k] <= counts.sum() - _RARE]
        return values[:, kept] if kept else None
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    return np.clip(values, low, high) if low < high else None
