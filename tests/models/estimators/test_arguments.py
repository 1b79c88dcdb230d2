"""What is asked of a model in a way that cannot work is refused before anything is trained."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols import feature_column as tf
from featurecols import models
from featurecols.errors import ColumnError, DataError
from featurecols.models import DNNClassifier, Estimator, EstimatorSpec, LinearClassifier, RunConfig, from_data
from featurecols.models.errors import ModelError
from featurecols.models.estimators import arguments
from featurecols.models.training import hooks
from tests.models.people import AGE, JOB, people

DATA, TEST = people(600), people(300, seed=1)


def linear(**options):
    return LinearClassifier([AGE, JOB], **options)


def train(data=DATA, label="rich", **options):
    return linear().train(data, label, **options)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: linear().train(), ModelError, "Estimator: needs data, got None; give a table, a path"),
        (lambda: linear().train(DATA, input_fn=lambda: DATA), ModelError, "data and input_fn are one thing under two names"),
        (lambda: train(steps=0), ColumnError, "LinearClassifier: steps must be an integer of at least 1, got 0"),
        (lambda: train(steps=1e3), ColumnError, "steps must be an integer of at least 1, got 1000.0"),
        (lambda: train(steps=3, max_steps=4), ColumnError, r"give one of steps and max_steps, got \(3, 4\)"),
        (lambda: train(epochs=True), ColumnError, "epochs must be an integer of at least 1, got True"),
        (lambda: train(batch_size=0), ColumnError, "batch_size must be an integer of at least 1, got 0"),
        (lambda: train(batch_size=-4), ColumnError, "batch_size must be an integer of at least 1, got -4"),
        (lambda: train(batch_size="32"), ColumnError, "batch_size must be an integer of at least 1, got '32'"),
        (lambda: train(steps=1).predict(TEST, batch_size=0), ColumnError, "batch_size must be an integer of at least 1"),
        (lambda: train(steps=1).evaluate(TEST, batch_size=-1), ColumnError, "batch_size must be an integer of at least 1"),
        (lambda: train(steps=1).evaluate(TEST, steps=0), ColumnError, "steps must be an integer of at least 1, got 0"),
        (lambda: train(hooks=[hooks.TimeLimit]), ModelError, "LinearClassifier: this is not a hook, got <class .*TimeLimit'>"),
        (lambda: train(hooks=[lambda run: None]), ModelError, "this is not a hook, got <function"),
        (lambda: train(label=3), ModelError, "label: names a field, or holds a label for every row, got 3"),
        (lambda: train(label=[]), ModelError, r"label: names a field, or holds a label for every row, got \[\]"),
        (lambda: train(lambda epoch: DATA), ModelError, "input_fn: may ask for mode, params, config, got 'epoch'"),
        (lambda: linear(config={"seed": 1}), ModelError, "config must be a RunConfig, got {'seed': 1}"),
        (lambda: linear(model_dir=__file__), ModelError, "model_dir is not a folder, got .*test_arguments.py'"),
        (lambda: linear(weight_column=3), ModelError, "LinearClassifier: weight_column names a field, got 3"),
        (lambda: linear(weight_column=AGE), ModelError, "a weight is read as it is, without normalizer, got Numeric"),
        (lambda: LinearClassifier(AGE), ModelError, r"columns: must be a list of columns, got Numeric\('age'.*; wrap it in"),
        (lambda: LinearClassifier("age"), ModelError, r"columns: must be a list of columns, got 'age'; wrap it in"),
        (lambda: LinearClassifier(["age"]), ModelError, "columns: not a column that a model reads, got 'age'; wrap the field"),
        (lambda: Estimator(None, columns=[AGE]), ModelError, "Estimator: model_fn must be a function, got None"),
        (lambda: Estimator(lambda: 3, columns=[AGE]), ModelError, "model_fn: is called with features, .*, got 'no argument'"),
        (
            lambda: Estimator(lambda features, labels, mode, rate: 3, columns=[AGE]),
            ModelError,
            "model_fn: is called with features, labels, mode, params, config, got 'rate'",
        ),
        (lambda: EstimatorSpec("train", loss=0.5, train_op=print), ModelError, "loss must be a Value of one number, got 0.5"),
        (lambda: RunConfig(save_checkpoints_steps=0), ColumnError, "save_checkpoints_steps must be above 0, got 0"),
        (lambda: RunConfig(save_checkpoints_secs=-1), ColumnError, "save_checkpoints_secs must be above 0, got -1"),
        (lambda: RunConfig(seed=True), ColumnError, "seed must be an integer of at least 0, got True"),
    ],
)
def test_what_cannot_be_asked(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_numpys_integers_are_integers_and_one_hook_is_a_list_of_one():
    model = train(steps=np.int64(3), batch_size=np.int32(50), hooks=hooks.StopAtStep(2))
    assert model.variables.step == 2
    network = models.DNNClassifier([fc.Numeric("age")], np.array([4, 2]), seed=np.int64(3), n_classes=np.int8(2))
    network.train(DATA, label="rich", steps=1)
    assert (network.network.hidden_units, type(network.network.hidden_units[0]), network.config.seed) == ((4, 2), int, 3)
    models.model_from_json(json.loads(json.dumps(network.spec())))


def test_a_weight_column_may_be_a_numeric_column():
    a = linear(weight_column="weight").train(DATA, label="rich", steps=5).evaluate(TEST)
    assert linear(weight_column=fc.Numeric("weight")).train(DATA, label="rich", steps=5).evaluate(TEST) == a
    assert linear(weight_column=tf.numeric_column("weight")).train(DATA, label="rich", steps=5).evaluate(TEST) == a
    assert linear().train(DATA, label="rich", steps=5).evaluate(TEST) != a


def test_a_pipeline_without_labels_and_weights_gets_them_from_the_call():
    def weights(model):
        return model.variables.values["linear/weights"].tolist()

    whole = from_data(DATA, label="rich", weight="weight").batch(100).repeat(2)
    want = weights(linear(weight_column="weight").train(whole))
    assert weights(linear(weight_column="weight").train(from_data(DATA).batch(100).repeat(2), label="rich")) == want
    assert weights(linear().train(from_data(DATA).batch(100).repeat(2), label="rich")) != want
    assert linear().train(from_data(DATA, label="rich").repeat(2), batch_size=100).variables.step == 12


def test_evaluating_another_label_leaves_the_model_alone():
    model = linear().train({**DATA, "poor": [1 - y for y in DATA["rich"]]}, label="rich", epochs=2)
    want = model.evaluate(TEST)
    turned = model.evaluate({**TEST, "poor": [1 - y for y in TEST["rich"]]}, label="poor")
    assert turned["accuracy"] == pytest.approx(1 - want["accuracy"])
    assert model.evaluate(TEST) == want
    with pytest.raises(DataError, match=r"income: labels are words, got .*; name them all with label_vocabulary"):
        model.evaluate(TEST, label="income")
    assert model.head.words is None


@pytest.mark.parametrize("of", [pd.Series, np.array, pa.array, lambda words: pd.Series(pd.Categorical(words))])
def test_words_apart_from_the_data_are_labels_and_not_names(of):
    want = linear().train(DATA, label="income", steps=5)
    model = linear().train({"age": DATA["age"], "job": DATA["job"]}, of(DATA["income"]), steps=5)
    assert model.head.words == ("<=50K", ">50K")
    assert model.predict(TEST)["logits"].tolist() == want.predict(TEST)["logits"].tolist()
    assert model.score(TEST, of(TEST["income"])) == want.score(TEST)


def test_a_plain_function_is_asked_for_what_it_names():
    assert arguments.choose_data(None, len) is len
    seen = []

    def input_fn(mode, params):
        seen.append((mode, params))
        return DATA, DATA["rich"]

    linear().train(input_fn, steps=1)
    assert seen[0] == ("train", {})


def test_weights_are_named_in_training():
    def options(**more):
        return LinearClassifier([fc.Numeric("age")], optimizer="SGD", seed=3, **more)

    want = options(weight_column="weight").train(DATA, "rich", epochs=1)
    model = options().train(DATA, "rich", "weight", epochs=1)
    assert model.fingerprint == want.fingerprint
    assert model.weight_column == "weight"
    assert model.spec()["weight"] == "weight"
    assert model.evaluate(DATA) == want.evaluate(DATA)
    assert model.score(DATA) == want.score(DATA)
    features = {"age": DATA["age"]}
    apart = options().train(features, DATA["rich"], weight=DATA["weight"], epochs=1)
    assert apart.predict(DATA)["logits"].tolist() == want.predict(DATA)["logits"].tolist()
    pair = options().train((features, DATA["rich"]), weight=DATA["weight"], epochs=1)
    assert pair.predict(DATA)["logits"].tolist() == want.predict(DATA)["logits"].tolist()
    assert apart.evaluate(features, DATA["rich"], DATA["weight"]) == want.evaluate(DATA)
    assert options().train(DATA, "rich", epochs=1).evaluate(DATA, weight="weight")["loss"] != want.evaluate(DATA)["loss"]
    with pytest.raises(ModelError, match="weights apart from the data need labels apart from it, got 'ndarray'; give weight="):
        options().train(DATA, "rich", weight=np.ones(len(DATA["rich"])))


def test_seed_and_threads_are_arguments():
    def weights(**more):
        model = DNNClassifier([fc.Numeric("age")], [4], **more).train(DATA, "rich", steps=2)
        return model.config.seed, model.config.threads, model.get_variable_value("dnn/hidden_0/kernel").tolist()

    assert weights(seed=5) == weights(config=RunConfig(seed=5)) == weights(config=RunConfig(seed=1), seed=5)
    assert weights(seed=5)[2] != weights()[2]
    assert weights(threads=1)[:2] == (0, 1)
    with pytest.raises(ColumnError, match="threads must be an integer of at least 1, got 0"):
        DNNClassifier([fc.Numeric("age")], [4], threads=0)
    with pytest.raises(ColumnError, match="seed must be an integer of at least 0, got -1"):
        DNNClassifier([fc.Numeric("age")], [4], seed=-1)


@pytest.mark.parametrize(
    "kind",
    [
        models.LinearClassifier,
        models.LinearRegressor,
        models.DNNClassifier,
        models.DNNRegressor,
        models.WideDeepClassifier,
        models.WideDeepRegressor,
        models.BaselineClassifier,
        models.BaselineRegressor,
    ],
)
def test_signatures_are_written_out(kind):
    takes = inspect.signature(kind).parameters
    assert {"weight_column", "model_dir", "config", "warm_start_from", "seed", "threads"} <= set(takes)
    assert all(p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) for p in takes.values())


def test_dnn_columns_need_hidden_units():
    with pytest.raises(ColumnError, match=r"hidden_units: must be given, got None; give the units of each layer: \[100, 50\]"):
        models.WideDeepClassifier([], [fc.Numeric("age")])
    assert models.WideDeepClassifier([], [fc.Numeric("age")], []).network.hidden_units == ()
    assert models.WideDeepRegressor([fc.Numeric("age")]).network.hidden_units == ()
