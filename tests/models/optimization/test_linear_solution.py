"""The solution of linear models, beside scikit-learn's, and the penalty that rows held out choose."""

import tracemalloc

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

from featurecols.models.objective.losses import (
    BinaryCrossentropy,
    MeanSquaredError,
    Poisson,
    SparseCategoricalCrossentropy,
)
from featurecols.models.optimization.linear_solution import Table, choose, lbfgs, solve


def table(rows=80, columns=12, loss="squared", numbers=None, weights=None):
    """Columns of deviation 1 but for rounding: a penalty of their weights is that of scikit-learn."""
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, columns)) + 3
    x = (x - x.mean(axis=0)) / x.std(axis=0) + 2
    z = x @ random.normal(size=(columns, 3)) / np.sqrt(columns) + random.normal(size=(rows, 3))
    labels, kind, units = {
        "squared": (z[:, :2], MeanSquaredError(), 2),
        "two": ((z[:, :1] > z[:, :1].mean()).astype(float), BinaryCrossentropy(True), 1),
        "three": ((z - z.mean(axis=0)).argmax(axis=1), SparseCategoricalCrossentropy(True), 3),
        "counts": (np.round(np.exp(z[:, :1] / 2)), Poisson(), 1),
    }[loss]
    return Table(x, columns if numbers is None else numbers, labels, np.ones(rows) if weights is None else weights, kind, units)


@pytest.mark.parametrize("columns", [12, 200])
@pytest.mark.parametrize("weighted", [False, True])
def test_squared_errors_are_those_of_ridge(columns, weighted):
    weights = np.random.default_rng(1).integers(0, 4, 80).astype(float) if weighted else np.ones(80)
    t = table(columns=columns, weights=weights, numbers=0)
    found = solve(t, 0.3)
    rival = Ridge(alpha=0.3 * weights.sum(), tol=1e-10).fit(t.x, t.labels, weights)  # two outputs: half of each row's error
    np.testing.assert_allclose(found.columns, rival.coef_.T, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found.intercept, rival.intercept_, rtol=1e-8)


@pytest.mark.parametrize("columns", [12, 100])
@pytest.mark.parametrize("loss", ["two", "three", "counts"])
def test_other_losses_are_those_of_scikit_learn(loss, columns):
    t = table(columns=columns, loss=loss)
    found = solve(t, 0.05)
    if loss == "counts":
        rival = PoissonRegressor(alpha=0.05, tol=1e-9, max_iter=2000).fit(t.x, t.labels[:, 0])
    else:
        rival = LogisticRegression(C=1 / (0.05 * len(t.x)), tol=1e-9, max_iter=5000).fit(t.x, t.labels.reshape(-1))
    coef = rival.coef_.reshape(-1, columns).T
    np.testing.assert_allclose(found.columns, coef, rtol=1e-3, atol=1e-4)
    theirs = coef.T @ t.x.T + np.reshape(rival.intercept_, (-1, 1))
    ours = (t.x @ found.columns + found.intercept).T
    shift = (theirs - ours).mean(axis=0) if loss == "three" else 0  # what is added to all logits makes no difference
    np.testing.assert_allclose(ours + shift, theirs, atol=1e-3)


def test_units_of_numbers_do_not_matter_and_those_of_one_hots_do():
    t = table(loss="two", numbers=6)
    scale = 10.0 ** np.random.default_rng(1).integers(-6, 7, 12)
    scale[6:] = 1
    other = solve(Table(t.x * scale, 6, *rest(t)), 0.01)
    np.testing.assert_allclose(other.columns * scale[:, None], solve(t, 0.01).columns, rtol=1e-4, atol=1e-6)
    scale[6:] = 3
    other = solve(Table(t.x * scale, 6, *rest(t)), 0.01)
    assert not np.allclose(other.columns[6:] * 3, solve(t, 0.01).columns[6:], rtol=0.05)


def rest(t):
    return t.labels, t.weights, t.loss, t.units


def test_weights_are_repetitions():
    times = np.random.default_rng(1).integers(0, 4, 80)
    t = table(loss="three", weights=times.astype(float))
    again = Table(np.repeat(t.x, times, axis=0), 12, np.repeat(t.labels, times), np.ones(times.sum()), t.loss, 3)
    np.testing.assert_allclose(solve(t, 0.02).columns, solve(again, 0.02).columns, atol=1e-4)


