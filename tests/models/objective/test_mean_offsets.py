"""Offsets of logits that make the mean prediction the mean label: closed forms, and what scikit-learn's intercept is."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from featurecols.models.objective.losses import BinaryCrossentropy, MeanSquaredError, Poisson, SparseCategoricalCrossentropy
from featurecols.models.objective.mean_offsets import mean_offsets


def draw(rows, k):
    return np.random.default_rng(4).normal(0, 2, (rows, k)).astype(np.float32)


def test_one_logit_for_all_rows_becomes_the_log_odds():
    found = mean_offsets(BinaryCrossentropy(), np.full((1000, 1), 0.3, np.float32), np.array([0.004]), None)
    assert found == pytest.approx([np.log(0.004 / 0.996) - np.float32(0.3)], abs=1e-5)


def test_numbers_move_by_their_mean_error_and_counts_by_its_logarithm():
    z, means = draw(50, 2), np.array([3.0, -1.0])
    assert mean_offsets(MeanSquaredError(), z, means, None) == pytest.approx(means - z.mean(axis=0), abs=1e-6)
    rates = np.exp(z.astype(np.float64)).mean(axis=0)
    assert mean_offsets(Poisson(), z, np.array([0.01, 7.0]), None) == pytest.approx(np.log([0.01, 7.0] / rates), abs=1e-5)


def test_the_offset_is_the_intercept_of_maximum_likelihood_with_weights():
    random = np.random.default_rng(7)
    z, weights = draw(400, 1), random.uniform(0.1, 3, 400)
    y = random.random(400) < 1 / (1 + np.exp(-z[:, 0] - 1))
    model = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000).fit(z, y, sample_weight=weights)
    logits = (model.coef_[0, 0] * z).astype(np.float64)
    found = mean_offsets(BinaryCrossentropy(), logits, np.array([np.average(y, weights=weights)]), weights)
    assert found == pytest.approx(model.intercept_, abs=1e-3)


def test_rates_of_several_classes_are_reached_from_sharp_logits():
    z, rates = 8 * draw(3000, 4), np.array([0.9, 0.004, 0.0005, 0.0955])
    found = mean_offsets(SparseCategoricalCrossentropy(), z, rates, None)
    moved = np.exp(z + found - (z + found).max(axis=1, keepdims=True))
    assert (moved / moved.sum(axis=1, keepdims=True)).mean(axis=0) == pytest.approx(rates, rel=1e-5)


def test_what_no_offset_can_reach_is_none():
    z = draw(10, 1)
    for mean in (0.0, 1.0):
        assert mean_offsets(BinaryCrossentropy(), z, np.array([mean]), None) is None
    assert mean_offsets(Poisson(), z, np.array([0.0]), None) is None
    assert mean_offsets(BinaryCrossentropy(), z, np.array([0.5]), np.zeros(10)) is None
    assert mean_offsets(BinaryCrossentropy(), z * np.nan, np.array([0.5]), None) is None
