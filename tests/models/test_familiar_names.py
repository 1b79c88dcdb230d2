"""The names of Keras and tf.estimator: each is there, or its error says what to write. docs/migration.md has the same table."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import featurecols as fc
from featurecols.errors import ArgumentError
from featurecols.models import LinearClassifier, RunConfig, Sequential, hooks, layers, losses, metrics, optimizers

X, Y = np.linspace(-1, 1, 24).reshape(8, 3), np.arange(8) % 2
PAGE = (Path(__file__).parents[2] / "docs" / "migration.md").read_text("utf-8")


def fitted(optimizer="sgd", loss="mse", metric=(), activation=None, units=1, **given) -> Sequential:
    model = Sequential([layers.Dense(2, activation=activation), layers.Dense(units)], seed=1)
    model.compile(optimizer, loss, metric)
    model.fit(X, Y, epochs=1, verbose=0, **given)
    return model


LOSSES = {
    **{"mae": losses.MeanAbsoluteError(), "huber": losses.Huber(), "quantile": losses.Quantile(), "hinge": losses.Hinge()},
    **{"kl": losses.KLDivergence(), "kl_divergence": losses.KLDivergence(), "focal": losses.BinaryFocalCrossentropy()},
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    assert losses.get(name) == losses.get(name.upper()) == LOSSES[name]
    model = fitted(loss=name, units=2 if name.startswith("kl") else 1)
    assert np.isfinite(model.history.history["loss"][-1])


@pytest.mark.parametrize("name", ["rmse", "f1", "top_1_accuracy", "top_k_categorical_accuracy", "pinball", "pinball_0.9"])
def test_metrics(name: str) -> None:
    assert name in fitted(metric=[name]).history.history


@pytest.mark.parametrize("name", ["elu", "selu", "swish", "leaky_relu", "softplus"])
def test_activations(name: str) -> None:
    assert fitted(activation=name).predict(X).shape == (8,)


@pytest.mark.parametrize("name", ["Nadam", "Adamax", "Adadelta", "Lion"])
def test_optimizers(name: str) -> None:
    assert optimizers.get(name.lower()) == getattr(optimizers, name)()
    before, after = fitted(name, steps_per_epoch=1), fitted("sgd", steps_per_epoch=1)
    assert before.predict(X).tobytes() != after.predict(X).tobytes()


def test_weights_and_shares_of_fit() -> None:
    weighted = fitted(loss="binary_crossentropy", class_weight={1: 5.0})
    assert weighted.predict(X).tobytes() != fitted(loss="binary_crossentropy").predict(X).tobytes()
    assert "val_loss" in fitted(validation_split=0.25).history.history
    stop = hooks.EarlyStopping(monitor="val_loss", mode="min", min_delta=0.1, patience=1, restore_best_weights=False)
    assert (stop.monitor.metric, stop.monitor.min_delta, stop.patience, stop.restore_best_weights) == (
        "val_loss",
        0.1,
        1,
        False,
    )


SAID = [
    (lambda: optimizers.Adam(clipnorm=1.0), "use clip=fc.models.ClipNorm(norm)"),
    (lambda: optimizers.Adam(clipvalue=1.0), "use clip=fc.models.ClipValue(value)"),
    (lambda: optimizers.Ftrl(l1_regularization_strength=0.1), "did you mean l1?"),
    (lambda: optimizers.Ftrl(l2_regularization_strength=0.1), "did you mean l2?"),
    (lambda: RunConfig(tf_random_seed=1), "did you mean seed?"),
    (lambda: layers.Dense(3, input_shape=(4,)), "did you mean input_dim?"),
    (lambda: LinearClassifier([fc.Numeric("x")]).train({}, validation_split=0.1), "did you mean validation_share?"),
    (lambda: hooks.SessionRunHook, "use hooks.Hook; a hook with begin(self) and after_run(self, run_context, run_values)"),
    (lambda: hooks.StopAtStepHook, "use hooks.StopAtStep(steps)"),
    (lambda: metrics.f1_score, "use metrics.f1"),
    (lambda: losses.Focal, "use losses.BinaryFocalCrossentropy()"),
]


@pytest.mark.parametrize("number", range(len(SAID)))
def test_other_names_are_told(number: int) -> None:
    call, says = SAID[number]
    with pytest.raises((ArgumentError, AttributeError), match=re.escape(says)):
        call()


def test_export_saved_model_is_export(tmp_path) -> None:
    rows = {"x": [0.0, 1.0, 2.0, 3.0], "y": [0, 0, 1, 1]}
    model = LinearClassifier([fc.Numeric("x")], config=RunConfig(progress=False)).train(rows, label="y", epochs=1)
    model.export_saved_model(tmp_path / "model")
    assert fc.models.load(tmp_path / "model").fingerprint == model.fingerprint


def test_predict_row_of_a_sequential_is_predict_of_that_row() -> None:
    model = fitted()
    for row in X:
        assert model.predict_row(row).tobytes() == model.predict(row[None])[0].tobytes()
    assert model.predict_row(X[0].tolist()) == model.predict_row(X[0])
    rows = [{"x": 1.0, "city": "Rome"}, {"x": None, "city": "Bonn"}]
    columns = [fc.Numeric("x", default=0.0), fc.Embedding(fc.Vocabulary("city", ["Rome"]), 2)]
    table = Sequential([layers.DenseFeatures(columns), layers.Dense(2, activation="softmax")], seed=1)
    table.compile("sgd", "sparse_categorical_crossentropy")
    assert table.predict_row(rows[0]).tobytes() == table.predict([rows[0]])[0].tobytes()  # makes its plan
    table.fit({"x": [1.0, 2.0], "city": ["Rome", "Bonn"]}, [0, 1], epochs=1, verbose=0)
    for row in rows:
        assert table.predict_row(row).tobytes() == table.predict([row])[0].tobytes()
    with pytest.raises(fc.DataError, match="city"):
        table.predict_row({"x": 1.0})
    with pytest.raises(fc.PlanError, match="predict_row: needs a dict of raw values"):
        table.predict_row([1.0, 2.0])


def test_the_page_has_every_name() -> None:
    table = PAGE.partition("## Names of Keras and tf.estimator")[2].partition("\n## ")[0]
    names = (
        "class_weight validation_split EarlyStopping monitor mode min_delta restore_best_weights mae huber quantile kl hinge"
    )
    names += " focal rmse f1 top_k_categorical_accuracy pinball elu selu swish leaky_relu softplus Nadam Adamax Adadelta Lion"
    names += (
        " clipnorm l1_regularization_strength tf_random_seed input_shape export_saved_model SessionRunHook tf.summary.scalar"
    )
    assert [name for name in names.split() if name not in table] == []
