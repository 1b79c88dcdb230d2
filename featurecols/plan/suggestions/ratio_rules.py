"""Which pairs of numbers are worth a ratio: those whose quotient explains of a label what all fields one by one do not."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from featurecols._core.arrays import Array
from featurecols.analyzers.placeholders import Median, Quantiles
from featurecols.columns.arithmetic import Ratio
from featurecols.columns.base import Column, Field
from featurecols.columns.bucketized import Bucketized
from featurecols.columns.normalizers import Clip, Log1p, ZScore
from featurecols.columns.numeric import Numeric
from featurecols.data.fields.base import FieldView
from featurecols.plan.suggestions.additive_fit import AdditiveFit
from featurecols.plan.suggestions.cell_effects import CellEffect
from featurecols.plan.suggestions.cross_rules import DEVIATIONS, GAIN, percent_of
from featurecols.plan.suggestions.field_profile import FieldProfile
from featurecols.plan.suggestions.label_relation import Target, binned
from featurecols.plan.suggestions.number_rules import FEW, LIMIT
from featurecols.plan.suggestions.suggestions import Suggestion

MOST = 4  # ratios
FIELDS = 16  # numbers that are divided by each other: those that explain most by themselves
INTERVALS = 32  # of a ratio
GRID = 10  # intervals of either number, whose cells must not say more than the ratio


def suggest_ratios(
    fit: AdditiveFit,
    profiles: Sequence[FieldProfile],
    codes: Mapping[str, Array],
    views: Mapping[str, FieldView],
    target: Target,
    *,
    times: float,
) -> list[Suggestion]:
    """Return the ratios that explain most of what the fields one by one leave of a label; each is found beside those before.

    Args:
        fit: of the label to all fields.
        profiles: the fields of which columns are suggested.
        codes: of the rows that are fitted, by field, int64 [m].
        views: the values of these rows.
        target: the label.
        times: rows of the data for each of these.
    """
    amounts = {profile.key: profile for profile in _most_telling(fit, profiles, codes)}
    values = {key: views[key].numbers().values for key in amounts}
    pairs = [_larger_first(a, b, values) for a, b in itertools.combinations(amounts, 2)]
    pairs = [(a, b) for a, b in pairs if _largest(amounts[a], amounts[b], values[b]) < np.inf]
    bins = {(a, b): binned(_ratio(values[a], values[b]), INTERVALS) for a, b in pairs}
    found: list[Suggestion] = []
    left, effects = fit.remainder(), dict[tuple[str, str], CellEffect]()
    while bins and len(found) < MOST:
        if not effects:  # they change with the fit alone
            left = fit.remainder()
            effects = {pair: left.effect(of, int(of.max(initial=0)) + 1, times=times) for pair, of in bins.items()}
        best = max(effects, key=lambda pair: effects[pair].gain)
        of, effect = bins.pop(best), effects.pop(best)
        if effect.deviations < DEVIATIONS or effect.gain < GAIN:
            break
        if left.effect(*_cells(*(values[key] for key in best)), times=times).gain > effect.gain:
            continue  # they say something together, but not by their ratio: a cross says more
        found.append(_suggest(amounts[best[0]].source, amounts[best[1]].source, effect, target))
        fit.add(" / ".join(best), of)
        effects = {}
    return found


def _most_telling(fit: AdditiveFit, profiles: Sequence[FieldProfile], codes: Mapping[str, Array]) -> list[FieldProfile]:
    """Return the amounts that explain most of a label beside all other fields, in the order of the fields."""
    amounts = [profile for profile in profiles if _is_amount(profile)]
    alone = {
        profile.key: fit.without(profile.key).effect(of, int(of.max(initial=0)) + 1).gain
        for profile in amounts
        for of in [codes[profile.key]]
    }
    kept = set(sorted(alone, key=lambda key: (-alone[key], key))[:FIELDS])
    return [profile for profile in amounts if profile.key in kept]


def _is_amount(profile: FieldProfile) -> bool:
    """Return whether a field is numbers of 0 or more, most of which differ."""
    numbers = profile.numbers
    if numbers is None or profile.type.list_depth or profile.times is not None:
        return False
    many = not numbers.exact or len(numbers.values) > FEW
    return many and numbers.low >= 0 and not numbers.infinite


def _larger_first(a: str, b: str, values: Mapping[str, Array]) -> tuple[str, str]:
    """Return two fields so that most ratios are above 1, whose logarithm keeps what is small apart."""
    first, second = (float(np.nanmedian(values[key])) if np.isfinite(values[key]).any() else 0.0 for key in (a, b))
    return (a, b) if first >= second else (b, a)


def _largest(a: FieldProfile, b: FieldProfile, values: Array) -> float:
    """Return a bound of a / b: infinite numbers cannot be learned from. values: of b, where the data has a divisor of 0."""
    largest = 0.0 if a.numbers is None else a.numbers.high
    least = 0.0 if b.numbers is None else b.numbers.low
    with np.errstate(over="ignore"):
        return float(np.float64(largest) / (least or values[values > 0].min(initial=np.inf)))


def _ratio(a: Array, b: Array) -> Array:
    """Return a / b, float64 [m], NaN where it is missing."""
    with np.errstate(all="ignore"):
        return np.where(b == 0.0, np.nan, a / b)


def _cells(a: Array, b: Array) -> tuple[Array, int]:
    """Return the cell of each row in a coarse grid of both numbers, int64 [m], and how many cells there are."""
    rows, columns = binned(a, GRID), binned(b, GRID)
    size = int(columns.max(initial=0)) + 1
    return rows * size + columns, (int(rows.max(initial=0)) + 1) * size


def _suggest(a: Field, b: Field, effect: CellEffect, target: Target) -> Suggestion:
    ratio = Ratio(a, b)
    number = Numeric(ratio, default=Median(), normalizer=[Log1p(), ZScore(), Clip(-LIMIT, LIMIT)])
    said = f"their ratio explains {percent_of(effect.share)} of what the fields one by one leave of {target.key}"
    said += f" (chance: 0 ± {percent_of(effect.chance)})"
    linear: tuple[Column, ...] = (number, Bucketized(ratio, Quantiles(INTERVALS)))
    intervals = f"{said}; up to {INTERVALS} intervals for what a line cannot follow"
    return Suggestion(f"{a.key} / {b.key}", said, (number,), linear, (number,), linear_reason=intervals)
