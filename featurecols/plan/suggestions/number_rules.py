"""Which columns suit a field of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.analyzers.placeholders import Median, Quantiles, TopTerms
from featurecols.columns.base import Column
from featurecols.columns.bucketized import Bucketized
from featurecols.columns.embedding import Embedding
from featurecols.columns.indicator import Indicator
from featurecols.columns.missing import Missing
from featurecols.columns.normalizers import Clip, Log1p, Normalizer, ZScore
from featurecols.columns.numeric import Numeric
from featurecols.columns.piecewise import Piecewise
from featurecols.columns.vocabulary import Vocabulary
from featurecols.data.fields.numeric import WHOLE
from featurecols.plan.statistics import number, percent
from featurecols.plan.suggestions.field_profile import FieldProfile, NumberProfile
from featurecols.plan.suggestions.suggestions import Suggestion

FEW = 32  # distinct integers, up to which they are categories too
OFTEN = 5  # rows that each of them has on average
SKEWED = 2.0  # skewness, from which on a logarithm is tried; it is taken where it halves the skewness
FAR = 8.0  # deviations from the mean, beyond which numbers are clipped
LIMIT = 5.0  # deviations that they are clipped to
HEAVY = 0.5  # share of one number, which is then said
BENDS, DIMENSION = 48, 8  # of curves: at most so many bends, and how many curves
BUCKETS = ((20_000, 64), (2_000, 32), (1_000, 10))  # intervals, from so many values on


def suggest_number(profile: FieldProfile, numbers: NumberProfile, *, curves: bool) -> Suggestion:
    """Return what suits a field of numbers of which at least two differ.

    Args:
        profile: the field.
        numbers: its numbers.
        curves: whether networks get curves in place of intervals: where they predict a number.
    """
    key, category = profile.key, is_category(profile, numbers)
    source = profile.source if category else replace(profile.source, strip=False)  # numbers are read without the blanks
    said = [_describe(profile, numbers), *(profile.cleaned if category else [])]
    if markers := [marker for marker in source.missing if isinstance(marker, str)]:
        said.append(f"{' and '.join(map(errors.show, markers))} for missing ones")
    if numbers.infinite:
        said.append(f"{numbers.infinite:,} infinite, which count as missing")
    if numbers.invalid is not None:
        text, count = numbers.invalid
        others = "" if count == 1 else f" and {count - 1:,} other text{'s' if count > 2 else ''}"
        said.append(f"{errors.show(text, 40)}{others} read as missing, not being numbers")
    scaled: list[str] = []  # what is said of the number that a network or a line reads
    flag = numbers.exact and set(numbers.values.tolist()) == {0.0, 1.0}
    normalizers: list[Normalizer] = [] if flag else list(_normalizers(numbers, scaled))
    number_column = Numeric(source, default=Median(), normalizer=normalizers)
    beside: tuple[Column, ...] = ()
    if profile.missing:
        share, beside = f"{percent(profile.missing / profile.values)} missing", (Missing(source),)
        gaps, gaps_alone = [f"{share}: the median, and an indicator"], [f"{share}: an indicator"]
    else:
        gaps, gaps_alone = [], []
    if flag:
        return Suggestion.for_all(key, _joined(said, gaps), number_column, *beside)
    if category:
        terms = Vocabulary(source, TopTerms(len(numbers.values)))
        both = (number_column, Indicator(terms), *beside)
        reason = _joined(said, scaled, gaps, ["few integers: also as categories"])
        alone = _joined(said, gaps_alone, ["few integers: as categories"])
        return Suggestion(key, reason, both, (terms, *beside), both, linear_reason=alone)
    n = next((n for least, n in BUCKETS if profile.present >= least), 0)
    if n and (not numbers.exact or len(numbers.values) > FEW):
        buckets = Bucketized(source, Quantiles(n))
        all_of = (number_column, Indicator(buckets), *beside)
        reason = _joined(said, scaled, gaps, [f"up to {n} intervals for what a line cannot follow"])
        linear = (number_column, buckets, *beside)
        if not curves:
            return Suggestion(key, reason, all_of, linear, all_of)
        bends = Embedding(Piecewise(source, Quantiles(BENDS)), DIMENSION)
        curved = _joined(said, scaled, gaps, [f"{DIMENSION} curves of up to {BENDS} bends for what a line cannot follow"])
        return Suggestion(key, reason, all_of, linear, (number_column, bends, *beside), dnn_reason=curved)
    return Suggestion.for_all(key, _joined(said, scaled, gaps), number_column, *beside)


def _joined(*parts: list[str]) -> str:
    return "; ".join(text for part in parts for text in part)


def is_category(profile: FieldProfile, numbers: NumberProfile) -> bool:
    """Return whether numbers are few integers, each of them frequent, and more than two."""
    few = 2 < len(numbers.values) <= FEW and profile.present >= OFTEN * len(numbers.values)
    exact = profile.type.type == "integer" or max(-numbers.low, numbers.high) < WHOLE  # larger floats are no categories
    return few and numbers.whole and numbers.infinite == 0 and exact


def _normalizers(numbers: NumberProfile, said: list[str]) -> tuple[Normalizer, ...]:
    """Return how numbers are scaled, and add to what is said."""
    first: tuple[Normalizer, ...] = ()
    skewness = numbers.skewness()
    function: Callable[[Array], Array] = np.asarray
    if numbers.low > -1 and abs(skewness) > SKEWED and abs(numbers.skewness(np.log1p)) < abs(skewness) / 2:
        said.append(f"skewed ({skewness:.1f}): the logarithm")
        first, function = (*first, Log1p()), np.log1p
    if (far := numbers.farthest(function)) > FAR:
        said.append(f"a number {far:.0f} deviations from the mean: clipped")
        return (*first, ZScore(), Clip(-LIMIT, LIMIT))
    return (*first, ZScore())


def _describe(profile: FieldProfile, numbers: NumberProfile) -> str:
    kind = "integers" if numbers.whole or profile.type.type == "integer" else "numbers"
    value, share = numbers.heaviest
    distinct = f"{len(numbers.values):,} different " if numbers.exact else ""
    heavy = f", {percent(share)} of them {number(value)}" if share > HEAVY and len(numbers.values) > 2 else ""
    return f"{distinct}{kind} from {number(numbers.low)} to {number(numbers.high)}{heavy}"
