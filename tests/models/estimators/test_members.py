"""Networks that are trained together: each as it would train alone, one model to everybody else."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from featurecols.models import DNNClassifier, DNNRegressor, RunConfig, WideDeepClassifier, WideDeepRegressor, load
from featurecols.models.errors import CheckpointError, ModelError
from featurecols.models.objective.losses import MeanSquaredError
from featurecols.models.optimization.optimizers import SGD, Adam
from tests.models.people import AGE, BOTH, DEEP, JOB, people

QUIET = RunConfig(progress=False)
DATA, TEST = people(400), people(100, seed=1)
PLAIN = [AGE, fc.Indicator(JOB)]
LAYERS = ("hidden_0", "hidden_1", "logits")


def alone(together, member, optimizer, label):
    """Train one network from the first weights of a member, on the same batches."""
    first = DNNRegressor(PLAIN, [8, 4], members=3, optimizer=SGD(1e-30), seed=5, config=QUIET)
    first.train(DATA, label=label, steps=1, batch_size=50)  # steps so short that weights stay
    single = DNNRegressor(PLAIN, [8, 4], optimizer=optimizer, seed=5, config=QUIET)
    for name, array in first.variables.values.items():
        own = np.split(array, 3, axis=-1)[member]
        single._variables().given[name] = lambda _, own=own: own.copy()
    return single.train(DATA, label=label, epochs=3, batch_size=50)


@pytest.mark.parametrize("optimizer", [SGD(0.05, momentum=0.9), Adam(0.01)], ids=["SGD", "Adam"])
def test_each_member_trains_as_it_would_alone_and_logits_are_averaged(optimizer):
    together = DNNRegressor(PLAIN, [8, 4], members=3, optimizer=optimizer, seed=5, config=QUIET)
    together.train(DATA, label="wealth", epochs=3, batch_size=50)
    predictions = []
    for member in range(3):
        single = alone(together, member, optimizer, "wealth")
        for layer in LAYERS:
            for name in (f"dnn/{layer}/kernel", f"dnn/{layer}/bias"):
                mine = np.split(together.variables.values[name], 3, axis=-1)[member]
                np.testing.assert_allclose(mine, single.variables.values[name], rtol=2e-3, atol=2e-4)
        predictions.append(single.predict(TEST)["predictions"])
    np.testing.assert_allclose(together.predict(TEST)["predictions"], np.mean(predictions, axis=0), rtol=1e-3, atol=1e-3)


def test_one_member_is_the_network_as_it_was():
    first = DNNClassifier(DEEP, [4], members=1, config=QUIET).train(DATA, label="rich", epochs=1)
    plain = DNNClassifier(DEEP, [4], config=QUIET).train(DATA, label="rich", epochs=1)
    assert first.fingerprint == plain.fingerprint
    assert "members" not in plain.spec()


def test_the_first_member_begins_where_the_network_alone_does():
    one, two = (
        DNNRegressor(DEEP, [4], members=n, optimizer=SGD(1e-30), seed=3, config=QUIET).train(DATA, label="wealth", steps=1)
        for n in (1, 2)
    )
    for name, array in one.variables.values.items():
        if "bias" in name:
            continue
        np.testing.assert_array_equal(array, two.variables.values[name][..., : array.shape[-1]])
    kernels = np.split(two.variables.values["dnn/hidden_0/kernel"], 2, axis=1)
    assert not np.array_equal(*kernels)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_linear_part_gets_the_mean_gradient_of_all_members(reduction):
    """Members with equal weights train as one network does."""

    def model(members):
        return WideDeepRegressor(
            [JOB],
            DEEP,
            [4],
            members=members,
            loss=MeanSquaredError(reduction=reduction),
            linear_optimizer=SGD(1e-3),
            dnn_optimizer=SGD(1e-3),
            config=QUIET,
        )

    one, two = model(1), model(2)
    one.train(DATA, label="wealth", steps=1)
    for name, array in one.variables.values.items():
        tiled = np.tile(array, 2) if name.startswith("dnn/") else array
        two._variables().given[name] = lambda _, tiled=tiled: tiled.copy()
    two.head = one.head
    two.train(DATA, label="wealth", steps=3, batch_size=100)
    again = model(1)
    for name, array in one.variables.values.items():
        again._variables().given[name] = lambda _, array=array: array.copy()
    again.head = one.head
    again.train(DATA, label="wealth", steps=3, batch_size=100)
    for name, array in again.variables.values.items():
        mine = two.variables.values[name]
        np.testing.assert_allclose(mine[..., : array.shape[-1]], array, rtol=1e-4, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(mine[..., -array.shape[-1] :], array, rtol=1e-4, atol=1e-5, err_msg=name)
    assert two.evaluate(DATA)["loss"] == pytest.approx(again.evaluate(DATA)["loss"], rel=1e-4)


def test_they_are_saved_loaded_and_trained_on_as_one(tmp_path):
    def model(folder):
        return WideDeepClassifier([JOB, BOTH], DEEP, [8, 4], members=3, model_dir=folder, batch_norm=True, config=QUIET)

    whole = model(tmp_path / "whole").train(DATA, label="income", epochs=2).train(DATA, label="income", epochs=2, more=True)
    model(tmp_path / "parts").train(DATA, label="income", epochs=2).save(tmp_path / "saved")
    resumed = model(tmp_path / "parts").train(DATA, label="income", epochs=2, more=True)
    loaded = load(tmp_path / "saved").train(DATA, label="income", epochs=2)
    want = whole.predict(TEST)["logits"]
    np.testing.assert_array_equal(resumed.predict(TEST)["logits"], want)
    np.testing.assert_array_equal(loaded.predict(TEST)["logits"], want)
    assert loaded.spec()["members"] == 3
    with pytest.raises(CheckpointError, match="was made with members 3 there and 1 here"):
        WideDeepClassifier([JOB, BOTH], DEEP, [8, 4], batch_norm=True, model_dir=tmp_path / "parts").predict(TEST)


def test_classes_of_a_warm_start_go_to_each_member(tmp_path):
    words = ["blue", "green", "red"]
    old = DNNClassifier(PLAIN, [4], members=2, n_classes=3, label_vocabulary=words, config=QUIET)
    old.train(DATA, label="colour", epochs=1).save(tmp_path / "old")
    new = DNNClassifier(
        PLAIN, [4], members=2, n_classes=3, label_vocabulary=words[::-1], warm_start_from=tmp_path / "old", config=QUIET
    )
    new.predict(TEST)
    for name in ("dnn/logits/kernel", "dnn/logits/bias"):
        for mine, theirs in zip(*(np.split(m.variables.values[name], 2, axis=-1) for m in (new, old)), strict=True):
            np.testing.assert_array_equal(mine, theirs[..., ::-1])


def test_the_output_bias_is_calibrated_in_each_member():
    model = DNNClassifier(PLAIN, [4], members=3, config=QUIET).train(DATA, label="rich", epochs=2, calibrate=True)
    assert model.predict_proba(DATA)[:, 1].mean() == pytest.approx(np.mean(DATA["rich"]), abs=1e-5)


def test_explanations_add_up_to_the_mean_of_their_logits():
    model = WideDeepClassifier([JOB], DEEP, [6, 4], members=3, activation="tanh", config=QUIET)
    row = {key: values[0] for key, values in DATA.items()}
    found = model.train(DATA, label="rich", epochs=2).explain(row, steps=400)
    assert abs(found.error) < 1e-4
    assert found.total == pytest.approx(float(model.predict([row])["logits"][0]), abs=1e-6)


def test_wrong_numbers_of_members_are_told():
    for members in (0, 1.5, True):
        with pytest.raises(fc.ColumnError, match="members must be an integer of at least 1"):
            DNNClassifier(PLAIN, [4], members=members)
    with pytest.raises(fc.ColumnError, match="members: need hidden layers, got 2; give hidden_units, or leave members out"):
        DNNClassifier(PLAIN, [], members=2)
    with pytest.raises(ModelError, match="members"):
        fc.models.model_from_json({"model": "LinearClassifier", "columns": [AGE.to_dict()], "members": 2})