def test_copies_share_their_weight_and_constants_have_none():
    t = table(columns=3)
    x = np.concatenate([t.x, t.x, np.full((80, 1), 7.0)], axis=1)
    found = solve(Table(x, 7, *rest(t)), 0.2)
    np.testing.assert_allclose(found.columns[:3], found.columns[3:6], rtol=1e-6)
    np.testing.assert_allclose(found.columns[:3] * 2, solve(t, 0.1).columns, rtol=1e-6)
    assert (found.columns[6] == 0).all()


def test_each_row_is_predicted_by_all_others():
    weights = np.random.default_rng(1).uniform(0.5, 2, 30)
    t = table(rows=30, columns=50, weights=weights, numbers=0)
    found = choose(t, [], 0.4)
    losses, means = np.zeros((30, 2)), np.zeros((30, 2))
    for i in range(30):
        rows = np.arange(30) != i
        one = Ridge(alpha=0.4 * weights.sum(), tol=1e-10).fit(t.x[rows], t.labels[rows], weights[rows])
        losses[i] = (one.predict(t.x[i : i + 1])[0] - t.labels[i]) ** 2
        means[i] = (np.average(t.labels[rows], axis=0, weights=weights[rows]) - t.labels[i]) ** 2
    np.testing.assert_allclose(found.loss, np.average(losses, axis=0, weights=weights), rtol=1e-6)
    np.testing.assert_allclose(found.mean_loss, np.average(means, axis=0, weights=weights), rtol=1e-6)


def test_folds_are_predicted_by_the_rows_outside_them():
    t = table(loss="two", rows=100)
    folds = [np.arange(100) % 4 == i for i in range(4)]
    found, losses = choose(t, folds, 0.03), []
    for fold in folds:
        rival = LogisticRegression(C=1 / (0.03 * 100), tol=1e-9, max_iter=5000).fit(t.x[~fold], t.labels[~fold, 0])
        p = rival.predict_proba(t.x[fold])[:, 1]
        losses += np.where(t.labels[fold, 0] > 0, -np.log(p), -np.log(1 - p)).tolist()
    assert found.loss[0] == pytest.approx(np.mean(losses), rel=0.01)
    assert found.mean_loss[0] == pytest.approx(np.log(2), rel=0.01)


def test_the_penalty_is_large_where_nothing_holds_and_small_where_all_does():
    folds = [np.arange(300) % 5 == i for i in range(5)]
    random = np.random.default_rng(2)
    x, noise = random.normal(size=(300, 90)), random.normal(size=(300, 1))
    for loss, labels in ((MeanSquaredError(), noise), (BinaryCrossentropy(True), (noise > 0).astype(float))):
        nothing = Table(x, 90, labels, np.ones(300), loss, 1)
        assert np.abs(x @ solve(nothing, choose(nothing, folds).penalty).columns).max() < 0.01
    clear = choose(Table(x[:, :3], 3, x[:, :1] - x[:, 1:2], np.ones(300), MeanSquaredError(), 1), folds)
    assert clear.penalty < 1e-6
    assert clear.loss[0] < 1e-6 * clear.mean_loss[0]


def test_a_class_that_a_fold_lacks_has_a_finite_loss():
    labels = np.zeros((40, 1))
    labels[3] = 1
    t = Table(np.random.default_rng(3).normal(size=(40, 2)), 2, labels, np.ones(40), BinaryCrossentropy(True), 1)
    found = choose(t, [np.arange(40) % 5 == i for i in range(5)])
    assert np.isfinite(found.loss).all()
    assert 0 < found.mean_loss[0] < 1


def test_lbfgs_finds_the_minimum_of_three_exponentials():
    """Boyd and Vandenberghe, Convex Optimization, equation 9.20."""

    def value(x):
        a, b, c = np.exp(x @ np.array([[1, 1, -1], [3, -3, 0]]) - 0.1)
        return float(a + b + c), np.array([a + b - c, 3 * a - 3 * b])

    np.testing.assert_allclose(lbfgs(value, np.array([-1.2, 1.0]), 1e-16), [-np.log(2) / 2, 0], atol=1e-7)


@pytest.mark.parametrize("loss", ["squared", "two"])
def test_losses_of_all_penalties_are_not_kept(loss):
    """A table of one number holds 1 number a row: the losses of twenty penalties, and their sums, were forty."""
    rows = 60_000
    t = table(rows, 1, loss)
    fold = np.arange(rows) % 10 == 0
    tracemalloc.start()
    try:
        choose(t, [fold])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * 8 * rows * (2 if loss == "squared" else 1)  # two outputs
