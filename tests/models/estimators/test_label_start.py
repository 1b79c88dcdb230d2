"""The scale of labels and the start of output biases, seen from outside: in predictions, losses, folders and checkpoints."""

import numpy as np
import pandas as pd
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models.errors import CheckpointError
from featurecols.models.objective.losses import Poisson
from featurecols.models.optimization.optimizers import SGD, Adam

X = np.linspace(-1, 1, 200)
DOLLARS = pd.DataFrame({"x": X, "y": 30_000 * X + 250_000, "w": np.where(X > 0, 3.0, 1.0)})
COLUMNS = [fc.Numeric("x")]


def regressor(**more):
    return models.DNNRegressor(COLUMNS, [8], **{"optimizer": Adam(0.01), **more})


def test_predictions_metrics_and_losses_are_in_the_units_of_the_label():
    model = regressor().train(DOLLARS, label="y", epochs=60, batch_size=20)
    found = model.evaluate(DOLLARS)
    predicted = model.predict(DOLLARS)["predictions"].reshape(-1)
    assert found["r2"] > 0.99
    assert found["label/mean"] == pytest.approx(250_000, rel=1e-9)
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean((predicted - DOLLARS["y"]) ** 2)), rel=1e-4)
    assert found["average_loss"] == pytest.approx(found["rmse"] ** 2, rel=1e-9)
    assert found["loss"] == pytest.approx(found["average_loss"], rel=1e-4)
    first = model.history.rows[0]["loss"]
    assert DOLLARS["y"].var(ddof=0) / 10 < first < DOLLARS["y"].var(ddof=0) * 10


def test_training_is_that_of_the_standardized_label_to_the_bit():
    y = DOLLARS["y"].to_numpy()
    plain = DOLLARS.assign(y=(y - y.mean()) / y.std())
    options = {"label": "y", "epochs": 3, "batch_size": 20}
    ours = regressor().train(DOLLARS, **options)
    theirs = regressor(standardize_label=False).train(plain, **options)
    scaling = ours.head.scaling
    standardized = plain.assign(y=(y - scaling.mean[0]) / scaling.deviation[0])
    theirs = regressor(standardize_label=False).train(standardized, **options)
    for name in ours.get_variable_names():
        assert ours.get_variable_value(name).tobytes() == theirs.get_variable_value(name).tobytes()


def test_an_untrained_step_predicts_the_mean():
    model = models.LinearRegressor(COLUMNS, optimizer=SGD(1e-9)).train(DOLLARS, label="y", steps=1)
    assert model.predict(DOLLARS)["predictions"].reshape(-1) == pytest.approx(np.full(200, 250_000.0), rel=1e-6)


def test_weights_move_the_mean():
    model = models.LinearRegressor(COLUMNS, optimizer=SGD(1e-9), weight_column="w").train(DOLLARS, label="y", steps=1)
    wanted = np.average(DOLLARS["y"], weights=DOLLARS["w"])
    assert model.predict(DOLLARS)["predictions"].reshape(-1) == pytest.approx(np.full(200, wanted), rel=1e-6)


@pytest.mark.parametrize("optimizer", ["Ftrl", "Adam", "Adagrad", SGD(1e-6)])
def test_a_classifier_starts_at_the_rate_of_the_class(optimizer):
    rows = pd.DataFrame({"x": np.zeros(1000), "y": np.arange(1000) % 250 == 0})
    model = models.LinearClassifier(COLUMNS, optimizer=optimizer).train(rows.astype({"y": int}), label="y", steps=1)
    assert model.predict_proba(rows)[:, 1].mean() == pytest.approx(0.004, rel=0.5)
    assert (
        models.LinearClassifier(COLUMNS, optimizer=optimizer, initial_bias=False)
        .train(rows.astype({"y": int}), label="y", steps=1)
        .predict_proba(rows)[:, 1]
        .mean()
        > 0.4
    )


