"""F10: an evaluation keeps no rows, and a single batch needs no thread."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models import EstimatorSpec, metrics
from featurecols.models.autodiff.tape import Value
from featurecols.models.estimators.evaluation import Evaluation
from featurecols.models.layers import Dense, DenseFeatures

COLUMNS = [fc.Numeric("x"), fc.Indicator(fc.Vocabulary("c", ["a", "b"]))]


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    return {"x": rng.normal(size=n), "c": np.array(["a", "b"])[rng.integers(0, 2, n)], "y": rng.integers(0, 2, n)}


def linear():
    return models.LinearClassifier(COLUMNS).train(rows(500), label="y", epochs=1)


def sequential():
    model = models.Sequential([DenseFeatures(COLUMNS), Dense(1)])
    model.compile("adam", "binary_crossentropy", ["accuracy", "auc", "precision", "r2"])
    model.fit(rows(500), label="y")
    return model


@pytest.mark.slow
@pytest.mark.parametrize("make", [linear, sequential])
def test_f10_memory_does_not_grow_with_the_rows(make):
    """F10: an evaluation of 1.6 million rows needs no more memory than one of 570,000."""
    model = make()

    def peak(batches):
        data = [rows(4096, seed=0)]  # the same scores again: those that are kept do not grow either
        tracemalloc.start()
        model.evaluate(lambda: (data[0] for _ in range(batches)), label="y")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)
    assert peak(400) < 1.2 * peak(140)


@pytest.mark.parametrize("make", [linear, sequential])
def test_f10_one_batch_starts_no_thread(make, monkeypatch):
    """F10: predict and evaluate of a row, and of one batch, start no thread; of several batches they prepare ahead."""
    model, started = make(), []
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda thread: (started.append(thread.name), start(thread)))
    for data in (rows(1), rows(100), [{"x": 1.0, "c": "a", "y": 1}]):
        model.predict(data)
        model.evaluate(data, label="y")
    assert started == []
    model.predict(rows(100), batch_size=50)
    assert "featurecols-prefetch" in started


def test_f10_functions_of_metrics_are_added_up_and_others_called_once():
    """F10: what a model_fn names gives the value over all rows: other functions and words too."""
    random = np.random.default_rng(1)
    y, z, w = random.integers(0, 2, 100), random.normal(size=100), random.random(100)
    k, logits, words = random.integers(0, 3, 100), random.normal(size=(100, 3)), np.array(["no", "yes"])[y]
    asked = {
        "binary": (metrics.binary, y, z),
        "multiclass": (metrics.multiclass, k, logits),
        "regression": (metrics.regression, z, w),
        "mean": (metrics.mean, w),
        "accuracy": (metrics.accuracy, k, logits.argmax(axis=1)),
        "precision": (metrics.precision, y, z > 0),
        "recall": (metrics.recall, y, z > 0),
        "auc": (metrics.auc, y, z),
        "auc_precision_recall": (metrics.auc_precision_recall, y, z),
        "words": (metrics.precision, words, words[::-1]),
        "median": (lambda values: float(np.median(values)), w),
    }
    for name, (function, *arrays) in asked.items():
        evaluation = Evaluation()
        for at in range(0, 100, 7):
            ops = {name: (function, *(a[at : at + 7] for a in arrays))}
            evaluation.add(EstimatorSpec("eval", loss=Value(np.float32(at)), eval_metric_ops=ops), 7)
        whole = function(*arrays)
        expected = whole if isinstance(whole, dict) else {name: whole}
        assert evaluation.compute() == {**expected, "loss": np.mean(np.arange(0, 100, 7))}


def test_weights_that_are_all_zero_measure_nothing():
    """F8: r2 was 1, the accuracy of the commonest class 1."""
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=50), "c": ["a", "b"] * 25, "y": [0, 1] * 25, "w": [0.0] * 50}
    for model, names in (
        (models.LinearClassifier(COLUMNS), ("accuracy", "accuracy_baseline", "average_loss")),
        (models.LinearRegressor(COLUMNS), ("r2", "rmse", "average_loss")),
    ):
        model.train(data, label="y", steps=1)
        with pytest.warns(models.TrainingWarning, match="evaluate: all weights are 0, so that nothing was measured"):
            found = model.evaluate(data, weight="w")
        assert [found[name] for name in names] == [0.0, 0.0, 0.0]


def test_what_a_metric_is_of_must_not_be_missing():
    """F12: the accuracy of predictions that are no numbers was 0."""
    evaluation = Evaluation()
    for values in ([1.0, 0.0], [1.0, float("nan")]):
        ops = {"right": (metrics.accuracy, np.array([1, 0]), np.array(values))}
        spec = EstimatorSpec("eval", loss=Value(np.float32(0)), eval_metric_ops=ops)
        if values[1] == 0.0:
            evaluation.add(spec, 2)
    with pytest.raises(fc.DataError, match="a value of the metric 'right' must not be missing at row 3, got nan"):
        evaluation.add(spec, 2)
