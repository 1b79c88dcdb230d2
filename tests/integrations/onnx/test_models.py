"""Models in ONNX Runtime against their own predict."""

import json

import numpy as np
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models import layers
from tests.integrations.onnx.runtime import run

FLIGHTS = fc.datasets.flights().to_pandas().dropna(subset=["late"])[:4_000]
ROWS = FLIGHTS[:500]
WEIGHTED = fc.Weighted(fc.Hashed("tailnum", 50), "hour", name="planes by hour")
WIDE = [fc.Crossed(["origin", "carrier"], 50), fc.Vocabulary("origin", fc.TopTerms(3)), WEIGHTED]
DEEP = [
    fc.Numeric("distance"),
    fc.Numeric("temp", default=fc.Mean()),
    fc.Indicator(fc.Bucketized("hour", fc.Quantiles(4))),
    fc.Embedding(fc.Hashed("dest", 60), 4),
    fc.Embedding(fc.Vocabulary("carrier", fc.TopTerms(9)), 3, max_norm=0.5),
    fc.Indicator(fc.Hashed("carrier", 7), name="seven"),
    fc.Embedding(fc.Piecewise("distance", fc.Quantiles(6)), 3),
]
LINEAR = [*DEEP[:3], DEEP[5], *WIDE]
LABELS = ["late", "origin", "distance"]


def close(found: np.ndarray, want: np.ndarray, largest: float = 1.0) -> None:
    """Equal to within 64 units in the last place of float32 of the largest logit."""
    np.testing.assert_allclose(found, want, rtol=0, atol=64 * 2.0**-24 * max(1.0, largest))


def check_classes(model: models.LinearClassifier, found: dict[str, np.ndarray]) -> None:
    want = model.predict(ROWS)
    logits = want["logits"]
    largest = float(np.abs(logits).max())
    assert list(found) == ["probabilities", "classes", "class_ids", "logits"]
    close(found["logits"], logits, largest)
    close(found["probabilities"], want["probabilities"], largest)
    np.testing.assert_array_equal(found["class_ids"], want["class_ids"], strict=True)
    np.testing.assert_array_equal(found["classes"], want["classes"])


@pytest.mark.parametrize("label", ["late", "origin"])
@pytest.mark.parametrize("combiner", ["sum", "mean"])
def test_linear_classifiers(label: str, combiner: str) -> None:
    classes = 2 if label == "late" else 3
    model = models.LinearClassifier(LINEAR, n_classes=classes, sparse_combiner=combiner).train(FLIGHTS, label=label, epochs=2)
    exported = model.to_onnx()
    check_classes(model, run(exported, ROWS))
    about = {p.key: p.value for p in exported.metadata_props}
    assert about["featurecols_model"] == "LinearClassifier"
    assert about["featurecols_fingerprint"] == model.plan.fingerprint
    assert len(json.loads(about["featurecols_classes"])) == classes


def test_several_labels() -> None:
    rows = FLIGHTS.assign(far=(FLIGHTS["distance"] > 1000).astype(int))
    model = models.LinearClassifier(LINEAR, multi_label=True).train(rows, label=["late", "far"], epochs=1)
    found, want = run(model.to_onnx(), ROWS), model.predict(ROWS)
    assert list(found) == ["probabilities", "multi_hot", "logits"]
    largest = float(np.abs(want["logits"]).max())
    close(found["logits"], want["logits"], largest)
    close(found["probabilities"], want["probabilities"], largest)
    np.testing.assert_array_equal(found["multi_hot"], want["multi_hot"], strict=True)


@pytest.mark.parametrize("columns", [[fc.Numeric("distance")], [fc.Vocabulary("carrier", fc.TopTerms(9))]])
def test_linear_models_of_numbers_or_ids_alone(columns: list[fc.Column]) -> None:
    model = models.LinearRegressor(columns).train(FLIGHTS, label="hour", epochs=1)
    close(run(model.to_onnx(), ROWS)["predictions"], model.predict(ROWS)["predictions"], 24)


@pytest.mark.parametrize(
    "activation", ["relu", "tanh", "sigmoid", "gelu", "linear", "elu", "selu", "silu", "leaky_relu", "softplus"]
)
def test_networks(activation: str) -> None:
    model = models.DNNClassifier(DEEP, [16, 8], activation=activation, batch_norm=activation != "relu", dropout=0.1, seed=1)
    model.train(FLIGHTS, label="late", epochs=1)
    check_classes(model, run(model.to_onnx(), ROWS))


