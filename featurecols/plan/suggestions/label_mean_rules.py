"""Which fields of many categories are worth the mean label of each: those whose categories explain what other fields leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featurecols._core.arrays import Array
from featurecols.columns.base import Column, Field
from featurecols.columns.normalizers import ZScore
from featurecols.columns.numeric import Numeric
from featurecols.columns.target_mean import TargetMean
from featurecols.data.fields.base import FieldView
from featurecols.plan.suggestions.additive_fit import AdditiveFit
from featurecols.plan.suggestions.cross_rules import DEVIATIONS, GAIN, percent_of
from featurecols.plan.suggestions.field_profile import FieldProfile
from featurecols.plan.suggestions.label_relation import Target
from featurecols.plan.suggestions.suggestions import Suggestion

LEAST_TERMS = 100  # of a field of many
ROWS_A_TEXT, ROWS_A_TERM = 2, 200  # on average, from which on values are terms, and a model learns the effect of each as well


def suggest_means(
    fit: AdditiveFit, profiles: Sequence[FieldProfile], codes: dict[str, Array], views: dict[str, FieldView], target: Target
) -> list[Suggestion]:
    """Return the fields whose terms explain what the others leave of a label, each with the mean label of its terms.

    Args:
        fit: of the label to all fields.
        profiles: the fields of which columns are suggested.
        codes: of the rows that are fitted, by field, int64 [m].
        views: the values of these rows.
        target: the label.
    """
    found: list[Suggestion] = []
    if len(profiles) < 2:  # without another field no row has a fold of its own
        return found
    label = Field(target.key, type="text") if target.classes > 2 else Field(target.key)
    for profile in profiles:
        distinct = profile.rows if profile.distinct is None else profile.distinct
        if profile.type.list_depth or not profile.terms or profile.times is not None or distinct < LEAST_TERMS:
            continue
        if not ROWS_A_TEXT * distinct <= profile.present < ROWS_A_TERM * distinct:
            continue
        terms, left = codes[profile.key], fit.without(profile.key)
        if profile.numbers is not None:  # what its values say beside their size
            terms, left = np.unique(views[profile.key].numbers().values, return_inverse=True)[1], fit.remainder()
        effect = left.effect(terms, int(terms.max(initial=0)) + 1)
        each = profile.present / distinct * effect.share
        if effect.deviations >= DEVIATIONS and effect.share * each / (1 + each) >= GAIN:
            said = (
                f"each of its {distinct:,} values by itself: they explain {percent_of(effect.share)} of what the other fields"
            )
            said += f" leave of {target.key} (chance: 0 ± {percent_of(effect.chance)}): the mean {target.key} of each"
            mean = TargetMean(profile.source, label)
            column: Column = mean if target.classes else Numeric(mean, normalizer=ZScore(), name=mean.name)
            found.append(Suggestion(f"{profile.key}, each value", said, (), (column,), (column,)))
    return found
