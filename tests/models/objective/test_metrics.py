"""Metrics against scikit-learn to 1e-12."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs
from sklearn.calibration import calibration_curve

import featurecols as fc
from featurecols.models.objective import metrics

CLOSE = {"rel": 1e-12, "abs": 1e-12}


@st.composite
def scored(draw):
    """Labels of both classes, scores with many ties, weights with zeros (None half of the time)."""
    n = draw(st.integers(2, 40))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n).filter(lambda y: 0 < sum(y) < len(y)))
    scores = draw(st.lists(st.sampled_from([-2.0, -0.5, -0.25, 0.0, 0.1, 0.5, 3.0]), min_size=n, max_size=n))
    weights = draw(st.none() | st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.25]), min_size=n, max_size=n))
    return np.array(labels), np.array(scores), None if weights is None else np.array(weights)


@given(scored())
@settings(max_examples=60, deadline=None)
def test_binary(case):
    y, z, w = case
    p = 1 / (1 + np.exp(-z))
    got = metrics.binary(y, z, sample_weight=w)
    named = z > 0
    want = {
        "accuracy": theirs.accuracy_score(y, named, sample_weight=w),
        "accuracy_baseline": max(np.average(y, weights=w), np.average(1 - y, weights=w)),
        "auc": theirs.roc_auc_score(y, z, sample_weight=w),
        "auc_precision_recall": theirs.average_precision_score(y, z, sample_weight=w),
        "average_loss": theirs.log_loss(y, p, sample_weight=w),
        "label/mean": np.average(y, weights=w),
        "precision": theirs.precision_score(y, named, sample_weight=w, zero_division=0),
        "prediction/mean": np.average(p, weights=w),
        "recall": theirs.recall_score(y, named, sample_weight=w),
    }
    assert got == {k: pytest.approx(v, **CLOSE) for k, v in want.items()}


def test_a_large_auc():
    random = np.random.default_rng(1)
    y = random.integers(0, 2, 100_000)
    z = random.normal(size=100_000).round(3) + y
    w = random.random(100_000)
    assert metrics.auc(y, z, sample_weight=w) == pytest.approx(theirs.roc_auc_score(y, z, sample_weight=w), **CLOSE)
    assert metrics.auc_precision_recall(y, z, sample_weight=w) == pytest.approx(
        theirs.average_precision_score(y, z, sample_weight=w), **CLOSE
    )


@given(scored())
@settings(max_examples=50, deadline=None)
def test_curves(case):
    y, z, w = case
    x, up, thresholds = theirs.roc_curve(y, z, sample_weight=w, drop_intermediate=False)
    curve = metrics.roc(y, z, sample_weight=w)
    np.testing.assert_allclose(curve.x, x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(curve.y, up, rtol=1e-12, atol=1e-12)
    assert curve.thresholds.tolist() == thresholds.tolist()
    precision, recall, _ = theirs.precision_recall_curve(y, z, sample_weight=w)
    curve = metrics.precision_recall(y, z, sample_weight=w)
    np.testing.assert_allclose(curve.x, recall[::-1], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(curve.y, precision[::-1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_multiclass(weighted):
    random = np.random.default_rng(2)
    y, z = random.integers(0, 4, 300), random.normal(size=(300, 4))
    z[np.arange(300), y] += 1
    w = random.random(300) if weighted else None
    shares = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    got = metrics.multiclass(y, z, classes=["a", "b", "c", "d"], sample_weight=w)
    assert got["accuracy"] == pytest.approx(theirs.accuracy_score(y, z.argmax(axis=1), sample_weight=w), **CLOSE)
    assert got["average_loss"] == pytest.approx(theirs.log_loss(y, shares, sample_weight=w), **CLOSE)
    assert got["accuracy_baseline"] == pytest.approx(np.bincount(y, w).max() / np.bincount(y, w).sum(), **CLOSE)
    precision, recall, _, _ = theirs.precision_recall_fscore_support(y, z.argmax(axis=1), sample_weight=w)
    for k, name in enumerate("abcd"):
        assert got[f"precision/{name}"] == pytest.approx(precision[k], **CLOSE)
        assert got[f"recall/{name}"] == pytest.approx(recall[k], **CLOSE)
        assert got[f"auc/{name}"] == pytest.approx(theirs.roc_auc_score(y == k, shares[:, k], sample_weight=w), **CLOSE)
    assert len(got) == 3 + 3 * 4


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(50,), (50, 1), (50, 3)])
def test_regression(shape, weighted):
    random = np.random.default_rng(3)
    y, p = random.normal(size=shape), random.normal(size=shape)
    w = random.random(50) if weighted else None
    got = metrics.regression(y, p, sample_weight=w)
    squared = theirs.mean_squared_error(y, p, sample_weight=w)
    assert got["average_loss"] == pytest.approx(squared, **CLOSE)
    assert got["r2"] == pytest.approx(theirs.r2_score(y, p, sample_weight=w), **CLOSE)
    assert got["rmse"] == pytest.approx(math.sqrt(squared), **CLOSE)
    if shape == (50, 3):
        each = theirs.r2_score(y, p, sample_weight=w, multioutput="raw_values")
        assert [got[f"r2/{i}"] for i in range(3)] == pytest.approx(each.tolist(), **CLOSE)
        squares = theirs.mean_squared_error(y, p, sample_weight=w, multioutput="raw_values")
        assert [got[f"rmse/{i}"] for i in range(3)] == pytest.approx(np.sqrt(squares).tolist(), **CLOSE)
    else:
        assert "r2/0" not in got
    assert got["mae"] == pytest.approx(theirs.mean_absolute_error(y, p, sample_weight=w), **CLOSE)
    assert got["label/mean"] == pytest.approx(np.average(y.reshape(50, -1).mean(axis=1), weights=w), **CLOSE)
    assert got["prediction/mean"] == pytest.approx(np.average(p.reshape(50, -1).mean(axis=1), weights=w), **CLOSE)


@pytest.mark.parametrize(("by", "strategy"), [("width", "uniform"), ("rows", "quantile")])
def test_calibration(by, strategy):
    random = np.random.default_rng(4)
    p = random.random(2000) ** 2
    y = random.random(2000) < p**1.3
    got = metrics.calibration(y, p, bins=8, by=by)
    observed, predicted = calibration_curve(y, p, n_bins=8, strategy=strategy)
    np.testing.assert_allclose(got.predicted, predicted, rtol=1e-12)
    np.testing.assert_allclose(got.observed, observed, rtol=1e-12)
    assert got.brier == pytest.approx(theirs.brier_score_loss(y, p), **CLOSE)
    assert got.error == pytest.approx((np.abs(observed - predicted) * got.weight).sum() / 2000, **CLOSE)
    w = random.random(2000)
    assert metrics.calibration(y, p, sample_weight=w).brier == pytest.approx(
        theirs.brier_score_loss(y, p, sample_weight=w), **CLOSE
    )


def test_what_has_no_denominator():
    assert metrics.precision([1, 0], [0, 0]) == 0.0
    assert metrics.recall([0, 0], [1, 0]) == 0.0
    assert math.isnan(metrics.auc([1, 1], [0.1, 0.2]))
    assert math.isnan(metrics.auc_precision_recall([0, 0], [0.1, 0.2]))
    assert metrics.mean([1.0, 2.0], sample_weight=[0.0, 0.0]) == 0.0
    assert metrics.mean([]) == 0.0


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="metrics: labels, predictions and weights must be equally long, got 2, 3, 2"):
        metrics.auc([0, 1], [0.1, 0.2, 0.3])


WORDS = np.array(["no", "yes"])


@pytest.mark.parametrize(
    "form", [list, np.array, lambda words: np.array(words, object), lambda words: [w.encode() for w in words]]
)
def test_words_are_labels_too(form):
    y, c, s = [0, 1, 1, 0, 1], [0, 1, 0, 1, 1], [0.1, 0.8, 0.3, 0.4, 0.9]
    words, chosen = form(WORDS[y].tolist()), form(WORDS[c].tolist())
    assert metrics.accuracy(words, chosen) == 0.6
    assert metrics.accuracy(words, chosen, sample_weight=[1, 1, 2, 0, 0]) == 0.5
    assert metrics.precision(words, chosen) == pytest.approx(2 / 3)
    assert metrics.recall(words, chosen) == pytest.approx(2 / 3)
    assert metrics.auc(words, s) == metrics.auc(y, s) == pytest.approx(5 / 6)
    assert metrics.auc_precision_recall(words, s) == metrics.auc_precision_recall(y, s)
    assert metrics.roc(words, s).y.tolist() == metrics.roc(y, s).y.tolist()
    assert metrics.precision_recall(words, s).y.tolist() == metrics.precision_recall(y, s).y.tolist()
    assert metrics.calibration(words, s).brier == metrics.calibration(y, s).brier


def test_words_of_three_classes():
    assert metrics.accuracy(["a", "b", "c"], ["a", "b", "b"]) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match=r"metrics: words must be those of two classes, got \['a', 'b', 'c'\]; compare with"):
        metrics.precision(["a", "b", "c"], ["a", "b", "b"])
    with pytest.raises(ValueError, match=r"must be those of two classes, got \['a'\]"):
        metrics.auc(["a", "a"], [0.5, 0.7])


def test_labels_may_be_words_everywhere():
    y, words = np.array([0, 1, 1, 0]), ["no", "yes", "yes", "no"]
    z = np.array([-1.0, 2.0, -0.5, 0.5])
    assert metrics.binary(words, z) == metrics.binary(y, z)
    assert metrics.calibration(words, [0.1, 0.9, 0.6, 0.4]).brier == metrics.calibration(y, [0.1, 0.9, 0.6, 0.4]).brier
    logits, three = np.arange(12.0).reshape(4, 3) % 5, ["b", "c", "a", "b"]
    found = metrics.multiclass(three, logits)
    numbered = metrics.multiclass([1, 2, 0, 1], logits, classes=["a", "b", "c"])
    assert found == numbered
    assert metrics.multiclass(three, logits[:, [2, 0, 1]], classes=["c", "a", "b"])["auc/a"] == found["auc/a"]
    with pytest.raises(ValueError, match=r"there are 3 logits a row, and 2 classes: \['a', 'b'\]; give classes="):
        metrics.multiclass(["a", "b"], logits[:2])
    with pytest.raises(ValueError, match="'b' is not one of the classes"):
        metrics.multiclass(["a", "b"], logits[:2], classes=["a", "c", "d"])


def test_weights_by_position_are_an_error_that_says_how():
    with pytest.raises(fc.ArgumentError, match=r"auc: takes y_true, y_pred by position.*\(sample_weight=\)"):
        metrics.auc([0, 1], [0.1, 0.2], [1.0, 2.0])


BINARY = ["auc", "auc_precision_recall", "roc", "precision_recall", "calibration", "binary", "precision", "recall"]
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("name", [*BINARY, "accuracy"])
def test_what_gives_no_number_is_an_error_that_names_the_row(name):
    """F4: an auc of 1.33 and a precision of 2.0 came of labels and weights that are none."""
    metric, y, c = getattr(metrics, name), [0, 1, 1, 0], [0, 1, 0, 1]
    cases = [
        (([0, 1, NAN, 0], c), {}, "a label must be a finite number at row 2, got nan"),
        ((y, [0, 1, 0, NAN]), {}, "must not be missing at row 3, got nan"),
        ((y, c), {"sample_weight": [1, NAN, 1, 1]}, "a weight must be a finite number at row 1, got nan"),
        ((y, c), {"sample_weight": [1, 1, 1, INF]}, "a weight must be a finite number at row 3, got inf"),
        ((y, c), {"sample_weight": [-1, 1, 1, 1]}, "a weight must be at least 0 at row 0, got -1.0"),
        ((y, c), {"sample_weight": [1, 1]}, "must be equally long, got 4, 4, 2"),
    ]
    if name in BINARY:
        cases.append((([0, 2, 1, 0], c), {}, "a label of two classes must be 0 or 1 at row 1, got 2.0; compare with the class"))
        cases.append((([-1, 1, 1, -1], c), {}, "a label of two classes must be 0 or 1 at row 0, got -1.0"))
    if name in ("precision", "recall"):
        cases.append(
            ((y, [0.1, 0.9, 0.3, 0.2]), {}, "a predicted class must be 0 or 1 at row 0, got 0.1; compare with a threshold")
        )
    for arrays, more, message in cases:
        with pytest.raises(fc.DataError, match=message):
            metric(*arrays, **more)


def test_scores_may_be_infinite_and_probabilities_are_from_0_to_1():
    assert metrics.auc([0, 1, 1, 0], [-INF, INF, 1, 2]) == 0.75
    with pytest.raises(
        fc.DataError, match=r"a probability must be from 0 to 1 at row 1, got 1\.5; give probabilities, not logits"
    ):
        metrics.calibration([0, 1], [0.5, 1.5])


def test_classes_and_numbers_of_the_wrong_shape():
    logits = [[1.0, 2, 3], [3, 4, 1]]
    for labels, got in (([0, 3], "row 1, got 3.0"), ([-1, 0], "row 0, got -1.0"), ([0, 1.5], "row 1, got 1.5")):
        with pytest.raises(fc.DataError, match=f"a label must be a class number from 0 to 2 at {got}"):
            metrics.multiclass(labels, logits)
    with pytest.raises(fc.DataError, match="labels and logits must be equally long, got 3, 2"):
        metrics.multiclass([0, 1, 2], logits)
    with pytest.raises(fc.DataError, match=r"labels and predictions must have one shape, got \(4, 1\), \(2, 2\)"):
        metrics.regression([1, 2, 3, 4], [[1, 2], [3, 4]])
    with pytest.raises(fc.DataError, match="a prediction must be a finite number at row 1, got inf"):
        metrics.regression([1, 2], [1, INF])
    with pytest.raises(fc.DataError, match="a label must be a number, got 'a'"):
        metrics.regression(["a", "b"], [1, 2])
    assert metrics.regression([1, 2, 3], [[1], [2], [4]])["mae"] == pytest.approx(1 / 3)
    assert metrics.mean(np.array([[1.0], [2.0]])) == 1.5
    with pytest.raises(fc.DataError, match="labels and losses must be equally long, got 2, 3"):
        metrics.binary([0, 1], [0.5, 1.5], losses=[1, 2, 3])


def test_f1_top_k_and_pinball_as_scikit_learn_has_them():
    random = np.random.default_rng(3)
    y, c, w = random.integers(0, 2, 50), random.integers(0, 2, 50), random.random(50)
    assert metrics.f1(y, c, sample_weight=w) == pytest.approx(theirs.f1_score(y, c, sample_weight=w), rel=1e-12)
    classes, scores = random.integers(0, 5, 50), random.normal(size=(50, 5))
    for k in (1, 2, 4):
        want = theirs.top_k_accuracy_score(classes, scores, k=k, sample_weight=w)
        assert metrics.top_k_accuracy(classes, scores, k=k, sample_weight=w) == pytest.approx(want, rel=1e-12)
    numbers, found = random.normal(size=50), random.normal(size=50)
    want = theirs.mean_pinball_loss(numbers, found, alpha=0.8, sample_weight=w)
    assert metrics.pinball(numbers, found, quantile=0.8, sample_weight=w) == pytest.approx(want, rel=1e-12)
    want = theirs.root_mean_squared_error(numbers, found, sample_weight=w)
    assert metrics.rmse(numbers, found, sample_weight=w) == pytest.approx(want, rel=1e-12)
