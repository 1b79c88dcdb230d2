"""Faults planted in models: each is noticed by a test that the suite has anyway, called here with the fault in place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from featurecols.models.input import class_weights as weights_of_classes
from featurecols.models.input import held_out
from featurecols.models.inspection.measured import MeasuredClasses
from featurecols.models.layers import member_dense
from featurecols.models.objective.heads import ClassHead
from tests.models.estimators import test_explained as explained
from tests.models.estimators import test_multi_label as multi_label
from tests.models.estimators import test_row_predictions as row_predictions
from tests.models.input import test_class_weights as class_weights
from tests.models.objective import test_accumulators as accumulators
from tests.models.objective import test_label_scaling as label_scaling
from tests.models.objective import test_losses as losses
from tests.models.objective import test_mean_offsets as mean_offsets
from tests.models.objective import test_metrics as metrics
from tests.models.optimization import test_optimizers as optimizers
from tests.models.training import test_all_rows as all_rows
from tests.models.training import test_monitor as monitor
from tests.mutation.planting import CAUGHT, Fault, find, planted

pytestmark = pytest.mark.mutation


def confusion_and_calibration_by_hand() -> None:
    """Rows of logits 2, 2, -2: probabilities .8808, .8808 and .1192, labels 1, 0, 0."""
    measured = MeasuredClasses(ClassHead())
    logits = np.array([[2.0], [2.0], [-2.0]], np.float32)
    found = measured.add(np.array([1, 0, 0]), logits, np.array([0.1, 2.1, 0.1]), np.array([1.0, 2.0, 4.0]))
    assert measured.confusion is not None
    assert measured.confusion.weight.tolist() == [[4.0, 2.0], [0.0, 1.0]]
    assert measured.calibration.weight.tolist() == [4.0, 3.0]
    np.testing.assert_allclose(measured.calibration.observed, [0, 1 / 3])
    np.testing.assert_allclose(measured.calibration.predicted, [0.1192029, 0.8807971], rtol=1e-6)
    assert measured.calibration.brier == pytest.approx((0.1192029**2 * 5 + 0.8807971**2 * 2) / 7, rel=1e-6)
    assert found[:, 2].tolist() == [1.0, 0.0, 1.0]


def weights_of_classes_by_hand() -> None:
    """One row of a class and three of another: 4 / (2 * 1) and 4 / (2 * 3), times the weights of rows."""
    table = weights_of_classes.balanced(np.array([1, 3]))
    assert table.tolist() == [2.0, np.float32(2 / 3)]
    found = weights_of_classes.weigh("fit", table, np.array([1, 0, 1, 1]), np.array([3.0, 5.0, 0.0, 1.5], np.float32))
    np.testing.assert_allclose(found, [2.0, 10.0, 0.0, 1.0], rtol=1e-6)


def means_of_members_by_hand() -> None:
    assert member_dense.mean_of(np.array([[1.0, 2.0, 3.0, 6.0]], np.float32), 2).tolist() == [[2.0, 4.0]]


def held_out_rows_by_hand() -> None:
    """Rows by fmix64 of MurmurHash3, in Python's integers: a fifth of them, the same for any place where reading begins."""
    want = []
    for row in range(1000):
        h = (row + 8 * 0x9E3779B97F4A7C15) % 2**64
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            h = ((h ^ (h >> 33)) * factor) % 2**64
        want.append((h ^ (h >> 33)) < 2**64 // 5)
    assert 160 < sum(want) < 240
    assert held_out.drawn(0, 1000, 0.2, 7).tolist() == want
    assert held_out.drawn(300, 50, 0.2, 7).tolist() == want[300:350]


M = "featurecols.models."
Check = Callable[[], None]
FAULTS: list[tuple[Fault, Check]] = [
    # class weights, and when training stops
    (Fault(M + "input.class_weights:class_table", "found[number] = weight", "found[number] = 1",
           also=(M + "estimators.label_start", M + "sequential", "tests.models.input.test_class_weights")),
     class_weights.test_classes_are_found_by_their_texts_too),
    (Fault(M + "input.class_weights:balanced", "len(counts) * there", "there", also=(M + "estimators.label_start",)),
     weights_of_classes_by_hand),
    (Fault(M + "training.monitor:Monitor.improved", "best + self.min_delta", "best"), monitor.test_what_is_an_improvement),
    (Fault(M + "training.all_rows:PassSearch.after_epoch", "run.epoch - self.found >= self.patience",
           "run.epoch - self.found > self.patience"), all_rows.test_it_stops_when_the_loss_has_not_fallen_for_some_passes),
    (Fault(M + "training.all_rows:HeldOutLosses.is_alike", "mean <= error", "mean >= error"),
     all_rows.test_losses_are_alike_within_the_standard_error_of_their_difference),
    (Fault(M + "input.class_weights:weigh", "found * weights", "found", also=(M + "estimators.rows", M + "sequential")),
     weights_of_classes_by_hand),
    # rows held out, and steps of optimizers
    (Fault(M + "input.held_out:hashes_of_rows", "np.arange(first, first + rows, dtype=np.uint64)",
           "np.arange(rows, dtype=np.uint64)", also=(M + "inspection.measured",)), held_out_rows_by_hand),
    (Fault(M + "input.held_out:drawn", "int(share * 2**64)", "int((1 - share) * 2**64)",
           also=(M + "estimators.open_length",)), held_out_rows_by_hand),
    (Fault(M + "optimization.array_optimizers:Nadam.moved", "product * now", "product"),
     lambda: optimizers.test_torch_step_for_step("nadam")),
    (Fault(M + "optimization.array_optimizers:Adamax.moved", "np.abs(d)", "d"),
     lambda: optimizers.test_torch_step_for_step("adamax")),
    (Fault(M + "optimization.array_optimizers:Adadelta.moved", "(1 - self.rho) * by * by", "(1 - self.rho) * d * d"),
     lambda: optimizers.test_torch_step_for_step("adadelta")),
    (Fault(M + "optimization.array_optimizers:Lion.moved", "(1 - self.beta_2) * g", "(1 - self.beta_1) * g"),
     optimizers.test_lion_by_hand),
    (Fault(M + "optimization.optimizers:Adam.update", "math.sqrt(1.0 - self.beta_2**step)", "1.0 - self.beta_2**step"),
     lambda: optimizers.test_torch_step_for_step("adam")),
    (Fault(M + "optimization.optimizers:Adam.update", "1.0 - rate * self.weight_decay", "1.0 - self.weight_decay"),
     lambda: optimizers.test_torch_step_for_step("adamw")),
    (Fault(M + "optimization.optimizers:Ftrl.resume", "np.sign(w) * self.l1", "self.l1"),
     optimizers.test_f2_ftrl_without_slots_starts_from_the_weights_it_is_given),
    # losses
    (Fault(M + "objective.number_losses:Huber.point", "z.dtype.type(0.5) * near", "near"),
     losses.test_values_of_robust_losses_by_hand),
    (Fault(M + "objective.number_losses:Quantile.point", "1 - self.quantile", "self.quantile"),
     losses.test_values_of_robust_losses_by_hand),
    (Fault(M + "objective.number_losses:Hinge.point", "1 - y * z", "-y * z"), losses.test_values_of_robust_losses_by_hand),
    (Fault(M + "objective.loss:Loss._reduce", "sample_weights(weights, len(each), dtype) * scale",
           "sample_weights(weights, len(each), dtype)"), losses.test_weights_scale_rows_and_the_mean_is_over_rows),
    # metrics
    (Fault(M + "objective.accumulators:MulticlassMetrics.add_block", "positive * as_k", "as_k"),
     lambda: metrics.test_multiclass(False)),
    (Fault(M + "objective.accumulators:BinaryMetrics._add_plain", "2 * hits", "hits"),
     lambda: accumulators.test_rows_without_weights_are_counted_and_give_the_bits_of_weights_of_1(np.float32)),
    (Fault(M + "objective.score_steps:_steps_of_float32", "scores + np.float32(0)", "scores"),
     lambda: accumulators.test_rows_without_weights_are_counted_and_give_the_bits_of_weights_of_1(np.float32)),
    (Fault(M + "objective.accumulators:MultiLabelMetrics.add_block", "((z > 0) == (y > 0.5)).all(axis=1)",
           "((z > 0) == (y > 0.5)).any(axis=1)"),
     lambda: multi_label.test_predictions_are_of_each_label_and_metrics_those_of_scikit_learn("linear")),
    # what labels decide before and after training
    (Fault(M + "objective.label_scaling:log_odds", "2 * rows + 2", "2 * rows",
           also=(M + "estimators.label_start", "tests.models.objective.test_label_scaling")),
     label_scaling.test_a_class_that_does_not_occur_counts_as_half_a_row),
    (Fault(M + "objective.mean_offsets:mean_offsets", "weights.astype(np.float64)", "np.ones(len(logits))",
           also=(M + "estimators.calibration", "tests.models.objective.test_mean_offsets")),
     mean_offsets.test_the_offset_is_the_intercept_of_maximum_likelihood_with_weights),
    # one row, members, explanations, reports
    (Fault(M + "estimators.row_model:LinearRow.logits", "found += out", "found += 0 * out"),
     lambda: row_predictions.test_one_row_has_the_bits_of_predict("linear")),
    (Fault(M + "layers.member_dense:mean_of", "1 / members", "1"), means_of_members_by_hand),
    (Fault(M + "estimators.linear:linear_parts", "values[0, start:stop].astype(np.float64) @ weights", "weights.sum()",
           also=(M + "estimators.wide_deep",)), explained.test_linear_contributions_are_the_weights),
    (Fault(M + "estimators.dnn:Network.parts", "np.arange(steps) + 0.5", "np.arange(steps)"),
     explained.test_networks_add_up_to_the_logit),
    (Fault(M + "inspection.measured:MeasuredClasses.add", "y * k + chosen", "chosen * k + y"),
     confusion_and_calibration_by_hand),
    (Fault(M + "inspection.measured:MeasuredClasses.add", "np.square(said - happened)", "np.abs(said - happened)"),
     confusion_and_calibration_by_hand),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "check"), FAULTS, ids=[str(fault) for fault, _ in FAULTS])
def test_a_test_of_models_notices(fault: Fault, check: Check) -> None:
    with planted(fault), pytest.raises(CAUGHT):
        check()


@pytest.mark.parametrize("fault", [fault for fault, _ in FAULTS], ids=str)
def test_every_fault_finds_its_code(fault: Fault) -> None:
    find(fault)


def test_without_a_fault_nothing_is_noticed() -> None:
    confusion_and_calibration_by_hand()
    held_out_rows_by_hand()
    weights_of_classes_by_hand()
    means_of_members_by_hand()
