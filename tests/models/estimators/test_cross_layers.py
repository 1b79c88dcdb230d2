"""Networks with cross layers: what they learn, and that they are one model to everything around them."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from featurecols.models import DNNClassifier, DNNRegressor, RunConfig, WideDeepClassifier, load
from featurecols.models.errors import CheckpointError, ModelError
from featurecols.models.optimization.optimizers import SGD, Adam
from tests.models.people import DEEP, JOB, people

QUIET = RunConfig(progress=False)
DATA, TEST = people(200), people(60, seed=1)
NUMBERS = [fc.Numeric("a"), fc.Numeric("b"), fc.Indicator(fc.Vocabulary("sign", ["plus", "minus"]))]


def products(rows, seed=0):
    """Return rows whose label is a product of two numbers, with the sign of a word: nothing that a sum can say."""
    random = np.random.default_rng(seed)
    a, b, minus = random.normal(size=rows), random.normal(size=rows), random.integers(0, 2, rows)
    sign = np.array(["plus", "minus"])[minus].tolist()
    return {"a": a.tolist(), "b": b.tolist(), "sign": sign, "y": (a * b * (1 - 2 * minus)).tolist()}


def test_two_layers_learn_a_product_of_three_inputs_without_hidden_units():
    train, test = products(400), products(200, seed=1)
    model = DNNRegressor(NUMBERS, [], cross_layers=2, optimizer=Adam(0.03), config=QUIET)
    assert model.train(train, label="y", epochs=40, batch_size=50).evaluate(test)["r2"] > 0.99
    sums = DNNRegressor(NUMBERS, [], optimizer=Adam(0.03), config=QUIET).train(train, label="y", epochs=40, batch_size=50)
    assert sums.evaluate(test)["r2"] < 0.1


@pytest.mark.parametrize("members", [1, 3])
def test_a_network_begins_as_it_does_without_them(members):
    with_them, without = (
        DNNRegressor(DEEP, [4], cross_layers=n, members=members, optimizer=SGD(1e-30), config=QUIET).train(
            DATA, label="wealth", steps=1
        )
        for n in (2, 0)
    )
    want = without.predict(TEST)["predictions"]
    np.testing.assert_allclose(with_them.predict(TEST)["predictions"], want, rtol=1e-5, atol=1e-5)
    assert "cross_layers" not in without.spec()


def test_they_are_saved_loaded_and_trained_on_to_the_bit(tmp_path):
    def model(folder, layers=2):
        return WideDeepClassifier([JOB], DEEP, [8, 4], cross_layers=layers, model_dir=folder, config=QUIET)

    whole = model(tmp_path / "whole").train(DATA, label="income", epochs=2).train(DATA, label="income", epochs=2, more=True)
    model(tmp_path / "parts").train(DATA, label="income", epochs=2).save(tmp_path / "saved")
    resumed = model(tmp_path / "parts").train(DATA, label="income", epochs=2, more=True)
    loaded = load(tmp_path / "saved").train(DATA, label="income", epochs=2)
    want = whole.predict(TEST)["logits"]
    assert resumed.predict(TEST)["logits"].tobytes() == want.tobytes()
    assert loaded.predict(TEST)["logits"].tobytes() == want.tobytes()
    assert loaded.spec()["cross_layers"] == 2
    with pytest.raises(CheckpointError, match="was made with cross_layers 2 there and 1 here"):
        model(tmp_path / "parts", layers=1).predict(TEST)


@pytest.mark.parametrize("members", [1, 2])
def test_explanations_add_up(members):
    model = WideDeepClassifier([JOB], DEEP, [4], members=members, cross_layers=2, activation="tanh", config=QUIET)
    row = {key: values[0] for key, values in DATA.items()}
    found = model.train(DATA, label="rich", epochs=2).explain(row, steps=400)
    assert abs(found.error) < 1e-4
    assert found.total == pytest.approx(float(model.predict([row])["logits"][0]), abs=1e-6)


@pytest.mark.parametrize("members", [1, 2])
def test_explanations_of_a_product_share_it_evenly(members):
    model = DNNRegressor(NUMBERS, [], cross_layers=1, members=members, standardize_label=False, normalize=False, config=QUIET)
    values = model.train(products(50), label="y", steps=1).variables.values
    for array in values.values():
        array[...] = 0
    values["dnn/cross/kernel_0"][0, 1] = 3.0  # x_1[1] = b * 3 a + b
    values["dnn/logits/kernel"][1] = 1.0
    found = {part.column: part.weight for part in model.explain({"a": 2.0, "b": 5.0, "sign": "plus"})}
    assert found == pytest.approx({"a": 15.0 / members, "b": (15.0 / members) + 5.0, "sign_indicator": 0.0}, rel=1e-5)


@pytest.mark.parametrize("members", [1, 2])
def test_a_warm_start_moves_pairs_of_inputs_by_their_meaning(tmp_path, members):
    def model(terms, **options):
        columns = [fc.Numeric("age", normalizer=fc.ZScore()), fc.Indicator(fc.Vocabulary("job", terms))]
        return DNNRegressor(columns, [4], cross_layers=2, members=members, config=QUIET, **options)

    terms = ["cook", "nurse", "pilot"]
    old = model(terms).train(DATA, label="wealth", epochs=2)
    old.save(tmp_path / "old")
    other = model(["pilot", "judge", *terms[:2]], warm_start_from=tmp_path / "old", optimizer=SGD(1e-30))
    other.train(DATA, label="wealth", steps=1)
    rows = {key: [v for v, job in zip(values, TEST["job"], strict=True) if job in terms] for key, values in TEST.items()}
    np.testing.assert_allclose(other.predict(rows)["predictions"], old.predict(rows)["predictions"], rtol=1e-5, atol=1e-5)
    assert other.warm_start_report.matched["dnn/cross/kernel_1"] == 4
    assert other.warm_start_report.kept["dnn/cross/bias_0"] == 1
    ours, theirs = (
        m.variables.values["dnn/cross/kernel_0"][:, -len(m.variables.values["dnn/cross/kernel_0"]) :] for m in (other, old)
    )
    assert ours[0, 1] == theirs[0, 3]  # what the age adds to pilots
    assert np.abs(ours[2]).max() < 1e-20  # what is of judges is new


def test_wrong_numbers_of_cross_layers_are_told():
    for layers in (-1, 1.5, True):
        with pytest.raises(fc.ColumnError, match="cross_layers must be an integer of at least 0"):
            DNNClassifier(NUMBERS, [4], cross_layers=layers)
    with pytest.raises(ModelError, match="LinearClassifier has no argument 'cross_layers'"):
        fc.models.model_from_json({"model": "LinearClassifier", "columns": [NUMBERS[0].to_dict()], "cross_layers": 2})
    wide = [fc.Indicator(fc.Hashed("job", 9000))]
    with pytest.raises(ModelError, match="embed columns of many terms, read fewer, or leave cross_layers out"):
        DNNRegressor(wide, [4], cross_layers=1, config=QUIET).train(DATA, label="wealth", steps=1)