@pytest.mark.parametrize("columns", [slice(None), slice(0, 1), slice(1, None)])
def test_networks_of_several_members(columns: slice) -> None:
    model = models.DNNClassifier(DEEP[columns], [16, 8], members=3, batch_norm=True, seed=1)
    model.train(FLIGHTS, label="late", epochs=1)
    check_classes(model, run(model.to_onnx(), ROWS))
    model = models.WideDeepClassifier(WIDE, DEEP[columns], [6], members=2, activation="softmax", n_classes=3)
    model.train(FLIGHTS, label="origin", epochs=1)
    check_classes(model, run(model.to_onnx(), ROWS))


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("columns", [slice(None), slice(0, 1), slice(3, 6)])
def test_cross_layers(columns: slice, members: int) -> None:
    model = models.DNNClassifier(DEEP[columns], [6, 4], cross_layers=2, members=members, batch_norm=True, seed=1)
    model.train(FLIGHTS, label="late", epochs=1)
    check_classes(model, run(model.to_onnx(), ROWS))


def test_a_network_without_hidden_layers_and_many_classes() -> None:
    model = models.DNNClassifier(DEEP, [], n_classes=3).train(FLIGHTS, label="origin", epochs=1)
    check_classes(model, run(model.to_onnx(), ROWS))


@pytest.mark.parametrize("transform", [None, "log1p"])
def test_wide_and_deep_regressors_in_the_units_of_the_label(transform: str | None) -> None:
    model = models.WideDeepRegressor(WIDE, DEEP, [16], label_transform=transform, activation="gelu")
    model.train(FLIGHTS, label="distance", epochs=1)
    found, want = run(model.to_onnx(), ROWS)["predictions"], model.predict(ROWS)["predictions"]
    assert found.dtype == want.dtype
    np.testing.assert_allclose(found, want, rtol=1e-5)


@pytest.mark.parametrize("options", [{"standardize_label": False}, {"loss": "poisson"}, {"label_dimension": 2}])
def test_regressors_of_other_losses_and_several_numbers(options: dict) -> None:
    model = models.DNNRegressor(DEEP, [8], **options)
    model.train(FLIGHTS, label=["hour", "month"] if "label_dimension" in options else "hour", epochs=1)
    found, want = run(model.to_onnx(), ROWS)["predictions"], model.predict(ROWS)["predictions"]
    assert found.shape == want.shape
    np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-5)


def test_labels_far_from_zero_are_predicted_in_float64() -> None:
    rows = {"x": np.arange(200.0), "y": 1e9 + np.arange(200.0)}
    model = models.LinearRegressor([fc.Numeric("x")]).train(rows, label="y", epochs=20)
    found, want = run(model.to_onnx(), rows)["predictions"], model.predict(rows)["predictions"]
    assert found.dtype == want.dtype == np.float64
    np.testing.assert_allclose(found, want, rtol=0, atol=1e-3)


def test_sequential_over_columns() -> None:
    stack = [layers.DenseFeatures(DEEP), layers.BatchNormalization(), layers.Dense(8, "tanh"), layers.Dropout(0.2)]
    model = models.Sequential([*stack, layers.Activation("relu"), layers.Dense(3, "softmax", use_bias=False)], seed=1)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(FLIGHTS, label="origin", epochs=1, verbose=0)
    close(run(model.to_onnx(), ROWS)["predictions"], model.predict(ROWS), 8)


def test_sequential_over_a_matrix() -> None:
    import onnxruntime

    x = np.random.default_rng(1).normal(size=(100, 3)).astype(np.float32)
    model = models.Sequential([layers.BatchNormalization(), layers.Dense(4, "gelu"), layers.Dense(1)], seed=1)
    model.compile("adam", "mse")
    model.fit(x, x.sum(axis=1), epochs=2, verbose=0)
    session = onnxruntime.InferenceSession(model.to_onnx().SerializeToString())
    close(session.run(None, {"x": x})[0], model.predict(x), 8)


def test_what_onnx_cannot_compute_is_refused_by_name() -> None:
    farm = models.LinearClassifier([fc.Hashed("origin", 9, hash="farmhash64", name="farm")]).train(
        FLIGHTS, label="late", epochs=1
    )
    with pytest.raises(fc.PlanError, match="farm: Hashed cannot be written as ONNX, it has no farmhash64"):
        farm.to_onnx()
    baseline = models.BaselineClassifier(WIDE).train(FLIGHTS, label="late", epochs=1)
    with pytest.raises(fc.PlanError, match="model: BaselineClassifier cannot be written as ONNX"):
        baseline.to_onnx()
    stack = models.Sequential([layers.SparseLinear(3)])
    with pytest.raises(fc.ModelError, match="the model has no weights yet"):
        stack.to_onnx()
    with pytest.raises(fc.ModelError, match="LinearClassifier has no weights yet"):
        models.LinearClassifier(WIDE).to_onnx()
