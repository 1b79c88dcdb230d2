"""F7 and F8: data and calls at the borders of models are taken as they are meant, or end in an error that says the way out."""

from __future__ import annotations

import copy
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models import from_data, hooks
from featurecols.models.errors import CheckpointError, DataError, ModelError, TrainingWarning
from featurecols.models.objective import keras_metrics
from tests.models.people import DEEP, WIDE, people

DATA, TEST = people(300), people(50, seed=1)
FEATURES = {name: values for name, values in DATA.items() if name != "income"}
X = [fc.Numeric("x")]


def sequential():
    model = models.Sequential([models.layers.DenseFeatures(DEEP), models.layers.Dense(1)])
    model.compile("ftrl", "binary_crossentropy", ["accuracy"])
    model.fit(DATA, label="income", epochs=1)
    return model


def wide_deep():
    return models.WideDeepClassifier(WIDE, DEEP, hidden_units=[4]).train(DATA, label="income", epochs=1)


def on(model):
    """Train a model further."""
    train = model.fit if isinstance(model, models.Sequential) else model.train
    return train(DATA, label="income", epochs=2)


def through_joblib(model, folder):
    joblib.dump(model, folder / "model")
    return joblib.load(folder / "model")


COPIES = {
    "pickle": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, folder: copy.deepcopy(model),
    "joblib": through_joblib,
}


@pytest.mark.parametrize("make", [sequential, wide_deep])
@pytest.mark.parametrize("how", COPIES)
def test_f8_copies_of_a_model_predict_and_train_on_as_it_does(tmp_path, make, how):
    """F8: copies of a model predict and train on as it does."""
    model = make()
    again = COPIES[how](model, tmp_path)
    assert again.fingerprint == model.fingerprint
    before = model.fingerprint
    on(again)
    assert model.fingerprint == before != again.fingerprint
    on(model)
    assert again.fingerprint == model.fingerprint


def test_f8_labels_in_a_frame_of_their_own_are_labels():
    """F8: the names of its columns were taken for fields of the features."""
    rng = np.random.default_rng(0)
    features = pd.DataFrame({"x": rng.normal(size=50), "y": np.zeros(50)})
    labels = pd.DataFrame({"y": (features["x"] > 0).astype(int)})
    want = models.LinearClassifier(X).train((features, labels["y"]), epochs=2).fingerprint
    for form in (labels, pl.from_pandas(labels)):
        assert models.LinearClassifier(X).train(features, form, epochs=2).fingerprint == want
    words = pd.DataFrame({"y": np.where(labels["y"], "b", "a")})
    assert models.LinearClassifier(X).train(features, words, epochs=1).classes_.tolist() == ["a", "b"]


def test_f5_the_folder_of_a_saved_model_is_not_a_model_dir(tmp_path):
    """F5: training wrote checkpoints of another model into it, and began anew without a word."""
    model = models.LinearClassifier(X).train({"x": [1.0, 2.0], "y": [0, 1]}, "y", steps=1)
    model.save(tmp_path / "saved")
    with pytest.raises(CheckpointError, match=r"saved: is the folder of a saved model, .*warm_start_from= takes"):
        models.LinearClassifier(X, model_dir=tmp_path / "saved")
    models.LinearClassifier(X, model_dir=tmp_path / "runs").train({"x": [1.0, 2.0], "y": [0, 1]}, "y", steps=1)
    with pytest.raises(CheckpointError, match=r"runs: holds the checkpoints of a training.*; make the model again"):
        models.load(tmp_path / "runs")


def largest_miss(labels, predictions):
    """A metric of a user."""
    return np.abs(labels - predictions[:, 0]).max()


@pytest.mark.parametrize("metric", [*keras_metrics.KNOWN, largest_miss])
@pytest.mark.parametrize("how", COPIES)
def test_f8_copies_have_every_metric(tmp_path, metric, how):
    """F8: accuracy could be pickled, and mae, auc and all others could not."""
    model = models.Sequential([models.layers.Dense(1)])
    model.compile("sgd", "mse", [metric])
    x, y = np.linspace(-1, 1, 20)[:, None], np.arange(20) % 2
    model.fit(x, y, epochs=1)
    again = COPIES[how](model, tmp_path)
    assert again.evaluate(x, y) == model.evaluate(x, y)


def test_f7_a_function_may_give_a_pipeline():
    """F7: a function may give a pipeline."""

    def pipeline():
        return from_data(DATA, label="income").shuffle(100).batch(50).repeat(2)

    given = models.LinearClassifier(WIDE).train(pipeline)
    assert given.variables.step == 12
    assert given.fingerprint == models.LinearClassifier(WIDE).train(pipeline()).fingerprint
    assert given.evaluate(pipeline) == pytest.approx(given.evaluate(DATA), rel=1e-6)  # by other batches
    assert len(given.predict(pipeline)) == 300
    asks = models.LinearClassifier(WIDE).train(lambda mode, params: pipeline() if mode == "train" else None)
    assert asks.fingerprint == given.fingerprint
    model = sequential()
    assert model.evaluate(pipeline) == pytest.approx(model.evaluate(DATA, label="income"), rel=1e-6)  # by other batches
    assert from_data(pipeline).batch_size == 50


def test_f7_hooks_of_a_train_spec_see_what_the_evaluation_found(tmp_path):
    """F7: hooks of a train spec see what the evaluation found."""
    stop = hooks.EarlyStopping("val_loss", patience=1, min_delta=0.05)
    model = models.LinearClassifier(WIDE, model_dir=tmp_path)
    train = models.TrainSpec(DATA, "income", epochs=40, hooks=[stop])
    found, _ = models.train_and_evaluate(model, train, models.EvalSpec(TEST, "income"))
    losses = model.history.history["val_loss"]
    assert 2 <= len(losses) < 40
    assert stop.best == min(losses[: stop.best_epoch])
    assert found["loss"] == stop.best


