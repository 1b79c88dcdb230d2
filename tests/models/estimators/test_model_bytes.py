"""Models as bytes: the same model in another process, and nothing but models."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

import featurecols as fc
from featurecols import models
from featurecols._core import tensor_files
from featurecols.models.estimators import model_bytes

DATA = {"x": [0.0, 1.0, 2.0, None] * 10, "job": ["cook", "nurse", None, "é"] * 10}
NUMBER = fc.Numeric("x", default=fc.Mean())
JOB = fc.Vocabulary("job", fc.TopTerms(3), num_oov_buckets=1)
RICH = [True, False, False, True] * 10
DEEP = [NUMBER, fc.Embedding(JOB, 2)]


def trained(kind: str) -> Any:
    made = {
        "LinearClassifier": lambda: models.LinearClassifier([NUMBER, JOB]),
        "DNNClassifier": lambda: models.DNNClassifier(DEEP, [3], dropout=0.1, batch_norm=True, optimizer="RMSprop"),
        "WideDeepClassifier": lambda: models.WideDeepClassifier([JOB], DEEP, [3]),
        "BaselineClassifier": lambda: models.BaselineClassifier([NUMBER]),
        "LinearRegressor": lambda: models.LinearRegressor([NUMBER, JOB], loss="poisson"),
        "DNNRegressor": lambda: models.DNNRegressor(DEEP, [3], label_transform="log1p"),
        "WideDeepRegressor": lambda: models.WideDeepRegressor([JOB], DEEP, [3], standardize_label=False),
    }[kind]()
    labels = RICH if kind.endswith("Classifier") else np.arange(40.0)
    return made.train(DATA, labels, epochs=2), labels


KINDS = ["LinearClassifier", "DNNClassifier", "WideDeepClassifier", "BaselineClassifier"]
KINDS += ["LinearRegressor", "DNNRegressor", "WideDeepRegressor"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_goes_on_as_if_it_had_stayed(kind: str) -> None:
    model, labels = trained(kind)
    data = model_bytes.to_bytes(model)
    again = model_bytes.from_bytes(data)
    assert type(again) is type(model)
    assert again.fingerprint == model.fingerprint
    assert (again.label, again.metrics, again.data) == (model.label, model.metrics, model.data)
    assert model_bytes.to_bytes(again) == data
    for key, array in model.predict(DATA).arrays.items():
        np.testing.assert_array_equal(again.predict(DATA)[key], array)
    assert again.train(DATA, labels, epochs=1).fingerprint == model.train(DATA, labels, epochs=1).fingerprint


def test_scores_that_are_no_numbers() -> None:
    model, _ = trained("LinearClassifier")
    model.metrics = {"eval": {"auc": float("nan"), "loss": float("inf")}}
    found = model_bytes.from_bytes(model_bytes.to_bytes(model)).metrics["eval"]
    assert np.isnan(found["auc"])
    assert found["loss"] == float("inf")


def test_a_model_that_was_not_trained_has_no_plan() -> None:
    with pytest.raises(fc.ModelError, match="train it first"):
        model_bytes.to_bytes(models.LinearClassifier([NUMBER]))


def test_other_bytes_are_refused() -> None:
    data = model_bytes.to_bytes(trained("LinearClassifier")[0])
    plan = fc.fit([NUMBER], DATA).to_bytes()
    signed = [hashlib.sha256(other).digest() + other for other in (b"", b"x", plan, tensor_files.encode({}, "{}"))]
    flipped = [data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :] for i in range(0, len(data), len(data) // 40)]
    for other in (b"", b"x", plan, data[:-1], data[: len(data) // 2], data + b"x", *flipped, *signed):
        with pytest.raises(fc.CheckpointError, match=r"^these bytes: are not a model .*; give what to_bytes gave, whole$"):
            model_bytes.from_bytes(other)
