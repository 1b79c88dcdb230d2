import json
import math
from fractions import Fraction

import numpy as np
import pytest

import featurecols as fc
from featurecols.models.objective.heads import NumberHead
from featurecols.models.objective.label_scaling import Labels, LabelScaling, LabelStatistics, class_counts, log_odds
from featurecols.models.objective.losses import Poisson


def statistics(values, weights=None, size=3):
    found = LabelStatistics(np.atleast_2d(np.asarray(values, float).T).shape[0])
    for at in range(0, len(values), size):
        w = None if weights is None else np.asarray(weights[at : at + size], np.float32)
        found.add(Labels(np.asarray(values[at : at + size], float), w))
    return found.finish()


def test_mean_and_deviation():
    assert statistics([1.0, 2.0, 6.0]) == LabelScaling((3.0,), (math.sqrt(14 / 3),))


def test_constant_labels_have_a_deviation_of_one():
    assert statistics([7.0, 7.0]) == LabelScaling((7.0,), (1.0,))


def test_labels_far_from_zero_keep_their_deviation():
    assert statistics([1e9 + 1, 1e9 - 1]) == LabelScaling((1e9,), (1.0,))


def test_each_output_has_its_own():
    assert statistics([[1.0, 10.0], [3.0, 30.0]]) == LabelScaling((2.0, 20.0), (1.0, 10.0))


def test_the_mean_is_weighted_and_rows_of_weight_zero_do_not_count():
    assert statistics([1.0, 5.0, 1e6], [3, 1, 0]) == LabelScaling((2.0,), (2.0,))
    assert statistics([1.0, 2.0], [0, 0]) is None


def test_weighted_means_are_exact_and_the_same_in_any_order():
    random = np.random.default_rng(3)
    y, w = random.normal(1e6, 1e-3, 500), random.random(500).astype(np.float32)
    exact = sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(y, w, strict=True)) / sum(Fraction(float(b)) for b in w)
    order = random.permutation(500)
    assert statistics(y, w).mean == (float(exact),)
    assert statistics(y[order], w[order], size=77) == statistics(y, w)


def test_class_counts_and_log_odds():
    batches = [Labels(np.array([0, 0, 1]), None), Labels(np.array([0]), None)]
    counts, rows = class_counts(batches, 2)
    assert (counts.tolist(), rows) == ([3.0, 1.0], 4)
    assert log_odds(counts, rows) == pytest.approx([math.log(1 / 3)])
    weighted = class_counts([Labels(np.array([0, 1, 2]), np.array([1, 2, 5], np.float32))], 3)
    assert weighted[0].tolist() == [1.0, 2.0, 5.0]
    shares = np.exp(log_odds(*weighted))
    assert shares / shares.sum() == pytest.approx([1 / 8, 2 / 8, 5 / 8])


def test_a_class_that_does_not_occur_counts_as_half_a_row():
    assert log_odds(np.array([9.0, 0.0]), 9) == pytest.approx([math.log((9 / 20) / 9)])
    assert log_odds(np.zeros(2), 0).tolist() == [0.0]


def test_standardize_and_restore():
    scaling = LabelScaling((10.0,), (4.0,))
    assert scaling.standardize(np.array([[12.0], [2.0]])).tolist() == [[0.5], [-2.0]]
    assert scaling.restore(np.array([[0.5], [-2.0]], np.float32)).tolist() == [[12.0], [2.0]]
    assert (scaling.dtype, LabelScaling((1e9,), (1.0,)).dtype) == (np.float32, np.float64)


@pytest.mark.parametrize(("mean", "deviation"), [((1.0,), (0.0,)), ((1.0,), (1.0, 2.0)), ((math.inf,), (1.0,)), (1.0, 1.0)])
def test_wrong_numbers_are_refused(mean, deviation):
    with pytest.raises(fc.ColumnError):
        LabelScaling(mean, deviation)


@pytest.mark.parametrize("scaling", [False, 1e308, "1", [1.0]])
def test_a_scaling_of_another_type_is_refused(scaling):
    with pytest.raises(fc.ColumnError, match="scaling must be a LabelScaling"):
        NumberHead(scaling=scaling)


def test_heads_without_scale_are_saved_as_before():
    assert NumberHead().to_json() == {"type": "models.NumberHead.v1"}
    json.dumps(NumberHead(scaling=LabelScaling((1.0,), (2.0,))).to_json())


def test_a_transform_belongs_to_squared_alone():
    with pytest.raises(fc.ColumnError, match="label_transform needs the loss MeanSquaredError"):
        NumberHead(loss=Poisson(), transform="log1p")
    with pytest.raises(Exception, match="log1p"):
        NumberHead(transform="sqrt")