def test_f7_a_metric_that_is_not_measured_after_every_epoch(tmp_path):
    """F7: a metric that is not measured after every epoch."""
    stop = hooks.EarlyStopping("val_loss", patience=100)
    model = models.LinearClassifier(WIDE, model_dir=tmp_path)
    train = models.TrainSpec(DATA, "income", epochs=4, batch_size=100, hooks=[stop])
    models.train_and_evaluate(model, train, models.EvalSpec(TEST, "income", throttle_steps=1))
    again = models.LinearClassifier(WIDE, model_dir=tmp_path / "b")
    with pytest.raises(ModelError, match=r"no held-out rows were evaluated after the epoch, .* lower throttle_steps"):
        models.train_and_evaluate(again, train, models.EvalSpec(TEST, "income", throttle_steps=1000))


def test_f8_a_validation_table_after_training_on_pairs():
    """F8: a validation table after training on pairs."""
    message = r"the labels of its training came apart .*; give label=, the field, or a pair \(features, labels\)"
    model = models.LinearClassifier(WIDE)
    with pytest.raises(ModelError, match=message):
        model.train((FEATURES, DATA["income"]), validation=TEST)
    with pytest.raises(ModelError, match=message):
        model.evaluate(TEST)
    found = model.evaluate(TEST, label="income")
    assert model.evaluate(from_data(TEST, label="income")) == found
    model = models.LinearClassifier(WIDE).train((FEATURES, DATA["income"]), validation=from_data(TEST, label="income"))
    assert "val_auc" in model.history.history


def test_f8_an_evaluation_before_training_settles_nothing():
    """F8: an evaluation before training settles nothing."""
    model = models.LinearClassifier([fc.Hashed("job", 5)])
    assert model.evaluate({"job": ["a", "b"], "y": ["u", "v"]}, "y")["average_loss"] == pytest.approx(np.log(2))
    model.train({"job": ["a", "b"] * 4, "z": ["no", "yes"] * 4}, "z")
    assert model.label == ("z",)
    assert list(model.head.names) == ["no", "yes"]
    with pytest.raises(ModelError, match=r"its columns still learn, got .*; train it first"):
        models.LinearClassifier(WIDE).evaluate(DATA, "income")
    other = models.Sequential([models.layers.DenseFeatures([fc.Numeric("age")]), models.layers.Dense(1)])
    other.compile("sgd", "binary_crossentropy")
    other.evaluate({"age": [1.0, 2.0], "y": ["u", "v"]}, label="y")
    other.fit(DATA, label="income")
    assert list(other.words) == ["<=50K", ">50K"]


def test_f8_one_row_as_a_dict_of_scalars():
    """F8: one row as a dict of scalars."""
    model = models.LinearRegressor(X, normalize=False).train({"x": [1.0, 2.0], "y": [1.0, 2.0]}, "y")
    with pytest.raises(DataError, match=r"for one row write \[\{\.\.\.\}\] \(plan\.transform_row takes it as it is\)"):
        model.predict({"x": 1.0})
    assert len(model.predict([{"x": 1.0}])) == 1
    assert model.plan.transform_row({"x": 1.0}).tolist() == [1.0]


def test_f8_labels_and_weights_beyond_float32():
    """F8: labels and weights beyond float32."""
    with pytest.raises(DataError, match=r"y: a label is beyond the range of float32 \(3.4e38\) at row 1, got \[1e\+39\]"):
        models.LinearRegressor(X).train({"x": [1.0, 2.0], "y": [1.0, 1e39]}, "y")
    model = models.LinearRegressor(X, weight_column="w")
    with pytest.raises(DataError, match=r"w: a weight is beyond the range of float32 \(3.4e38\) at row 0, got 1e\+39"):
        model.train({"x": [1.0, 2.0], "y": [1.0, 1.0], "w": [1e39, 1.0]}, "y")


def fit(x, y):
    model = models.Sequential([models.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.array(x)[:, None], y)


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (lambda: models.LinearClassifier(X).train({"x": [1.0, 2.0], "y": [0, 0]}, "y"), r"all labels of y are alike \(0\)"),
        (lambda: models.LinearRegressor(X).train({"x": [1.0, 2.0], "y": [3.5, 3.5]}, "y"), r"of y are alike \(3.5\)"),
        (
            lambda: models.LinearRegressor(X, weight_column="w").train({"x": [1.0, 2.0], "y": [1.0, 2.0], "w": [0, 0]}, "y"),
            "all weights are 0, so that nothing was learned",
        ),
        (lambda: fit([1.0, 2.0], [5.0, 5.0]), r"Sequential.fit: all labels of y are alike \(5.0\)"),
    ],
)
def test_f8_nothing_to_learn_is_a_warning(train, message):
    """F8: nothing to learn is a warning."""
    with pytest.warns(TrainingWarning, match=message) as found:
        train()
    assert found[0].filename == __file__


def test_f8_something_to_learn_is_none():
    """F8: something to learn is none."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*(are alike|nothing was learned)", TrainingWarning)
        models.LinearClassifier(X).train({"x": [1.0, 2.0], "y": [0, 1]}, "y")
        models.LinearRegressor(X, label_dimension=2).train({"x": [1.0, 2.0], "a": [1.0, 1.0], "b": [1.0, 2.0]}, ["a", "b"])
        fit([1.0, 2.0], [5.0, 6.0])