def test_three_classes_and_counts_start_at_their_means():
    rows = pd.DataFrame({"x": np.zeros(100), "k": [0] * 70 + [1] * 20 + [2] * 10, "n": [0, 10] * 50})
    three = models.DNNClassifier(COLUMNS, [4], n_classes=3, optimizer=SGD(1e-9)).train(rows, label="k", steps=1)
    assert three.predict_proba(rows)[0] == pytest.approx([0.7, 0.2, 0.1], rel=1e-4)
    counts = models.LinearRegressor(COLUMNS, loss=Poisson(), optimizer=SGD(1e-9)).train(rows, label="n", steps=1)
    assert counts.head.scaling is None
    assert counts.predict(rows)["predictions"].reshape(-1) == pytest.approx(np.full(100, 5.0), rel=1e-4)


def test_log1p_predicts_labels_of_many_magnitudes():
    rows = pd.DataFrame({"x": X, "y": np.expm1(3 * X + 9)})
    model = regressor(label_transform="log1p").train(rows, label="y", epochs=60, batch_size=20)
    found = model.evaluate(rows)
    assert found["label/mean"] == pytest.approx(rows["y"].mean(), rel=1e-6)
    predicted = model.predict(rows)["predictions"].reshape(-1)
    assert np.abs(np.log1p(predicted) - np.log1p(rows["y"])).mean() < 0.1
    with pytest.raises(fc.DataError, match="log1p needs labels above -1"):
        regressor(label_transform="log1p").train(rows.assign(y=-1.0), label="y", epochs=1)


def test_labels_of_a_billion_with_a_small_spread():
    rows = DOLLARS.assign(y=1e9 + X)
    model = regressor().train(rows, label="y", epochs=60, batch_size=20)
    assert model.evaluate(rows)["r2"] > 0.99
    assert np.corrcoef(model.predict(rows)["predictions"].reshape(-1) - 1e9, X)[0, 1] > 0.99


def test_a_folder_and_a_checkpoint_keep_the_scale(tmp_path):
    options = {"label": "y", "epochs": 4, "batch_size": 20}
    model = regressor(model_dir=tmp_path / "run").train(DOLLARS, **options)
    model.save(tmp_path / "saved")
    wanted = model.predict(DOLLARS)["predictions"].tobytes()
    again = models.load(tmp_path / "saved")
    assert (again.head, again.fingerprint) == (model.head, model.fingerprint)
    assert again.predict(DOLLARS)["predictions"].tobytes() == wanted
    assert regressor(model_dir=tmp_path / "run").predict(DOLLARS)["predictions"].tobytes() == wanted
    first = regressor().predict(DOLLARS, checkpoint_path=model.latest_checkpoint())
    assert first["predictions"].tobytes() == wanted
    with pytest.raises(CheckpointError, match="log1p"):
        regressor(model_dir=tmp_path / "run", label_transform="log1p").predict(DOLLARS)


def test_the_scale_is_fixed_at_the_first_call_of_train():
    model = regressor().train(DOLLARS, label="y", epochs=1, batch_size=20)
    first = model.head
    model.train(DOLLARS.assign(y=DOLLARS["y"] * 7), label="y", epochs=1, batch_size=20)
    assert model.head == first


def test_a_warm_start_takes_the_scale_of_its_weights(tmp_path):
    model = regressor().train(DOLLARS, label="y", epochs=4, batch_size=20)
    model.save(tmp_path / "saved")
    other = regressor(warm_start_from=tmp_path / "saved", optimizer=SGD(1e-12)).train(
        DOLLARS.assign(y=DOLLARS["y"] * 3), label="y", steps=1
    )
    assert other.head == model.head
    assert other.predict(DOLLARS)["predictions"] == pytest.approx(model.predict(DOLLARS)["predictions"], rel=1e-6)


def test_an_iterator_that_can_be_read_once_is_left_alone():
    batches = iter([({"x": X}, DOLLARS["y"].to_numpy())])
    assert regressor().train(batches, epochs=1).head.scaling is None


def test_what_a_function_gives_need_not_end():
    def endless():
        while True:
            yield {"x": X[:100]}, DOLLARS["y"].to_numpy()[:100]

    model = regressor().train(endless, steps=3)
    assert model.head.scaling.mean == pytest.approx((DOLLARS["y"][:100].mean(),))


def test_a_wrong_label_is_named_by_its_row():
    with pytest.raises(fc.DataError, match="row 150"):
        regressor().train(DOLLARS.assign(y=DOLLARS["y"].where(DOLLARS.index != 150)), label="y", epochs=1)
