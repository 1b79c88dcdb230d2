"""Planted faults in the rules of fc.suggest: the tests of its answers notice each of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.mutation.planting import CAUGHT, Fault, planted
from tests.plan import test_suggest as answers
from tests.plan import test_suggest_from_label as of_labels
from tests.plan import test_suggest_texts as texts

pytestmark = pytest.mark.mutation

S = "featurecols.plan.suggestions"
MIXED, SHAPES, REASONS = (
    answers.test_columns_of_a_mixed_table,
    answers.test_texts_numbers_and_lists,
    answers.test_reasons_say_what_each_column_is,
)


FAULTS: list[tuple[Callable[[], None], Fault]] = [
    (MIXED, Fault("featurecols.plan.suggest:_is_id", "profile.distinct == profile.present", "False")),
    (MIXED, Fault("featurecols.plan.suggest:_is_id", "profile.numbers is None", "False")),
    (MIXED, Fault("featurecols.plan.suggest:_constant", "profile.distinct == 1", "False")),
    (
        MIXED,
        Fault(f"{S}.label_relation:same_values", "values[other] == values[key]", "False", also=("featurecols.plan.suggest",)),
    ),
    (MIXED, Fault(f"{S}.label_relation:Target.explained", "1 - self.error(self.predicted(codes))", "0.0")),
    (MIXED, Fault(f"{S}.category_rules:_few", "n + others if gaps else None", "None")),
    (
        MIXED,
        Fault(f"{S}.time_rules:suggest_time", "days >= MONTHS", "days > MONTHS * MONTHS", also=("featurecols.plan.suggest",)),
    ),
    (MIXED, Fault(f"{S}.field_profile:FieldCollector.profile", "values - present", "0")),
    (SHAPES, Fault("featurecols.plan.suggest:_by_type", "_CODE.search(key) is not None", "False")),
    (SHAPES, Fault("featurecols.plan.suggest:_lists", "lengths[0] == lengths[1] <= _LONG", "False")),
    (SHAPES, Fault(f"{S}.number_rules:_normalizers", "numbers.low > -1", "False")),
    (SHAPES, Fault(f"{S}.text_shape:_as_lists", "words > _SHORT * number", "True")),
    (SHAPES, Fault(f"{S}.time_rules:_unit", "longest >= 240", "False")),
    (SHAPES, Fault(f"{S}.category_rules:_least", "1 if profile.rows < LEAST_ROWS else RARE", "1")),
    (
        texts.test_commas_inside_names_and_addresses_make_no_lists,
        Fault(f"{S}.text_shape:_are_records", "sum(mostly.values()) >= _PLACED * sum(places.values())", "False"),
    ),
    (
        texts.test_commas_inside_names_and_addresses_make_no_lists,
        Fault(f"{S}.text_shape:_as_lists", "share < _SEPARATED and len(tokens) > len(texts) / 2", "share < _SEPARATED"),
    ),
    (
        texts.test_numbers_among_which_a_few_texts_are_none,
        Fault(f"{S}.written_numbers:numbers_in", "count > _INVALID * total", "False", also=(f"{S}.field_profile",)),
    ),
    (
        REASONS,
        Fault(
            f"{S}.category_rules:suggest_texts",
            "sum((count >= least for count in shape.counts)) if complete else shape.tokens",
            "shape.tokens",
            also=("featurecols.plan.suggest",),
        ),
    ),
    (REASONS, Fault(f"{S}.category_rules:_with_indicator", "not profile.missing", "True")),
    (REASONS, Fault(f"{S}.suggestions:Suggestion.of", "self.linear_reason or self.reason", "self.reason")),
    (REASONS, Fault(f"{S}.suggestions:Suggestion.of", "self.dnn_reason or self.reason", "self.reason")),
    (
        answers.test_networks_that_predict_a_number_get_curves,
        Fault("featurecols.plan.suggest:_suggest", "target.classes == 0", "target.classes == 1"),
    ),
    (
        answers.test_a_number_may_give_a_number_away,
        Fault(
            f"{S}.label_relation:explained",
            "max(target.explained(codes), line)",
            "target.explained(codes)",
            also=("featurecols.plan.suggest",),
        ),
    ),
    (answers.test_a_model_that_there_is_not, Fault(f"{S}.suggestions:_parts", "model.removesuffix(task) in PARTS", "True")),
    (
        of_labels.test_effects_of_cells,
        Fault(
            f"{S}.cell_effects:Remainder.effect",
            "np.bincount(cells, scores, size) ** 2 - of_cell",
            "np.bincount(cells, scores, size) ** 2",
        ),
    ),
    (of_labels.test_effects_of_cells, Fault(f"{S}.cell_effects:Remainder.effect", "len(self._scores)", "1")),
    (
        of_labels.test_an_additive_fit_finds_effects,
        Fault(f"{S}.additive_fit:AdditiveFit.without", "left + information * self._own(key)", "left"),
    ),
    (
        of_labels.test_terms_that_say_more_together,
        Fault(
            f"{S}.cross_rules:suggest_crosses",
            "best.effect.gain < GAIN",
            "True",
            also=("featurecols.plan.suggestions.label_rules",),
        ),
    ),
    (of_labels.test_an_additive_fit_finds_effects, Fault(f"{S}.additive_fit:AdditiveFit._fit", "variance > 0", "False")),
    (of_labels.test_numbers_whose_ratio_says_more, Fault(f"{S}.ratio_rules:_larger_first", "first >= second", "True")),
    (of_labels.test_numbers_whose_ratio_says_more, Fault(f"{S}.ratio_rules:_is_amount", "numbers.low >= 0", "True")),
    (
        of_labels.test_numbers_that_say_more_together,
        Fault(
            f"{S}.ratio_rules:suggest_ratios",
            "left.effect(*_cells(*(values[key] for key in best)), times=times).gain > effect.gain",
            "False",
            also=("featurecols.plan.suggestions.label_rules",),
        ),
    ),
    (of_labels.test_terms_that_say_more_together, Fault(f"{S}.cross_rules:_crossed", "2 * cells - 1", "cells")),
]


@pytest.mark.parametrize(
    ("test", "fault"), FAULTS, ids=lambda value: str(value) if isinstance(value, Fault) else value.__name__
)
def test_the_answers_notice(test: Callable[[], None], fault: Fault) -> None:
    with planted(fault), pytest.raises((*CAUGHT, KeyError)):
        test()
